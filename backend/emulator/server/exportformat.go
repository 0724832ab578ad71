package server

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"github.com/tallyledger/tally/hashchain/ion"
)

// exportFormat is how blocks and manifests are written. Values of one object
// stand one after the other.
type exportFormat struct {
	extension string
	append    func(dst []byte, v ion.Value) []byte
}

var exportFormats = map[string]exportFormat{
	"ION_TEXT":   {".ion", func(dst []byte, v ion.Value) []byte { return append(ion.AppendCompact(dst, v), '\n') }},
	"ION_BINARY": {".10n", func(dst []byte, v ion.Value) []byte { return append(dst, v.Encode()...) }},
	"JSON":       {".json", func(dst []byte, v ion.Value) []byte { return append(appendJSON(dst, v), '\n') }},
}

// appendJSON writes v as JSON by the rules of the Ion Cookbook's
// down-conversion: annotations, the types of nulls, and what JSON has no word
// for are lost.
func appendJSON(dst []byte, v ion.Value) []byte {
	if v.IsNull() {
		return append(dst, "null"...)
	}
	switch v.Type() {
	case ion.BoolType:
		b, _ := v.Bool()
		return strconv.AppendBool(dst, b)
	case ion.IntType:
		return appendJSONInt(dst, v)
	case ion.FloatType:
		return appendJSONFloat(dst, v)
	case ion.DecimalType:
		d, _ := v.Decimal()
		return appendJSONDecimal(dst, d)
	case ion.TimestampType:
		t, _ := v.Timestamp()
		return appendJSONString(dst, t.String())
	case ion.SymbolType, ion.StringType:
		s, _ := v.Text()
		return appendJSONString(dst, s)
	case ion.BlobType:
		b, _ := v.Bytes()
		dst = append(dst, '"')
		return append(base64.StdEncoding.AppendEncode(dst, b), '"')
	case ion.ClobType:
		return appendJSONClob(dst, v)
	case ion.ListType, ion.SexpType, ion.StructType:
		return appendJSONContainer(dst, v)
	}
	return append(dst, "null"...)
}

func appendJSONInt(dst []byte, v ion.Value) []byte {
	if n, ok := v.Int64(); ok {
		return strconv.AppendInt(dst, n, 10)
	}
	n, ok := v.BigInt()
	if !ok {
		return append(dst, "null"...)
	}
	return n.Append(dst, 10)
}

func appendJSONFloat(dst []byte, v ion.Value) []byte {
	f, _ := v.Float64()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

// appendJSONDecimal keeps every digit: with a point where the decimal has a
// fraction of moderate length, with an exponent otherwise.
func appendJSONDecimal(dst []byte, d ion.Decimal) []byte {
	digits := d.Coefficient().String()
	if d.IsNegativeZero() {
		digits = "-0"
	}
	exp := int(d.Exponent())
	if exp == 0 {
		return append(dst, digits...)
	}
	if exp > 0 || -exp > 40 {
		dst = append(append(dst, digits...), 'E')
		return strconv.AppendInt(dst, int64(exp), 10)
	}
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	for len(digits) <= -exp {
		digits = "0" + digits
	}
	point := len(digits) + exp
	dst = append(append(dst, digits[:point]...), '.')
	return append(dst, digits[point:]...)
}

func appendJSONString(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string always marshals
	return append(dst, b...)
}

// appendJSONClob writes the bytes of a clob as characters of the same number.
func appendJSONClob(dst []byte, v ion.Value) []byte {
	b, _ := v.Bytes()
	s := make([]rune, len(b))
	for i, c := range b {
		s[i] = rune(c)
	}
	return appendJSONString(dst, string(s))
}

func appendJSONContainer(dst []byte, v ion.Value) []byte {
	open, end := byte('['), byte(']')
	if v.Type() == ion.StructType {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	first := true
	for it := v.Iter(); it.Next(); {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if open == '{' {
			dst = append(appendJSONString(dst, it.Name()), ':')
		}
		dst = appendJSON(dst, it.Value())
	}
	return append(dst, end)
}
