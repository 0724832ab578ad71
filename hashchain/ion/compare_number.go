package ion

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// compareNumbers compares by mathematical value. A float is taken as the
// shortest decimal that denotes it, so that 0.1e0 equals 0.1.
func compareNumbers(a, b Value) int {
	if a.typ == IntType && b.typ == IntType {
		x, xok := a.Int64()
		y, yok := b.Int64()
		if xok && yok {
			return cmp.Compare(x, y)
		}
	}
	f, g := math.NaN(), math.NaN()
	if a.typ == FloatType {
		f, _ = a.Float64()
	}
	if b.typ == FloatType {
		g, _ = b.Float64()
	}
	if a.typ == FloatType && b.typ == FloatType {
		return cmp.Compare(f, g) // NaN first and equal to itself
	}
	if a.typ == FloatType && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return infinity(f)
	}
	if b.typ == FloatType && (math.IsNaN(g) || math.IsInf(g, 0)) {
		return -infinity(g)
	}
	return compareDecimals(numberOf(a), numberOf(b))
}

// infinity is how NaN or an infinity compares with any finite number.
func infinity(f float64) int {
	if f > 0 {
		return 1
	}
	return -1
}

// numberOf is a finite number as a decimal.
func numberOf(v Value) Decimal {
	switch v.typ {
	case IntType:
		if n, ok := v.Int64(); ok {
			return NewDecimal(n, 0)
		}
		n, _ := v.BigInt()
		return NewBigDecimal(n, 0)
	case FloatType:
		f, _ := v.Float64()
		return DecimalOf(f)
	}
	d, _ := v.Decimal()
	return d
}

// DecimalOf is the shortest decimal that denotes the finite float f.
func DecimalOf(f float64) Decimal {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	mant, exp, _ := strings.Cut(text, "e")
	e, _ := strconv.Atoi(exp)
	whole, frac, _ := strings.Cut(mant, ".")
	n, _ := strconv.ParseInt(whole+frac, 10, 64)
	return NewDecimal(n, int32(e-len(frac)))
}

// compareDecimals compares by value. Numbers of very different size are told
// apart by their digits and exponents alone, so that 1d1000000000 costs no more
// than 1.
func compareDecimals(a, b Decimal) int {
	s := a.Sign()
	if c := cmp.Compare(s, b.Sign()); c != 0 || s == 0 {
		return c
	}
	if c, ok := compareSmall(a, b); ok {
		return c
	}
	x, y := a.Coefficient(), b.Coefficient()
	x.Abs(x)
	y.Abs(y)
	dx, dy := x.String(), y.String()
	if c := cmp.Compare(int64(len(dx))+int64(a.exp), int64(len(dy))+int64(b.exp)); c != 0 {
		return s * c
	}
	// Both numbers have their first digit at the same place: compare the digits
	// as fractions.
	n := min(len(dx), len(dy))
	if c := strings.Compare(dx[:n], dy[:n]); c != 0 {
		return s * c
	}
	rest := strings.TrimLeft(dx[n:], "0")
	if rest != "" {
		return s
	}
	if strings.TrimLeft(dy[n:], "0") != "" {
		return -s
	}
	return 0
}

// compareSmall compares decimals whose coefficients fit in an int64 at the
// lower of their exponents.
func compareSmall(a, b Decimal) (c int, ok bool) {
	if a.big != nil || b.big != nil {
		return 0, false
	}
	x, y := a.coef, b.coef
	d := int64(a.exp) - int64(b.exp)
	if d > 0 {
		x, ok = scaleUp(x, d)
	} else {
		y, ok = scaleUp(y, -d)
	}
	return cmp.Compare(x, y), ok
}

// scaleUp is n × 10^d if it fits.
func scaleUp(n, d int64) (int64, bool) {
	if d > 18 {
		return 0, false
	}
	p := int64(pow10(int(d)))
	if n > math.MaxInt64/p || n < -math.MaxInt64/p {
		return 0, false
	}
	return n * p, true
}

// normal is the coefficient of d without trailing zeros, and the exponent that
// goes with it: equal numbers have equal normal forms.
func (d Decimal) normal() (coef Decimal, exp int64) {
	if d.Sign() == 0 {
		return Decimal{}, 0
	}
	exp = int64(d.exp)
	if d.big == nil {
		for d.coef%10 == 0 {
			d.coef /= 10
			exp++
		}
		return NewDecimal(d.coef, 0), exp
	}
	digits := d.big.String()
	cut := strings.TrimRight(digits, "0")
	n, _ := new(big.Int).SetString(cut, 10)
	return NewBigDecimal(n, 0), exp + int64(len(digits)-len(cut))
}
