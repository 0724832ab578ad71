package ion

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Writer builds a binary stream. Symbols get their ids in the order of their
// first use, lengths take as few bytes as they can, and fields keep the order
// they are written in: the form in which QLDB wrote its streams. The first
// misuse or bad value makes every later call a no-op and is returned by
// [Writer.Bytes]; so does a stream of more than 2 GiB. The zero Writer is ready; Reset makes it ready again and
// keeps its memory. A Writer must not be used by two goroutines at once.
type Writer struct {
	buf       []byte // the values, without the heads of containers and wrappers
	heads     []head // in the order of their place in buf
	open      []int  // indexes in heads, outermost first
	headBytes int    // what the closed heads take
	depth     int    // open containers, wrappers not counted

	names []string       // local symbols
	index map[string]int // names beyond what a linear search is good for
	hole  uint32         // id of the symbol of unknown text, 0 for none yet
	from  *SymbolTable   // table that sids translates
	sids  []uint32       // id in from -> id here; 0 unknown yet

	notes []uint32 // annotations of the next value
	named bool     // the next value has its field name
	atTop int      // values at the top
	limit int      // bytes, 0 for maxVar
	err   error
}

// head is the descriptor and length of a container or annotation wrapper. It
// is known at the end only, so it is kept apart and put in its place when the
// stream is put together: nothing is ever moved.
type head struct {
	at   uint32 // where it belongs in buf
	n    uint32 // length of what follows; while open, headBytes at the start
	code byte
}

const (
	codeList    = 0xb0
	codeSexp    = 0xc0
	codeStruct  = 0xd0
	codeWrapper = 0xe0
)

// NewWriter returns an empty Writer.
func NewWriter() *Writer { return &Writer{} }

// Reset empties the Writer.
func (w *Writer) Reset() {
	clear(w.index)
	clear(w.names)
	*w = Writer{buf: w.buf[:0], heads: w.heads[:0], open: w.open[:0], names: w.names[:0], index: w.index,
		sids: w.sids[:0], notes: w.notes[:0], limit: w.limit}
}

// SetLimit makes writing fail with [ErrTooLarge] at the first value that begins
// behind that many bytes. Reset keeps the limit; 0 removes it.
func (w *Writer) SetLimit(bytes int) { w.limit = bytes }

// ErrTooLarge is wrapped by the error of a Writer that was given more than its
// limit, more than 2 GiB, or a number of more than [MaxNumberSize].
var ErrTooLarge = errors.New("ion: too large")

// ErrTooDeep is the error of a Writer in which values nest deeper than
// [MaxDepth].
var ErrTooDeep = fmt.Errorf("ion: nesting is deeper than %d", MaxDepth)

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Err is the first error, nil so far if there was none.
func (w *Writer) Err() error { return w.err }

// Len is how many bytes have been written so far, without the symbol table and
// the heads of open containers.
func (w *Writer) Len() int { return len(w.buf) + w.headBytes }

func (w *Writer) inStruct() bool {
	n := len(w.open)
	return n > 0 && w.heads[w.open[n-1]].code == codeStruct
}

// Field names the next value, which must be written directly inside a struct.
func (w *Writer) Field(name string) *Writer { return w.fieldSID(w.sid(name)) }

