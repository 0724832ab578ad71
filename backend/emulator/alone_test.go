package emulator_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// TestCommitsBesideOneAlone: what comes while a transaction that came alone is
// being written makes up the next group, and a Close meanwhile waits for both.
func TestCommitsBesideOneAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alone.tally")
	l := emulatortest.New(t, emulatortest.WithFile(path))
	l.Exec(t, "CREATE TABLE T")
	inside, gate := make(chan struct{}, 10), make(chan struct{})
	l.Faults.DelayCommits(func() { inside <- struct{}{}; <-gate })
	before := l.Stats().Groups
	var wg sync.WaitGroup
	insert := func(i int) {
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T {'n': ?}", i)
		wg.Go(func() {
			if err := x.commit(); err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		})
	}
	insert(0)
	<-inside
	for i := range 5 {
		insert(i + 1)
	}
	for l.Handed() < 5 {
		runtime.Gosched()
	}
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	close(gate)
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
	if n := l.Stats().Groups - before; n != 2 {
		t.Errorf("the six transactions took %d writes, want 2", n)
	}
	again, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n := again.Stats().Blocks; n != 8 {
		t.Errorf("%d blocks, want 8", n)
	}
	checked(t, again)
}

// TestPanicWhileAlone: a panic in a session's goroutine, which a caller may
// catch, leaves a ledger that writes no more, and that can be closed.
func TestPanicWhileAlone(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'n': 1}")
	l.Faults.DelayCommits(func() { panic("as the test asked for") })
	func() {
		defer func() {
			if p := recover(); fmt.Sprint(p) != "as the test asked for" {
				t.Errorf("the panic is %v", p)
			}
		}()
		err := x.commit()
		t.Errorf("the commit returned %v", err)
	}()
	stopped(t, l)
}

// stopped checks that the ledger writes no more and can be closed.
func stopped(t *testing.T, l *emulatortest.Ledger) {
	t.Helper()
	l.Faults.DelayCommits(nil)
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute("INSERT INTO T {'n': 2}")
		return err
	}, ledger.WithRetry(ledger.NoRetry))
	if !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("the next commit: %v, want ErrReadOnly", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestGoexitWhileAlone: a goroutine that ends while it commits, as FailNow makes
// it, has not committed, and nothing is built on its block.
func TestGoexitWhileAlone(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'n': 1}")
	l.Faults.DelayCommits(runtime.Goexit)
	var wg sync.WaitGroup
	wg.Go(func() { _ = x.commit() })
	wg.Wait()
	checked(t, l.Ledger)
	stopped(t, l)
}

// TestPanicOfTheClock: so does a clock that panics while the block is built.
func TestPanicOfTheClock(t *testing.T) {
	var armed atomic.Bool
	clock := func() time.Time {
		for _, pc := range callers() {
			if armed.Load() && strings.HasSuffix(runtime.FuncForPC(pc).Name(), ".claim") {
				panic("as the test asked for")
			}
		}
		return time.Now()
	}
	l := emulatortest.New(t, emulatortest.With(emulator.WithClock(clock)))
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'n': 1}")
	armed.Store(true)
	func() {
		defer func() {
			if p := recover(); fmt.Sprint(p) != "as the test asked for" {
				t.Errorf("the panic is %v", p)
			}
		}()
		t.Errorf("the commit returned %v", x.commit())
	}()
	armed.Store(false)
	stopped(t, l)
}

// TestPanicOfTheClockElsewhere: a clock that panics where nothing is written
// leaves no lock behind: the same session, the ledger and Close go on.
func TestPanicOfTheClockElsewhere(t *testing.T) {
	var armed atomic.Bool
	clock := func() time.Time {
		if armed.Load() {
			panic("as the test asked for")
		}
		return time.Now()
	}
	l := emulatortest.New(t, emulatortest.With(emulator.WithClock(clock)))
	l.Exec(t, "CREATE TABLE T")
	x, idle := begin(t, l.Ledger), newSession(t, l.Ledger)
	armed.Store(true)
	for name, call := range map[string]func(){
		"a command":      func() { _ = x.s.AbortTransaction(t.Context()) },
		"a new session":  func() { _, _ = l.StartSession(t.Context()) },
		"Execute":        func() { _ = execute(t.Context(), l.Ledger, "SELECT * FROM T") },
		"Stats":          func() { l.Stats() },
		"a transaction":  func() { _, _ = idle.StartTransaction(t.Context()) },
		"making up room": l.Reclaim,
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: there was no panic", name)
				}
			}()
			call()
		}()
	}
	armed.Store(false)
	x.q("INSERT INTO T {'n': 2}")
	x.mustCommit()
	equalRows(t, l.Exec(t, "SELECT VALUE n FROM T"), "2")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func callers() []uintptr {
	pc := make([]uintptr, 32)
	return pc[:runtime.Callers(1, pc)]
}
