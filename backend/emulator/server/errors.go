package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tallyledger/tally/ledger"
)

// Names of the errors that are made here; docs/clients.md, "Errors on the wire".
const (
	badRequest        = "BadRequestException"
	invalidSession    = "InvalidSessionException"
	limitExceeded     = "LimitExceededException"
	capacityExceeded  = "CapacityExceededException"
	internalFailure   = "InternalFailure"
	unavailable       = "ServiceUnavailable"
	invalidParameter  = "InvalidParameterException"
	resourceNotFound  = "ResourceNotFoundException"
	resourceExists    = "ResourceAlreadyExistsException"
	resourceInUse     = "ResourceInUseException"
	preconditionUnmet = "ResourcePreconditionNotMetException"
	unknownOperation  = "UnknownOperationException"
	serialization     = "SerializationException"
)

// statusOf gives the HTTP status of errors whose status is not 400.
var statusOf = map[string]int{
	capacityExceeded:  http.StatusServiceUnavailable,
	unavailable:       http.StatusServiceUnavailable,
	internalFailure:   http.StatusInternalServerError,
	resourceNotFound:  http.StatusNotFound,
	resourceExists:    http.StatusConflict,
	resourceInUse:     http.StatusConflict,
	preconditionUnmet: http.StatusPreconditionFailed,
	unknownOperation:  http.StatusNotFound,

	"MissingAuthenticationTokenException": http.StatusForbidden,
	"IncompleteSignatureException":        http.StatusForbidden,
	"InvalidSignatureException":           http.StatusForbidden,
	"UnrecognizedClientException":         http.StatusForbidden,
	"AccessDeniedException":               http.StatusForbidden,
}

func errBad(format string, args ...any) error {
	return ledger.NewError(badRequest, "400", fmt.Sprintf(format, args...))
}

// errParameter is the session API's error for a parameter of the wrong shape.
// Clients match the text without a reason, so that SessionToken has none.
func errParameter(name, why string) error {
	text := "The parameter " + name + " is not valid"
	if why != "" {
		text += ": " + why
	}
	return ledger.NewError(badRequest, "400", text)
}

func errInvalid(parameter, format string, args ...any) error {
	e := ledger.NewError(invalidParameter, "", fmt.Sprintf(format, args...))
	e.ParameterName = parameter
	return e
}

// errShape is errInvalid for a parameter that breaks a rule of shape.go.
func errShape(parameter, why string) error {
	return errInvalid(parameter, "%s is not valid: %s", parameter, why)
}

func errResource(exception, kind, name, format string, args ...any) error {
	e := ledger.NewError(exception, "", fmt.Sprintf(format, args...))
	e.ResourceType, e.ResourceName = kind, name
	return e
}

func errNoLedger(name string) error {
	return errResource(resourceNotFound, kindLedger, name, "The Ledger with name %s is not found", name)
}

func errUnknownOperation(format string, args ...any) error {
	return ledger.NewError(unknownOperation, "", fmt.Sprintf(format, args...))
}

func errNoSession() error { return ledger.NewError(invalidSession, "", "No such session") }

// errAborted ends a request by closing its connection: nobody knows whether
// the commit took place, and any answer would say that somebody does.
var errAborted = errors.New("server: the outcome is unknown; the connection is closed without an answer")

// wireError is err as clients may see it. ok is false for errors of the
// server's own, whose text goes to the log only.
func wireError(err error) (e *ledger.Error, ok bool) {
	switch {
	case errors.As(err, &e):
		return e, e.Exception != internalFailure
	case errors.Is(err, ledger.ErrClosed):
		return ledger.NewError(invalidSession, "", "No such session"), true
	case errors.Is(err, ledger.ErrReadOnly):
		return ledger.NewError(unavailable, "", "The ledger takes no more writes until it is opened again; the server's log says why"), false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ledger.NewError(unavailable, "", "The request was ended before its answer was ready"), true
	}
	return ledger.NewError(internalFailure, "", ""), false
}

// errorBody is the body of an error of either API. The message's capital M is
// the one spelling that every SDK reads.
type errorBody struct {
	Type          string `json:"__type,omitempty"`
	Message       string `json:"Message"`
	Code          string `json:"Code,omitempty"`
	ResourceType  string `json:"ResourceType,omitempty"`
	ResourceName  string `json:"ResourceName,omitempty"`
	ParameterName string `json:"ParameterName,omitempty"`
}

// writeError answers with err in the form of the request's API.
func (s *Server) writeError(w http.ResponseWriter, c *call, err error) {
	if errors.Is(err, ledger.ErrOutcomeUnknown) || errors.Is(err, errAborted) {
		s.log.Warn("answer withheld", "request", c.id, "operation", c.operation, "error", err)
		panic(http.ErrAbortHandler)
	}
	e, ok := wireError(err)
	if !ok {
		s.log.Error("request failed", "request", c.id, "operation", c.operation, "error", err)
	}
	c.failed = e.Exception
	body := errorBody{Message: e.Message, ResourceType: e.ResourceType, ResourceName: e.ResourceName, ParameterName: e.ParameterName}
	faithful := false
	if c.session {
		body.Type = e.Exception
		faithful = s.cfg.FaithfulErrorCodes && e.Exception == badRequest && e.Code != ""
	}
	if faithful {
		body.Code = e.Code
	} else {
		w.Header().Set("X-Amzn-ErrorType", e.Exception)
	}
	out, _ := json.Marshal(body)
	status := statusOf[e.Exception]
	if status == 0 || c.session && status < 500 && e.Exception != "" && status != http.StatusForbidden {
		status = http.StatusBadRequest // the session API knows no other client status
	}
	if c.identity {
		out = c.identityError(e.Exception, e.Message, status)
	}
	c.write(w, status, out)
}
