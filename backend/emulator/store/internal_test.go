package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestHeader(t *testing.T) {
	for _, creator := range []string{"", "tally v1", string(bytes.Repeat([]byte("x"), maxCreator))} {
		h := Header{Format: FormatVersion, CreatedBy: creator}
		got, err := decodeHeader(encodeHeader(h))
		if err != nil || got != h {
			t.Errorf("%+v comes back as %+v, %v", h, got, err)
		}
	}
	b := encodeHeader(Header{Format: FormatVersion, CreatedBy: "tally v1"})
	for i := range b {
		damaged := slices.Clone(b)
		damaged[i] ^= 0x10
		if _, err := decodeHeader(damaged); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
		if _, err := decodeHeader(b[:i]); err == nil {
			t.Errorf("the header may be cut off at %d", i)
		}
	}
}

func FuzzDecodeHeader(f *testing.F) {
	f.Add(encodeHeader(Header{Format: FormatVersion, CreatedBy: "tally v1"}))
	f.Add(encodeHeader(Header{Format: FormatVersion + 1}))
	f.Add(encodeHeader(Header{Format: FormatVersion - 1}))
	f.Add([]byte(headerMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := decodeHeader(b)
		if err == nil && !bytes.Equal(encodeHeader(h), b) {
			t.Errorf("%x decodes to %+v, which encodes to %x", b, h, encodeHeader(h))
		}
		if err != nil && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewerFormat) && !errors.Is(err, ErrOlderFormat) {
			t.Errorf("%x: %v", b, err)
		}
	})
}

// TestOrder compares with a naive stable sort.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	var o order
	for range 200 {
		var ops []Op
		for i := range r.IntN(60) {
			key := bytes.Repeat([]byte{byte(r.IntN(3))}, 1+r.IntN(3)*5)
			key[len(key)-1] = byte(r.IntN(3))
			ops = append(ops, Op{Space: Space(1 + r.IntN(3)), Key: key, Value: []byte{byte(i)}})
		}
		var got []Op
		for _, e := range o.sort(ops) {
			got = append(got, ops[e.at])
		}
		if want := naiveOrder(ops); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("sort of %v\n gives %v\n want %v", ops, got, want)
		}
	}
}

func naiveOrder(ops []Op) []Op {
	last := map[string]Op{}
	for _, op := range ops {
		last[string(append([]byte{byte(op.Space)}, op.Key...))] = op
	}
	var keys []string
	for k := range last {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var sorted []Op
	for _, k := range keys {
		sorted = append(sorted, last[k])
	}
	return sorted
}

func TestOrderDoesNotAllocate(t *testing.T) {
	var ops []Op
	for i := range 448 {
		ops = append(ops, Op{Space: Space(1 + i%7), Key: binary.BigEndian.AppendUint64(nil, uint64(i)*0x9E3779B97F4A7C15)})
	}
	var o order
	o.sort(ops)
	if n := testing.AllocsPerRun(10, func() { o.sort(ops) }); n > 0 {
		t.Errorf("sorting a group allocates %v times", n)
	}
}

// fileBytes is a small ledger file with several pages a bucket.
func fileBytes(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed")
	b, err := OpenBolt(path, BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var ops []Op
	for i := range 40 {
		key := fmt.Appendf(nil, "%04d", i)
		ops = append(ops, Op{Space: Journal, Key: key, Value: make([]byte, 300)}, Op{Space: Index, Key: key})
	}
	if err := b.Apply(ops); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content[:min(len(content), 16*os.Getpagesize())]
}

func FuzzMetaPages(f *testing.F) {
	content := fileBytes(f)
	f.Add(content[:3*os.Getpagesize()], int64(len(content)))
	f.Add([]byte("text"), int64(4))
	f.Fuzz(func(t *testing.T, b []byte, size int64) {
		m, err := checkMetaPages(bytes.NewReader(b), size)
		if err == nil {
			_, _ = listKnown(bytes.NewReader(b), m)
		}
		if err != nil && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

// FuzzPages reads buckets out of any bytes: by key, forwards, backwards, and as
// a change looks at them. It must come to an end without touching anything
// outside of them.
func FuzzPages(f *testing.F) {
	content := fileBytes(f)
	f.Add(content, uint64(3))
	for root := range uint64(len(content) / os.Getpagesize()) {
		if root%5 == 0 {
			f.Add(content, root)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, root uint64) {
		root = max(root, 1) // 0 stands for a page within its parent
		top := boltTree{pages: boltPages{b, 1024}, root: root}
		if len(b) > os.Getpagesize()*4 {
			top.pages.size = os.Getpagesize()
		}
		readAll(t, top)
		for s := range Spaces() {
			if tree, err := top.bucket(bucketNames[s]); err == nil {
				readAll(t, tree)
			}
		}
	})
}

// readAll reads a tree that stands alone, in every way there is.
func readAll(t *testing.T, tree boltTree) {
	use := newPageUse(tree.pages, func(string) error { return nil })
	_ = use.tree(t.Context(), &tree, 0)
	snap := &boltSnapshot{store: &Bolt{}, tx: new(readTx)}
	check := pathCheck{tree: tree}
	c := positioned{raw: &boltWalk{snap: snap, tree: &tree}}
	for k, v := c.First(); k != nil; k, v = c.Next() {
		_ = len(v)
		_, _ = tree.get(k)
		_ = check.covers(k, len(k)%2 == 0)
		seeker := positioned{raw: &boltWalk{snap: snap, tree: &tree}}
		seeker.Seek(k)
	}
	c = positioned{raw: &boltWalk{snap: snap, tree: &tree}}
	for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
		_ = len(k)
	}
}
