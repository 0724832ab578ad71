package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// jsonDocument is document as JSON, for SQLite.
func jsonDocument(i int64) string {
	var fields map[string]any
	v := document(i)
	fields = map[string]any{}
	for name, f := range v.Fields() {
		switch f.Type() {
		case ion.BoolType:
			fields[name], _ = f.Bool()
		case ion.IntType:
			fields[name], _ = f.Int64()
		case ion.DecimalType:
			d, _ := f.Decimal()
			fields[name] = d.Float64()
		default:
			fields[name], _ = f.Text()
		}
	}
	b, _ := json.Marshal(fields)
	return string(b)
}

// BenchmarkPoint reads one document in a transaction of its own, the durable
// block of that transaction included.
func BenchmarkPoint(b *testing.B) {
	l, first := openFilled(b, *fill)
	ctx := context.Background()
	ids := make([]string, 1000)
	for i := range ids {
		row := one(b, l, "SELECT id FROM VehicleRegistration AS r BY id WHERE r.VIN = ?", vin(pick(first, *fill)))
		f, _ := row.Field("id")
		ids[i], _ = f.Text()
	}
	b.Run("id", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			one(b, l, "SELECT r.* FROM VehicleRegistration AS r BY id WHERE id = ?", ids[i%len(ids)])
		}
	})
	b.Run("index", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			one(b, l, "SELECT * FROM VehicleRegistration WHERE VIN = ?", vin(pick(first, *fill)))
		}
	})
	b.Run("id/thousand-a-transaction", func(b *testing.B) {
		b.ReportAllocs()
		k := 0
		for b.Loop() {
			err := l.Execute(ctx, func(tx ledger.Transaction) error {
				for range 1000 {
					k++
					r, err := tx.Execute("SELECT * FROM VehicleRegistration AS r BY id WHERE id = ?", ids[k%len(ids)])
					if err != nil {
						return err
					}
					if _, err := r.One(); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/1000, "ns/read")
	})
	_ = l.Close()
}

func one(b *testing.B, l ledger.Ledger, statement string, params ...any) (row ion.Value) {
	err := l.Execute(context.Background(), func(tx ledger.Transaction) error {
		r, err := tx.Execute(statement, params...)
		if err != nil {
			return err
		}
		row, err = r.One()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return row
}

// BenchmarkProof takes digests and makes proofs of revisions and blocks anywhere
// in the journal, at three lengths.
func BenchmarkProof(b *testing.B) {
	for _, n := range slices.Compact([]int{1000, 100_000, *fill}) {
		b.Run(fmt.Sprintf("blocks=%d", n), func(b *testing.B) { proofs(b, n) })
	}
}

func proofs(b *testing.B, n int) {
	l, first := openFilled(b, n)
	ctx := context.Background()
	d, err := l.Digest(ctx)
	if err != nil {
		b.Fatal(err)
	}
	places := somewhere(b, l, first, n)
	for _, p := range places { // what is timed is in memory
		if _, err := l.Revision(ctx, p.at, p.id, &d.Tip); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("digest", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := l.Digest(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("revision", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			p := places[i%len(places)]
			if _, err := l.Revision(ctx, p.at, p.id, &d.Tip); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("block", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := l.Block(ctx, places[i%len(places)].at, &d.Tip); err != nil {
				b.Fatal(err)
			}
		}
	})
	_ = l.Close()
}

// place is where a revision stands.
type place struct {
	at ledger.BlockAddress
	id string
}

// somewhere finds 1000 revisions of documents picked at random.
func somewhere(b *testing.B, l *emulator.Ledger, first int64, n int) []place {
	var places []place
	for range 1000 {
		row := one(b, l, "SELECT metadata.id, blockAddress FROM _ql_committed_VehicleRegistration WHERE data.VIN = ?", vin(pick(first, n)))
		id, _ := row.Path("id")
		seq, _ := row.Path("blockAddress", "sequenceNo")
		text, _ := id.Text()
		no, _ := seq.Int64()
		places = append(places, place{ledger.BlockAddress{StrandID: l.StrandID(), SequenceNo: uint64(no)}, text})
	}
	return places
}

// BenchmarkOpen opens and closes a ledger.
func BenchmarkOpen(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l, err := emulator.OpenMemory("bench")
			if err != nil {
				b.Fatal(err)
			}
			_ = l.Close()
		}
	})
	b.Run("new-file", func(b *testing.B) {
		dir, i := b.TempDir(), 0
		for b.Loop() {
			i++
			l, err := emulator.Open(filepath.Join(dir, fmt.Sprint(i)))
			if err != nil {
				b.Fatal(err)
			}
			_ = l.Close()
		}
	})
	for _, n := range []int{1000, *fill} {
		path, _ := filledPath(b, n)
		b.Run(fmt.Sprintf("blocks=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l, err := emulator.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				_ = l.Close()
			}
		})
	}
}

// BenchmarkMemory reports the heap of a process that has a filled ledger open
// and has read through it.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		l, _ := openFilled(b, *fill)
		one(b, l, "SELECT COUNT(*) FROM VehicleRegistration")
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MiB-heap")
		_ = l.Close()
	}
}
