package partiql

import (
	"fmt"
	"strings"
)

// dateParts are the parts that EXTRACT, DATE_ADD and DATE_DIFF name.
var dateParts = []string{"year", "month", "day", "hour", "minute", "second", "timezone_hour", "timezone_minute"}

// functionWords are reserved words that are called like functions.
var functionWords = map[string]bool{"count": true, "sum": true, "avg": true, "min": true, "max": true, "exists": true, "coalesce": true,
	"nullif": true, "size": true, "char_length": true, "character_length": true, "lower": true, "upper": true, "list": true, "sexp": true, "bag": true,
	"octet_length": true, "bit_length": true, "position": true, "translate": true, "convert": true}

// keywordTerm parses the terms that begin with a reserved word.
func (p *parser) keywordTerm(t *token) Expr {
	call := p.peek(1).kind == tokLeftParen
	switch t.text {
	case "select":
		p.advance()
		return p.selectBody(t.pos)
	case "case":
		p.advance()
		return p.caseExpr(t.pos)
	case "cast":
		p.advance()
		return p.cast(t.pos)
	case "values":
		p.advance()
		return p.tableValues(t.pos)
	case "substring":
		p.advance()
		return p.substring(t)
	case "trim":
		p.advance()
		return p.trim(t)
	case "extract":
		p.advance()
		return p.extract(t)
	}
	if functionWords[t.text] && call {
		p.advance()
		return p.call(t)
	}
	p.fail("unexpected keyword found", "Unexpected keyword")
	return failed
}

func isAggregate(name string) bool {
	switch name {
	case "count", "sum", "avg", "min", "max":
		return true
	}
	return false
}

// call parses behind the name of a function; the current token is (.
func (p *parser) call(name *token) Expr {
	fn := strings.ToLower(name.text)
	switch {
	case isAggregate(fn) && name.kind == tokKeyword:
		p.advance()
		return p.aggregate(name, fn)
	case fn == "date_add" || fn == "date_diff":
		return p.dateArithmetic(name, fn)
	}
	p.advance()
	if p.at(tokStar) {
		p.fail("function call, other than COUNT, with (*) as parameter is not supported", fn+"(*) is not allowed")
		return failed
	}
	c := &Call{Pos: name.pos, Name: fn}
	if p.accept(tokRightParen) {
		return c
	}
	c.Args = p.arguments()
	p.expect(tokRightParen)
	return c
}

// aggregate parses the argument of COUNT, SUM, AVG, MIN or MAX.
func (p *parser) aggregate(name *token, fn string) Expr {
	const unary = "Aggregate functions are always unary"
	a := &Aggregate{Pos: name.pos, Name: fn}
	first := p.tok()
	a.Distinct = p.acceptWord("distinct")
	quantified := a.Distinct || p.acceptWord("all")
	switch {
	case p.at(tokStar) && fn == "count" && !quantified:
		p.advance()
		p.expect(tokRightParen)
		return a
	case p.at(tokStar):
		message := fn + "(*) is not allowed"
		if fn == "count" {
			message = fmt.Sprintf("COUNT(%s *) is not supported", strings.ToUpper(first.text))
		}
		p.failAt(first, "function call, other than COUNT, with (*) as parameter is not supported", message)
		return failed
	case p.at(tokRightParen):
		p.failAt(first, "Aggregate function calls take 1 argument only", unary)
		return failed
	}
	args := p.arguments()
	p.expect(tokRightParen)
	if p.err == nil && len(args) != 1 {
		p.failAt(first, "Aggregate function calls take 1 argument only", unary)
		return failed
	}
	a.Arg = args[0]
	return a
}

// openParen steps over the parenthesis of a function with a syntax of its own.
func (p *parser) openParen() {
	if !p.accept(tokLeftParen) {
		p.fail("expected left parenthesis", "Expected LEFT_PAREN")
	}
}

// substring parses both forms of SUBSTRING: with commas, and with FROM and FOR.
func (p *parser) substring(name *token) Expr {
	p.openParen()
	c := &Call{Pos: name.pos, Name: "substring", Args: []Expr{p.expression(0)}}
	words := p.acceptWord("from")
	if !words && !p.accept(tokComma) {
		p.fail("expected argument delimiter", "Expected KEYWORD 'from' OR COMMA")
	}
	c.Args = append(c.Args, p.expression(0))
	delimiter := tokComma
	if words {
		delimiter = tokFor
	}
	if p.accept(tokRightParen) {
		return c
	}
	if !p.accept(delimiter) {
		p.failWith(p.tok(), fmt.Sprintf("unexpected token, expected %s or RIGHT_PAREN but found %s", delimiter, p.tok().kind),
			fmt.Sprintf("Expected %s or RIGHT_PAREN", delimiter))
	}
	c.Args = append(c.Args, p.expression(0))
	p.expect(tokRightParen)
	return c
}

