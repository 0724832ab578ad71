package partiql

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// projection makes a row of a result from the variables.
type projection interface {
	project(m *machine, emit emitFunc) error
}

// projection compiles the select list of a query.
func (c *compiler) projection(q *query, s *Select) {
	switch {
	case c.err != nil:
		return
	case s.Value != nil:
		q.project = &valueProjection{c.expr(s.Value)}
		return
	case s.Star:
		q.project = starProjection(q)
		return
	}
	if hasAggregate(s.Items) {
		c.scope.frozen = true
		c.collecting = &q.aggs
	}
	list := &listProjection{}
	for i, item := range s.Items {
		p := projected{n: c.expr(item.Expr), star: item.Star, name: synthetic(i + 1)}
		if item.Alias != nil {
			p.name = item.Alias.Name
		} else if name, ok := nameOf(item.Expr); ok && !item.Star {
			p.name = name
		}
		list.items = append(list.items, p)
	}
	q.project = list
}

// valueProjection is SELECT VALUE.
type valueProjection struct{ n node }

func (p *valueProjection) project(m *machine, emit emitFunc) error {
	d, err := p.n.eval(m)
	if err != nil {
		return err
	}
	return emit(d, m.streamOf(&d))
}

// streamOf is the stream that holds d, if d is a whole row as it was read.
func (m *machine) streamOf(d *datum) []byte {
	if d.seq != nil || d.v.Type() != ion.StructType {
		return nil
	}
	for _, r := range m.rows {
		if r != nil && r.Stream != nil && len(r.Value.Raw()) == len(d.v.Raw()) && sameBytes(r.Value.Raw(), d.v.Raw()) {
			return r.Stream
		}
	}
	return nil
}

// sameBytes reports whether a and b are the same memory.
func sameBytes(a, b []byte) bool { return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] }

// wholeProjection is SELECT * from one source without AT and BY: a row leaves as
// it came.
type wholeProjection struct{ slot int }

func (p *wholeProjection) project(m *machine, emit emitFunc) error {
	d := m.regs[p.slot]
	if d.isStruct() {
		if d.v.HasAnnotations() {
			return emit(ionDatum(d.v.WithoutAnnotations()), nil)
		}
		return emit(d, m.streamOf(&d))
	}
	list := listProjection{items: []projected{{n: &constNode{d}, star: true}}}
	return list.project(m, emit)
}

// starProjection is SELECT *: for each source its value's fields, then AT and BY.
func starProjection(q *query) projection {
	if s := q.sources[0]; len(q.sources) == 1 && s.at < 0 && s.by < 0 {
		return &wholeProjection{s.slot}
	}
	list := &listProjection{}
	for _, s := range q.sources {
		list.items = append(list.items, projected{n: &varNode{s.slot}, star: true})
		if s.at >= 0 {
			list.items = append(list.items, projected{n: &varNode{s.at}, name: s.atName})
		}
		if s.by >= 0 {
			s.byUsed = true
			list.items = append(list.items, projected{n: &varNode{s.by}, name: s.byName})
		}
	}
	return list
}

// listProjection is a select list.
type listProjection struct{ items []projected }

// projected is one item of a select list.
type projected struct {
	n    node
	name string
	star bool // splice the fields of a struct; anything else is a column _N
}

func (p *listProjection) project(m *machine, emit emitFunc) error {
	w := m.writer()
	w.BeginStruct()
	columns := 0 // so far, MISSING ones too
	for i := range p.items {
		item, held := &p.items[i], m.held
		d, err := item.n.eval(m)
		if err != nil {
			return err
		}
		switch {
		case item.star && d.missing():
		case item.star && d.isStruct():
			for it := d.v.Iter(); it.Next(); {
				part := ionDatum(it.Value())
				if err := m.write(w.FieldOf(&it), &part); err != nil {
					return err
				}
				columns++
			}
		case d.missing():
			columns++
		default:
			name := item.name
			if columns++; item.star {
				name = synthetic(columns)
			}
			w.Field(name)
			if err := m.write(w, &d); err != nil {
				return err
			}
		}
		m.copied(held, &d)
		if w.Err() != nil {
			break
		}
	}
	w.End()
	v, stream, err := m.finish(w)
	if err != nil {
		return err
	}
	return emit(ionDatum(v), stream)
}
