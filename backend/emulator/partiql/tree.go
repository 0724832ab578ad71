package partiql

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// tree is a value that is being changed. Only containers on the way to a change
// are opened; everything else is copied as it stands.
type tree struct {
	v    ion.Value
	open *opened
	gone bool // this statement removed it
}

// opened is what is in a container. Paths count the elements as they were before
// the statement: kids of a list are these, and what is inserted stands aside until
// the document is written. So an element is found at once, and an insertion moves
// none.
type opened struct {
	names    []kidName // of the fields of a struct
	kids     []tree
	inserted map[int][]ion.Value // by the kid that they stand before; at the end by their number
}

// kidName is the name of a field. One of unknown text, $0, is no name that a
// statement can write, not even the empty one.
type kidName struct {
	text    string
	unknown bool
}

// treeSize is what a kid takes in memory, with its name, about.
const treeSize = 88

// expand opens a container.
func (t *tree) expand(m *machine) error {
	if t.open != nil {
		return nil
	}
	n := t.v.Len()
	if err := m.hold(treeSize * n); err != nil {
		return err
	}
	o := &opened{kids: make([]tree, 0, n)}
	isStruct := t.isStruct()
	if isStruct {
		o.names = make([]kidName, 0, n)
	}
	for it := t.v.Iter(); it.Next(); {
		if isStruct {
			name := it.Name()
			o.names = append(o.names, kidName{name, name == "" && !it.NameKnown()})
		}
		o.kids = append(o.kids, tree{v: it.Value()})
	}
	t.open = o
	return m.spend(opWork * n)
}

func (t *tree) isStruct() bool { return t.v.Type() == ion.StructType && !t.v.IsNull() }

func (t *tree) isList() bool {
	return (t.v.Type() == ion.ListType || t.v.Type() == ion.SexpType) && !t.v.IsNull()
}

// replace makes t another value.
func (t *tree) replace(v ion.Value) { *t = tree{v: v} }

// child is the value one step on, or nil. It stays where it is until a field is
// added.
func (t *tree) child(m *machine, s targetStep) (*tree, error) {
	if err := m.spend(opWork); err != nil {
		return nil, err
	}
	switch {
	case s.index < 0 && t.isStruct():
		if err := t.expand(m); err != nil {
			return nil, err
		}
		k, err := t.open.field(m, func(name string) bool { return name == s.name })
		if k == nil && err == nil && s.anyCase {
			k, err = t.open.field(m, s.matches)
		}
		return k, err
	case s.index >= 0 && t.isList():
		if err := t.expand(m); err != nil {
			return nil, err
		}
		if s.index < len(t.open.kids) && !t.open.kids[s.index].gone {
			return &t.open.kids[s.index], nil
		}
	}
	return nil, nil
}

// field is the first field left whose name is looked for.
func (o *opened) field(m *machine, wanted func(string) bool) (*tree, error) {
	for i, name := range o.names {
		if !name.unknown && wanted(name.text) && !o.kids[i].gone {
			return &o.kids[i], m.spend(opWork * i)
		}
	}
	return nil, m.spend(opWork * len(o.names))
}

func stepText(s targetStep) string {
	if s.index < 0 {
		return "'" + s.name + "'"
	}
	return "[" + synthetic(s.index)[1:] + "]"
}

// apply makes one change.
func (e *edit) apply(m *machine, t *tree) error {
	var last targetStep // the step to what is changed, once there is one
	itself := false     // that is what a source stands at
	steps, ords := 0, e.ords
	for _, s := range e.spec.steps {
		itself = s.slot >= 0
		if itself {
			ord := ords[0]
			if ords = ords[1:]; ord < 0 {
				continue // the source stands at the value itself
			}
			s = targetStep{index: ord, slot: -1}
		}
		if steps++; steps > 1 {
			next, err := t.child(m, last)
			switch {
			case err != nil || next == nil && e.spec.kind == editRemove:
				return err
			case next == nil:
				return errf("The path to change does not exist: %s is missing", stepText(last))
			}
			t = next
		}
		last = s
	}
	if steps == 0 {
		return e.applyWhole(m, t)
	}
	k, err := t.child(m, last)
	switch {
	case err != nil:
		return err
	case e.spec.kind == editSet && k == nil && itself:
		// The source stands at MISSING, which a new value would not replace but
		// make up.
		return errf("The path to change does not exist: %s is missing", stepText(last))
	case e.spec.kind == editSet:
		return t.set(m, last, k, &e.value)
	case e.spec.kind == editRemove:
		if k != nil {
			k.gone = true
		}
		return nil
	case k == nil:
		return errf("The collection to insert into does not exist: %s is missing", stepText(last))
	}
	return e.insert(m, k)
}