// trim parses TRIM([[LEADING|TRAILING|BOTH] [characters] FROM] text). Args are
// the text and, if given, the characters.
func (p *parser) trim(name *token) Expr {
	p.openParen()
	c := &Call{Pos: name.pos, Name: "trim"}
	specified := p.at(tokTrimSpecification)
	if specified {
		c.Part = p.advance().text
	}
	if p.acceptWord("from") {
		c.Args = []Expr{p.expression(0)}
	} else {
		first := p.expression(0)
		c.Args = []Expr{first}
		if specified && !p.atWord("from") {
			p.expectWord("from")
		}
		if p.acceptWord("from") {
			c.Args = []Expr{p.expression(0), first}
		}
	}
	if !p.accept(tokRightParen) {
		p.fail("expected right parenthesis", "Expected RIGHT_PAREN")
	}
	return c
}

// datePart parses the name of a part of a date.
func (p *parser) datePart() string {
	t := p.tok()
	if t.kind == tokIdentifier || t.kind == tokKeyword {
		for _, part := range dateParts {
			if strings.EqualFold(t.text, part) {
				p.advance()
				return part
			}
		}
	}
	list := "xpected one of: [" + strings.Join(dateParts, ", ") + "]"
	p.fail("e"+list, "E"+list)
	return ""
}

func (p *parser) extract(name *token) Expr {
	p.openParen()
	c := &Call{Pos: name.pos, Name: "extract", Part: p.datePart()}
	p.expectWord("from")
	c.Args = []Expr{p.expression(0)}
	p.expect(tokRightParen)
	return c
}

func (p *parser) dateArithmetic(name *token, fn string) Expr {
	p.openParen()
	c := &Call{Pos: name.pos, Name: fn, Part: p.datePart()}
	p.expect(tokComma)
	first := p.expression(0)
	p.expect(tokComma)
	c.Args = []Expr{first, p.expression(0)}
	p.expect(tokRightParen)
	return c
}

// caseExpr parses behind the word CASE.
func (p *parser) caseExpr(pos Pos) Expr {
	c := &Case{Pos: pos}
	if !p.atWord("when") {
		c.Operand = p.expression(0)
	}
	for p.acceptWord("when") {
		cond := p.expression(0)
		p.expectWord("then")
		c.Whens = append(c.Whens, When{Cond: cond, Result: p.expression(0)})
	}
	if len(c.Whens) == 0 {
		p.fail("expected WHEN clause in CASE", "Expected a WHEN clause in CASE")
	}
	if p.acceptWord("else") {
		c.Else = p.expression(0)
	}
	p.expectWord("end")
	return c
}

func (p *parser) cast(pos Pos) Expr {
	if !p.accept(tokLeftParen) {
		p.fail("expected left parenthesis after CAST", "Missing left parenthesis after CAST")
	}
	c := &Cast{Pos: pos, Operand: p.expression(0)}
	p.expect(tokAs)
	c.Type = p.typeName()
	p.expect(tokRightParen)
	return c
}

// typeArity is how many parameters a type may have at most.
var typeArity = map[string]int{"missing": 0, "null": 0, "boolean": 0, "smallint": 0, "integer": 0, "float": 1, "real": 1, "double_precision": 0,
	"decimal": 2, "numeric": 2, "timestamp": 0, "character": 1, "character_varying": 1, "string": 0, "symbol": 0, "clob": 0, "blob": 0,
	"struct": 0, "tuple": 0, "list": 0, "sexp": 0, "bag": 0}

func (p *parser) typeName() TypeName {
	t := p.tok()
	arity, ok := typeArity[t.text]
	if !ok || t.kind != tokKeyword && t.kind != tokNull && t.kind != tokMissing {
		p.fail("expected type name, found", "Expected type name")
		return TypeName{}
	}
	p.advance()
	typ := TypeName{Pos: t.pos, Name: t.text}
	after := p.tok()
	if !p.accept(tokLeftParen) {
		return typ
	}
	args := p.arguments()
	p.expect(tokRightParen)
	if p.err == nil && len(args) > arity {
		p.failWith(after, fmt.Sprintf("Cast to type %s has incorrect arity.Correct arity is 0..%d", t.text, arity),
			fmt.Sprintf("CAST for %s must have arity of 0..%d", t.text, arity))
	}
	for _, a := range args {
		lit, _ := a.(*Literal)
		n, ok := int64(0), false
		if lit != nil {
			n, ok = lit.Value.Int64()
		}
		if p.err == nil && (!ok || n < 0) {
			p.failAt(t, "invalid value used for type parameter", "Type parameter must be an unsigned integer literal")
		}
		typ.Params = append(typ.Params, n)
	}
	return typ
}
