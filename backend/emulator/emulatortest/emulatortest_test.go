package emulatortest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/ledger"
)

// fakeT is the test that a ledger is given to, so that this one can look at what
// becomes of it.
type fakeT struct {
	testing.TB
	cleanups []func()
	failed   []string
}

func (f *fakeT) Helper()           {}
func (f *fakeT) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *fakeT) Errorf(format string, args ...any) {
	f.failed = append(f.failed, fmt.Sprintf(format, args...))
}

func (f *fakeT) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f) // stands for the end of the goroutine
}

// run gives f to fn and ends it as the testing package does.
func (f *fakeT) run(fn func(t testing.TB)) {
	defer func() {
		if r := recover(); r != nil && r != any(f) {
			panic(r)
		}
		for i := len(f.cleanups) - 1; i >= 0; i-- {
			f.cleanups[i]()
		}
	}()
	fn(f)
}

// TestClosedWithTheTest: the ledger is gone when its test has ended.
func TestClosedWithTheTest(t *testing.T) {
	var f fakeT
	var l *emulatortest.Ledger
	f.run(func(t testing.TB) {
		l = emulatortest.New(t)
		l.Exec(t, "CREATE TABLE T")
	})
	if len(f.failed) > 0 {
		t.Errorf("the test failed: %q", f.failed)
	}
	if _, err := l.StartSession(t.Context()); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("after the test the ledger says %v", err)
	}
}

// TestClosedByTheTest: a test may close its ledger itself.
func TestClosedByTheTest(t *testing.T) {
	var f fakeT
	f.run(func(t testing.TB) {
		if err := emulatortest.New(t).Close(); err != nil {
			t.Error(err)
		}
	})
	if len(f.failed) > 0 {
		t.Errorf("it failed: %q", f.failed)
	}
}

// TestExecFails the test where the statement fails.
func TestExecFails(t *testing.T) {
	var f fakeT
	f.run(func(t testing.TB) { emulatortest.New(t).Exec(t, "SELECT * FROM Nowhere") })
	if len(f.failed) != 1 || !strings.Contains(f.failed[0], "SELECT * FROM Nowhere: BadRequestException: Semantic Error") {
		t.Errorf("the test failed with %q", f.failed)
	}
}

// TestDamageFailsTheTest: whoever changes the file below the ledger is found
// out at the end.
func TestDamageFailsTheTest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "damaged.tally")
	var f fakeT
	f.run(func(t testing.TB) {
		l := emulatortest.New(t, emulatortest.WithFile(path))
		l.Exec(t, "CREATE TABLE T")
		l.Exec(t, "CREATE INDEX ON T (k)")
		l.Exec(t, "INSERT INTO T {'k': 1}")
	})
	if len(f.failed) > 0 {
		t.Fatalf("the test failed: %q", f.failed)
	}
	for _, space := range []store.Space{store.Document, store.History, store.Index} {
		kept := drop(t, path, space)
		var f fakeT
		f.run(func(t testing.TB) { emulatortest.New(t, emulatortest.WithFile(path)) })
		if len(f.failed) == 0 || !strings.Contains(f.failed[0], "emulatortest: the ledger is damaged: ") {
			t.Errorf("without its entry in %s the test failed with %q", space, f.failed)
		}
		restore(t, path, kept)
	}
}

