package partiql

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// castTarget is a type that CAST converts to; name is the one in error texts.
type castTarget struct {
	name    string
	convert func(d *datum) (datum, error)
}

// castTargets are the types by their canonical names.
var castTargets map[string]castTarget

func init() {
	add := func(display string, convert func(*datum) (datum, error), names ...string) {
		for _, n := range names {
			castTargets[n] = castTarget{display, convert}
		}
	}
	castTargets = make(map[string]castTarget)
	add("BOOL", toBool, "boolean")
	add("INT", toInt, "smallint", "integer")
	add("FLOAT", toFloat, "float", "real", "double_precision")
	add("DECIMAL", toDecimal, "decimal", "numeric")
	add("TIMESTAMP", toTimestamp, "timestamp")
	add("STRING", toText(ion.NewString), "character", "character_varying", "string")
	add("SYMBOL", toText(ion.NewSymbol), "symbol")
	add("CLOB", toLob(ion.NewClob), "clob")
	add("BLOB", toLob(ion.NewBlob), "blob")
	add("LIST", toSequence(seqList), "list")
	add("SEXP", toSequence(seqSexp), "sexp")
	add("BAG", toSequence(seqBag), "bag")
	add("STRUCT", inconvertible, "struct", "tuple")
	add("NULL", inconvertible, "null")
	add("MISSING", inconvertible, "missing")
}

// castNode is CAST.
type castNode struct {
	operand node
	target  string
}

func (n *castNode) eval(m *machine) (datum, error) {
	before := m.held
	d, err := n.operand.eval(m)
	if err != nil {
		return datum{}, err
	}
	if err := m.spendOn(&d, &d); err != nil {
		return datum{}, err
	}
	if d.unknown() || d.typeName() == castTargets[n.target].name {
		return cast(d, n.target) // d itself
	}
	if d.isSequence() {
		items, err := m.items(&d)
		if err != nil {
			return datum{}, err
		}
		d = datum{seq: &sequence{kind: d.kind(), items: items}}
		return cast(d, n.target) // the elements are still those of the operand
	}
	if d, err = cast(d, n.target); err != nil {
		return datum{}, err
	}
	return m.made(before, d)
}

// errKind says why a conversion failed; cast makes the texts.
type errKind string

func (e errKind) Error() string { return string(e) }

const (
	errIncompatible errKind = "incompatible"
	errUnparsable   errKind = "unparsable"
)

// cast converts d to a type. Unknowns stay as they are, except that null and
// missing become each other.
func cast(d datum, typ string) (datum, error) {
	target := castTargets[typ]
	if d.unknown() {
		switch typ {
		case "missing":
			return datum{}, nil
		case "null":
			return nullDatum, nil
		}
		return d, nil
	}
	from := d.typeName()
	if from == target.name {
		return d, nil
	}
	out, err := target.convert(&d)
	if err == nil && d.noText() {
		err = errUnparsable
	}
	switch err {
	case errIncompatible:
		text := "Cannot convert " + from + " to " + target.name
		return datum{}, errBoth(text, text)
	case errUnparsable:
		return datum{}, errBoth("Failed to convert "+from+" to "+target.name, "can't convert string value to "+target.name)
	}
	return out, err
}

func inconvertible(*datum) (datum, error) { return datum{}, errIncompatible }

func toBool(d *datum) (datum, error) {
	switch t := d.v.Type(); {
	case t.IsNumber():
		zero := ion.NewInt(0)
		return triOf(!ion.Equal(d.v, zero)).datum(), nil
	case t.IsText():
		s, _ := d.v.Text()
		return triOf(strings.EqualFold(s, "true")).datum(), nil
	}
	return datum{}, errIncompatible
}

func toInt(d *datum) (datum, error) {
	switch t := d.v.Type(); {
	case t == ion.BoolType:
		b, _ := d.v.Bool()
		return ionDatum(ion.NewInt(int64(oneIf(b)))), nil
	case t == ion.FloatType:
		f, _ := d.v.Float64()
		if math.IsNaN(f) || f >= 1<<63 || f < -1<<63 {
			return datum{}, errOverflow()
		}
		return ionDatum(ion.NewInt(int64(f))), nil
	case t == ion.DecimalType:
		x, _ := d.v.Decimal()
		return truncate(x)
	case t.IsText():
		s, _ := d.v.Text()
		return intOfText(s)
	}
	return datum{}, errIncompatible
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// truncate cuts the fraction of a decimal off.
func truncate(x ion.Decimal) (datum, error) {
	n, e := x.Coefficient(), int64(x.Exponent())
	digits := int64(len(n.String()))
	switch {
	case n.Sign() == 0 || digits+e <= 0:
		return ionDatum(ion.NewInt(0)), nil
	case digits+e > 20:
		return datum{}, errOverflow()
	case e > 0:
		n.Mul(n, tenTo(e))
	case e < 0:
		n.Quo(n, tenTo(-e))
	}
	if !n.IsInt64() {
		return datum{}, errOverflow()
	}
	return ionDatum(ion.NewInt(n.Int64())), nil
}

func tenTo(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// intOfText reads an int in base 10, or behind 0x or 0b, with a sign and leading
// zeros.
func intOfText(s string) (datum, error) {
	digits, base := strings.TrimPrefix(s, "+"), 10
	neg := false
	if digits == s {
		digits, neg = strings.CutPrefix(s, "-")
	}
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] | 0x20 {
		case 'x':
			digits, base = digits[2:], 16
		case 'b':
			digits, base = digits[2:], 2
		}
	}
	for i := range len(digits) {
		if v, err := strconv.ParseUint(digits[i:i+1], base, 8); err != nil || v >= uint64(base) {
			return datum{}, errUnparsable
		}
	}
	if digits == "" {
		return datum{}, errUnparsable
	}
	if neg {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return datum{}, errOverflow()
	}
	return ionDatum(ion.NewInt(n)), nil
}

