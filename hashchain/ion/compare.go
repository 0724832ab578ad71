package ion

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Equal reports whether a and b are equal as PartiQL's = sees it inside
// containers: numbers by value whatever their type, timestamps by instant,
// strings and symbols by text, blobs and clobs by content, structs without
// regard to the order of fields; annotations do not count, and nulls of every
// type equal each other. Values of different kinds are unequal. Symbols and field
// names of unknown text equal each other and no text.
func Equal(a, b Value) bool { return equal(a, b, 1) }

func equal(a, b Value, depth int) bool {
	ka, kb := kindOf(a), kindOf(b)
	if ka != kb || depth > MaxDepth {
		return false
	}
	switch ka {
	case kindList, kindSexp:
		return equalInOrder(a, b, depth)
	case kindStruct:
		return equalInOrder(a, b, depth) || bytes.Equal(appendKey(nil, a, depth, exactKey), appendKey(nil, b, depth, exactKey))
	}
	return compareKind(ka, a, b, depth) == 0
}

// equalInOrder compares elements, or fields and their names, one by one.
func equalInOrder(a, b Value, depth int) bool {
	i, j := a.Iter(), b.Iter()
	for {
		x, y := i.Next(), j.Next()
		if !x || !y {
			return x == y
		}
		if i.isField && !i.SameName(&j) || !equal(i.Value(), j.Value(), depth+1) {
			return false
		}
	}
}

// Compare is a total order over all values that agrees with [Equal]: null <
// bool < number (nan first) < timestamp < text < lob < list < sexp < struct.
// Text is ordered by code point, unknown text first, structs by their fields in order of names.
func Compare(a, b Value) int { return compare(a, b, 1) }

func compare(a, b Value, depth int) int {
	ka, kb := kindOf(a), kindOf(b)
	if ka != kb {
		return cmp.Compare(ka, kb)
	}
	if depth > MaxDepth { // damaged bytes
		return 0
	}
	return compareKind(ka, a, b, depth)
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

func compareKind(k kind, a, b Value, depth int) int {
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
		return compareSequences(a, b, depth)
	case kindStruct:
		return compareStructs(a, b, depth)
	}
	return 0
}

func compareText(a, b Value) int {
	if a.typ == StringType && b.typ == StringType {
		return bytes.Compare(a.bodyBytes(), b.bodyBytes())
	}
	s, sok := a.Text()
	t, tok := b.Text()
	return cmp.Or(strings.Compare(s, t), cmp.Compare(b2i(sok), b2i(tok)))
}

func compareSequences(a, b Value, depth int) int {
	i, j := a.Iter(), b.Iter()
	for {
		x, y := i.Next(), j.Next()
		if !x || !y {
			return cmp.Compare(b2i(x), b2i(y))
		}
		if c := compare(i.Value(), j.Value(), depth+1); c != 0 {
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
	known bool // the name's text
	value Value
	key   []byte // of a field whose name is repeated
}

func (f *field) compareName(g *field) int {
	return cmp.Or(strings.Compare(f.name, g.name), cmp.Compare(b2i(f.known), b2i(g.known)))
}

func compareStructs(a, b Value, depth int) int {
	return slices.CompareFunc(sortedFields(a, depth), sortedFields(b, depth), func(x, y field) int {
		if c := x.compareName(&y); c != 0 {
			return c
		}
		return compare(x.value, y.value, depth+1)
	})
}

// sortedFields sorts by name, and fields of one name by their keys: comparing
// their values again and again would cost too much in nested structs.
func sortedFields(v Value, depth int) []field {
	var out []field
	for it := v.Iter(); it.Next(); {
		out = append(out, field{name: it.Name(), known: !it.nameless(), value: it.Value()})
	}
	slices.SortStableFunc(out, func(x, y field) int { return x.compareName(&y) })
	repeats := false
	for i := 1; i < len(out); i++ {
		if out[i].compareName(&out[i-1]) == 0 {
			repeats = true
			for _, f := range []*field{&out[i-1], &out[i]} {
				if f.key == nil {
					f.key = appendKey(nil, f.value, depth+1, exactKey)
				}
			}
		}
	}
	if repeats {
		slices.SortFunc(out, func(x, y field) int {
			return cmp.Or(x.compareName(&y), bytes.Compare(x.key, y.key))
		})
	}
	return out
}
