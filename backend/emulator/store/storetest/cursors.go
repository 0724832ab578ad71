package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// testOrder puts enough keys for several levels of any tree, in random order
// and in groups of different sizes, among them keys that are prefixes of each
// other, zeros and 0xff.
func testOrder(t *testing.T, h Harness) {
	s := open(t, h)
	r := rand.New(rand.NewPCG(3, 0))
	var pairs, ops = []string{}, []store.Op{}
	for i := range 3000 {
		key := fmt.Sprintf("%c%03d%s", "\x00a\xff"[i%3], i/10, "\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff"[:i%10])
		pairs = append(pairs, key)
		ops = append(ops, put(store.Index, key, fmt.Sprint(i)))
	}
	ops = append(ops, put(store.Tree, "neighbour below", ""), put(store.Catalog, "neighbour above", ""))
	r.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
	for len(ops) > 0 {
		n := min(1+r.IntN(200), len(ops))
		check(t, s.Apply(ops[:n]))
		ops = ops[n:]
	}
	slices.Sort(pairs)
	pairs = slices.Compact(pairs)
	within(t, s, func(snap store.Snapshot) {
		var got []string
		for k := range store.Scan(snap, store.Index, nil) {
			got = append(got, string(k))
		}
		if !slices.Equal(got, pairs) {
			t.Errorf("%d keys came out, not the %d sorted ones that went in", len(got), len(pairs))
		}
		got = got[:0]
		c := snap.Cursor(store.Index)
		for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
			got = append(got, string(k))
		}
		slices.Reverse(got)
		if !slices.Equal(got, pairs) {
			t.Errorf("backwards %d keys came out, not the %d sorted ones that went in", len(got), len(pairs))
		}
	})
}

// testCursorEnds walks over both ends and back, in a space between two others
// that are not empty.
func testCursorEnds(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply([]store.Op{
		put(store.Tree, "below", ""), put(store.Document, "a", "1"), put(store.Document, "b", "2"),
		put(store.Document, "c", "3"), put(store.History, "above", ""),
	}))
	type step struct {
		move string
		want string // "" for the end
	}
	walks := map[string][]step{
		"new cursor, Next":        {{"Next", "a"}, {"Next", "b"}},
		"new cursor, Prev":        {{"Prev", "c"}, {"Prev", "b"}},
		"over the end and back":   {{"Last", "c"}, {"Next", ""}, {"Next", ""}, {"Prev", "c"}, {"Prev", "b"}, {"Next", "c"}},
		"over the start and back": {{"First", "a"}, {"Prev", ""}, {"Prev", ""}, {"Next", "a"}, {"Next", "b"}, {"Prev", "a"}},
		"seek past the end":       {{"Seek d", ""}, {"Next", ""}, {"Prev", "c"}},
		"turn around":             {{"Seek b", "b"}, {"Next", "c"}, {"Prev", "b"}, {"Prev", "a"}, {"Next", "b"}},
		"seek after an end":       {{"Last", "c"}, {"Next", ""}, {"Seek b", "b"}, {"Prev", "a"}, {"Prev", ""}, {"Seek bb", "c"}, {"Prev", "b"}},
	}
	within(t, s, func(snap store.Snapshot) {
		for name, steps := range walks {
			c := snap.Cursor(store.Document)
			for i, step := range steps {
				if k, _ := move(c, step.move); string(k) != step.want {
					t.Errorf("%s: step %d, %s: at %q, want %q", name, i, step.move, k, step.want)
				}
			}
		}
	})
}

func move(c store.Cursor, how string) (k, v []byte) {
	switch how {
	case "First":
		return c.First()
	case "Last":
		return c.Last()
	case "Next":
		return c.Next()
	case "Prev":
		return c.Prev()
	default:
		return c.Seek([]byte(how[len("Seek "):]))
	}
}

func testSeek(t *testing.T, h Harness) {
	s := open(t, h)
	var ops []store.Op
	for i := 0; i < 2000; i += 2 {
		ops = append(ops, put(store.History, fmt.Sprintf("%04d", i), ""))
	}
	check(t, s.Apply(ops))
	within(t, s, func(snap store.Snapshot) {
		c := snap.Cursor(store.History)
		for i := range 2001 {
			want := fmt.Sprintf("%04d", (i+1)/2*2)
			if i > 1998 {
				want = ""
			}
			if k, _ := c.Seek(fmt.Appendf(nil, "%04d", i)); string(k) != want {
				t.Fatalf("Seek(%04d) = %q, want %q", i, k, want)
			}
		}
		if k, _ := c.Seek(nil); string(k) != "0000" {
			t.Errorf("Seek(nil) = %q, want the first key", k)
		}
	})
}

func testPrefix(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply([]store.Op{
		put(store.Index, "a", "0"), put(store.Index, "ab", "1"), put(store.Index, "ab\x00", "2"),
		put(store.Index, "abc", "3"), put(store.Index, "ab\xff\xff", "4"), put(store.Index, "ac", "5"),
		put(store.Index, "\xff\xff", "6"), put(store.Catalog, "ab", "7"),
	}))
	for prefix, want := range map[string]string{"": "0123456", "ab": "1234", "ab\xff": "4", "b": "", "ac": "5", "\xff": "6", "\xff\xff\xff": ""} {
		within(t, s, func(snap store.Snapshot) {
			got := ""
			for _, v := range store.Scan(snap, store.Index, []byte(prefix)) {
				got += string(v)
			}
			if got != want {
				t.Errorf("Scan(%q) found %q, want %q", prefix, got, want)
			}
		})
	}
	within(t, s, func(snap store.Snapshot) {
		for range store.Scan(snap, store.Index, nil) {
			break // leaving a scan early must do no harm
		}
	})
}
