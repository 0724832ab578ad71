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
// Faults has none. Those of Shared are due as well, to whoever takes them first.
type Faults struct {
	Shared *Faults // of several ledgers; not changed once the Faults is in use

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

// take takes one failure that is due, a shared one last.
func (f *Faults) take(field func(*Faults) *int) bool {
	for ; f != nil; f = f.Shared {
		f.mu.Lock()
		n := field(f)
		due := *n > 0
		if due {
			*n--
		}
		f.mu.Unlock()
		if due {
			return true
		}
	}
	return false
}

// TakeConflict reports whether this commit has to fail with a conflict.
func (f *Faults) TakeConflict() bool { return f.take(func(f *Faults) *int { return &f.conflicts }) }

// TakeLostAnswer reports whether the answer of this commit is lost.
func (f *Faults) TakeLostAnswer() bool {
	return f.take(func(f *Faults) *int { return &f.lostAnswers })
}

// TakeCapacity reports whether this request exceeds the capacity.
func (f *Faults) TakeCapacity() bool { return f.take(func(f *Faults) *int { return &f.capacity }) }

// Epoch changes with ExpireSessions: a session of an older epoch has expired.
func (f *Faults) Epoch() (epoch int) {
	for ; f != nil; f = f.Shared {
		f.mu.Lock()
		epoch += f.expired
		f.mu.Unlock()
	}
	return epoch
}

// BeforeCommit waits as DelayCommits says.
func (f *Faults) BeforeCommit() {
	for ; f != nil; f = f.Shared {
		f.mu.Lock()
		wait := f.delay
		f.mu.Unlock()
		if wait != nil {
			wait()
		}
	}
}
