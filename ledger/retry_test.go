package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tallyledger/tally/ledger"
)

// fakeTx is a transaction that counts its ends.
type fakeTx struct {
	commitErr        error
	abortErr         error
	commits, aborted int
}

func (f *fakeTx) ID() string { return "0000000000000000000000" }
func (f *fakeTx) Execute(string, ...any) (*ledger.Result, error) {
	return ledger.NewResult(ledger.Page{}, nil), nil
}
func (f *fakeTx) Abort() error  { f.aborted++; return f.abortErr }
func (f *fakeTx) Commit() error { f.commits++; return f.commitErr }

// begins gives a transaction for each error, whose commit fails with it, and then
// transactions that commit.
func begins(txs *[]*fakeTx, errs ...error) func(context.Context) (ledger.OpenTransaction, error) {
	return func(context.Context) (ledger.OpenTransaction, error) {
		f := &fakeTx{}
		if n := len(*txs); n < len(errs) {
			f.commitErr = errs[n]
		}
		*txs = append(*txs, f)
		return f, nil
	}
}

// sleeps is a policy that notes its delays instead of waiting.
func sleeps(limit int, delays *[]time.Duration) ledger.ExecuteOption {
	return ledger.WithRetry(ledger.RetryPolicy{Max: limit, Base: 10 * time.Millisecond, Cap: 50 * time.Millisecond,
		Sleep: func(_ context.Context, d time.Duration) error { *delays = append(*delays, d); return nil }})
}

func TestRunRetries(t *testing.T) {
	fatal := errors.New("fatal")
	conflict := ledger.NewError("OccConflictException", "", "conflict")
	expired := ledger.NewError("InvalidSessionException", "", "expired").WithKind(ledger.ErrTransactionExpired)
	unknown := fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, ledger.NewError("InternalFailure", "", ""))
	tests := []struct {
		name string
		errs []error
		max  int
		want error
		runs int
	}{
		{"no error", nil, 4, nil, 1},
		{"conflict once", []error{conflict}, 4, nil, 2},
		{"conflict to the end", []error{conflict, conflict, conflict, conflict}, 2, ledger.ErrConflict, 3},
		{"no retries", []error{conflict}, 0, ledger.ErrConflict, 1},
		{"lost session", []error{ledger.ErrInvalidSession}, 1, nil, 2},
		{"no room", []error{ledger.ErrCapacityExceeded}, 1, nil, 2},
		{"unavailable", []error{ledger.ErrUnavailable}, 1, nil, 2},
		{"expired", []error{expired}, 4, ledger.ErrTransactionExpired, 1},
		{"outcome unknown", []error{unknown}, 4, ledger.ErrOutcomeUnknown, 1},
		{"another error", []error{fatal}, 4, fatal, 1},
		{"too fast", []error{ledger.ErrRateExceeded}, 4, ledger.ErrRateExceeded, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var txs []*fakeTx
			var delays []time.Duration
			runs := 0
			err := ledger.Run(t.Context(), begins(&txs, tt.errs...), func(ledger.Transaction) error { runs++; return nil }, sleeps(tt.max, &delays))
			if !errors.Is(err, tt.want) || runs != tt.runs || len(txs) != tt.runs {
				t.Errorf("error %v after %d runs and %d transactions; want %v after %d", err, runs, len(txs), tt.want, tt.runs)
			}
		})
	}
}

// TestRunDelays: the waits are those of QLDB's driver for Go, v3.0.1. It counts a
// retry before it computes the delay, so that the first one is up to twice the
// base, and replaces a session that was lost at the first run without a delay.
func TestRunDelays(t *testing.T) {
	const ms = time.Millisecond
	conflict, lost := ledger.ErrConflict, ledger.ErrInvalidSession
	for name, tt := range map[string]struct {
		errs []error
		most []time.Duration // of each delay; half of it is the least
	}{
		"conflicts":           {[]error{conflict, conflict, conflict, conflict}, []time.Duration{20 * ms, 40 * ms, 50 * ms, 50 * ms}},
		"a lost session":      {[]error{lost}, nil},
		"then a conflict":     {[]error{lost, conflict}, []time.Duration{40 * ms}},
		"lost again":          {[]error{lost, lost}, []time.Duration{40 * ms}},
		"lost after conflict": {[]error{conflict, lost}, []time.Duration{20 * ms, 40 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 { // they are random
				var txs []*fakeTx
				var delays []time.Duration
				if err := ledger.Run(t.Context(), begins(&txs, tt.errs...), func(ledger.Transaction) error { return nil }, sleeps(4, &delays)); err != nil {
					t.Fatal(err)
				}
				if len(delays) != len(tt.most) {
					t.Fatalf("delays %v, want %d of them", delays, len(tt.most))
				}
				for i, d := range delays {
					if d < tt.most[i]/2 || d > tt.most[i] {
						t.Fatalf("delay %d is %v, want %v to %v", i, d, tt.most[i]/2, tt.most[i])
					}
				}
			}
		})
	}
}

