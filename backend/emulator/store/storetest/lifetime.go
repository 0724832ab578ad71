package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

func testClose(t *testing.T, h Harness) {
	s := h.Open(t)
	check(t, s.Apply([]store.Op{put(store.Meta, "a", "1")}))
	check(t, s.Close())
	check(t, s.Close())
	if err := s.Apply([]store.Op{put(store.Meta, "a", "2")}); !errors.Is(err, store.ErrClosed) || !errors.Is(err, store.ErrNotApplied) {
		t.Errorf("Apply on a closed store = %v, want ErrClosed and ErrNotApplied", err)
	}
	if snap, err := s.View(); !errors.Is(err, store.ErrClosed) || snap != nil {
		t.Errorf("View on a closed store = %v, %v, want nil and ErrClosed", snap, err)
	}
	s.Stats() // must not panic
}

func testCloseWithSnapshots(t *testing.T, h Harness) {
	s := h.Open(t)
	check(t, s.Apply([]store.Op{put(store.Meta, "a", "1")}))
	one, two := view(t, s), view(t, s)
	if err := s.Close(); !errors.Is(err, store.ErrSnapshotsOpen) {
		t.Errorf("Close with two snapshots open = %v, want ErrSnapshotsOpen", err)
	}
	if _, err := s.View(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View after Close = %v, want ErrClosed", err)
	}
	check(t, one.Close())
	expect(t, two, store.Meta, "a", "1")
	check(t, two.Close())
	check(t, s.Close())
	if h.Reopen != nil {
		again := h.Reopen(t, s) // the last snapshot released it
		within(t, again, func(snap store.Snapshot) { expect(t, snap, store.Meta, "a", "1") })
		check(t, again.Close())
	}
}

func testStats(t *testing.T, h Harness) {
	s := open(t, h)
	if got := s.Stats(); got.Applies != 0 || got.Snapshots != 0 {
		t.Errorf("a new store has Stats %+v", got)
	}
	check(t, s.Apply(nil))
	check(t, s.Apply([]store.Op{put(store.Meta, "a", "1"), put(store.Tree, "a", "1")}))
	_ = s.Apply([]store.Op{put(store.Meta, "", "1")})
	check(t, s.Apply([]store.Op{put(store.Meta, "a", "2"), put(store.Journal, "b", string(randomBytes(1, 100_000)))}))
	got := s.Stats()
	if got.Applies != 2 || got.Size < 100_000 || got.Free < 0 || got.Free > got.Size || (got.Keys != 3 && got.Keys != -1) {
		t.Errorf("after two groups that leave 3 keys with 100000 bytes: Stats %+v", got)
	}
}

// testReopen applies groups, closing and reopening in between.
func testReopen(t *testing.T, h Harness) {
	if h.Reopen == nil {
		t.Skip("the harness declares no Reopen: this store keeps nothing")
	}
	s := h.Open(t)
	want := []string{}
	for i := range 5 {
		key, value := fmt.Sprintf("%03d", i), string(randomBytes(uint64(i), 10_000*i))
		want = append(want, key, value)
		check(t, s.Apply([]store.Op{put(store.Journal, key, value), put(store.Meta, "n", key), put(store.Index, "gone", "x")}))
		check(t, s.Apply([]store.Op{del(store.Index, "gone")}))
		check(t, s.Close())
		s = h.Reopen(t, s)
		within(t, s, func(snap store.Snapshot) {
			expect(t, snap, store.Journal, want...)
			expect(t, snap, store.Meta, "n", key)
			expect(t, snap, store.Index)
		})
	}
	check(t, s.Close())
}
