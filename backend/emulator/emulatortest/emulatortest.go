// Package emulatortest gives a ledger to one test: in memory, ready in a
// millisecond, closed with the test, with a clock and ids that the test can set
// and with failures that it can ask for.
//
//	func TestTransfer(t *testing.T) {
//		l := emulatortest.New(t)
//		l.Faults.FailCommits(2) // the next two commits conflict
//		…
//	}
//
// When the test ends, the whole ledger is checked: hash chain, block tree,
// indexes and history.
package emulatortest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/internal/hook"
	"github.com/tallyledger/tally/ledger"
)

// Ledger is a ledger for a test.
type Ledger struct {
	*emulator.Ledger
	// Clock is the ledger's clock. It runs with the real one until it is set.
	Clock *Clock
	// Faults makes the ledger fail.
	Faults *Faults
}

// Option changes how New makes a ledger.
type Option func(*config)

type config struct {
	path string
	seed *uint64
	open []emulator.Option
	at   time.Time
}

// WithFile keeps the ledger in a file; the caller removes it, or has it in
// t.TempDir.
func WithFile(path string) Option { return func(c *config) { c.path = path } }

// WithSeed makes all ids depend on the seed and on the clock alone. It sets
// the clock to 1 January 2024 if it is not set otherwise.
func WithSeed(seed uint64) Option {
	return func(c *config) {
		c.seed = &seed
		if c.at.IsZero() {
			c.at = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		}
	}
}

// At sets the clock, which then stands still.
func At(t time.Time) Option { return func(c *config) { c.at = t } }

// With passes options on to the engine.
func With(opts ...emulator.Option) Option {
	return func(c *config) { c.open = append(c.open, opts...) }
}

// New gives a new ledger to a test. Its name is "test". A test that closes it
// itself has it unchecked.
func New(t testing.TB, opts ...Option) *Ledger {
	t.Helper()
	var c config
	for _, o := range opts {
		o(&c)
	}
	l := &Ledger{Clock: NewClock(c.at), Faults: NewFaults()}
	h := hook.Hooks{Now: l.Clock.Now, Faults: l.Faults.f}
	if c.seed != nil {
		h.Random = &seeded{r: rand.New(rand.NewPCG(*c.seed, 0))}
	}
	open := append([]emulator.Option{emulator.WithHooks(h), emulator.WithName("test")}, c.open...)
	var err error
	if c.path != "" {
		l.Ledger, err = emulator.Open(c.path, open...)
	} else {
		l.Ledger, err = emulator.OpenMemory("test", open...)
	}
	if err != nil {
		t.Fatalf("emulatortest: %v", err)
	}
	t.Cleanup(func() { l.finish(t) })
	return l
}

// finish checks everything that can be checked and closes the ledger.
func (l *Ledger) finish(t testing.TB) {
	l.Faults.Reset()
	if _, err := l.Digest(context.Background()); errors.Is(err, ledger.ErrClosed) {
		return // the test closed it itself
	}
	for problem, err := range l.Check(context.Background()) {
		if err != nil {
			t.Errorf("emulatortest: the ledger cannot be checked: %v", err)
			break
		}
		t.Errorf("emulatortest: the ledger is damaged: %s", problem)
	}
	if err := l.Close(); err != nil {
		t.Errorf("emulatortest: closing the ledger: %v", err)
	}
}

// Exec runs one statement in a transaction of its own and returns its rows as
// Ion text. It fails the test where the statement fails.
func (l *Ledger) Exec(t testing.TB, statement string, params ...any) []string {
	t.Helper()
	var rows []string
	err := l.Execute(context.Background(), func(tx ledger.Transaction) error {
		rows = nil
		r, err := tx.Execute(statement, params...)
		if err != nil {
			return err
		}
		for r.Next() {
			rows = append(rows, r.Value().String())
		}
		return r.Err()
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return rows
}

// Clock is a clock that a test sets.
type Clock struct {
	mu sync.Mutex
	at time.Time // zero: it runs with the real clock
}

// NewClock returns a clock that stands at t, or the real clock for the zero
// time.
func NewClock(t time.Time) *Clock { return &Clock{at: t} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.at
}

// Set stops the clock at t. It may be before the time of the last block: the
// ledger's own time then stands still until the clock has caught up.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	c.at = t
	c.mu.Unlock()
}

// Advance stops the clock d later than it was.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Faults makes a ledger fail. It may be called at any time, from any goroutine.
type Faults struct{ f *hook.Faults }

// NewFaults returns Faults without any.
func NewFaults() *Faults { return &Faults{f: &hook.Faults{}} }

// FailCommits makes the next n commits fail with ledger.ErrConflict.
func (f *Faults) FailCommits(n int) { f.f.FailCommits(n) }

// LoseAnswers makes the next n commits succeed while the caller is told
// ledger.ErrOutcomeUnknown: the connection broke at the worst moment.
func (f *Faults) LoseAnswers(n int) { f.f.LoseAnswers(n) }

// ExceedCapacity makes the next n requests fail with ledger.ErrCapacityExceeded.
func (f *Faults) ExceedCapacity(n int) { f.f.ExceedCapacity(n) }

// ExpireSessions makes every session that is open now fail with
// ledger.ErrInvalidSession at its next use.
func (f *Faults) ExpireSessions() { f.f.ExpireSessions() }

// DelayCommits calls wait before each durable write; nil ends it.
func (f *Faults) DelayCommits(wait func()) { f.f.DelayCommits(wait) }

// Reset takes back all faults that are due.
func (f *Faults) Reset() { f.f.Reset() }

// Hooks is what a server of this project needs to share clock and faults.
func (f *Faults) Hooks(c *Clock) hook.Hooks { return hook.Hooks{Now: c.Now, Faults: f.f} }

// seeded is a source of bytes that depend on its seed.
type seeded struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range p {
		p[i] = byte(s.r.Uint32())
	}
	return len(p), nil
}
