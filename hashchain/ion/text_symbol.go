package ion

import (
	"math"
	"strconv"
	"strings"
)

type tokenKind uint8

const (
	tokenNone    tokenKind = iota // not a symbol
	tokenKeyword                  // null, true, false, nan and null.type
	tokenWord                     // an identifier
	tokenQuoted
	tokenID // $10
)

// token is a symbol as the text spells it.
type token struct {
	kind  tokenKind
	text  string
	known bool
	sid   uint32 // of a symbol of unknown text
}

// isMarker reports whether a symbol at the top is the version marker. A marker
// of another version is an error.
func (p *textParser) isMarker(t token) bool {
	if t.kind != tokenWord || !isVersion(t.text) {
		return false
	}
	if t.text != "$ion_1_0" {
		p.in.fail(p.start, "version marker %.40s is not that of Ion 1.0", t.text)
	}
	return true
}

// isVersion reports whether s has the form $ion_1_0.
func isVersion(s string) bool {
	rest, ok := strings.CutPrefix(s, "$ion_")
	major, minor, ok2 := strings.Cut(rest, "_")
	return ok && ok2 && allDigits(major) && allDigits(minor)
}

func allDigits(s string) bool {
	for _, c := range []byte(s) {
		if !isDigit(int(c), 10) {
			return false
		}
	}
	return len(s) > 0
}

// isSymbolID reports whether s has the form $10.
func isSymbolID(s string) bool { return len(s) > 1 && s[0] == '$' && allDigits(s[1:]) }

func isWordStart(c int) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
}

func isWordPart(c int) bool { return isWordStart(c) || isDigit(c, 10) }

func isKeyword(s string) bool { return s == "null" || s == "true" || s == "false" || s == "nan" }

// symbolToken reads a symbol or keyword if one is next.
func (p *textParser) symbolToken() token {
	c := p.in.peek()
	if isWordStart(c) {
		return p.word()
	}
	if c != '\'' || p.in.peekAt(1) == '\'' && p.in.peekAt(2) == '\'' {
		return token{}
	}
	p.in.skip(1)
	p.scratch = p.in.run(p.scratch[:0], textKind{quote: '\''})
	return token{kind: tokenQuoted, text: string(p.scratch), known: true}
}

func (p *textParser) word() token {
	start := p.in.offset()
	p.scratch = p.scratch[:0]
	for isWordPart(p.in.peek()) {
		p.scratch = append(p.scratch, byte(p.in.peek()))
		p.in.skip(1)
		if len(p.scratch) > MaxValueSize {
			p.in.fail(start, "symbol is larger than %d bytes", MaxValueSize)
		}
	}
	s := string(p.scratch)
	switch {
	case s == "null" && p.in.peek() == '.' && isWordStart(p.in.peekAt(1)):
		return token{kind: tokenKeyword, text: p.nullType(start)}
	case isKeyword(s):
		return token{kind: tokenKeyword, text: s}
	case isSymbolID(s):
		return p.symbolID(start, s[1:])
	}
	return token{kind: tokenWord, text: s, known: true}
}

// nullType reads the type of a typed null and returns the whole.
func (p *textParser) nullType(start int64) string {
	p.in.skip(1)
	p.scratch = p.scratch[:0]
	for isWordPart(p.in.peek()) && len(p.scratch) < 16 {
		p.scratch = append(p.scratch, byte(p.in.peek()))
		p.in.skip(1)
	}
	if typeNamed(string(p.scratch)) == NoType || isWordPart(p.in.peek()) {
		p.in.fail(start, "null.%s does not name a type", p.scratch)
	}
	return "null." + string(p.scratch)
}

func typeNamed(s string) Type {
	for t := NullType; t <= StructType; t++ {
		if t.String() == s {
			return t
		}
	}
	return NoType
}

func (p *textParser) symbolID(start int64, digits string) token {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n > uint64(p.syms.MaxID()) {
		p.in.fail(start, "symbol id $%.20s is not in the symbol table, which ends at %d", digits, p.syms.MaxID())
		return token{kind: tokenID}
	}
	t := token{kind: tokenID, sid: uint32(n)}
	t.text, t.known = p.syms.text(t.sid)
	return t
}

// keyword writes the value that a keyword stands for.
func (p *textParser) keyword(s string) {
	if p.in.err != nil {
		return
	}
	switch s {
	case "true", "false":
		p.w.Bool(s == "true")
	case "nan":
		p.w.Float(math.NaN())
	case "null":
		p.w.Null(NullType)
	default:
		p.w.Null(typeNamed(s[len("null."):]))
	}
}

var infinities = map[bool]float64{false: math.Inf(1), true: math.Inf(-1)}

// atInf reports whether inf and the end of the word stand behind the sign.
func (p *textParser) atInf() bool {
	return p.in.peekAt(1) == 'i' && p.in.peekAt(2) == 'n' && p.in.peekAt(3) == 'f' && !isWordPart(p.in.peekAt(4))
}

func isOperator(c int) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte("!#%&*+-./;<=>?@^`|~", byte(c)) >= 0
}

// operator reads a run of operator characters, a symbol inside a sexp.
func (p *textParser) operator() {
	start := p.in.offset()
	p.scratch = p.scratch[:0]
	for isOperator(p.in.peek()) {
		if c := p.in.peekAt(1); p.in.peek() == '/' && (c == '/' || c == '*') {
			break
		}
		p.scratch = append(p.scratch, byte(p.in.peek()))
		p.in.skip(1)
		if len(p.scratch) > MaxValueSize {
			p.in.fail(start, "symbol is larger than %d bytes", MaxValueSize)
		}
	}
	p.symbol(token{text: string(p.scratch), known: true})
}
