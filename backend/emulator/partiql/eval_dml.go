package partiql

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// idRow is the row {name: "id"} that answers a change.
func idRow(m *machine, name, id string, emit emitFunc) error {
	w := m.writer()
	w.BeginStruct()
	w.Field(name).String(id)
	w.End()
	v, stream, err := m.finish(w)
	if err != nil {
		return err
	}
	return emit(ionDatum(v), stream)
}

func (p *insertPlan) run(m *machine, emit emitFunc) error {
	d, err := p.value.eval(m)
	if err != nil {
		return err
	}
	docs := []datum{d}
	if !p.single && d.ranges() {
		if docs, err = m.items(&d); err != nil {
			return err
		}
	}
	for i := range docs {
		if !docs[i].isStruct() {
			return m.plan.fail(p.pos, "A document must be a struct, got: "+docs[i].typeName())
		}
	}
	for _, doc := range docs {
		if err := m.spend(rowWork); err != nil {
			return err
		}
		id, err := m.sink.Insert(p.table, doc.v)
		if err != nil {
			return err
		}
		if err := idRow(m, "documentId", id, emit); err != nil {
			return err
		}
	}
	return nil
}

// change is what a statement does to one document.
type change struct {
	key   RowKey
	doc   ion.Value
	edits []edit
}

// What an edit and a change take, the change with its entry in a map.
const (
	editSize   = 144
	changeSize = 160
)

// edit is an editSpec with its values, and with the positions that the sources in
// its path stood at.
type edit struct {
	spec  *editSpec
	ords  []int
	value datum
	at    datum
}

// run reads everything first: every condition and every value sees the documents
// as they were before the statement.
func (p *dmlPlan) run(m *machine, emit emitFunc) error {
	changes, err := p.collect(m)
	if err != nil {
		return err
	}
	for i := range changes {
		if err := m.spend(rowWork); err != nil {
			return err
		}
		c := &changes[i]
		held := m.held
		if err := c.apply(m); err != nil {
			return err
		}
		m.held = held // the document is written and its tree is gone
		if err := idRow(m, "documentId", m.src.DocID(c.key), emit); err != nil {
			return err
		}
	}
	return nil
}

// collect finds the documents to change, each once, in the order of their first
// match.
func (p *dmlPlan) collect(m *machine) ([]change, error) {
	var changes []change
	byKey := make(map[RowKey]int)
	target := p.q.sources[0]
	err := p.q.loop(m, func() error {
		row := m.rows[target.row]
		i, ok := byKey[row.Key]
		if !ok {
			i = len(changes)
			byKey[row.Key] = i
			changes = append(changes, change{key: row.Key, doc: row.Value})
			if err := m.keep(changeSize + len(row.Value.Raw())); err != nil {
				return err
			}
		}
		return p.collectEdits(m, &changes[i])
	})
	return changes, err
}

func (p *dmlPlan) collectEdits(m *machine, c *change) error {
	for i := range p.edits {
		spec := &p.edits[i]
		e := edit{spec: spec}
		if err := m.spend(opWork + len(spec.steps)); err != nil {
			return err
		}
		for j := range spec.steps {
			if slot := spec.steps[j].slot; slot >= 0 {
				e.ords = append(e.ords, m.ords[slot])
			}
		}
		var size, more int
		var err error
		if e.value, size, err = spec.part(m, spec.value); err != nil {
			return err
		}
		if e.at, more, err = spec.part(m, spec.at); err != nil {
			return err
		}
		size += more + editSize + pointerSize*len(e.ords)
		if err := m.keep(size); err != nil {
			return err
		}
		c.edits = append(c.edits, e)
	}
	return nil
}

// part is the value of an expression of an edit, to keep, and how many bytes that
// takes.
func (s *editSpec) part(m *machine, n node) (datum, int, error) {
	if n == nil {
		return datum{}, 0, nil
	}
	d, err := n.eval(m)
	if err != nil {
		return datum{}, 0, err
	}
	if d.seq == nil || s.single || s.kind != editInsert || !d.ranges() {
		v, size, err := m.own(&d)
		return ionDatum(v), size, err
	}
	// What is inserted one by one stays apart: MISSING among it is not null.
	items := make([]datum, len(d.seq.items))
	size := datumSize * len(items)
	for i := range items {
		v, more, err := m.own(&d.seq.items[i])
		if err != nil {
			return datum{}, 0, err
		}
		items[i] = ionDatum(v)
		size += more
	}
	return datum{seq: &sequence{kind: d.seq.kind, items: items}}, size, nil
}

// apply changes or deletes one document.
func (c *change) apply(m *machine) error {
	if len(c.edits) == 0 {
		return m.sink.Delete(m.plan.body.(*dmlPlan).q.sources[0].table, c.key)
	}
	t := &tree{v: c.doc}
	for i := range c.edits {
		e := &c.edits[i]
		if err := e.apply(m, t); err != nil {
			return m.plan.place(e.spec.pos, err)
		}
	}
	doc, err := t.value(m)
	if err != nil {
		return err
	}
	if doc.Type() != ion.StructType || doc.IsNull() {
		d := ionDatum(doc)
		return m.plan.fail(c.edits[0].spec.pos, "A document must be a struct, got: "+d.typeName())
	}
	return m.sink.Replace(m.plan.body.(*dmlPlan).q.sources[0].table, c.key, doc, len(m.plan.body.(*dmlPlan).edits))
}
