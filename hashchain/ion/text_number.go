package ion

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// maxDigits bounds the digits of a number in text by base: what [MaxNumberSize]
// can hold.
func maxDigits(base int) int {
	switch base {
	case 2:
		return 8 * MaxNumberSize
	case 16:
		return 2 * MaxNumberSize
	}
	return 315_653
}

// number reads an int, decimal, float or timestamp and writes it. It begins
// with a digit, or with a minus sign and a digit.
func (p *textParser) number() {
	start := p.in.offset()
	neg := p.in.accept('-')
	if !neg && p.atTimestamp() {
		p.timestamp(start)
		return
	}
	if p.in.peek() == '0' {
		switch p.in.peekAt(1) {
		case 'x', 'X':
			p.in.skip(2)
			p.radix(start, neg, 16)
			return
		case 'b', 'B':
			p.in.skip(2)
			p.radix(start, neg, 2)
			return
		}
	}
	p.decimalNumber(start, neg)
}

// digits appends a run of digits of the base to scratch, without the
// underscores that may stand between two of them, and returns how many.
func (p *textParser) digits(start int64, base int) int {
	n, most := 0, maxDigits(base)
	for {
		c := p.in.peek()
		if c == '_' && n > 0 {
			if !isDigit(p.in.peekAt(1), base) {
				p.in.fail(p.in.offset(), "underscore in a number must stand between two digits")
				return n
			}
			p.in.skip(1)
			continue
		}
		if !isDigit(c, base) {
			return n
		}
		if len(p.scratch) >= most {
			p.in.fail(start, "number has more than %d digits, which is more than a document of QLDB holds: store it as a string", most)
			return n
		}
		p.scratch = append(p.scratch, byte(c))
		p.in.skip(1)
		n++
	}
}

func isDigit(c, base int) bool {
	v := hexValue(c)
	return v >= 0 && v < base
}

func (p *textParser) radix(start int64, neg bool, base int) {
	p.scratch = p.scratch[:0]
	if p.digits(start, base) == 0 {
		p.in.fail(start, "number has no digits")
	}
	p.stop(start)
	p.int(neg, base)
}

func (p *textParser) int(neg bool, base int) {
	if p.in.err != nil {
		return
	}
	n, err := strconv.ParseInt(string(p.scratch), base, 64)
	if err == nil {
		if neg {
			n = -n
		}
		p.w.Int(n)
		return
	}
	big := bigOf(p.scratch, base)
	if neg {
		big.Neg(big)
	}
	p.w.BigInt(big)
}

// stop checks that the number ends here.
func (p *textParser) stop(start int64) {
	switch p.in.peek() {
	case eof, '{', '}', '[', ']', '(', ')', ',', '"', '\'', ' ', '\t', '\n', '\r', '\v', '\f':
		return
	case '/':
		if c := p.in.peekAt(1); c == '/' || c == '*' {
			return
		}
	}
	p.in.fail(p.in.offset(), "number or timestamp that begins at offset %d is followed by %s", start, describe(p.in.peek()))
}

func (p *textParser) decimalNumber(start int64, neg bool) {
	p.scratch = p.scratch[:0]
	if n := p.digits(start, 10); n > 1 && p.scratch[0] == '0' {
		p.in.fail(start, "number begins with a superfluous 0")
	} else if n == 0 {
		p.in.fail(start, "number has no digits")
	}
	frac, point := 0, p.in.accept('.')
	if point {
		frac = p.digits(start, 10)
	}
	switch c := p.in.peek(); {
	case c == 'e' || c == 'E':
		p.in.skip(1)
		exp := p.exponent(start)
		p.stop(start)
		p.float(start, neg, exp-int64(frac))
	case c == 'd' || c == 'D':
		p.in.skip(1)
		exp := p.exponent(start)
		p.stop(start)
		p.decimal(start, neg, exp-int64(frac))
	case point:
		p.stop(start)
		p.decimal(start, neg, -int64(frac))
	default:
		p.stop(start)
		p.int(neg, 10)
	}
}

// exponent reads a signed exponent; one that does not fit in 32 bits comes back
// as a number beyond them.
func (p *textParser) exponent(start int64) int64 {
	neg := false
	if c := p.in.peek(); c == '+' || c == '-' {
		neg = c == '-'
		p.in.skip(1)
	}
	n, exp := 0, int64(0)
	for ; isDigit(p.in.peek(), 10); n++ {
		exp = min(exp*10+int64(p.in.peek()-'0'), 1<<40)
		p.in.skip(1)
	}
	if n == 0 {
		p.in.fail(start, "exponent has no digits")
	}
	if neg {
		return -exp
	}
	return exp
}

func (p *textParser) decimal(start int64, neg bool, exp int64) {
	if exp > math.MaxInt32 || exp < -math.MaxInt32 {
		p.in.fail(start, "decimal exponent is not from %d to %d", -math.MaxInt32, math.MaxInt32)
	}
	if p.in.err != nil {
		return
	}
	p.w.Decimal(p.coefficient(neg).withExponent(int32(exp)))
}

// coefficient is the digits in scratch as a decimal with exponent 0.
func (p *textParser) coefficient(neg bool) Decimal {
	n, err := strconv.ParseInt(string(p.scratch), 10, 64)
	if err != nil {
		big := bigOf(p.scratch, 10)
		if neg {
			big.Neg(big)
		}
		return NewBigDecimal(big, 0)
	}
	if neg && n == 0 {
		return NegativeZero(0)
	}
	if neg {
		n = -n
	}
	return NewDecimal(n, 0)
}

// bigOf converts digits. SetString takes time in proportion to the square of their
// number: it gets short runs, which are put together by multiplication.
func bigOf(digits []byte, base int) *big.Int {
	const run = 1 << 10
	powers := []*big.Int{new(big.Int).Exp(big.NewInt(int64(base)), big.NewInt(run), nil)}
	for k := run; 2*k < len(digits); k *= 2 {
		last := powers[len(powers)-1]
		powers = append(powers, new(big.Int).Mul(last, last))
	}
	var convert func(digits []byte) *big.Int
	convert = func(digits []byte) *big.Int {
		if len(digits) <= run {
			n, _ := new(big.Int).SetString(string(digits), base)
			return n
		}
		i := bits.Len(uint(len(digits)-1)/run) - 1
		cut := len(digits) - run<<i
		n := convert(digits[:cut])
		return n.Add(n.Mul(n, powers[i]), convert(digits[cut:]))
	}
	return convert(digits)
}

func (d Decimal) withExponent(exp int32) Decimal {
	d.exp = exp
	return d
}

// float writes the float digits × 10^exp. One too large is infinite and one
// too small zero, as IEEE 754 rounds them.
func (p *textParser) float(start int64, neg bool, exp int64) {
	if p.in.err != nil {
		return
	}
	p.scratch = append(p.scratch, 'e')
	p.scratch = strconv.AppendInt(p.scratch, exp, 10)
	f, err := strconv.ParseFloat(string(p.scratch), 64)
	if err != nil && !math.IsInf(f, 0) {
		p.in.fail(start, "float cannot be read")
		return
	}
	if neg {
		f = -f
	}
	p.w.Float(f)
}
