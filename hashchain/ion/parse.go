package ion

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// versionMarker starts every Ion 1.0 binary stream.
var versionMarker = []byte{0xe0, 0x01, 0x00, 0xea}

// Parse reads a binary stream that holds exactly one value and checks all of
// it. Errors are of type *SyntaxError, or wrap [ErrNotOneValue].
func Parse(data []byte) (Value, error) {
	s := scanner{data: data, syms: systemTable}
	v, ok, err := s.next()
	if err != nil {
		return Value{}, err
	}
	if !ok {
		return Value{}, fmt.Errorf("%w, found none", ErrNotOneValue)
	}
	if _, more, err := s.next(); err != nil {
		return Value{}, err
	} else if more {
		return Value{}, fmt.Errorf("%w, found another at offset %d", ErrNotOneValue, s.start)
	}
	return v, nil
}

// ParseAll reads all values of a binary stream and checks them.
func ParseAll(data []byte) ([]Value, error) {
	s := scanner{data: data, syms: systemTable}
	var out []Value
	for {
		v, ok, err := s.next()
		if err != nil || !ok {
			return out, err
		}
		out = append(out, v)
	}
}

// IsBinary reports whether data begins with the Ion 1.0 version marker.
func IsBinary(data []byte) bool { return bytes.HasPrefix(data, versionMarker) }

// scanner steps over the top-level values of a stream held in memory.
type scanner struct {
	data    []byte
	pos     int
	start   int // offset of the value returned last
	syms    *SymbolTable
	cat     Catalog
	started bool
}

// next returns the next user value; version markers, symbol tables and pads
// are taken in on the way.
func (s *scanner) next() (v Value, ok bool, err error) {
	for s.pos < len(s.data) {
		rest := s.data[s.pos:]
		if rest[0] == 0xe0 {
			if err := s.marker(rest); err != nil {
				return Value{}, false, err
			}
			continue
		}
		if !s.started {
			return Value{}, false, syntaxErr(s.pos, "binary Ion must begin with the version marker e0 01 00 ea")
		}
		if isPad(rest[0]) {
			_, end, err := extent(rest, 0, s.pos)
			if err != nil {
				return Value{}, false, err
			}
			s.pos += end
			continue
		}
		v, err := header(rest, s.syms, s.pos)
		if err != nil {
			return Value{}, false, err
		}
		if err := check(v, s.pos, 1); err != nil {
			return Value{}, false, err
		}
		s.start = s.pos
		s.pos += len(v.raw)
		if !isSymbolTable(v) {
			return v, true, nil
		}
		if s.syms, err = readLocalTable(v, s.syms, s.cat); err != nil {
			return Value{}, false, atOffset(err, s.start)
		}
	}
	return Value{}, false, nil
}

func (s *scanner) marker(rest []byte) error {
	if len(rest) < 4 {
		return syntaxErr(s.pos, "version marker is cut short")
	}
	if !bytes.HasPrefix(rest, versionMarker) {
		return syntaxErr(s.pos, "version marker % x is not that of Ion 1.0, e0 01 00 ea", rest[:4])
	}
	s.pos += 4
	s.syms, s.started = systemTable, true
	return nil
}

// isSymbolTable reports whether a top-level value is a local symbol table: a
// struct whose first annotation is $ion_symbol_table.
func isSymbolTable(v Value) bool {
	if v.desc == 0 || v.typ != StructType || v.null {
		return false
	}
	it := v.annotations()
	return it.next() && it.text == "$ion_symbol_table"
}

func atOffset(err error, off int) error {
	if se, ok := err.(*SyntaxError); ok && se.Offset == 0 {
		return &SyntaxError{Offset: int64(off), Msg: se.Msg}
	}
	return err
}

// check verifies everything inside a value whose header is good. off is where
// v.raw begins in the input.
func check(v Value, off, depth int) error {
	if depth > MaxDepth {
		return syntaxErr(off, "nesting is deeper than %d", MaxDepth)
	}
	if v.desc > 0 {
		if err := checkAnnotations(v, off); err != nil {
			return err
		}
	}
	if v.null {
		return nil
	}
	at := off + int(v.body)
	b := v.bodyBytes()
	switch v.typ {
	case NullType:
		return syntaxErr(off, "expected a value, found a nop pad")
	case BoolType:
		if v.tag()&15 > 1 {
			return syntaxErr(off+int(v.desc), "bool has length code %d", v.tag()&15)
		}
	case IntType:
		if v.tag()>>4 == 3 && len(trimZeros(b)) == 0 {
			return syntaxErr(off+int(v.desc), "negative int has magnitude zero")
		}
		return checkNumber(off+int(v.desc), "int", b)
	case FloatType:
		if n := len(b); n != 0 && n != 4 && n != 8 {
			return syntaxErr(off+int(v.desc), "float has %d bytes, not 0, 4 or 8", n)
		}
	case DecimalType:
		_, _, p := varInt(b, 0)
		if p == 0 && len(b) > 0 {
			return syntaxErr(at, "decimal exponent is cut short or too large")
		}
		return checkNumber(off+int(v.desc), "coefficient of a decimal", b[p:])
	case TimestampType:
		if _, err := decodeTimestamp(b); err != nil {
			return syntaxErr(at, "%s", err)
		}
	case SymbolType:
		if sid, ok := v.symbolID(); !ok || int(sid) > v.syms.MaxID() {
			return syntaxErr(at, "symbol id is not in the symbol table, which ends at %d", v.syms.MaxID())
		}
	case StringType:
		if !utf8.Valid(b) {
			return syntaxErr(at, "string is not valid UTF-8")
		}
	case ListType, SexpType, StructType:
		return checkContainer(v, off, depth)
	}
	return nil
}

