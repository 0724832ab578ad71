package partiql

import (
	"unicode/utf8"
)

// likeNode is LIKE; escape may be nil.
type likeNode struct {
	operand, pattern, escape node
	not                      bool
	compiled                 *likePattern // where pattern and escape are constants
}

// like compiles LIKE; a constant pattern is read once.
func (c *compiler) like(e *Like) node {
	n := &likeNode{operand: c.expr(e.Operand), pattern: c.expr(e.Pattern), not: e.Not}
	consts := isConst(n.pattern)
	if e.Escape != nil {
		n.escape = c.expr(e.Escape)
		consts = consts && isConst(n.escape)
	}
	if consts {
		if p, _, err := n.read(nil, &datum{}); err == nil {
			n.compiled = p
		}
	}
	return &located{n, e.Pos}
}

func isConst(n node) bool {
	_, ok := n.(*constNode)
	return ok
}

func (n *likeNode) eval(m *machine) (datum, error) { return evalCondition(m, n) }

func (n *likeNode) truth(m *machine) (tri, error) {
	d, err := n.operand.eval(m)
	if err != nil {
		return isUnknown, err
	}
	p := n.compiled
	if p == nil {
		var unknown bool
		if p, unknown, err = n.read(m, &d); err != nil || unknown {
			return isUnknown, err
		}
	}
	if d.unknown() {
		return isUnknown, nil
	}
	text, ok := d.v.AppendText(m.text[:0])
	m.text = text
	if !ok {
		return isUnknown, errLike(&d, p.text, p.escape)
	}
	if err := m.spend(opWork + len(text) + len(p.items)); err != nil {
		return isUnknown, err
	}
	match, err := p.match(m, text)
	return triOf(match != n.not), err
}

// read evaluates the pattern and its escape character. unknown says that one of
// them is null, or that they are no text and value is null: then the result is
// null, as in the Kotlin engine, which looks at the value first.
func (n *likeNode) read(m *machine, value *datum) (p *likePattern, unknown bool, err error) {
	pattern, err := n.pattern.eval(m)
	if err != nil {
		return nil, false, err
	}
	escape := datum{}
	if n.escape != nil {
		if escape, err = n.escape.eval(m); err != nil {
			return nil, false, err
		}
		if escape.unknown() {
			return nil, true, nil
		}
	}
	if pattern.unknown() {
		return nil, true, nil
	}
	text, ok := pattern.v.Text()
	esc, escOK := escape.v.Text()
	if !ok || n.escape != nil && !escOK {
		if value.unknown() {
			return nil, true, nil
		}
		shown := ""
		if n.escape != nil {
			shown = escape.ionText()
		}
		return nil, false, errLike(value, pattern.ionText(), shown)
	}
	if n.escape == nil {
		p, err := readLike(text, -1)
		return p, false, err
	}
	r, size := utf8.DecodeRuneInString(esc)
	if size == 0 || size != len(esc) {
		return nil, false, errBoth("Given: pattern =  "+clip(text)+", escape char = "+clip(esc),
			"Escape character must have size 1 : "+clip(esc))
	}
	p, err = readLike(text, r)
	return p, false, err
}

func errLike(value *datum, pattern, escape string) error {
	if escape == "" {
		escape = "none given"
	}
	return errBoth("Given: value = "+value.ionText()+", pattern =  "+clip(pattern)+", escape char = "+escape,
		"LIKE expression must be given non-null strings as input")
}

// likePattern is a pattern of literal code points, one-character and
// any-text wildcards.
type likePattern struct {
	text   string
	escape string
	items  []rune // code points, likeOne or likeAny
}

const (
	likeOne rune = -1
	likeAny rune = -2
)

// readLike reads a pattern; escape is -1 for none. The escape character may
// stand before %, _ and itself only.
func readLike(text string, escape rune) (*likePattern, error) {
	p := &likePattern{text: text}
	if escape >= 0 {
		p.escape = string(escape)
	}
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			if r != '%' && r != '_' && r != escape {
				return nil, errEscape(p, string(escape)+string(r))
			}
			p.items = append(p.items, r)
			escaped = false
		case r == escape:
			escaped = true
		case r == '%':
			if n := len(p.items); n == 0 || p.items[n-1] != likeAny {
				p.items = append(p.items, likeAny)
			}
		case r == '_':
			p.items = append(p.items, likeOne)
		default:
			p.items = append(p.items, r)
		}
	}
	if escaped {
		return nil, errEscape(p, string(escape))
	}
	return p, nil
}

func errEscape(p *likePattern, sequence string) error {
	return errBoth("Given: pattern =  "+clip(p.text)+", escape char = "+p.escape, "Invalid escape sequence : "+sequence)
}

// match runs in time proportional to the product of the lengths at worst, and
// looks at the machine's context on the way; it does not allocate. It goes back
// to the last % only.
func (p *likePattern) match(m *machine, s []byte) (bool, error) {
	i, star, resume := 0, -1, 0
	for pos, steps := 0, 1; pos < len(s); steps++ {
		if steps&(1<<16-1) == 0 {
			if err := m.poll(); err != nil {
				return false, err
			}
		}
		r, size := utf8.DecodeRune(s[pos:])
		switch {
		case i < len(p.items) && p.items[i] == likeAny:
			star, resume = i, pos
			i++
			continue
		case i < len(p.items) && (p.items[i] == likeOne || p.items[i] == r):
			i++
			pos += size
			continue
		case star < 0:
			return false, nil
		}
		_, size = utf8.DecodeRune(s[resume:])
		resume += size
		i, pos = star+1, resume
	}
	for i < len(p.items) && p.items[i] == likeAny {
		i++
	}
	return i == len(p.items), nil
}
