package partiql

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// tree is a value that is being changed. Only containers on the way to a change
// are opened; everything else is copied as it stands.
type tree struct {
	v     ion.Value
	open  bool
	names []string // of the fields of a struct
	kids  []*tree
	// added marks elements that this statement inserted, gone those it removed:
	// positions in paths are those before the statement.
	added, gone bool
}

// expand opens a container.
func (t *tree) expand() {
	if t.open {
		return
	}
	t.open = true
	isStruct := t.isStruct()
	for it := t.v.Iter(); it.Next(); {
		if isStruct {
			t.names = append(t.names, it.Name())
		}
		t.kids = append(t.kids, &tree{v: it.Value()})
	}
}

func (t *tree) isStruct() bool { return t.v.Type() == ion.StructType && !t.v.IsNull() }

func (t *tree) isList() bool {
	return (t.v.Type() == ion.ListType || t.v.Type() == ion.SexpType) && !t.v.IsNull()
}

// replace makes t another value.
func (t *tree) replace(v ion.Value) { *t = tree{v: v, added: t.added} }

// child is the value one step on, or nil.
func (t *tree) child(s targetStep) *tree {
	if i := t.find(s); i >= 0 {
		return t.kids[i]
	}
	return nil
}

// find is where the kid that a step leads to stands, or -1.
func (t *tree) find(s targetStep) int {
	switch {
	case s.index < 0 && t.isStruct():
		t.expand()
		for i, name := range t.names {
			if name == s.name && !t.kids[i].gone {
				return i
			}
		}
		for i, name := range t.names {
			if s.matches(name) && !t.kids[i].gone {
				return i
			}
		}
	case s.index >= 0 && t.isList():
		t.expand()
		if i := t.position(s.index); i < len(t.kids) && !t.kids[i].gone {
			return i
		}
	}
	return -1
}

// position is where element n of the list as it was before stands now.
func (t *tree) position(n int) int {
	for i, k := range t.kids {
		if k.added {
			continue
		}
		if n == 0 {
			return i
		}
		n--
	}
	if n == 0 {
		return len(t.kids)
	}
	return len(t.kids) + 1
}

func stepText(s targetStep) string {
	if s.index < 0 {
		return "'" + s.name + "'"
	}
	return "[" + synthetic(s.index)[1:] + "]"
}

// apply makes one change.
func (e *edit) apply(t *tree) error {
	if len(e.steps) == 0 {
		return e.applyWhole(t)
	}
	last := e.steps[len(e.steps)-1]
	for _, s := range e.steps[:len(e.steps)-1] {
		next := t.child(s)
		if next == nil {
			if e.spec.kind == editRemove {
				return nil
			}
			return errf("The path to change does not exist: %s is missing", stepText(s))
		}
		t = next
	}
	switch e.spec.kind {
	case editSet:
		return e.set(t, last)
	case editRemove:
		if k := t.child(last); k != nil {
			k.gone = true
		}
		return nil
	}
	target := t.child(last)
	if target == nil {
		return errf("The collection to insert into does not exist: %s is missing", stepText(last))
	}
	return e.insert(target)
}

// applyWhole changes the document itself.
func (e *edit) applyWhole(t *tree) error {
	if e.spec.kind == editInsert {
		return e.insert(t)
	}
	t.replace(e.value.ion())
	return nil
}

// set gives a field or an element a value. A field that is missing is added at
// the end; MISSING takes it away.
func (e *edit) set(t *tree, s targetStep) error {
	k := t.child(s)
	switch {
	case k != nil && e.value.missing() && s.index < 0:
		k.gone = true
	case k != nil:
		k.replace(e.value.ion())
	case s.index >= 0:
		return errf("The element to set does not exist: %s", stepText(s))
	case !t.isStruct():
		d := ionDatum(t.v)
		return errf("The field %s cannot be set: its parent is not a struct but %s", stepText(s), d.typeName())
	case !e.value.missing():
		t.addField(s.name, e.value.ion())
	}
	return nil
}

func (t *tree) addField(name string, v ion.Value) {
	t.expand()
	t.names = append(t.names, name)
	t.kids = append(t.kids, &tree{v: v, added: true})
}

// insert adds to a collection: a struct takes a field named by AT, a list an
// element at a position or at its end.
func (e *edit) insert(t *tree) error {
	values := []datum{e.value}
	if !e.spec.single && e.value.ranges() {
		values = e.value.items()
	}
	switch {
	case t.isStruct():
		name, ok := e.at.v.Text()
		if !ok || len(values) != 1 {
			return errf("INSERT INTO a struct needs VALUE with one value and AT with the field's name as a string")
		}
		s := targetStep{fieldName: fieldName{name: name}, index: -1, slot: -1}
		return (&edit{spec: e.spec, value: values[0]}).set(t, s)
	case !t.isList():
		d := ionDatum(t.v)
		return errf("INSERT INTO expects a list or a struct, got: %s", d.typeName())
	}
	t.expand()
	at := len(t.kids)
	if e.spec.at != nil {
		n, ok := e.at.v.Int64()
		if ok && n >= 0 && n < 1<<31 {
			at = t.position(int(n))
		}
		if !ok || n < 0 || at > len(t.kids) {
			return errf("INSERT INTO a list expects a position from 0 to %d, got: %s", t.v.Len(), e.at.ionText())
		}
	}
	fresh := make([]*tree, len(values))
	for i := range values {
		fresh[i] = &tree{v: values[i].ion(), added: true}
	}
	t.kids = append(t.kids[:at:at], append(fresh, t.kids[at:]...)...)
	return nil
}

// value is the changed value.
func (t *tree) value(m *machine) (ion.Value, error) {
	if !t.open {
		return t.v, nil
	}
	w := m.writer()
	t.write(w)
	v, _, err := m.finish(w)
	return v, err
}

func (t *tree) write(w *ion.Writer) {
	if !t.open {
		w.Value(t.v)
		return
	}
	w.Annotate(t.v.Annotations()...)
	switch t.v.Type() {
	case ion.StructType:
		w.BeginStruct()
	case ion.SexpType:
		w.BeginSexp()
	default:
		w.BeginList()
	}
	for i, k := range t.kids {
		if k.gone {
			continue
		}
		if t.names != nil {
			w.Field(t.names[i])
		}
		k.write(w)
	}
	w.End()
}
