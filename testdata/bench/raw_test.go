package bench

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/store"
)

// raw is bbolt with nothing in front of it: the ceiling. Writers hand over the
// puts that the engine makes for an insert (block, tree nodes, document,
// history, index entry), with keys of the same kind and values of the same
// length, to one goroutine that drains the queue and makes a group durable with
// one Update, which is what the engine's store does. If it is patient it waits,
// as the engine's committer does, for the writers that were just answered, an
// eighth of a group's time at most.
type raw struct {
	db      *bbolt.DB
	queue   chan *rawRequest
	done    chan struct{}
	patient bool
	groups  int // written by run, read after close
	took    time.Duration
}

type rawRequest struct {
	seq    uint64
	answer chan error
	puts   []rawPut
}

type rawPut struct {
	bucket byte
	key    []byte
	value  []byte
}

var rawBuckets = [][]byte{[]byte("meta"), []byte("journal"), []byte("tree"), []byte("document"), []byte("history"), []byte("index")}

// rawFill is how full the engine's store leaves pages.
var rawFill = []float64{0.5, 1, 0.9, 0.9, 0.9, 0.5}

// stored are the lengths of the values that the engine stores for one insert.
type stored struct{ block, document, history, index int }

// storedLengths looks them up in a small ledger.
var storedLengths = sync.OnceValues(func() (stored, error) {
	var n stored
	dir, err := tempDir()
	if err != nil {
		return n, err
	}
	path := filepath.Join(dir, "lengths.tally")
	l, err := emulator.Open(path, emulator.WithoutSync())
	if err != nil {
		return n, err
	}
	if err := setUp(l); err != nil {
		return n, err
	}
	for i := range int64(64) {
		if err := insert(ctx, l, keptFirst+i); err != nil {
			return n, err
		}
	}
	if err := l.Close(); err != nil {
		return n, err
	}
	s, err := store.OpenBolt(path, store.BoltOptions{ReadOnly: true})
	if err != nil {
		return n, err
	}
	defer s.Close()
	snap, err := s.View()
	if err != nil {
		return n, err
	}
	defer snap.Close()
	last := func(s store.Space) int {
		_, v := snap.Cursor(s).Last()
		return len(v)
	}
	return stored{last(store.Journal), last(store.Document), last(store.History), last(store.Index)}, snap.Err()
})

