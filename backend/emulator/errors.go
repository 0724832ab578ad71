package emulator

import (
	"fmt"

	"github.com/tallyledger/tally/ledger"
)

// Exceptions and codes as QLDB names them.
const (
	badRequest       = "BadRequestException"
	invalidSession   = "InvalidSessionException"
	occConflict      = "OccConflictException"
	limitExceeded    = "LimitExceededException"
	capacityExceeded = "CapacityExceededException"
	internalFailure  = "InternalFailure"
	invalidParameter = "InvalidParameterException"

	codeState = "412" // a state that does not allow the request
	codeNoTx  = "405" // no open transaction
	codeOther = "400"
)

// Texts that clients match, to the letter.
const (
	textConflict = "Optimistic concurrency control (OCC) failure encountered while committing the transaction"
	textNoTx     = "No open transaction"
	textOpenTx   = "Transaction already open"
	textDigests  = "Digests don't match"
	textCapacity = "Capacity exceeded"
	textNoSuch   = "No such session"
)

func errConflict() error { return ledger.NewError(occConflict, "", textConflict) }

func errState(format string, args ...any) error {
	return ledger.NewError(badRequest, codeState, fmt.Sprintf(format, args...))
}

func errBad(format string, args ...any) error {
	return ledger.NewError(badRequest, codeOther, fmt.Sprintf(format, args...))
}

func errExpired(txID string) error {
	return ledger.NewError(invalidSession, "", "Transaction "+txID+" has expired").WithKind(ledger.ErrTransactionExpired)
}

func errParameter(name, text string) error {
	e := ledger.NewError(invalidParameter, "", text)
	e.ParameterName = name
	return e
}
