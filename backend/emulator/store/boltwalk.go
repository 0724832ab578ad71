package store

import (
	"bytes"
	"runtime/debug"
)

// boltWalk is a cursor on a boltTree.
type boltWalk struct {
	snap  *boltSnapshot
	tree  *boltTree // nil when there is nothing to walk
	stack []place   // from the root to a leaf; empty beyond either end
	key   []byte    // where it stands, nil for nowhere yet
	dead  bool      // the walk met damage
}

// place is an element of a page: on a leaf the current key, on a branch the
// child that the next place of the stack is in.
type place struct {
	page boltPage
	at   int
}

// direction is the way a cursor moves: which neighbour comes next, and how it
// must compare with where the cursor stands.
type direction int

const (
	forward  direction = 1
	backward direction = -1
)

func (c *boltWalk) seek(key []byte) (k, v []byte) {
	defer c.snap.guard(&k, debug.SetPanicOnFault(true))
	if !c.restart() {
		return nil, nil
	}
	for {
		top := &c.stack[len(c.stack)-1]
		var ok bool
		if top.page.leaf {
			if top.at, _, ok = top.page.search(key); !ok {
				return c.fail(errElement)
			}
			return c.settle(forward)
		}
		if top.at, ok = top.page.below(key); !ok {
			return c.fail(errElement)
		}
		if err := c.push(forward); err != nil {
			return c.fail(err)
		}
	}
}

func (c *boltWalk) first() (k, v []byte) {
	defer c.snap.guard(&k, debug.SetPanicOnFault(true))
	if !c.restart() {
		return nil, nil
	}
	return c.settle(forward)
}

func (c *boltWalk) last() (k, v []byte) {
	defer c.snap.guard(&k, debug.SetPanicOnFault(true))
	if !c.restart() {
		return nil, nil
	}
	c.stack[0].at = c.stack[0].page.count - 1
	return c.settle(backward)
}

func (c *boltWalk) next() (k, v []byte) { return c.step(forward) }
func (c *boltWalk) prev() (k, v []byte) { return c.step(backward) }

func (c *boltWalk) step(d direction) (k, v []byte) {
	defer c.snap.guard(&k, debug.SetPanicOnFault(true))
	if !c.usable() || len(c.stack) == 0 {
		return nil, nil
	}
	c.stack[len(c.stack)-1].at += int(d)
	return c.settle(d)
}

// usable reports whether there is anything to walk. After Close of the snapshot
// it notes the misuse.
func (c *boltWalk) usable() bool { return c.snap.usable() && !c.dead && c.tree != nil }

// restart goes to the first element of the root.
func (c *boltWalk) restart() bool {
	if !c.usable() {
		return false
	}
	root, err := c.tree.top()
	if err != nil {
		c.fail(err)
		return false
	}
	c.stack, c.key = append(c.stack[:0], place{page: root}), nil
	return true
}

// settle moves on in direction d, if it must, to a leaf's element, and returns
// what is there. At the end of a page it goes back up, at a branch it goes down.
func (c *boltWalk) settle(d direction) (k, v []byte) {
	for len(c.stack) > 0 {
		top := &c.stack[len(c.stack)-1]
		switch {
		case top.at < 0 || top.at >= top.page.count:
			c.stack = c.stack[:len(c.stack)-1]
			if len(c.stack) > 0 {
				c.stack[len(c.stack)-1].at += int(d)
			}
		case top.page.leaf:
			return c.arrive(top, d)
		default:
			if err := c.push(d); err != nil {
				return c.fail(err)
			}
		}
	}
	return nil, nil
}

// push goes to the end of the current child at which d enters it.
func (c *boltWalk) push(d direction) error {
	if len(c.stack) == maxDepth {
		return errTooDeep
	}
	top := &c.stack[len(c.stack)-1]
	page, err := c.tree.down(&top.page, top.at)
	if err != nil {
		return err
	}
	at := 0
	if d == backward {
		at = page.count - 1
	}
	c.stack = append(c.stack, place{page, at})
	return nil
}

// arrive returns the key and value at p. Keys that do not grow show that pages
// are where they do not belong; a walk that went on could go on for ever.
func (c *boltWalk) arrive(p *place, d direction) (k, v []byte) {
	k, v, flags, ok := p.page.item(p.at)
	switch {
	case !ok || len(k) == 0:
		return c.fail(errElement)
	case c.key != nil && bytes.Compare(k, c.key) != int(d):
		return c.fail(errOrder)
	}
	if flags&bucketFlag != 0 {
		var err error
		if v, err = c.tree.large(v); err != nil {
			return c.fail(err)
		}
	}
	c.key = k
	return k, v
}

// fail ends the walk with the snapshot's error.
func (c *boltWalk) fail(err error) (k, v []byte) {
	c.dead = true
	c.snap.damaged(err)
	return nil, nil
}
