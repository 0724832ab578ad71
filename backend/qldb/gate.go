package qldb

import (
	"context"
	"sync"

	"github.com/tallyledger/tally/ledger"
)

// gate is what everything passes on its way to the service, until Close. What is
// under way then is stopped, commits apart, and Close waits for its end. It does
// not wait for functions of the caller, of which one may have called it.
type gate struct {
	closing context.Context // ends when Close begins
	stop    context.CancelFunc

	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup // added under mu
}

func newGate() *gate {
	g := &gate{}
	g.closing, g.stop = context.WithCancel(context.Background())
	return g
}

// enter reports whether the gate is open. If it is, leave must be called.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside.Add(1)
	return true
}

func (g *gate) leave() { g.inside.Done() }

// isClosed reports whether Close has begun.
func (g *gate) isClosed() bool { return g.closing.Err() != nil }

// close lets nothing in any more, stops what is inside and waits until it has
// left.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.stop()
	g.inside.Wait()
}

// during calls f with a context that ends with the gate too. Where that is why f
// failed, the error is ledger.ErrClosed.
func (g *gate) during(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(g.closing, func() { cancel(ledger.ErrClosed) })()
	err := f(ctx)
	if err != nil && context.Cause(ctx) == ledger.ErrClosed {
		return ledger.ErrClosed
	}
	return err
}
