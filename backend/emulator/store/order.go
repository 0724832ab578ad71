package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// order sorts the operations of a group by space and key without moving them.
// Sorted puts walk a B+tree from left to right, touch each page once and append
// to a page instead of shifting what it holds. The zero value is ready; its
// buffer is reused from group to group.
type order struct {
	entries []entry
}

// entry stands for ops[at]. It carries the key's first eight bytes, which
// settle most comparisons without following a pointer.
type entry struct {
	prefix uint64
	at     int32
	space  Space
}

// sort returns the group's operations in order. Of several operations on one
// key only the last is returned. The result is valid until the next call.
func (o *order) sort(ops []Op) []entry {
	es := o.entries[:0]
	for i := range ops {
		es = append(es, entry{prefix: keyPrefix(ops[i].Key), at: int32(i), space: ops[i].Space})
	}
	o.entries = es
	slices.SortFunc(es, func(a, b entry) int {
		if c := compareEntries(ops, a, b); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
	return lastOfEach(ops, es)
}

// lastOfEach drops every entry that is followed by one for the same key.
func lastOfEach(ops []Op, es []entry) []entry {
	kept := es[:0]
	for i, e := range es {
		if i+1 < len(es) && compareEntries(ops, e, es[i+1]) == 0 {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

func compareEntries(ops []Op, a, b entry) int {
	if a.space != b.space {
		return cmp.Compare(a.space, b.space)
	}
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return bytes.Compare(ops[a.at].Key, ops[b.at].Key)
}

// keyPrefix is the key's first eight bytes as a number that orders as they do.
// Shorter keys are filled with zeros; a tie is settled by the whole keys.
func keyPrefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}
