package ion

import (
	"math/big"
	"unicode/utf8"
)

// build makes a scalar that needs no symbol table.
func build(write func(*Writer)) Value {
	var w Writer
	write(&w)
	v, err := header(w.buf, systemTable, 0)
	if err != nil {
		return Value{}
	}
	return v
}

// NewNull returns a null of the type; NullType gives a plain null.
func NewNull(t Type) Value { return build(func(w *Writer) { w.Null(t) }) }

// NewBool returns a bool.
func NewBool(b bool) Value {
	if b {
		return trueValue
	}
	return falseValue
}

var (
	trueValue  = build(func(w *Writer) { w.Bool(true) })
	falseValue = build(func(w *Writer) { w.Bool(false) })
)

// NewInt returns an int.
func NewInt(n int64) Value { return build(func(w *Writer) { w.Int(n) }) }

// NewBigInt returns an int, or the zero Value if n has more than [MaxNumberSize]
// bytes.
func NewBigInt(n *big.Int) Value { return build(func(w *Writer) { w.BigInt(n) }) }

// NewFloat returns a float.
func NewFloat(f float64) Value { return build(func(w *Writer) { w.Float(f) }) }

// FromDecimal returns a decimal, or the zero Value if [Writer.Decimal] refuses it.
func FromDecimal(d Decimal) Value { return build(func(w *Writer) { w.Decimal(d) }) }

// FromTimestamp returns a timestamp, or the zero Value if t does not validate.
func FromTimestamp(t Timestamp) Value { return build(func(w *Writer) { w.Timestamp(t) }) }

// NewString returns a string.
func NewString(s string) Value {
	if len(s) < 14 || len(s) > 1<<14 || !utf8.ValidString(s) {
		return build(func(w *Writer) { w.String(s) })
	}
	// Strings are the most frequent parameters: one allocation instead of three.
	raw := appendHead(make([]byte, 0, len(s)+4), 0x80, len(s))
	body := len(raw)
	return Value{raw: append(raw, s...), syms: systemTable, body: uint32(body), typ: StringType}
}

// NewBlob returns a blob with a copy of b.
func NewBlob(b []byte) Value { return build(func(w *Writer) { w.Blob(b) }) }

// NewClob returns a clob with a copy of b.
func NewClob(b []byte) Value { return build(func(w *Writer) { w.Clob(b) }) }

// NewSymbol returns a symbol.
func NewSymbol(s string) Value {
	var w Writer
	w.Symbol(s)
	v, _ := w.Build()
	return v
}