// checkNumber refuses a magnitude, with or without a sign bit, that is too large.
func checkNumber(off int, what string, b []byte) error {
	if n := len(trimZeros(b)); n > MaxNumberSize {
		return syntaxErr(off, "%s has %d bytes and must have %d at the most, as much as a whole document of QLDB: store it as a string or blob", what, n, MaxNumberSize)
	}
	return nil
}

func checkAnnotations(v Value, off int) error {
	body, _, _ := extent(v.raw, 0, off)
	_, p := varUint(v.raw, body)
	for p < int(v.desc) {
		sid, next := varUint(v.raw[:v.desc], p)
		if next == 0 || int(sid) > v.syms.MaxID() {
			return syntaxErr(off+p, "annotation is cut short or not in the symbol table, which ends at %d", v.syms.MaxID())
		}
		p = next
	}
	return nil
}

func checkContainer(v Value, off, depth int) error {
	ordered := v.tag() == 0xd1
	if ordered && len(v.bodyBytes()) == 0 {
		return syntaxErr(off+int(v.desc), "ordered struct is empty")
	}
	last := uint32(0)
	for i := int(v.body); i < len(v.raw); {
		if v.typ == StructType {
			sid, p := varUint(v.raw, i)
			if p == 0 || int(sid) > v.syms.MaxID() {
				return syntaxErr(off+i, "field name is cut short or not in the symbol table, which ends at %d", v.syms.MaxID())
			}
			if ordered && sid < last {
				return syntaxErr(off+i, "fields of an ordered struct are not in order")
			}
			last = sid
			if p >= len(v.raw) {
				return syntaxErr(off+i, "field has no value")
			}
			i = p
		}
		if isPad(v.raw[i]) {
			_, end, err := extent(v.raw, i, off)
			if err != nil {
				return err
			}
			i = end
			continue
		}
		child, err := header(v.raw[i:], v.syms, off+i)
		if err != nil {
			return err
		}
		if err := check(child, off+i, depth+1); err != nil {
			return err
		}
		i += len(child.raw)
	}
	return nil
}

// Decoder opens values from bytes that were checked before they were stored,
// such as documents read from a ledger's file. It looks at the symbol table and
// the outermost header only, and keeps a few symbol tables: documents of one
// shape share one. Damaged bytes give an error or, deeper inside, accessors that
// report false; nothing panics. A Decoder must not be used by two goroutines at
// once; the zero Decoder is ready.
type Decoder struct {
	kept [4]keptTable // the one that was used last comes first
}

// keptTable is a symbol table with its bytes, version marker included.
type keptTable struct {
	data []byte
	syms *SymbolTable
}

// Open returns the one value of the stream. It keeps a reference to data.
func (d *Decoder) Open(data []byte) (Value, error) {
	if !IsBinary(data) {
		return Value{}, syntaxErr(0, "binary Ion must begin with the version marker e0 01 00 ea")
	}
	for i := range d.kept {
		k := &d.kept[i]
		n := len(k.data)
		if n == 0 {
			break
		}
		if len(data) > n && bytes.Equal(data[:n], k.data) {
			d.kept[0], d.kept[i] = d.kept[i], d.kept[0]
			return openAt(data, n, d.kept[0].syms)
		}
	}
	n, syms, err := readTable(data)
	if err != nil {
		return Value{}, err
	}
	if n > 4 {
		last := len(d.kept) - 1
		oldest := d.kept[last].data
		copy(d.kept[1:], d.kept[:last])
		d.kept[0] = keptTable{append(oldest[:0], data[:n]...), syms}
	}
	return openAt(data, n, syms)
}

// Open is [Decoder.Open] for a single value: it keeps no symbol table.
func Open(data []byte) (Value, error) {
	if !IsBinary(data) {
		return Value{}, syntaxErr(0, "binary Ion must begin with the version marker e0 01 00 ea")
	}
	n, syms, err := readTable(data)
	if err != nil {
		return Value{}, err
	}
	return openAt(data, n, syms)
}

// readTable reads the symbol table that follows the version marker, if there is
// one. n is where the value begins.
func readTable(data []byte) (n int, syms *SymbolTable, err error) {
	v, err := header(data[4:], systemTable, 4)
	if err != nil {
		return 0, nil, err
	}
	if !isSymbolTable(v) {
		return 4, systemTable, nil
	}
	if err := check(v, 4, 1); err != nil {
		return 0, nil, err
	}
	if syms, err = readLocalTable(v, systemTable, nil); err != nil {
		return 0, nil, atOffset(err, 4)
	}
	return 4 + len(v.raw), syms, nil
}

// openAt is the one value that begins at off.
func openAt(data []byte, off int, syms *SymbolTable) (Value, error) {
	v, err := header(data[off:], syms, off)
	if err == nil && (off+len(v.raw) != len(data) || v.typ == NullType && !v.null) {
		err = syntaxErr(off+len(v.raw), "%s", ErrNotOneValue)
	}
	return v, err
}
