package emulator

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
)

// storedTree is a tree of n leaves, as it is stored and in memory.
func storedTree(t *testing.T, n int) (store.Snapshot, hashchain.NodeList, hashchain.RightEdge) {
	t.Helper()
	s := store.OpenMem()
	t.Cleanup(func() { _ = s.Close() })
	var list hashchain.NodeList
	var edge hashchain.RightEdge
	var ops []store.Op
	for seq := range n {
		var b [32]byte
		binary.BigEndian.PutUint64(b[:], uint64(seq))
		nodes := edge.AppendNodes(nil, hashchain.NewHash(b))
		for _, n := range nodes {
			list = list.Append(n)
		}
		ops = append(ops, put(store.Tree, seqKey(int64(seq)), encodeNodes(nodes)))
	}
	if err := s.Apply(ops); err != nil {
		t.Fatal(err)
	}
	snap, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = snap.Close() })
	return snap, list, edge
}

// TestTreeNodes: each node is read as it was made, from the store and through a
// cache that several goroutines fill, and paths are those of the tree in memory.
func TestTreeNodes(t *testing.T) {
	const size = 9001
	snap, list, edge := storedTree(t, size)
	plain := newNodes(snap)
	for level := range list {
		for i, want := range list[level] {
			if h, err := plain.Node(uint8(level), uint64(i)); err != nil || h != want {
				t.Fatalf("node %d at level %d is %v, %v, want %v", i, level, h, err, want)
			}
		}
		if _, err := plain.Node(uint8(level), uint64(len(list[level]))); err == nil {
			t.Errorf("node %d at level %d is not complete and yet there", len(list[level]), level)
		}
	}
	var cache nodeCache
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r := &treeNodes{snap: snap, cache: &cache, size: size, edge: &edge}
			for range 2000 {
				n := 1 + rand.Uint64N(size)
				leaf := rand.Uint64N(n)
				got, err := hashchain.Path(r, leaf, n)
				want, _ := hashchain.Path(list, leaf, n)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("the path of leaf %d of %d is %v, %v, want %v", leaf, n, got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestNodeCacheSlots: however large the tree, no two nodes of the levels that
// are kept share a slot, and levels of few nodes are kept.
func TestNodeCacheSlots(t *testing.T) {
	for _, size := range []uint64{1, 2, 3, 16383, 16384, 16385, 100_000, 1_000_000, 1<<30 + 12345} {
		var c nodeCache
		taken := map[*atomic.Pointer[hashchain.Node]]bool{}
		for level := uint8(0); size>>level > 0; level++ {
			if c.slot(size, level, 0) == nil {
				if size>>level <= nodeCacheSize/4 {
					t.Errorf("size %d: level %d, which has %d nodes, is not kept", size, level, size>>level)
				}
				continue
			}
			for i := range size >> level {
				p := c.slot(size, level, i)
				if taken[p] {
					t.Fatalf("size %d: node %d at level %d has the slot of another", size, i, level)
				}
				taken[p] = true
			}
		}
	}
}
