package emulator_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// ends are ways in which code from outside leaves the goroutine that commits.
var ends = map[string]struct {
	end    func()
	reason string
}{
	"panic":  {func() { panic("as the test asked for") }, "as the test asked for"},
	"Goexit": {runtime.Goexit, "was ended"},
}

// behindOne lets three transactions commit, two of which wait behind the first
// one, which waits in the hook; more is called then. It returns their errors.
func behindOne(t *testing.T, l *emulatortest.Ledger, second, more func()) []error {
	t.Helper()
	gate, inside := make(chan struct{}), make(chan struct{})
	first := true // hooks run one after the other
	l.Faults.DelayCommits(func() {
		if first {
			first = false
			close(inside)
			<-gate
			return
		}
		second()
	})
	answers := [3]chan error{}
	for i := range answers {
		answers[i] = make(chan error, 1)
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T {'n': ?}", i)
		go func() { answers[i] <- x.commit() }()
		if i == 0 {
			<-inside
			more()
		}
	}
	for l.Handed() < 2 && l.ReadOnly() == nil {
		runtime.Gosched()
	}
	close(gate)
	var errs []error
	for _, a := range answers {
		errs = append(errs, <-a)
	}
	return errs
}

// TestEndOfAGroup: a hook that panics or ends the goroutine while a group is
// written ends neither the process nor the ledger. All who wait hear of it, and
// nothing is written any more.
func TestEndOfAGroup(t *testing.T) {
	for name, how := range ends {
		t.Run(name, func(t *testing.T) {
			l := withTable(t)
			errs := behindOne(t, l, how.end, func() {})
			if errs[0] != nil {
				t.Errorf("the first transaction: %v", errs[0])
			}
			for _, err := range errs[1:] {
				if !errors.Is(err, ledger.ErrOutcomeUnknown) || !strings.Contains(err.Error(), how.reason) {
					t.Errorf("a transaction of the group: %v, want %v for %q", err, ledger.ErrOutcomeUnknown, how.reason)
				}
			}
			checked(t, l.Ledger)
			stopped(t, l)
		})
	}
}

// TestEndOfTheBuilder: so it is with a clock that does the same while a group is
// built. What is behind it has not been written, and that is known.
func TestEndOfTheBuilder(t *testing.T) {
	for name, how := range ends {
		t.Run(name, func(t *testing.T) {
			var armed atomic.Bool
			clock := func() time.Time {
				for _, pc := range callers() {
					if armed.Load() && strings.HasSuffix(runtime.FuncForPC(pc).Name(), ".accept") {
						how.end()
					}
				}
				return time.Now()
			}
			l := emulatortest.New(t, emulatortest.With(emulator.WithClock(clock)))
			l.Exec(t, "CREATE TABLE T")
			errs := behindOne(t, l, func() {}, func() { armed.Store(true) })
			for i, err := range errs {
				if !errors.Is(err, ledger.ErrReadOnly) || errors.Is(err, ledger.ErrOutcomeUnknown) || !strings.Contains(err.Error(), how.reason) {
					t.Errorf("transaction %d: %v, want %v for %q", i, err, ledger.ErrReadOnly, how.reason)
				}
			}
			if n := tip(t, l.Ledger); n != 1 {
				t.Errorf("the tip is %d, want 1", n)
			}
			checked(t, l.Ledger)
			stopped(t, l)
		})
	}
}

// TestBehindUnknown: what waits behind a group of unknown outcome was not written.
func TestBehindUnknown(t *testing.T) {
	l := withTable(t)
	gate, inside := make(chan struct{}), make(chan struct{})
	l.Faults.DelayCommits(func() { close(inside); <-gate; panic("as the test asked for") })
	first, second := begin(t, l.Ledger), begin(t, l.Ledger)
	first.q("INSERT INTO T {'n': 1}")
	second.q("INSERT INTO T {'n': 2}")
	answers := make(chan error, 2)
	go func() {
		defer func() { recover() }()
		_ = first.commit()
	}()
	<-inside
	go func() { answers <- second.commit() }()
	for l.Handed() < 1 {
		runtime.Gosched()
	}
	close(gate)
	if err := <-answers; !errors.Is(err, ledger.ErrReadOnly) || errors.Is(err, ledger.ErrOutcomeUnknown) {
		t.Errorf("the second transaction: %v, want %v", err, ledger.ErrReadOnly)
	}
	stopped(t, l)
}
