package ion

import "iter"

// Iter steps over the elements of a list or sexp, or the fields of a struct,
// in their order. Make one with [Value.Iter]; it does not allocate.
//
//	for it := v.Iter(); it.Next(); {
//		use(it.Name(), it.Value())
//	}
type Iter struct {
	raw     []byte
	syms    *SymbolTable
	pos     int // end of the current value in raw
	start   int
	isField bool
	nameSID uint32
	cur     Value
	bad     bool
}

// Iter returns an iterator over v's elements or fields. It yields nothing for
// a null or a scalar.
func (v Value) Iter() Iter {
	if !v.typ.IsContainer() || v.null {
		return Iter{}
	}
	return Iter{raw: v.raw, syms: v.syms, pos: int(v.body), isField: v.typ == StructType}
}

// Next moves to the next element or field and reports whether there is one.
func (it *Iter) Next() bool {
	if it.plain() {
		return true
	}
	for it.pos < len(it.raw) && !it.bad {
		if it.isField {
			it.nameSID, it.pos = varUint(it.raw, it.pos)
			if it.pos == 0 {
				break
			}
		}
		if it.pos >= len(it.raw) {
			break
		}
		it.start = it.pos
		if isPad(it.raw[it.pos]) {
			_, end, err := extent(it.raw, it.pos, 0)
			if err != nil {
				break
			}
			it.pos = end
			continue
		}
		v, err := header(it.raw[it.pos:], it.syms, 0)
		if err != nil {
			break
		}
		it.cur = v
		it.pos += len(v.raw)
		return true
	}
	it.bad = it.bad || it.pos < len(it.raw) || it.pos == 0 && len(it.raw) > 0
	it.pos = len(it.raw)
	it.cur = Value{}
	return false
}

// plain is Next for what is nearly always next: a name of one byte, and a value
// that is not null, a bool or annotated and whose length has up to two bytes. It
// leaves all else, errors too, to Next.
func (it *Iter) plain() bool {
	b, i := it.raw, it.pos
	if it.isField {
		if i >= len(b) || b[i]&0x80 == 0 {
			return false
		}
		it.nameSID = uint32(b[i] & 0x7f)
		i++
	}
	if i >= len(b) || plainTypes>>(b[i]>>4)&1 == 0 || b[i] == 0xd1 {
		return false
	}
	n, body := uint32(b[i]&15), uint32(1)
	switch {
	case n < 14:
	case n == 14 && i+1 < len(b) && b[i+1]&0x80 != 0:
		n, body = uint32(b[i+1]&0x7f), 2
	case n == 14 && i+2 < len(b) && b[i+2]&0x80 != 0:
		n, body = uint32(b[i+1])<<7|uint32(b[i+2]&0x7f), 3
	default:
		return false
	}
	end := i + int(body+n)
	if end > len(b) {
		return false
	}
	it.start, it.pos = i, end
	it.cur = Value{raw: b[i:end:end], syms: it.syms, body: body, typ: typeOfCode[b[i]>>4]}
	return true
}

// plainTypes has a bit for each type code but those of null and pads, of bool and
// of annotation wrappers.
const plainTypes = 0x3ffc

// Value is the current element or field value.
func (it *Iter) Value() Value { return it.cur }

// Name is the current field's name: "" for elements of a list or sexp and for
// names of unknown text.
func (it *Iter) Name() string {
	if !it.isField {
		return ""
	}
	s, _ := it.syms.text(it.nameSID)
	return s
}

// NameKnown reports whether the current field's name has known text.
func (it *Iter) NameKnown() bool {
	_, ok := it.syms.text(it.nameSID)
	return it.isField && ok
}

// nameless is NameKnown's opposite for fields, and cheap for those with a name.
func (it *Iter) nameless() bool { return it.isField && it.Name() == "" && !it.NameKnown() }

// SameName reports whether two iterators stand at fields of one name. Names of
// unknown text are the same, and none of them is the empty name.
func (it *Iter) SameName(other *Iter) bool {
	name := it.Name()
	return name == other.Name() && (name != "" || it.NameKnown() == other.NameKnown())
}

// Bad reports whether iteration ended at damaged bytes. It is never true for a
// value that Parse or a Reader returned.
func (it *Iter) Bad() bool { return it.bad }

// Len is the number of elements or fields, 0 for nulls and scalars. It takes
// time in proportion to it.
func (v Value) Len() int {
	n := 0
	for it := v.Iter(); it.Next(); {
		n++
	}
	return n
}

// Fields yields the fields of a struct in order, repeated names included.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.typ != StructType {
			return
		}
		for it := v.Iter(); it.Next(); {
			if !yield(it.Name(), it.Value()) {
				return
			}
		}
	}
}

// Elements yields the elements of a list or sexp in order.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.typ == StructType {
			return
		}
		for it := v.Iter(); it.Next(); {
			if !yield(it.Value()) {
				return
			}
		}
	}
}

// Index is element i of a list or sexp, counted from 0.
func (v Value) Index(i int) (Value, bool) {
	if v.typ == StructType || i < 0 {
		return Value{}, false
	}
	for it := v.Iter(); it.Next(); i-- {
		if i == 0 {
			return it.Value(), true
		}
	}
	return Value{}, false
}

// Field is the first field of a struct with that name. Fields before it are
// skipped, not decoded; nothing is allocated.
func (v Value) Field(name string) (Value, bool) {
	if v.typ != StructType || int(v.body) == len(v.raw) {
		return Value{}, false
	}
	sid, ok := v.syms.find(name)
	if !ok {
		return Value{}, false
	}
	return v.fieldBySID(sid, name)
}

// fieldBySID steps over names and lengths only. Where the table may have the
// same text at two ids, ids that differ are compared by text.
func (v Value) fieldBySID(sid uint32, name string) (Value, bool) {
	repeats := v.syms.repeats
	b := v.raw
	for i := int(v.body); i < len(b); {
		got, p := varUint(b, i)
		if p == 0 || p >= len(b) {
			return Value{}, false
		}
		end := skip(b, p)
		if end == 0 {
			return Value{}, false
		}
		if (got == sid || repeats && v.syms.matches(got, name)) && !isPad(b[p]) {
			f, err := header(b[p:end], v.syms, 0)
			return f, err == nil
		}
		i = end
	}
	return Value{}, false
}

// Path follows field names from v: v.Path("a", "b") is the field b of the
// field a.
func (v Value) Path(names ...string) (Value, bool) {
	for _, n := range names {
		f, ok := v.Field(n)
		if !ok {
			return Value{}, false
		}
		v = f
	}
	return v, true
}

// FieldRef is a field name prepared for repeated lookups: it remembers where
// the name stands in the symbol table that it saw last. It must not be used by
// two goroutines at once.
type FieldRef struct {
	name string
	syms *SymbolTable
	sid  uint32
	ok   bool
}

// NewFieldRef prepares a field name.
func NewFieldRef(name string) FieldRef { return FieldRef{name: name} }

// Name is the field name.
func (f *FieldRef) Name() string { return f.name }

// Of is the first field of v with the name, as [Value.Field] finds it.
func (f *FieldRef) Of(v Value) (Value, bool) {
	if v.typ != StructType || int(v.body) == len(v.raw) {
		return Value{}, false
	}
	if v.syms != f.syms {
		f.syms = v.syms
		f.sid, f.ok = v.syms.find(f.name)
	}
	if !f.ok {
		return Value{}, false
	}
	return v.fieldBySID(f.sid, f.name)
}
