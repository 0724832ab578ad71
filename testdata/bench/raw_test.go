package bench

import (
	"crypto/rand"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// raw is bbolt with nothing in front of it: the ceiling. Writers hand over the
// puts that the engine makes for an insert (block, tree nodes, document,
// history, index entry), with keys of the same kind and values of the same
// length, to one goroutine that drains the queue and makes a group durable with
// one sync.
type raw struct {
	db    *bbolt.DB
	queue chan *rawRequest
	done  chan struct{}
	sync  atomic.Int64 // nanoseconds in Update
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

// Lengths of what the engine stores for one insert of document.
const (
	rawBlock    = 1190
	rawDocument = 440
)

func openRaw(tb testing.TB, path string, noSync bool) *raw {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{InitialMmapSize: 64 << 30, FreelistType: bbolt.FreelistMapType, NoSync: noSync})
	if err != nil {
		tb.Fatal(err)
	}
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
	r := &raw{db: db, queue: make(chan *rawRequest, 256), done: make(chan struct{})}
	go r.run()
	return r
}

func (r *raw) close() {
	close(r.queue)
	<-r.done
	_ = r.db.Close()
}

// newRawRequest makes the puts of insert number seq. Document keys rise, index
// keys are random.
func newRawRequest(seq uint64) *rawRequest {
	be := func(prefix []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(prefix, n) }
	doc := be([]byte{0, 0, 0, 0}, seq)
	tail := make([]byte, 8+8)
	_, _ = rand.Read(tail)
	doc = append(doc, tail[:8]...)
	blob := make([]byte, rawBlock+rawDocument)
	_, _ = rand.Read(blob[:64])
	index := append([]byte{0, 0, 0, 0, 4, 16}, vin(int64(seq))...)
	index = append(index, doc[4:]...)
	puts := []rawPut{
		{1, be(nil, seq), blob[:rawBlock]},
		{3, doc, blob[rawBlock:]},
		{4, append(slices.Clone(doc), 0, 0, 0, 0), blob[:14]},
		{5, index, nil},
	}
	for level, i := byte(0), seq; ; level, i = level+1, i>>1 {
		puts = append(puts, rawPut{2, be([]byte{level}, i), blob[:32]})
		if i&1 == 0 {
			break
		}
	}
	return &rawRequest{seq: seq, answer: make(chan error, 1), puts: puts}
}

func (r *raw) insert(seq uint64) error {
	q := newRawRequest(seq)
	r.queue <- q
	return <-q.answer
}

func (r *raw) run() {
	defer close(r.done)
	var group []*rawRequest
	for first := range r.queue {
		group = append(group[:0], first)
	drain:
		for len(group) < 512 {
			select {
			case q, ok := <-r.queue:
				if !ok {
					break drain
				}
				group = append(group, q)
			default:
				break drain
			}
		}
		start := time.Now()
		err := r.db.Update(func(tx *bbolt.Tx) error { return rawApply(tx, group) })
		r.sync.Add(int64(time.Since(start)))
		for _, q := range group {
			q.answer <- err
		}
	}
}

func rawApply(tx *bbolt.Tx, group []*rawRequest) error {
	for i := 1; i < len(rawBuckets); i++ {
		b := tx.Bucket(rawBuckets[i])
		b.FillPercent = 0.9
		for _, q := range group {
			for _, p := range q.puts {
				if int(p.bucket) != i {
					continue
				}
				if err := b.Put(p.key, p.value); err != nil {
					return err
				}
			}
		}
	}
	return tx.Bucket(rawBuckets[0]).Put([]byte("tip"), binary.BigEndian.AppendUint64(make([]byte, 68), group[len(group)-1].seq))
}

// filledRaw is a raw file with n inserts in it.
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
	r.close()
	syncFile(tb, path)
	if _, err := os.Stat(path); err != nil {
		tb.Fatal(err)
	}
	return path
}
