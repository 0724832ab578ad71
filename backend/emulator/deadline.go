package emulator

import (
	"context"

	"github.com/tallyledger/tally/ledger"
)

// deadline is the context of a statement: the caller's, which ends also when the
// transaction's time is up by the ledger's clock, or the ledger is closed. It is
// asked as the statement works, about every few hundred rows, and needs no timer, so a clock that a test sets
// works as the real one does.
type deadline struct {
	context.Context
	t     *Transaction
	asked bool
	err   error // once it has ended
}

// Err is why the statement has to stop, nil while it need not.
func (d *deadline) Err() error {
	first := !d.asked // the session has just looked at the clock
	d.asked = true
	switch {
	case d.err != nil:
	case d.t.l.ending.Load():
		d.err = ledger.ErrClosed
	case !first && d.t.expired(d.t.l.hooks.Now()):
		d.err = errExpired(d.t.id)
	default:
		d.err = d.Context.Err()
	}
	return d.err
}
