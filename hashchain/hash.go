package hashchain

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// HashSize is the length of a hash that is not empty: 32 bytes of SHA-256.
const HashSize = sha256.Size

// Hash is a SHA-256 hash or the empty hash. The zero Hash is the empty one.
// Hashes are comparable with ==.
type Hash struct {
	b    [HashSize]byte
	full bool // b is all zero where this is false
}

// NewHash returns the 32 bytes as a Hash that is not empty.
func NewHash(b [HashSize]byte) Hash { return Hash{b: b, full: true} }

// HashOf returns a copy of b as a Hash. It fails unless b has 32 bytes or none.
func HashOf(b []byte) (Hash, error) {
	switch len(b) {
	case 0:
		return Hash{}, nil
	case HashSize:
		return NewHash([HashSize]byte(b)), nil
	}
	return Hash{}, fmt.Errorf("hashchain: a hash has 32 bytes or none, not %d", len(b))
}

// IonHash is the Ion Hash of v.
func IonHash(v ion.Value) (Hash, error) { return ionHash(nil, v) }

// ionHash is IonHash by a Hasher that may be nil.
func ionHash(hasher *ion.Hasher, v ion.Value) (Hash, error) {
	h, err := hasher.Hash(v)
	if err != nil {
		return Hash{}, err
	}
	return NewHash(h), nil
}

// IsEmpty reports whether h is the empty hash.
func (h Hash) IsEmpty() bool { return !h.full }

// Bytes returns the 32 bytes of h in memory of their own, nil for the empty
// hash.
func (h Hash) Bytes() []byte { return h.AppendTo(nil) }

// AppendTo appends the bytes of h to dst: 32 or none.
func (h Hash) AppendTo(dst []byte) []byte {
	if !h.full {
		return dst
	}
	return append(dst, h.b[:]...)
}

// view is the bytes of h without a copy.
func (h *Hash) view() []byte {
	if !h.full {
		return nil
	}
	return h.b[:]
}

// String is h in lower-case hexadecimal, "" for the empty hash.
func (h Hash) String() string { return hex.EncodeToString(h.view()) }

// Base64 is h in standard base64, the form that Ion text has between {{ and }}.
func (h Hash) Base64() string { return base64.StdEncoding.EncodeToString(h.view()) }

// Dot combines two hashes in QLDB's way. The empty hash changes nothing:
// the other one is returned as it is. Otherwise the result is the SHA-256 of
// the lesser hash followed by the greater one, so the order of a and b does not
// matter; the grouping of several Dots does.
func Dot(a, b Hash) Hash {
	if !a.full {
		return b
	}
	if !b.full {
		return a
	}
	var both [2 * HashSize]byte
	low, high := &a.b, &b.b
	if less(high, low) {
		low, high = high, low
	}
	copy(both[:HashSize], low[:])
	copy(both[HashSize:], high[:])
	return Hash{b: sha256.Sum256(both[:]), full: true}
}

// Root is the root of the tree over the leaves: neighbours are combined by
// [Dot] level by level, and an odd last node moves up as it is. The root of one
// leaf is that leaf, and the root of none is the empty hash.
func Root(leaves []Hash) Hash {
	switch len(leaves) {
	case 0:
		return Hash{}
	case 1:
		return leaves[0]
	}
	// The left subtree is the largest perfect one: the same tree, from above.
	k := leftSize(len(leaves))
	return Dot(Root(leaves[:k]), Root(leaves[k:]))
}

// leftSize is the largest power of two below n, which is above 1.
func leftSize(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

// order says how two hashes are compared. Only orderQLDB is right; the others
// let a test show that a wrong order does not go unnoticed.
var order = orderQLDB

const (
	orderQLDB = iota
	orderUnsigned
	orderBigEndian
)

// less compares from byte 31 down to byte 0, each byte as a signed int8. Read
// as a little-endian word, the byte that counts most is the highest one;
// flipping all sign bits turns the signed comparison of bytes into one
// unsigned comparison of words.
func less(a, b *[HashSize]byte) bool {
	const signs = 0x8080808080808080
	if order != orderQLDB {
		return lessWrong(a, b)
	}
	for i := HashSize - 8; i >= 0; i -= 8 {
		x := binary.LittleEndian.Uint64(a[i:]) ^ signs
		y := binary.LittleEndian.Uint64(b[i:]) ^ signs
		if x != y {
			return x < y
		}
	}
	return false
}

func lessWrong(a, b *[HashSize]byte) bool {
	for i := range a {
		if order == orderUnsigned {
			i = HashSize - 1 - i
			if a[i] != b[i] {
				return a[i] < b[i]
			}
		} else if a[i] != b[i] {
			return int8(a[i]) < int8(b[i])
		}
	}
	return false
}
