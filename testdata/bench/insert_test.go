package bench

import (
	"context"
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

// BenchmarkInsert is one durable insert a transaction. "ceiling" is raw bbolt
// with the same puts in a draining queue, "one-put" raw bbolt with one put a
// transaction. Both, and tally, are filled before they are timed; those with
// "empty" in their name are not.
func BenchmarkInsert(b *testing.B) {
	for _, n := range writers {
		b.Run(fmt.Sprintf("tally/writers=%d", n), func(b *testing.B) { insertTally(b, n, *fill) })
	}
	ceiling(b, "ceiling", *fill)
	for _, n := range writers {
		b.Run(fmt.Sprintf("tally-empty/writers=%d", n), func(b *testing.B) { insertTally(b, n, 0) })
	}
	ceiling(b, "ceiling-empty", 0)
	immudb(b, "immudb-default", 0)
	immudb(b, "immudb-1ms", time.Millisecond)
	sqlite(b)
}

func insertTally(b *testing.B, n, docs int) {
	var l *emulator.Ledger
	if docs > 0 {
		l, _ = openFilled(b, docs)
	} else {
		path := filepath.Join(b.TempDir(), "empty.tally")
		fillLedger(b, path, 0)
		var err error
		if l, err = emulator.Open(path); err != nil {
			b.Fatal(err)
		}
		defer l.Close()
	}
	before := l.Stats()
	parallel(b, n, func() error { return insert(context.Background(), l, next.Add(1)) })
	after := l.Stats()
	if docs > 0 {
		_ = l.Close()
	}
	groups := float64(after.Groups - before.Groups)
	b.ReportMetric(float64(b.N)/groups, "tx/group")
	b.ReportMetric(float64((after.CommitTime-before.CommitTime).Microseconds())/groups, "µs/group")
	if after.Committed-before.Committed != int64(b.N) {
		b.Fatalf("%d transactions are durable, not %d", after.Committed-before.Committed, b.N)
	}
}

func ceiling(b *testing.B, name string, docs int) {
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
				parallel(b, n, func() error { return r.insert(seq.Add(1)) })
				r.close()
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
			st, err := store.Open(b.TempDir(), opts)
			if err != nil {
				b.Fatal(err)
			}
			defer st.Close()
			ctx := context.Background()
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
		})
	}
}
