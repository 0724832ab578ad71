package ion

import (
	"bytes"
	"math"
	"slices"

	"pgregory.net/rapid"
)

// odd spells values in every way that Ion 1.0 allows and no good writer uses.
type odd struct {
	t     *rapid.T
	names []string // local symbols of the table in force, behind the imports
	base  int      // ids taken by the system and by imports
	peer  bool     // leave out what ion-go misreads
}

// oddStream is v in a stream with imports, appended symbol tables, pads,
// over-long lengths and superfluous zeros.
func oddStream(t *rapid.T, v Value, peer bool) []byte {
	o := &odd{t: t, base: systemSymbols, peer: peer}
	out := slices.Clone(versionMarker)
	if o.flip("import") {
		n := rapid.IntRange(1, 300).Draw(t, "imported")
		out = append(out, o.table(func(w *Writer) {
			w.Field("imports")
			w.BeginList()
			w.BeginStruct()
			w.Field("name").String("missing.table")
			w.Field("max_id").Int(int64(n))
			w.End()
			w.End()
		})...)
		o.base += n
	}
	var w Writer
	w.Value(v)
	for len(w.names) > 0 { // some symbols at a time
		k := rapid.IntRange(1, len(w.names)).Draw(t, "appended")
		chunk := w.names[:k]
		w.names = w.names[k:]
		out = append(out, o.table(func(s *Writer) {
			s.Field("imports").Symbol("$ion_symbol_table")
			s.Field("symbols")
			s.BeginList()
			for _, name := range chunk {
				s.String(name)
			}
			s.End()
		})...)
		o.names = append(o.names, chunk...)
		out = append(out, o.pad()...)
	}
	return append(out, o.value(v)...)
}

func (o *odd) flip(label string) bool { return rapid.Bool().Draw(o.t, label) }

// table is a $ion_symbol_table struct that uses system symbols only.
func (o *odd) table(fill func(*Writer)) []byte {
	var w Writer
	w.Annotate("$ion_symbol_table").BeginStruct()
	fill(&w)
	w.End()
	v, err := w.Build()
	if err != nil {
		o.t.Fatal(err)
	}
	return v.raw
}

func (o *odd) sid(text string, known bool) uint32 {
	if !known {
		return 0
	}
	if id := systemSID(text); id != 0 {
		return id
	}
	return uint32(o.base + 1 + slices.Index(o.names, text))
}

// varUint may have zeros in front.
func (o *odd) varUint(n uint64) []byte {
	return append(make([]byte, rapid.IntRange(0, 2).Draw(o.t, "zeros")), appendVarUint(nil, n)...)
}

func (o *odd) wrap(code byte, body []byte) []byte {
	if len(body) < 14 && o.flip("short") {
		return append([]byte{code | byte(len(body))}, body...)
	}
	return slices.Concat([]byte{code | 14}, o.varUint(uint64(len(body))), body)
}

func (o *odd) pad() []byte {
	if rapid.IntRange(0, 3).Draw(o.t, "pad") > 0 {
		return nil
	}
	n := rapid.IntRange(0, 20).Draw(o.t, "padding")
	return o.wrap(0, bytes.Repeat([]byte{0xee}, n))
}

func (o *odd) value(v Value) []byte {
	plain := o.plain(v)
	if !v.HasAnnotations() {
		return plain
	}
	var notes []byte
	for it := v.annotations(); it.next(); {
		notes = append(notes, o.varUint(uint64(o.sid(it.text, it.known)))...)
	}
	body := slices.Concat(o.varUint(uint64(len(notes))), notes, plain)
	return o.wrap(codeWrapper, body)
}

func (o *odd) plain(v Value) []byte {
	code := codeOfType[v.Type()] << 4
	if v.IsNull() {
		if v.Type() == IntType && o.flip("negativeNull") {
			code = 0x30
		}
		return []byte{code | 15}
	}
	body := v.bodyBytes()
	switch v.Type() {
	case BoolType:
		return []byte{v.tag()}
	case IntType:
		return o.wrap(v.tag()&0xf0, append(make([]byte, o.few()), body...))
	case FloatType:
		f, _ := v.Float64()
		if float64(float32(f)) == f && o.flip("single") {
			x := math.Float32bits(float32(f))
			return []byte{0x44, byte(x >> 24), byte(x >> 16), byte(x >> 8), byte(x)}
		}
		return v.WithoutAnnotations().raw
	case DecimalType:
		return o.wrap(0x50, o.decimal(body))
	case SymbolType:
		text, known := v.Text()
		return o.wrap(0x70, append(make([]byte, o.few()), appendUint(nil, uint64(o.sid(text, known)))...))
	case ListType, SexpType, StructType:
		return o.container(v, code)
	}
	return o.wrap(code, body)
}

func (o *odd) few() int { return rapid.IntRange(0, 3).Draw(o.t, "few") }

// decimal puts zeros into the coefficient.
func (o *odd) decimal(body []byte) []byte {
	_, _, p := varInt(body, 0)
	if p == 0 || p == len(body) {
		return body
	}
	out := slices.Clone(body[:p])
	coef := slices.Clone(body[p:])
	sign := coef[0] & 0x80
	if n := o.few(); n > 0 {
		coef[0] &= 0x7f
		out = append(append(out, sign), make([]byte, n-1)...)
	}
	return append(out, coef...)
}

func (o *odd) container(v Value, code byte) []byte {
	var body []byte
	last, ordered := uint32(0), true
	for it := v.Iter(); it.Next(); {
		if v.Type() == StructType {
			text, known := it.syms.text(it.nameSID)
			if pad := o.pad(); len(pad) > 0 { // a pad in a struct has a name
				body, ordered = append(append(body, o.varUint(0)...), pad...), false
			}
			sid := o.sid(text, known)
			ordered = ordered && sid >= last
			last = sid
			body = append(body, o.varUint(uint64(sid))...)
		} else {
			body = append(body, o.pad()...)
		}
		body = append(body, o.value(it.Value())...)
	}
	// ion-go takes an ordered struct of 14 bytes for one whose length follows
	// once more, and one of 15 for a null.
	misread := o.peer && (len(body) == 14 || len(body) == 15)
	if code == codeStruct && ordered && len(body) > 0 && !misread {
		return slices.Concat([]byte{0xd1}, o.varUint(uint64(len(body))), body)
	}
	return o.wrap(code, body)
}
