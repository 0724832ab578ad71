package partiql

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Category is the phase that refused a statement.
type Category string

// The categories of QLDB's error texts. NoCategory marks errors of a state, such
// as a table that exists already, whose text stands alone.
const (
	NoCategory Category = ""
	Lexer      Category = "Lexer"
	Parser     Category = "Parser"
	Semantic   Category = "Semantic"
	Evaluator  Category = "Evaluator"
)

// Codes that QLDB put beside the text of a BadRequestException.
const (
	CodeState    = 412 // something exists already, or not, or a limit is reached
	CodeSemantic = 432 // the statement's text is wrong: errors of lexer, parser and resolver
	CodeOther    = 400 // anything else: errors of the evaluator, a number of parameters that does not fit
)

// Error is a statement that QLDB would have refused with BadRequestException.
// Error() is QLDB's message to the letter.
type Error struct {
	Category Category
	Code     int
	Line     int // from 1; 0 if the place is not known
	Column   int // in code points, from 1
	Text     string
	Message  string // the second half of the text; often empty
	cause    error
}

// Sentinels that an Error may wrap.
var (
	// ErrAccessDenied marks a name that is not known or not permitted where
	// Options.Standard asks for QLDB's STANDARD permissions mode.
	ErrAccessDenied = errors.New("partiql: access denied")
	// ErrTooLarge marks a statement, result or intermediate result that is
	// beyond a limit.
	ErrTooLarge = errors.New("partiql: too large")
	// ErrUnknownTable is returned by a Source for a table id that it does not
	// know.
	ErrUnknownTable = errors.New("partiql: no such table")
)

// AccessDenied is QLDB's text for unknown and forbidden names alike.
const AccessDenied = "Access denied. Unable to run the statement due to insufficient permissions or an improper variable reference"

// Error is QLDB's text of the error.
func (e *Error) Error() string {
	if e.Category == NoCategory {
		return e.Text
	}
	at := "at line <UNKNOWN>, column <UNKNOWN>"
	if e.Line > 0 {
		at = fmt.Sprintf("at line %d, column %d", e.Line, e.Column)
	}
	s := string(e.Category) + " Error: " + at + ": " + e.Text
	if e.Message != "" {
		s += "; " + e.Message
	}
	return s
}

// Unwrap returns the sentinel that classifies the error further, if any.
func (e *Error) Unwrap() error { return e.cause }

// newError is an error of a phase. What the evaluator meets depends on values,
// so the statement's text is not what is wrong with it.
func newError(src string, cat Category, at Pos, text, message string) *Error {
	code := CodeSemantic
	if cat == Evaluator {
		code = CodeOther
	}
	line, col := lineColumn(src, at)
	return &Error{Category: cat, Code: code, Line: line, Column: col, Text: text, Message: message}
}

// lineColumn turns an offset into a line and a column in code points, both from
// 1. CR, LF and CR LF each end a line. Offsets below 0 have no place: 0, 0.
func lineColumn(src string, at Pos) (line, col int) {
	if at < 0 || int(at) > len(src) {
		return 0, 0
	}
	line, start := 1, 0
	for i := 0; i < int(at); i++ {
		switch src[i] {
		case '\r':
			if i+1 < len(src) && src[i+1] == '\n' {
				continue
			}
			line, start = line+1, i+1
		case '\n':
			line, start = line+1, i+1
		}
	}
	return line, utf8.RuneCountInString(src[start:at]) + 1
}

// canceled is the error of a statement that its context stopped.
func canceled(ctx context.Context) error {
	return fmt.Errorf("partiql: statement stopped: %w", context.Cause(ctx))
}

// evalError is an error of the evaluator before the place is known: the node
// whose evaluation failed adds it.
type evalError struct {
	text    string
	message string
	cause   error
}

func (e *evalError) Error() string { return e.text }

func errf(format string, args ...any) error {
	return &evalError{text: fmt.Sprintf(format, args...)}
}

// errBoth is an error whose generated text and message differ.
func errBoth(text, message string) error {
	return &evalError{text: text, message: message}
}

// stateError is an error whose text stands alone.
func stateError(code int, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}
