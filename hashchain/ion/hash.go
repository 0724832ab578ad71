package ion

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math"
	"slices"
	"sync"
)

// Marker bytes of Ion Hash 1.0. Inside a representation they are escaped.
const (
	hashBegin  = 0x0b
	hashEscape = 0x0c
	hashEnd    = 0x0e
)

// ErrUnknownSymbol is returned by [Value.Hash] for a value with a symbol, field
// name or annotation of unknown text: its shared symbol table is missing, and
// Ion Hash is over texts. Symbol zero ($0) is not an error.
var ErrUnknownSymbol = errors.New("ion: cannot hash a symbol whose shared symbol table is missing")

// errDamaged is returned for bytes that a Decoder opened and that turn out not
// to be Ion.
var errDamaged = errors.New("ion: cannot hash damaged bytes")

// Hash is the Ion Hash 1.0 of v with SHA-256. Types, precision of decimals and
// timestamps, annotations and the order of lists count; the order of fields of
// a struct does not, nor does how the bytes of v spell the value.
func (v Value) Hash() ([32]byte, error) {
	h := hashers.Get().(*hasher)
	defer h.release()
	if v.IsZero() {
		return [32]byte{}, errDamaged
	}
	h.value(v)
	if h.err != nil {
		return [32]byte{}, h.err
	}
	return sha256.Sum256(h.buf), nil
}

// HashText is the Ion Hash of s as an Ion string.
func HashText(s string) [32]byte {
	h := hashers.Get().(*hasher)
	defer h.release()
	h.text(0x80, s)
	return sha256.Sum256(h.buf)
}

// hasher serialises values as Ion Hash prescribes. Both slices are stacks: a
// struct serialises each field at the end of buf, replaces it by its hash in
// digests, and folds the sorted hashes back into buf.
type hasher struct {
	buf     []byte
	digests [][32]byte
	err     error
}

var hashers = sync.Pool{New: func() any {
	return &hasher{buf: make([]byte, 0, 4096), digests: make([][32]byte, 0, 64)}
}}

// maxPooled keeps one huge value from holding its memory for ever.
const maxPooled = 1 << 20

func (h *hasher) release() {
	if cap(h.buf) > maxPooled {
		return
	}
	h.buf, h.digests, h.err = h.buf[:0], h.digests[:0], nil
	hashers.Put(h)
}

func (h *hasher) value(v Value) {
	if v.desc == 0 {
		h.plain(v)
		return
	}
	h.buf = append(h.buf, hashBegin, 0xe0)
	for it := v.annotations(); it.next(); {
		h.symbol(it.sid, it.text, it.known)
	}
	h.plain(v)
	h.buf = append(h.buf, hashEnd)
}

// plain serialises v without its annotations.
func (h *hasher) plain(v Value) {
	if v.null {
		h.buf = append(h.buf, hashBegin, codeOfType[v.typ]<<4|15, hashEnd)
		return
	}
	switch v.typ {
	case BoolType:
		h.buf = append(h.buf, hashBegin, 0x10|v.tag()&1, hashEnd)
	case IntType:
		h.scalar(v.tag()&0xf0, trimZeros(v.bodyBytes()))
	case FloatType:
		h.float(v.bodyBytes())
	case DecimalType:
		h.decimal(v.bodyBytes())
	case TimestampType:
		h.timestamp(v.bodyBytes())
	case SymbolType:
		sid, ok := v.symbolID()
		if !ok {
			h.err = errDamaged
			return
		}
		text, known := v.syms.text(sid)
		h.symbol(sid, text, known)
	case StringType, ClobType, BlobType:
		h.scalar(v.tag()&0xf0, v.bodyBytes())
	case StructType:
		h.structure(v)
	default:
		h.sequence(v)
	}
}

func (h *hasher) scalar(tq byte, body []byte) {
	h.buf = append(h.buf, hashBegin, tq)
	h.escape(body)
	h.buf = append(h.buf, hashEnd)
}

func (h *hasher) text(tq byte, s string) {
	h.buf = append(h.buf, hashBegin, tq)
	start := len(h.buf)
	h.buf = append(h.buf, s...)
	if special(h.buf[start:]) >= 0 {
		b := []byte(s)
		h.buf = h.buf[:start]
		h.escape(b)
	}
	h.buf = append(h.buf, hashEnd)
}

func (h *hasher) symbol(sid uint32, text string, known bool) {
	switch {
	case known:
		h.text(0x70, text)
	case sid == 0:
		h.buf = append(h.buf, hashBegin, 0x71, hashEnd)
	default:
		h.err = ErrUnknownSymbol
	}
}

// special is the index of the first byte that has to be escaped, or -1.
func special(b []byte) int {
	for i, c := range b {
		if c-hashBegin < 4 && c != 0x0d {
			return i
		}
	}
	return -1
}

func (h *hasher) escape(b []byte) {
	for {
		i := special(b)
		if i < 0 {
			h.buf = append(h.buf, b...)
			return
		}
		h.buf = append(append(h.buf, b[:i]...), hashEscape, b[i])
		b = b[i+1:]
	}
}

func (h *hasher) float(b []byte) {
	f, ok := floatOf(b)
	if !ok {
		h.err = errDamaged
		return
	}
	bits := math.Float64bits(f)
	if f != f {
		bits = 0x7ff8000000000000 // one representation for every NaN
	}
	var enc [8]byte
	n := 0
	if bits != 0 {
		for s := 56; s >= 0; s -= 8 {
			enc[n] = byte(bits >> uint(s))
			n++
		}
	}
	h.scalar(0x40, enc[:n])
}

func (h *hasher) decimal(b []byte) {
	d, ok := decodeDecimal(b)
	if !ok {
		h.err = errDamaged
		return
	}
	var enc [32]byte
	h.scalar(0x50, d.appendBody(enc[:0]))
}

func (h *hasher) timestamp(b []byte) {
	t, err := decodeTimestamp(b)
	if err != nil {
		h.err = errDamaged
		return
	}
	var enc [48]byte
	h.scalar(0x60, t.appendBody(enc[:0]))
}

func (h *hasher) sequence(v Value) {
	h.buf = append(h.buf, hashBegin, codeOfType[v.typ]<<4)
	it := v.Iter()
	for it.Next() {
		h.value(it.Value())
	}
	if it.Bad() {
		h.err = errDamaged
	}
	h.buf = append(h.buf, hashEnd)
}

func (h *hasher) structure(v Value) {
	h.buf = append(h.buf, hashBegin, 0xd0)
	mark := len(h.digests)
	it := v.Iter()
	for it.Next() {
		start := len(h.buf)
		text, known := it.syms.text(it.nameSID)
		h.symbol(it.nameSID, text, known)
		h.value(it.Value())
		sum := sha256.Sum256(h.buf[start:])
		h.buf = h.buf[:start]
		h.digests = append(h.digests, sum)
	}
	if it.Bad() {
		h.err = errDamaged
	}
	sortDigests(h.digests[mark:])
	for i := range h.digests[mark:] {
		h.escape(h.digests[mark+i][:])
	}
	h.digests = h.digests[:mark]
	h.buf = append(h.buf, hashEnd)
}

func sortDigests(d [][32]byte) {
	if len(d) > 24 {
		slices.SortFunc(d, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		return
	}
	for i := 1; i < len(d); i++ {
		for j := i; j > 0 && bytes.Compare(d[j][:], d[j-1][:]) < 0; j-- {
			d[j], d[j-1] = d[j-1], d[j]
		}
	}
}
