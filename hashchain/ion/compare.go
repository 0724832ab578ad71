package ion

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Equal reports whether a and b are equal as PartiQL's = sees it inside
// containers: numbers by value whatever their type, timestamps by instant,
// strings and symbols by text, blobs and clobs by content, structs without
// regard to the order of fields; annotations do not count, and nulls of every
// type equal each other. Values of different kinds are unequal.
func Equal(a, b Value) bool {
	ka, kb := kindOf(a), kindOf(b)
	if ka != kb {
		return false
	}
	switch ka {
	case kindList, kindSexp:
		return equalSequences(a, b)
	case kindStruct:
		return bytes.Equal(AppendKey(nil, a), AppendKey(nil, b))
	}
	return compareKind(ka, a, b) == 0
}

func equalSequences(a, b Value) bool {
	i, j := a.Iter(), b.Iter()
	for {
		x, y := i.Next(), j.Next()
		if !x || !y {
			return x == y
		}
		if !Equal(i.Value(), j.Value()) {
			return false
		}
	}
}

// Compare is a total order over all values that agrees with [Equal]: null <
// bool < number (nan first) < timestamp < text < lob < list < sexp < struct.
// Text is ordered by code point.
func Compare(a, b Value) int {
	ka, kb := kindOf(a), kindOf(b)
	if ka != kb {
		return cmp.Compare(ka, kb)
	}
	return compareKind(ka, a, b)
}

// Comparable reports whether < and its relatives are defined between a and b:
// both are of one kind and neither is null.
func Comparable(a, b Value) bool {
	k := kindOf(a)
	return k == kindOf(b) && k != kindUnknown
}

// kind groups the types that compare with each other. Its values are also the
// leading bytes of keys.
type kind byte

const (
	kindUnknown kind = iota
	kindBool
	kindNumber
	kindTimestamp
	kindText
	kindLob
	kindList
	kindSexp
	kindStruct
)

var kinds = [14]kind{BoolType: kindBool, IntType: kindNumber, FloatType: kindNumber, DecimalType: kindNumber,
	TimestampType: kindTimestamp, SymbolType: kindText, StringType: kindText, ClobType: kindLob, BlobType: kindLob,
	ListType: kindList, SexpType: kindSexp, StructType: kindStruct}

func kindOf(v Value) kind {
	if v.null {
		return kindUnknown
	}
	return kinds[v.typ]
}

func compareKind(k kind, a, b Value) int {
	switch k {
	case kindBool:
		return cmp.Compare(a.tag()&1, b.tag()&1)
	case kindNumber:
		return compareNumbers(a, b)
	case kindTimestamp:
		t, _ := a.Timestamp()
		u, _ := b.Timestamp()
		return t.Compare(u)
	case kindText:
		return compareText(a, b)
	case kindLob:
		return bytes.Compare(a.bodyBytes(), b.bodyBytes())
	case kindList, kindSexp:
		return compareSequences(a, b)
	case kindStruct:
		return compareStructs(a, b)
	}
	return 0
}

func compareText(a, b Value) int {
	if a.typ == StringType && b.typ == StringType {
		return bytes.Compare(a.bodyBytes(), b.bodyBytes())
	}
	s, _ := a.Text()
	t, _ := b.Text()
	return strings.Compare(s, t)
}

func compareSequences(a, b Value) int {
	i, j := a.Iter(), b.Iter()
	for {
		x, y := i.Next(), j.Next()
		if !x || !y {
			return cmp.Compare(b2i(x), b2i(y))
		}
		if c := Compare(i.Value(), j.Value()); c != 0 {
			return c
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

type field struct {
	name  string
	value Value
}

func sortedFields(v Value) []field {
	var out []field
	for it := v.Iter(); it.Next(); {
		out = append(out, field{it.Name(), it.Value()})
	}
	slices.SortFunc(out, compareFields)
	return out
}

func compareFields(a, b field) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return Compare(a.value, b.value)
}

func compareStructs(a, b Value) int {
	return slices.CompareFunc(sortedFields(a), sortedFields(b), compareFields)
}

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
	if a.exp == b.exp && a.big == nil && b.big == nil {
		return cmp.Compare(a.coef, b.coef)
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

// normal is d without trailing zeros: equal numbers have equal normal forms.
func (d Decimal) normal() Decimal {
	if d.Sign() == 0 {
		return Decimal{}
	}
	if d.big == nil {
		for d.coef%10 == 0 {
			d.coef /= 10
			d.exp++
		}
		return d
	}
	digits := d.big.String()
	cut := strings.TrimRight(digits, "0")
	n, _ := new(big.Int).SetString(cut, 10)
	return NewBigDecimal(n, d.exp+int32(len(digits)-len(cut)))
}
