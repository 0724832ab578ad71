package partiql

import "strings"

// selectBody parses behind the word SELECT.
func (p *parser) selectBody(pos Pos) *Select {
	s := &Select{Pos: pos}
	s.Distinct = p.acceptWord("distinct")
	if !s.Distinct {
		p.acceptWord("all")
	}
	if p.acceptWord("value") {
		s.Value = p.expression(precSet)
	} else {
		p.selectList(s)
	}
	if !p.acceptWord("from") {
		p.fail("missing FROM after SELECT list", "Expected FROM after SELECT list")
	}
	s.From = p.fromList()
	if p.acceptWord("where") {
		s.Where = p.expression(precSet)
	}
	p.refusedClauses()
	return s
}

// refusedClauses parses the clauses that QLDB did not support.
func (p *parser) refusedClauses() {
	if p.acceptWord("group") {
		p.acceptWord("partial")
		p.expect(tokBy)
		for {
			p.expression(precSet)
			p.optionalAlias()
			if !p.accept(tokComma) {
				break
			}
		}
		p.refuse(-1, "GROUP BY")
	}
	for _, clause := range []string{"having", "limit"} {
		if at := p.tok().pos; p.acceptWord(clause) {
			p.expression(precSet)
			p.refuse(at, strings.ToUpper(clause))
		}
	}
}

func (p *parser) selectList(s *Select) {
	var star *token
	for {
		if p.at(tokStar) {
			if star == nil {
				star = p.tok()
			}
			p.advance()
			s.Items = append(s.Items, SelectItem{Star: true})
		} else {
			s.Items = append(s.Items, p.selectItem())
		}
		if !p.accept(tokComma) {
			break
		}
	}
	if star == nil {
		return
	}
	if len(s.Items) > 1 {
		const alone = "Other expressions may not be present in the select list when '*' is used without dot notation."
		p.failAt(star, alone, alone)
	}
	s.Star, s.Items = true, nil
}

func (p *parser) selectItem() SelectItem {
	first := p.i
	item := SelectItem{Expr: p.expression(0)}
	if path, ok := item.Expr.(*Path); ok && p.err == nil {
		item.Expr, item.Star = p.starPath(path, first)
	}
	item.Alias = p.optionalAlias()
	return item
}

// starPath checks the stars of a path in a select list, and takes a last .* off.
func (p *parser) starPath(path *Path, first int) (Expr, bool) {
	last := len(path.Steps) - 1
	brackets := -1
	for i := range path.Steps {
		switch s := &path.Steps[i]; {
		case s.Kind == StepWildcard, s.Kind == StepUnpivot && i < last:
			p.failAt(p.starOf(first, s), "Invalid use of * in select list", "Invalid use of * in select list")
			return path, false
		case s.Kind == StepIndex && brackets < 0:
			brackets = i
		}
	}
	if path.Steps[last].Kind != StepUnpivot {
		return path, false
	}
	if brackets >= 0 {
		p.failAt(p.tokenAt(first, path.Steps[brackets].Pos), "Cannot mix [] and * in the same expression in a select list",
			"Cannot use [] and * together in SELECT list expression")
		return path, false
	}
	if last == 0 {
		return path.Root, true
	}
	return &Path{Pos: path.Pos, Root: path.Root, Steps: path.Steps[:last]}, true
}

// starOf is the star token of a step.
func (p *parser) starOf(first int, s *Step) *token {
	for i := first; i < len(p.toks); i++ {
		if p.toks[i].pos > s.Pos && p.toks[i].kind == tokStar {
			return &p.toks[i]
		}
	}
	return p.tok()
}

func (p *parser) tokenAt(first int, pos Pos) *token {
	for i := first; i < len(p.toks); i++ {
		if p.toks[i].pos == pos {
			return &p.toks[i]
		}
	}
	return p.tok()
}

// fromList parses the sources of a FROM clause and the joins between them.
func (p *parser) fromList() []FromSource {
	sources := []FromSource{p.fromSource()}
	for p.err == nil {
		join, ok := p.joinKind()
		if !ok {
			break
		}
		s := p.fromSource()
		s.Join = join
		if join == JoinInner {
			if !p.acceptWord("on") {
				p.fail("malformed use of FROM with JOIN", "Expected 'ON'")
			}
			s.On = p.expression(precSet)
		}
		sources = append(sources, s)
	}
	return sources
}

// joinKind steps over a comma or the words of a join. Outer joins parse and are
// refused.
func (p *parser) joinKind() (JoinKind, bool) {
	t := p.tok()
	if p.accept(tokComma) {
		return JoinComma, true
	}
	if t.kind != tokKeyword {
		return JoinNone, false
	}
	switch t.text {
	case "join", "inner_join":
		p.advance()
		return JoinInner, true
	case "cross_join":
		p.advance()
		return JoinCross, true
	case "left_join", "right_join", "outer_join":
		p.refuse(t.pos, outerJoins[t.text])
		p.advance()
		return JoinInner, true
	case "left_cross_join", "right_cross_join", "outer_cross_join":
		p.refuse(t.pos, outerJoins[t.text])
		p.advance()
		return JoinCross, true
	}
	return JoinNone, false
}

var outerJoins = map[string]string{"left_join": "LEFT JOIN", "right_join": "RIGHT JOIN", "outer_join": "FULL JOIN",
	"left_cross_join": "LEFT JOIN", "right_cross_join": "RIGHT JOIN", "outer_cross_join": "FULL JOIN"}

func (p *parser) fromSource() FromSource {
	s := FromSource{Unpivot: p.acceptWord("unpivot")}
	s.Expr = p.expression(precSet)
	p.aliases(&s)
	return s
}

// aliases parses AS, AT and BY in their fixed order.
func (p *parser) aliases(s *FromSource) {
	s.As = p.optionalAlias()
	if p.accept(tokAt) {
		s.At = p.aliasName(tokAt)
	}
	if p.accept(tokBy) {
		s.By = p.aliasName(tokBy)
	}
}

// optionalAlias parses [AS] name.
func (p *parser) optionalAlias() *Ident {
	if p.accept(tokAs) {
		return p.aliasName(tokAs)
	}
	if p.atIdent() {
		return p.ident()
	}
	return nil
}

func (p *parser) aliasName(kind tokenKind) *Ident {
	if !p.atIdent() {
		p.fail("expected identifier for alias", "Expected identifier for "+kind.String()+"-alias")
		return nil
	}
	return p.ident()
}

func (p *parser) atIdent() bool { return p.at(tokIdentifier) || p.at(tokQuotedIdentifier) }

func (p *parser) ident() *Ident {
	t := p.advance()
	return &Ident{Pos: t.pos, Name: t.text, Quoted: t.kind == tokQuotedIdentifier}
}
