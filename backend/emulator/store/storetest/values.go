package storetest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

func testEmpty(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply(nil))
	within(t, s, func(snap store.Snapshot) {
		for space := range store.Spaces() {
			expect(t, snap, space)
			c := snap.Cursor(space)
			if k, _ := c.Seek([]byte("a")); k != nil {
				t.Errorf("%s: Seek found %q in an empty space", space, k)
			}
			if v := snap.Get(space, []byte("a")); v != nil {
				t.Errorf("%s: Get found %q in an empty space", space, v)
			}
		}
	})
}

func testPutGet(t *testing.T, h Harness) {
	s := open(t, h)
	var ops []store.Op
	for space := range store.Spaces() {
		ops = append(ops, put(space, "key", "in "+space.String()))
	}
	check(t, s.Apply(ops))
	check(t, s.Apply([]store.Op{put(store.Tree, "key", "changed")}))
	within(t, s, func(snap store.Snapshot) {
		for space := range store.Spaces() {
			want := "in " + space.String()
			if space == store.Tree {
				want = "changed"
			}
			expect(t, snap, space, "key", want)
			for _, absent := range []string{"", "ke", "key\x00", "l"} {
				if v := snap.Get(space, []byte(absent)); v != nil {
					t.Errorf("%s: Get(%q) = %q, want nil", space, absent, v)
				}
			}
		}
	})
}

func testEmptyValue(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply([]store.Op{
		{Space: store.Index, Key: []byte("nil")},
		{Space: store.Index, Key: []byte("empty"), Value: []byte{}},
	}))
	within(t, s, func(snap store.Snapshot) {
		expect(t, snap, store.Index, "empty", "", "nil", "")
		c := snap.Cursor(store.Index)
		if k, v := c.First(); k == nil || v == nil {
			t.Errorf("First = %q, %#v, want a value that is empty and not nil", k, v)
		}
	})
}

func testBigValues(t *testing.T, h Harness) {
	s := open(t, h)
	big := randomBytes(1, 5<<20)
	larger := randomBytes(2, 5<<20+1)
	check(t, s.Apply([]store.Op{
		{Space: store.Journal, Key: []byte("a"), Value: big},
		put(store.Journal, "b", "small"),
		{Space: store.Journal, Key: []byte("c"), Value: larger},
	}))
	within(t, s, func(snap store.Snapshot) {
		if !bytes.Equal(snap.Get(store.Journal, []byte("a")), big) || !bytes.Equal(snap.Get(store.Journal, []byte("c")), larger) {
			t.Error("a value of 5 MB came back changed")
		}
		check(t, s.Apply([]store.Op{del(store.Journal, "a"), put(store.Journal, "c", "small")}))
		if !bytes.Equal(snap.Get(store.Journal, []byte("a")), big) {
			t.Error("a value of 5 MB changed under a snapshot")
		}
	})
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Journal, "b", "small", "c", "small") })
}

func testLongKeys(t *testing.T, h Harness) {
	s := open(t, h)
	long := strings.Repeat("k", store.MaxKeySize)
	check(t, s.Apply([]store.Op{put(store.Index, long, "long"), put(store.Index, long[:1], "short")}))
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Index, "k", "short", long, "long") })
}

func testDelete(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply([]store.Op{put(store.Document, "a", "1"), put(store.Document, "b", "2"), put(store.Document, "c", "3")}))
	check(t, s.Apply([]store.Op{del(store.Document, "b"), del(store.Document, "absent"), del(store.History, "a")}))
	within(t, s, func(snap store.Snapshot) {
		expect(t, snap, store.Document, "a", "1", "c", "3")
		if v := snap.Get(store.Document, []byte("b")); v != nil {
			t.Errorf("a deleted key has the value %q", v)
		}
	})
	check(t, s.Apply([]store.Op{del(store.Document, "a"), del(store.Document, "c")}))
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Document) })
}

func testSameKeyTwice(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply([]store.Op{
		put(store.Meta, "a", "1"), put(store.Meta, "b", "1"), put(store.Meta, "c", "1"),
	}))
	check(t, s.Apply([]store.Op{
		put(store.Meta, "b", "2"), del(store.Meta, "a"), put(store.Meta, "c", "2"),
		put(store.Meta, "a", "3"), del(store.Meta, "b"), put(store.Meta, "c", "3"), put(store.Meta, "c", "4"),
	}))
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Meta, "a", "3", "c", "4") })
}

// testNothingRetained overwrites the caller's buffers after Apply, and checks
// that Apply left them alone itself.
func testNothingRetained(t *testing.T, h Harness) {
	s := open(t, h)
	key, value := []byte("key"), []byte("value")
	ops := []store.Op{
		{Space: store.Tree, Key: []byte("z"), Value: []byte("last")},
		{Space: store.Catalog, Key: key, Value: value},
		{Space: store.Meta, Key: []byte("a"), Value: []byte("first")},
	}
	before := slices.Clone(ops)
	check(t, s.Apply(ops))
	for i := range ops {
		if ops[i].Space != before[i].Space || !bytes.Equal(ops[i].Key, before[i].Key) {
			t.Errorf("Apply moved operation %d of the caller's slice", i)
		}
	}
	copy(key, "XXX")
	copy(value, "XXXXX")
	clear(ops)
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Catalog, "key", "value") })
	check(t, s.Apply([]store.Op{put(store.Catalog, "l", "")}))
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Catalog, "key", "value", "l", "") })
}

func testRefused(t *testing.T, h Harness) {
	s := open(t, h)
	good := put(store.Meta, "good", "1")
	for name, bad := range map[string]store.Op{
		"space 0":             put(0, "a", "b"),
		"space above":         put(store.Catalog+1, "a", "b"),
		"empty key":           put(store.Meta, "", "b"),
		"delete of empty key": del(store.Meta, ""),
		"long key":            put(store.Meta, strings.Repeat("a", store.MaxKeySize+1), "b"),
	} {
		err := s.Apply([]store.Op{good, bad, good})
		if !errors.Is(err, store.ErrNotApplied) || errors.Is(err, store.ErrUnknownOutcome) {
			t.Errorf("%s: Apply = %v, want ErrNotApplied", name, err)
		}
	}
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Meta) })
	check(t, s.Apply([]store.Op{good}))
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Meta, "good", "1") })
}

// randomBytes returns n bytes that do not compress and differ by seed.
func randomBytes(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
