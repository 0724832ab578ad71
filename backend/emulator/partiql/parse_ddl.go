package partiql

// create parses CREATE TABLE and CREATE INDEX.
func (p *parser) create() Node {
	at := p.advance().pos
	var s Node
	switch {
	case p.acceptWord("table"):
		s = p.createTable(at)
	case p.acceptWord("index"):
		s = p.createIndex(at)
	default:
		p.unexpected("Unexpected token following CREATE")
		return nil
	}
	p.endOfDDL("CREATE")
	return s
}

func (p *parser) endOfDDL(verb string) {
	if p.err == nil && !p.atEnd() && !p.at(tokSemicolon) {
		p.unexpected("Unexpected tokens after " + verb + " statement!")
	}
}

// name parses an identifier, or fails with the message.
func (p *parser) name(message string) Ident {
	if !p.atIdent() {
		p.unexpected(message)
		return Ident{}
	}
	return *p.ident()
}

func (p *parser) createTable(at Pos) Node {
	s := &CreateTable{Pos: at, Name: p.name("Expected identifier!")}
	if !p.acceptWord("with") {
		return s
	}
	p.withOption("aws_tags")
	s.Tags = p.ionTags()
	p.expect(tokRightParen)
	return s
}

// withOption parses ( name = behind WITH.
func (p *parser) withOption(name string) {
	p.expect(tokLeftParen)
	if t := p.tok(); t.kind != tokIdentifier || t.text != name {
		p.unexpected("Expected " + name)
		return
	}
	p.advance()
	if !p.acceptWord("=") {
		p.unexpected("Expected '='")
	}
}

func (p *parser) createIndex(at Pos) Node {
	s := &CreateIndex{Pos: at}
	if !p.acceptWord("on") {
		p.unexpected("Expected ON")
		return s
	}
	s.Table = p.name("Index target must be an identifier")
	if !p.accept(tokLeftParen) {
		p.unexpected("Expected parenthesis for keys")
		return s
	}
	for p.err == nil {
		s.Fields = append(s.Fields, *p.simplePath())
		if !p.accept(tokComma) {
			break
		}
	}
	p.expect(tokRightParen)
	return s
}

// drop parses DROP TABLE and DROP INDEX.
func (p *parser) drop() Node {
	at := p.advance().pos
	var s Node
	switch {
	case p.acceptWord("table"):
		s = &DropTable{Pos: at, Name: p.name("Expected identifier!")}
	case p.acceptWord("index"):
		s = p.dropIndex(at)
	default:
		p.unexpected("Unexpected token following DROP")
		return nil
	}
	p.endOfDDL("DROP")
	return s
}

func (p *parser) dropIndex(at Pos) Node {
	s := &DropIndex{Pos: at, ID: p.name("Expected identifier!")}
	if !p.acceptWord("on") {
		p.unexpected("Expected ON")
		return s
	}
	s.Table = p.name("Table target must be an identifier")
	if !p.acceptWord("with") {
		p.unexpected("Expected WITH (purge = true)")
		return s
	}
	p.withOption("purge")
	if b, ok := p.boolLiteral(); ok && b {
		s.Purge = true
	} else {
		p.unexpected("Expected true: an index is dropped only WITH (purge = true)")
	}
	p.advance()
	p.expect(tokRightParen)
	return s
}

func (p *parser) boolLiteral() (b, ok bool) {
	if !p.at(tokLiteral) {
		return false, false
	}
	return p.lits[p.tok().lit].Bool()
}

// undrop parses UNDROP TABLE "id".
func (p *parser) undrop() Node {
	at := p.advance().pos
	if !p.acceptWord("table") {
		p.unexpected("Unexpected token following UNDROP")
		return nil
	}
	s := &UndropTable{Pos: at, ID: p.name("Expected identifier!")}
	p.endOfDDL("UNDROP")
	return s
}
