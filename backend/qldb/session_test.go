package qldb

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/ledger"
)

// insert is a function that runs one statement and counts its runs.
func insert(runs *int) func(ledger.Transaction) error {
	return func(tx ledger.Transaction) error {
		*runs++
		_, err := tx.Execute("INSERT INTO T ?", map[string]int{"n": 1})
		return err
	}
}

func TestExecuteReadsPages(t *testing.T) {
	f, l := fake(t)
	f.pages = [][]string{{"{n:1}", "{n:2}"}, {}, {"{n:3}"}}
	var got []string
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		if len(tx.ID()) != 22 {
			t.Errorf("transaction id %q has not 22 characters", tx.ID())
		}
		r, err := tx.Execute("SELECT * FROM T WHERE a = ? AND b = ?", 1, "x")
		if err != nil {
			return err
		}
		if r.IO().ReadIOs != 2 || r.Timing().Processing != 3*time.Millisecond {
			t.Errorf("before the first row: %+v, %v; want the usage of the statement", r.IO(), r.Timing())
		}
		for r.Next() {
			got = append(got, r.Value().String())
		}
		if r.IO().ReadIOs != 6 || r.Timing().Processing != 9*time.Millisecond {
			t.Errorf("after three pages: %+v, %v; want their sum", r.IO(), r.Timing())
		}
		return r.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"{n:1}", "{n:2}", "{n:3}"}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

// Every error that may be retried is retried by package ledger alone: as many
// runs as its policy says, and the commands of as many attempts.
func TestOnlyLedgerRetries(t *testing.T) {
	occ := answer{status: 400, typ: "OccConflictException", msg: "conflict"}
	gone := answer{status: 400, typ: "InvalidSessionException", msg: "No such session"}
	busy := answer{status: 503, typ: "CapacityExceededException", msg: "Capacity exceeded"}
	tests := []struct {
		name, command     string
		a                 answer
		sentinel          error
		runs, transaction int // with one retry
	}{
		{"conflict at commit", "CommitTransaction", occ, ledger.ErrConflict, 2, 2},
		{"session lost at commit", "CommitTransaction", gone, ledger.ErrInvalidSession, 2, 4}, // the driver begins once more in each attempt
		{"session lost at a statement", "ExecuteStatement", gone, ledger.ErrInvalidSession, 2, 2},
		{"no room at commit", "CommitTransaction", busy, ledger.ErrCapacityExceeded, 2, 2},
		{"fault at a statement", "ExecuteStatement", answer{status: 500, typ: "InternalFailure"}, ledger.ErrInternal, 2, 2},
		{"no answer to a statement", "ExecuteStatement", answer{drop: true}, ledger.ErrUnavailable, 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, l := fake(t)
			f.on(tt.command, slices.Repeat([]answer{tt.a}, 10)...)
			runs := 0
			err := l.Execute(t.Context(), insert(&runs), quick(1))
			if !errors.Is(err, tt.sentinel) {
				t.Errorf("error %v, want %v", err, tt.sentinel)
			}
			if runs != tt.runs || f.count("StartTransaction") != tt.transaction {
				t.Errorf("%d runs and %d transactions, want %d and %d", runs, f.count("StartTransaction"), tt.runs, tt.transaction)
			}
		})
	}
}

func TestRetrySucceeds(t *testing.T) {
	for _, command := range []string{"CommitTransaction", "ExecuteStatement", "StartTransaction"} {
		f, l := fake(t)
		f.on(command, answer{status: 400, typ: "InvalidSessionException", msg: "Session 0 has expired"})
		runs := 0
		if err := l.Execute(t.Context(), insert(&runs), quick(1)); err != nil {
			t.Errorf("session lost at %s: %v", command, err)
		}
	}
}