func openRaw(tb testing.TB, path string, noSync bool) *raw {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{InitialMmapSize: 64 << 30, FreelistType: bbolt.FreelistMapType, NoSync: noSync})
	if err != nil {
		tb.Fatal(err)
	}
	db.AllocSize = 64 << 20 // grow seldom, as the engine's store does
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, n := range rawBuckets {
			if _, err := tx.CreateBucketIfNotExists(n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &raw{db: db, queue: make(chan *rawRequest, 256), done: make(chan struct{})}
}

func (r *raw) close() {
	close(r.queue)
	<-r.done
	_ = r.db.Close()
}

// newRawRequest makes the puts of insert number seq. Document keys rise, index
// keys are in no order.
func newRawRequest(seq uint64) *rawRequest {
	n, err := storedLengths()
	if err != nil {
		panic(err)
	}
	be := func(prefix []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(prefix, n) }
	doc := be([]byte{0, 0, 0, 0}, seq)
	blob := make([]byte, 8+n.block+n.document)
	_, _ = rand.Read(blob[:64])
	doc = append(doc, blob[:8]...)
	index := append([]byte{0, 0, 0, 0, 4, 16}, vin(int64(seq))...)
	index = append(index, doc[4:]...)
	nodes := 1 + bits.TrailingZeros64(seq+1)
	puts := []rawPut{
		{1, be(nil, seq), blob[8 : 8+n.block]},
		{2, be(nil, seq), blob[:min(nodes*32+4, len(blob))]},
		{3, doc, blob[8+n.block:]},
		{4, append(slices.Clone(doc), 0, 0, 0, 0), blob[:n.history]},
		{5, index, blob[:n.index]},
	}
	return &rawRequest{seq: seq, answer: make(chan error, 1), puts: puts}
}

func (r *raw) insert(seq uint64) error {
	q := newRawRequest(seq)
	r.queue <- q
	return <-q.answer
}

const (
	rawGroup    = 512
	rawPatience = 2 * time.Millisecond
)

// run is the goroutine that writes.
func (r *raw) run() {
	defer close(r.done)
	var group []*rawRequest
	expect, patience := 0, time.Duration(0)
	for first := range r.queue {
		group = r.drain(append(group[:0], first))
		if r.patient && len(group) < min(expect, rawGroup) {
			group = r.wait(group, expect, patience)
		}
		start := time.Now()
		err := r.db.Update(func(tx *bbolt.Tx) error { return rawApply(tx, group) })
		took := time.Since(start)
		r.groups++
		r.took += took
		expect, patience = len(group)+len(r.queue), min(took/8, rawPatience)
		for _, q := range group {
			q.answer <- err
		}
	}
}

// drain takes what waits already.
func (r *raw) drain(group []*rawRequest) []*rawRequest {
	for len(group) < rawGroup {
		select {
		case q, ok := <-r.queue:
			if !ok {
				return group
			}
			group = append(group, q)
		default:
			return group
		}
	}
	return group
}

// wait takes what comes until there are as many as expected, or time is up.
func (r *raw) wait(group []*rawRequest, expect int, patience time.Duration) []*rawRequest {
	late := time.NewTimer(patience)
	defer late.Stop()
	for len(group) < min(expect, rawGroup) {
		select {
		case q, ok := <-r.queue:
			if !ok {
				return group
			}
			group = append(group, q)
		case <-late.C:
			return group
		}
	}
	return group
}

// rawApply puts a group in order of keys, bucket by bucket.
func rawApply(tx *bbolt.Tx, group []*rawRequest) error {
	var puts []rawPut
	for _, q := range group {
		puts = append(puts, q.puts...)
	}
	slices.SortFunc(puts, func(a, b rawPut) int {
		if a.bucket != b.bucket {
			return int(a.bucket) - int(b.bucket)
		}
		return bytes.Compare(a.key, b.key)
	})
	var b *bbolt.Bucket
	for i, p := range puts {
		if i == 0 || puts[i-1].bucket != p.bucket {
			b = tx.Bucket(rawBuckets[p.bucket])
			b.FillPercent = rawFill[p.bucket]
		}
		if err := b.Put(p.key, p.value); err != nil {
			return err
		}
	}
	return tx.Bucket(rawBuckets[0]).Put([]byte("tip"), binary.BigEndian.AppendUint64(make([]byte, 72), group[len(group)-1].seq))
}

// filledRaw is a raw file with n inserts in it, numbered from 0.
func filledRaw(tb testing.TB, n int) string {
	path := filepath.Join(tb.TempDir(), "raw.db")
	r := openRaw(tb, path, true)
	for begin := 0; begin < n; begin += 4096 {
		var group []*rawRequest
		for i := begin; i < min(n, begin+4096); i++ {
			group = append(group, newRawRequest(uint64(i)))
		}
		if err := r.db.Update(func(tx *bbolt.Tx) error { return rawApply(tx, group) }); err != nil {
			tb.Fatal(err)
		}
	}
	if err := r.db.Close(); err != nil {
		tb.Fatal(err)
	}
	syncFile(tb, path)
	return path
}

// rawHolds checks that the file has all five entries of inserts from to to.
func rawHolds(path string, from, to uint64) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bbolt.Tx) error {
		for seq := from; seq < to; seq++ {
			key := binary.BigEndian.AppendUint64(nil, seq)
			prefixes := [][]byte{1: key, 2: key, 3: append(make([]byte, 4), key...), 4: append(make([]byte, 4), key...),
				5: append([]byte{0, 0, 0, 0, 4, 16}, vin(int64(seq))...)}
			for i := 1; i < len(rawBuckets); i++ {
				if k, _ := tx.Bucket(rawBuckets[i]).Cursor().Seek(prefixes[i]); !bytes.HasPrefix(k, prefixes[i]) {
					return fmt.Errorf("insert %d was acknowledged and is not in %s", seq, rawBuckets[i])
				}
			}
		}
		return nil
	})
}
