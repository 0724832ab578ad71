package ion

import (
	"errors"
	"fmt"
)

// MaxDepth is the deepest nesting of containers and annotation wrappers that
// is read or written. A value at the top has depth 1.
const MaxDepth = 1000

// MaxValueSize is how many bytes, binary or text, a reader accepts for one
// top-level value: 256 MiB.
const MaxValueSize = 256 << 20

// ErrNotOneValue is wrapped by the errors of [Parse] and [ParseText] when the
// input holds no value or more than one.
var ErrNotOneValue = errors.New("ion: input must hold exactly one value")

// SyntaxError reports input that is not well-formed Ion. Offset counts bytes
// from the start of the input.
type SyntaxError struct {
	Offset int64
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("ion: offset %d: %s", e.Offset, e.Msg) }

func syntaxErr(off int, format string, args ...any) error {
	return &SyntaxError{Offset: int64(off), Msg: fmt.Sprintf(format, args...)}
}
