package partiql

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"github.com/tallyledger/tally/hashchain/ion"
)

// decimals is QLDB's decimal arithmetic: 38 digits, half even.
var decimals = apd.Context{Precision: 38, Rounding: apd.RoundHalfEven, MaxExponent: apd.MaxExponent, MinExponent: apd.MinExponent}

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
		return ion.Decimal{}, errDecimals(x, y)
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
		return ion.Decimal{}, errDecimals(x, y)
	}
	return fromAPD(&r), nil
}

// maxExponent bounds the exponents of what is computed with: if they were far
// apart, that would take unbounded memory.
const maxExponent = 20_000

func apart(x, y ion.Decimal) bool { return outlying(x) || outlying(y) }

func outlying(d ion.Decimal) bool { return d.Exponent() > maxExponent || d.Exponent() < -maxExponent }

// errDecimals refuses to compute with x and y. It shows the one that is too large:
// the other has the lesser exponent or fewer digits.
func errDecimals(x, y ion.Decimal) error {
	d := x
	if !outlying(x) && (outlying(y) || y.Coefficient().BitLen() > x.Coefficient().BitLen()) {
		d = y
	}
	return errf("A decimal that is computed with has an exponent from -%d to %d and at most %d digits, as does the result; got: %s. CAST it to FLOAT first",
		maxExponent, maxExponent, apd.MaxExponent, decimalHead(d))
}

// decimalHead is as much of a decimal as error texts show.
func decimalHead(d ion.Decimal) string { return clip(decimalText(d)) }

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

// round38 rounds a decimal to 38 digits. Only the coefficient is left to apd, which
// knows no exponents beyond 100,000, as a coefficient of so many digits has.
func round38(d ion.Decimal) (ion.Decimal, bool) {
	if c, ok := d.Coef64(); ok || c != 0 {
		return d, true
	}
	digits, exp := leading(d.Coefficient().String(), int64(d.Exponent()))
	c, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return d, false
	}
	var r apd.Decimal
	if _, err := decimals.Round(&r, toAPD(ion.NewBigDecimal(c, 0))); err != nil || r.Form != apd.Finite {
		return d, false
	}
	exp += int64(r.Exponent)
	if exp <= math.MinInt32 || exp > math.MaxInt32 {
		return d, false
	}
	r.Exponent = int32(exp)
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
	// Java keeps the exponent as a scale of the opposite sign in 32 bits.
	if exp <= math.MinInt32 || exp > math.MaxInt32 || !isDecimalDigits(digits) {
		return ion.Decimal{}, false
	}
	digits, exp = leading(digits, exp)
	if exp > math.MaxInt32 {
		return ion.Decimal{}, false
	}
	c, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return ion.Decimal{}, false
	}
	return round38(ion.NewBigDecimal(c, int32(exp)))
}

// leading cuts a number that will be rounded to 38 digits: of those that cannot
// count any more it matters only whether they are zeros. Reading a number of many
// digits takes time in proportion to the square of their number.
func leading(digits string, exp int64) (string, int64) {
	const most = 100
	sign := ""
	if digits[0] == '-' || digits[0] == '+' {
		sign, digits = digits[:1], digits[1:]
	}
	digits = strings.TrimLeft(digits[:len(digits)-1], "0") + digits[len(digits)-1:]
	if len(digits) > most {
		rest := "0"
		if strings.Trim(digits[most:], "0") != "" {
			rest = "1"
		}
		exp += int64(len(digits) - most - 1)
		digits = digits[:most] + rest
	}
	return sign + digits, exp
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
