package emulator_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// operation is a statement with a meaning that the model knows too.
type operation struct {
	kind string
	k, n int
	rows string // what it gave, sorted
}

// run sends the operation and notes what it gave.
func (o *operation) run(tx ledger.Transaction) error {
	var r *ledger.Result
	var err error
	switch o.kind {
	case "lookup":
		r, err = tx.Execute("SELECT k, n FROM T WHERE k = ?", o.k)
	case "lookup of two":
		r, err = tx.Execute("SELECT k, n FROM T WHERE k IN (?, ?)", o.k, o.k+1)
	case "scan":
		r, err = tx.Execute("SELECT k, n FROM T")
	case "range":
		r, err = tx.Execute("SELECT k, n FROM T WHERE k > ?", o.k)
	case "insert":
		_, err = tx.Execute("INSERT INTO T {'k': ?, 'n': ?}", o.k, o.n)
	case "add":
		_, err = tx.Execute("UPDATE T SET n = n + ? WHERE k = ?", o.n, o.k)
	case "move":
		_, err = tx.Execute("UPDATE T SET k = ? WHERE k = ?", o.n%5, o.k)
	case "delete":
		_, err = tx.Execute("DELETE FROM T WHERE k = ?", o.k)
	}
	if err != nil || r == nil {
		return err
	}
	var rows []string
	for r.Next() {
		rows = append(rows, r.Value().String())
	}
	o.rows = sorted(rows)
	return r.Err()
}

func sorted(rows []string) string {
	slices.Sort(rows)
	return strings.Join(rows, " ")
}

// model is the table as a serial run would have it.
type model []struct{ k, n int }

// replay does the operation on the model and compares what it gives.
func (m *model) replay(o *operation) error {
	var rows []string
	take := func(match func(k int) bool) {
		for _, d := range *m {
			if match(d.k) {
				rows = append(rows, fmt.Sprintf("{k:%d,n:%d}", d.k, d.n))
			}
		}
	}
	switch o.kind {
	case "lookup":
		take(func(k int) bool { return k == o.k })
	case "lookup of two":
		take(func(k int) bool { return k == o.k || k == o.k+1 })
	case "scan":
		take(func(int) bool { return true })
	case "range":
		take(func(k int) bool { return k > o.k })
	case "insert":
		*m = append(*m, struct{ k, n int }{o.k, o.n})
	case "delete":
		*m = slices.DeleteFunc(*m, func(d struct{ k, n int }) bool { return d.k == o.k })
	}
	for i := range *m {
		switch d := &(*m)[i]; {
		case o.kind == "add" && d.k == o.k:
			d.n += o.n
		case o.kind == "move" && d.k == o.k:
			d.k = o.n % 5
		}
	}
	if got := sorted(rows); got != o.rows {
		return fmt.Errorf("%s of %d gave [%s], in a serial run it gives [%s]", o.kind, o.k, o.rows, got)
	}
	return nil
}

