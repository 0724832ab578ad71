package ion

import (
	"math"
	"math/big"
)

// Value is one Ion value: an immutable view on its binary encoding. The zero
// Value is no value; its Type is NoType. Values are small, are passed by value
// and may be used by many goroutines at once. Compare them with [Equal] or
// [Identical], not with ==.
type Value struct {
	raw  []byte // the value's encoding, annotation wrapper included
	syms *SymbolTable
	desc uint32 // offset in raw of the type descriptor behind any annotations
	body uint32 // offset in raw of the representation; it ends with raw
	typ  Type
	null bool
}

// header decodes the descriptors at the start of b and returns the value that
// they delimit; the value's raw is cut to its length. It checks bounds only.
// off is where b begins in the input, for errors.
func header(b []byte, syms *SymbolTable, off int) (Value, error) {
	v := Value{syms: syms}
	if len(b) == 0 {
		return v, syntaxErr(off, "expected a value, found the end of the input")
	}
	i := 0
	limit := len(b)
	if b[0]>>4 == 14 {
		body, end, err := extent(b, 0, off)
		if err != nil {
			return v, err
		}
		if b[0]&15 < 3 || b[0]&15 == 15 {
			return v, syntaxErr(off, "annotation wrapper has length code %d", b[0]&15)
		}
		n, p := varUint(b[:end], body)
		if p == 0 || n == 0 || int(n) > end-p {
			return v, syntaxErr(off+body, "annotation wrapper has a bad annotation length")
		}
		i, limit = p+int(n), end
		if i >= limit {
			return v, syntaxErr(off+i, "annotation wrapper holds no value")
		}
		if b[i]>>4 == 14 {
			return v, syntaxErr(off+i, "annotation wrapper holds another annotation wrapper")
		}
		if isPad(b[i]) {
			return v, syntaxErr(off+i, "annotation wrapper holds a nop pad")
		}
	}
	body, end, err := extent(b[:limit], i, off)
	if err != nil {
		return v, err
	}
	if i > 0 && end != limit {
		return v, syntaxErr(off+i, "annotation wrapper of %d bytes holds a value that ends after %d", limit, end)
	}
	v.raw, v.desc, v.body = b[:end:end], uint32(i), uint32(body)
	v.typ = typeOfCode[b[i]>>4]
	v.null = b[i]&15 == 15
	return v, nil
}

// isPad reports whether a descriptor byte starts a nop pad.
func isPad(d byte) bool { return d>>4 == 0 && d != 0x0f }

// extent finds where the representation of the value or pad at b[i] begins and
// ends.
func extent(b []byte, i, off int) (body, end int, err error) {
	d := b[i]
	n := int(d & 15)
	body = i + 1
	switch {
	case n == 15 || d>>4 == 1:
		n = 0
	case d>>4 == 15:
		return 0, 0, syntaxErr(off+i, "type code 15 is reserved")
	case n == 14 || d == 0xd1:
		l, p := varUint(b, body)
		if p == 0 {
			return 0, 0, syntaxErr(off+body, "length is cut short or too large")
		}
		n, body = int(l), p
	}
	if d>>4 == 15 {
		return 0, 0, syntaxErr(off+i, "type code 15 is reserved")
	}
	if n > len(b)-body {
		return 0, 0, syntaxErr(off+i, "length %d exceeds the %d bytes that follow", n, len(b)-body)
	}
	return body, body + n, nil
}

// skip is where the value or pad at b[i] ends, 0 if that is not inside b.
func skip(b []byte, i int) int {
	d := b[i]
	if n := d & 15; n < 14 && d>>4 != 1 && d != 0xd1 && d < 0xf0 {
		if end := i + 1 + int(n); end <= len(b) {
			return end
		}
		return 0
	}
	_, end, err := extent(b, i, 0)
	if err != nil {
		return 0
	}
	return end
}

// Type is the value's type. It is NoType for the zero Value.
func (v Value) Type() Type { return v.typ }

// IsZero reports whether v is the zero Value: no value at all.
func (v Value) IsZero() bool { return v.typ == NoType }

// IsNull reports whether v is null or a typed null.
func (v Value) IsNull() bool { return v.null }

// Raw is the encoding of the value without a symbol table. It must not be
// changed. It stands alone only if [Value.HasSymbols] is false; see
// [Value.Encode] for bytes that always do.
func (v Value) Raw() []byte { return v.raw }

// Symbols is the symbol table that Raw refers to.
func (v Value) Symbols() *SymbolTable { return v.syms }

// MemorySize is about how many bytes are held together with v: its own and those of
// its symbol table and of the tables that it extends, but for what the value before
// holds already.
func (v Value) MemorySize(before Value) int {
	t, b := v.syms, before.syms
	if t == nil || t == b {
		return len(v.raw)
	}
	n := t.shared + t.size
	if b != nil && t.chain != nil && t.chain == b.chain {
		n = max(n-b.shared-b.size, 0)
	}
	return len(v.raw) + n
}

func (v Value) bodyBytes() []byte {
	if v.typ == NoType {
		return nil
	}
	return v.raw[v.body:]
}

func (v Value) tag() byte {
	if v.typ == NoType {
		return 0
	}
	return v.raw[v.desc]
}

// Bool returns the value of a bool that is not null.
func (v Value) Bool() (b, ok bool) {
	if v.typ != BoolType || v.null {
		return false, false
	}
	return v.tag()&15 == 1, v.tag()&15 <= 1
}

// Int64 returns the value of an int that is not null and fits.
func (v Value) Int64() (n int64, ok bool) {
	if v.typ != IntType || v.null {
		return 0, false
	}
	mag, ok := beUint(v.bodyBytes())
	if !ok {
		return 0, false
	}
	return signed(mag, v.tag()>>4 == 3)
}

