package qldb

import (
	"errors"
	"fmt"
	"net/http"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tallyledger/tally/ledger"
)

// unnamed is the SDK's word for an error answer that names no exception.
const unnamed = "UnknownError"

// statusError is the ledger's error for an answer that has a status and not the
// name of an exception. Such answers come from what stands before the service,
// a load balancer or proxy. One to a commit leaves its outcome open.
func statusError(err error) (*ledger.Error, bool) {
	status := statusOf(err)
	if status < 300 {
		return nil, false
	}
	exception, remedy := unnamed, "the endpoint may not be that of a QLDB service"
	switch {
	case status == http.StatusTooManyRequests:
		exception, remedy = "RateExceededException", "try again later"
	case status == http.StatusInternalServerError:
		exception, remedy = "InternalFailure", "try again"
	case status > http.StatusInternalServerError:
		exception, remedy = "ServiceUnavailable", "try again"
	}
	e := ledger.NewError(exception, "", fmt.Sprintf("the answer is HTTP %d %s and names no exception, as from a proxy or load balancer; %s", status, http.StatusText(status), remedy))
	if status == http.StatusTooManyRequests {
		e = e.WithKind(ledger.ErrUnavailable) // it was not the service that refused: try again
	}
	return e.WithCause(err), true
}

// faultOfStatus marks an exception of a name that is not known here as the fault
// that its status says it is, as QLDB's drivers take it.
func faultOfStatus(e *ledger.Error, err error) *ledger.Error {
	status := statusOf(err)
	switch {
	case status < http.StatusInternalServerError || ledger.Retryable(e):
		return e
	case status == http.StatusInternalServerError:
		return e.WithKind(ledger.ErrInternal)
	}
	return e.WithKind(ledger.ErrUnavailable)
}

// statusOf is the HTTP status of the answer that err is about, 0 if there was
// none.
func statusOf(err error) int {
	var r *smithyhttp.ResponseError
	if !errors.As(err, &r) || r.Response == nil {
		return 0
	}
	return r.HTTPStatusCode()
}
