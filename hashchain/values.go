package hashchain

import (
	"bufio"
	"io"

	"github.com/tallyledger/tally/hashchain/ion"
)

// ValueReader reads the values of Ion binary or Ion text, and of JSON, which is
// Ion text too, in memory bounded by the largest value. What it is is told by
// the first bytes.
//
//	r := hashchain.NewValueReader(f)
//	for r.Next() {
//		use(r.Value())
//	}
//	return r.Err()
type ValueReader struct {
	src interface {
		Next() bool
		Value() ion.Value
		Offset() int64
		Err() error
	}
	text *ion.TextReader // nil for Ion binary
}

// NewValueReader returns a ValueReader of r. It reads the first bytes.
func NewValueReader(r io.Reader) *ValueReader {
	in := bufio.NewReaderSize(r, 64<<10)
	head, _ := in.Peek(4)
	if ion.IsBinary(head) {
		return &ValueReader{src: ion.NewReader(in)}
	}
	text := ion.NewTextReader(in)
	return &ValueReader{src: text, text: text}
}

// Next reads the next value and reports whether there is one.
func (r *ValueReader) Next() bool { return r.src.Next() }

// Value is the value that Next read.
func (r *ValueReader) Value() ion.Value { return r.src.Value() }

// Offset is where the current value begins in the input, in bytes.
func (r *ValueReader) Offset() int64 { return r.src.Offset() }

// Err is the error that ended reading, nil at the end of the input.
func (r *ValueReader) Err() error { return r.src.Err() }

// IsBinary reports whether the input is Ion binary.
func (r *ValueReader) IsBinary() bool { return r.text == nil }

// JSON reports whether the current value is written as JSON is: see
// [ion.TextReader.JSON].
func (r *ValueReader) JSON() bool { return r.text != nil && r.text.JSON() }
