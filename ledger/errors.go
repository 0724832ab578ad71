package ledger

import "errors"

// Error is an answer of QLDB's kind: the exception that the service names, its
// numeric code where it has one, and its message to the letter. All backends
// return it. It matches a sentinel of this package by errors.Is where the
// exception is the sentinel's.
type Error struct {
	// Exception is the name that QLDB gave the error, such as
	// "BadRequestException".
	Exception string
	// Code is the numeric code of a BadRequestException: "412" a state that does
	// not allow it, "432" a statement that is wrong, "405" no open transaction,
	// "400" anything else. It is empty for other exceptions, and where the
	// service left it out.
	Code string
	// Message is the text of the service.
	Message string
	// ResourceType and ResourceName are set by the control plane, and
	// ParameterName by its InvalidParameterException.
	ResourceType, ResourceName, ParameterName string

	kind error // a narrower sentinel than the exception says
	err  error // what was behind it
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Exception
	}
	return e.Exception + ": " + e.Message
}

// Unwrap gives the cause, nil where there is none to tell.
func (e *Error) Unwrap() error { return e.err }

// Is matches the sentinels of this package.
func (e *Error) Is(target error) bool {
	if e.kind != nil && e.kind == target {
		return true
	}
	s, ok := target.(*Error)
	return ok && s.Message == "" && s.Exception == e.Exception && s.Code == ""
}

// NewError returns an error of that exception, code and message.
func NewError(exception, code, message string) *Error {
	return &Error{Exception: exception, Code: code, Message: message}
}

// WithCause returns e with the error that was behind it.
func (e *Error) WithCause(err error) *Error {
	c := *e
	c.err = err
	return &c
}

// WithKind returns e marked as a narrower sentinel than its exception says,
// such as [ErrTransactionExpired].
func (e *Error) WithKind(kind error) *Error {
	c := *e
	c.kind = kind
	return &c
}

func exception(name string) *Error { return &Error{Exception: name} }

// Errors of statements and transactions.
var (
	// ErrBadRequest: the statement, its parameters or the state they meet do not
	// allow it. The transaction stays open.
	ErrBadRequest error = exception("BadRequestException")
	// ErrConflict: another transaction changed what this one read and was
	// committed first. Execute retries it.
	ErrConflict error = exception("OccConflictException")
	// ErrInvalidSession: the session is gone, expired or unknown. Execute goes on
	// with a new one.
	ErrInvalidSession error = exception("InvalidSessionException")
	// ErrTransactionExpired: the transaction was open for longer than 30 seconds.
	// It is an ErrInvalidSession too. Execute does not retry it: it would take as
	// long again.
	ErrTransactionExpired = errors.New("ledger: transaction has expired")
	// ErrCapacityExceeded: the service has no room for the request now.
	ErrCapacityExceeded error = exception("CapacityExceededException")
	// ErrRateExceeded: requests come too fast.
	ErrRateExceeded error = exception("RateExceededException")
	// ErrLimitExceeded: a quota is used up, such as the number of sessions.
	ErrLimitExceeded error = exception("LimitExceededException")
	// ErrInternal: a fault of the service.
	ErrInternal error = exception("InternalFailure")
	// ErrUnavailable: the service is not available.
	ErrUnavailable error = exception("ServiceUnavailable")
	// ErrAborted is returned by Execute where the function called Abort and
	// returned no error of its own.
	ErrAborted = errors.New("ledger: the transaction was aborted")
	// ErrOutcomeUnknown: the connection was lost or the store failed while a
	// commit was under way. The transaction may or may not have been committed;
	// Execute does not retry it. Look before you repeat it.
	ErrOutcomeUnknown = errors.New("ledger: it is not known whether the transaction was committed")
)

// Errors of digests, blocks, revisions and of managing ledgers.
var (
	// ErrInvalidParameter: an address, id or name is not valid.
	ErrInvalidParameter error = exception("InvalidParameterException")
	// ErrNotFound: there is no such ledger, export or stream.
	ErrNotFound error = exception("ResourceNotFoundException")
	// ErrAlreadyExists: the name is taken.
	ErrAlreadyExists error = exception("ResourceAlreadyExistsException")
	// ErrInUse: the resource is being created or deleted.
	ErrInUse error = exception("ResourceInUseException")
	// ErrPreconditionNotMet: the resource's state or protection forbids it.
	ErrPreconditionNotMet error = exception("ResourcePreconditionNotMetException")
)

// Errors of opening, using and verifying a ledger.
var (
	// ErrClosed: the ledger or session was closed.
	ErrClosed = errors.New("ledger: closed")
	// ErrReadOnly: the ledger refuses writes since damage was found or a write
	// failed half-way. The error that it wraps says why. Reopen it.
	ErrReadOnly = errors.New("ledger: read-only")
	// ErrDamaged: stored data does not fit its hash or its index.
	ErrDamaged = errors.New("ledger: stored data is damaged")
	// ErrNotVerified: a proof does not lead to the digest.
	ErrNotVerified = errors.New("ledger: not verified")
	// ErrUnsupported: this backend cannot do it, and says what instead.
	ErrUnsupported = errors.New("ledger: not supported by this backend")
)
