package emulator

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
)

// The block tree is stored by block: with each one the hashes of the nodes that
// became complete by it, its own hash first, then upwards. Node i of level n is
// complete by block (i+1)<<n - 1, so it is hash number n there. A commit adds
// one entry at the end, and the nodes on the lower part of a proof's way lie on
// one page, since their blocks are neighbours.

func encodeNodes(nodes []hashchain.Node) []byte {
	b := make([]byte, 0, len(nodes)*hashchain.HashSize+checksumLen)
	for _, n := range nodes {
		b = n.Hash.AppendTo(b)
	}
	return b
}

// treeNodes reads the block tree from a snapshot. One goroutine may use it.
type treeNodes struct {
	snap store.Snapshot
	key  [8]byte

	// What saves reading: nodes of the upper levels, and the right edge of the
	// tree that proofs are made for. nil where all has to come from the snapshot.
	cache *nodeCache
	size  uint64 // of the whole tree
	edge  *hashchain.RightEdge
}

func newNodes(snap store.Snapshot) *treeNodes { return &treeNodes{snap: snap} }

// nodes reads the block tree of a view for proofs for the digest with the given
// tip. Mostly they are for one digest after the other, so the last one's right
// edge is kept.
func (l *Ledger) nodes(v view, tip uint64) (*treeNodes, error) {
	t := &treeNodes{snap: v.snap, cache: &l.nodeCache, size: uint64(v.seq) + 1, edge: v.edge}
	if t.edge.Size() == tip+1 {
		return t, nil
	}
	if e := l.lastEdge.Load(); e != nil && e.Size() == tip+1 {
		t.edge = e
		return t, nil
	}
	e, err := hashchain.LoadRightEdge(t, tip+1)
	if err != nil {
		return nil, err
	}
	l.lastEdge.Store(&e)
	t.edge = &e
	return t, nil
}

// Node is a node that is complete.
func (t *treeNodes) Node(level uint8, index uint64) (hashchain.Hash, error) {
	if t.cache == nil {
		return t.read(level, index)
	}
	if h, ok := t.edge.Node(level, index); ok {
		return h, nil
	}
	if h, ok := t.cache.get(t.size, level, index); ok {
		return h, nil
	}
	h, err := t.read(level, index)
	if err == nil {
		t.cache.put(t.size, level, index, h)
	}
	return h, err
}

func (t *treeNodes) read(level uint8, index uint64) (hashchain.Hash, error) {
	last := (index+1)<<level - 1
	binary.BigEndian.PutUint64(t.key[:], last)
	b, err := get(t.snap, store.Tree, t.key[:])
	if err != nil {
		return hashchain.Hash{}, err
	}
	if b == nil {
		return hashchain.Hash{}, damaged("%s is not there", describe(nil, store.Tree, t.key[:]))
	}
	if want := (1 + bits.TrailingZeros64(last+1)) * hashchain.HashSize; len(b) != want {
		return hashchain.Hash{}, damaged("%s has %d bytes instead of %d", describe(nil, store.Tree, t.key[:]), len(b), want)
	}
	at := int(level) * hashchain.HashSize
	return hashchain.HashOf(b[at : at+hashchain.HashSize])
}

// nodeCache keeps nodes of the upper levels of the tree, half of the way of each
// proof. They lie far from each other in the store, and since they never change
// nothing has to be invalidated. It holds the levels of which a tree has at most
// nodeCacheSize/2 nodes, so that each node has a slot to itself: 2 MB at most.
type nodeCache struct {
	once  sync.Once
	slots []atomic.Pointer[hashchain.Node]
}

const nodeCacheSize = 32768

// slot is where a node of a tree of size leaves goes; nil if its level is too
// low. Counted from left to right through all levels above the lowest one kept,
// node i of level n is number (2i+1)<<n.
func (c *nodeCache) slot(size uint64, level uint8, index uint64) *atomic.Pointer[hashchain.Node] {
	lowest := bits.Len64(size / (nodeCacheSize / 2))
	if int(level) < lowest {
		return nil
	}
	c.once.Do(func() { c.slots = make([]atomic.Pointer[hashchain.Node], nodeCacheSize) })
	return &c.slots[(2*index+1)<<(int(level)-lowest)%nodeCacheSize]
}

func (c *nodeCache) get(size uint64, level uint8, index uint64) (hashchain.Hash, bool) {
	if p := c.slot(size, level, index); p != nil {
		if n := p.Load(); n != nil && n.Level == level && n.Index == index {
			return n.Hash, true
		}
	}
	return hashchain.Hash{}, false
}

func (c *nodeCache) put(size uint64, level uint8, index uint64, h hashchain.Hash) {
	if p := c.slot(size, level, index); p != nil {
		p.Store(&hashchain.Node{Level: level, Index: index, Hash: h})
	}
}