// drop removes the first key of a space.
func drop(t *testing.T, path string, space store.Space) store.Op {
	t.Helper()
	b, err := store.OpenBolt(path, store.BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	snap, err := b.View()
	if err != nil {
		t.Fatal(err)
	}
	k, v := snap.Cursor(space).First()
	kept := store.Op{Space: space, Key: append([]byte(nil), k...), Value: append([]byte(nil), v...)}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Apply([]store.Op{{Space: space, Key: kept.Key, Delete: true}}); err != nil {
		t.Fatal(err)
	}
	return kept
}

func restore(t *testing.T, path string, op store.Op) {
	t.Helper()
	b, err := store.OpenBolt(path, store.BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Apply([]store.Op{op}); err != nil {
		t.Fatal(err)
	}
}

// TestWithFile keeps the ledger; a foreign file fails the test.
func TestWithFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept.tally")
	t.Run("write", func(t *testing.T) {
		l := emulatortest.New(t, emulatortest.WithFile(path), emulatortest.With(emulator.WithName("kept")))
		l.Exec(t, "CREATE TABLE T")
	})
	l := emulatortest.New(t, emulatortest.WithFile(path))
	if names, err := l.TableNames(t.Context()); err != nil || len(names) != 1 || l.Name() != "kept" {
		t.Errorf("the ledger %s has the tables %v, %v", l.Name(), names, err)
	}
	var f fakeT
	f.run(func(t testing.TB) { emulatortest.New(t, emulatortest.WithFile(filepath.Join(path, "none"))) })
	if len(f.failed) != 1 {
		t.Errorf("a ledger in a file that is no folder: %q", f.failed)
	}
}

// TestClock runs with the real one until it is set.
func TestClock(t *testing.T) {
	c := emulatortest.NewClock(time.Time{})
	if before := time.Now(); c.Now().Before(before) {
		t.Error("the clock is behind the real one")
	}
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Set(at)
	c.Advance(time.Hour)
	if got := c.Now(); !got.Equal(at.Add(time.Hour)) {
		t.Errorf("the clock says %s", got)
	}
}

// TestFaults does what each fault says, as often as it says.
func TestFaults(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	insert := func() error {
		return l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute("INSERT INTO T {'a': 1}")
			return err
		}, ledger.WithRetry(ledger.NoRetry))
	}
	for _, c := range []struct {
		name    string
		fault   func()
		want    []error
		written int
	}{
		{"conflicts", func() { l.Faults.FailCommits(2) }, []error{ledger.ErrConflict, ledger.ErrConflict, nil}, 1},
		{"lost answers", func() { l.Faults.LoseAnswers(2) }, []error{ledger.ErrOutcomeUnknown, ledger.ErrOutcomeUnknown, nil}, 3},
		{"capacity", func() { l.Faults.ExceedCapacity(1) }, []error{ledger.ErrCapacityExceeded, nil}, 1},
		{"taken back", func() { l.Faults.FailCommits(5); l.Faults.Reset() }, []error{nil}, 1},
	} {
		before := l.Stats().Committed
		c.fault()
		for i, want := range c.want {
			if err := insert(); !errors.Is(err, want) {
				t.Errorf("%s, transaction %d: %v, want %v", c.name, i+1, err, want)
			}
		}
		if got := l.Stats().Committed - before; got != int64(c.written) {
			t.Errorf("%s: %d transactions committed, want %d", c.name, got, c.written)
		}
	}
	s, err := l.StartSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.Faults.ExpireSessions()
	if _, err := s.StartTransaction(t.Context()); !errors.Is(err, ledger.ErrInvalidSession) {
		t.Errorf("a session after ExpireSessions: %v", err)
	}
	if err := insert(); err != nil {
		t.Errorf("a session begun after ExpireSessions: %v", err)
	}
}

// TestDelayCommits holds a commit, and readers see nothing of it meanwhile.
func TestDelayCommits(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	gate, inside := make(chan struct{}), make(chan struct{})
	var first sync.Once
	l.Faults.DelayCommits(func() { first.Do(func() { close(inside); <-gate }) })
	done := make(chan error)
	go func() {
		done <- l.Execute(context.Background(), func(tx ledger.Transaction) error {
			_, err := tx.Execute("INSERT INTO T {'a': 1}")
			return err
		})
	}()
	<-inside
	if d, err := l.Digest(t.Context()); err != nil || d.Tip.SequenceNo != 1 {
		t.Errorf("while the commit waits the tip is %v, %v", d.Tip, err)
	}
	close(gate)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if d, err := l.Digest(t.Context()); err != nil || d.Tip.SequenceNo != 2 {
		t.Errorf("after the commit the tip is %v, %v", d.Tip, err)
	}
}