func (w *Writer) fieldSID(sid uint32) *Writer {
	if !w.inStruct() || w.named || len(w.notes) > 0 {
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
	if w.depth >= MaxDepth {
		w.fail(ErrTooDeep)
		return false
	}
	if n := w.Len(); n > maxVar || w.limit > 0 && n > w.limit {
		w.fail(fmt.Errorf("%w: more than %d bytes in one stream", ErrTooLarge, n-1))
		return false
	}
	if len(w.open) == 0 {
		w.atTop++
	} else if w.inStruct() && !w.named {
		w.fail(errors.New("ion: a value inside a struct needs a field name"))
		return false
	}
	w.named = false
	if len(w.notes) > 0 {
		w.wrap()
	}
	return true
}

// wrap opens an annotation wrapper and writes the annotations.
func (w *Writer) wrap() {
	w.push(codeWrapper)
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

func (w *Writer) end() {
	if n := len(w.open); n > 0 && w.heads[w.open[n-1]].code == codeWrapper {
		w.pop()
	}
}

func (w *Writer) push(code byte) {
	w.open = append(w.open, len(w.heads))
	w.heads = append(w.heads, head{at: uint32(len(w.buf)), n: uint32(w.headBytes), code: code})
}

func (w *Writer) pop() {
	last := len(w.open) - 1
	h := &w.heads[w.open[last]]
	w.open = w.open[:last]
	n := len(w.buf) - int(h.at) + w.headBytes - int(h.n)
	h.n = uint32(n)
	w.headBytes += sized(n) - n
}

// sized is the length of a value with a body of n bytes.
func sized(n int) int {
	if n < 14 {
		return n + 1
	}
	return n + 1 + varUintLen(uint64(n))
}

// appendHead appends a descriptor and length.
func appendHead(dst []byte, code byte, n int) []byte {
	if n < 14 {
		return append(dst, code|byte(n))
	}
	return appendVarUint(append(dst, code|14), uint64(n))
}

// BeginStruct opens a struct. Close it with [Writer.End].
func (w *Writer) BeginStruct() { w.beginContainer(codeStruct) }

// BeginList opens a list. Close it with [Writer.End].
func (w *Writer) BeginList() { w.beginContainer(codeList) }

// BeginSexp opens an S-expression. Close it with [Writer.End].
func (w *Writer) BeginSexp() { w.beginContainer(codeSexp) }

func (w *Writer) beginContainer(code byte) {
	if w.begin() {
		w.push(code)
		w.depth++
	}
}

// End closes the innermost open container.
func (w *Writer) End() {
	if w.err != nil {
		return
	}
	if len(w.open) == 0 || w.named || len(w.notes) > 0 {
		w.fail(errors.New("ion: End without an open container, or behind a field name or annotation without a value"))
		return
	}
	w.depth--
	w.pop()
	w.end()
}

// Bytes returns the finished stream in memory of its own: version marker,
// symbol table if one is needed, values.
func (w *Writer) Bytes() ([]byte, error) { return w.AppendTo(nil) }

// AppendTo appends the finished stream to dst.
func (w *Writer) AppendTo(dst []byte) ([]byte, error) {
	if err := w.finish(); err != nil {
		return dst, err
	}
	if dst == nil {
		dst = make([]byte, 0, w.Len()+w.tableSize())
	}
	dst = append(dst, versionMarker...)
	dst = w.appendTable(dst)
	return w.appendValues(dst), nil
}

func (w *Writer) finish() error {
	if w.err == nil && (len(w.open) > 0 || w.named || len(w.notes) > 0) {
		w.fail(errors.New("ion: a container, field or annotation is unfinished"))
	}
	return w.err
}

// appendValues puts the heads in their places.
func (w *Writer) appendValues(dst []byte) []byte {
	prev := 0
	for i := range w.heads {
		h := &w.heads[i]
		dst = append(dst, w.buf[prev:h.at]...)
		dst = appendHead(dst, h.code, int(h.n))
		prev = int(h.at)
	}
	return append(dst, w.buf[prev:]...)
}

// Build returns the single value that was written, in memory of its own.
func (w *Writer) Build() (Value, error) {
	if err := w.finish(); err != nil {
		return Value{}, err
	}
	if w.atTop != 1 {
		return Value{}, fmt.Errorf("%w, %d were written", ErrNotOneValue, w.atTop)
	}
	return header(w.appendValues(make([]byte, 0, w.Len())), w.table(), 0)
}

// table is the symbol table of what was written so far.
func (w *Writer) table() *SymbolTable {
	if len(w.names) == 0 {
		return systemTable
	}
	t := &SymbolTable{locals: append([]string(nil), w.names...)}
	if len(t.locals) > unindexed {
		t.index = &symbolIndex{}
	}
	t.grown(len(t.locals), len(t.locals), w.listLen())
	return t
}

// sid returns the id of a text, and defines it at its first use.
func (w *Writer) sid(text string) uint32 {
	if id := systemSID(text); id != 0 {
		return id
	}
	if len(w.names) <= linear {
		for i, n := range w.names {
			if n == text {
				return uint32(i + systemSymbols + 1)
			}
		}
	} else if i, ok := w.indexed(text); ok {
		return uint32(i + systemSymbols + 1)
	}
	if !utf8.ValidString(text) {
		w.fail(fmt.Errorf("ion: symbol %.40q is not valid UTF-8", text))
	}
	return w.define(text)
}

// linear is how many symbols are searched without an index.
const linear = 16

func (w *Writer) indexed(text string) (int, bool) {
	if len(w.index) == 0 {
		if w.index == nil {
			w.index = make(map[string]int, 4*linear)
		}
		for i, n := range w.names {
			w.index[n] = i
		}
	}
	i, ok := w.index[text]
	return i, ok
}

func (w *Writer) define(text string) uint32 {
	if len(w.names) == MaxSymbols {
		w.fail(fmt.Errorf("ion: a value must have %d different symbols at the most", MaxSymbols))
		return 0
	}
	w.names = append(w.names, text)
	if len(w.index) > 0 {
		w.index[text] = len(w.names) - 1
	}
	return uint32(len(w.names) + systemSymbols)
}

// unknown returns the id of a symbol of unknown text: 0 for symbol zero, for
// any other a local symbol without text.
func (w *Writer) unknown(sid uint32) uint32 {
	if sid == 0 {
		return 0
	}
	if w.hole == 0 {
		w.hole = w.define(unknownText)
	}
	return w.hole
}

// listLen is the length of the symbols list's body.
func (w *Writer) listLen() int {
	n := 0
	for _, s := range w.names {
		if s == unknownText {
			n++
		} else {
			n += sized(len(s))
		}
	}
	return n
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
	dst = appendHead(dst, codeWrapper, wrapped)
	dst = append(dst, 0x81, 0x80|sidSymbolTable)
	dst = appendHead(dst, codeStruct, fields)
	dst = append(dst, 0x80|sidSymbols)
	dst = appendHead(dst, codeList, list)
	for _, s := range w.names {
		if s == unknownText {
			dst = append(dst, 0x0f)
		} else {
			dst = append(appendHead(dst, 0x80, len(s)), s...)
		}
	}
	return dst
}
