package partiql

import (
	"math/big"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Precedences, from loose to tight. expression(p) takes in operators that bind
// tighter than p.
const (
	precSet   = 5
	precOr    = 10
	precAnd   = 20
	precNot   = 30
	precEqual = 40
	precOrder = 50
	precAdd   = 60
	precTimes = 70
)

var infix = map[string]int{"union": precSet, "union_all": precSet, "except": precSet, "except_all": precSet, "intersect": precSet, "intersect_all": precSet,
	"or": precOr, "and": precAnd, "=": precEqual, "<>": precEqual, "is": precEqual, "is_not": precEqual, "in": precEqual, "not_in": precEqual,
	"<": precOrder, "<=": precOrder, ">": precOrder, ">=": precOrder, "between": precOrder, "not_between": precOrder, "like": precOrder, "not_like": precOrder,
	"+": precAdd, "-": precAdd, "||": precAdd, "*": precTimes, "/": precTimes, "%": precTimes}

func precedence(t *token) int {
	if t.kind != tokOperator && t.kind != tokStar {
		return 0
	}
	return infix[t.text]
}

// failed stands for an expression that could not be parsed.
var failed = &Missing{}

// expression parses an expression of operators that bind tighter than prec.
func (p *parser) expression(prec int) Expr {
	if !p.enter(1) {
		return failed
	}
	left := p.unary()
	levels := 1
	for p.err == nil {
		op := p.tok()
		opPrec := precedence(op)
		if opPrec <= prec {
			break
		}
		p.advance()
		if _, chain := left.(*Logic); !chain {
			levels++
			if !p.enter(1) {
				break
			}
		}
		left = p.infix(left, op, opPrec)
	}
	p.leave(levels)
	return left
}

// infix parses what follows an operator.
func (p *parser) infix(left Expr, op *token, prec int) Expr {
	switch op.text {
	case "is", "is_not":
		return &Is{Pos: op.pos, Not: op.text == "is_not", Operand: left, Type: p.typeName()}
	case "in", "not_in":
		return &In{Pos: op.pos, Not: op.text == "not_in", Left: left, Right: p.inSet(op, prec)}
	}
	right := p.rightSide(op, prec)
	switch op.text {
	case "and", "or":
		return logic(op, left, right)
	case "between", "not_between":
		p.expectWord("and")
		if p.err == nil && p.atEnd() {
			p.failAt(p.peek(-1), "expected expression", "Expected expression after AND")
		}
		return &Between{Pos: op.pos, Not: op.text == "not_between", Operand: left, Low: right, High: p.expression(prec)}
	case "like", "not_like":
		like := &Like{Pos: op.pos, Not: op.text == "not_like", Operand: left, Pattern: right}
		if p.acceptWord("escape") {
			if p.atEnd() {
				p.failAt(p.peek(-1), "expected expression", "Expected expression after ESCAPE")
			}
			like.Escape = p.expression(prec)
		}
		return like
	case "union", "union_all", "except", "except_all", "intersect", "intersect_all":
		return &SetOp{Pos: op.pos, Op: op.text, Left: left, Right: right}
	}
	return &Binary{Pos: op.pos, Op: op.text, Left: left, Right: right}
}

func (p *parser) atEnd() bool {
	return p.at(tokEOF) || p.at(tokSemicolon) && p.peek(1).kind == tokEOF
}

func (p *parser) rightSide(op *token, prec int) Expr {
	if p.at(tokEOF) {
		p.failAt(op, "expected expression", "Missing right-hand side expression of infix operator")
		return failed
	}
	return p.expression(prec)
}

// logic joins two operands of AND or OR; a chain of one operator is one node.
func logic(op *token, left, right Expr) Expr {
	or := op.text == "or"
	if l, ok := left.(*Logic); ok && l.Or == or {
		l.Args = append(l.Args, right)
		return l
	}
	return &Logic{Pos: op.pos, Or: or, Args: []Expr{left, right}}
}

// inSet parses the right side of IN. A list in parentheses is a list even with
// one element; a query or a second pair of parentheses alone in it is an
// ordinary expression.
func (p *parser) inSet(op *token, prec int) Expr {
	next := p.peek(1)
	if !p.at(tokLeftParen) || next.isKeyword("select") || next.isKeyword("values") || p.doubleParens() {
		return p.rightSide(op, prec)
	}
	at := p.advance().pos
	items := p.arguments()
	p.expect(tokRightParen)
	return &Sequence{Pos: at, Items: items}
}

// doubleParens reports whether the current token begins ((…)).
func (p *parser) doubleParens() bool {
	if p.peek(1).kind != tokLeftParen {
		return false
	}
	depth := 0
	for i := p.i + 1; i < len(p.toks); i++ {
		switch p.toks[i].kind {
		case tokLeftParen:
			depth++
		case tokRightParen:
			depth--
		}
		if depth == 0 {
			return i+1 < len(p.toks) && p.toks[i+1].kind == tokRightParen
		}
	}
	return false
}

// unary parses signs and NOT in front of a path.
func (p *parser) unary() Expr {
	t := p.tok()
	if t.kind != tokOperator || t.text != "-" && t.text != "+" && t.text != "not" {
		return p.path()
	}
	p.advance()
	if !p.enter(1) {
		return failed
	}
	defer p.leave(1)
	if t.text == "not" {
		return &Unary{Pos: t.pos, Op: "not", Operand: p.expression(precNot)}
	}
	operand := p.unary()
	if lit, ok := operand.(*Literal); ok && lit.Value.Type().IsNumber() && !lit.Value.IsNull() {
		return signed(t.text, lit)
	}
	return &Unary{Pos: t.pos, Op: t.text, Operand: operand}
}

// signed folds a sign into a number.
func signed(op string, lit *Literal) Expr {
	if op == "+" {
		return lit
	}
	v := lit.Value
	out := *lit
	switch v.Type() {
	case ion.IntType:
		n, _ := v.BigInt()
		out.Value = ion.NewBigInt(new(big.Int).Neg(n))
	case ion.DecimalType:
		d, _ := v.Decimal()
		out.Value = ion.FromDecimal(negateDecimal(d))
	default:
		f, _ := v.Float64()
		out.Value = ion.NewFloat(-f)
	}
	return &out
}

// path parses a term and the steps behind it.
func (p *parser) path() Expr {
	start := p.tok().pos
	root := p.term()
	steps := p.steps(false)
	if len(steps) == 0 {
		return root
	}
	return &Path{Pos: start, Root: root, Steps: steps}
}

// simplePath parses the target of DML: a name, names and constant indexes.
func (p *parser) simplePath() *Path {
	t := p.tok()
	if !p.atIdent() {
		p.invalidPath("Expected identifier for simple path")
		return &Path{Root: &Var{}}
	}
	p.advance()
	root := &Var{Pos: t.pos, Name: t.text, Quoted: t.kind == tokQuotedIdentifier}
	return &Path{Pos: t.pos, Root: root, Steps: p.steps(true)}
}

func (p *parser) steps(simple bool) []Step {
	var steps []Step
	for p.err == nil {
		t := p.tok()
		switch t.kind {
		case tokDot:
			p.advance()
			steps = append(steps, p.dotStep(t.pos, simple))
		case tokLeftBracket:
			p.advance()
			steps = append(steps, p.bracketStep(t.pos, simple))
		default:
			return steps
		}
	}
	return steps
}

func (p *parser) dotStep(at Pos, simple bool) Step {
	switch {
	case p.atIdent():
		t := p.advance()
		return Step{Pos: at, Kind: StepField, Name: t.text, Quoted: t.kind == tokQuotedIdentifier}
	case p.at(tokStar) && !simple:
		p.advance()
		return Step{Pos: at, Kind: StepUnpivot}
	case simple && p.at(tokStar):
		p.invalidPath("Invalid path dot component for simple path")
	default:
		p.invalidPath("Invalid path dot component")
	}
	return Step{}
}

func (p *parser) bracketStep(at Pos, simple bool) Step {
	s := Step{Pos: at, Kind: StepIndex}
	first := p.tok()
	if p.at(tokStar) {
		p.advance()
		s.Kind = StepWildcard
	} else {
		s.Index = p.expression(0)
	}
	_, constant := s.Index.(*Literal)
	if p.err == nil && simple && !constant {
		p.i = p.indexOf(first)
		p.invalidPath("Invalid path component for simple path")
	}
	p.expect(tokRightBracket)
	return s
}

func (p *parser) indexOf(t *token) int {
	for i := range p.toks {
		if &p.toks[i] == t {
			return i
		}
	}
	return p.i
}

// arguments parses expressions between commas.
func (p *parser) arguments() []Expr {
	args := []Expr{p.expression(0)}
	for p.accept(tokComma) {
		args = append(args, p.expression(0))
	}
	return args
}

// term parses an expression without operators.
func (p *parser) term() Expr {
	t := p.tok()
	switch t.kind {
	case tokIdentifier, tokQuotedIdentifier:
		p.advance()
		if p.at(tokLeftParen) {
			return p.call(t)
		}
		return &Var{Pos: t.pos, Name: t.text, Quoted: t.kind == tokQuotedIdentifier}
	case tokLiteral, tokIonLiteral:
		p.advance()
		return &Literal{Pos: t.pos, Value: p.lits[t.lit], Ion: t.kind == tokIonLiteral}
	case tokNull:
		p.advance()
		return &Literal{Pos: t.pos, Value: ion.NewNull(ion.NullType)}
	case tokMissing:
		p.advance()
		return &Missing{Pos: t.pos}
	case tokQuestionMark:
		p.advance()
		return &Param{Pos: t.pos, Ordinal: int(t.lit)}
	case tokKeyword:
		return p.keywordTerm(t)
	case tokLeftParen:
		return p.group()
	case tokLeftBracket:
		return p.sequence(false, tokRightBracket)
	case tokLeftAngles:
		return p.sequence(true, tokRightAngles)
	case tokLeftCurly:
		return p.structure()
	case tokOperator:
		return p.operatorTerm(t)
	}
	p.fail("unexpected term found", "Unexpected term")
	return failed
}

// operatorTerm parses @name; no other operator begins a term.
func (p *parser) operatorTerm(t *token) Expr {
	if t.text != "@" {
		p.fail("unexpected operator", "Unexpected operator")
		return failed
	}
	name := p.peek(1)
	if name.kind != tokIdentifier && name.kind != tokQuotedIdentifier {
		p.fail("identifier expected after `@` symbol", "Identifier must follow @-operator")
		return failed
	}
	p.advance()
	p.advance()
	return &Var{Pos: name.pos, Name: name.text, Quoted: name.kind == tokQuotedIdentifier, Lexical: true}
}

// group parses (e), or (a, b), which is a list.
func (p *parser) group() Expr {
	at := p.advance().pos
	if p.at(tokRightParen) {
		p.fail("expected expression", "Expression group cannot be empty")
		return failed
	}
	items := p.arguments()
	p.expect(tokRightParen)
	if len(items) == 1 {
		return items[0]
	}
	return &Sequence{Pos: at, Items: items}
}

func (p *parser) sequence(bag bool, end tokenKind) Expr {
	s := &Sequence{Pos: p.advance().pos, Bag: bag}
	if p.accept(end) {
		return s
	}
	s.Items = p.arguments()
	p.expect(end)
	return s
}

func (p *parser) structure() Expr {
	s := &Struct{Pos: p.advance().pos}
	if p.accept(tokRightCurly) {
		return s
	}
	for p.err == nil {
		name := p.expression(0)
		p.expect(tokColon)
		s.Fields = append(s.Fields, StructField{Name: name, Value: p.expression(0)})
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightCurly)
	return s
}

// tableValues parses VALUES (a, b), (c, d): a bag of lists.
func (p *parser) tableValues(at Pos) Expr {
	bag := &Sequence{Pos: at, Bag: true}
	for p.err == nil {
		row := p.tok().pos
		if !p.accept(tokLeftParen) {
			p.fail("expected left parenthesis", "Expected LEFT_PAREN for row value constructor")
			break
		}
		bag.Items = append(bag.Items, &Sequence{Pos: row, Items: p.arguments()})
		p.expect(tokRightParen)
		if !p.accept(tokComma) {
			break
		}
	}
	return bag
}