func toFloat(d *datum) (datum, error) {
	switch t := d.v.Type(); {
	case t == ion.BoolType:
		b, _ := d.v.Bool()
		return ionDatum(ion.NewFloat(float64(oneIf(b)))), nil
	case t.IsNumber():
		return ionDatum(ion.NewFloat(floatOf(d.v))), nil
	case t.IsText():
		s, _ := d.v.Text()
		f, ok := floatOfText(s)
		if !ok {
			return datum{}, errUnparsable
		}
		return ionDatum(ion.NewFloat(f)), nil
	}
	return datum{}, errIncompatible
}

// trimBlanks takes off the ends what Java's String.trim does.
func trimBlanks(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

// floatOfText reads what Java's Double.parseDouble reads.
func floatOfText(s string) (float64, bool) {
	s = trimBlanks(s)
	switch strings.TrimLeft(s, "+-") {
	case "NaN":
		return math.NaN(), len(s) <= 4
	case "Infinity":
		return math.Inf(1 - 2*oneIf(strings.HasPrefix(s, "-"))), len(s) <= 9
	}
	if n := len(s) - 1; n >= 0 && strings.IndexByte("dDfF", s[n]) >= 0 && (strings.ContainsAny(s, "pP") || !strings.ContainsAny(s, "xX")) {
		s = s[:n] // one suffix, which in a hexadecimal number stands behind the exponent
	}
	if strings.ContainsAny(s, "_iInN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0)
}

func toDecimal(d *datum) (datum, error) {
	switch t := d.v.Type(); {
	case t == ion.BoolType:
		b, _ := d.v.Bool()
		return ionDatum(ion.FromDecimal(ion.NewDecimal(int64(oneIf(b)), 0))), nil
	case t.IsNumber():
		x, ok := decimalOf(d.v)
		if ok {
			x, ok = round38(x)
		}
		if !ok {
			return datum{}, errUnparsable
		}
		return ionDatum(ion.FromDecimal(x)), nil
	case t.IsText():
		s, _ := d.v.Text()
		x, ok := parseDecimal(trimBlanks(s)) // as the Kotlin engine trims it
		if !ok {
			return datum{}, errUnparsable
		}
		return ionDatum(ion.FromDecimal(x)), nil
	}
	return datum{}, errIncompatible
}

func toTimestamp(d *datum) (datum, error) {
	if !d.v.Type().IsText() {
		return datum{}, errIncompatible
	}
	s, _ := d.v.Text()
	v, ok := timestampOfText(s)
	if !ok {
		return datum{}, errUnparsable
	}
	return ionDatum(v), nil
}

// timestampOfText reads an Ion timestamp.
func timestampOfText(s string) (ion.Value, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return ion.Value{}, false
	}
	v, err := ion.ParseText(s)
	return v, err == nil && v.Type() == ion.TimestampType && !v.HasAnnotations()
}

// toText converts scalars to text.
func toText(build func(string) ion.Value) func(*datum) (datum, error) {
	return func(d *datum) (datum, error) {
		s := ""
		switch t := d.v.Type(); {
		case d.seq != nil:
			return datum{}, errIncompatible
		case t.IsText():
			s, _ = d.v.Text()
		case t == ion.FloatType:
			f, _ := d.v.Float64()
			s = javaDouble(f)
		case t == ion.DecimalType:
			x, _ := d.v.Decimal()
			s = javaDecimal(x)
		case t == ion.BoolType, t == ion.IntType, t == ion.TimestampType:
			s = d.v.WithoutAnnotations().String()
		default:
			return datum{}, errIncompatible
		}
		return ionDatum(build(s)), nil
	}
}

// javaDouble is a float as Java's Double.toString writes it.
func javaDouble(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exp)
	return mantissa + "E" + strconv.Itoa(n)
}

// javaDecimal is a decimal as Java's BigDecimal.toString writes it.
func javaDecimal(d ion.Decimal) string {
	c := d.Coefficient()
	sign := ""
	if c.Sign() < 0 {
		sign = "-"
	}
	digits := c.Abs(c).String()
	scale := -int64(d.Exponent())
	adjusted := int64(len(digits)) - 1 - scale
	if scale >= 0 && adjusted >= -6 {
		if scale == 0 {
			return sign + digits
		}
		for int64(len(digits)) <= scale {
			digits = "0" + digits
		}
		point := int64(len(digits)) - scale
		return sign + digits[:point] + "." + digits[point:]
	}
	if len(digits) > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	if adjusted == 0 {
		return sign + digits
	}
	return sign + digits + "E" + map[bool]string{true: "+", false: ""}[adjusted > 0] + strconv.FormatInt(adjusted, 10)
}

func toLob(build func([]byte) ion.Value) func(*datum) (datum, error) {
	return func(d *datum) (datum, error) {
		b, ok := d.v.Bytes()
		if !ok {
			return datum{}, errIncompatible
		}
		return ionDatum(build(b)), nil
	}
}

func toSequence(kind seqKind) func(*datum) (datum, error) {
	return func(d *datum) (datum, error) {
		if !d.isSequence() {
			return datum{}, errIncompatible
		}
		return datum{seq: &sequence{kind: kind, items: d.items()}}, nil
	}
}
