package store

import (
	"errors"
	"fmt"
	"sync"
)

// ErrInjected is wrapped by every error that a Faulty store makes up.
var ErrInjected = errors.New("injected fault")

// Fault is a way in which an Apply can go wrong.
type Fault uint8

const (
	// FailNotApplied: nothing is written, ErrNotApplied comes back, the store
	// goes on.
	FailNotApplied Fault = iota + 1
	// FailLost: nothing is written and ErrUnknownOutcome comes back.
	FailLost
	// FailKept: everything is written, and ErrUnknownOutcome comes back all the
	// same.
	FailKept
)

// Faulty is a store for tests: another store, and a fault at a chosen call.
// After FailLost and FailKept it refuses everything, as a store does whose
// outcome is unknown or whose process died, until Heal stands for reopening.
type Faulty struct {
	inner Store

	mu              sync.Mutex
	applies, views  int // calls so far
	reads           int
	applyAt, viewAt int // the calls that fail, 0 for none
	readAt          int
	how             Fault
	refusing        error
}

// NewFaulty wraps s. Without further calls it behaves as s does.
func NewFaulty(s Store) *Faulty { return &Faulty{inner: s} }

// FailApply makes the k-th Apply from now fail; 1 is the next one.
func (f *Faulty) FailApply(k int, how Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applyAt, f.how = f.applies+k, how
}

// FailView makes the k-th View from now fail.
func (f *Faulty) FailView(k int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.viewAt = f.views + k
}

// FailRead makes the k-th read from now, of any snapshot, meet damage: a Get or
// a step of a cursor returns nil, and the snapshot's Err wraps ErrDamaged. Every
// later one succeeds.
func (f *Faulty) FailRead(k int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readAt = f.reads + k
}

// Heal takes back all faults, and the refusal that a fault led to.
func (f *Faulty) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applyAt, f.viewAt, f.readAt, f.refusing = 0, 0, 0, nil
}

// Applies returns how many calls of Apply there were, failed ones too.
func (f *Faulty) Applies() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.applies
}

// Apply applies a group or fails. See Store.
func (f *Faulty) Apply(ops []Op) error {
	how, err := f.nextApply()
	switch {
	case err != nil:
		return err
	case how == FailNotApplied:
		return fmt.Errorf("%w: %w", ErrNotApplied, ErrInjected)
	case how == FailKept:
		if err := f.inner.Apply(ops); err != nil {
			return err
		}
		fallthrough
	case how == FailLost:
		return f.refuse()
	}
	return f.inner.Apply(ops)
}

// nextApply counts a call and says how it fails, if it does.
func (f *Faulty) nextApply() (Fault, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.applies++
	if f.refusing == nil && f.applies == f.applyAt {
		return f.how, nil
	}
	return 0, f.refusing
}

func (f *Faulty) refuse() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusing = fmt.Errorf("%w: %w", ErrUnknownOutcome, ErrInjected)
	return f.refusing
}

// View opens a snapshot or fails. See Store.
func (f *Faulty) View() (Snapshot, error) {
	if err := f.nextView(); err != nil {
		return nil, err
	}
	snap, err := f.inner.View()
	if err != nil {
		return nil, err
	}
	return &faultySnapshot{Snapshot: snap, store: f}, nil
}

func (f *Faulty) nextView() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.views++
	if f.views == f.viewAt {
		return fmt.Errorf("%w: %w", ErrDamaged, ErrInjected)
	}
	return f.refusing
}

func (f *Faulty) nextRead() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.reads == f.readAt {
		return fmt.Errorf("%w: %w", ErrDamaged, ErrInjected)
	}
	return nil
}

// Close closes the wrapped store.
func (f *Faulty) Close() error { return f.inner.Close() }

// Stats returns the wrapped store's.
func (f *Faulty) Stats() Stats { return f.inner.Stats() }

type faultySnapshot struct {
	Snapshot
	store *Faulty
	err   error
}

func (s *faultySnapshot) failed() bool {
	err := s.store.nextRead()
	if err != nil && s.err == nil {
		s.err = err
	}
	return err != nil
}

func (s *faultySnapshot) Get(space Space, key []byte) []byte {
	if s.failed() {
		return nil
	}
	return s.Snapshot.Get(space, key)
}

func (s *faultySnapshot) Err() error {
	if s.err != nil {
		return s.err
	}
	return s.Snapshot.Err()
}

func (s *faultySnapshot) Close() error {
	err := s.Snapshot.Close()
	if s.err != nil {
		return s.err
	}
	return err
}

func (s *faultySnapshot) Cursor(space Space) Cursor {
	return &faultyCursor{inner: s.Snapshot.Cursor(space), snap: s}
}

type faultyCursor struct {
	inner Cursor
	snap  *faultySnapshot
}

func (c *faultyCursor) step(move func() (k, v []byte)) (k, v []byte) {
	if c.snap.failed() {
		return nil, nil
	}
	return move()
}

func (c *faultyCursor) Seek(key []byte) (k, v []byte) {
	if c.snap.failed() {
		return nil, nil
	}
	return c.inner.Seek(key)
}

func (c *faultyCursor) First() (k, v []byte) { return c.step(c.inner.First) }
func (c *faultyCursor) Last() (k, v []byte)  { return c.step(c.inner.Last) }
func (c *faultyCursor) Next() (k, v []byte)  { return c.step(c.inner.Next) }
func (c *faultyCursor) Prev() (k, v []byte)  { return c.step(c.inner.Prev) }
