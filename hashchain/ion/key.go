package ion

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// maxIndexKey bounds an index key. A longer key is replaced by its hash.
const maxIndexKey = 200

// AppendKey appends an encoding of v under which two values have the same bytes
// exactly if [Equal] holds for them. No key is a prefix of another. The order
// of keys means nothing.
func AppendKey(dst []byte, v Value) []byte {
	k := kindOf(v)
	dst = append(dst, byte(k))
	switch k {
	case kindBool:
		return append(dst, v.tag()&1)
	case kindNumber:
		return appendNumberKey(dst, v)
	case kindTimestamp:
		return appendTimestampKey(dst, v)
	case kindText:
		if v.typ == StringType {
			return appendCounted(dst, v.bodyBytes())
		}
		s, _ := v.symbolText()
		return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	case kindLob:
		return appendCounted(dst, v.bodyBytes())
	case kindList, kindSexp:
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		for it := v.Iter(); it.Next(); {
			dst = AppendKey(dst, it.Value())
		}
		return dst
	case kindStruct:
		return appendStructKey(dst, v)
	}
	return dst
}

// AppendIndexKey appends a key like [AppendKey]'s that is at most a few hundred
// bytes long: a longer one is replaced by its SHA-256.
func AppendIndexKey(dst []byte, v Value) []byte {
	start := len(dst)
	dst = AppendKey(dst, v)
	if len(dst)-start <= maxIndexKey {
		return dst
	}
	sum := sha256.Sum256(dst[start:])
	return append(append(dst[:start], 0xff), sum[:]...)
}

func appendCounted(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func appendNumberKey(dst []byte, v Value) []byte {
	if f, ok := v.Float64(); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		switch {
		case f > 0:
			return append(dst, 3)
		case f < 0:
			return append(dst, 1)
		}
		return append(dst, 0)
	}
	d := numberOf(v).normal()
	dst = append(dst, 2)
	dst = binary.AppendVarint(dst, int64(d.exp))
	var b [16]byte
	return appendCounted(dst, d.appendCoef(b[:0]))
}

func appendTimestampKey(dst []byte, v Value) []byte {
	t, _ := v.Timestamp()
	dst = binary.BigEndian.AppendUint16(dst, uint16(t.Year))
	dst = append(dst, byte(max(t.Month, 1)), byte(max(t.Day, 1)), byte(t.Hour), byte(t.Minute), byte(t.Second))
	var b [32]byte
	f := t.Fraction.normal()
	dst = binary.AppendVarint(dst, int64(f.exp))
	return appendCounted(dst, f.appendCoef(b[:0]))
}

func appendStructKey(dst []byte, v Value) []byte {
	var fields []string
	for it := v.Iter(); it.Next(); {
		name := it.Name()
		b := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
		fields = append(fields, string(AppendKey(b, it.Value())))
	}
	slices.SortFunc(fields, strings.Compare)
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	for _, f := range fields {
		dst = append(dst, f...)
	}
	return dst
}
