package ion

import (
	"io"
	"unicode/utf8"
)

// eof is what peek returns behind the end of the input, and after an error: a
// loop that reads on until something comes therefore always ends.
const eof = -1

// window is how much of a stream is held at once.
const window = 32 << 10

// textInput is a window on Ion text. The first error sticks.
type textInput struct {
	src  io.Reader // nil when buf holds all there is
	buf  []byte
	pos  int
	base int64 // offset of buf[0] in the input
	err  error

	onlyIon bool // the value has a spelling that JSON does not have
}

// offset is where the next byte stands in the input.
func (in *textInput) offset() int64 { return in.base + int64(in.pos) }

func (in *textInput) fail(off int64, format string, args ...any) {
	if in.err == nil {
		in.err = shift(syntaxErr(0, format, args...), off)
	}
}

// peek is the next byte or eof.
func (in *textInput) peek() int { return in.peekAt(0) }

// peekAt is the byte i places ahead or eof; i is less than 16.
func (in *textInput) peekAt(i int) int {
	if in.err != nil {
		return eof
	}
	if in.pos+i >= len(in.buf) && !in.fill(i) {
		return eof
	}
	return int(in.buf[in.pos+i])
}

// fill reads until the byte i places ahead is in the window.
func (in *textInput) fill(i int) bool {
	if in.src == nil {
		return false
	}
	if in.buf == nil {
		in.buf = make([]byte, 0, window)
	}
	n := copy(in.buf, in.buf[in.pos:])
	in.base += int64(in.pos)
	in.buf, in.pos = in.buf[:n], 0
	for idle := 0; len(in.buf) <= i; {
		m, err := in.src.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+m]
		if err == nil && m == 0 {
			if idle++; idle == 100 {
				err = io.ErrNoProgress
			}
		}
		if err != nil {
			in.src = nil
			if err != io.EOF {
				in.err = err
				return false
			}
			break
		}
	}
	return len(in.buf) > i
}

// skip steps over bytes that were peeked at.
func (in *textInput) skip(n int) { in.pos += n }

// accept steps over c if it is next.
func (in *textInput) accept(c byte) bool {
	if in.peek() != int(c) {
		return false
	}
	in.pos++
	return true
}

// acceptTriple steps over three times c.
func (in *textInput) acceptTriple(c int) bool {
	if in.peek() != c || in.peekAt(1) != c || in.peekAt(2) != c {
		return false
	}
	in.pos += 3
	return true
}

// rune appends the next character, which begins with a byte of 0x80 or more.
func (in *textInput) rune(dst []byte) []byte {
	n := 1
	for n < utf8.UTFMax && in.peekAt(n) != eof {
		n++
	}
	b := in.buf[in.pos : in.pos+n]
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError && size == 1 {
		in.fail(in.offset(), "byte %#02x is not valid UTF-8", b[0])
		return dst
	}
	in.pos += size
	return append(dst, b[:size]...)
}

// space skips white space and comments.
func (in *textInput) space() {
	for {
		switch in.peek() {
		case ' ', '\t', '\n', '\r', '\v', '\f':
			in.pos++
		case '/':
			if !in.comment() {
				return
			}
		default:
			return
		}
	}
}

// comment skips a comment, if the slash that is next begins one.
func (in *textInput) comment() bool {
	start := in.offset()
	in.onlyIon = true
	switch in.peekAt(1) {
	case '/':
		for c := in.peek(); c != eof && c != '\n' && c != '\r'; c = in.peek() {
			in.pos++
		}
		return true
	case '*':
		in.pos += 2
		for {
			switch in.peek() {
			case eof:
				in.fail(start, "comment is not closed with */")
				return false
			case '*':
				if in.peekAt(1) == '/' {
					in.pos += 2
					return true
				}
			}
			in.pos++
		}
	}
	return false
}

// blank skips white space, where a comment is not allowed.
func (in *textInput) blank() {
	for {
		switch in.peek() {
		case ' ', '\t', '\n', '\r', '\v', '\f':
			in.pos++
		default:
			return
		}
	}
}

// describe names a byte that was not expected.
func describe(c int) string {
	switch {
	case c == eof:
		return "the end of the input"
	case c >= 0x80 || c < ' ':
		return "byte 0x" + string([]byte{hexDigits[c>>4], hexDigits[c&15]})
	}
	return "'" + string(rune(c)) + "'"
}

const hexDigits = "0123456789abcdef"
