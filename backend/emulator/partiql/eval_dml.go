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
	doc   ion.Value // as it was, then as the edits made it; zero for a deletion
	edits []edit
	kept  int64 // machine.kept before the change
}

// What an edit and a change take, in slices that grow.
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
	table := p.q.sources[0].table
	for i := range changes {
		if err := m.spend(rowWork); err != nil {
			return err
		}
		c := &changes[i]
		if c.doc.IsZero() {
			err = m.sink.Delete(table, c.key)
		} else {
			err = m.sink.Replace(table, c.key, c.doc, len(p.edits))
		}
		if err != nil {
			return err
		}
		if err := idRow(m, "documentId", m.src.DocID(c.key), emit); err != nil {
			return err
		}
	}
	return nil
}

// collect finds the documents to change, each once, in the order of their first
// match. The table is the outermost source, so all matches of a document come one
// after the other: its edits are made when the next document comes, and only what
// they make of it is kept.
func (p *dmlPlan) collect(m *machine) ([]change, error) {
	var changes []change
	finish := func() error {
		if len(changes) == 0 {
			return nil
		}
		return p.finish(m, &changes[len(changes)-1])
	}
	target := p.q.sources[0]
	err := p.q.loop(m, func() error {
		row := m.rows[target.row]
		if n := len(changes); n == 0 || changes[n-1].key != row.Key {
			if err := finish(); err != nil {
				return err
			}
			if err := m.sink.Touch(target.table, row.Key); err != nil {
				return err
			}
			c := change{key: row.Key, kept: m.kept}
			if len(p.edits) > 0 {
				c.doc = row.Value
			}
			changes = append(changes, c)
			if err := m.keep(changeSize + len(c.doc.Raw())); err != nil {
				return err
			}
		}
		return p.collectEdits(m, &changes[len(changes)-1])
	})
	if err == nil {
		err = finish()
	}
	return changes, err
}

// finish makes the edits of a document.
func (p *dmlPlan) finish(m *machine, c *change) error {
	if len(p.edits) == 0 {
		return nil
	}
	held := m.held
	doc, err := c.edited(m)
	if err != nil {
		return err
	}
	edits := m.kept - c.kept // what they and the document as it was took
	m.held, m.kept = held-edits, c.kept
	c.doc, c.edits = doc, nil
	return m.keep(changeSize + len(doc.Raw()))
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

// edited is the document as the edits make it.
func (c *change) edited(m *machine) (ion.Value, error) {
	t := &tree{v: c.doc}
	for i := range c.edits {
		e := &c.edits[i]
		if err := e.apply(m, t); err != nil {
			return ion.Value{}, m.plan.place(e.spec.pos, err)
		}
	}
	doc, err := t.value(m)
	if err != nil {
		return doc, err
	}
	if doc.Type() != ion.StructType || doc.IsNull() {
		d := ionDatum(doc)
		return doc, m.plan.fail(c.edits[0].spec.pos, "A document must be a struct, got: "+d.typeName())
	}
	return doc, nil
}
