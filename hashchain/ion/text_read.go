package ion

import (
	"fmt"
	"io"
)

// ParseText reads Ion text that holds exactly one value. Errors are of type
// *SyntaxError, or wrap [ErrNotOneValue].
func ParseText(s string) (Value, error) {
	p := newTextParser([]byte(s), nil)
	v, ok := p.next()
	if p.in.err != nil {
		return Value{}, p.in.err
	}
	if !ok {
		return Value{}, fmt.Errorf("%w, found none", ErrNotOneValue)
	}
	_, more := p.next()
	if p.in.err != nil {
		return Value{}, p.in.err
	}
	if more {
		return Value{}, fmt.Errorf("%w, found another at offset %d", ErrNotOneValue, p.start)
	}
	return v, nil
}

// ParseTextAll reads all values of Ion text.
func ParseTextAll(data []byte) ([]Value, error) {
	p := newTextParser(data, nil)
	var out []Value
	for {
		v, ok := p.next()
		if !ok {
			return out, p.in.err
		}
		out = append(out, v)
	}
}

// TextReader reads the values of Ion text one at a time, in memory bounded by
// the largest value.
//
//	r := ion.NewTextReader(f)
//	for r.Next() {
//		use(r.Value())
//	}
//	return r.Err()
type TextReader struct {
	p   *textParser
	cur Value
}

// NewTextReader returns a TextReader of r. Symbol ids of imported shared tables
// have unknown text unless a catalog is set.
func NewTextReader(r io.Reader) *TextReader { return &TextReader{p: newTextParser(nil, r)} }

// SetCatalog names the shared symbol tables that may be imported.
func (r *TextReader) SetCatalog(c Catalog) { r.p.cat = c }

// Next reads the next value and reports whether there is one.
func (r *TextReader) Next() bool {
	v, ok := r.p.next()
	r.cur = v
	return ok
}

// Value is the value that Next read. It has bytes of its own.
func (r *TextReader) Value() Value { return r.cur }

// Offset is where the current value begins in the input, in bytes.
func (r *TextReader) Offset() int64 { return r.p.start }

// JSON reports whether the current value is written as JSON is: all strings and
// names of fields stand in double quotes, and there is no comment in it.
func (r *TextReader) JSON() bool { return !r.p.in.onlyIon }

// Err is the error that ended reading, nil at the end of the input.
func (r *TextReader) Err() error { return r.p.in.err }

// textParser writes the values that it reads to a Writer, so that no other
// form of them ever exists.
type textParser struct {
	in      textInput
	w       Writer
	syms    *SymbolTable // what $10 means
	cat     Catalog
	start   int64 // offset of the value at the top
	scratch []byte
	depth   int
	limit   int64 // bytes of text that a value may take
}

func newTextParser(data []byte, src io.Reader) *textParser {
	p := &textParser{in: textInput{src: src, buf: data}, syms: systemTable, limit: MaxValueSize}
	if p.in.peek() == 0xef && p.in.peekAt(1) == 0xbb && p.in.peekAt(2) == 0xbf {
		p.in.skip(3) // byte order mark
	}
	return p
}

// next reads the next user value; version markers and symbol tables are taken
// in on the way.
func (p *textParser) next() (Value, bool) {
	for {
		p.in.space()
		if p.in.peek() == eof {
			return Value{}, false
		}
		p.start, p.in.onlyIon = p.in.offset(), false
		p.w.Reset()
		marker := p.value(scopeTop)
		if p.in.err != nil {
			return Value{}, false
		}
		if marker {
			p.syms = systemTable
			continue
		}
		v, err := p.w.Build()
		if err != nil {
			p.in.fail(p.start, "%s", err)
			return Value{}, false
		}
		if !isSymbolTable(v) {
			return v, true
		}
		if p.syms, err = readLocalTable(v, p.syms, p.cat); err != nil {
			p.in.err = shift(err, p.start)
			return Value{}, false
		}
	}
}

// scope is where a value stands.
type scope uint8

const (
	scopeTop scope = iota
	scopeList
	scopeSexp
	scopeStruct
)

// value reads a value with its annotations. It returns true for the version
// marker, which can stand at the top only.
func (p *textParser) value(s scope) (marker bool) {
	if p.depth++; p.depth > MaxDepth {
		p.in.fail(p.in.offset(), "nesting is deeper than %d", MaxDepth)
		return false
	}
	defer func() { p.depth-- }()
	for first := true; p.in.err == nil; first = false {
		tok := p.symbolToken()
		if tok.kind == tokenNone {
			p.plain(s)
			return false
		}
		if tok.kind == tokenKeyword {
			p.keyword(tok.text)
			return false
		}
		p.in.space()
		if p.in.peek() != ':' || p.in.peekAt(1) != ':' {
			if s == scopeTop && first && p.isMarker(tok) {
				return true
			}
			p.symbol(tok)
			return false
		}
		p.in.skip(2)
		p.annotate(tok)
		p.in.space()
		p.bound()
	}
	return false
}

