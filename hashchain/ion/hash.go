package ion

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
)

// ErrUnknownSymbol is returned by [Value.Hash] for a value with a symbol, field
// name or annotation of unknown text: its shared symbol table is missing, and
// Ion Hash is over texts. Symbol zero ($0) is not an error.
var ErrUnknownSymbol = errors.New("ion: a symbol has unknown text: its shared symbol table is missing")

// errDamaged is returned for bytes that a Decoder opened and that turn out not
// to be Ion.
var errDamaged = errors.New("ion: value has damaged bytes")

// Hash is the Ion Hash 1.0 of v with SHA-256. Types, precision of decimals and
// timestamps, annotations and the order of lists count; the order of fields of
// a struct does not, nor does how the bytes of v spell the value.
func (v Value) Hash() ([32]byte, error) {
	h := hashers.Get().(*hasher)
	defer h.release()
	return h.hash(v)
}

func (h *hasher) hash(v Value) ([32]byte, error) {
	if v.IsZero() {
		return [32]byte{}, errDamaged
	}
	h.syms = v.syms
	if h.at(v.raw, 0) != len(v.raw) && h.err == nil {
		h.err = errDamaged
	}
	if h.err != nil {
		return [32]byte{}, h.err
	}
	return sha256.Sum256(h.buf), nil
}

// HashText is the Ion Hash of s as an Ion string.
func HashText(s string) [32]byte {
	h := hashers.Get().(*hasher)
	defer h.release()
	h.buf = AppendHashScalar(h.buf, 0x80, s)
	return sha256.Sum256(h.buf)
}

// hasher serialises values as Ion Hash prescribes. Both slices are stacks: a
// struct serialises each field at the end of buf, replaces it by its hash in
// digests, and folds the sorted hashes back into buf.
type hasher struct {
	buf     []byte
	digests [][32]byte
	syms    *SymbolTable
	cache   *fieldCache // nil for none
	depth   int
	err     error
}

var hashers = sync.Pool{New: func() any {
	return &hasher{buf: make([]byte, 0, 4096), digests: make([][32]byte, 0, 64)}
}}

// maxPooled keeps one huge value from holding its memory for ever.
const maxPooled = 1 << 20

func (h *hasher) release() {
	if h.reset() {
		hashers.Put(h)
	}
}

// reset makes h ready for the next value and reports whether its memory is of a
// size to keep.
func (h *hasher) reset() (kept bool) {
	if cap(h.buf) > maxPooled || cap(h.digests) > maxPooled/32 {
		*h = hasher{cache: h.cache}
		return false
	}
	*h = hasher{buf: h.buf[:0], digests: h.digests[:0], cache: h.cache}
	return true
}

// structure serialises the fields at b[i:].
func (h *hasher) structure(b []byte, i int) {
	mark := len(h.digests)
	for i < len(b) && h.err == nil {
		sid, p := varUint(b, i)
		if p == 0 || p >= len(b) {
			h.fail(errDamaged)
			break
		}
		if isPad(b[p]) {
			i = h.pad(b, p)
			continue
		}
		if i = skip(b, p); i == 0 {
			h.fail(errDamaged)
			break
		}
		h.digests = append(h.digests, [32]byte{})
		h.field(sid, b[p:i])
	}
	h.buf = AppendHashStruct(h.buf, h.digests[mark:])
	h.digests = h.digests[:mark]
}

// AppendHashStruct appends what Ion Hash hashes of a struct that has neither a name
// nor annotations to dst, given the hashes of its fields, which it sorts.
func AppendHashStruct(dst []byte, fields [][32]byte) []byte {
	sortDigests(fields)
	dst = append(slices.Grow(dst, len(fields)*2*sha256.Size+3), hashBegin, codeStruct)
	for i := range fields {
		dst = appendDigest(dst, &fields[i])
	}
	return append(dst, hashEnd)
}

// AppendHashScalar appends what Ion Hash hashes of a scalar to dst: its type code in
// the high half of a byte, and its representation in the shortest form.
func AppendHashScalar[T string | []byte](dst []byte, code byte, body T) []byte {
	return append(appendEscaped(append(dst, hashBegin, code), body), hashEnd)
}

// field hashes a field to the end of digests.
func (h *hasher) field(sid uint32, value []byte) {
	last := len(h.digests) - 1
	name, known := h.syms.text(sid)
	var place *cachedField
	var tag uint32
	key := h.cache.scalarKey(name, value)
	if key != nil && known {
		var held bool
		if place, tag, held = h.cache.find(key); held {
			h.digests[last] = place.digest
			return
		}
	}
	start := len(h.buf)
	h.text(sid, name, known)
	h.at(value, 0)
	switch digest := &h.digests[last]; {
	case h.err != nil:
	case place != nil:
		*digest = sha256.Sum256(h.buf[start:])
		place.put(key, tag, digest)
	case h.cache != nil:
		h.cache.sum(h.buf[start:], digest)
	default:
		*digest = sha256.Sum256(h.buf[start:])
	}
	h.buf = h.buf[:start]
}

func sortDigests(d [][32]byte) {
	if len(d) > 24 {
		slices.SortFunc(d, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		return
	}
	for i := 1; i < len(d); i++ {
		x := d[i]
		j := i
		for ; j > 0 && lessDigest(&x, &d[j-1]); j-- {
			d[j] = d[j-1]
		}
		d[j] = x
	}
}

// lessDigest compares as bytes are ordered; eight of them nearly always do.
func lessDigest(a, b *[32]byte) bool {
	x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])
	if x != y {
		return x < y
	}
	return bytes.Compare(a[8:], b[8:]) < 0
}