// TestSerialisable runs random transactions at once on few documents and then
// runs those that committed one after the other, in the order of their blocks:
// each statement has to give the same.
func TestSerialisable(t *testing.T) {
	kinds := []string{"lookup", "lookup of two", "scan", "range", "insert", "add", "add", "move", "delete"}
	for _, where := range []string{"memory", "file"} {
		t.Run(where, func(t *testing.T) {
			var opts []emulatortest.Option
			if where == "file" {
				opts = append(opts, emulatortest.WithFile(filepath.Join(t.TempDir(), "serial.tally")))
			}
			l := withTable(t, opts...)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			log := struct {
				sync.Mutex
				done map[string][]operation
			}{done: map[string][]operation{}}
			var wg sync.WaitGroup
			for worker := range 8 {
				r := rand.New(rand.NewPCG(seed, uint64(worker)))
				wg.Go(func() {
					for range 40 {
						ops := make([]operation, 1+r.IntN(4))
						for i := range ops {
							ops[i] = operation{kind: kinds[r.IntN(len(kinds))], k: r.IntN(5), n: 1 + r.IntN(9)}
						}
						err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
							for i := range ops {
								if err := ops[i].run(tx); err != nil {
									return err
								}
							}
							log.Lock()
							log.done[tx.ID()] = slices.Clone(ops)
							log.Unlock()
							return nil
						}, ledger.WithRetry(ledger.RetryPolicy{Max: 1000, Base: time.Microsecond, Cap: time.Millisecond}))
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			replayed := replayJournal(t, l, log.done)
			if replayed != 8*40 {
				t.Errorf("%d transactions stand in the journal, want %d", replayed, 8*40)
			}
			t.Logf("%d conflicts, %d groups", l.Stats().Conflicts, l.Stats().Groups)
		})
	}
}

func replayJournal(t *testing.T, l *emulatortest.Ledger, done map[string][]operation) int {
	t.Helper()
	var m model
	n := 0
	for b, err := range l.Journal(t.Context(), 3) {
		if err != nil {
			t.Fatal(err)
		}
		ops := done[textAt(t, b, "transactionId")]
		for i := range ops {
			if err := m.replay(&ops[i]); err != nil {
				t.Fatalf("block %s, statement %d: %v", at(t, b, "blockAddress"), i, err)
			}
		}
		n++
	}
	final := operation{kind: "scan"}
	if err := l.Execute(t.Context(), final.run); err != nil {
		t.Fatal(err)
	}
	if err := m.replay(&final); err != nil {
		t.Errorf("in the end: %v", err)
	}
	return n
}

// TestTransfers keeps the sum of all accounts, and who sums them up never sees
// another one.
func TestTransfers(t *testing.T) {
	l := withTable(t)
	const accounts, sum = 6, 600
	for i := range accounts {
		l.Exec(t, "INSERT INTO T {'k': ?, 'n': 100}", i)
	}
	retry := ledger.WithRetry(ledger.RetryPolicy{Max: 1000, Base: time.Microsecond, Cap: time.Millisecond})
	var wg sync.WaitGroup
	for worker := range 6 {
		r := rand.New(rand.NewPCG(uint64(worker), 3))
		wg.Go(func() {
			for range 30 {
				from, amount := r.IntN(accounts), r.IntN(20)
				to := (from + 1 + r.IntN(accounts-1)) % accounts
				if err := l.Execute(t.Context(), func(tx ledger.Transaction) error { return transfer(tx, from, to, amount) }, retry); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			for range 30 {
				var got string
				err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
					r, err := tx.Execute("SELECT SUM(n) AS n FROM T")
					if err != nil {
						return err
					}
					v, err := r.One()
					got = v.String()
					return err
				}, retry)
				if err != nil || got != fmt.Sprintf("{n:%d}", sum) {
					t.Errorf("the sum is %s, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	equalRows(t, l.Exec(t, "SELECT SUM(n) AS n FROM T"), fmt.Sprintf("{n:%d}", sum))
}

// transfer reads both balances and writes what it computed from them: a lost
// update would show in the sum.
func transfer(tx ledger.Transaction, from, to, amount int) error {
	for _, step := range []struct{ k, by int }{{from, -amount}, {to, amount}} {
		r, err := tx.Execute("SELECT VALUE n FROM T WHERE k = ?", step.k)
		if err != nil {
			return err
		}
		v, err := r.One()
		if err != nil {
			return err
		}
		n, _ := v.Int64()
		if _, err := tx.Execute("UPDATE T SET n = ? WHERE k = ?", n+int64(step.by), step.k); err != nil {
			return err
		}
	}
	return nil
}

// slowStore stops the first scan of documents at its second step.
type slowStore struct {
	store.Store
	once   sync.Once
	inside chan struct{}
	gate   chan struct{}
}

type slowSnapshot struct {
	store.Snapshot
	s *slowStore
}

type slowCursor struct {
	store.Cursor
	s *slowStore
}

func (s *slowStore) View() (store.Snapshot, error) {
	snap, err := s.Store.View()
	return &slowSnapshot{snap, s}, err
}

func (s *slowSnapshot) Cursor(space store.Space) store.Cursor {
	c := s.Snapshot.Cursor(space)
	if space == store.Document {
		return &slowCursor{c, s.s}
	}
	return c
}

func (c *slowCursor) Next() (k, v []byte) {
	c.s.once.Do(func() {
		close(c.s.inside)
		<-c.s.gate
	})
	return c.Cursor.Next()
}

// TestCommitDuringScan: a scan that takes as long as it likes holds up no
// commit, however much the file grows, and sees nothing of it. Who scanned has
// a conflict.
func TestCommitDuringScan(t *testing.T) {
	s := &slowStore{inside: make(chan struct{}), gate: make(chan struct{})}
	l := withTable(t, emulatortest.WithFile(filepath.Join(t.TempDir(), "slow.tally")),
		emulatortest.With(emulator.WithStore(func(inner store.Store) store.Store { s.Store = inner; return s })))
	l.Exec(t, "INSERT INTO T << {'k': 1}, {'k': 2}, {'k': 3} >>")
	x := begin(t, l.Ledger)
	rows := make(chan []string)
	go func() { rows <- x.q("SELECT VALUE k FROM T") }()
	<-s.inside // the scan has its first document and stops
	big := ion.NewString(strings.Repeat("x", 100_000))
	for range 4 {
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			for range 30 {
				if _, err := tx.Execute("INSERT INTO T {'k': 4, 'big': ?}", big); err != nil {
					return err
				}
			}
			_, err := tx.Execute("UPDATE T SET k = 5 WHERE k = 3")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if size := l.Stats().StoreSize; size < 12_000_000 {
		t.Errorf("the file has only %d bytes", size)
	}
	close(s.gate)
	equalRows(t, <-rows, "1", "2", "3")
	isConflict(t, x.commit())
}
