package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"testing"
)

func blockKey(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func blockOf(n, size int) []byte { return bytes.Repeat([]byte{byte(n + 1)}, size) }

func openTest(t *testing.T, path string) *Bolt {
	t.Helper()
	b, err := OpenBolt(path, BoltOptions{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func apply(t *testing.T, b *Bolt, ops ...Op) {
	t.Helper()
	if err := b.Apply(ops); err != nil {
		t.Fatal(err)
	}
}

// journalOf checks that a file has exactly these blocks, read in every way.
func journalOf(t *testing.T, b *Bolt, want map[int][]byte, most int) {
	t.Helper()
	snap, err := b.View()
	if err != nil {
		t.Fatal(err)
	}
	for n := range most {
		if got := snap.Get(Journal, blockKey(n)); !bytes.Equal(got, want[n]) || got == nil != (want[n] == nil) {
			t.Errorf("block %d has %d bytes, want %d", n, len(got), len(want[n]))
		}
	}
	forth, back := 0, 0
	c := snap.Cursor(Journal)
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if n := int(binary.BigEndian.Uint64(k)); !bytes.Equal(v, want[n]) {
			t.Errorf("the cursor gives block %d with %d bytes, want %d", n, len(v), len(want[n]))
		}
		forth++
	}
	for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
		back++
	}
	if forth != len(want) || back != len(want) {
		t.Errorf("the cursor gives %d and %d blocks, want %d", forth, back, len(want))
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
}

// TestLargeBlocks: blocks of every size are put, replaced by blocks of another
// size and deleted, and read back, also after reopening and compacting.
func TestLargeBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.tally")
	b := openTest(t, path)
	sizes := []int{0, 1, largeValue, largeValue + 1, 200 << 10}
	want := map[int][]byte{}
	n := 0
	for _, before := range append(sizes, -1) {
		for _, after := range append(sizes, -1) {
			if before >= 0 {
				apply(t, b, Op{Space: Journal, Key: blockKey(n), Value: blockOf(n, before)})
			}
			if after >= 0 {
				want[n] = blockOf(n+1, after)
				apply(t, b, Op{Space: Journal, Key: blockKey(n), Value: want[n]})
			} else {
				apply(t, b, Op{Space: Journal, Key: blockKey(n), Delete: true})
			}
			n++
		}
	}
	journalOf(t, b, want, n)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	compacted := path + ".compact"
	if err := CompactBolt(path, compacted); err != nil {
		t.Fatal(err)
	}
	journalOf(t, openTest(t, path), want, n)
	journalOf(t, openTest(t, compacted), want, n)
}

// TestLargeBlocksAreWrittenOnce: what a group writes is about what it holds, not
// the blocks before it again.
func TestLargeBlocksAreWrittenOnce(t *testing.T) {
	b := openTest(t, filepath.Join(t.TempDir(), "once.tally"))
	const size, blocks = 100 << 10, 20
	for n := range blocks {
		apply(t, b, Op{Space: Journal, Key: blockKey(n), Value: blockOf(n, size)})
	}
	stats := b.db.Stats().TxStats
	if got := stats.GetPageAlloc(); got > 2*size*blocks {
		t.Errorf("%d blocks of %d bytes made bbolt write %d bytes", blocks, size, got)
	}
}

// TestDamagedLargeBlock: a page that is not the block's own is an error, for who
// reads and for who replaces it.
func TestDamagedLargeBlock(t *testing.T) {
	b := openTest(t, filepath.Join(t.TempDir(), "damaged.tally"))
	apply(t, b, Op{Space: Journal, Key: blockKey(1), Value: blockOf(1, 100<<10)})
	tx, err := b.begin()
	if err != nil {
		t.Fatal(err)
	}
	top := b.topTree(tx)
	journal, err := top.bucket(bucketNames[Journal])
	if err != nil {
		t.Fatal(err)
	}
	header, _, err := journal.find(blockKey(1))
	if err != nil {
		t.Fatal(err)
	}
	at := int64(binary.NativeEndian.Uint64(header)) * int64(b.page)
	b.rollback(tx)
	for _, c := range []struct {
		what string
		off  int64
		b    byte
	}{{"another key", pageHeaderSize + elementSize, 'w'}, {"no element", 10, 0}, {"a branch", 8, branchPageFlag}, {"another page", 0, 0xee}, {"a value beyond the page", pageHeaderSize + 15, 0x7f}} {
		var was [1]byte
		if _, err := b.file.ReadAt(was[:], at+c.off); err != nil {
			t.Fatal(err)
		}
		if _, err := b.file.WriteAt([]byte{c.b}, at+c.off); err != nil {
			t.Fatal(err)
		}
		snap, err := b.View()
		if err != nil {
			t.Fatal(err)
		}
		if v := snap.Get(Journal, blockKey(1)); v != nil || !errors.Is(snap.Err(), ErrDamaged) {
			t.Errorf("%s: %d bytes, %v", c.what, len(v), snap.Err())
		}
		_ = snap.Close()
		if err := b.Apply([]Op{{Space: Journal, Key: blockKey(1), Delete: true}}); !errors.Is(err, ErrDamaged) || !errors.Is(err, ErrNotApplied) {
			t.Errorf("%s: deleting gives %v", c.what, err)
		}
		if _, err := b.file.WriteAt(was[:], at+c.off); err != nil {
			t.Fatal(err)
		}
	}
	journalOf(t, b, map[int][]byte{1: blockOf(1, 100<<10)}, 3)
}
