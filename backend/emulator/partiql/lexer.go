package partiql

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain/ion"
)

// lexer splits a statement into tokens. The whole text is split before it is
// parsed, so that a wrong character anywhere wins over a syntax error.
type lexer struct {
	src    string
	pos    int
	toks   []token
	lits   []ion.Value
	params int
}

// tokenize splits src; the last token is tokEOF.
func tokenize(src string) (*lexer, error) {
	l := &lexer{src: src, toks: make([]token, 0, len(src)/4+8)}
	if !utf8.ValidString(src) {
		return nil, l.invalidChar(firstInvalid(src))
	}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.pos >= len(src) {
			l.toks = append(l.toks, token{kind: tokEOF, text: "EOF", pos: Pos(len(src))})
			return l, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

// firstInvalid is the offset of the first byte that is not UTF-8.
func firstInvalid(src string) int {
	for i, r := range src {
		if _, n := utf8.DecodeRuneInString(src[i:]); r == utf8.RuneError && n == 1 {
			return i
		}
	}
	return len(src)
}

// space skips white space and comments.
func (l *lexer) space() error {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "--"):
			if n := strings.IndexAny(l.src[l.pos:], "\r\n"); n >= 0 {
				l.pos += n
			} else {
				l.pos = len(l.src)
			}
		case strings.HasPrefix(l.src[l.pos:], "/*"):
			n := strings.Index(l.src[l.pos+2:], "*/")
			if n < 0 {
				return l.invalidChar(len(l.src))
			}
			l.pos += n + 4
		default:
			return nil
		}
	}
	return nil
}

// invalidChar is the error for the character at an offset, or for the end of
// the text.
func (l *lexer) invalidChar(at int) error {
	return l.fail(at, "invalid character at, "+charRepr(l.src, at))
}

func charRepr(src string, at int) string {
	if at >= len(src) {
		return "<EOF>"
	}
	r, _ := utf8.DecodeRuneInString(src[at:])
	return fmt.Sprintf("'%c' [U+%x]", r, r)
}

func (l *lexer) fail(at int, text string) error {
	return newError(l.src, Lexer, Pos(at), text, "")
}

var single = [128]tokenKind{'(': tokLeftParen, ')': tokRightParen, '[': tokLeftBracket, ']': tokRightBracket, '{': tokLeftCurly,
	'}': tokRightCurly, ':': tokColon, ',': tokComma, '*': tokStar, ';': tokSemicolon,
	'+': tokOperator, '%': tokOperator, '@': tokOperator, '=': tokOperator, '/': tokOperator, '-': tokOperator}

// next reads one token that begins at pos.
func (l *lexer) next() error {
	c := l.src[l.pos]
	switch {
	case isIdentStart(c):
		l.word()
		return nil
	case c >= '0' && c <= '9', c == '.' && l.digitAt(l.pos+1):
		return l.number()
	case c < 128 && single[c] != 0:
		l.emit(single[c], 1)
		return nil
	}
	switch c {
	case '.':
		l.emit(tokDot, 1)
	case '?':
		l.params++
		l.toks = append(l.toks, token{kind: tokQuestionMark, pos: Pos(l.pos), lit: int32(l.params), text: strconv.Itoa(l.params)})
		l.pos++
	case '\'', '"':
		return l.quoted(c)
	case '`':
		return l.ionLiteral()
	case '<', '>', '!', '|':
		return l.angle(c)
	case '^':
		l.pos++
		return l.fail(l.pos, "invalid operator at, ^")
	default:
		return l.invalidChar(l.pos)
	}
	return nil
}

func (l *lexer) emit(kind tokenKind, n int) {
	l.toks = append(l.toks, token{kind: kind, pos: Pos(l.pos), text: l.src[l.pos : l.pos+n]})
	l.pos += n
}

// angle reads the operators of one or two characters.
func (l *lexer) angle(c byte) error {
	var second byte
	if l.pos+1 < len(l.src) {
		second = l.src[l.pos+1]
	}
	switch {
	case c == '<' && second == '<':
		l.emit(tokLeftAngles, 2)
	case c == '>' && second == '>':
		l.emit(tokRightAngles, 2)
	case second == '=' && c != '|', c == '<' && second == '>', c == '|' && second == '|':
		l.emit(tokOperator, 2)
		if t := &l.toks[len(l.toks)-1]; t.text == "!=" {
			t.text = "<>"
		}
	case c == '<' || c == '>':
		l.emit(tokOperator, 1)
	default:
		return l.invalidChar(l.pos + 1)
	}
	return nil
}

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
}

func isIdentPart(c byte) bool { return isIdentStart(c) || c >= '0' && c <= '9' }

// word reads an identifier or a reserved word, and joins the words of operators
// such as NOT IN.
func (l *lexer) word() {
	start := l.pos
	for l.pos < len(l.src) && isIdentPart(l.src[l.pos]) {
		l.pos++
	}
	text := l.src[start:l.pos]
	t := token{kind: tokIdentifier, pos: Pos(start), text: text}
	if w, ok := lookupWord(text); ok {
		t.kind, t.text = w.kind, w.text
		if t.kind == tokLiteral {
			t.lit = l.literal(ion.NewBool(w.text == "true"))
		}
		l.merge(&t)
	}
	l.toks = append(l.toks, t)
}

