package emulator_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
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

// faulty opens a ledger in a file over a store that fails on demand.
func faulty(t testing.TB, path string) (*emulator.Ledger, *store.Faulty) {
	t.Helper()
	var f *store.Faulty
	l, err := emulator.Open(path, emulator.WithStore(func(s store.Store) store.Store {
		f = store.NewFaulty(s)
		return f
	}))
	if err != nil {
		t.Fatal(err)
	}
	return l, f
}

// steps is a short life of a ledger; each takes one durable write.
var steps = []string{
	"CREATE TABLE T", "CREATE INDEX ON T (k)", "INSERT INTO T << {'k': 1}, {'k': 2} >>", "UPDATE T SET k = 3 WHERE k = 1",
	"SELECT * FROM T", "DELETE FROM T WHERE k = 2", "DROP TABLE T",
}

// TestWriteFaults breaks each write of a short life in each way. The error comes
// back, what was acknowledged before is there, the failed step is there or not
// as the error says, and everything that can be checked is right.
func TestWriteFaults(t *testing.T) {
	for _, fault := range []struct {
		name string
		how  store.Fault
		kept bool // whether the write reached the store although an error came back
		is   error
	}{
		{"refused", store.FailNotApplied, false, ledger.ErrInternal},
		{"lost", store.FailLost, false, ledger.ErrOutcomeUnknown},
		{"kept", store.FailKept, true, ledger.ErrOutcomeUnknown},
	} {
		for k := range steps {
			t.Run(fmt.Sprintf("%s/write %d", fault.name, k+1), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "faulty.tally")
				l, f := faulty(t, path)
				f.FailApply(k+1, fault.how)
				for _, s := range steps[:k] {
					once(t, l, s, nil)
				}
				once(t, l, steps[k], fault.is)
				want := uint64(k)
				if fault.kept {
					want++
				}
				if fault.how == store.FailNotApplied { // the ledger goes on
					for _, s := range steps[k:] {
						once(t, l, s, nil)
					}
					checked(t, l)
					want = uint64(len(steps))
				} else { // nothing is written any more, and the reason is told
					refuses(t, l)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				l, err := emulator.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				if got := tip(t, l); got != want {
					t.Errorf("after reopening the tip is %d, want %d", got, want)
				}
				checked(t, l)
				for _, s := range steps[want:] {
					once(t, l, s, nil)
				}
				checked(t, l)
			})
		}
	}
}

// once runs a statement in a transaction without retry.
func once(t testing.TB, l *emulator.Ledger, statement string, want error) {
	t.Helper()
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute(statement)
		return err
	}, ledger.WithRetry(ledger.NoRetry))
	if !errors.Is(err, want) {
		t.Fatalf("%s: %v, want %v", statement, err, want)
	}
}

// refuses checks that a ledger whose last write has an unknown outcome does not
// guess: reads and writes say that it has to be reopened.
func refuses(t testing.TB, l *emulator.Ledger) {
	t.Helper()
	for _, s := range []string{"CREATE TABLE Other", "SELECT * FROM information_schema.user_tables"} {
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute(s)
			return err
		}, ledger.WithRetry(ledger.NoRetry))
		if !errors.Is(err, ledger.ErrReadOnly) || !errors.Is(err, store.ErrUnknownOutcome) || !strings.Contains(err.Error(), "reopen it") {
			t.Errorf("%s after a write of unknown outcome gives %v", s, err)
		}
	}
}

// TestFaultHitsWholeGroup: the transactions of a group and those built on it get
// the error, none of them is half there, and the next ones commit.
func TestFaultHitsWholeGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "group.tally")
	var f *store.Faulty
	gate, inside := make(chan struct{}), make(chan struct{}, 100)
	l := emulatortest.New(t, emulatortest.WithFile(path), emulatortest.With(emulator.WithStore(func(s store.Store) store.Store {
		f = store.NewFaulty(s)
		return f
	})))
	l.Exec(t, "CREATE TABLE T")
	l.Faults.DelayCommits(func() { inside <- struct{}{}; <-gate })
	var wg sync.WaitGroup
	errs := make([]error, 20)
	insert := func(i int) {
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T {'n': ?}", i)
		wg.Go(func() { errs[i] = x.commit() })
	}
	f.FailApply(1, store.FailNotApplied)
	insert(0)
	<-inside // the first group is with the writer; the rest builds on it
	for i := 1; i < 20; i++ {
		insert(i)
	}
	l.Faults.DelayCommits(nil)
	close(gate)
	wg.Wait()
	failed := 0
	for i, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, ledger.ErrInternal) && errors.Is(err, store.ErrInjected):
			failed++
		default:
			t.Errorf("transaction %d: %v", i, err)
		}
	}
	if errs[0] == nil || failed == 0 {
		t.Errorf("%d transactions failed; the first one: %v", failed, errs[0])
	}
	equalRows(t, l.Exec(t, "SELECT COUNT(*) FROM T"), fmt.Sprintf("{_1:%d}", 20-failed))
}

