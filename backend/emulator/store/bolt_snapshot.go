package store

import (
	"fmt"
	"runtime/debug"
)

// View opens a snapshot. See Store.
func (b *Bolt) View() (Snapshot, error) {
	if !b.users.enter() {
		return nil, fmt.Errorf("%w: %s", ErrClosed, b.path)
	}
	s, err := b.snapshot()
	if err != nil {
		b.leave()
		return nil, err
	}
	return s, nil
}

func (b *Bolt) snapshot() (*boltSnapshot, error) {
	if fatal := b.fatal.Load(); fatal != nil {
		return nil, *fatal
	}
	tx, err := b.acquire()
	if err != nil {
		return nil, err
	}
	return &boltSnapshot{store: b, tx: tx}, nil
}

// leave ends one snapshot, and the store with the last one after Close.
func (b *Bolt) leave() {
	if b.users.leave() {
		_ = b.release()
	}
}

// boltSnapshot is a use of a bbolt read transaction, which keeps its pages from
// being reused. What it returns points into the mapped file. Faults are guarded
// against while a method runs; who reads a value later relies on nobody
// shortening the file while it is open.
type boltSnapshot struct {
	store *Bolt
	tx    *readTx // nil once closed
	err   error

	// The first cursor is part of the snapshot: most need one.
	first    firstCursor
	hasFirst bool
}

type firstCursor struct {
	walk  boltWalk
	at    positioned
	stack [6]place // deeper trees are rare
}

func (s *boltSnapshot) Get(space Space, key []byte) (v []byte) {
	defer s.guard(&v, debug.SetPanicOnFault(true))
	t := s.tree(space)
	if t == nil {
		return nil
	}
	v, err := t.get(key)
	if err != nil {
		s.damaged(err)
		return nil
	}
	return v
}

func (s *boltSnapshot) Cursor(space Space) Cursor {
	var none []byte
	defer s.guard(&none, debug.SetPanicOnFault(true))
	c := &s.first
	if s.hasFirst {
		c = new(firstCursor)
	}
	s.hasFirst = true
	c.walk = boltWalk{snap: s, tree: s.tree(space), stack: c.stack[:0]}
	c.at.raw = &c.walk
	return &c.at
}

func (s *boltSnapshot) Err() error { return s.err }

func (s *boltSnapshot) Close() error {
	if s.tx != nil {
		s.store.yield(s.tx)
		s.tx = nil
		s.store.leave()
	}
	return s.err
}

// tree returns the tree of space, or nil when there is none to read.
func (s *boltSnapshot) tree(space Space) *boltTree {
	if !s.usable() || !space.valid() {
		return nil
	}
	t, err := s.tx.tree(space)
	if err != nil {
		s.damaged(err)
	}
	return t
}

// usable notes as the snapshot's error when it is closed.
func (s *boltSnapshot) usable() bool {
	if s.tx == nil && s.err == nil {
		s.err = fmt.Errorf("snapshot was read after its Close: %w", ErrClosed)
	}
	return s.tx != nil
}

func (s *boltSnapshot) damaged(what any) {
	if s.err == nil {
		s.err = s.store.broken(what)
	}
}

// guard, deferred, turns a fault on the mapped file into the snapshot's error
// and a nil result. Old is the goroutine's setting to restore.
func (s *boltSnapshot) guard(result *[]byte, old bool) {
	debug.SetPanicOnFault(old)
	if r := recover(); r != nil {
		*result = nil
		s.damaged(r)
	}
}