func lookupWord(text string) (word, bool) {
	var buf [24]byte
	if len(text) > len(buf) {
		return word{}, false
	}
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	w, ok := reserved[string(buf[:len(text)])]
	return w, ok
}

// merge replaces the tokens before t that form one word with it.
func (l *lexer) merge(t *token) {
	for _, m := range merges[t.text] {
		n := len(l.toks)
		if n == 0 || !l.toks[n-1].isKeyword(m.before) {
			continue
		}
		*t = token{kind: m.kind, pos: l.toks[n-1].pos, text: m.into}
		l.toks = l.toks[:n-1]
		return
	}
}

func (l *lexer) literal(v ion.Value) int32 {
	l.lits = append(l.lits, v)
	return int32(len(l.lits) - 1)
}

func (l *lexer) digitAt(i int) bool { return i < len(l.src) && l.src[i] >= '0' && l.src[i] <= '9' }

func (l *lexer) digits() {
	for l.digitAt(l.pos) {
		l.pos++
	}
}

// number reads an int, or a decimal if it has a point or an exponent.
func (l *lexer) number() error {
	start := l.pos
	l.digits()
	decimal := false
	for l.pos < len(l.src) && l.src[l.pos] == '.' {
		decimal = true
		l.pos++
		l.digits()
	}
	if l.pos < len(l.src) && l.src[l.pos]|0x20 == 'e' {
		decimal = true
		l.pos++
		if l.pos < len(l.src) && (l.src[l.pos] == '+' || l.src[l.pos] == '-') {
			l.pos++
		}
		if !l.digitAt(l.pos) {
			return l.invalidChar(l.pos)
		}
		l.digits()
	}
	text := l.src[start:l.pos]
	var v ion.Value
	if !decimal {
		v = intLiteral(text)
	} else if d, ok := parseDecimal(text); ok {
		v = ion.FromDecimal(d)
	} else {
		return l.fail(l.pos, "invalid literal at, "+text)
	}
	l.toks = append(l.toks, token{kind: tokLiteral, pos: Pos(start), lit: l.literal(v)})
	return nil
}

func intLiteral(text string) ion.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ion.NewInt(n)
	}
	n, _ := new(big.Int).SetString(text, 10)
	return ion.NewBigInt(n)
}

// quoted reads a string or a quoted identifier; a doubled quote stands for one.
func (l *lexer) quoted(q byte) error {
	start := l.pos
	l.pos++
	from := l.pos
	var joined []byte // of a text with doubled quotes
	for {
		n := strings.IndexByte(l.src[l.pos:], q)
		if n < 0 {
			return l.invalidChar(len(l.src))
		}
		l.pos += n + 1
		if l.pos >= len(l.src) || l.src[l.pos] != q {
			break
		}
		joined = append(joined, l.src[from:l.pos]...)
		l.pos++
		from = l.pos
	}
	text := l.src[from : l.pos-1]
	if joined != nil {
		text = string(append(joined, text...))
	}
	t := token{kind: tokQuotedIdentifier, pos: Pos(start), text: text}
	if q == '\'' {
		t = token{kind: tokLiteral, pos: Pos(start), lit: l.literal(ion.NewString(text))}
	}
	l.toks = append(l.toks, t)
	return nil
}

// ionLiteral reads one Ion value between back-ticks. Back-ticks inside Ion's own
// strings, symbols and comments do not end it.
func (l *lexer) ionLiteral() error {
	start := l.pos
	end := ionEnd(l.src, start+1)
	if end < 0 {
		return l.invalidChar(len(l.src))
	}
	text := l.src[start+1 : end]
	l.pos = end + 1
	v, err := ion.ParseText(text)
	if err != nil {
		return l.fail(l.pos, "invalid ion literal at, "+text)
	}
	l.toks = append(l.toks, token{kind: tokIonLiteral, pos: Pos(start), lit: l.literal(v)})
	return nil
}

// ionEnd finds the back-tick that ends the Ion text that begins at i, or -1.
func ionEnd(s string, i int) int {
	for i < len(s) {
		rest := s[i:]
		n := 1
		switch {
		case rest[0] == '`':
			return i
		case strings.HasPrefix(rest, "//"):
			n = strings.IndexAny(rest, "\r\n")
		case strings.HasPrefix(rest, "/*"):
			n = skipPast(rest, 2, "*/")
		case strings.HasPrefix(rest, "'''"):
			n = skipPast(rest, 3, "'''")
		case rest[0] == '\'' || rest[0] == '"':
			n = skipPast(rest, 1, rest[:1])
		}
		if n < 0 {
			return -1
		}
		i += n
	}
	return -1
}

// skipPast returns the offset behind the next mark that no backslash precedes.
func skipPast(s string, from int, mark string) int {
	for i := from; i < len(s); i++ {
		if s[i] == '\\' && mark != "*/" {
			i++
		} else if strings.HasPrefix(s[i:], mark) {
			return i + len(mark)
		}
	}
	return -1
}
