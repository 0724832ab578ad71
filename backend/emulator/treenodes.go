package emulator

import (
	"encoding/binary"
	"math/bits"

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
}

func newNodes(snap store.Snapshot) *treeNodes { return &treeNodes{snap: snap} }

// Node is a node that is complete.
func (t *treeNodes) Node(level uint8, index uint64) (hashchain.Hash, error) {
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
