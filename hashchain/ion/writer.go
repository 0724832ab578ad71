package ion

import (
	"errors"
	"fmt"
	"math"
	"math/big"
)

// Writer builds a binary stream. Symbols get their ids in the order of their
// first use, lengths take as few bytes as they can, and fields keep the order
// they are written in: the form in which QLDB wrote its streams. The first
// misuse or bad value makes every later call a no-op and is returned by
// [Writer.Bytes]. The zero Writer is ready; Reset makes it ready again and
// keeps its memory. A Writer must not be used by two goroutines at once.
type Writer struct {
	buf    []byte
	frames []frame
	names  []string
	index  map[string]int // names beyond what a linear search is good for
	from   *SymbolTable   // table that sids translates
	sids   []uint32       // id in from -> id here; 0 unknown yet
	atTop  int            // values at the top
	err    error
	named  bool
	noted  int // start of annotations of the next value +1, 0 for none
	notes  []uint32
}

// frame is an open container or annotation wrapper.
type frame struct {
	start   int // offset of its descriptor
	body    int
	code    byte
	wrapper bool
}

// reserve is how many bytes a container leaves free for its descriptor and
// length; the body moves if another number is needed.
const reserve = 2

var errNoField = errors.New("ion: a value inside a struct needs a field name")

// NewWriter returns an empty Writer.
func NewWriter() *Writer { return &Writer{} }

