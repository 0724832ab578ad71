package partiql

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
)

// This file is equality and its keys. Both go down into containers themselves,
// so that a context which ends also ends work on one large value. What is left
// without a look at the context is one scalar: about 40 ms for a number of 128 KB,
// the longest that there is.

// equal is deep equality, which is what = means between known values.
func (m *machine) equal(a, b *datum) (bool, error) {
	switch {
	case a.isSequence() && b.isSequence():
		return m.equalSequences(a, b)
	case a.isStruct() && b.isStruct():
		return m.equalStructs(a, b)
	case a.seq != nil || b.seq != nil:
		return false, nil
	}
	if err := m.spendOn(a, b); err != nil {
		return false, err
	}
	if a.v.IsZero() || b.v.IsZero() {
		return a.unknown() && b.unknown(), nil
	}
	return ion.Equal(a.v, b.v), nil
}

func (m *machine) equalSequences(a, b *datum) (bool, error) {
	if err := m.spend(opWork); err != nil || a.kind() != b.kind() {
		return false, err
	}
	if a.isBag() {
		if len(a.seq.items) != len(b.seq.items) {
			return false, nil
		}
		c, err := m.orderBags(a.seq.items, b.seq.items)
		return c == 0, err
	}
	for i, j := a.iter(), b.iter(); ; {
		x, more := i.next()
		y, also := j.next()
		if !more || !also {
			return more == also, nil
		}
		if same, err := m.equal(&x, &y); !same || err != nil {
			return false, err
		}
	}
}

// equalStructs compares fields as they come. Only where that fails are they put
// in order.
func (m *machine) equalStructs(a, b *datum) (bool, error) {
	if err := m.spend(opWork); err != nil {
		return false, err
	}
	i, j := a.v.Iter(), b.v.Iter()
	for {
		more, also := i.Next(), j.Next()
		if !more && !also {
			return true, nil
		}
		if more != also || !i.SameName(&j) {
			break
		}
		x, y := ionDatum(i.Value()), ionDatum(j.Value())
		same, err := m.equal(&x, &y)
		if err != nil {
			return false, err
		}
		if !same {
			break
		}
	}
	c, err := m.orderStructs(a, b)
	return c == 0, err
}

// First bytes of parts of keys that ion.AppendKey begins no key with.
const (
	keySequence = 0xf0 // and its kind
	keyStruct   = 0xf4
	keyField    = 0xf5
	keyNameless = 0xf6 // a field whose name has no known text
	keyEnd      = 0xff
)

// appendKey appends bytes that are the same for equal values only.
func (m *machine) appendKey(dst []byte, d *datum) (_ []byte, err error) {
	switch {
	case d.isBag():
		dst = append(dst, keySequence+byte(seqBag))
		starts := make([]int, 0, len(d.seq.items))
		for i := range d.seq.items {
			starts = append(starts, len(dst))
			if dst, err = m.appendKey(dst, &d.seq.items[i]); err != nil {
				return dst, err
			}
		}
		return m.endUnordered(dst, starts)
	case d.isSequence():
		dst = append(dst, keySequence+byte(d.kind()))
		for it := d.iter(); ; {
			item, ok := it.next()
			if !ok {
				return append(dst, keyEnd), m.spend(opWork)
			}
			if dst, err = m.appendKey(dst, &item); err != nil {
				return dst, err
			}
		}
	case d.isStruct():
		dst = append(dst, keyStruct)
		var starts []int
		for it := d.v.Iter(); it.Next(); {
			starts = append(starts, len(dst))
			name, value := it.Name(), ionDatum(it.Value())
			if name == "" && !it.NameKnown() {
				dst = append(dst, keyNameless)
			} else {
				dst = append(binary.AppendUvarint(append(dst, keyField), uint64(len(name))), name...)
			}
			if dst, err = m.appendKey(dst, &value); err != nil {
				return dst, err
			}
		}
		return m.endUnordered(dst, starts)
	}
	if err := m.spendOn(d, d); err != nil {
		return dst, err
	}
	return ion.AppendKey(dst, d.ion()), nil
}

// partSize is what endUnordered takes for a part: a slice, and where it begins.
const partSize = 32

// endUnordered puts the parts of a key that begin at starts in order and ends it.
func (m *machine) endUnordered(dst []byte, starts []int) ([]byte, error) {
	if len(starts) == 0 {
		return append(dst, keyEnd), m.spend(opWork)
	}
	held := m.held
	if err := m.hold(partSize*len(starts) + len(dst) - starts[0]); err != nil {
		return dst, err
	}
	parts := make([][]byte, len(starts))
	for i, at := range starts {
		end := len(dst)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		parts[i] = dst[at:end:end]
	}
	if err := m.spend(opWork * len(parts)); err != nil {
		return dst, err
	}
	if !slices.IsSortedFunc(parts, bytes.Compare) {
		if err := m.spend(len(dst) - starts[0]); err != nil {
			return dst, err
		}
		slices.SortFunc(parts, bytes.Compare)
		copy(dst[starts[0]:], bytes.Join(parts, nil))
	}
	m.held = held
	return append(dst, keyEnd), nil
}
