package bench

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/embedded/store"
	_ "modernc.org/sqlite"

	"github.com/tallyledger/tally/backend/emulator"
)

var writers = []int{1, 8, 64}

// BenchmarkInsert is one durable insert a transaction.
//
//	sync              what a sync costs here, just before
//	tally             on -fill documents; tally-10000, tally-empty on as many
//	ceiling           raw bbolt with the same puts, draining a queue
//	ceiling-patient   the same with the committer's patience
//	ceiling-empty     both on an empty file: ceiling-patient-empty
//	immudb-default, immudb-1ms, sqlite   peers, empty
//
// After each, outside the time, the file is opened again and everything that was
// acknowledged is looked for.
func BenchmarkInsert(b *testing.B) {
	b.Run("sync", syncs)
	for _, docs := range []struct {
		name string
		n    int
	}{{"tally", *fill}, {"tally-10000", 10_000}, {"tally-empty", 0}} {
		for _, n := range writers {
			b.Run(fmt.Sprintf("%s/writers=%d", docs.name, n), func(b *testing.B) { insertTally(b, n, docs.n) })
		}
	}
	ceiling(b, "ceiling", *fill, false)
	ceiling(b, "ceiling-patient", *fill, true)
	ceiling(b, "ceiling-empty", 0, false)
	ceiling(b, "ceiling-patient-empty", 0, true)
	immudb(b, "immudb-default", 0)
	immudb(b, "immudb-1ms", time.Millisecond)
	sqlite(b)
}

func insertTally(b *testing.B, n, docs int) {
	path := filepath.Join(b.TempDir(), "empty.tally")
	if docs > 0 {
		path, _ = filledPath(b, docs)
	} else {
		fillLedger(b, path, 0)
	}
	l, err := emulator.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	before, from := l.Stats(), next.Load()
	parallel(b, n, func() error { return insert(ctx, l, next.Add(1)) })
	after := l.Stats()
	reportGroups(b, int(after.Groups-before.Groups), after.CommitTime-before.CommitTime)
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	if err := tallyHolds(path, before.Blocks+int64(b.N), from+1, from+int64(b.N)); err != nil {
		b.Fatal(err)
	}
}

func reportGroups(b *testing.B, groups int, took time.Duration) {
	b.ReportMetric(float64(b.N)/float64(groups), "tx/group")
	b.ReportMetric(float64(took.Microseconds())/float64(groups), "µs/group")
}

// tallyHolds checks that the ledger has as many blocks, and finds the documents
// from to to by their index, up to 10,000 of them.
func tallyHolds(path string, blocks, from, to int64) error {
	l, err := emulator.Open(path)
	if err != nil {
		return err
	}
	defer l.Close()
	if got := l.Stats().Blocks; got != blocks {
		return fmt.Errorf("the ledger has %d blocks, %d were acknowledged", got, blocks)
	}
	step := max(1, (to-from)/10_000)
	return each(l, from, to, step, func(i int64, rows int) error {
		if rows != 1 {
			return fmt.Errorf("document %d was acknowledged and is found %d times", i, rows)
		}
		return nil
	})
}

func ceiling(b *testing.B, name string, docs int, patient bool) {
	var once sync.Once
	var path string
	seq := atomic.Uint64{}
	b.Run(name, func(all *testing.B) {
		for _, n := range writers {
			all.Run(fmt.Sprintf("writers=%d", n), func(b *testing.B) {
				once.Do(func() { path = filledRaw(all, docs); seq.Store(uint64(docs)) })
				p := path
				if docs == 0 {
					p = filepath.Join(b.TempDir(), "raw.db")
				}
				r := openRaw(b, p, false)
				r.patient = patient
				go r.run()
				from := seq.Load()
				parallel(b, n, func() error { return r.insert(seq.Add(1) - 1) })
				r.close()
				reportGroups(b, r.groups, r.took)
				if err := rawHolds(p, from, from+uint64(b.N)); err != nil {
					b.Fatal(err)
				}
			})
		}
	})
}

func immudb(b *testing.B, name string, every time.Duration) {
	for _, n := range writers {
		b.Run(fmt.Sprintf("%s/writers=%d", name, n), func(b *testing.B) {
			opts := store.DefaultOptions().WithSynced(true).WithMaxConcurrency(100).WithLogger(logger.NewMemoryLogger())
			if every > 0 {
				opts = opts.WithSyncFrequency(every)
			}
			dir := b.TempDir()
			st, err := store.Open(dir, opts)
			if err != nil {
				b.Fatal(err)
			}
			parallel(b, n, func() error {
				i := next.Add(1)
				tx, err := st.NewWriteOnlyTx(ctx)
				if err != nil {
					return err
				}
				if err := tx.Set([]byte(vin(i)), nil, document(i).Encode()); err != nil {
					return err
				}
				_, err = tx.Commit(ctx)
				return err
			})
			if err := st.Close(); err != nil {
				b.Fatal(err)
			}
			if st, err = store.Open(dir, opts); err != nil {
				b.Fatal(err)
			}
			defer st.Close()
			if got := st.LastCommittedTxID(); got != uint64(b.N) {
				b.Fatalf("immudb has %d transactions, %d were acknowledged", got, b.N)
			}
		})
	}
}

func openSQLite(tb testing.TB) *sql.DB {
	dsn := "file:" + filepath.Join(tb.TempDir(), "peer.sqlite") + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(60000)&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	for _, s := range []string{
		"CREATE TABLE VehicleRegistration (id INTEGER PRIMARY KEY, doc TEXT NOT NULL)",
		"CREATE INDEX vin ON VehicleRegistration (json_extract(doc, '$.VIN'))",
	} {
		if _, err := db.Exec(s); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}

func sqlite(b *testing.B) {
	for _, n := range writers {
		b.Run(fmt.Sprintf("sqlite/writers=%d", n), func(b *testing.B) {
			db := openSQLite(b)
			db.SetMaxOpenConns(n)
			ins, err := db.Prepare("INSERT INTO VehicleRegistration (doc) VALUES (?)")
			if err != nil {
				b.Fatal(err)
			}
			parallel(b, n, func() error {
				_, err := ins.Exec(jsonDocument(next.Add(1)))
				return err
			})
			var got int
			if err := db.QueryRow("SELECT COUNT(*) FROM VehicleRegistration").Scan(&got); err != nil || got != b.N {
				b.Fatalf("SQLite has %d rows, %d were acknowledged: %v", got, b.N, err)
			}
		})
	}
}
