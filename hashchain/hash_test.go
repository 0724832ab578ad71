package hashchain

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// slowDot is QLDB's rule spelt out byte by byte.
func slowDot(a, b []byte) []byte {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	lesser, greater := a, b
	for i := 31; i >= 0; i-- {
		if x, y := int8(a[i]), int8(b[i]); x != y {
			if x > y {
				lesser, greater = b, a
			}
			break
		}
	}
	sum := sha256.Sum256(append(append([]byte(nil), lesser...), greater...))
	return sum[:]
}

// slowRoot is QLDB's rule level by level.
func slowRoot(leaves [][]byte) []byte {
	if len(leaves) == 0 {
		return nil
	}
	for len(leaves) > 1 {
		var up [][]byte
		for i := 0; i < len(leaves); i += 2 {
			if i+1 == len(leaves) {
				up = append(up, leaves[i])
			} else {
				up = append(up, slowDot(leaves[i], leaves[i+1]))
			}
		}
		leaves = up
	}
	return leaves[0]
}

func leaf(i int) Hash { return NewHash(sha256.Sum256(fmt.Appendf(nil, "leaf %d", i))) }

func leaves(n int) []Hash {
	list := make([]Hash, n)
	for i := range list {
		list[i] = leaf(i)
	}
	return list
}

func genHash(t *rapid.T, name string) Hash {
	if rapid.IntRange(0, 7).Draw(t, name+" is empty") == 0 {
		return Hash{}
	}
	// Few byte values, so that long common ends and sign changes occur.
	b := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 127, 128, 129, 255}), 32, 32).Draw(t, name)
	h, _ := HashOf(b)
	return h
}

func TestDotIsTheRuleSpeltOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHash(t, "a"), genHash(t, "b")
		if i := rapid.IntRange(0, 32).Draw(t, "common tail"); !a.IsEmpty() && !b.IsEmpty() {
			copy(b.b[32-i:], a.b[32-i:])
		}
		got := Dot(a, b)
		if want := slowDot(a.Bytes(), b.Bytes()); !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("Dot(%s, %s) = %s, want %x", a, b, got, want)
		}
		if Dot(b, a) != got {
			t.Fatalf("Dot(%s, %s) depends on the order", a, b)
		}
	})
}

func TestDotWithEmpty(t *testing.T) {
	a := leaf(1)
	if Dot(a, Hash{}) != a || Dot(Hash{}, a) != a || !Dot(Hash{}, Hash{}).IsEmpty() {
		t.Fatal("the empty hash changed the other one")
	}
}

func TestRootIsTheRuleSpeltOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Hash { return genHash(t, "leaf") }), 0, 40).Draw(t, "leaves")
		raw := make([][]byte, len(list))
		for i := range list {
			raw[i] = list[i].Bytes()
		}
		if got, want := Root(list), slowRoot(raw); !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("root of %d leaves is %s, want %x", len(list), got, want)
		}
	})
}

func TestHashOf(t *testing.T) {
	for _, n := range []int{0, 32} {
		b := bytes.Repeat([]byte{7}, n)
		h, err := HashOf(b)
		if err != nil || !bytes.Equal(h.Bytes(), b) || h.IsEmpty() != (n == 0) {
			t.Errorf("HashOf of %d bytes: %v, %v", n, h, err)
		}
	}
	for _, n := range []int{1, 31, 33, 64} {
		if _, err := HashOf(make([]byte, n)); err == nil {
			t.Errorf("HashOf accepts %d bytes", n)
		}
	}
	zero, _ := HashOf(make([]byte, 32))
	if zero == (Hash{}) {
		t.Error("32 zero bytes are taken for the empty hash")
	}
}

func TestDotDoesNotAllocate(t *testing.T) {
	list := leaves(100)
	if n := testing.AllocsPerRun(100, func() { _ = Root(list) }); n > 0 {
		t.Errorf("Root allocates %v times", n)
	}
}
