package emulator

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
	defer func() {
		if !done {
			p := recover()
			c.halt(p)
			again(p)
		}
	}()
	if g = c.take(r, nil); g != nil {
		c.seal(g)
		c.idle = false
		c.forget()
	}
	done = true
	return g, true
}

// alone is the writer of a group that was claimed. A panic goes on to the caller,
// whose goroutine this is.
func (c *committer) alone(g *group) {
	defer func() {
		var p any
		if !g.settled {
			p = recover()
			c.halt(p)
			g.err = c.unknown()
		}
		c.release(g)
		g.tell(g.err)
		again(p)
	}()
	c.settle(g)
}

// again lets a panic that was caught go on; p is nil if there was none.
func again(p any) {
	if p != nil {
		panic(p)
	}
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
