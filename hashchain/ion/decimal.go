package ion

import (
	"math"
	"math/big"
	"strconv"
)

// Decimal is an Ion decimal: coefficient × 10^exponent. Scale counts: 1.0 and
// 1.00 are different Decimals, and so are 0. and -0. .
type Decimal struct {
	coef    int64
	big     *big.Int // set where the coefficient does not fit in coef
	exp     int32
	negZero bool
}

// NewDecimal returns coef × 10^exp.
func NewDecimal(coef int64, exp int32) Decimal { return Decimal{coef: coef, exp: exp} }

// NewBigDecimal returns coef × 10^exp. It keeps no reference to coef. A coefficient
// of more than [MaxNumberSize] bytes can be computed with but not written.
func NewBigDecimal(coef *big.Int, exp int32) Decimal {
	if coef.IsInt64() {
		return Decimal{coef: coef.Int64(), exp: exp}
	}
	return Decimal{big: new(big.Int).Set(coef), exp: exp}
}

// NegativeZero returns -0 × 10^exp.
func NegativeZero(exp int32) Decimal { return Decimal{exp: exp, negZero: true} }

// Exponent is the power of ten.
func (d Decimal) Exponent() int32 { return d.exp }

// IsNegativeZero reports whether d is a zero with a minus sign.
func (d Decimal) IsNegativeZero() bool { return d.negZero }

// Sign is -1, 0 or 1; it is 0 for negative zero.
func (d Decimal) Sign() int {
	switch {
	case d.big != nil:
		return d.big.Sign()
	case d.coef > 0:
		return 1
	case d.coef < 0:
		return -1
	}
	return 0
}

// Coefficient returns the coefficient as a new big.Int.
func (d Decimal) Coefficient() *big.Int {
	if d.big != nil {
		return new(big.Int).Set(d.big)
	}
	return big.NewInt(d.coef)
}

// Coef64 returns the coefficient if it fits in an int64.
func (d Decimal) Coef64() (int64, bool) { return d.coef, d.big == nil }

// String is the decimal in Ion text, in the form that QLDB's answers use: plain
// notation where the exponent is small, "d" notation otherwise.
func (d Decimal) String() string { return string(d.appendText(nil)) }

func (d Decimal) appendText(dst []byte) []byte {
	var digits []byte
	neg := d.negZero
	if d.big != nil {
		neg = d.big.Sign() < 0
		digits = new(big.Int).Abs(d.big).Append(nil, 10)
	} else {
		mag := uint64(d.coef)
		if d.coef < 0 {
			neg, mag = true, -mag
		}
		digits = strconv.AppendUint(make([]byte, 0, 20), mag, 10)
	}
	if neg {
		dst = append(dst, '-')
	}
	scale := -int64(d.exp)
	n := int64(len(digits))
	switch adjusted := n - 1 - scale; {
	case scale == 0:
		return append(append(dst, digits...), '.')
	case scale < 0:
		return strconv.AppendInt(append(append(dst, digits...), 'd'), -scale, 10)
	case adjusted >= 0:
		dst = append(append(dst, digits[:n-scale]...), '.')
		return append(dst, digits[n-scale:]...)
	case adjusted >= -6:
		dst = append(dst, '0', '.')
		for range scale - n {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	default:
		return strconv.AppendInt(append(append(dst, digits...), 'd', '-'), scale, 10)
	}
}

// decodeDecimal decodes the representation of a decimal.
func decodeDecimal(b []byte) (Decimal, bool) {
	if len(b) == 0 {
		return Decimal{}, true
	}
	exp, _, p := varInt(b, 0)
	if p == 0 {
		return Decimal{}, false
	}
	if len(trimZeros(b[p:])) > MaxNumberSize {
		return Decimal{}, false
	}
	d := Decimal{exp: exp}
	d.setCoef(b[p:])
	return d, true
}

// setCoef reads an Int field: sign bit and magnitude.
func (d *Decimal) setCoef(b []byte) {
	if len(b) == 0 {
		return
	}
	neg := b[0]&0x80 != 0
	if len(b) <= 8 {
		mag := uint64(b[0] & 0x7f)
		for _, c := range b[1:] {
			mag = mag<<8 | uint64(c)
		}
		d.coef = int64(mag)
		if neg {
			d.coef, d.negZero = -d.coef, mag == 0
		}
		return
	}
	m := append([]byte{b[0] & 0x7f}, b[1:]...)
	n := new(big.Int).SetBytes(m)
	if neg {
		n.Neg(n)
	}
	exp := d.exp
	*d = NewBigDecimal(n, exp)
	d.negZero = neg && n.Sign() == 0
}

// appendBody appends the shortest representation of d.
func (d Decimal) appendBody(dst []byte) []byte {
	if d.exp == 0 && d.coef == 0 && d.big == nil && !d.negZero {
		return dst
	}
	neg := d.exp < 0
	mag := uint64(d.exp)
	if neg {
		mag = uint64(-int64(d.exp))
	}
	dst = appendVarInt(dst, neg, mag)
	return d.appendCoef(dst)
}

// appendCoef appends the coefficient as an Int field; zero is left out.
func (d Decimal) appendCoef(dst []byte) []byte {
	if d.big != nil {
		return appendInt(dst, d.big.Sign() < 0, d.big.Bytes())
	}
	if d.negZero {
		return append(dst, 0x80)
	}
	var buf [8]byte
	mag := uint64(d.coef)
	if d.coef < 0 {
		mag = -mag
	}
	return appendInt(dst, d.coef < 0, appendUint(buf[:0], mag))
}

// appendInt appends an Int field for a magnitude without leading zeros.
func appendInt(dst []byte, neg bool, mag []byte) []byte {
	if len(mag) == 0 {
		return dst
	}
	sign := byte(0)
	if neg {
		sign = 0x80
	}
	if mag[0]&0x80 != 0 {
		return append(append(dst, sign), mag...)
	}
	dst = append(dst, mag[0]|sign)
	return append(dst, mag[1:]...)
}

// Float64 is the nearest float64; it is infinite where d is out of range.
func (d Decimal) Float64() float64 {
	if d.big == nil && d.exp == 0 {
		return float64(d.coef)
	}
	c := d.Coefficient()
	digits := c.Abs(c).String()
	// strconv takes exponents beyond 10,000 for that, so the one it reads is that of
	// the first digit, by which such numbers are zero or infinite.
	text := "." + digits + "e" + strconv.FormatInt(int64(d.exp)+int64(len(digits)), 10)
	if d.Sign() < 0 {
		text = "-" + text
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}