func TestRunEndsTransactions(t *testing.T) {
	own := errors.New("own")
	conflict := ledger.NewError("OccConflictException", "", "at a statement")
	tests := []struct {
		name             string
		fn               func(ledger.Transaction) error
		want             error
		commits, aborted int
	}{
		{"success", func(ledger.Transaction) error { return nil }, nil, 1, 0},
		{"error", func(ledger.Transaction) error { return own }, own, 0, 1},
		{"abort", func(tx ledger.Transaction) error { return tx.Abort() }, ledger.ErrAborted, 0, 1},
		{"abort and error", func(tx ledger.Transaction) error { _ = tx.Abort(); return own }, own, 0, 1},
		{"retryable error after an abort", func(tx ledger.Transaction) error { _ = tx.Abort(); return conflict }, ledger.ErrConflict, 0, 1},
	}
	for _, tt := range tests {
		var txs []*fakeTx
		err := ledger.Run(t.Context(), begins(&txs), tt.fn, ledger.WithRetry(ledger.NoRetry))
		if !errors.Is(err, tt.want) || len(txs) != 1 || txs[0].commits != tt.commits || txs[0].aborted != tt.aborted {
			t.Errorf("%s: error %v, %+v; want %v, %d commits, %d aborts", tt.name, err, *txs[0], tt.want, tt.commits, tt.aborted)
		}
	}
}

// TestRunAfterAbort: an abort is no reason to run the function again, however
// often it is asked for and whatever the backend says to it. An error that the
// function makes of it counts as any other, as with QLDB's driver.
func TestRunAfterAbort(t *testing.T) {
	for name, tt := range map[string]struct {
		fn   func(ledger.Transaction) error
		want error
		runs int
	}{
		"once":           {func(tx ledger.Transaction) error { return tx.Abort() }, ledger.ErrAborted, 1},
		"twice":          {func(tx ledger.Transaction) error { _ = tx.Abort(); return tx.Abort() }, ledger.ErrAborted, 1},
		"for a conflict": {func(tx ledger.Transaction) error { _ = tx.Abort(); return ledger.ErrConflict }, ledger.ErrConflict, 3},
	} {
		var txs []*fakeTx
		var delays []time.Duration
		begin := func(context.Context) (ledger.OpenTransaction, error) {
			f := &fakeTx{abortErr: ledger.ErrInvalidSession}
			txs = append(txs, f)
			return f, nil
		}
		err := ledger.Run(t.Context(), begin, tt.fn, sleeps(2, &delays))
		if !errors.Is(err, tt.want) || len(txs) != tt.runs || txs[0].aborted != 1 || txs[0].commits != 0 {
			t.Errorf("%s: error %v after %d runs, the first one %+v; want %v after %d", name, err, len(txs), *txs[0], tt.want, tt.runs)
		}
	}
}

func TestRunAbortsOnPanic(t *testing.T) {
	var txs []*fakeTx
	func() {
		defer func() { _ = recover() }()
		_ = ledger.Run(t.Context(), begins(&txs), func(ledger.Transaction) error { panic("mine") })
	}()
	if len(txs) != 1 || txs[0].aborted != 1 || txs[0].commits != 0 {
		t.Errorf("after a panic: %+v", txs)
	}
}

func TestRunHonoursContext(t *testing.T) {
	var txs []*fakeTx
	ctx, cancel := context.WithCancel(t.Context())
	err := ledger.Run(ctx, begins(&txs, ledger.ErrConflict, ledger.ErrConflict), func(ledger.Transaction) error { cancel(); return nil })
	if !errors.Is(err, ledger.ErrConflict) || len(txs) != 1 {
		t.Errorf("error %v after %d transactions; want the conflict after one", err, len(txs))
	}
	err = ledger.Run(ctx, begins(&txs), func(ledger.Transaction) error { return nil })
	if !errors.Is(err, context.Canceled) || len(txs) != 1 {
		t.Errorf("error %v after %d transactions; want the context's, and no further one", err, len(txs))
	}
}

// The wait between two runs ends with the context; the error tells both.
func TestRunWaitEndsWithContext(t *testing.T) {
	var txs []*fakeTx
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow := ledger.WithRetry(ledger.RetryPolicy{Max: 1, Base: time.Hour, Cap: time.Hour})
	err := ledger.Run(ctx, begins(&txs, ledger.ErrConflict), func(ledger.Transaction) error {
		time.AfterFunc(time.Millisecond, cancel)
		return nil
	}, slow)
	if !errors.Is(err, ledger.ErrConflict) || !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		t.Errorf("error %v, want the conflict and the context's", err)
	}
}

func TestRunBeginFails(t *testing.T) {
	n := 0
	begin := func(context.Context) (ledger.OpenTransaction, error) { n++; return nil, ledger.ErrCapacityExceeded }
	var delays []time.Duration
	err := ledger.Run(t.Context(), begin, nil, sleeps(3, &delays))
	if !errors.Is(err, ledger.ErrCapacityExceeded) || n != 4 {
		t.Errorf("error %v after %d attempts, want %v after 4", err, n, ledger.ErrCapacityExceeded)
	}
}
