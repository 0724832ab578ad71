package partiql

import "github.com/tallyledger/tally/hashchain/ion"

// insert parses INSERT INTO at the beginning of a statement.
func (p *parser) insert() Node {
	s := &Insert{Pos: p.advance().pos, Table: p.simplePath()}
	s.Single, s.Value, s.At = p.insertValues()
	return s
}

// insertValues parses what follows the target of INSERT INTO.
func (p *parser) insertValues() (single bool, value, at Expr) {
	if !p.acceptWord("value") {
		return false, p.expression(0), nil
	}
	value = p.expression(0)
	if p.accept(tokAt) {
		at = p.expression(0)
	}
	return true, value, at
}

// target parses the table of UPDATE and DELETE with its aliases.
func (p *parser) target() []FromSource {
	path := p.simplePath()
	s := FromSource{Expr: path}
	if len(path.Steps) == 0 {
		s.Expr = path.Root
	}
	p.aliases(&s)
	return []FromSource{s}
}

func (p *parser) update() Node {
	s := &DML{Pos: p.advance().pos, Form: FormUpdate, From: p.target()}
	s.Op = p.operation()
	if p.acceptWord("where") {
		s.Where = p.expression(0)
	}
	return s
}

func (p *parser) delete() Node {
	s := &DML{Pos: p.advance().pos, Form: FormDelete, Op: &DeleteOp{}}
	if !p.acceptWord("from") {
		p.unexpected("Expected FROM after DELETE")
		return s
	}
	s.From = p.target()
	if p.acceptWord("where") {
		s.Where = p.expression(0)
	}
	return s
}

func (p *parser) fromDML() Node {
	s := &DML{Pos: p.advance().pos, Form: FormFrom, From: p.fromList()}
	if p.acceptWord("where") {
		s.Where = p.expression(0)
	}
	s.Op = p.operation()
	return s
}

// operation parses INSERT INTO, SET or REMOVE.
func (p *parser) operation() DMLOp {
	switch {
	case p.acceptWord("insert_into"):
		op := &InsertInto{Target: p.simplePath()}
		op.Single, op.Value, op.At = p.insertValues()
		return op
	case p.acceptWord("set"):
		return p.assignments()
	case p.acceptWord("remove"):
		return &Remove{Target: p.simplePath()}
	}
	p.fail("expected DML or SELECT operation after FROM", "Expected data manipulation")
	return &DeleteOp{}
}

func (p *parser) assignments() DMLOp {
	op := &SetFields{}
	for p.err == nil {
		a := Assignment{Target: p.simplePath()}
		if !p.acceptWord("=") {
			p.fail("expected assignment for SET", "Expected '='")
		}
		a.Value = p.expression(0)
		op.Assignments = append(op.Assignments, a)
		if !p.accept(tokComma) {
			break
		}
	}
	return op
}

// exec parses EXEC with its procedure and arguments.
func (p *parser) exec() Node {
	s := &Exec{Pos: p.advance().pos}
	for i := p.i; i < len(p.toks); i++ {
		if p.toks[i].isKeyword("exec") {
			p.failAt(&p.toks[i], "unexpected term found", "EXEC call found at unexpected location")
			return s
		}
	}
	switch {
	case p.atEnd():
		p.fail("No stored procedure provided", "No stored procedure provided")
		return s
	case !p.atIdent():
		p.unexpected("Expected identifier!")
		return s
	}
	s.Name = *p.ident()
	switch {
	case p.at(tokLeftParen):
		p.unexpected("Unexpected LEFT_PAREN found following stored procedure call")
	case !p.atEnd():
		s.Args = p.arguments()
	}
	return s
}

// ionTags reads the literal behind aws_tags.
func (p *parser) ionTags() *ion.Value {
	if !p.at(tokIonLiteral) || p.lits[p.tok().lit].Type() != ion.StructType {
		p.unexpected("Expected an Ion struct literal with the tags")
		return nil
	}
	return &p.lits[p.advance().lit]
}
