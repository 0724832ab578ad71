//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"context"
	"errors"
	"io"
	"regexp"

	qldbtypes "github.com/aws/aws-sdk-go-v2/service/qldb/types"
	sessiontypes "github.com/aws/aws-sdk-go-v2/service/qldbsession/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tallyledger/tally/ledger"
)

// expired is the text of a transaction that was open for more than 30 seconds;
// an expired session has another one.
var expired = regexp.MustCompile(`^Transaction\s.*\shas\sexpired`)

var numericCode = regexp.MustCompile(`^[0-9]{3}$`)

var errNoOpenTransaction = ledger.NewError("BadRequestException", "405", "No open transaction")

// mapError gives the ledger's error for one of the driver or the SDK. Commands
// that got no answer are ledger.ErrUnavailable, since before a commit nothing is
// lost by running the transaction again.
func mapError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrClosed):
		return ledger.ErrClosed
	}
	if e, ok := serviceError(err); ok {
		return e
	}
	if e, ok := statusError(err); ok {
		return e
	}
	var unsent *smithyhttp.RequestSendError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &unsent), errors.Is(err, io.ErrUnexpectedEOF):
		return ledger.NewError("ServiceUnavailable", "", "no answer from the service: "+err.Error()).WithCause(err)
	}
	return err
}

// serviceError is an answer of the service, which names an exception, as the
// ledger's error.
func serviceError(err error) (*ledger.Error, bool) {
	var known *ledger.Error
	if errors.As(err, &known) {
		return known, true
	}
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == unnamed {
		return nil, false
	}
	e := ledger.NewError(api.ErrorCode(), "", api.ErrorMessage()).WithCause(err)
	if e.Message == unnamed { // the SDK's word for an empty message
		e.Message = ""
	}
	if numericCode.MatchString(e.Exception) {
		// QLDB's own answers carry a numeric member Code, which this version of the
		// SDK takes for the name of the exception. Only BadRequestException has one.
		e.Exception, e.Code = "BadRequestException", e.Exception
	}
	addMembers(e, err)
	if e.Exception == "InvalidSessionException" && expired.MatchString(e.Message) {
		e = e.WithKind(ledger.ErrTransactionExpired)
	}
	return faultOfStatus(e, err), true
}

// addMembers copies what an exception carries beside its message.
func addMembers(e *ledger.Error, err error) {
	var badRequest *sessiontypes.BadRequestException
	var parameter *qldbtypes.InvalidParameterException
	var limit *qldbtypes.LimitExceededException
	var exists *qldbtypes.ResourceAlreadyExistsException
	var inUse *qldbtypes.ResourceInUseException
	var notFound *qldbtypes.ResourceNotFoundException
	var precondition *qldbtypes.ResourcePreconditionNotMetException
	switch {
	case errors.As(err, &badRequest):
		e.Code = text(badRequest.Code)
	case errors.As(err, &parameter):
		e.ParameterName = text(parameter.ParameterName)
	case errors.As(err, &limit):
		e.ResourceType = text(limit.ResourceType)
	case errors.As(err, &exists):
		e.ResourceType, e.ResourceName = text(exists.ResourceType), text(exists.ResourceName)
	case errors.As(err, &inUse):
		e.ResourceType, e.ResourceName = text(inUse.ResourceType), text(inUse.ResourceName)
	case errors.As(err, &notFound):
		e.ResourceType, e.ResourceName = text(notFound.ResourceType), text(notFound.ResourceName)
	case errors.As(err, &precondition):
		e.ResourceType, e.ResourceName = text(precondition.ResourceType), text(precondition.ResourceName)
	}
}

// refuses reports whether e, as the answer to a commit, says that the transaction
// was not committed. A fault of the service says nothing about that.
func refuses(e *ledger.Error) bool {
	switch e.Exception {
	case "BadRequestException", "InvalidSessionException", "OccConflictException",
		"CapacityExceededException", "RateExceededException", "LimitExceededException":
		return true
	}
	return false
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
