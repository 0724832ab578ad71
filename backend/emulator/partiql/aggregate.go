package partiql

import (
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// aggregateSpec is an aggregate over the rows of a query.
type aggregateSpec struct {
	name     string
	arg      node // nil for COUNT(*)
	distinct bool
	pos      Pos
	slot     int // of the result in machine.aggs
}

// aggregate compiles an aggregate: in a select list it collects rows, elsewhere
// it takes a collection.
func (c *compiler) aggregate(e *Aggregate) node {
	switch {
	case c.aggregating:
		const text = "The arguments of an aggregate function cannot contain aggregate functions"
		c.failAt(e.Pos, Evaluator, text, "")
		return nothing
	case c.collecting != nil:
		return c.rowAggregate(e)
	case e.Arg == nil:
		c.failAt(e.Pos, Evaluator, "COUNT(*) is not allowed in this context", "")
		return nothing
	}
	return &located{&collectionAggregate{aggregateSpec{name: e.Name, arg: c.expr(e.Arg), distinct: e.Distinct, pos: e.Pos}}, e.Pos}
}

func (c *compiler) rowAggregate(e *Aggregate) node {
	spec := aggregateSpec{name: e.Name, distinct: e.Distinct, pos: e.Pos, slot: c.aggs}
	c.aggs++
	if e.Arg != nil {
		c.aggregating, c.scope.frozen = true, false
		spec.arg = c.expr(e.Arg)
		c.aggregating, c.scope.frozen = false, true
	}
	*c.collecting = append(*c.collecting, spec)
	return &aggregateNode{spec.slot}
}

// hasAggregate reports whether a select list has an aggregate of its own.
func hasAggregate(items []SelectItem) bool {
	found := false
	for _, item := range items {
		Walk(item.Expr, func(n Node) bool {
			switch n.(type) {
			case *Aggregate:
				found = true
			case *Select:
				return false
			}
			return !found
		})
	}
	return found
}

// aggregateNode is the result of an aggregate over rows.
type aggregateNode struct{ slot int }

func (n *aggregateNode) eval(m *machine) (datum, error) { return m.aggs[n.slot], nil }

// accumulator is an aggregate under way.
type accumulator struct {
	count int64
	value datum
	size  int // of value, or of the first one of a sum, which gets no larger
	seen  map[string]struct{}
}

// add takes the current row in.
func (a *accumulator) add(m *machine, s *aggregateSpec) error {
	if s.arg == nil {
		a.count++
		return nil
	}
	d, err := s.arg.eval(m)
	if err != nil {
		return err
	}
	before := m.held
	err = a.take(m, s, &d)
	m.kept += m.held - before
	return m.plan.place(s.pos, err)
}

// take takes one value in; unknowns do not count.
func (a *accumulator) take(m *machine, s *aggregateSpec, d *datum) error {
	if d.unknown() {
		return nil
	}
	if err := m.spendOn(d, &a.value); err != nil {
		return err
	}
	if s.distinct {
		var err error
		if m.key, err = m.appendKey(m.key[:0], d); err != nil {
			return err
		}
		if _, ok := a.seen[string(m.key)]; ok {
			return nil
		}
		if a.seen == nil {
			a.seen = make(map[string]struct{})
		}
		a.seen[string(m.key)] = struct{}{}
		if err := m.hold(len(m.key)); err != nil {
			return err
		}
	}
	a.count++
	switch s.name {
	case "sum", "avg":
		return a.sum(m, d)
	case "min":
		return a.extreme(m, d, -1)
	case "max":
		return a.extreme(m, d, 1)
	}
	return nil
}

func (a *accumulator) sum(m *machine, d *datum) (err error) {
	if !d.v.Type().IsNumber() {
		return errf("Expected number: %s", d.ionText())
	}
	if beyond64(d.v) {
		return errOverflow()
	}
	if a.count == 1 {
		v, size, err := m.own(d)
		if err != nil {
			return err
		}
		a.value, a.size = ionDatum(v.WithoutAnnotations()), size
		return m.grow(size)
	}
	a.value, err = arithmetic('+', &a.value, d)
	return err
}

// extreme keeps the value if it is beyond the one so far in the total order.
func (a *accumulator) extreme(m *machine, d *datum, sign int) error {
	if a.count > 1 {
		if c, err := m.order(d, &a.value); err != nil || c*sign <= 0 {
			return err
		}
	}
	before := a.size
	var err error
	if a.value, a.size, err = m.ownBags(d); err != nil {
		return err
	}
	return m.grow(a.size - before)
}

// ownBags is own, but bags stay bags, which order otherwise than lists.
func (m *machine) ownBags(d *datum) (datum, int, error) {
	if !d.holdsBag() {
		v, size, err := m.own(d)
		return ionDatum(v), size, err
	}
	s := &sequence{kind: d.seq.kind, items: make([]datum, len(d.seq.items))}
	size := datumSize * len(s.items)
	for i := range s.items {
		item, n, err := m.ownBags(&d.seq.items[i])
		if err != nil {
			return datum{}, 0, err
		}
		s.items[i] = item
		size += n
	}
	return datum{seq: s}, size, m.spend(opWork * len(s.items))
}

func (a *accumulator) result(s *aggregateSpec) (datum, error) {
	switch {
	case s.name == "count":
		return ionDatum(ion.NewInt(a.count)), nil
	case a.count == 0:
		return nullDatum, nil
	case s.name == "avg":
		n := ionDatum(ion.FromDecimal(ion.NewDecimal(a.count, 0)))
		return arithmetic('/', &a.value, &n)
	}
	return a.value, nil
}

// collectionAggregate is an aggregate over the elements of a collection. Of an
// unknown it is what it is of an empty one: 0 for COUNT, which is an int always,
// and null for the others.
type collectionAggregate struct{ aggregateSpec }

func (n *collectionAggregate) eval(m *machine) (datum, error) {
	before := m.held
	d, err := n.arg.eval(m)
	if err != nil {
		return datum{}, err
	}
	if d.unknown() {
		return new(accumulator).result(&n.aggregateSpec)
	}
	if !d.isSequence() {
		return datum{}, errf("%s expects a collection outside of a select list, got: %s", strings.ToUpper(n.name), d.typeName())
	}
	var a accumulator
	if err := d.each(func(item datum) error { return a.take(m, &n.aggregateSpec, &item) }); err != nil {
		return datum{}, err
	}
	if d, err = a.result(&n.aggregateSpec); err != nil {
		return datum{}, err
	}
	m.held = before // the collection and what was seen of it; the result is a copy
	return d, m.hold(a.size)
}
