package ion

import (
	"bufio"
	"io"
)

// Reader reads the values of a binary stream one at a time, in memory bounded
// by the largest value. Every value is checked and has bytes of its own.
//
//	r := ion.NewReader(f)
//	for r.Next() {
//		use(r.Value())
//	}
//	return r.Err()
type Reader struct {
	in   *bufio.Reader
	off  int64 // bytes consumed
	scan scanner
	cur  Value
	at   int64
	err  error
}

// NewReader returns a Reader of r. Symbols imported from shared tables have
// unknown text unless a catalog is set.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 64<<10), scan: scanner{syms: systemTable}}
}

// SetCatalog names the shared symbol tables that may be imported.
func (r *Reader) SetCatalog(c Catalog) { r.scan.cat = c }

// Next reads the next value and reports whether there is one.
func (r *Reader) Next() bool {
	r.cur = Value{}
	for r.err == nil {
		raw, err := r.fetch()
		if err != nil {
			if err != io.EOF {
				r.err = err
			}
			return false
		}
		start := r.off - int64(len(raw))
		r.scan.data, r.scan.pos = raw, 0
		v, ok, err := r.scan.next()
		if err != nil {
			r.err = shift(err, start)
			return false
		}
		if ok {
			r.cur, r.at = v, start
			return true
		}
	}
	return false
}

// Value is the value that Next read.
func (r *Reader) Value() Value { return r.cur }

// Offset is where the current value begins in the input.
func (r *Reader) Offset() int64 { return r.at }

// Err is the error that ended reading, nil at the end of the input.
func (r *Reader) Err() error { return r.err }

func shift(err error, by int64) error {
	if se, ok := err.(*SyntaxError); ok {
		return &SyntaxError{Offset: se.Offset + by, Msg: se.Msg}
	}
	return err
}

// shortHead holds the length of every value that is written as usual.
const shortHead = 16

// fetch reads the bytes of one top-level value, pad or version marker. Memory
// grows with the bytes that really arrive, not with the length that the input
// claims.
func (r *Reader) fetch() ([]byte, error) {
	head, err := r.in.Peek(shortHead)
	if len(head) == 0 {
		return nil, err
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	n, need := topExtent(head)
	if n < 0 && len(head) == shortHead { // a length may be padded with zeros, here as many as are buffered
		head, _ = r.in.Peek(r.in.Size())
		n, need = topExtent(head)
	}
	if n < 0 {
		return nil, shift(syntaxErr(0, "value has a bad length"), r.off)
	}
	if need > MaxValueSize {
		return nil, shift(syntaxErr(0, "value of %d bytes is larger than %d", need, MaxValueSize), r.off)
	}
	buf := make([]byte, 0, min(need, 64<<10))
	for len(buf) < need {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(need, 2*cap(buf))), buf...)
		}
		m, err := r.in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+m]
		r.off += int64(m)
		if err == io.EOF {
			return nil, shift(syntaxErr(0, "value of %d bytes is cut short after %d", need, len(buf)), r.off-int64(len(buf)))
		}
		if err != nil {
			return nil, err
		}
	}
	return buf, nil
}

// topExtent is how many bytes the value at the start of head takes.
func topExtent(head []byte) (ok, need int) {
	if head[0] == 0xe0 {
		return 0, 4
	}
	d, n := head[0], int(head[0]&15)
	switch {
	case d>>4 == 15:
		return -1, 0
	case n == 15 || d>>4 == 1:
		return 0, 1
	case n == 14 || d == 0xd1:
		l, p := varUint(head, 1)
		if p == 0 {
			return -1, 0
		}
		return 0, int(l) + p
	}
	return 0, n + 1
}
