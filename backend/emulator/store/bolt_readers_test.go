package store_test

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

func number(snap store.Snapshot) uint64 {
	v := snap.Get(store.Meta, []byte("n"))
	if v == nil {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

func setNumber(n uint64, more ...store.Op) []store.Op {
	return append(more, store.Op{Space: store.Meta, Key: []byte("n"), Value: binary.BigEndian.AppendUint64(nil, n)})
}

func view(t testing.TB, s store.Store) store.Snapshot {
	t.Helper()
	snap, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestSnapshotsBetweenGroups: snapshots share what they read from, and each has
// what was applied before it was opened, nothing that came later.
func TestSnapshotsBetweenGroups(t *testing.T) {
	b := openBolt(t, newPath(t), store.BoltOptions{})
	var kept []store.Snapshot
	for n := range uint64(20) {
		if err := b.Apply(setNumber(n)); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			snap := view(t, b)
			if got := number(snap); got != n {
				t.Fatalf("snapshot %d after group %d has %d", i, n, got)
			}
			if i == 1 {
				kept = append(kept, snap)
			} else if err := snap.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n, snap := range kept {
		if got := number(snap); got != uint64(n) {
			t.Errorf("the snapshot of group %d has %d now", n, got)
		}
		if err := snap.Close(); err != nil {
			t.Error(err)
		}
		_ = snap.Get(store.Meta, []byte("n"))
		if err := snap.Err(); !errors.Is(err, store.ErrClosed) {
			t.Errorf("reading after Close while others share the transaction: %v", err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestIdleSnapshotsHoldNothing: what is kept for the next snapshot neither stops
// a group that needs a larger file nor keeps pages from being used again.
func TestIdleSnapshotsHoldNothing(t *testing.T) {
	b := openBolt(t, newPath(t), store.BoltOptions{InitialMmapSize: -1})
	value := make([]byte, 256<<10)
	var size int64
	for n := range uint64(60) {
		snap := view(t, b)
		_ = number(snap)
		if err := snap.Close(); err != nil {
			t.Fatal(err)
		}
		key := []byte{byte(n), byte(n)}
		if n >= 20 {
			key = []byte{19, 19} // the same place from here on
		}
		if err := b.Apply(setNumber(n, store.Op{Space: store.Journal, Key: key, Value: value})); err != nil {
			t.Fatal(err)
		}
		if n == 25 {
			size = b.Stats().Size
		}
	}
	if got := b.Stats().Size; got > size {
		t.Errorf("the file grew from %d to %d bytes while one value was replaced", size, got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSnapshotsWhileApplying: a snapshot is never older than what was applied
// before it was opened, however readers and the writer meet.
func TestSnapshotsWhileApplying(t *testing.T) {
	b := openBolt(t, newPath(t), store.BoltOptions{NoSync: true})
	var applied atomic.Uint64
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			last := uint64(0)
			for {
				select {
				case <-done:
					return
				default:
				}
				before := applied.Load()
				snap, err := b.View()
				if err != nil {
					t.Error(err)
					return
				}
				got := number(snap)
				if again := number(snap); got < before || got < last || again != got {
					t.Errorf("a snapshot opened after group %d, after one of %d, has %d and then %d", before, last, got, again)
				}
				last = got
				if err := snap.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := uint64(1); n <= 2000; n++ {
		if err := b.Apply(setNumber(n)); err != nil {
			t.Fatal(err)
		}
		applied.Store(n)
	}
	close(done)
	readers.Wait()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}
