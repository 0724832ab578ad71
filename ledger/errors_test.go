package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

func TestErrorMatchesSentinels(t *testing.T) {
	expired := ledger.NewError("InvalidSessionException", "", "Transaction x has expired").WithKind(ledger.ErrTransactionExpired)
	tests := []struct {
		err  error
		is   []error
		isnt []error
	}{
		{ledger.NewError("BadRequestException", "432", "Semantic Error"), []error{ledger.ErrBadRequest}, []error{ledger.ErrConflict, ledger.ErrInvalidSession}},
		{ledger.NewError("OccConflictException", "", "conflict"), []error{ledger.ErrConflict}, []error{ledger.ErrBadRequest}},
		{expired, []error{ledger.ErrTransactionExpired, ledger.ErrInvalidSession}, []error{ledger.ErrConflict}},
		{ledger.NewError("InvalidSessionException", "", "No such session"), []error{ledger.ErrInvalidSession}, []error{ledger.ErrTransactionExpired}},
		{fmt.Errorf("at work: %w", ledger.NewError("InternalFailure", "", "")), []error{ledger.ErrInternal}, nil},
		{ledger.NewError("ServiceUnavailable", "", "x").WithCause(io.ErrUnexpectedEOF), []error{ledger.ErrUnavailable, io.ErrUnexpectedEOF}, nil},
		// An error with a message is no sentinel: it matches itself alone.
		{ledger.NewError("BadRequestException", "", "a"), nil, []error{ledger.NewError("BadRequestException", "", "b")}},
	}
	for _, tt := range tests {
		for _, want := range tt.is {
			if !errors.Is(tt.err, want) {
				t.Errorf("%v is not %v", tt.err, want)
			}
		}
		for _, other := range tt.isnt {
			if errors.Is(tt.err, other) {
				t.Errorf("%v is %v", tt.err, other)
			}
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"BadRequestException: Digests don't match": ledger.NewError("BadRequestException", "", "Digests don't match"),
		"InternalFailure":                          ledger.NewError("InternalFailure", "", ""),
	} {
		if err.Error() != want {
			t.Errorf("the text is %q, want %q", err, want)
		}
	}
}

// WithCause and WithKind must not change the error that they are called on:
// backends share theirs.
func TestErrorIsCopied(t *testing.T) {
	shared := ledger.NewError("InvalidSessionException", "", "x")
	_ = shared.WithKind(ledger.ErrTransactionExpired)
	_ = shared.WithCause(io.EOF)
	if errors.Is(shared, ledger.ErrTransactionExpired) || errors.Is(shared, io.EOF) {
		t.Error("the shared error was changed")
	}
}
