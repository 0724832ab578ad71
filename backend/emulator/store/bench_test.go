package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// A transaction of the engine puts about seven small values: a block, a tree
// node, a document, its history, an index entry, the catalog's and the ledger's
// counters. A group holds one to many of them.
const putsOfTransaction = 7

// groupMaker makes groups of n transactions with rising or random keys. Its
// slices are reused, so that the store's own allocations are what is counted.
type groupMaker struct {
	ops    []store.Op
	keys   []byte
	value  []byte
	next   uint64
	random *rand.Rand // nil for rising keys
}

func newGroupMaker(transactions int, random bool) *groupMaker {
	g := &groupMaker{
		ops: make([]store.Op, transactions*putsOfTransaction), keys: make([]byte, transactions*putsOfTransaction*16),
		value: randomValue(250),
	}
	if random {
		g.random = rand.New(rand.NewPCG(11, 0))
	}
	return g
}

func randomValue(n int) []byte {
	r := rand.New(rand.NewPCG(12, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (g *groupMaker) group() []store.Op {
	for i := range g.ops {
		if i%putsOfTransaction == 0 {
			g.next++
		}
		space := store.Space(1 + i%putsOfTransaction)
		high, low := g.next, uint64(i)
		if g.random != nil && space != store.Journal {
			high, low = g.random.Uint64(), g.random.Uint64()
		}
		key := g.keys[i*16 : i*16+16]
		binary.BigEndian.PutUint64(key, high)
		binary.BigEndian.PutUint64(key[8:], low)
		g.ops[i] = store.Op{Space: space, Key: key, Value: g.value}
	}
	return g.ops
}

func benchmarkApply(b *testing.B, open func(b *testing.B) store.Store) {
	for _, random := range []bool{false, true} {
		for _, transactions := range []int{1, 8, 64} {
			kind := map[bool]string{false: "rising", true: "random"}[random]
			b.Run(fmt.Sprintf("keys=%s/transactions=%d", kind, transactions), func(b *testing.B) {
				s := open(b)
				defer s.Close()
				g := newGroupMaker(transactions, random)
				before := s.Stats()
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Apply(g.group()); err != nil {
						b.Fatal(err)
					}
				}
				after := s.Stats()
				b.ReportMetric(float64(transactions*b.N)/b.Elapsed().Seconds(), "transactions/s")
				b.ReportMetric(float64((after.WriteTime-before.WriteTime).Nanoseconds())/float64(b.N), "ns-writing/op")
				b.ReportMetric(float64(after.Size)/float64(transactions*b.N), "file-bytes/transaction")
			})
		}
	}
}

// BenchmarkApplyDurable: each group is synced before the next begins.
func BenchmarkApplyDurable(b *testing.B) {
	benchmarkApply(b, func(b *testing.B) store.Store { return openBolt(b, newPath(b), store.BoltOptions{}) })
}

// BenchmarkApplyNoSync: nothing is synced, a loss of power would lose it. It
// shows the share of the processor.
func BenchmarkApplyNoSync(b *testing.B) {
	benchmarkApply(b, func(b *testing.B) store.Store { return openBolt(b, newPath(b), store.BoltOptions{NoSync: true}) })
}

// BenchmarkApplyMemory: the store in memory.
func BenchmarkApplyMemory(b *testing.B) {
	benchmarkApply(b, func(*testing.B) store.Store { return store.OpenMem() })
}

// benchmarkFilled runs f on each store with 200,000 keys in Document.
func benchmarkFilled(b *testing.B, f func(b *testing.B, s store.Store)) {
	bolt := openBolt(b, newPath(b), store.BoltOptions{NoSync: true})
	defer bolt.Close()
	mem := store.OpenMem()
	defer mem.Close()
	value := randomValue(250)
	for at := uint64(0); at < filledKeys; at += 10_000 {
		var ops []store.Op
		for i := range uint64(10_000) {
			ops = append(ops, store.Op{Space: store.Document, Key: binary.BigEndian.AppendUint64(nil, at+i), Value: value})
		}
		for _, s := range []store.Store{bolt, mem} {
			if err := s.Apply(ops); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("bolt", func(b *testing.B) { f(b, bolt) })
	b.Run("memory", func(b *testing.B) { f(b, mem) })
}

const filledKeys = 200_000

func BenchmarkGet(b *testing.B) {
	benchmarkFilled(b, func(b *testing.B, s store.Store) {
		snap, err := s.View()
		if err != nil {
			b.Fatal(err)
		}
		defer snap.Close()
		var key [8]byte
		r := rand.New(rand.NewPCG(13, 0))
		b.ReportAllocs()
		for b.Loop() {
			binary.BigEndian.PutUint64(key[:], r.Uint64N(filledKeys))
			if snap.Get(store.Document, key[:]) == nil {
				b.Fatal("a key is missing")
			}
		}
	})
}

// BenchmarkViewGet: what a statement does that looks at one key.
func BenchmarkViewGet(b *testing.B) {
	benchmarkFilled(b, func(b *testing.B, s store.Store) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var key [8]byte
			for i := uint64(0); pb.Next(); i += 7919 {
				binary.BigEndian.PutUint64(key[:], i%filledKeys)
				snap, err := s.View()
				if err != nil {
					b.Error(err)
					return
				}
				if snap.Get(store.Document, key[:]) == nil {
					b.Error("a key is missing")
				}
				if err := snap.Close(); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkScan: one operation is a walk over 1000 keys.
func BenchmarkScan(b *testing.B) {
	benchmarkFilled(b, func(b *testing.B, s store.Store) {
		snap, err := s.View()
		if err != nil {
			b.Fatal(err)
		}
		defer snap.Close()
		var key [8]byte
		r := rand.New(rand.NewPCG(13, 0))
		b.ReportAllocs()
		for b.Loop() {
			binary.BigEndian.PutUint64(key[:], r.Uint64N(filledKeys-1000))
			c := snap.Cursor(store.Document)
			k, v := c.Seek(key[:])
			for range 1000 {
				if k == nil || len(v) != 250 {
					b.Fatal("a key is missing")
				}
				k, v = c.Next()
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
	})
}

// BenchmarkOpen: opening a file of 200,000 keys, and making new stores.
func BenchmarkOpen(b *testing.B) {
	b.Run("bolt", func(b *testing.B) {
		path := newPath(b)
		s := openBolt(b, path, store.BoltOptions{NoSync: true})
		g := newGroupMaker(1000, false)
		for range 30 {
			if err := s.Apply(g.group()); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := openBolt(b, path, store.BoltOptions{}).Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("memory", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := store.OpenMem().Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
