package partiql

import (
	"errors"
	"slices"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// datum is a value of an expression: an Ion value, or a sequence that the
// statement built. The zero datum is MISSING.
type datum struct {
	v   ion.Value
	seq *sequence
}

// seqKind tells sequences apart.
type seqKind uint8

const (
	seqList seqKind = iota
	seqBag
	seqSexp
)

// sequence is a list, a bag or a sexp built by the statement. Unlike Ion's, it
// may hold MISSING and bags.
type sequence struct {
	kind  seqKind
	items []datum
}

var (
	nullDatum  = datum{v: ion.NewNull(ion.NullType)}
	trueDatum  = datum{v: ion.NewBool(true)}
	falseDatum = datum{v: ion.NewBool(false)}
)

func ionDatum(v ion.Value) datum { return datum{v: v} }

func (d *datum) missing() bool { return d.seq == nil && d.v.IsZero() }

// unknown reports whether d is MISSING or null of any type.
func (d *datum) unknown() bool { return d.seq == nil && (d.v.IsNull() || d.v.IsZero()) }

// typeNames are the names that error texts use.
var typeNames = [...]string{ion.NoType: "MISSING", ion.NullType: "NULL", ion.BoolType: "BOOL", ion.IntType: "INT", ion.FloatType: "FLOAT",
	ion.DecimalType: "DECIMAL", ion.TimestampType: "TIMESTAMP", ion.SymbolType: "SYMBOL", ion.StringType: "STRING", ion.ClobType: "CLOB",
	ion.BlobType: "BLOB", ion.ListType: "LIST", ion.SexpType: "SEXP", ion.StructType: "STRUCT"}

func (d *datum) typeName() string {
	if d.seq != nil {
		return [...]string{"LIST", "BAG", "SEXP"}[d.seq.kind]
	}
	if d.v.IsNull() {
		return "NULL"
	}
	return typeNames[d.v.Type()]
}

// isSequence reports whether d is a list, a bag or a sexp that is not null.
func (d *datum) isSequence() bool {
	t := d.v.Type()
	return d.seq != nil || (t == ion.ListType || t == ion.SexpType) && !d.v.IsNull()
}

// ranges reports whether FROM ranges over the elements of d: lists and bags.
func (d *datum) ranges() bool {
	if d.seq != nil {
		return d.seq.kind != seqSexp
	}
	return d.v.Type() == ion.ListType && !d.v.IsNull()
}

func (d *datum) isStruct() bool { return d.v.Type() == ion.StructType && !d.v.IsNull() }

// kind is the kind of a sequence.
func (d *datum) kind() seqKind {
	if d.seq != nil {
		return d.seq.kind
	}
	if d.v.Type() == ion.SexpType {
		return seqSexp
	}
	return seqList
}

// each calls f for the elements of a sequence.
func (d *datum) each(f func(datum) error) error {
	if d.seq != nil {
		for _, item := range d.seq.items {
			if err := f(item); err != nil {
				return err
			}
		}
		return nil
	}
	for it := d.v.Iter(); it.Next(); {
		if err := f(ionDatum(it.Value())); err != nil {
			return err
		}
	}
	return nil
}

func (d *datum) items() []datum {
	if d.seq != nil {
		return d.seq.items
	}
	var out []datum
	for it := d.v.Iter(); it.Next(); {
		out = append(out, ionDatum(it.Value()))
	}
	return out
}

// ion is d as an Ion value: bags become lists, MISSING becomes null. What is
// nested too deeply for Ion becomes null too; build tells.
func (d *datum) ion() ion.Value {
	v, err := d.build()
	if err != nil {
		return nullDatum.v
	}
	return v
}

func (d *datum) build() (ion.Value, error) {
	switch {
	case d.seq != nil:
		var w ion.Writer
		w.SetLimit(maxBuilt)
		writeDatum(&w, d)
		v, err := w.Build()
		switch {
		case errors.Is(err, ion.ErrTooLarge):
			err = errTooLarge()
		case err != nil:
			err = errDepth()
		}
		return v, err
	case d.v.IsZero():
		return nullDatum.v, nil
	}
	return d.v, nil
}

func errDepth() error {
	e := stateError(CodeOther, "A value is nested deeper than %d levels", ion.MaxDepth)
	e.cause = ErrTooLarge
	return e
}

// writeDatum writes d; bags become lists and MISSING becomes null.
func writeDatum(w *ion.Writer, d *datum) {
	if d.seq == nil {
		w.Value(d.v)
		return
	}
	if d.seq.kind == seqSexp {
		w.BeginSexp()
	} else {
		w.BeginList()
	}
	for i := range d.seq.items {
		writeDatum(w, &d.seq.items[i])
	}
	w.End()
}

// weight is the work of looking at d once: the bytes of an Ion value. The
// elements of a sequence that the statement built count as they are looked at.
func (d *datum) weight() int {
	if d.seq != nil {
		return len(d.seq.items)
	}
	return len(d.v.Raw())
}

// spendOn counts the work of an operation with two values.
func (m *machine) spendOn(a, b *datum) error {
	n := opWork + a.weight() + b.weight()
	if a.v.Type() == ion.DecimalType || b.v.Type() == ion.DecimalType {
		n += bigWork
	}
	return m.spend(n)
}

// equal is deep equality, which is what = means between known values.
func (m *machine) equal(a, b *datum) (bool, error) {
	if err := m.spendOn(a, b); err != nil {
		return false, err
	}
	if a.seq == nil && b.seq == nil {
		if a.v.IsZero() || b.v.IsZero() {
			return a.unknown() && b.unknown(), nil
		}
		return ion.Equal(a.v, b.v), nil
	}
	if !a.isSequence() || !b.isSequence() || a.kind() != b.kind() {
		return false, nil
	}
	x, y := a.items(), b.items()
	if len(x) != len(y) {
		return false, nil
	}
	if a.kind() == seqBag {
		c, err := m.orderBags(x, y)
		return c == 0, err
	}
	for i := range x {
		if same, err := m.equal(&x[i], &y[i]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// appendDatumKey appends bytes that are the same for equal values only.
func appendDatumKey(dst []byte, d *datum) []byte {
	if !d.holdsBag() {
		return ion.AppendKey(dst, d.ion())
	}
	// No value of Ion equals one with a bag, so the first byte is none of its.
	dst = append(dst, 0xff, byte(d.seq.kind))
	keys := make([]string, len(d.seq.items))
	for i := range keys {
		keys[i] = string(appendDatumKey(nil, &d.seq.items[i]))
	}
	if d.seq.kind == seqBag {
		slices.Sort(keys)
	}
	for _, k := range keys {
		dst = append(dst, k...)
	}
	return append(dst, 0xfe)
}

// holdsBag reports whether d is a bag or a built sequence with one in it.
func (d *datum) holdsBag() bool {
	return d.isBag() || d.seq != nil && slices.ContainsFunc(d.seq.items, func(item datum) bool { return item.holdsBag() })
}

// ionText is a value as error texts of the evaluator show it.
func (d *datum) ionText() string {
	v := d.ion()
	return clip(v.String())
}

// text is a value in PartiQL's notation.
func (d *datum) text() string {
	switch {
	case d.missing():
		return "MISSING"
	case d.seq != nil && d.seq.kind == seqBag:
		var parts []string
		for i := range d.seq.items {
			parts = append(parts, d.seq.items[i].text())
		}
		return clip("<<" + strings.Join(parts, ", ") + ">>")
	}
	v := d.ion()
	switch {
	case v.Type() == ion.NullType:
		return "NULL"
	case v.Type() == ion.BoolType:
		return v.String()
	case v.IsNull():
		return "`" + v.String() + "`"
	}
	switch v.Type() {
	case ion.IntType, ion.DecimalType, ion.StringType:
		return clip(literalText(&Literal{Value: v}))
	case ion.ListType:
		var parts []string
		for _, item := range d.items() {
			parts = append(parts, item.text())
		}
		return clip("[" + strings.Join(parts, ", ") + "]")
	case ion.StructType:
		var parts []string
		for it := v.Iter(); it.Next(); {
			field := ionDatum(it.Value())
			parts = append(parts, literalText(&Literal{Value: ion.NewString(it.Name())})+": "+field.text())
		}
		return clip("{" + strings.Join(parts, ", ") + "}")
	}
	return clip("`" + v.String() + "`")
}

// clip keeps an error text from repeating a whole document.
func clip(s string) string {
	const most = 500
	if len(s) <= most {
		return s
	}
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
