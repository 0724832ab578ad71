package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

var fill = flag.Int("fill", 1_000_000, "documents, one a block, that a filled ledger holds before it is timed")

var keep = flag.String("file", "", "keep the ledger of -fill documents in this file, and take it from there if it exists")

// keptFirst is the number of the first document in a kept file.
const keptFirst = 100_000_001

// vin is the indexed field: unique, in no order.
func vin(i int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(i)*0x9e3779b97f4a7c15)
	return fmt.Sprintf("%X", b)
}

// document is a registration of about 340 bytes.
func document(i int64) ion.Value {
	var w ion.Writer
	w.BeginStruct()
	w.Field("VIN").String(vin(i))
	w.Field("Type").String("Sedan")
	w.Field("Year").Int(2011)
	w.Field("Make").String("Audi")
	w.Field("Model").String("A5")
	w.Field("Color").String([]string{"Silver", "Black", "White", "Red"}[i&3])
	w.Field("LicensePlateNumber").String(fmt.Sprintf("LEWISR%dLL", i))
	w.Field("PendingPenaltyTicketAmount").Decimal(ion.NewDecimal(i%10000, -2))
	w.Field("Active").Bool(true)
	w.Field("Remarks").String("inspected and found to be in good order; the owner was told of the next date by letter")
	w.End()
	v, err := w.Build()
	if err != nil {
		panic(err)
	}
	return v
}

var ctx = context.Background()

// tempDirs are removed when all benchmarks are done.
var tempDirs []string

func tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "tally-bench-*")
	tempDirs = append(tempDirs, dir)
	return dir, err
}

// execute runs one statement in a transaction of its own.
func execute(l ledger.Ledger, statement string, params ...any) error {
	return l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute(statement, params...)
		return err
	})
}

// run is execute for statements that succeed.
func run(tb testing.TB, l ledger.Ledger, statement string, params ...any) {
	tb.Helper()
	if err := execute(l, statement, params...); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// setUp makes the table and its index.
func setUp(l ledger.Ledger) error {
	if err := execute(l, "CREATE TABLE VehicleRegistration"); err != nil {
		return err
	}
	return execute(l, "CREATE INDEX ON VehicleRegistration (VIN)")
}

// each looks up every step-th document from to to, a thousand a transaction.
func each(l ledger.Ledger, from, to, step int64, see func(i int64, rows int) error) error {
	for i := from; i <= to; {
		err := l.Execute(ctx, func(tx ledger.Transaction) error {
			for range 1000 {
				r, err := tx.Execute("SELECT VALUE 1 FROM VehicleRegistration WHERE VIN = ?", vin(i))
				if err != nil {
					return err
				}
				rows, err := r.All()
				if err == nil {
					err = see(i, len(rows))
				}
				if err != nil {
					return err
				}
				if i += step; i > to {
					break
				}
			}
			return tx.Abort()
		})
		if err != nil && !errors.Is(err, ledger.ErrAborted) {
			return err
		}
	}
	return nil
}

func insert(ctx context.Context, l ledger.Ledger, i int64) error {
	return l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute("INSERT INTO VehicleRegistration ?", document(i))
		return err
	})
}

// next numbers documents over all benchmarks of a run.
var next atomic.Int64

// fillLedger inserts n documents, one a transaction, from 64 goroutines.
func fillLedger(tb testing.TB, path string, n int) {
	l, err := emulator.Open(path, emulator.WithoutSync())
	if err != nil {
		tb.Fatal(err)
	}
	if err := setUp(l); err != nil {
		tb.Fatal(err)
	}
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for left.Add(-1) >= 0 {
				if err := insert(context.Background(), l, next.Add(1)); err != nil {
					tb.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	syncFile(tb, path)
}

func syncFile(tb testing.TB, path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		tb.Fatal(err)
	}
}

// filled gives the path of a ledger with n documents; it is made once a run.
var filled = struct {
	sync.Mutex
	paths map[int]string
	first map[int]int64 // number of the first document
}{paths: map[int]string{}, first: map[int]int64{}}

func filledPath(tb testing.TB, n int) (path string, first int64) {
	filled.Lock()
	defer filled.Unlock()
	if p, ok := filled.paths[n]; ok {
		return p, filled.first[n]
	}
	p := *keep
	if p == "" || n != *fill {
		dir, err := tempDir()
		if err != nil {
			tb.Fatal(err)
		}
		p = filepath.Join(dir, "bench.tally")
	}
	if p == *keep {
		next.Store(keptFirst - 1)
	}
	filled.first[n] = next.Load() + 1
	if _, err := os.Stat(p); err != nil {
		fillLedger(tb, p, n)
	} else {
		next.Store(keptFirst * time.Now().Unix()) // above what earlier runs added
	}
	filled.paths[n] = p
	return p, filled.first[n]
}

func openFilled(tb testing.TB, n int) (*emulator.Ledger, int64) {
	path, first := filledPath(tb, n)
	l, err := emulator.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l, first
}

func TestMain(m *testing.M) {
	if what := os.Getenv("BENCH_CHILD"); what != "" {
		if err := runChild(what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	code := m.Run()
	for _, dir := range tempDirs {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func pick(first int64, n int) int64 { return first + rand.Int64N(int64(n)) }

// parallel runs op from a number of goroutines, b.N times in all.
func parallel(b *testing.B, writers int, op func() error) {
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	for range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for left.Add(-1) >= 0 {
				if err := op(); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}
