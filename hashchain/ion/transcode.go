package ion

import (
	"errors"
	"strings"
)

// Value writes v. Its symbols are translated to this Writer's table; bytes that
// refer to no symbol are copied. The zero Value is written as a null.
func (w *Writer) Value(v Value) {
	if w.err != nil {
		return
	}
	if v.IsZero() {
		w.Null(NullType)
		return
	}
	for it := v.annotations(); it.next(); {
		w.notes = append(w.notes, w.translate(v.syms, it.sid))
	}
	if !w.begin() {
		return
	}
	switch {
	case v.null:
		w.buf = append(w.buf, codeOfType[v.typ]<<4|15)
	case v.typ == SymbolType:
		sid, _ := v.symbolID()
		w.symbolSID(w.translate(v.syms, sid))
	case v.typ.IsContainer():
		w.container(v)
	default:
		w.buf = append(w.buf, v.raw[v.desc:]...)
	}
	w.end()
}

// FieldOf is Field with the name that it stands at. Unlike Name, which has no text
// for it, it carries a name of unknown text over.
func (w *Writer) FieldOf(it *Iter) *Writer { return w.fieldSID(w.translate(it.syms, it.nameSID)) }

// BeginAs begins a container of v's type with its annotations, or fails if v is none.
func (w *Writer) BeginAs(v Value) {
	for it := v.annotations(); it.next(); {
		w.notes = append(w.notes, w.translate(v.syms, it.sid))
	}
	switch v.typ {
	case StructType:
		w.BeginStruct()
	case SexpType:
		w.BeginSexp()
	case ListType:
		w.BeginList()
	default:
		w.fail(errors.New("ion: a value of type " + v.typ.String() + " has no parts"))
	}
}

func (w *Writer) container(v Value) {
	w.push(codeOfType[v.typ] << 4)
	w.depth++
	for it := v.Iter(); it.Next() && w.err == nil; {
		if it.isField {
			w.fieldSID(w.translate(v.syms, it.nameSID))
		}
		w.Value(it.Value())
	}
	if w.err == nil {
		w.depth--
		w.pop()
	}
}

// translate maps an id of a table to the id of the same text here. A symbol of
// unknown text stays unknown: its text cannot be carried over.
func (w *Writer) translate(from *SymbolTable, sid uint32) uint32 {
	if sid <= systemSymbols {
		return sid
	}
	i := int(sid) - systemSymbols - 1
	if from != w.from {
		w.from, w.sids = from, w.sids[:0]
	}
	if i < len(w.sids) && w.sids[i] != 0 {
		return w.sids[i]
	}
	to := uint32(0)
	if text, known := from.text(sid); known {
		to = w.sid(text)
	} else {
		to = w.unknown(sid)
	}
	const remember = 1 << 12 // ids come from untrusted input: do not allocate by them
	if i < remember {
		for len(w.sids) <= i {
			w.sids = append(w.sids, 0)
		}
		w.sids[i] = to
	}
	return to
}

// Encode returns v as a complete stream of its own: version marker, the symbols
// that v uses in the order of their first use, value. A struct that is annotated
// $ion_symbol_table reads back as a symbol table, not as a value.
func (v Value) Encode() []byte {
	var w Writer
	w.Value(v)
	b, err := w.Bytes()
	if err != nil {
		// Only nesting beyond MaxDepth fails, which no checked value has.
		return append([]byte(nil), versionMarker...)
	}
	return b
}

// EncodesWithin reports whether [Value.Encode] returns at most n bytes. It encodes
// only where that is in question: of a value that is less than half as long with
// all symbols of its table it is not.
func (v Value) EncodesWithin(n int) bool {
	// An id that has a byte here can have two in a table of its own, and stands
	// beside at least one more byte. Symbols of shared tables are in no size.
	const frame = 32 // version marker, and the heads around symbols and value
	if v.syms == nil || v.syms.imported == 0 {
		if 2*v.MemorySize(Value{})+frame <= n {
			return true
		}
	}
	return len(v.Encode()) <= n
}

// Clone returns v with bytes of its own, which hold no more than v needs.
func (v Value) Clone() Value {
	if v.IsZero() {
		return v
	}
	var w Writer
	w.Value(v)
	for i, s := range w.names {
		w.names[i] = strings.Clone(s)
	}
	c, err := w.Build()
	if err != nil {
		return Value{}
	}
	return c
}
