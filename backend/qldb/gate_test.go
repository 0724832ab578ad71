package qldb

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

func TestCloseWaitsForCommits(t *testing.T) {
	f, l := fake(t)
	hold := make(chan struct{})
	f.on("CommitTransaction", answer{after: hold})
	committed, closed := make(chan error), make(chan error)
	go func() {
		committed <- l.Execute(t.Context(), func(ledger.Transaction) error { return nil })
	}()
	f.wait("CommitTransaction")
	go func() { closed <- l.Close() }()
	<-l.gate.closing.Done()
	select {
	case <-closed:
		t.Error("Close did not wait for the commit")
	default:
	}
	close(hold)
	if err := <-committed; err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if f.sessions != 0 {
		t.Errorf("%d sessions are open", f.sessions)
	}
}

func TestClosed(t *testing.T) {
	s, l := journal(t)
	at := s.block(0)
	blocks := l.Journal(t.Context(), 0)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Execute":    func() error { return l.Execute(ctx, func(ledger.Transaction) error { return nil }) },
		"TableNames": func() error { _, err := l.TableNames(ctx); return err },
		"Digest":     func() error { _, err := l.Digest(ctx); return err },
		"Block":      func() error { _, err := l.Block(ctx, at, nil); return err },
		"Revision":   func() error { _, err := l.Revision(ctx, at, "x", nil); return err },
		"Journal": func() (err error) {
			for _, err = range blocks {
			}
			return err
		},
		"Journal after it": func() (err error) {
			for _, err = range l.Journal(ctx, 1e6) {
			}
			return err
		},
	} {
		if err := call(); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

// Close does not wait for the caller's functions: one may be what called it.
func TestCloseInsideFunction(t *testing.T) {
	f, l := fake(t)
	f.pages = [][]string{{"{n:1}", "{n:2}"}, {"{n:3}"}}
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT * FROM T")
		if err != nil || !r.Next() {
			t.Errorf("before: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if r.Next() || !errors.Is(r.Err(), ledger.ErrClosed) {
			t.Errorf("a row: %s, %v", r.Value(), r.Err())
		}
		if _, err := tx.Execute("SELECT * FROM T"); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("a statement: %v", err)
		}
		return nil
	})
	if !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("the transaction: %v, want ErrClosed", err)
	}
	if f.count("CommitTransaction") != 0 || f.count("AbortTransaction") != 1 || f.sessions != 0 {
		t.Errorf("commands %v: want an abort, and the session ended", f.calls)
	}
}

// What waits for an answer, or for its turn, is stopped.
func TestCloseStops(t *testing.T) {
	for _, command := range []string{"StartSession", "StartTransaction", "ExecuteStatement", "FetchPage"} {
		f, l := fake(t, WithMaxSessions(1))
		f.pages = [][]string{{}, {"{n:3}"}}
		hold := make(chan struct{})
		f.on(command, answer{after: hold})
		ended := make(chan error, 2)
		run := func() {
			ended <- l.Execute(t.Context(), func(tx ledger.Transaction) error {
				r, err := tx.Execute("SELECT * FROM T")
				if err != nil {
					return err
				}
				_, err = r.All()
				return err
			})
		}
		go run()
		f.wait(command)
		go run() // has no session to run on
		if err := l.Close(); err != nil {
			t.Errorf("%s: Close: %v", command, err)
		}
		for range 2 {
			if err := <-ended; !errors.Is(err, ledger.ErrClosed) {
				t.Errorf("%s: %v, want ErrClosed", command, err)
			}
		}
		close(hold)
	}
}

func TestCloseStopsControlCalls(t *testing.T) {
	f, l := fake(t)
	asked, hold := make(chan struct{}), make(chan struct{})
	f.control = func(http.ResponseWriter, *http.Request) { close(asked); <-hold }
	ended := make(chan error)
	go func() { _, err := l.Digest(t.Context()); ended <- err }()
	<-asked
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	close(hold)
}

// The caller's context is still told as such.
func TestContextIsNotClosed(t *testing.T) {
	f, l := fake(t)
	hold := make(chan struct{})
	defer close(hold)
	f.on("ExecuteStatement", answer{after: hold})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		runs := 0
		ended <- l.Execute(ctx, insert(&runs))
	}()
	f.wait("ExecuteStatement")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrClosed) {
		t.Errorf("%v, want the context's error", err)
	}
}