// TestConflictsAfterFailedGroup: what a failed group would have changed neither
// hides nor makes up conflicts for whom reads afterwards.
func TestConflictsAfterFailedGroup(t *testing.T) {
	l, f := faulty(t, filepath.Join(t.TempDir(), "conflicts.tally"))
	defer l.Close()
	once(t, l, "CREATE TABLE T", nil)
	once(t, l, "INSERT INTO T {'n': 1}", nil)
	x := begin(t, l)
	x.q("SELECT * FROM T")
	once(t, l, "UPDATE T SET n = 2", nil)
	f.FailApply(1, store.FailNotApplied)
	once(t, l, "UPDATE T SET n = 3", ledger.ErrInternal)
	isConflict(t, x.commit()) // with the update that was written
	y := begin(t, l)
	equalRows(t, y.q("SELECT n FROM T"), "{n:2}")
	y.mustCommit()
	checked(t, l)
}

// TestReadDamage: damage that a read meets is an error that says so, and from
// then on nothing is written.
func TestReadDamage(t *testing.T) {
	met := 0
	for k := 1; ; k++ {
		path := filepath.Join(t.TempDir(), "damaged.tally")
		l, f := faulty(t, path)
		once(t, l, "CREATE TABLE T", nil)
		once(t, l, "CREATE INDEX ON T (k)", nil)
		once(t, l, "INSERT INTO T {'k': 1}", nil)
		once(t, l, "UPDATE T SET k = 2", nil)
		x := begin(t, l)
		f.FailRead(k)
		var err error
		for _, s := range []string{"SELECT * FROM T", "SELECT * FROM T WHERE k = 2", "SELECT * FROM history(T)", "SELECT * FROM _ql_committed_T"} {
			if _, err = x.try(s); err != nil {
				break
			}
		}
		if err == nil {
			break
		}
		met++
		if !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("read %d: %v is no ledger.ErrDamaged", k, err)
		}
		f.Heal()
		once(t, l, "INSERT INTO T {'k': 1}", ledger.ErrReadOnly)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if met < 10 {
		t.Errorf("damage was met at %d reads only", met)
	}
}

// TestWriteDamage: damage that a write meets is told as that which a read meets:
// what and where, in the ledger's words, and what to do. Nothing is committed,
// the function is not run again, and from then on nothing is written.
func TestWriteDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "damaged.tally")
	l, err := emulator.Open(path, emulator.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	filled(t, l, 400, map[string]any{"n": 1, "s": "hello world hello world"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	met, page := 0, os.Getpagesize()
	for at := 4 * page; at < len(whole); at += page {
		if whole[at+8] != 2 { // not a leaf of bbolt's
			continue
		}
		b := bytes.Clone(whole)
		binary.NativeEndian.PutUint16(b[at+10:], 60000) // more elements than fit
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := emulator.Open(path, emulator.WithoutSync())
		if err != nil {
			continue // read at once
		}
		runs := 0
		err = l.Execute(t.Context(), func(tx ledger.Transaction) error {
			runs++
			_, err := tx.Execute("INSERT INTO T {'n': 2}")
			return err
		})
		if err != nil {
			met++
			if !errors.Is(err, ledger.ErrDamaged) || runs != 1 {
				t.Errorf("page %d: error after %d runs, want one of damage after 1: %v", at/page, runs, err)
			}
			for _, want := range []string{"document ", " of table T", "nothing was committed", "tally verify " + path} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("page %d: %v does not say %q", at/page, err, want)
				}
			}
			if strings.Contains(err.Error(), " key 0") {
				t.Errorf("page %d: %v has a raw key", at/page, err)
			}
			once(t, l, "INSERT INTO T {'n': 2}", ledger.ErrReadOnly)
			once(t, l, "SELECT COUNT(*) FROM information_schema.user_tables", ledger.ErrReadOnly)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if met == 0 {
		t.Error("no write met damage")
	}
}

// TestFailedCreation leaves nothing that looks like a ledger with a block less.
func TestFailedCreation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.tally")
	_, err := emulator.Open(path, emulator.WithStore(func(s store.Store) store.Store {
		f := store.NewFaulty(s)
		f.FailApply(1, store.FailNotApplied)
		return f
	}))
	if !errors.Is(err, store.ErrInjected) {
		t.Fatalf("the ledger is created: %v", err)
	}
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	once(t, l, "CREATE TABLE T", nil)
	checked(t, l)
}

// TestCloseWhileCommitting: Close waits for commits under way.
func TestCloseWhileCommitting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "closing.tally")
	clock, faults := emulatortest.NewClock(time.Time{}), emulatortest.NewFaults()
	l, err := emulator.Open(path, emulator.WithHooks(faults.Hooks(clock)))
	if err != nil {
		t.Fatal(err)
	}
	x := begin(t, l)
	x.q("CREATE TABLE T")
	gate, inside := make(chan struct{}), make(chan struct{})
	faults.DelayCommits(func() { close(inside); <-gate })
	committed, closed := make(chan error), make(chan error)
	go func() { committed <- x.commit() }()
	<-inside
	go func() { closed <- l.Close() }()
	select {
	case <-closed:
		t.Error("the ledger is closed while a commit is under way")
	default:
	}
	close(gate)
	if err := <-committed; err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	l, err = emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if tip(t, l) != 1 {
		t.Errorf("the tip is %d", tip(t, l))
	}
}
