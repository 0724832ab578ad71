package partiql

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// node is a compiled expression. Nodes are immutable: what changes during a run
// stands in the machine.
type node interface {
	eval(m *machine) (datum, error)
}

// condition is a node whose value is true, false or null; truth gives it without
// building a datum.
type condition interface {
	node
	truth(m *machine) (tri, error)
}

// tri is a truth value of three-valued logic.
type tri uint8

const (
	isUnknown tri = iota
	isFalse
	isTrue
)

func triOf(b bool) tri {
	if b {
		return isTrue
	}
	return isFalse
}

func (t tri) datum() datum {
	switch t {
	case isTrue:
		return trueDatum
	case isFalse:
		return falseDatum
	}
	return nullDatum
}

func (t tri) negate() tri {
	switch t {
	case isTrue:
		return isFalse
	case isFalse:
		return isTrue
	}
	return isUnknown
}

// truth evaluates n as a condition.
func truth(m *machine, n node) (tri, error) {
	held := m.held
	if c, ok := n.(condition); ok {
		t, err := c.truth(m)
		m.held = held // nothing of what was compared is left
		return t, err
	}
	d, err := n.eval(m)
	m.held = held
	if err != nil {
		return isUnknown, err
	}
	return truthOf(&d)
}

func truthOf(d *datum) (tri, error) {
	if d.unknown() {
		return isUnknown, nil
	}
	b, ok := d.v.Bool()
	if !ok {
		return isUnknown, errf("Expected boolean: %s", d.ionText())
	}
	return triOf(b), nil
}

// evalCondition is eval of every condition.
func evalCondition(m *machine, c condition) (datum, error) {
	t, err := truth(m, c)
	return t.datum(), err
}

// The simplest nodes.
type (
	constNode struct{ d datum }
	paramNode struct{ i int }
	varNode   struct{ slot int }
	// pathNode is a variable followed by field names.
	pathNode struct {
		slot int
		refs []int
	}
)

func (n *constNode) eval(*machine) (datum, error)   { return n.d, nil }
func (n *paramNode) eval(m *machine) (datum, error) { return ionDatum(m.params[n.i]), nil }
func (n *varNode) eval(m *machine) (datum, error)   { return m.regs[n.slot], nil }

func (n *pathNode) eval(m *machine) (datum, error) {
	v := m.regs[n.slot].v
	for _, r := range n.refs {
		var ok bool
		if v, ok = m.field(r, v); !ok {
			return datum{}, nil
		}
	}
	return datum{v: v}, nil
}

// located adds a place to the errors of a node.
type located struct {
	node
	pos Pos
}

func (n *located) eval(m *machine) (datum, error) {
	d, err := n.node.eval(m)
	if err != nil {
		err = m.plan.place(n.pos, err)
	}
	return d, err
}

func (n *located) truth(m *machine) (tri, error) {
	t, err := truth(m, n.node)
	if err != nil {
		err = m.plan.place(n.pos, err)
	}
	return t, err
}

// Steps of paths that are more than field names.
type (
	fieldNode struct {
		base node
		ref  int
	}
	indexNode struct{ base, index node }
	// spreadNode is [*] or .*; what follows applies to each element.
	spreadNode struct {
		base   node
		fields bool
		slot   int  // holds the element while rest is evaluated
		rest   node // nil if nothing follows
	}
)

// field is the field that name number r means in a struct.
func (m *machine) field(r int, v ion.Value) (ion.Value, bool) {
	f, ok := m.refs[r].Of(v)
	if name := &m.plan.refs[r]; !ok && name.anyCase && v.Type() == ion.StructType {
		for it := v.Iter(); it.Next(); {
			if name.matches(it.Name()) {
				return it.Value(), true
			}
		}
	}
	return f, ok
}

func (n *fieldNode) eval(m *machine) (datum, error) {
	d, err := n.base.eval(m)
	if err != nil {
		return datum{}, err
	}
	v, _ := m.field(n.ref, d.v)
	return ionDatum(v), nil
}

func (n *indexNode) eval(m *machine) (datum, error) {
	d, err := n.base.eval(m)
	if err != nil {
		return datum{}, err
	}
	i, err := n.index.eval(m)
	if err != nil {
		return datum{}, err
	}
	return elementOf(&d, &i)
}

// elementOf is d[i]: an element of a list, a field of a struct, or MISSING.
func elementOf(d, i *datum) (datum, error) {
	switch t := i.v.Type(); {
	case i.unknown():
		return datum{}, nil
	case t.IsText():
		name, ok := i.v.Text()
		if !ok || !d.isStruct() {
			return datum{}, nil
		}
		v, _ := d.v.Field(name)
		return ionDatum(v), nil
	case t != ion.IntType:
		return datum{}, errf("Cannot convert index to int/string: %s", i.ionText())
	}
	x, ok := i.v.Int64()
	switch {
	case !ok || x < 0 || !d.isSequence() || d.kind() == seqBag:
		return datum{}, nil
	case d.seq == nil:
		v, _ := d.v.Index(int(min(x, 1<<31)))
		return ionDatum(v), nil
	case x < int64(len(d.seq.items)):
		return d.seq.items[x], nil
	}
	return datum{}, nil
}

