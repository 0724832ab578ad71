package partiql

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"github.com/tallyledger/tally/hashchain/ion"
)

// decimals is QLDB's decimal arithmetic: 38 digits, half even.
var decimals = apd.Context{Precision: 38, Rounding: apd.RoundHalfEven, MaxExponent: apd.MaxExponent, MinExponent: apd.MinExponent}

const overflowText = "Int overflow or underflow"

func errOverflow() error { return errBoth(overflowText, overflowText) }

// arithNode is + - * / or %.
type arithNode struct {
	op          byte
	left, right node
}

func (n *arithNode) eval(m *machine) (datum, error) {
	a, err := n.left.eval(m)
	if err != nil {
		return datum{}, err
	}
	b, err := n.right.eval(m)
	if err != nil {
		return datum{}, err
	}
	if a.unknown() || b.unknown() {
		return nullDatum, nil
	}
	return arithmetic(n.op, &a, &b)
}

// arithmetic computes with two known values: in int if both are, else in
// decimal, or in float if no decimal is involved.
func arithmetic(op byte, a, b *datum) (datum, error) {
	ta, tb := a.v.Type(), b.v.Type()
	if !ta.IsNumber() {
		return datum{}, errf("Expected number: %s", a.ionText())
	}
	if !tb.IsNumber() {
		return datum{}, errf("Expected number: %s", b.ionText())
	}
	switch {
	case ta == ion.IntType && tb == ion.IntType:
		return intArithmetic(op, a.v, b.v)
	case ta != ion.DecimalType && tb != ion.DecimalType:
		return floatArithmetic(op, floatOf(a.v), floatOf(b.v))
	}
	x, xok := decimalOf(a.v)
	y, yok := decimalOf(b.v)
	if !xok || !yok { // nan or an infinity has no decimal
		return floatArithmetic(op, floatOf(a.v), floatOf(b.v))
	}
	d, err := decimalArithmetic(op, x, y)
	return ionDatum(ion.FromDecimal(d)), err
}

func floatOf(v ion.Value) float64 {
	switch v.Type() {
	case ion.FloatType:
		f, _ := v.Float64()
		return f
	case ion.DecimalType:
		d, _ := v.Decimal()
		return d.Float64()
	}
	if n, ok := v.Int64(); ok {
		return float64(n)
	}
	n, _ := v.BigInt()
	f, _ := new(big.Float).SetInt(n).Float64()
	return f
}

// decimalOf is a number as a decimal; nan and infinities have none.
func decimalOf(v ion.Value) (ion.Decimal, bool) {
	switch v.Type() {
	case ion.FloatType:
		f, _ := v.Float64()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return ion.Decimal{}, false
		}
		return ion.DecimalOf(f), true
	case ion.DecimalType:
		return v.Decimal()
	}
	n, ok := v.BigInt()
	if !ok {
		return ion.Decimal{}, false
	}
	return ion.NewBigDecimal(n, 0), true
}

// intArithmetic computes in 64 bits; what does not fit is an error.
func intArithmetic(op byte, a, b ion.Value) (datum, error) {
	x, xok := a.Int64()
	y, yok := b.Int64()
	if !xok || !yok {
		return datum{}, errOverflow()
	}
	var r int64
	ok := true
	switch op {
	case '+':
		r = x + y
		ok = (r > x) == (y > 0)
	case '-':
		r = x - y
		ok = (r < x) == (y > 0)
	case '*':
		r, ok = multiply(x, y)
	case '/', '%':
		if y == 0 {
			return datum{}, errZero(op)
		}
		if op == '%' {
			if y != -1 { // x % -1 traps on some machines for the lowest x
				r = x % y
			}
			break
		}
		ok = x != math.MinInt64 || y != -1
		if ok {
			r = x / y
		}
	}
	if !ok {
		return datum{}, errOverflow()
	}
	return ionDatum(ion.NewInt(r)), nil
}

