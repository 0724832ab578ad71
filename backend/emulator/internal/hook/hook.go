// Package hook holds what tests may set in the engine and a server: the clock,
// the source of random bits, and faults. It knows nothing of ledgers.
package hook

import (
	"crypto/rand"
	"io"
	"sync"
	"time"
)

// Hooks is what the engine takes from outside. The zero Hooks is the real
// world.
type Hooks struct {
	Now    func() time.Time
	Random io.Reader
	Faults *Faults
}

// Filled is h with the real clock and crypto/rand where it has none.
func (h Hooks) Filled() Hooks {
	if h.Now == nil {
		h.Now = time.Now
	}
	if h.Random == nil {
		h.Random = rand.Reader
	}
	if h.Faults == nil {
		h.Faults = &Faults{}
	}
	return h
}

// Faults are failures that are due. It is safe for concurrent use; the zero
// Faults has none.
type Faults struct {
	mu          sync.Mutex
	conflicts   int
	lostAnswers int
	capacity    int
	expired     int // counts calls of ExpireSessions
	delay       func()
}

// FailCommits makes the next n commits fail with a conflict.
func (f *Faults) FailCommits(n int) { f.set(&f.conflicts, n) }

// LoseAnswers makes the next n commits succeed while their caller gets an
// error, as if the connection had broken.
func (f *Faults) LoseAnswers(n int) { f.set(&f.lostAnswers, n) }

// ExceedCapacity makes the next n requests fail for lack of capacity.
func (f *Faults) ExceedCapacity(n int) { f.set(&f.capacity, n) }

// ExpireSessions makes every session open now expire at its next use.
func (f *Faults) ExpireSessions() { f.mu.Lock(); f.expired++; f.mu.Unlock() }

// DelayCommits calls wait before each commit; nil ends it.
func (f *Faults) DelayCommits(wait func()) { f.mu.Lock(); f.delay = wait; f.mu.Unlock() }

// Reset removes all faults that are due.
func (f *Faults) Reset() {
	f.mu.Lock()
	f.conflicts, f.lostAnswers, f.capacity, f.delay = 0, 0, 0, nil
	f.mu.Unlock()
}

func (f *Faults) set(field *int, n int) { f.mu.Lock(); *field = n; f.mu.Unlock() }

func (f *Faults) take(field *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *field <= 0 {
		return false
	}
	*field--
	return true
}

// TakeConflict reports whether this commit has to fail with a conflict.
func (f *Faults) TakeConflict() bool { return f.take(&f.conflicts) }

// TakeLostAnswer reports whether the answer of this commit is lost.
func (f *Faults) TakeLostAnswer() bool { return f.take(&f.lostAnswers) }

// TakeCapacity reports whether this request exceeds the capacity.
func (f *Faults) TakeCapacity() bool { return f.take(&f.capacity) }

// Epoch changes with ExpireSessions: a session of an older epoch has expired.
func (f *Faults) Epoch() int { f.mu.Lock(); defer f.mu.Unlock(); return f.expired }

// BeforeCommit waits as DelayCommits says.
func (f *Faults) BeforeCommit() {
	f.mu.Lock()
	wait := f.delay
	f.mu.Unlock()
	if wait != nil {
		wait()
	}
}
