package ion

import (
	"bytes"
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
		return compareInts(a, b)
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

// compareInts compares the bytes of ints.
func compareInts(a, b Value) int {
	sign := 1
	if neg := a.tag()>>4 == 3; neg != (b.tag()>>4 == 3) {
		return cmp.Compare(b2i(!neg), b2i(neg))
	} else if neg {
		sign = -1
	}
	x, y := trimZeros(a.bodyBytes()), trimZeros(b.bodyBytes())
	if len(x) != len(y) {
		return sign * cmp.Compare(len(x), len(y))
	}
	return sign * bytes.Compare(x, y)
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
// apart by the length of their coefficients and by their exponents alone, so that
// 1d1000000000 costs no more than 1.
func compareDecimals(a, b Decimal) int {
	s := a.Sign()
	if c := cmp.Compare(s, b.Sign()); c != 0 || s == 0 {
		return c
	}
	if c, ok := compareSmall(a, b); ok {
		return c
	}
	x, y := a.Coefficient(), b.Coefficient()
	xlow, xhigh := log10(x)
	ylow, yhigh := log10(y)
	switch ea, eb := int64(a.exp), int64(b.exp); {
	case xlow+ea > yhigh+eb:
		return s
	case ylow+eb > xhigh+ea:
		return -s
	case ea > eb:
		// The numbers are about as large, so the exponents differ by no more than
		// the digits of the longer coefficient.
		x.Mul(x, powerOf10(ea-eb))
	default:
		y.Mul(y, powerOf10(eb-ea))
	}
	return x.Cmp(y)
}

func powerOf10(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

// log10 bounds the integer part of the decimal logarithm of |n|, which is not 0:
// log10(2) is between 0.30102 and 0.30103.
func log10(n *big.Int) (low, high int64) {
	bits := int64(n.BitLen())
	return (bits - 1) * 30102 / 100000, bits * 30103 / 100000
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
	if d.big.TrailingZeroBits() == 0 {
		return Decimal{big: d.big}, exp // odd, so ten does not divide it
	}
	digits := d.big.String()
	zeros := int64(len(digits) - len(strings.TrimRight(digits, "0")))
	n := d.big
	if zeros > 0 {
		n = new(big.Int).Quo(n, powerOf10(zeros))
	}
	return NewBigDecimal(n, 0), exp + zeros
}
