package partiql

import (
	"fmt"
	"strings"
)

// Bounds on what is parsed. QLDB's own limit of 100,000 characters is one of a
// ledger's limits and is not checked here.
const (
	// MaxStatement is the longest statement, in bytes: 4 MiB.
	MaxStatement = 4 << 20
	// MaxNesting is how deeply expressions may be nested.
	MaxNesting = 500
)

// parser is a recursive descent parser with operator precedence. Its first
// error sticks: fail moves to the end of the input, where every loop stops.
type parser struct {
	*lexer
	i     int // current token
	depth int
	err   error
	// refused is a clause that parses and is not supported; it is reported if
	// the statement has no other fault.
	refused *Error
}

// Parse parses one statement. Its errors are of type *Error.
func Parse(text string) (*Statement, error) {
	if len(text) > MaxStatement {
		e := stateError(CodeOther, "The statement has %d bytes; a statement may have at most %d", len(text), MaxStatement)
		e.cause = ErrTooLarge
		return nil, e
	}
	l, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &parser{lexer: l}
	body := p.statement()
	if p.err == nil {
		p.endOfStatement("Unexpected token after expression")
	}
	if p.err != nil {
		return nil, p.err
	}
	if p.refused != nil {
		return nil, p.refused
	}
	return &Statement{Text: text, Params: l.params, Body: body, tokens: len(l.toks)}, nil
}

func (p *parser) tok() *token { return &p.toks[p.i] }

// peek is the token n places ahead, or the last one.
func (p *parser) peek(n int) *token { return &p.toks[min(p.i+n, len(p.toks)-1)] }

// advance steps over the current token and returns it.
func (p *parser) advance() *token {
	t := p.tok()
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) at(kind tokenKind) bool { return p.tok().kind == kind }

func (p *parser) atWord(word string) bool { return p.tok().isKeyword(word) }

// accept steps over the current token if it is of that kind.
func (p *parser) accept(kind tokenKind) bool {
	if !p.at(kind) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) acceptWord(word string) bool {
	if !p.atWord(word) {
		return false
	}
	p.advance()
	return true
}

// failWith records an error at a token, with a text of its own.
func (p *parser) failWith(t *token, text, message string) {
	if p.err == nil {
		p.err = newError(p.src, Parser, t.pos, text, message)
	}
	p.i = len(p.toks) - 1
}

// failAt records an error whose text ends with the token's type and value.
func (p *parser) failAt(t *token, prefix, message string) {
	p.failWith(t, fmt.Sprintf("%s, %s : %s", prefix, t.kind, p.value(t)), message)
}

func (p *parser) fail(prefix, message string) { p.failAt(p.tok(), prefix, message) }

func (p *parser) unexpected(message string) { p.fail("unexpected token found", message) }

// expect steps over a token of a kind, or fails.
func (p *parser) expect(kind tokenKind) {
	if !p.accept(kind) {
		p.failWith(p.tok(), "expected token of type, "+kind.String(), "Expected "+kind.String())
	}
}

func (p *parser) expectWord(word string) {
	if !p.acceptWord(word) {
		upper := strings.ToUpper(word)
		p.failWith(p.tok(), "expected keyword, "+upper, "Expected "+upper+" keyword")
	}
}

// invalidPath fails at the current token as one that does not fit into a path.
func (p *parser) invalidPath(message string) {
	t := p.tok()
	p.failWith(t, fmt.Sprintf("Invalid path component, expecting either an IDENTIFIER or STAR, got: %s with value: %s", t.kind, p.value(t)), message)
}

// refuse notes a clause that is not supported. pos is negative where QLDB's
// error has no place.
func (p *parser) refuse(pos Pos, feature string) {
	if p.refused == nil {
		p.refused = newError(p.src, Semantic, pos, "Feature '"+feature+"' not implemented yet", "Feature not implemented yet")
	}
}

// enter counts a level of nesting; it reports false at the limit.
func (p *parser) enter(levels int) bool {
	p.depth += levels
	if p.depth <= MaxNesting {
		return true
	}
	p.failWith(p.tok(), fmt.Sprintf("the statement is nested deeper than %d levels", MaxNesting), "")
	return false
}

func (p *parser) leave(levels int) { p.depth -= levels }

// statement parses whatever the first token announces.
func (p *parser) statement() Node {
	t := p.tok()
	switch {
	case t.kind == tokIdentifier && strings.EqualFold(t.text, "undrop"):
		return p.undrop()
	case t.kind == tokKeyword:
		if body := p.keywordStatement(t); body != nil || p.err != nil {
			return body
		}
	}
	return p.query(t)
}

// keywordStatement parses the statements that are no queries.
func (p *parser) keywordStatement(t *token) Node {
	switch t.text {
	case "insert_into":
		return p.insert()
	case "update":
		return p.update()
	case "delete":
		return p.delete()
	case "from":
		return p.fromDML()
	case "create":
		return p.create()
	case "drop":
		return p.drop()
	case "exec", "execute":
		return p.exec()
	}
	return nil
}

// query parses a SELECT at the top, and the set operations between several. Any
// other expression is well formed, but no statement.
func (p *parser) query(first *token) Node {
	e := p.expression(0)
	switch e.(type) {
	case *Select, *SetOp:
		return e
	}
	if p.err == nil {
		p.endOfStatement("Unexpected token after expression")
	}
	if p.err == nil {
		line, col := lineColumn(p.src, first.pos)
		p.err = &Error{Code: CodeSemantic, Line: line, Column: col,
			Text: fmt.Sprintf("Unsupported PartiQL Statement, Errors at:\nline %d, column %d", line, col)}
	}
	return e
}

// endOfStatement checks that nothing but one semicolon follows.
func (p *parser) endOfStatement(message string) {
	if p.at(tokSemicolon) && p.peek(1).kind != tokEOF {
		p.advance()
		p.unexpected("Unexpected token after semicolon. (Only one query is allowed.)")
		return
	}
	p.accept(tokSemicolon)
	if !p.at(tokEOF) {
		p.unexpected(message)
	}
}
