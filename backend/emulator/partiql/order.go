package partiql

import (
	"cmp"
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
)

// order is the total order over values that MIN, MAX and, within a family of
// types, < go by: ion.Compare's, with bags behind everything else. A bag is
// compared by its elements in their order. Unknowns equal each other.
func (m *machine) order(a, b *datum) (int, error) {
	if err := m.spendOn(a, b); err != nil {
		return 0, err
	}
	x, y := a.isBag(), b.isBag()
	switch {
	case x && y:
		return m.orderBags(a.seq.items, b.seq.items)
	case x || y:
		return oneIf(x) - oneIf(y), nil
	case a.seq == nil && b.seq == nil:
		return ion.Compare(a.ion(), b.ion()), nil
	case a.isSequence() && b.isSequence() && a.kind() == b.kind():
		return m.orderItems(a.items(), b.items())
	}
	return ion.Compare(a.family(), b.family()), nil
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

func (m *machine) orderItems(x, y []datum) (int, error) {
	for i := range min(len(x), len(y)) {
		if c, err := m.order(&x[i], &y[i]); c != 0 || err != nil {
			return c, err
		}
	}
	return cmp.Compare(len(x), len(y)), nil
}

func (m *machine) orderBags(x, y []datum) (int, error) {
	x, err := m.sorted(x)
	if err != nil {
		return 0, err
	}
	if y, err = m.sorted(y); err != nil {
		return 0, err
	}
	return m.orderItems(x, y)
}

// sorted is the items in their order; a context that ends ends the sorting too.
func (m *machine) sorted(items []datum) ([]datum, error) {
	out := slices.Clone(items)
	var failed error
	slices.SortFunc(out, func(a, b datum) int {
		if failed != nil {
			return 0
		}
		c, err := m.order(&a, &b)
		failed = err
		return c
	})
	return out, failed
}
