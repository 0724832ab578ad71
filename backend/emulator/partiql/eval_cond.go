package partiql

import "github.com/tallyledger/tally/hashchain/ion"

// compareOp is one of < <= > >=.
type compareOp uint8

const (
	opLess compareOp = iota
	opLessEqual
	opGreater
	opGreaterEqual
)

// The conditions.
type (
	equalNode struct {
		left, right node
		not         bool
	}
	compareNode struct {
		op          compareOp
		left, right node
	}
	betweenNode struct {
		operand, low, high node
		not                bool
	}
	inNode struct {
		left, right node
		not         bool
	}
	isNode struct {
		operand node
		test    func(*datum) bool
		not     bool
	}
	logicNode struct {
		or   bool
		args []node
	}
	notNode struct{ operand node }
)

func (n *equalNode) eval(m *machine) (datum, error)   { return evalCondition(m, n) }
func (n *compareNode) eval(m *machine) (datum, error) { return evalCondition(m, n) }
func (n *betweenNode) eval(m *machine) (datum, error) { return evalCondition(m, n) }
func (n *inNode) eval(m *machine) (datum, error)      { return evalCondition(m, n) }
func (n *isNode) eval(m *machine) (datum, error)      { return evalCondition(m, n) }
func (n *logicNode) eval(m *machine) (datum, error)   { return evalCondition(m, n) }
func (n *notNode) eval(m *machine) (datum, error)     { return evalCondition(m, n) }

func (n *equalNode) truth(m *machine) (tri, error) {
	a, err := n.left.eval(m)
	if err != nil {
		return isUnknown, err
	}
	b, err := n.right.eval(m)
	if err != nil || a.unknown() || b.unknown() {
		return isUnknown, err
	}
	same, err := m.equal(&a, &b)
	return triOf(same != n.not), err
}

func (n *compareNode) truth(m *machine) (tri, error) {
	a, err := n.left.eval(m)
	if err != nil {
		return isUnknown, err
	}
	b, err := n.right.eval(m)
	if err != nil {
		return isUnknown, err
	}
	return m.compare(n.op, &a, &b)
}

// compare applies an order operator; it is defined within a family of types
// only.
func (m *machine) compare(op compareOp, a, b *datum) (tri, error) {
	if a.unknown() || b.unknown() {
		return isUnknown, nil
	}
	if a.isBag() != b.isBag() || !a.isBag() && !ion.Comparable(a.family(), b.family()) {
		return isUnknown, errf("Cannot compare values: %s, %s", a.text(), b.text())
	}
	c, err := m.order(a, b)
	if err != nil {
		return isUnknown, err
	}
	switch op {
	case opLess:
		return triOf(c < 0), nil
	case opLessEqual:
		return triOf(c <= 0), nil
	case opGreater:
		return triOf(c > 0), nil
	}
	return triOf(c >= 0), nil
}

func (n *betweenNode) truth(m *machine) (tri, error) {
	var d [3]datum
	for i, e := range [...]node{n.operand, n.low, n.high} {
		var err error
		if d[i], err = e.eval(m); err != nil {
			return isUnknown, err
		}
	}
	// An unknown operand decides, also beside a bound that would do so by itself.
	if d[0].unknown() || d[1].unknown() || d[2].unknown() {
		return isUnknown, nil
	}
	low, err := m.compare(opGreaterEqual, &d[0], &d[1])
	if err != nil {
		return isUnknown, err
	}
	high := isFalse // where low is, the upper bound is not looked at: AND
	if low != isFalse {
		if high, err = m.compare(opLessEqual, &d[0], &d[2]); err != nil {
			return isUnknown, err
		}
	}
	t := min(low, high) // none of them is unknown
	if n.not {
		t = t.negate()
	}
	return t, nil
}

func (n *inNode) truth(m *machine) (tri, error) {
	a, err := n.left.eval(m)
	if err != nil {
		return isUnknown, err
	}
	set, err := n.right.eval(m)
	if err != nil {
		return isUnknown, err
	}
	found, err := m.contains(&set, &a)
	return triOf(found != n.not), err
}

// contains reports whether an element of the sequence equals d; unknowns equal
// each other here. Nothing is an element of another value.
func (m *machine) contains(set, d *datum) (bool, error) {
	if set.seq != nil {
		for i := range set.seq.items {
			if same, err := m.equal(&set.seq.items[i], d); same || err != nil {
				return same, err
			}
		}
		return false, nil
	}
	if !set.isSequence() {
		return false, nil
	}
	for it := set.v.Iter(); it.Next(); {
		item := ionDatum(it.Value())
		if same, err := m.equal(&item, d); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func (n *isNode) truth(m *machine) (tri, error) {
	d, err := n.operand.eval(m)
	if err != nil {
		return isUnknown, err
	}
	return triOf(n.test(&d) != n.not), nil
}

// typeTest is the test behind IS type.
func typeTest(name string) func(*datum) bool {
	switch name {
	case "null":
		return func(d *datum) bool { return d.unknown() }
	case "missing":
		return func(d *datum) bool { return d.missing() }
	}
	want := castTargets[name].name
	return func(d *datum) bool { return d.typeName() == want }
}

func (n *logicNode) truth(m *machine) (tri, error) {
	decides, result := isFalse, isTrue
	if n.or {
		decides, result = isTrue, isFalse
	}
	for _, a := range n.args {
		t, err := truth(m, a)
		if err != nil {
			return isUnknown, err
		}
		if t == decides {
			return t, nil
		}
		if t == isUnknown {
			result = isUnknown
		}
	}
	return result, nil
}

func (n *notNode) truth(m *machine) (tri, error) {
	t, err := truth(m, n.operand)
	return t.negate(), err
}
