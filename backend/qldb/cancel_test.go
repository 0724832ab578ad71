package qldb

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

// A context that ends at any step gives its error, leaves no goroutine behind,
// and the only session that may be open is free for the next transaction.
func TestCancelAtEachStep(t *testing.T) {
	for _, command := range []string{"StartSession", "StartTransaction", "ExecuteStatement", "FetchPage", "CommitTransaction"} {
		f, l := fake(t, WithMaxSessions(1))
		f.pages = [][]string{{}, {"{n:3}"}}
		hold := make(chan struct{})
		f.on(command, answer{after: hold})
		ctx, cancel := context.WithCancel(t.Context())
		read := func(tx ledger.Transaction) error {
			r, err := tx.Execute("SELECT * FROM T")
			if err != nil {
				return err
			}
			_, err = r.All()
			return err
		}
		ended := make(chan error)
		go func() { ended <- l.Execute(ctx, read) }()
		f.wait(command)
		cancel()
		err := <-ended
		if !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrOutcomeUnknown) != (command == "CommitTransaction") {
			t.Errorf("%s: %v", command, err)
		}
		close(hold)
		if err := l.Execute(t.Context(), read); err != nil {
			t.Errorf("after %s: %v", command, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if n := driving(); n != 0 {
			t.Errorf("%s: %d goroutines of transactions are left", command, n)
		}
	}
}

// driving counts the goroutines that hold transactions open.
func driving() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "qldb.(*transaction).drive(")
}

// An error in the middle of a result ends it, and is the ledger's.
func TestPageErrors(t *testing.T) {
	for _, tt := range []struct {
		a        answer
		sentinel error
		runs     int
	}{
		{answer{status: 400, typ: "OccConflictException", msg: "conflict"}, ledger.ErrConflict, 2},
		{answer{drop: true}, ledger.ErrUnavailable, 2},
		{answer{status: 400, typ: "InvalidSessionException", msg: "Transaction I1pH6SCujBW0JYpPoLQT02 has expired"}, ledger.ErrTransactionExpired, 1},
		{answer{status: 400, typ: "BadRequestException", msg: "The parameter NextPageToken is not valid"}, ledger.ErrBadRequest, 1},
	} {
		f, l := fake(t)
		f.pages = [][]string{{"{n:1}"}, {"{n:2}"}}
		f.on("FetchPage", tt.a, tt.a)
		runs := 0
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			runs++
			r, err := tx.Execute("SELECT * FROM T")
			if err != nil {
				return err
			}
			n := 0
			for r.Next() {
				n++
			}
			if n != 1 || r.Next() || r.Err() == nil || !r.Value().IsZero() {
				t.Errorf("%d rows, then %s, %v; want one row and the error for good", n, r.Value(), r.Err())
			}
			return r.Err()
		}, quick(1))
		var e *ledger.Error
		if !errors.Is(err, tt.sentinel) || !errors.As(err, &e) || runs != tt.runs {
			t.Errorf("%v after %d runs, want %v after %d", err, runs, tt.sentinel, tt.runs)
		}
	}
}

// What is kept beyond its transaction is refused.
func TestResultAfterItsTransaction(t *testing.T) {
	f, l := fake(t)
	f.pages = [][]string{{"{n:1}", "{n:2}"}, {"{n:3}"}}
	var kept *ledger.Result
	err := l.Execute(t.Context(), func(tx ledger.Transaction) (err error) {
		kept, err = tx.Execute("SELECT * FROM T")
		kept.Next()
		return err
	})
	if err != nil || kept.Value().String() != "{n:1}" {
		t.Fatalf("%v, row %s", err, kept.Value())
	}
	var e *ledger.Error
	if kept.Next() || !errors.As(kept.Err(), &e) || e.Code != "405" {
		t.Errorf("a row after the commit: %s, %v", kept.Value(), kept.Err())
	}
}
