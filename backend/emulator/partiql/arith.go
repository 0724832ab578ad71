package partiql

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/tallyledger/tally/hashchain/ion"
)

const overflowText = "Int overflow or underflow"

func errOverflow() error { return errBoth(overflowText, overflowText) }

// arithNode is + - * / or %.
type arithNode struct {
	op          byte
	left, right node
}

func (n *arithNode) eval(m *machine) (datum, error) {
	before := m.held
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
	if err := m.spendOn(&a, &b); err != nil {
		return datum{}, err
	}
	d, err := arithmetic(n.op, &a, &b)
	if err != nil {
		return datum{}, err
	}
	return m.made(before, d)
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
	case beyond64(a.v) || beyond64(b.v):
		return datum{}, errOverflow()
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

// beyond64 reports whether v is an int that nothing computes with: QLDB's engine
// stored and compared those of more than 64 bits, no more.
func beyond64(v ion.Value) bool {
	if v.Type() != ion.IntType {
		return false
	}
	_, ok := v.Int64()
	return !ok
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

// intArithmetic computes in 64 bits with ints that fit; a result that does not is
// an error.
func intArithmetic(op byte, a, b ion.Value) (datum, error) {
	x, _ := a.Int64()
	y, _ := b.Int64()
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

// signNode is a sign in front of an expression.
type signNode struct {
	operand node
	minus   bool
}

func (n *signNode) eval(m *machine) (datum, error) {
	before := m.held
	d, err := n.operand.eval(m)
	if err != nil {
		return datum{}, err
	}
	if d.unknown() {
		return nullDatum, nil
	}
	if err := m.spendOn(&d, &d); err != nil {
		return datum{}, err
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
			return m.made(before, ionDatum(ion.FromDecimal(negateDecimal(x))))
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
	before := m.held
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
	switch {
	case sok && tok:
	case a.noText() || b.noText(): // its type would do
		return datum{}, errf("Expected text: $0")
	default:
		return datum{}, errBoth("Incorrect type of arguments for operator '||', expected one of [SYMBOL, STRING] got ["+a.typeName()+", "+b.typeName()+"]",
			"Wrong argument type for ||")
	}
	if len(s)+len(t) > maxText {
		e := stateError(CodeOther, "The result of || has %d bytes; a text may have at most %d", len(s)+len(t), maxText)
		e.cause = ErrTooLarge
		return datum{}, e
	}
	if err := m.spend(len(s) + len(t)); err != nil {
		return datum{}, err
	}
	return m.made(before, ionDatum(ion.NewString(s+t)))
}

// maxText bounds what a chain of || can build, in bytes. Functions of one text of
// that length take a tenth of a second at most.
const maxText = maxBuilt
