package hashchain

import (
	"fmt"
	"math/bits"
)

// Node is a node of the block tree: the root over the leaves Index<<Level up to
// but not including (Index+1)<<Level. Level 0 holds the leaves: node (0, i) is
// the block hash of sequence number i.
//
// Only nodes over a full range of leaves are ever stored, so a stored node
// never changes, and the tree at any past size can still be read.
type Node struct {
	Level uint8
	Index uint64
	Hash  Hash
}

// NodeReader gives stored nodes. The functions of this package ask it for
// complete nodes only, O(log n) of them a call.
type NodeReader interface {
	// Node returns the stored node, or an error if it is not there.
	Node(level uint8, index uint64) (Hash, error)
}

// NodeList is a NodeReader in memory: NodeList[level][index].
type NodeList [][]Hash

// Node returns the node, or an error if it is not in the list.
func (l NodeList) Node(level uint8, index uint64) (Hash, error) {
	if int(level) >= len(l) || index >= uint64(len(l[level])) {
		return Hash{}, fmt.Errorf("hashchain: tree node %d at level %d is not there", index, level)
	}
	return l[level][index], nil
}

// Append adds a node, which must be the next one of its level.
func (l NodeList) Append(n Node) NodeList {
	for int(n.Level) >= len(l) {
		l = append(l, nil)
	}
	l[n.Level] = append(l[n.Level], n.Hash)
	return l
}

// RightEdge is what has to be known of a tree to go on with it: the roots of
// the perfect subtrees that its leaves make up, at most 64. It grows without
// reading storage. The zero RightEdge is the tree of no leaves. Assigning it
// does not copy it (see [RightEdge.Clone]); it must not be used by two
// goroutines at once.
type RightEdge struct {
	size  uint64
	peaks []Hash // largest subtree first, one for each bit set in size
}

// Size is the number of leaves.
func (e *RightEdge) Size() uint64 { return e.size }

// Node returns a node of the tree if it is one of the roots that the edge
// consists of.
func (e *RightEdge) Node(level uint8, index uint64) (Hash, bool) {
	if n := e.size >> level; n&1 == 0 || n-1 != index {
		return Hash{}, false
	}
	return e.peaks[bits.OnesCount64(e.size>>level)-1], true
}

// Clone returns a copy that grows on its own.
func (e *RightEdge) Clone() RightEdge {
	return RightEdge{size: e.size, peaks: append([]Hash(nil), e.peaks...)}
}

// Append adds a leaf.
func (e *RightEdge) Append(leaf Hash) { e.push(leaf, nil) }

// AppendNodes adds a leaf and appends to dst the nodes that became complete by
// it, the leaf itself first: the nodes to store. On average there are two.
func (e *RightEdge) AppendNodes(dst []Node, leaf Hash) []Node {
	e.push(leaf, &dst)
	return dst
}

func (e *RightEdge) push(h Hash, out *[]Node) {
	index := e.size
	level := uint8(0)
	for {
		if out != nil {
			*out = append(*out, Node{Level: level, Index: index, Hash: h})
		}
		if index&1 == 0 {
			break
		}
		last := len(e.peaks) - 1
		h = Dot(e.peaks[last], h)
		e.peaks = e.peaks[:last]
		index >>= 1
		level++
	}
	e.peaks = append(e.peaks, h)
	e.size++
}

// Root is the root of the tree: the digest, where the leaves are block hashes.
func (e *RightEdge) Root() Hash { return fold(e.peaks) }

// fold combines peaks, which is the shape of the tree above them: each smaller
// one is the right neighbour of the next larger one.
func fold(peaks []Hash) Hash {
	var h Hash
	for i := len(peaks) - 1; i >= 0; i-- {
		h = Dot(peaks[i], h)
	}
	return h
}

// LoadRightEdge reads the right edge of the tree of the first size leaves: one
// node for each bit set in size.
func LoadRightEdge(r NodeReader, size uint64) (RightEdge, error) {
	e := RightEdge{size: size, peaks: make([]Hash, 0, 8)}
	var err error
	e.peaks, err = readPeaks(r, e.peaks, 0, size)
	return e, err
}

// readPeaks appends the roots of the perfect subtrees that make up the leaves
// from begin to end. begin is a multiple of the largest power of two that fits.
func readPeaks(r NodeReader, dst []Hash, begin, end uint64) ([]Hash, error) {
	for begin < end {
		level := uint8(bits.Len64(end-begin) - 1)
		h, err := r.Node(level, begin>>level)
		if err != nil {
			return dst, err
		}
		dst = append(dst, h)
		begin += 1 << level
	}
	return dst, nil
}

// RootAt is the root of the tree of the first size leaves: the digest whose tip
// is sequence number size-1. It reads at most one node a level.
func RootAt(r NodeReader, size uint64) (Hash, error) {
	e, err := LoadRightEdge(r, size)
	if err != nil {
		return Hash{}, err
	}
	return e.Root(), nil
}

// Path returns the neighbours on the way from a leaf up to the root of the tree
// of the first size leaves: what a proof needs. It reads O(log size) nodes.
func Path(r NodeReader, leaf, size uint64) (Proof, error) {
	if leaf >= size {
		return nil, fmt.Errorf("hashchain: leaf %d is not in a tree of %d leaves", leaf, size)
	}
	path := make(Proof, 0, bits.Len64(size-1))
	for level := uint8(0); (size-1)>>level > 0; level++ {
		neighbour := leaf>>level ^ 1
		begin := neighbour << level
		if begin >= size {
			continue // an odd last node moves up as it is
		}
		h, err := rangeRoot(r, begin, min(size, begin+1<<level))
		if err != nil {
			return nil, err
		}
		path = appendNode(path, h)
	}
	return path, nil
}

// rangeRoot is the root over the leaves from begin to end, where begin is a
// multiple of a power of two that is at least end-begin.
func rangeRoot(r NodeReader, begin, end uint64) (Hash, error) {
	if n := end - begin; n&(n-1) == 0 {
		level := uint8(bits.TrailingZeros64(n))
		return r.Node(level, begin>>level)
	}
	var buf [8]Hash
	peaks, err := readPeaks(r, buf[:0], begin, end)
	return fold(peaks), err
}

// PathLen is the number of nodes on the path of a leaf in a tree of size
// leaves. It is 0 if the leaf is not in the tree.
func PathLen(leaf, size uint64) int {
	n := 0
	for level := uint8(0); leaf < size && (size-1)>>level > 0; level++ {
		if (leaf>>level^1)<<level < size {
			n++
		}
	}
	return n
}

// listPath appends to dst the neighbours of element i of a short list, from the
// leaf to the root of the tree over it.
func listPath(dst Proof, leaves []Hash, i int) Proof {
	if len(leaves) < 2 {
		return dst
	}
	k := leftSize(len(leaves))
	if i < k {
		return appendNode(listPath(dst, leaves[:k], i), Root(leaves[k:]))
	}
	return appendNode(listPath(dst, leaves[k:], i-k), Root(leaves[:k]))
}

// appendNode leaves an empty neighbour out: it changes nothing, and clients
// expect 32 bytes in each node of a proof.
func appendNode(p Proof, h Hash) Proof {
	if h.IsEmpty() {
		return p
	}
	return append(p, h)
}
