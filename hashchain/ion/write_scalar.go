package ion

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
)

// head appends the descriptor and length of a scalar.
func (w *Writer) head(code byte, n int) { w.buf = appendHead(w.buf, code, n) }

// Null writes a null of the type; NullType and NoType give a plain null.
func (w *Writer) Null(t Type) {
	if t > StructType {
		w.fail(fmt.Errorf("ion: type %d does not exist", t))
	}
	if w.begin() {
		w.buf = append(w.buf, codeOfType[t]<<4|15)
		w.end()
	}
}

// Bool writes a bool.
func (w *Writer) Bool(b bool) {
	if w.begin() {
		w.buf = append(w.buf, 0x10|byte(b2i(b)))
		w.end()
	}
}

// Int writes an int.
func (w *Writer) Int(n int64) {
	if n < 0 {
		w.int(0x30, -uint64(n))
	} else {
		w.int(0x20, uint64(n))
	}
}

// Uint writes an int that is not negative.
func (w *Writer) Uint(n uint64) { w.int(0x20, n) }

func (w *Writer) int(code byte, mag uint64) {
	if w.begin() {
		var b [8]byte
		body := appendUint(b[:0], mag)
		w.head(code, len(body))
		w.buf = append(w.buf, body...)
		w.end()
	}
}

// BigInt writes an int of up to [MaxNumberSize] bytes.
func (w *Writer) BigInt(n *big.Int) {
	if w.tooLarge("int", n) {
		return
	}
	if n.IsInt64() {
		w.Int(n.Int64())
		return
	}
	code := byte(0x20)
	if n.Sign() < 0 {
		code = 0x30
	}
	w.bytes(code, n.Bytes())
}

// Float writes a float; positive zero takes no bytes, every other value eight.
// All NaNs are written alike.
func (w *Writer) Float(f float64) {
	if w.begin() {
		var b [8]byte
		w.scalar(0x40, appendFloatBody(b[:0], f))
		w.end()
	}
}

// tooLarge fails for a number that no reader accepts.
func (w *Writer) tooLarge(what string, n *big.Int) bool {
	size := (n.BitLen() + 7) / 8
	if size > MaxNumberSize {
		w.fail(fmt.Errorf("%w: %s has %d bytes and must have %d at the most: store it as a string or blob", ErrTooLarge, what, size, MaxNumberSize))
	}
	return size > MaxNumberSize
}

// Decimal writes a decimal. Its exponent must be above the lowest int32 and its
// coefficient have up to [MaxNumberSize] bytes.
func (w *Writer) Decimal(d Decimal) {
	if d.exp == math.MinInt32 {
		w.fail(errors.New("ion: decimal exponent -2147483648 is too low"))
		return
	}
	if d.big != nil && w.tooLarge("coefficient of a decimal", d.big) {
		return
	}
	if w.begin() {
		var b [48]byte
		w.scalar(0x50, d.appendBody(b[:0]))
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
		var b [48]byte
		w.scalar(0x60, t.appendBody(b[:0]))
		w.end()
	}
}

func (w *Writer) scalar(code byte, body []byte) {
	w.head(code, len(body))
	w.buf = append(w.buf, body...)
}

// Symbol writes a symbol.
func (w *Writer) Symbol(text string) { w.symbol(w.sid(text)) }

func (w *Writer) symbol(sid uint32) {
	if w.begin() {
		w.symbolSID(sid)
		w.end()
	}
}

func (w *Writer) symbolSID(sid uint32) {
	var b [8]byte
	w.scalar(0x70, appendUint(b[:0], uint64(sid)))
}

// String writes a string. It must be valid UTF-8.
func (w *Writer) String(s string) {
	if !utf8.ValidString(s) {
		w.fail(fmt.Errorf("ion: string %.40q is not valid UTF-8", s))
		return
	}
	if w.begin() {
		w.head(0x80, len(s))
		w.buf = append(w.buf, s...)
		w.end()
	}
}

// Clob writes a clob.
func (w *Writer) Clob(b []byte) { w.bytes(0x90, b) }

// Blob writes a blob.
func (w *Writer) Blob(b []byte) { w.bytes(0xa0, b) }

func (w *Writer) bytes(code byte, b []byte) {
	if w.begin() {
		w.scalar(code, b)
		w.end()
	}
}
