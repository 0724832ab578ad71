package ion

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Marker bytes of Ion Hash 1.0. Inside a representation they are escaped.
const (
	hashBegin  = 0x0b
	hashEscape = 0x0c
	hashEnd    = 0x0e
)

func (h *hasher) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

// at serialises the value at b[i] and returns where it ends. It reads the bytes
// without making Values of them: that is what hashing costs beside SHA-256.
func (h *hasher) at(b []byte, i int) (end int) {
	body, end, err := extent(b, i, 0)
	if err != nil {
		h.fail(errDamaged)
		return len(b)
	}
	d := b[i]
	switch code := d >> 4; {
	case code == 14:
		h.annotated(b[:end], body)
	case d&15 == 15:
		h.buf = append(h.buf, hashBegin, codeOfType[typeOfCode[code]]<<4|15, hashEnd)
	case code >= 11:
		h.container(b[:end], d, body)
	case code == 1:
		if d&15 > 1 {
			h.fail(errDamaged)
		}
		h.buf = append(h.buf, hashBegin, 0x10|d&1, hashEnd)
	default:
		h.scalar(d&0xf0, b[body:end])
	}
	return end
}

// annotated serialises a value in a wrapper, whose content is b[i:].
func (h *hasher) annotated(b []byte, i int) {
	n, p := varUint(b, i)
	if p == 0 || int(n) >= len(b)-p {
		h.fail(errDamaged)
		return
	}
	h.buf = append(h.buf, hashBegin, codeWrapper)
	value := p + int(n)
	for p < value {
		sid, next := varUint(b[:value], p)
		if next == 0 {
			h.fail(errDamaged)
			return
		}
		h.symbol(sid)
		p = next
	}
	if b[value]>>4 == 14 || isPad(b[value]) || h.at(b, value) != len(b) {
		h.fail(errDamaged)
	}
	h.buf = append(h.buf, hashEnd)
}

// container serialises the elements or fields of b[i:].
func (h *hasher) container(b []byte, d byte, i int) {
	if h.depth++; h.depth > MaxDepth {
		h.fail(errDamaged)
	}
	if d>>4 == codeStruct>>4 {
		h.structure(b, i)
		h.depth--
		return
	}
	h.buf = append(h.buf, hashBegin, d&0xf0)
	for i < len(b) && h.err == nil {
		if isPad(b[i]) {
			i = h.pad(b, i)
		} else {
			i = h.at(b, i)
		}
	}
	h.buf = append(h.buf, hashEnd)
	h.depth--
}

func (h *hasher) pad(b []byte, i int) (end int) {
	_, end, err := extent(b, i, 0)
	if err != nil {
		h.fail(errDamaged)
		return len(b)
	}
	return end
}

// scalar serialises a representation in its shortest form.
func (h *hasher) scalar(tq byte, body []byte) {
	var enc [48]byte
	switch tq {
	case 0x20, 0x30:
		if body = trimZeros(body); tq == 0x30 && len(body) == 0 {
			h.fail(errDamaged)
		}
	case 0x40:
		f, ok := floatOf(body)
		if !ok {
			h.fail(errDamaged)
		}
		body = appendFloatBody(enc[:0], f)
	case 0x50:
		if isShortDecimal(body) {
			break
		}
		d, ok := decodeDecimal(body)
		if !ok {
			h.fail(errDamaged)
		}
		body = d.appendBody(enc[:0])
	case 0x60:
		if isShortTimestamp(body) {
			break
		}
		t, err := decodeTimestamp(body)
		if err != nil {
			h.fail(errDamaged)
		}
		body = t.appendBody(enc[:0])
	case 0x70:
		sid, ok := beUint(body)
		if !ok || sid > maxVar {
			h.fail(errDamaged)
			return
		}
		h.symbol(uint32(sid))
		return
	case 0x00:
		h.fail(errDamaged) // a pad
	}
	h.buf = AppendHashScalar(h.buf, tq, body)
}

// appendFloatBody is the one representation of a float: nothing for positive
// zero, the same for every NaN.
func appendFloatBody(dst []byte, f float64) []byte {
	u := math.Float64bits(f)
	switch {
	case f != f:
		u = 0x7ff8000000000000
	case u == 0:
		return dst
	}
	return binary.BigEndian.AppendUint64(dst, u)
}

// symbol serialises a symbol or annotation.
func (h *hasher) symbol(sid uint32) {
	text, known := h.syms.text(sid)
	h.text(sid, text, known)
}

// text serialises a symbol, annotation or field name.
func (h *hasher) text(sid uint32, text string, known bool) {
	switch {
	case known:
		h.buf = AppendHashScalar(h.buf, 0x70, text)
	case sid == 0:
		h.buf = append(h.buf, hashBegin, 0x71, hashEnd)
	default:
		h.fail(ErrUnknownSymbol)
	}
}

// appendEscaped appends b with an escape in front of each marker byte.
func appendEscaped[T string | []byte](dst []byte, b T) []byte {
	from := len(dst)
	dst = append(dst, b...)
	i := special(dst[from:])
	if i < 0 {
		return dst
	}
	dst = dst[:from+i]
	for ; i < len(b); i++ {
		if isSpecial(b[i]) {
			dst = append(dst, hashEscape)
		}
		dst = append(dst, b[i])
	}
	return dst
}

// appendDigest is appendEscaped for 32 bytes that are as good as random: in two of
// three digests, none is a marker. dst must have room for 64 bytes.
func appendDigest(dst []byte, d *[32]byte) []byte {
	out, n := dst[len(dst):len(dst)+64], 0
	for i := 0; i < len(d); i += 8 {
		x := binary.LittleEndian.Uint64(d[i:])
		binary.LittleEndian.PutUint64(out[n:], x)
		m := markers(x)
		if m == 0 {
			n += 8
			continue
		}
		k := bits.TrailingZeros64(m) / 8 // bytes before the first marker
		n += k
		for _, c := range d[i+k : i+8] {
			if isSpecial(c) {
				out[n] = hashEscape
				n++
			}
			out[n] = c
			n++
		}
	}
	return dst[:len(dst)+n]
}

func isSpecial(c byte) bool { return c-hashBegin < 4 && c != 0x0d }

const ones, highs = 0x0101010101010101, 0x8080808080808080

// bothEnds is the one bit by which escape and end differ.
const bothEnds = hashEscape ^ hashEnd

// nearMarkers is 0 if none of eight bytes is 0x08 to 0x0f, which is the rule in
// text and quick to tell.
func nearMarkers(x uint64) uint64 {
	x = x&(0xf8*ones) ^ 0x08*ones
	return (x - ones) &^ x & highs
}

// markers is 0 if none of eight bytes is a marker. Otherwise the lowest bit set is
// the highest one of the first marker.
func markers(x uint64) uint64 {
	b, e := x^hashBegin*ones, x&^(bothEnds*ones)^hashEscape*ones
	return ((b-ones)&^b | (e-ones)&^e) & highs
}

// special is the index of the first marker byte, or -1.
func special(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if x := binary.LittleEndian.Uint64(b[i:]); nearMarkers(x) == 0 || markers(x) == 0 {
			continue
		}
		for j, c := range b[i : i+8] {
			if isSpecial(c) {
				return i + j
			}
		}
	}
	for ; i < len(b); i++ {
		if isSpecial(b[i]) {
			return i
		}
	}
	return -1
}