func signed(mag uint64, neg bool) (int64, bool) {
	if neg {
		if mag > 1<<63 {
			return 0, false
		}
		return -int64(mag), true
	}
	return int64(mag), mag <= math.MaxInt64
}

// BigInt returns the value of an int that is not null. Ints have up to
// [MaxNumberSize] bytes; damaged bytes with more give 0 and false.
func (v Value) BigInt() (*big.Int, bool) {
	if v.typ != IntType || v.null {
		return nil, false
	}
	if len(trimZeros(v.bodyBytes())) > MaxNumberSize {
		return new(big.Int), false
	}
	n := new(big.Int).SetBytes(v.bodyBytes())
	if v.tag()>>4 == 3 {
		n.Neg(n)
	}
	return n, true
}

// Float64 returns the value of a float that is not null.
func (v Value) Float64() (f float64, ok bool) {
	if v.typ != FloatType || v.null {
		return 0, false
	}
	return floatOf(v.bodyBytes())
}

func floatOf(b []byte) (float64, bool) {
	x, _ := beUint(b)
	switch len(b) {
	case 0:
		return 0, true
	case 4:
		return float64(math.Float32frombits(uint32(x))), true
	case 8:
		return math.Float64frombits(x), true
	}
	return 0, false
}

// Decimal returns the value of a decimal that is not null.
func (v Value) Decimal() (d Decimal, ok bool) {
	if v.typ != DecimalType || v.null {
		return Decimal{}, false
	}
	d, ok = decodeDecimal(v.bodyBytes())
	return d, ok
}

// Timestamp returns the value of a timestamp that is not null.
func (v Value) Timestamp() (t Timestamp, ok bool) {
	if v.typ != TimestampType || v.null {
		return Timestamp{}, false
	}
	t, err := decodeTimestamp(v.bodyBytes())
	return t, err == nil
}

// Text returns the text of a string or symbol that is not null. It is false for
// a symbol of unknown text.
func (v Value) Text() (s string, ok bool) {
	if v.null {
		return "", false
	}
	switch v.typ {
	case StringType:
		return string(v.bodyBytes()), true
	case SymbolType:
		return v.symbolText()
	}
	return "", false
}

// TextIs reports whether v is a string or symbol with that text. It does not
// allocate.
func (v Value) TextIs(s string) bool {
	if v.typ == StringType && !v.null {
		return string(v.bodyBytes()) == s
	}
	t, ok := v.symbolText()
	return ok && t == s
}

// AppendText appends the text of a string or symbol to dst.
func (v Value) AppendText(dst []byte) ([]byte, bool) {
	if v.typ == StringType && !v.null {
		return append(dst, v.bodyBytes()...), true
	}
	t, ok := v.symbolText()
	return append(dst, t...), ok
}

func (v Value) symbolID() (sid uint32, ok bool) {
	if v.typ != SymbolType || v.null {
		return 0, false
	}
	x, ok := beUint(v.bodyBytes())
	return uint32(x), ok && x <= maxVar
}

func (v Value) symbolText() (string, bool) {
	sid, ok := v.symbolID()
	if !ok {
		return "", false
	}
	return v.syms.text(sid)
}

// Bytes returns the content of a blob or clob that is not null. It must not be
// changed.
func (v Value) Bytes() (b []byte, ok bool) {
	if !v.typ.IsLob() || v.null {
		return nil, false
	}
	return v.bodyBytes(), true
}

// HasAnnotations reports whether v has annotations.
func (v Value) HasAnnotations() bool { return v.desc > 0 }

// Annotations returns the annotations in order; one of unknown text is "".
func (v Value) Annotations() []string {
	var out []string
	for it := v.annotations(); it.next(); {
		out = append(out, it.text)
	}
	return out
}

// HasAnnotation reports whether one of v's annotations is s.
func (v Value) HasAnnotation(s string) bool {
	for it := v.annotations(); it.next(); {
		if it.known && it.text == s {
			return true
		}
	}
	return false
}

// WithoutAnnotations is v without its annotations.
func (v Value) WithoutAnnotations() Value {
	if v.desc > 0 {
		v.raw = v.raw[v.desc:]
		v.body -= v.desc
		v.desc = 0
	}
	return v
}

// annotationIter steps over the annotation symbol ids of a value.
type annotationIter struct {
	v     Value
	pos   int
	sid   uint32
	text  string
	known bool
}

func (v Value) annotations() annotationIter {
	it := annotationIter{v: v}
	if v.desc == 0 {
		return it
	}
	body, _, err := extent(v.raw, 0, 0)
	if err != nil {
		return it
	}
	_, it.pos = varUint(v.raw, body)
	return it
}

func (it *annotationIter) next() bool {
	if it.pos == 0 || it.pos >= int(it.v.desc) {
		return false
	}
	it.sid, it.pos = varUint(it.v.raw[:it.v.desc], it.pos)
	if it.pos == 0 {
		return false
	}
	it.text, it.known = it.v.syms.text(it.sid)
	return true
}

// HasSymbols reports whether the encoding refers to the symbol table: whether
// it holds a struct with fields, a symbol or an annotation at any depth.
func (v Value) HasSymbols() bool { return v.hasSymbols(1) }

func (v Value) hasSymbols(depth int) bool {
	switch {
	case v.desc > 0, v.typ == SymbolType && !v.null, depth > MaxDepth:
		return true
	case v.typ == StructType:
		return len(v.bodyBytes()) > 0
	case v.typ.IsContainer():
		for it := v.Iter(); it.Next(); {
			if it.Value().hasSymbols(depth + 1) {
				return true
			}
		}
	}
	return false
}
