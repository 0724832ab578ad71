package store

import (
	"sync"
	"sync/atomic"
)

// readers lets the snapshots between two groups share one read transaction of
// bbolt: opening a snapshot is then a matter of a counter.
//
// The shared transaction stays when nobody uses it, but never while a group is
// applied: its pages could not be reused, and where bbolt has to map a larger
// file it waits until no transaction is open. Snapshots that are opened
// meanwhile have a transaction of their own.
type readers struct {
	mu       sync.Mutex // held for a few instructions only, never while bbolt is called
	shared   *readTx    // nil for none
	applying bool
	applied  uint64 // counts applied groups: a transaction that began before one is out of date
}

// readTx is a read transaction with the trees that were looked up in it. It may
// be used by many goroutines.
type readTx struct {
	tx    *boltTx
	top   boltTree
	trees [spaces + 1]atomic.Pointer[boltTree] // those in use
	users int                                  // under readers.mu
}

// tree returns the tree of a space.
func (r *readTx) tree(space Space) (*boltTree, error) {
	if t := r.trees[space].Load(); t != nil {
		return t, nil
	}
	t, err := r.top.bucket(bucketNames[space])
	if err == nil {
		err = t.load()
	}
	if err != nil {
		return nil, err
	}
	r.trees[space].Store(&t)
	return &t, nil
}

// acquire returns the shared transaction, or begins one.
func (b *Bolt) acquire() (*readTx, error) {
	r := &b.readers
	r.mu.Lock()
	if s := r.shared; s != nil {
		s.users++
		r.mu.Unlock()
		return s, nil
	}
	applied := r.applied
	r.mu.Unlock()
	tx, err := b.begin()
	if err != nil {
		return nil, err
	}
	s := &readTx{tx: tx, top: b.topTree(tx), users: 1}
	r.mu.Lock()
	if r.shared == nil && !r.applying && r.applied == applied {
		r.shared = s
	}
	r.mu.Unlock()
	return s, nil
}

// yield gives a transaction back, and ends it unless others may still want it.
func (b *Bolt) yield(s *readTx) {
	r := &b.readers
	r.mu.Lock()
	s.users--
	last := s.users == 0 && r.shared != s
	r.mu.Unlock()
	if last {
		b.rollback(s.tx)
	}
}

// retire takes the shared transaction out of use; its last user ends it.
// applying says whether a group is about to be applied.
func (b *Bolt) retire(applying bool) {
	r := &b.readers
	r.mu.Lock()
	s := r.shared
	idle := s != nil && s.users == 0
	r.shared, r.applying = nil, applying
	r.applied++
	r.mu.Unlock()
	if idle {
		b.rollback(s.tx)
	}
}
