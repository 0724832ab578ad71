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

// MaxSymbols is how many symbols of its own a symbol table may have: 524,288. A
// symbol of one byte takes 16 bytes in memory, and more where it is looked for. The
// most that QLDB needs is one for each document of a file of an export that has a
// single table: that is a file of 100 MB at the least (docs/qldb.md, section 9).
const MaxSymbols = 1 << 19

// MaxNumberSize is how many bytes the magnitude of an int, or of the coefficient
// of a decimal, may take: 128 KiB, which is 315,653 decimal digits. It is the
// limit of QLDB for a whole document (docs/qldb.md, section 9), so no value that
// QLDB stored is refused. Converting a number between binary and decimal takes
// more than linear time, so without a limit one value could take hours to be
// printed or compared.
const MaxNumberSize = 128 << 10

// ErrNotOneValue is wrapped by the errors of [Parse] and [ParseText] when the
// input holds no value or more than one.
var ErrNotOneValue = errors.New("ion: input must hold exactly one value")

// SyntaxError reports input that is not well-formed Ion. Offset counts bytes
// from the start of the input.
type SyntaxError struct {
	Offset int64
	Msg    string
}

// Error names the offset and what was wrong there.
func (e *SyntaxError) Error() string { return fmt.Sprintf("ion: offset %d: %s", e.Offset, e.Msg) }

func syntaxErr(off int, format string, args ...any) error {
	return &SyntaxError{Offset: int64(off), Msg: fmt.Sprintf(format, args...)}
}
