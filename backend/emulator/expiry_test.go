package emulator_test

import (
	"context"
	"errors"
	"testing"
	"time"

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
