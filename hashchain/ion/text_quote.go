package ion

import "unicode/utf8"

// textKind says where quoted text ends and what it may hold.
type textKind struct {
	quote byte // closing quote
	long  bool // closed by three quotes; may hold line ends
	clob  bool // bytes, not characters
}

// run appends the content of a quoted run, whose opening quote was skipped, up
// to and with its closing quote.
func (in *textInput) run(dst []byte, k textKind) []byte {
	start := in.offset()
	for in.err == nil {
		if len(dst) > MaxValueSize {
			in.fail(start, "text is larger than %d bytes", MaxValueSize)
		}
		c := in.peek()
		switch {
		case c == eof:
			in.fail(start, "text is not closed")
		case c == '\\':
			dst = in.escape(dst, k)
		case c == int(k.quote) && !k.long:
			in.pos++
			return dst
		case c == int(k.quote) && in.acceptTriple(c):
			return dst
		case c == '\n' || c == '\r':
			dst = in.lineEnd(dst, k)
		case c < ' ' && c != '\t' && c != '\v' && c != '\f':
			in.fail(in.offset(), "control character %#02x must be written as an escape", c)
		case c >= 0x80 && k.clob:
			in.fail(in.offset(), "clob holds byte %#02x, which must be written as \\x%02x", c, c)
		case c >= 0x80:
			dst = in.rune(dst)
		default:
			dst = in.plain(dst, k)
		}
	}
	return dst
}

// plain appends the characters of the window that stand for themselves, of
// which the next one is the first.
func (in *textInput) plain(dst []byte, k textKind) []byte {
	b := in.buf[in.pos:]
	n := 1
	for n < len(b) && b[n] >= ' ' && b[n] < 0x80 && b[n] != '\\' && b[n] != k.quote {
		n++
	}
	in.pos += n
	return append(dst, b[:n]...)
}

// lineEnd takes any line end in a long string as \n.
func (in *textInput) lineEnd(dst []byte, k textKind) []byte {
	if !k.long {
		in.fail(in.offset(), "line end in text; use \\n or a long '''text'''")
		return dst
	}
	if in.accept('\r') {
		in.accept('\n')
	} else {
		in.pos++
	}
	return append(dst, '\n')
}

var escapes = map[int]byte{'0': 0, 'a': 7, 'b': 8, 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'v': '\v',
	'"': '"', '\'': '\'', '?': '?', '\\': '\\', '/': '/'}

// escape appends what the escape that is next stands for.
func (in *textInput) escape(dst []byte, k textKind) []byte {
	start := in.offset()
	c := in.peekAt(1)
	if b, ok := escapes[c]; ok {
		in.pos += 2
		return append(dst, b)
	}
	switch c {
	case '\n':
		in.pos += 2
		return dst
	case '\r':
		in.pos += 2
		in.accept('\n')
		return dst
	case 'x':
		in.pos += 2
		n := in.hex(start, 2)
		if k.clob {
			return append(dst, byte(n))
		}
		return utf8.AppendRune(dst, n)
	case 'u', 'U':
		if k.clob {
			break
		}
		in.pos += 2
		return utf8.AppendRune(dst, in.unicode(start, c))
	}
	if c == eof {
		in.fail(start, "text is not closed")
	} else {
		in.fail(start, "escape of %s does not exist here", describe(c))
	}
	return dst
}

// unicode reads the digits of \u or \U. Two \u may form a surrogate pair.
func (in *textInput) unicode(start int64, c int) rune {
	digits := 4
	if c == 'U' {
		digits = 8
	}
	r := in.hex(start, digits)
	if c == 'u' && r >= 0xd800 && r < 0xdc00 && in.peek() == '\\' && in.peekAt(1) == 'u' {
		in.pos += 2
		low := in.hex(start, 4)
		if low >= 0xdc00 && low < 0xe000 {
			return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
		}
	}
	if !utf8.ValidRune(r) {
		in.fail(start, "escape is not a Unicode character")
		return 0
	}
	return r
}

func (in *textInput) hex(start int64, digits int) rune {
	var n uint32
	for range digits {
		d := hexValue(in.peek())
		if d < 0 {
			in.fail(start, "escape needs %d hexadecimal digits", digits)
			return 0
		}
		in.pos++
		n = n<<4 | uint32(d)
	}
	return rune(n)
}

func hexValue(c int) int {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}