func TestNotRetried(t *testing.T) {
	tests := []struct {
		name, command string
		a             answer
		sentinel      error
	}{
		{"expired at commit", "CommitTransaction", answer{status: 400, typ: "InvalidSessionException", msg: "Transaction I1pH6SCujBW0JYpPoLQT02 has expired"}, ledger.ErrTransactionExpired},
		{"expired at a statement", "ExecuteStatement", answer{status: 400, typ: "InvalidSessionException", msg: "Transaction I1pH6SCujBW0JYpPoLQT02 has expired"}, ledger.ErrTransactionExpired},
		{"answer to the commit lost", "CommitTransaction", answer{drop: true}, ledger.ErrOutcomeUnknown},
		{"fault at commit", "CommitTransaction", answer{status: 500, typ: "InternalFailure"}, ledger.ErrOutcomeUnknown},
		{"fault of another name at commit", "CommitTransaction", answer{status: 500, typ: "InternalServerException"}, ledger.ErrOutcomeUnknown},
		{"unavailable at commit", "CommitTransaction", answer{status: 503, typ: "ServiceUnavailable"}, ledger.ErrOutcomeUnknown},
		{"answer to the commit is no JSON", "CommitTransaction", answer{status: 200, body: "<html>"}, ledger.ErrOutcomeUnknown},
		{"another digest in the answer", "CommitTransaction", answer{status: 200, body: `{"CommitTransaction":{"TransactionId":"x","CommitDigest":"AAAA"}}`}, ledger.ErrOutcomeUnknown},
		{"digests differ", "CommitTransaction", answer{status: 400, typ: "BadRequestException", msg: "Digests don't match"}, ledger.ErrBadRequest},
		{"throttled", "StartTransaction", answer{status: 400, typ: "RateExceededException", msg: "The rate was exceeded"}, ledger.ErrRateExceeded},
		{"too many sessions", "StartTransaction", answer{status: 400, typ: "LimitExceededException", msg: "Exceeded the session limit"}, ledger.ErrLimitExceeded},
		{"no such ledger", "StartSession", answer{status: 400, typ: "BadRequestException", msg: "The Ledger with name books is not found"}, ledger.ErrBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, l := fake(t)
			f.on(tt.command, tt.a)
			runs := 0
			if err := l.Execute(t.Context(), insert(&runs), quick(3)); !errors.Is(err, tt.sentinel) {
				t.Errorf("error %v, want %v", err, tt.sentinel)
			}
			if n := f.count(tt.command); n != 1 {
				t.Errorf("%s was sent %d times, want once", tt.command, n)
			}
		})
	}
}

// A statement's error leaves the transaction open.
func TestStatementErrorKeepsTransaction(t *testing.T) {
	f, l := fake(t)
	f.on("ExecuteStatement", answer{status: 400, typ: "BadRequestException", msg: "Parser Error"})
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		if _, err := tx.Execute("SELEC"); !errors.Is(err, ledger.ErrBadRequest) {
			t.Errorf("error %v, want a bad request", err)
		}
		_, err := tx.Execute("SELECT 1 FROM << 0 >>")
		return err
	})
	if err != nil || f.count("CommitTransaction") != 1 {
		t.Errorf("error %v and %d commits, want none and one", err, f.count("CommitTransaction"))
	}
}

func TestAbort(t *testing.T) {
	own := errors.New("own")
	ctx, cancel := context.WithCancel(t.Context())
	tests := []struct {
		name string
		ctx  context.Context
		fn   func(tx ledger.Transaction) error
		want error
	}{
		{"by the function", t.Context(), func(tx ledger.Transaction) error { return tx.Abort() }, ledger.ErrAborted},
		{"by the function, twice", t.Context(), func(tx ledger.Transaction) error { _ = tx.Abort(); return tx.Abort() }, ledger.ErrAborted},
		{"by an error", t.Context(), func(ledger.Transaction) error { return own }, own},
		{"by the context", ctx, func(ledger.Transaction) error { cancel(); return nil }, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, l := fake(t)
			if err := l.Execute(tt.ctx, tt.fn); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if f.count("AbortTransaction") != 1 || f.count("CommitTransaction") != 0 {
				t.Errorf("commands %v, want one abort and no commit", f.calls)
			}
			runs := 0
			if err := l.Execute(t.Context(), insert(&runs)); err != nil || f.count("StartSession") != 1 {
				t.Errorf("error %v with %d sessions; the session should have been kept", err, f.count("StartSession"))
			}
		})
	}
}

func TestPanicAborts(t *testing.T) {
	f, l := fake(t)
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic did not come through")
			}
		}()
		_ = l.Execute(t.Context(), func(ledger.Transaction) error { panic("mine") })
	}()
	if f.count("AbortTransaction") != 1 {
		t.Errorf("commands %v, want an abort", f.calls)
	}
}

func TestTransactionEndsForGood(t *testing.T) {
	_, l := fake(t)
	var kept ledger.Transaction
	_ = l.Execute(t.Context(), func(tx ledger.Transaction) error {
		kept = tx
		_ = tx.Abort()
		_, err := tx.Execute("SELECT 1 FROM << 0 >>")
		var e *ledger.Error
		if !errors.As(err, &e) || e.Message != "No open transaction" || e.Code != "405" {
			t.Errorf("after the abort: %v", err)
		}
		return nil
	})
	if _, err := kept.Execute("SELECT 1 FROM << 0 >>"); !errors.Is(err, ledger.ErrBadRequest) {
		t.Errorf("after the end: %v", err)
	}
}

func TestSessionsAreLimitedAndEnded(t *testing.T) {
	f, l := fake(t, WithMaxSessions(2))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				runs := 0
				if err := l.Execute(t.Context(), insert(&runs)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if f.most > 2 || f.count("CommitTransaction") != 40 {
		t.Errorf("%d sessions at once and %d commits, want 2 and 40", f.most, f.count("CommitTransaction"))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if f.sessions != 0 {
		t.Errorf("%d sessions are still open", f.sessions)
	}
}

func TestWaitForSessionHonoursContext(t *testing.T) {
	_, l := fake(t, WithMaxSessions(1))
	err := l.Execute(t.Context(), func(ledger.Transaction) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return l.Execute(ctx, func(ledger.Transaction) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}
