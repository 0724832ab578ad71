package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// TestAbortAfterExpiry aborts a transaction that has expired: the abort succeeds,
// and commands that name the transaction hear that it has expired.
func TestAbortAfterExpiry(t *testing.T) {
	for _, c := range commands[1:4] {
		l := emulatortest.New(t)
		x := begin(t, l.Ledger)
		l.Clock.Advance(31 * time.Second)
		if err := x.s.AbortTransaction(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.call(x); !errors.Is(err, ledger.ErrTransactionExpired) {
			t.Errorf("%s after the abort: %v, want that the transaction has expired", c.name, err)
		}
	}
}

// TestExpiredCount ends an expired transaction in every way: it is counted once,
// as expired, and no longer as open.
func TestExpiredCount(t *testing.T) {
	for name, end := range map[string]func(x *transaction){
		"nothing":          func(*transaction) {},
		"AbortTransaction": func(x *transaction) { _ = x.s.AbortTransaction(t.Context()) },
		"EndSession":       func(x *transaction) { _ = x.s.EndSession(t.Context()) },
		"a statement":      func(x *transaction) { _, _ = x.send("SELECT VALUE 1 FROM << 0 >>") },
		"a new one":        func(x *transaction) { _ = beginOn(t, x.s).s.AbortTransaction(t.Context()) },
	} {
		l := emulatortest.New(t)
		x := begin(t, l.Ledger)
		before := l.Stats()
		l.Clock.Advance(31 * time.Second)
		end(x)
		st := l.Stats()
		if before.Transactions != 1 || st.Transactions != 0 || st.Expired != 1 {
			t.Errorf("%s: %d open before, %d after, %d expired; want 1, 0, 1", name, before.Transactions, st.Transactions, st.Expired)
		}
	}
}

// asked is a context that does something when it is asked how it stands.
type asked struct {
	context.Context
	do func()
}

func (c *asked) Err() error {
	c.do()
	return c.Context.Err()
}

// TestExpiryWithinAStatement: a statement that the end of its transaction's time
// overtakes does not succeed, however short it is.
func TestExpiryWithinAStatement(t *testing.T) {
	l := withTable(t)
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'k': 1}")
	x.ctx = &asked{t.Context(), func() { l.Clock.Advance(31 * time.Second) }}
	if rows, err := x.try("SELECT k FROM T"); !errors.Is(err, ledger.ErrTransactionExpired) {
		t.Errorf("%v, %v; want that the transaction has expired", rows, err)
	}
}

// TestExpiryAtTheCommitter: a transaction whose time is up while it waits for its
// turn to be committed is an expired one for all commands after that.
func TestExpiryAtTheCommitter(t *testing.T) {
	l := withTable(t)
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'k': 1}")
	x.ctx = &asked{t.Context(), func() {
		l.Clock.Advance(31 * time.Second)
		l.Stats() // looks for transactions whose time is up
	}}
	for range 2 {
		if err := x.commit(); !errors.Is(err, ledger.ErrTransactionExpired) {
			t.Errorf("commit: %v, want that the transaction has expired", err)
		}
		x.ctx = t.Context()
	}
}

// TestResultsOfForgottenSessions: sessions that nobody ended make room for new
// ones, and so do their results.
func TestResultsOfForgottenSessions(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.Sessions, limits.ResultsOfAllSessions = 1, 12_000
	l := withTable(t, emulatortest.With(emulator.WithLimits(limits)))
	for range 10 {
		l.Exec(t, "INSERT INTO T <<"+strings.Repeat("{'k': 1}, ", 29)+"{'k': 1}>>")
	}
	for round := range 4 {
		x := begin(t, l.Ledger)
		p, err := x.send("SELECT * FROM T")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if p.Token == "" {
			t.Fatal("the result has one page; the test needs one that is not read to its end")
		}
		l.Clock.Advance(16 * time.Minute)
	}
}

// TestOldSessionAtWork: a session at work is not forgotten for its age, so Close
// waits for it.
func TestOldSessionAtWork(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.Sessions = 1
	l := withTable(t, emulatortest.WithFile(filepath.Join(t.TempDir(), "x.tally")), emulatortest.With(emulator.WithLimits(limits)))
	l.Exec(t, "INSERT INTO T {'k': 1}")
	x := begin(t, l.Ledger)
	inside, gate := make(chan struct{}), make(chan struct{})
	var first sync.Once
	x.ctx = &asked{t.Context(), func() { first.Do(func() { close(inside); <-gate }) }}
	ended := make(chan error, 1)
	go func() { _, err := x.send("SELECT * FROM T"); ended <- err }()
	<-inside
	l.Clock.Advance(16 * time.Minute)
	s, err := l.StartSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartTransaction(t.Context()); !errors.Is(err, ledger.ErrLimitExceeded) {
		t.Errorf("a second transaction: %v, want that there is no room beside a session at work", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	close(gate)
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the statement succeeded")
	}
}

// TestPanicInAStatement: a panic that a caller catches leaves no snapshot open.
func TestPanicInAStatement(t *testing.T) {
	l := withTable(t, emulatortest.WithFile(filepath.Join(t.TempDir(), "x.tally")))
	x := begin(t, l.Ledger)
	x.ctx = &asked{t.Context(), func() { panic("as the test asked for") }}
	func() {
		defer func() {
			if p := recover(); fmt.Sprint(p) != "as the test asked for" {
				t.Errorf("the panic is %v", p)
			}
		}()
		_, err := x.send("SELECT * FROM T")
		t.Errorf("the statement returned %v", err)
	}()
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
