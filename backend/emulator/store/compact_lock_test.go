package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// TestCompactBesideCompact: a compaction does not replace a file that somebody
// else wrote since it read it. Each round, several compact and one writes.
func TestCompactBesideCompact(t *testing.T) {
	path := newPath(t)
	small(t, path)
	stop := make(chan struct{})
	ended := make(chan error, 2)
	for range cap(ended) {
		go func() {
			for {
				select {
				case <-stop:
					ended <- nil
					return
				default:
				}
				if err := store.CompactBolt(path, path); err != nil && !errors.Is(err, store.ErrInUse) {
					ended <- err
					return
				}
			}
		}()
	}
	groups := 0
	for n := 1; groups < 10; n++ {
		b, err := store.OpenBolt(path, store.BoltOptions{MustExist: true, LockTimeout: time.Minute})
		if errors.Is(err, store.ErrInUse) {
			continue // it was replaced meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		key := []byte{'n', byte(groups)}
		if groups > 0 {
			snap, err := b.View()
			if err != nil {
				t.Fatal(err)
			}
			if snap.Get(store.Meta, []byte{'n', byte(groups - 1)}) == nil {
				t.Fatalf("group %d was acknowledged and is gone", groups-1)
			}
			snap.Close()
		}
		if err := b.Apply([]store.Op{{Space: store.Meta, Key: key, Value: key}}); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		groups++
	}
	close(stop)
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestCompactInUse: a file in use is not replaced, by whomever it is used.
func TestCompactInUse(t *testing.T) {
	for _, ro := range []bool{false, true} {
		path := newPath(t)
		small(t, path)
		b := openBolt(t, path, store.BoltOptions{MustExist: true, ReadOnly: ro})
		if err := store.CompactBolt(path, path); !errors.Is(err, store.ErrInUse) {
			t.Errorf("open with ReadOnly %v: %v, want ErrInUse", ro, err)
		}
		err := store.CompactBolt(path, path+".copy")
		if ro && err != nil || !ro && !errors.Is(err, store.ErrInUse) {
			t.Errorf("to another file, open with ReadOnly %v: %v", ro, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCompactLeft: what a killed compaction left goes with the next one, and
// nothing else does.
func TestCompactLeft(t *testing.T) {
	path := newPath(t)
	small(t, path)
	left := []string{path + ".compact-1234", path + ".compact-0"}
	stays := []string{path + ".compact-", path + ".compact-12a", path + "x.compact-12", path + ".new-1"}
	for _, name := range append(left, stays...) {
		if err := os.WriteFile(name, []byte("a copy"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.CompactBolt(path, path); err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", filepath.Base(name), err)
		}
	}
	for _, name := range stays {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s was removed: %v", filepath.Base(name), err)
		}
	}
}
