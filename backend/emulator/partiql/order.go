package partiql

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// order is the total order over values that MIN, MAX and, within a family of
// types, < go by: ion.Compare's, with bags behind everything else. Bags and
// structs are compared by their elements and fields in their order. Unknowns
// equal each other.
func (m *machine) order(a, b *datum) (int, error) {
	x, y := a.isBag(), b.isBag()
	switch {
	case x && y:
		return m.orderBags(a.seq.items, b.seq.items)
	case x || y:
		return oneIf(x) - oneIf(y), nil
	case a.isSequence() && b.isSequence() && a.kind() == b.kind():
		return m.orderItems(a.iter(), b.iter())
	case a.isStruct() && b.isStruct():
		return m.orderStructs(a, b)
	case a.seq != nil || b.seq != nil:
		return ion.Compare(a.family(), b.family()), nil
	}
	if err := m.spendOn(a, b); err != nil {
		return 0, err
	}
	return ion.Compare(a.ion(), b.ion()), nil
}

func (d *datum) isBag() bool { return d.seq != nil && d.seq.kind == seqBag }

// family is d, or of a built sequence an empty one of its type.
func (d *datum) family() ion.Value {
	if d.seq == nil {
		return d.ion()
	}
	empty := datum{seq: &sequence{kind: d.seq.kind}}
	return empty.ion()
}

func (m *machine) orderItems(i, j itemIter) (int, error) {
	for {
		x, more := i.next()
		y, also := j.next()
		if !more || !also {
			return oneIf(more) - oneIf(also), m.spend(opWork)
		}
		if c, err := m.order(&x, &y); c != 0 || err != nil {
			return c, err
		}
	}
}

func (m *machine) orderBags(x, y []datum) (int, error) {
	return heldWhile(m, pointerSize*(len(x)+len(y)), func() (int, error) { return orderSorted(x, y, m.order) })
}

// heldWhile holds n bytes while f runs. They count as work too: f may find nothing to
// compare.
func heldWhile(m *machine, n int, f func() (int, error)) (out int, err error) {
	held := m.held
	if err = m.spend(opWork + n); err != nil {
		return 0, err
	}
	if err = m.hold(n); err == nil {
		out, err = f()
	}
	m.held = held
	return out, err
}

const (
	pointerSize = 8
	fieldSize   = 24 + datumSize
)

// field is a field of a struct.
type field struct {
	name  string
	known bool // the name's text
	value datum
}

func (d *datum) fields() []field {
	out := make([]field, 0, d.v.Len())
	for it := d.v.Iter(); it.Next(); {
		name := it.Name()
		out = append(out, field{name, name != "" || it.NameKnown(), ionDatum(it.Value())})
	}
	return out
}

// orderStructs compares structs by their fields in order of name and value.
func (m *machine) orderStructs(a, b *datum) (int, error) {
	return heldWhile(m, (fieldSize+pointerSize)*(a.v.Len()+b.v.Len()), func() (int, error) {
		return orderSorted(a.fields(), b.fields(), m.orderFields)
	})
}

func (m *machine) orderFields(a, b *field) (int, error) {
	if c := cmp.Or(strings.Compare(a.name, b.name), oneIf(a.known)-oneIf(b.known)); c != 0 {
		return c, m.spend(opWork)
	}
	return m.order(&a.value, &b.value)
}

// orderSorted compares collections by their items in order.
func orderSorted[T any](x, y []T, order func(a, b *T) (int, error)) (int, error) {
	a, err := sorted(x, order)
	if err != nil {
		return 0, err
	}
	b, err := sorted(y, order)
	if err != nil {
		return 0, err
	}
	for i := range min(len(a), len(b)) {
		if c, err := order(a[i], b[i]); c != 0 || err != nil {
			return c, err
		}
	}
	return cmp.Compare(len(a), len(b)), nil
}

// sorted is the items in order; an error, as of a context that has ended, ends
// the sorting too.
func sorted[T any](items []T, order func(a, b *T) (int, error)) ([]*T, error) {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	var failed error
	slices.SortFunc(out, func(a, b *T) int {
		if failed != nil {
			return 0
		}
		c, err := order(a, b)
		failed = err
		return c
	})
	return out, failed
}

// holdsBag reports whether d is a bag or a built sequence with one in it.
func (d *datum) holdsBag() bool {
	return d.isBag() || d.seq != nil && slices.ContainsFunc(d.seq.items, func(item datum) bool { return item.holdsBag() })
}
