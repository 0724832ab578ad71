package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

func testIsolation(t *testing.T, h Harness) {
	s := open(t, h)
	check(t, s.Apply([]store.Op{put(store.Document, "a", "old"), put(store.Document, "b", "old")}))
	old := view(t, s)
	c := old.Cursor(store.Document)
	if k, _ := c.First(); string(k) != "a" {
		t.Fatalf("First = %q", k)
	}
	check(t, s.Apply([]store.Op{put(store.Document, "a", "new"), del(store.Document, "b"), put(store.Document, "aa", "new")}))
	if k, v := c.Next(); string(k) != "b" || string(v) != "old" {
		t.Errorf("a cursor opened before a group sees %q = %q of it", k, v)
	}
	expect(t, old, store.Document, "a", "old", "b", "old")
	within(t, s, func(snap store.Snapshot) { expect(t, snap, store.Document, "a", "new", "aa", "new") })
	check(t, old.Close())
	check(t, old.Close())
	if v := old.Get(store.Document, []byte("a")); v != nil || !errors.Is(old.Err(), store.ErrClosed) {
		t.Errorf("a closed snapshot gives %q and Err %v, want nil and ErrClosed", v, old.Err())
	}
	late := old.Cursor(store.Document)
	if k, _ := late.First(); k != nil {
		t.Errorf("a cursor of a closed snapshot is at %q", k)
	}
}

// testManySnapshots keeps one snapshot for each of many groups and reads them
// all in the end.
func testManySnapshots(t *testing.T, h Harness) {
	s := open(t, h)
	const n = 60
	var snaps []store.Snapshot
	for i := range n {
		check(t, s.Apply([]store.Op{put(store.Meta, "n", fmt.Sprint(i)), put(store.Journal, fmt.Sprintf("%03d", i), "block")}))
		snaps = append(snaps, view(t, s))
	}
	if got := s.Stats().Snapshots; got != n {
		t.Errorf("Stats counts %d open snapshots, want %d", got, n)
	}
	for i, snap := range snaps {
		if got := string(snap.Get(store.Meta, []byte("n"))); got != fmt.Sprint(i) {
			t.Errorf("snapshot %d sees %q", i, got)
		}
		blocks := 0
		for range store.Scan(snap, store.Journal, nil) {
			blocks++
		}
		if blocks != i+1 {
			t.Errorf("snapshot %d sees %d blocks, want %d", i, blocks, i+1)
		}
		check(t, snap.Close())
	}
}

// testConcurrent has one writer that puts the same number everywhere in each
// group, and readers that must never see two numbers at once, nor a number
// lower than one that was acknowledged before they looked.
func testConcurrent(t *testing.T, h Harness) {
	s := open(t, h)
	const groups, readers = 150, 4
	check(t, s.Apply(everywhere(0)))
	var acknowledged atomic.Int64
	var done atomic.Bool
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for !done.Load() {
				floor := acknowledged.Load()
				if err := readEverywhere(s, floor); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range int64(groups) {
		if err := s.Apply(everywhere(i + 1)); err != nil {
			t.Error(err)
			break
		}
		acknowledged.Store(i + 1)
	}
	done.Store(true)
	wg.Wait()
}

const copies = 20

func everywhere(n int64) []store.Op {
	var ops []store.Op
	for space := range store.Spaces() {
		for i := range copies {
			ops = append(ops, put(space, fmt.Sprintf("key %d", i), fmt.Sprintf("%08d", n)))
		}
		ops = append(ops, put(space, fmt.Sprintf("log %08d", n), ""), del(space, fmt.Sprintf("log %08d", n-3)))
	}
	return ops
}

func readEverywhere(s store.Store, floor int64) error {
	snap, err := s.View()
	if err != nil {
		return err
	}
	seen := string(snap.Get(store.Meta, []byte("key 0")))
	if seen < fmt.Sprintf("%08d", floor) {
		return fmt.Errorf("a snapshot opened after group %d sees %s", floor, seen)
	}
	for space := range store.Spaces() {
		keys := 0
		for k, v := range store.Scan(snap, space, []byte("key ")) {
			if keys++; string(v) != seen {
				return fmt.Errorf("one snapshot sees groups %s and %s, the latter at %s %q", seen, v, space, k)
			}
		}
		if keys != copies {
			return fmt.Errorf("a snapshot sees %d of %d keys in %s", keys, copies, space)
		}
		c := snap.Cursor(space)
		if k, _ := c.Last(); string(k) != "log "+seen {
			return fmt.Errorf("the last key in %s is %q, want log %s", space, k, seen)
		}
	}
	return snap.Close()
}
