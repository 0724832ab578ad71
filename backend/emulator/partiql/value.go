package partiql

import (
	"errors"
	"strings"
	"unicode/utf8"

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

// noText reports whether d is $0: a symbol of which no text is known. It equals
// itself only and converts to nothing.
func (d *datum) noText() bool {
	if d.v.Type() != ion.SymbolType || d.v.IsNull() {
		return false
	}
	_, ok := d.v.Text()
	return !ok
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

// itemIter walks over the elements of a sequence.
type itemIter struct {
	built []datum
	it    ion.Iter
}

func (d *datum) iter() itemIter {
	if d.seq != nil {
		return itemIter{built: d.seq.items}
	}
	return itemIter{it: d.v.Iter()}
}

func (i *itemIter) next() (datum, bool) {
	if len(i.built) > 0 {
		d := i.built[0]
		i.built = i.built[1:]
		return d, true
	}
	if !i.it.Next() {
		return datum{}, false
	}
	return ionDatum(i.it.Value()), true
}

func (d *datum) items() []datum {
	if d.seq != nil {
		return d.seq.items
	}
	out := make([]datum, 0, d.v.Len())
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
	var m machine // without a context
	return m.build(d)
}

func (m *machine) build(d *datum) (ion.Value, error) {
	switch {
	case d.seq != nil:
		var w ion.Writer
		w.SetLimit(maxBuilt)
		if err := m.write(&w, d); err != nil {
			return ion.Value{}, err
		}
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

// write writes d; bags become lists and MISSING becomes null.
func (m *machine) write(w *ion.Writer, d *datum) error {
	switch {
	case d.seq == nil && len(d.v.Raw()) > pollEvery && d.v.Type().IsContainer():
		return m.writeParts(w, d.v)
	case d.seq == nil:
		w.Value(d.v)
		return m.spend(len(d.v.Raw()))
	case d.seq.kind == seqSexp:
		w.BeginSexp()
	default:
		w.BeginList()
	}
	for i := range d.seq.items {
		if err := m.write(w, &d.seq.items[i]); err != nil {
			return err
		}
	}
	w.End()
	return nil
}

// writeParts writes a large container part by part, so that a context which ends is
// heard on the way.
func (m *machine) writeParts(w *ion.Writer, v ion.Value) error {
	w.BeginAs(v)
	for it := v.Iter(); it.Next() && w.Err() == nil; {
		if v.Type() == ion.StructType {
			w.FieldOf(&it)
		}
		part := ionDatum(it.Value())
		if err := m.write(w, &part); err != nil {
			return err
		}
	}
	w.End()
	return nil
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

// ionText is a value as error texts of the evaluator show it.
func (d *datum) ionText() string {
	return clip(head(d.ion()).String())
}

// head is v or, of a large container, a value whose text begins alike for as long
// as error texts show it.
func head(v ion.Value) ion.Value {
	if len(v.Raw()) <= pollEvery || !v.Type().IsContainer() {
		return v
	}
	w := ion.NewWriter()
	left := mostText
	writeHead(w, v, &left)
	if short, err := w.Build(); err == nil {
		return short
	}
	return v
}

// writeHead writes v and what is in it, but left values at most: each takes a
// character of the text.
func writeHead(w *ion.Writer, v ion.Value, left *int) {
	*left--
	if !v.Type().IsContainer() || v.IsNull() {
		w.Value(v)
		return
	}
	w.BeginAs(v)
	for it := v.Iter(); it.Next() && *left > 0; {
		if v.Type() == ion.StructType {
			w.FieldOf(&it)
		}
		writeHead(w, it.Value(), left)
	}
	w.End()
}

// text is a value in PartiQL's notation, as far as error texts show it.
func (d *datum) text() string {
	switch {
	case d.missing():
		return "MISSING"
	case d.isSequence() && d.kind() != seqSexp:
		open, end := "[", "]"
		if d.isBag() {
			open, end = "<<", ">>"
		}
		it := d.iter()
		return clipped(open, end, func() (string, bool) {
			item, ok := it.next()
			if !ok {
				return "", false
			}
			return item.text(), true
		})
	case d.isStruct():
		it := d.v.Iter()
		return clipped("{", "}", func() (string, bool) {
			if !it.Next() {
				return "", false
			}
			field := ionDatum(it.Value())
			return literalText(&Literal{Value: ion.NewString(it.Name())}) + ": " + field.text(), true
		})
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
	}
	return clip("`" + v.String() + "`")
}

// mostText is how many characters of a value an error text shows.
const mostText = 500

// clipped joins texts, as many of them as are shown.
func clipped(open, end string, next func() (string, bool)) string {
	var b strings.Builder
	b.WriteString(open)
	for n := 0; b.Len() <= utf8.UTFMax*mostText; n++ {
		s, ok := next()
		if !ok {
			b.WriteString(end)
			break
		}
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	return clip(b.String())
}

// clip keeps an error text from repeating a whole document.
func clip(s string) string {
	if len(s) <= mostText {
		return s
	}
	r := []rune(s[:min(len(s), utf8.UTFMax*mostText+utf8.UTFMax)])
	if len(r) <= mostText {
		return s
	}
	return string(r[:mostText]) + "…"
}
