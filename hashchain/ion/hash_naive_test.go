package ion

import (
	"bytes"
	"crypto/sha256"
	"math"
	"slices"
)

// naiveHasher is Ion Hash 1.0 as its specification words it, without a thought
// for speed: an oracle for the real one, and the recorder of what is hashed.
type naiveHasher struct {
	inputs [][]byte
}

func (n *naiveHasher) sum(in []byte) []byte {
	n.inputs = append(n.inputs, in)
	s := sha256.Sum256(in)
	return s[:]
}

func (n *naiveHasher) hash(v Value) []byte { return n.sum(n.serialize(v)) }

func naiveEscape(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte{0x0c}, []byte{0x0c, 0x0c})
	b = bytes.ReplaceAll(b, []byte{0x0b}, []byte{0x0c, 0x0b})
	return bytes.ReplaceAll(b, []byte{0x0e}, []byte{0x0c, 0x0e})
}

func naiveWrap(tq byte, escaped []byte) []byte {
	return slices.Concat([]byte{0x0b, tq}, escaped, []byte{0x0e})
}

func naiveSymbol(text string, known bool) []byte {
	if !known {
		return naiveWrap(0x71, nil)
	}
	return naiveWrap(0x70, naiveEscape([]byte(text)))
}

func (n *naiveHasher) serialize(v Value) []byte {
	if !v.HasAnnotations() {
		return n.plain(v)
	}
	var in []byte
	for it := v.annotations(); it.next(); {
		in = append(in, naiveSymbol(it.text, it.known)...)
	}
	return naiveWrap(0xe0, append(in, n.plain(v.WithoutAnnotations())...))
}

func (n *naiveHasher) plain(v Value) []byte {
	if v.IsNull() {
		return naiveWrap(codeOfType[v.Type()]<<4|0x0f, nil)
	}
	switch v.Type() {
	case BoolType:
		b, _ := v.Bool()
		return naiveWrap(0x10|byte(b2i(b)), nil)
	case IntType:
		i, _ := v.BigInt()
		tq := byte(0x20)
		if i.Sign() < 0 {
			tq = 0x30
		}
		return naiveWrap(tq, naiveEscape(i.Bytes()))
	case SymbolType:
		text, known := v.Text()
		return naiveSymbol(text, known)
	case ListType, SexpType:
		var in []byte
		for e := range v.Elements() {
			in = append(in, n.serialize(e)...)
		}
		return naiveWrap(codeOfType[v.Type()]<<4, in)
	case StructType:
		return n.structure(v)
	}
	return naiveWrap(codeOfType[v.Type()]<<4, naiveEscape(naiveBody(v)))
}

// naiveBody takes the representation from a fresh encoding.
func naiveBody(v Value) []byte {
	var w Writer
	switch v.Type() {
	case FloatType:
		f, _ := v.Float64()
		if math.IsNaN(f) {
			f = math.Float64frombits(0x7ff8000000000000)
		}
		w.Float(f)
	case DecimalType:
		d, _ := v.Decimal()
		w.Decimal(d)
	case TimestampType:
		t, _ := v.Timestamp()
		w.Timestamp(t)
	default:
		return v.bodyBytes()
	}
	fresh, err := w.Build()
	if err != nil {
		panic(err)
	}
	return fresh.bodyBytes()
}

func (n *naiveHasher) structure(v Value) []byte {
	var digests [][]byte
	for it := v.Iter(); it.Next(); {
		name := naiveSymbol(it.syms.text(it.nameSID))
		digests = append(digests, n.sum(append(name, n.serialize(it.Value())...)))
	}
	slices.SortFunc(digests, bytes.Compare)
	for i := range digests {
		digests[i] = naiveEscape(digests[i])
	}
	return naiveWrap(0xd0, bytes.Join(digests, nil))
}