// applyWhole changes the document itself.
func (e *edit) applyWhole(m *machine, t *tree) error {
	if e.spec.kind == editInsert {
		return e.insert(m, t)
	}
	t.replace(e.value.ion())
	return nil
}

// set gives k, the field or element of t that s leads to, a value. A field that is
// missing is added at the end; MISSING takes it away.
func (t *tree) set(m *machine, s targetStep, k *tree, value *datum) error {
	switch {
	case k != nil && value.missing() && s.index < 0:
		k.gone = true
	case k != nil:
		k.replace(value.ion())
	case s.index >= 0:
		return errf("The element to set does not exist: %s", stepText(s))
	case !t.isStruct():
		d := ionDatum(t.v)
		return errf("The field %s cannot be set: its parent is not a struct but %s", stepText(s), d.typeName())
	case !value.missing():
		t.open.names = append(t.open.names, kidName{text: s.name})
		t.open.kids = append(t.open.kids, tree{v: value.ion()})
		return m.hold(treeSize)
	}
	return nil
}

// insert adds to a collection: a struct takes a field named by AT, a list an
// element at a position or at its end.
func (e *edit) insert(m *machine, t *tree) error {
	values := []datum{e.value}
	if !e.spec.single && e.value.ranges() {
		held := m.held
		var err error
		if values, err = m.items(&e.value); err != nil {
			return err
		}
		m.held = held
	}
	if err := m.spend(opWork * len(values)); err != nil {
		return err
	}
	switch {
	case t.isStruct():
		name, ok := e.at.v.Text()
		if !ok || len(values) != 1 {
			return errf("INSERT INTO a struct needs VALUE with one value and AT with the field's name as a string")
		}
		s := targetStep{fieldName: fieldName{name: name}, index: -1, slot: -1}
		k, err := t.child(m, s)
		if err != nil {
			return err
		}
		return t.set(m, s, k, &values[0])
	case !t.isList():
		d := ionDatum(t.v)
		return errf("INSERT INTO expects a list or a struct, got: %s", d.typeName())
	}
	if err := t.expand(m); err != nil {
		return err
	}
	o := t.open
	at := len(o.kids)
	if e.spec.at != nil {
		n, ok := e.at.v.Int64()
		if !ok || n < 0 || n > int64(at) {
			return errf("INSERT INTO a list expects a position from 0 to %d, got: %s", at, e.at.ionText())
		}
		at = int(n)
	}
	if err := m.hold(treeSize * len(values)); err != nil {
		return err
	}
	if o.inserted == nil {
		o.inserted = make(map[int][]ion.Value)
	}
	for i := range values {
		o.inserted[at] = append(o.inserted[at], values[i].ion())
	}
	return nil
}

// value is the changed value.
func (t *tree) value(m *machine) (ion.Value, error) {
	if t.open == nil {
		return t.v, nil
	}
	w := m.writer()
	if err := t.write(m, w); err != nil {
		return ion.Value{}, err
	}
	v, _, err := m.finish(w)
	return v, err
}

func (t *tree) write(m *machine, w *ion.Writer) error {
	if t.open == nil {
		w.Value(t.v)
		return m.spend(opWork + len(t.v.Raw()))
	}
	w.BeginAs(t.v)
	o, was := t.open, t.v.Iter()
	for i := range o.kids {
		if err := o.writeInserted(m, w, i); err != nil {
			return err
		}
		had := was.Next()
		if o.kids[i].gone {
			continue
		}
		switch {
		case o.names == nil:
		case had:
			w.FieldOf(&was)
		default:
			w.Field(o.names[i].text)
		}
		if err := o.kids[i].write(m, w); err != nil {
			return err
		}
	}
	err := o.writeInserted(m, w, len(o.kids))
	w.End()
	return err
}

// writeInserted writes what was inserted before kid i.
func (o *opened) writeInserted(m *machine, w *ion.Writer, i int) error {
	for _, v := range o.inserted[i] {
		w.Value(v)
		if err := m.spend(opWork + len(v.Raw())); err != nil {
			return err
		}
	}
	return nil
}