func multiply(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	neg := (x < 0) != (y < 0)
	switch {
	case hi != 0 || lo > 1<<63 || lo == 1<<63 && !neg:
		return 0, false
	case neg:
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func errZero(op byte) error { return errBoth(string(op)+" by zero", string(op)+" by zero") }

func floatArithmetic(op byte, x, y float64) (datum, error) {
	var r float64
	switch op {
	case '+':
		r = x + y
	case '-':
		r = x - y
	case '*':
		r = x * y
	default:
		if y == 0 {
			return datum{}, errZero(op)
		}
		if op == '/' {
			r = x / y
		} else {
			r = math.Mod(x, y)
		}
	}
	return ionDatum(ion.NewFloat(r)), nil
}

func decimalArithmetic(op byte, x, y ion.Decimal) (ion.Decimal, error) {
	if op == '+' || op == '-' {
		if d, ok := addFast(op, x, y); ok {
			return d, nil
		}
	}
	if (op == '/' || op == '%') && y.Sign() == 0 {
		return ion.Decimal{}, errZero(op)
	}
	if apart(x, y) {
		return ion.Decimal{}, errOverflow()
	}
	var r apd.Decimal
	a, b := toAPD(x), toAPD(y)
	var cond apd.Condition
	var err error
	switch op {
	case '+':
		cond, err = decimals.Add(&r, a, b)
	case '-':
		cond, err = decimals.Sub(&r, a, b)
	case '*':
		cond, err = decimals.Mul(&r, a, b)
	case '/':
		if cond, err = decimals.Quo(&r, a, b); err == nil && !cond.Inexact() {
			reduceTo(&r, x.Exponent()-y.Exponent())
		}
	default:
		err = remainder(&r, a, b)
	}
	if err != nil || r.Form != apd.Finite || cond.DivisionByZero() {
		return ion.Decimal{}, errOverflow()
	}
	return fromAPD(&r), nil
}

// apart reports whether exponents are so far apart or so large that computing
// with them would take unbounded memory.
func apart(x, y ion.Decimal) bool {
	const most = 20_000
	for _, e := range [...]int32{x.Exponent(), y.Exponent()} {
		if e > most || e < -most {
			return true
		}
	}
	return false
}

// addFast adds small decimals of one scale.
func addFast(op byte, x, y ion.Decimal) (ion.Decimal, bool) {
	a, aok := x.Coef64()
	b, bok := y.Coef64()
	const small = 1 << 61
	if !aok || !bok || x.Exponent() != y.Exponent() || a > small || a < -small || b > small || b < -small {
		return ion.Decimal{}, false
	}
	if op == '-' {
		b = -b
	}
	return ion.NewDecimal(a+b, x.Exponent()), true
}

// remainder computes a - trunc(a/b)*b. The sign is that of a.
func remainder(r, a, b *apd.Decimal) error {
	exact := decimals.WithPrecision(100_000)
	if _, err := exact.Rem(r, a, b); err != nil {
		return err
	}
	_, err := decimals.Round(r, r)
	return err
}

// reduceTo takes zeros off the end of an exact quotient, down to the exponent
// that a division has by nature.
func reduceTo(d *apd.Decimal, exp int32) {
	ten, rem := apd.NewBigInt(10), new(apd.BigInt)
	q := new(apd.BigInt)
	for d.Exponent < exp && d.Coeff.Sign() != 0 {
		if q.QuoRem(&d.Coeff, ten, rem); rem.Sign() != 0 {
			return
		}
		d.Coeff.Set(q)
		d.Exponent++
	}
	if d.Coeff.Sign() == 0 {
		d.Exponent = exp
	}
}

func toAPD(d ion.Decimal) *apd.Decimal {
	c := new(apd.BigInt).SetMathBigInt(d.Coefficient())
	out := apd.NewWithBigInt(c, d.Exponent())
	return out
}

func fromAPD(d *apd.Decimal) ion.Decimal {
	c := d.Coeff.MathBigInt()
	if d.Negative {
		c.Neg(c)
	}
	return ion.NewBigDecimal(c, d.Exponent)
}

// round38 rounds a decimal to 38 digits.
func round38(d ion.Decimal) (ion.Decimal, bool) {
	if c, ok := d.Coef64(); ok || c != 0 {
		return d, true
	}
	var r apd.Decimal
	if _, err := decimals.Round(&r, toAPD(d)); err != nil || r.Form != apd.Finite {
		return d, false
	}
	return fromAPD(&r), true
}

// parseDecimal reads a number with an optional point and exponent. The scale is
// that of the text; more than 38 digits are rounded.
func parseDecimal(s string) (ion.Decimal, bool) {
	mantissa, exp := s, int64(0)
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil {
			return ion.Decimal{}, false
		}
		mantissa, exp = s[:i], n
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := whole + frac
	exp -= int64(len(frac))
	if exp < math.MinInt32 || exp > math.MaxInt32 || !isDecimalDigits(digits) {
		return ion.Decimal{}, false
	}
	c, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return ion.Decimal{}, false
	}
	return round38(ion.NewBigDecimal(c, int32(exp)))
}

// isDecimalDigits accepts a sign and at least one digit.
func isDecimalDigits(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// decimalText is a decimal in PartiQL's notation.
func decimalText(d ion.Decimal) string { return strings.ReplaceAll(d.String(), "d", "e") }

func negateDecimal(d ion.Decimal) ion.Decimal {
	c := d.Coefficient()
	return ion.NewBigDecimal(c.Neg(c), d.Exponent())
}

// signNode is a sign in front of an expression.
type signNode struct {
	operand node
	minus   bool
}

func (n *signNode) eval(m *machine) (datum, error) {
	d, err := n.operand.eval(m)
	if err != nil {
		return datum{}, err
	}
	if d.unknown() {
		return nullDatum, nil
	}
	switch d.v.Type() {
	case ion.IntType:
		if !n.minus {
			return d, nil
		}
		zero := ionDatum(ion.NewInt(0))
		return arithmetic('-', &zero, &d)
	case ion.DecimalType:
		if n.minus {
			x, _ := d.v.Decimal()
			return ionDatum(ion.FromDecimal(negateDecimal(x))), nil
		}
		return d, nil
	case ion.FloatType:
		if n.minus {
			f, _ := d.v.Float64()
			return ionDatum(ion.NewFloat(-f)), nil
		}
		return d, nil
	}
	return datum{}, errf("Expected number: %s", d.ionText())
}

// concatNode is ||.
type concatNode struct{ left, right node }

func (n *concatNode) eval(m *machine) (datum, error) {
	a, err := n.left.eval(m)
	if err != nil {
		return datum{}, err
	}
	b, err := n.right.eval(m)
	if err != nil {
		return datum{}, err
	}
	if a.unknown() || b.unknown() {
		return nullDatum, nil
	}
	s, sok := a.v.Text()
	t, tok := b.v.Text()
	if !sok || !tok {
		return datum{}, errBoth("Incorrect type of arguments for operator '||', expected one of [SYMBOL, STRING] got ["+a.typeName()+", "+b.typeName()+"]",
			"Wrong argument type for ||")
	}
	return ionDatum(ion.NewString(s + t)), nil
}
