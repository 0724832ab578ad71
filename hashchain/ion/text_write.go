package ion

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String is v in compact Ion text, as [AppendCompact] writes it. The zero Value
// is "".
func (v Value) String() string { return string(AppendCompact(nil, v)) }

// AppendCompact appends v as Ion text without white space, the form that QLDB's
// answers have: {strandId:"…",sequenceNo:100}. Field names, annotations and
// symbols are quoted where they have to be. A symbol of unknown text is written
// by its id, as $10.
func AppendCompact(dst []byte, v Value) []byte {
	w := textWriter{buf: dst}
	w.value(v)
	return w.buf
}

// AppendPretty appends v as Ion text for people: two spaces of indent a level,
// up to 40 levels, one field or element a line.
func AppendPretty(dst []byte, v Value) []byte {
	w := textWriter{buf: dst, pretty: true}
	w.value(v)
	return w.buf
}

type textWriter struct {
	buf    []byte
	pretty bool
	depth  int
}

func (w *textWriter) value(v Value) {
	for it := v.annotations(); it.next(); {
		w.symbol(it.sid, it.text, it.known)
		w.buf = append(w.buf, "::"...)
	}
	if v.null {
		w.buf = append(w.buf, "null"...)
		if v.typ != NullType {
			w.buf = append(append(w.buf, '.'), v.typ.String()...)
		}
		return
	}
	switch v.typ {
	case ListType:
		w.container(v, '[', ']', ",")
	case SexpType:
		w.container(v, '(', ')', " ")
	case StructType:
		w.container(v, '{', '}', ",")
	default:
		w.scalar(v)
	}
}

// container writes the elements between brackets. Damaged bytes may nest
// deeper than MaxDepth; the rest of those is left out.
func (w *textWriter) container(v Value, begin, end byte, separator string) {
	w.buf = append(w.buf, begin)
	if w.depth++; w.depth > MaxDepth {
		v = Value{}
	}
	it := v.Iter()
	empty := true
	for ; it.Next(); empty = false {
		if !empty {
			w.buf = append(w.buf, separator...)
			if w.pretty && separator == " " {
				w.buf = w.buf[:len(w.buf)-1]
			}
		}
		w.line()
		if it.isField {
			w.fieldName(&it)
		}
		w.value(it.Value())
	}
	w.depth--
	if !empty {
		w.line()
	}
	w.buf = append(w.buf, end)
}

// maxIndent keeps deep nesting from filling the output with spaces.
const maxIndent = 40

// line begins a line of the pretty form.
func (w *textWriter) line() {
	if !w.pretty {
		return
	}
	w.buf = append(w.buf, '\n')
	for range min(w.depth, maxIndent) {
		w.buf = append(w.buf, "  "...)
	}
}

func (w *textWriter) fieldName(it *Iter) {
	text, known := it.syms.text(it.nameSID)
	w.symbol(it.nameSID, text, known)
	w.buf = append(w.buf, ':')
	if w.pretty {
		w.buf = append(w.buf, ' ')
	}
}

func (w *textWriter) scalar(v Value) {
	switch v.typ {
	case BoolType:
		b, _ := v.Bool()
		w.buf = strconv.AppendBool(w.buf, b)
	case IntType:
		w.int(v)
	case FloatType:
		f, _ := v.Float64()
		w.buf = appendFloat(w.buf, f)
	case DecimalType:
		d, _ := v.Decimal()
		w.buf = d.appendText(w.buf)
	case TimestampType:
		t, _ := v.Timestamp()
		w.buf = t.appendText(w.buf)
	case SymbolType:
		sid, _ := v.symbolID()
		text, known := v.syms.text(sid)
		w.symbol(sid, text, known)
	case StringType:
		w.buf = appendQuoted(w.buf, v.bodyBytes(), '"', false)
	case ClobType:
		w.buf = append(w.buf, "{{"...)
		w.buf = appendQuoted(w.buf, v.bodyBytes(), '"', true)
		w.buf = append(w.buf, "}}"...)
	case BlobType:
		w.buf = append(w.buf, "{{"...)
		w.buf = base64.StdEncoding.AppendEncode(w.buf, v.bodyBytes())
		w.buf = append(w.buf, "}}"...)
	}
}

func (w *textWriter) int(v Value) {
	if n, ok := v.Int64(); ok {
		w.buf = strconv.AppendInt(w.buf, n, 10)
		return
	}
	n, _ := v.BigInt()
	w.buf = n.Append(w.buf, 10)
}

// appendFloat writes the shortest digits that denote f, with an exponent that
// every float has in Ion text. From 1e7 on and below 1e-3 there is one digit in
// front of the point, as Amazon's own writer has it.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "+inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		return append(strconv.AppendFloat(dst, f, 'f', -1, 64), "e0"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	mantissa, exp, _ := strings.Cut(string(dst[start:]), "e")
	dst = append(dst[:start], mantissa...)
	if !strings.Contains(mantissa, ".") {
		dst = append(dst, ".0"...)
	}
	n, _ := strconv.Atoi(exp)
	return strconv.AppendInt(append(dst, 'E'), int64(n), 10)
}

// symbol writes a symbol, quoted if it would read as something else.
func (w *textWriter) symbol(sid uint32, text string, known bool) {
	switch {
	case !known:
		w.buf = strconv.AppendUint(append(w.buf, '$'), uint64(sid), 10)
	case isIdentifier(text):
		w.buf = append(w.buf, text...)
	default:
		w.buf = appendQuoted(w.buf, []byte(text), '\'', false)
	}
}

// isIdentifier reports whether a symbol needs no quotes anywhere.
func isIdentifier(s string) bool {
	if s == "" || !isWordStart(int(s[0])) {
		return false
	}
	for _, c := range []byte(s) {
		if !isWordPart(int(c)) {
			return false
		}
	}
	return !isKeyword(s) && !isSymbolID(s) && !isVersion(s)
}

// appendQuoted writes text or the bytes of a clob between quotes. In text, only
// control characters need escapes; what is not UTF-8 in damaged bytes is
// replaced.
func appendQuoted(dst, b []byte, quote byte, clob bool) []byte {
	dst = append(dst, quote)
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == quote || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ' && c < 0x7f:
			dst = append(dst, c)
		case c >= 0x80 && !clob:
			r, size := utf8.DecodeRune(b[i:])
			if r >= 0xa0 {
				dst = utf8.AppendRune(dst, r)
			} else {
				dst = appendHex(dst, byte(r))
			}
			i += size
			continue
		default:
			dst = appendEscape(dst, c)
		}
		i++
	}
	return append(dst, quote)
}

func appendEscape(dst []byte, c byte) []byte {
	if i := strings.IndexByte("\x00\a\b\t\n\v\f\r", c); i >= 0 {
		return append(dst, '\\', "0abtnvfr"[i])
	}
	return appendHex(dst, c)
}

func appendHex(dst []byte, c byte) []byte {
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}
