package ion

import (
	"bytes"
	"math"
)

// Identical reports whether a and b are the same Ion value: type, annotations,
// precision and order of fields included. How their bytes spell it, and where
// their symbols stand in a table, does not count. Symbols of unknown text are
// the same if both are symbol zero or neither is.
func Identical(a, b Value) bool {
	if a.syms == b.syms && bytes.Equal(a.raw, b.raw) {
		return true
	}
	return identical(a, b, 1)
}

func identical(a, b Value, depth int) bool {
	if a.typ != b.typ || a.null != b.null || depth > MaxDepth || !sameAnnotations(a, b) {
		return false
	}
	if a.null {
		return true
	}
	switch a.typ {
	case BoolType:
		return a.tag() == b.tag()
	case IntType:
		return a.tag()>>4 == b.tag()>>4 && bytes.Equal(trimZeros(a.bodyBytes()), trimZeros(b.bodyBytes()))
	case FloatType:
		x, _ := a.Float64()
		y, _ := b.Float64()
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	case DecimalType:
		x, _ := a.Decimal()
		y, _ := b.Decimal()
		return x.identical(y)
	case TimestampType:
		return identicalTimestamps(a, b)
	case SymbolType:
		x, _ := a.symbolID()
		y, _ := b.symbolID()
		return sameSymbol(a.syms, x, b.syms, y)
	case ListType, SexpType, StructType:
		return identicalElements(a, b, depth)
	}
	return bytes.Equal(a.bodyBytes(), b.bodyBytes())
}

func (d Decimal) identical(e Decimal) bool {
	if d.exp != e.exp || d.negZero != e.negZero || (d.big == nil) != (e.big == nil) {
		return false
	}
	return d.big == nil && d.coef == e.coef || d.big != nil && d.big.Cmp(e.big) == 0
}

func identicalTimestamps(a, b Value) bool {
	t, _ := a.Timestamp()
	u, _ := b.Timestamp()
	same := t.Fraction.identical(u.Fraction)
	t.Fraction, u.Fraction = Decimal{}, Decimal{}
	return same && t == u
}

func identicalElements(a, b Value, depth int) bool {
	i, j := a.Iter(), b.Iter()
	for {
		x, y := i.Next(), j.Next()
		if !x || !y {
			return x == y
		}
		if i.isField && !sameSymbol(i.syms, i.nameSID, j.syms, j.nameSID) || !identical(i.Value(), j.Value(), depth+1) {
			return false
		}
	}
}

func sameAnnotations(a, b Value) bool {
	i, j := a.annotations(), b.annotations()
	for {
		x, y := i.next(), j.next()
		if !x || !y {
			return x == y
		}
		if !sameSymbol(a.syms, i.sid, b.syms, j.sid) {
			return false
		}
	}
}

func sameSymbol(a *SymbolTable, x uint32, b *SymbolTable, y uint32) bool {
	if a == b && x == y {
		return true
	}
	s, sok := a.text(x)
	t, tok := b.text(y)
	if !sok || !tok {
		return sok == tok && (x == 0) == (y == 0)
	}
	return s == t
}