// Reset empties the Writer.
func (w *Writer) Reset() {
	w.buf, w.frames, w.names, w.notes = w.buf[:0], w.frames[:0], w.names[:0], w.notes[:0]
	clear(w.index)
	w.from, w.sids, w.atTop, w.err, w.named = nil, w.sids[:0], 0, nil, false
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Err is the first error, nil so far if there was none.
func (w *Writer) Err() error { return w.err }

// sid returns the id of a text, and defines it at its first use.
func (w *Writer) sid(text string) uint32 {
	if len(text) > 3 && (text[0] == '$' || len(text) < 9) {
		for i := 1; i <= systemSymbols; i++ {
			if systemTexts[i] == text {
				return uint32(i)
			}
		}
	}
	if len(w.names) <= 16 {
		for i, n := range w.names {
			if n == text {
				return uint32(i + systemSymbols + 1)
			}
		}
	} else {
		if len(w.index) == 0 {
			if w.index == nil {
				w.index = make(map[string]int, 64)
			}
			for i, n := range w.names {
				w.index[n] = i
			}
		}
		if i, ok := w.index[text]; ok {
			return uint32(i + systemSymbols + 1)
		}
	}
	w.names = append(w.names, text)
	if len(w.index) > 0 {
		w.index[text] = len(w.names) - 1
	}
	return uint32(len(w.names) + systemSymbols)
}

// Field names the next value, which must be written directly inside a struct.
func (w *Writer) Field(name string) *Writer { return w.fieldSID(w.sid(name)) }

func (w *Writer) fieldSID(sid uint32) *Writer {
	if len(w.frames) == 0 || w.frames[len(w.frames)-1].code != 0xd0 || w.named || len(w.notes) > 0 {
		w.fail(errors.New("ion: a field name does not fit here"))
		return w
	}
	w.buf = appendVarUint(w.buf, uint64(sid))
	w.named = true
	return w
}

// Annotate adds annotations to the next value.
func (w *Writer) Annotate(names ...string) *Writer {
	for _, n := range names {
		w.notes = append(w.notes, w.sid(n))
	}
	return w
}

// begin prepares for a value; end closes its annotation wrapper.
func (w *Writer) begin() bool {
	if w.err != nil {
		return false
	}
	if len(w.frames) == 0 {
		w.atTop++
	} else if w.frames[len(w.frames)-1].code == 0xd0 && !w.named {
		w.fail(errNoField)
		return false
	}
	w.named = false
	if len(w.notes) > 0 {
		w.open(0xe0, true)
		n := 0
		for _, s := range w.notes {
			n += varUintLen(uint64(s))
		}
		w.buf = appendVarUint(w.buf, uint64(n))
		for _, s := range w.notes {
			w.buf = appendVarUint(w.buf, uint64(s))
		}
		w.notes = w.notes[:0]
	}
	return true
}

func (w *Writer) end() {
	if n := len(w.frames); n > 0 && w.frames[n-1].wrapper {
		w.close()
	}
}

func (w *Writer) open(code byte, wrapper bool) {
	if len(w.frames) >= 2*MaxDepth {
		w.fail(fmt.Errorf("ion: nesting is deeper than %d", MaxDepth))
		return
	}
	w.frames = append(w.frames, frame{start: len(w.buf), body: len(w.buf) + reserve, code: code, wrapper: wrapper})
	w.buf = append(w.buf, 0, 0)
}

// close writes the descriptor and length of the innermost frame in front of
// its body.
func (w *Writer) close() {
	f := w.frames[len(w.frames)-1]
	w.frames = w.frames[:len(w.frames)-1]
	n := len(w.buf) - f.body
	need := 1
	if n >= 14 {
		need += varUintLen(uint64(n))
	}
	if need < reserve {
		w.buf = append(w.buf[:f.start+need], w.buf[f.body:]...)
	} else if need > reserve {
		w.buf = append(w.buf, zeros[:need-reserve]...)
		copy(w.buf[f.start+need:], w.buf[f.body:f.body+n])
	}
	w.putLength(w.buf[f.start:f.start], f.code, n)
}

var zeros [16]byte

func (w *Writer) putLength(at []byte, code byte, n int) {
	if n < 14 {
		_ = append(at, code|byte(n))
		return
	}
	appendVarUint(append(at, code|14), uint64(n))
}

// head appends a descriptor and length.
func (w *Writer) head(code byte, n int) {
	if n < 14 {
		w.buf = append(w.buf, code|byte(n))
		return
	}
	w.buf = appendVarUint(append(w.buf, code|14), uint64(n))
}

// BeginStruct opens a struct. Close it with [Writer.End].
func (w *Writer) BeginStruct() { w.beginContainer(0xd0) }

// BeginList opens a list. Close it with [Writer.End].
func (w *Writer) BeginList() { w.beginContainer(0xb0) }

// BeginSexp opens an S-expression. Close it with [Writer.End].
func (w *Writer) BeginSexp() { w.beginContainer(0xc0) }

func (w *Writer) beginContainer(code byte) {
	if w.begin() {
		w.open(code, false)
	}
}

// End closes the innermost open container.
func (w *Writer) End() {
	if w.err != nil {
		return
	}
	if len(w.frames) == 0 || w.named || len(w.notes) > 0 {
		w.fail(errors.New("ion: End without an open container, or behind a field name or annotation without a value"))
		return
	}
	w.close()
	w.end()
}

// Null writes a null of the type; NullType and NoType give a plain null.
func (w *Writer) Null(t Type) {
	if w.begin() {
		w.buf = append(w.buf, codeOfType[t]<<4|15)
		w.end()
	}
}

// Bool writes a bool.
func (w *Writer) Bool(b bool) {
	if w.begin() {
		if b {
			w.buf = append(w.buf, 0x11)
		} else {
			w.buf = append(w.buf, 0x10)
		}
		w.end()
	}
}

// Int writes an int.
func (w *Writer) Int(n int64) {
	if !w.begin() {
		return
	}
	code, mag := byte(0x20), uint64(n)
	if n < 0 {
		code, mag = 0x30, -mag
	}
	var b [8]byte
	body := appendUint(b[:0], mag)
	w.head(code, len(body))
	w.buf = append(w.buf, body...)
	w.end()
}

// BigInt writes an int of any size.
func (w *Writer) BigInt(n *big.Int) {
	if n.IsInt64() {
		w.Int(n.Int64())
		return
	}
	if !w.begin() {
		return
	}
	code := byte(0x20)
	if n.Sign() < 0 {
		code = 0x30
	}
	mag := n.Bytes()
	w.head(code, len(mag))
	w.buf = append(w.buf, mag...)
	w.end()
}

// Float writes a float; positive zero takes no bytes, every other value eight.
func (w *Writer) Float(f float64) {
	if !w.begin() {
		return
	}
	bits := math.Float64bits(f)
	if bits == 0 {
		w.buf = append(w.buf, 0x40)
	} else {
		w.buf = append(w.buf, 0x48)
		for s := 56; s >= 0; s -= 8 {
			w.buf = append(w.buf, byte(bits>>uint(s)))
		}
	}
	w.end()
}

// Decimal writes a decimal.
func (w *Writer) Decimal(d Decimal) {
	if w.begin() {
		w.scalar(0x50, d.appendBody)
		w.end()
	}
}

// Timestamp writes a timestamp; it fails for one that [Timestamp.Validate]
// refuses.
func (w *Writer) Timestamp(t Timestamp) {
	if err := t.Validate(); err != nil {
		w.fail(fmt.Errorf("ion: %w", err))
		return
	}
	if w.begin() {
		w.scalar(0x60, t.appendBody)
		w.end()
	}
}

func (w *Writer) scalar(code byte, body func([]byte) []byte) {
	var b [48]byte
	enc := body(b[:0])
	w.head(code, len(enc))
	w.buf = append(w.buf, enc...)
}

// Symbol writes a symbol.
func (w *Writer) Symbol(text string) {
	if w.begin() {
		w.symbolSID(w.sid(text))
		w.end()
	}
}

func (w *Writer) symbolSID(sid uint32) {
	var b [8]byte
	body := appendUint(b[:0], uint64(sid))
	w.head(0x70, len(body))
	w.buf = append(w.buf, body...)
}

// String writes a string. It must be valid UTF-8.
func (w *Writer) String(s string) {
	if w.begin() {
		w.head(0x80, len(s))
		w.buf = append(w.buf, s...)
		w.end()
	}
}

// Clob writes a clob.
func (w *Writer) Clob(b []byte) { w.lob(0x90, b) }

// Blob writes a blob.
func (w *Writer) Blob(b []byte) { w.lob(0xa0, b) }

func (w *Writer) lob(code byte, b []byte) {
	if w.begin() {
		w.head(code, len(b))
		w.buf = append(w.buf, b...)
		w.end()
	}
}

// Len is how many bytes have been written so far, without the symbol table.
func (w *Writer) Len() int { return len(w.buf) }

// Bytes returns the finished stream in memory of its own: version marker,
// symbol table if one is needed, values.
func (w *Writer) Bytes() ([]byte, error) { return w.AppendTo(nil) }

// AppendTo appends the finished stream to dst.
func (w *Writer) AppendTo(dst []byte) ([]byte, error) {
	if w.err == nil && (len(w.frames) > 0 || w.named || len(w.notes) > 0) {
		w.fail(errors.New("ion: a container, field or annotation is unfinished"))
	}
	if w.err != nil {
		return dst, w.err
	}
	if dst == nil {
		dst = make([]byte, 0, len(w.buf)+w.tableSize())
	}
	dst = append(dst, versionMarker...)
	dst = w.appendTable(dst)
	return append(dst, w.buf...), nil
}

// listLen is the length of the symbols list's body.
func (w *Writer) listLen() int {
	n := 0
	for _, s := range w.names {
		n += sized(len(s))
	}
	return n
}

// sized is the length of a value with a body of n bytes.
func sized(n int) int {
	if n < 14 {
		return n + 1
	}
	return n + 1 + varUintLen(uint64(n))
}

func (w *Writer) tableSize() int { return w.listLen() + 32 }

// appendTable appends $ion_symbol_table::{symbols:[…]}, or nothing if no
// symbol was defined.
func (w *Writer) appendTable(dst []byte) []byte {
	if len(w.names) == 0 {
		return dst
	}
	list := w.listLen()
	fields := 1 + sized(list) // the field id of symbols is one byte
	wrapped := 2 + sized(fields)
	dst = appendHead(dst, 0xe0, wrapped)
	dst = append(dst, 0x81, 0x80|sidSymbolTable)
	dst = appendHead(dst, 0xd0, fields)
	dst = append(dst, 0x80|sidSymbols)
	dst = appendHead(dst, 0xb0, list)
	for _, s := range w.names {
		dst = append(appendHead(dst, 0x80, len(s)), s...)
	}
	return dst
}

func appendHead(dst []byte, code byte, n int) []byte {
	if n < 14 {
		return append(dst, code|byte(n))
	}
	return appendVarUint(append(dst, code|14), uint64(n))
}

// Build returns the single value that was written.
func (w *Writer) Build() (Value, error) {
	b, err := w.Bytes()
	if err != nil {
		return Value{}, err
	}
	if w.atTop != 1 {
		return Value{}, fmt.Errorf("%w, %d were written", ErrNotOneValue, w.atTop)
	}
	var d Decoder
	return d.Open(b)
}
