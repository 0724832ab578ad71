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
func AppendKey(dst []byte, v Value) []byte { return appendKey(dst, v, 1, exactKey) }

// keyForm says what becomes of text that is not known, that of $0.
type keyForm uint8

const (
	exactKey keyForm = iota // it has a key of its own
	indexKey                // it has the key of the empty text: that is how files have it
)

// noTextKey stands for unknown text where the length of a text does. No length is
// written so: it has a byte too many.
const noTextKey = "\x80\x00"

func appendKey(dst []byte, v Value, depth int, form keyForm) []byte {
	k := kindOf(v)
	if depth > MaxDepth { // damaged bytes
		return dst
	}
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
		s, known := v.symbolText()
		if !known && form == exactKey {
			return append(dst, noTextKey...)
		}
		return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	case kindLob:
		return appendCounted(dst, v.bodyBytes())
	case kindList, kindSexp:
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		for it := v.Iter(); it.Next(); {
			dst = appendKey(dst, it.Value(), depth+1, form)
		}
		return dst
	case kindStruct:
		return appendStructKey(dst, v, depth, form)
	}
	return dst
}

// AppendIndexKey appends a key like [AppendKey]'s that is at most a few hundred
// bytes long: a longer one is replaced by its SHA-256. Values that are equal have
// the same key. So have values that differ only in that one has text of unknown
// symbols where the other has empty text: what is found by a key has to be
// compared still.
func AppendIndexKey(dst []byte, v Value) []byte {
	start := len(dst)
	dst = appendKey(dst, v, 1, indexKey)
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
	return appendDecimalKey(append(dst, 2), numberOf(v))
}

func appendDecimalKey(dst []byte, d Decimal) []byte {
	coef, exp := d.normal()
	var b [16]byte
	return appendCounted(binary.AppendVarint(dst, exp), coef.appendCoef(b[:0]))
}

func appendTimestampKey(dst []byte, v Value) []byte {
	t, _ := v.Timestamp()
	dst = binary.BigEndian.AppendUint16(dst, uint16(t.Year))
	dst = append(dst, byte(max(t.Month, 1)), byte(max(t.Day, 1)), byte(t.Hour), byte(t.Minute), byte(t.Second))
	return appendDecimalKey(dst, t.Fraction)
}

func appendStructKey(dst []byte, v Value, depth int, form keyForm) []byte {
	var fields []string
	for it := v.Iter(); it.Next(); {
		name := it.Name()
		b := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
		if form == exactKey && it.nameless() {
			b = []byte(noTextKey)
		}
		fields = append(fields, string(appendKey(b, it.Value(), depth+1, form)))
	}
	slices.SortFunc(fields, strings.Compare)
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	for _, f := range fields {
		dst = append(dst, f...)
	}
	return dst
}
