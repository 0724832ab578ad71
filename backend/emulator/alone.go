package emulator

import (
	"errors"
	"fmt"

	"github.com/tallyledger/tally/ledger"
)

// A transaction that comes alone needs no goroutine but its own.
//
// On the way over builder and writer three goroutines wake each other in turn,
// and with a single session each of them has to wake a sleeping thread as well:
// a tenth of a small commit's time, where the disk is quick. So where nothing is
// under way and the last group was of one transaction, the session is builder and
// writer of its own group. The builder goes on building what arrives meanwhile,
// as beside the writer.

// claim builds a group of r alone, if r need not queue. Where that gives no
// group r has its answer.
func (c *committer) claim(r *commitRequest) (g *group, ok bool) {
	if !c.own.TryLock() {
		return nil, false
	}
	defer c.own.Unlock()
	if !c.idle || c.open != nil || c.expect > 1 || len(c.queue) > 0 {
		return nil, false
	}
	done := false
	defer c.stopUnless(&done)
	if g = c.take(r, nil); g != nil {
		c.seal(g)
		c.idle = false
		c.forget()
	}
	done = true
	return g, true
}

// alone is the writer of a group that was claimed.
func (c *committer) alone(g *group) {
	done := false
	defer func() {
		if !done {
			g.err = fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, c.l.fatal())
		}
		c.release(g)
		g.requests[0].answer <- g.err
	}()
	defer c.stopUnless(&done)
	c.settle(g)
	done = true
}

// release lets the next group go. The builder is woken only where it waits for
// that: with a group that it has built, or to end.
func (c *committer) release(g *group) {
	if c.own.TryLock() {
		defer c.own.Unlock()
		if c.open == nil && !c.closed {
			c.finished(g)
			return
		}
	}
	c.done <- g
}

// stopUnless lets nobody build on what was left half done: by a panic, or by
// runtime.Goexit, which testing's FailNow calls.
func (c *committer) stopUnless(done *bool) {
	if *done {
		return
	}
	p := recover()
	if p == nil {
		c.l.setFatal(errors.New("the goroutine that committed was ended meanwhile"))
		return
	}
	c.l.setFatal(fmt.Errorf("panic while committing: %v", p))
	panic(p)
}
