package hashchain

import (
	"fmt"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// countingReader counts how many nodes are asked for.
type countingReader struct {
	NodeList
	reads int
}

func (r *countingReader) Node(level uint8, index uint64) (Hash, error) {
	r.reads++
	return r.NodeList.Node(level, index)
}

func grow(n int) (NodeList, RightEdge) {
	var list NodeList
	var edge RightEdge
	for i := range n {
		for _, node := range edge.AppendNodes(nil, leaf(i)) {
			list = list.Append(node)
		}
	}
	return list, edge
}

// TestTree grows a tree from 0 to 129 leaves. At each size every leaf's path
// must lead to the root, and must not do so with any bit of it flipped.
func TestTree(t *testing.T) {
	all := leaves(129)
	stored, _ := grow(129)
	var edge RightEdge
	for size := 0; size <= 129; size++ {
		root := Root(all[:size])
		if edge.Root() != root || edge.Size() != uint64(size) {
			t.Fatalf("right edge of %d leaves has root %s, want %s", size, edge.Root(), root)
		}
		if got, err := RootAt(stored, uint64(size)); err != nil || got != root {
			t.Fatalf("RootAt(%d) = %s, %v, want %s", size, got, err, root)
		}
		for i := range size {
			checkPath(t, stored, uint64(i), uint64(size), root)
		}
		if _, err := Path(stored, uint64(size), uint64(size)); err == nil {
			t.Fatalf("a path was found for leaf %d of %d", size, size)
		}
		if size < 129 {
			edge.Append(all[size])
		}
	}
}

func checkPath(t *testing.T, r NodeReader, i, size uint64, root Hash) {
	t.Helper()
	path, err := Path(r, i, size)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.Check(leaf(int(i)), root); err != nil {
		t.Fatalf("leaf %d of %d: %v", i, size, err)
	}
	if len(path) != PathLen(i, size) {
		t.Fatalf("leaf %d of %d: path has %d nodes, PathLen says %d", i, size, len(path), PathLen(i, size))
	}
	reached := leaf(int(i))
	for n := range path {
		above := Dot(reached, path[n])
		for bit := range 256 {
			path[n].b[bit/8] ^= 1 << (bit % 8)
			// What is reached at the next level differs; the whole way up is
			// walked for some bits only, or this test would take minutes.
			if Dot(reached, path[n]) == above || bit%37 == 0 && path.Check(leaf(int(i)), root) == nil {
				t.Fatalf("leaf %d of %d: node %d with bit %d flipped still verifies", i, size, n, bit)
			}
			path[n].b[bit/8] ^= 1 << (bit % 8)
		}
		reached = above
	}
	if size > 1 && path.Check(leaf(int(i+1)), root) == nil {
		t.Fatalf("the path of leaf %d verifies another leaf", i)
	}
}

func TestListPathEqualsTreePath(t *testing.T) {
	for n := 1; n <= 40; n++ {
		stored, _ := grow(n)
		all := leaves(n)
		for i := range n {
			want, _ := Path(stored, uint64(i), uint64(n))
			if got := listPath(nil, all, i); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("leaf %d of %d: %v, want %v", i, n, got, want)
			}
		}
	}
}

func TestReadsAreLogarithmic(t *testing.T) {
	stored, _ := grow(5000)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, 5000).Draw(t, "size")
		i := rapid.Uint64Range(0, size-1).Draw(t, "leaf")
		r := &countingReader{NodeList: stored}
		if _, err := Path(r, i, size); err != nil {
			t.Fatal(err)
		}
		if r.reads > 26 {
			t.Fatalf("path of leaf %d of %d took %d reads", i, size, r.reads)
		}
		r.reads = 0
		if _, err := RootAt(r, size); err != nil || r.reads > 13 {
			t.Fatalf("root at %d took %d reads, %v", size, r.reads, err)
		}
	})
}

func TestRightEdgeGoesOnAfterLoading(t *testing.T) {
	for size := range 70 {
		stored, _ := grow(size)
		edge, err := LoadRightEdge(stored, uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		other := edge.Clone()
		for i := size; i < 75; i++ {
			edge.Append(leaf(i))
		}
		if edge.Root() != Root(leaves(75)) || other.Root() != Root(leaves(size)) {
			t.Fatalf("edge loaded at %d does not go on right", size)
		}
	}
}

// TestRightEdgeNodes: the edge gives the nodes that it consists of and no other.
func TestRightEdgeNodes(t *testing.T) {
	for size := range 70 {
		list, edge := grow(size)
		given := 0
		for level := range list {
			for i, want := range list[level] {
				if h, ok := edge.Node(uint8(level), uint64(i)); ok {
					given++
					if h != want {
						t.Errorf("size %d: node %d at level %d is %v, want %v", size, i, level, h, want)
					}
				}
			}
			if _, ok := edge.Node(uint8(level), uint64(len(list[level]))); ok {
				t.Errorf("size %d: the edge gives a node of level %d that is not complete", size, level)
			}
		}
		if want := bits.OnesCount(uint(size)); given != want {
			t.Errorf("size %d: the edge gives %d nodes, it consists of %d", size, given, want)
		}
		if _, ok := edge.Node(255, 0); ok {
			t.Errorf("size %d: the edge gives a node of level 255", size)
		}
	}
}

func TestMissingNodeIsAnError(t *testing.T) {
	stored, _ := grow(20)
	stored[2] = stored[2][:1]
	if _, err := Path(stored, 0, 20); err == nil {
		t.Fatal("a path was made although a node is missing")
	}
	if _, err := RootAt(stored, 23); err == nil {
		t.Fatal("a root was made although nodes are missing")
	}
}

func TestPathLenOfHugeTrees(t *testing.T) {
	const size = 1 << 63
	if got := PathLen(size-1, size); got != 63 {
		t.Errorf("PathLen of the last leaf of 2^63 is %d", got)
	}
	if got := PathLen(size, size); got != 0 {
		t.Errorf("PathLen of a leaf beyond the tree is %d", got)
	}
}

func BenchmarkDot(b *testing.B) {
	x, y := leaf(1), leaf(2)
	b.ReportAllocs()
	for b.Loop() {
		x = Dot(x, y)
	}
}

func BenchmarkRightEdgeAppend(b *testing.B) {
	var e RightEdge
	var nodes []Node
	b.ReportAllocs()
	for b.Loop() {
		nodes = e.AppendNodes(nodes[:0], leaf(1))
	}
}

func BenchmarkPath(b *testing.B) {
	stored, _ := grow(100_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Path(stored, 54_321, 99_999); err != nil {
			b.Fatal(err)
		}
	}
}