// symbol writes a symbol token as a value.
func (p *textParser) symbol(t token) {
	if p.in.err != nil {
		return
	}
	if t.known {
		p.w.Symbol(t.text)
		return
	}
	p.w.symbol(p.w.unknown(t.sid))
}

func (p *textParser) annotate(t token) {
	if p.in.err != nil {
		return
	}
	if t.known {
		p.w.Annotate(t.text)
		return
	}
	p.w.notes = append(p.w.notes, p.w.unknown(t.sid))
}

// plain reads a value that does not begin with a symbol.
func (p *textParser) plain(s scope) {
	start := p.in.offset()
	switch c := p.in.peek(); c {
	case '"':
		p.in.skip(1)
		p.scratch = p.in.run(p.scratch[:0], textKind{quote: '"'})
		p.string()
	case '\'':
		p.longString()
		p.string()
	case '{':
		p.in.skip(1)
		if p.in.accept('{') {
			p.lob(start)
			return
		}
		p.structure(start)
	case '[':
		p.in.skip(1)
		p.list(start)
	case '(':
		p.in.skip(1)
		p.sexp(start)
	default:
		p.numeric(s, c)
	}
}

// numeric reads what begins with a digit or an operator character.
func (p *textParser) numeric(s scope, c int) {
	next := p.in.peekAt(1)
	switch {
	case isDigit(c, 10), c == '-' && isDigit(next, 10):
		p.number()
	case (c == '-' || c == '+') && p.atInf():
		p.in.skip(4)
		p.in.onlyIon = true // a number too large for a float is infinite as well, and is one of JSON
		p.w.Float(infinities[c == '-'])
	case s == scopeSexp && isOperator(c):
		p.operator()
	default:
		p.in.fail(p.in.offset(), "expected a value, found %s", describe(c))
	}
}

func (p *textParser) string() {
	if p.in.err == nil {
		p.w.bytes(0x80, p.scratch)
	}
}

// longString reads the parts of a long string into scratch.
func (p *textParser) longString() {
	p.in.onlyIon = true
	p.scratch = p.scratch[:0]
	for p.in.acceptTriple('\'') {
		p.scratch = p.in.run(p.scratch, textKind{quote: '\'', long: true})
		p.in.space()
	}
}

func (p *textParser) list(start int64) {
	p.w.BeginList()
	for p.in.err == nil {
		p.in.space()
		if p.in.accept(']') {
			p.w.End()
			return
		}
		p.value(scopeList)
		p.separator(start, ']', "list")
	}
}

func (p *textParser) sexp(start int64) {
	p.w.BeginSexp()
	for p.in.err == nil {
		p.in.space()
		if p.in.accept(')') {
			p.w.End()
			return
		}
		if p.in.peek() == eof {
			p.in.fail(start, "sexp is not closed")
			return
		}
		p.value(scopeSexp)
		p.bound()
	}
}

func (p *textParser) structure(start int64) {
	p.w.BeginStruct()
	for p.in.err == nil {
		p.in.space()
		if p.in.accept('}') {
			p.w.End()
			return
		}
		p.fieldName(start)
		p.in.space()
		p.value(scopeStruct)
		p.separator(start, '}', "struct")
	}
}

// separator reads the comma behind an element, or finds the end.
func (p *textParser) separator(start int64, end int, what string) {
	p.bound()
	p.in.space()
	switch c := p.in.peek(); {
	case c == ',':
		p.in.skip(1)
	case c == eof:
		p.in.fail(start, "%s is not closed", what)
	case c != end:
		p.in.fail(p.in.offset(), "expected a comma or the end of the %s, found %s", what, describe(c))
	}
}

// bound ends reading where the value has grown too large or the Writer refused
// something.
func (p *textParser) bound() {
	if p.in.offset()-p.start > p.limit {
		p.in.fail(p.start, "value is larger than %d bytes", p.limit)
	}
	if err := p.w.Err(); err != nil {
		p.in.fail(p.in.offset(), "%s", err)
	}
}

// fieldName reads a field name and its colon.
func (p *textParser) fieldName(start int64) {
	at := p.in.offset()
	t := p.symbolToken()
	p.in.onlyIon = p.in.onlyIon || t.kind != tokenNone
	if t.kind == tokenNone {
		switch p.in.peek() {
		case '"':
			p.in.skip(1)
			p.scratch = p.in.run(p.scratch[:0], textKind{quote: '"'})
		case '\'':
			p.longString()
		case eof:
			p.in.fail(start, "struct is not closed")
		default:
			p.in.fail(at, "expected a field name, found %s", describe(p.in.peek()))
		}
		t = token{known: true, text: string(p.scratch)}
	}
	if t.kind == tokenKeyword {
		p.in.fail(at, "field name %.80s must be quoted", t.text)
	}
	p.in.space()
	if p.in.peek() != ':' || p.in.peekAt(1) == ':' {
		p.in.fail(p.in.offset(), "expected a colon behind the field name, found %s", describe(p.in.peek()))
	}
	if p.in.err != nil {
		return
	}
	p.in.skip(1)
	if t.known {
		p.w.Field(t.text)
	} else {
		p.w.fieldSID(p.w.unknown(t.sid))
	}
}