func (n *spreadNode) eval(m *machine) (datum, error) {
	d, err := n.base.eval(m)
	if err != nil {
		return datum{}, err
	}
	bag := &sequence{kind: seqBag}
	add := func(item datum) error {
		if n.rest != nil {
			m.regs[n.slot] = item
			if item, err = n.rest.eval(m); err != nil {
				return err
			}
		}
		switch _, nested := n.rest.(*spreadNode); {
		case nested:
			bag.items = append(bag.items, item.seq.items...)
		case !item.missing():
			bag.items = append(bag.items, item)
		}
		if err := m.spend(opWork); err != nil {
			return err
		}
		return m.hold(0)
	}
	switch {
	case n.fields && d.isStruct():
		for it := d.v.Iter(); it.Next() && err == nil; {
			err = add(ionDatum(it.Value()))
		}
	case !n.fields && d.isSequence():
		err = d.each(add)
	default:
		err = add(d)
	}
	return datum{seq: bag}, err
}

// listNode builds a list, bag or sexp.
type listNode struct {
	kind  seqKind
	items []node
}

func (n *listNode) eval(m *machine) (datum, error) {
	if err := m.hold(datumSize * len(n.items)); err != nil {
		return datum{}, err
	}
	s := &sequence{kind: n.kind, items: make([]datum, len(n.items))}
	for i, item := range n.items {
		d, err := item.eval(m)
		if err != nil {
			return datum{}, err
		}
		s.items[i] = d
	}
	return datum{seq: s}, nil
}

// structNode builds a struct; fields that are MISSING are left out.
type structNode struct{ names, values []node }

func (n *structNode) eval(m *machine) (datum, error) {
	start := m.held
	w := m.writer()
	w.BeginStruct()
	for i := range n.names {
		before := m.held
		name, err := n.names[i].eval(m)
		if err != nil {
			return datum{}, err
		}
		v, err := n.values[i].eval(m)
		if err != nil {
			return datum{}, err
		}
		text, ok := name.v.Text()
		if !ok {
			return datum{}, errBoth("Struct field should be text.", "Found struct field to be of type "+name.typeName())
		}
		if v.missing() {
			m.held = before
			continue
		}
		w.Field(text)
		if err := m.write(w, &v); err != nil {
			return datum{}, err
		}
		m.copied(before, &v)
		if err := m.hold(len(text)); err != nil {
			return datum{}, err
		}
		if w.Err() != nil {
			break
		}
	}
	w.End()
	v, _, err := m.finish(w)
	if err != nil {
		return datum{}, err
	}
	return m.made(start, ionDatum(v))
}

// caseNode is CASE: the first branch whose condition holds. The simple form
// compares by deep equality, in which null equals null.
type caseNode struct {
	operand        node
	conds, results []node
	otherwise      node
}

func (n *caseNode) eval(m *machine) (datum, error) {
	var operand datum
	var err error
	if n.operand != nil {
		if operand, err = n.operand.eval(m); err != nil {
			return datum{}, err
		}
	}
	for i, cond := range n.conds {
		held := m.held
		match, err := n.matches(m, &operand, cond)
		m.held = held
		if err != nil {
			return datum{}, err
		}
		if match {
			return n.results[i].eval(m)
		}
	}
	if n.otherwise == nil {
		return nullDatum, nil
	}
	return n.otherwise.eval(m)
}

func (n *caseNode) matches(m *machine, operand *datum, cond node) (bool, error) {
	if n.operand == nil {
		t, err := truth(m, cond)
		return t == isTrue, err
	}
	d, err := cond.eval(m)
	if err != nil {
		return false, err
	}
	return m.equal(operand, &d)
}

// subqueryNode is a SELECT inside an expression: a bag.
type subqueryNode struct{ q *query }

func (n *subqueryNode) eval(m *machine) (datum, error) {
	bag := &sequence{kind: seqBag}
	kept, base, start := m.kept, m.base, m.held
	m.kept, m.base = 0, m.held
	var rows int64 // what they take
	built := false // a row shares something with what the query held
	var last ion.Value
	err := n.q.run(m, func(d datum, stream []byte) (err error) {
		size := 0
		switch {
		case stream != nil:
			size = len(stream) - len(d.v.Raw()) + memorySize(d.v, last)
			last = d.v
		case d.seq != nil:
			built = true
			bag.items = append(bag.items, d)
			return m.keepDatum(&d)
		default:
			if d.v, size, err = m.own(&d); err != nil {
				return err
			}
		}
		bag.items = append(bag.items, d)
		before := m.held
		err = m.keep(size)
		rows += m.held - before
		return err
	})
	m.kept, m.base = kept, base // the bag belongs to the row of the query around it
	if !built {
		m.held = start + rows // and nothing else is left, as of DISTINCT and aggregates
	}
	return datum{seq: bag}, err
}
