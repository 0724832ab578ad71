package partiql

import (
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Pos is a byte offset in a statement's text. It becomes a line and a column
// only where an error shows it.
type Pos int32

// tokenKind is the class of a token. Its name is part of error texts.
type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokIdentifier
	tokQuotedIdentifier
	tokKeyword
	tokOperator
	tokLiteral
	tokIonLiteral // named LITERAL too
	tokNull
	tokMissing
	tokAs
	tokAt
	tokBy
	tokFor
	tokTrimSpecification
	tokStar
	tokDot
	tokComma
	tokColon
	tokSemicolon
	tokQuestionMark
	tokLeftParen
	tokRightParen
	tokLeftBracket
	tokRightBracket
	tokLeftCurly
	tokRightCurly
	tokLeftAngles
	tokRightAngles
)

var tokenKindNames = [...]string{"EOF", "IDENTIFIER", "QUOTED_IDENTIFIER", "KEYWORD", "OPERATOR", "LITERAL", "LITERAL", "NULL",
	"MISSING", "AS", "AT", "BY", "FOR", "TRIM_SPECIFICATION", "STAR", "DOT", "COMMA", "COLON", "SEMICOLON", "QUESTION_MARK",
	"LEFT_PAREN", "RIGHT_PAREN", "LEFT_BRACKET", "RIGHT_BRACKET", "LEFT_CURLY", "RIGHT_CURLY",
	"LEFT_DOUBLE_ANGLE_BRACKET", "RIGHT_DOUBLE_ANGLE_BRACKET"}

func (k tokenKind) String() string { return tokenKindNames[k] }

// token is one token. text is the name of an identifier, the lower-case
// spelling of a keyword or operator, and empty for literals, which stand in
// the lexer's list at index lit.
type token struct {
	kind tokenKind
	lit  int32
	pos  Pos
	text string
}

// isKeyword reports whether t is the keyword or the operator word.
func (t *token) isKeyword(word string) bool {
	return t.text == word && (t.kind == tokKeyword || t.kind == tokOperator)
}

// reserved holds the words that are no identifiers without quotes. QLDB's own
// function names (date_add, date_diff, to_string, to_timestamp, txid, utcnow)
// and undrop are left out: they are names that mean something in one place.
var reserved = makeReserved(`absolute action add all allocate alter and any are as asc assertion at authorization avg bag begin
between bit bit_length blob bool boolean both by cascade cascaded case cast catalog char character character_length char_length
check clob close coalesce collate collation column commit connect connection constraint constraints continue convert
corresponding count create cross current current_date current_time current_timestamp current_user cursor date day deallocate dec
decimal declare default deferrable deferred delete desc describe descriptor diagnostics disconnect distinct domain double drop
else end end-exec escape except exception exec execute exists external extract false fetch first float for foreign found from
full get global go goto grant group having hour identity immediate in index indicator initially inner input insensitive insert
int integer intersect interval into is isolation join key language last leading left level like limit list local lower match max
min minute missing module month names national natural nchar next no not null nullif numeric octet_length of on only open option
or order outer output overlaps pad partial pivot position precision prepare preserve primary prior privileges procedure public
read real references relative remove restrict revoke right rollback rows schema scroll second section select session
session_user set sexp size smallint some space sql sqlcode sqlerror sqlstate string struct substring sum symbol system_user
table temporary then time timestamp timezone_hour timezone_minute to trailing transaction translate translation trim true tuple
union unique unknown unpivot update upper usage user using value values varchar varying view when whenever where with work write
year zone`)

// word is what the lexer knows of a reserved word.
type word struct {
	text string // canonical spelling
	kind tokenKind
}

func makeReserved(list string) map[string]word {
	kinds := map[string]tokenKind{"and": tokOperator, "or": tokOperator, "not": tokOperator, "is": tokOperator, "in": tokOperator,
		"like": tokOperator, "between": tokOperator, "union": tokOperator, "except": tokOperator, "intersect": tokOperator,
		"as": tokAs, "at": tokAt, "by": tokBy, "for": tokFor, "null": tokNull, "missing": tokMissing,
		"leading": tokTrimSpecification, "trailing": tokTrimSpecification, "both": tokTrimSpecification,
		"true": tokLiteral, "false": tokLiteral,
	}
	m := make(map[string]word)
	for _, w := range strings.Fields(list) {
		kind, ok := kinds[w]
		if !ok {
			kind = tokKeyword
		}
		m[w] = word{text: w, kind: kind}
	}
	for alias, w := range map[string]string{"bool": "boolean", "int": "integer", "dec": "decimal", "char": "character", "varchar": "character_varying"} {
		m[alias] = word{text: w, kind: tokKeyword}
	}
	return m
}

// IsReserved reports whether name is a reserved word in any case: one that
// needs double quotes to be an identifier.
func IsReserved(name string) bool {
	_, ok := reserved[strings.ToLower(name)]
	return ok
}

// merges joins the words of operators and joins that are written with several.
var merges = map[string][]merge{
	"in":        {{"not", "not_in", tokOperator}},
	"like":      {{"not", "not_like", tokOperator}},
	"between":   {{"not", "not_between", tokOperator}},
	"not":       {{"is", "is_not", tokOperator}},
	"all":       {{"union", "union_all", tokOperator}, {"except", "except_all", tokOperator}, {"intersect", "intersect_all", tokOperator}},
	"varying":   {{"character", "character_varying", tokKeyword}},
	"precision": {{"double", "double_precision", tokKeyword}},
	"into":      {{"insert", "insert_into", tokKeyword}},
	"outer":     {{"left", "left", tokKeyword}, {"right", "right", tokKeyword}, {"full", "outer", tokKeyword}},
	"cross":     {{"left", "left_cross", tokKeyword}, {"right", "right_cross", tokKeyword}, {"full", "outer_cross", tokKeyword}, {"outer", "outer_cross", tokKeyword}, {"inner", "cross", tokKeyword}},
	"join": {{"inner", "inner_join", tokKeyword}, {"left", "left_join", tokKeyword}, {"right", "right_join", tokKeyword},
		{"full", "outer_join", tokKeyword}, {"outer", "outer_join", tokKeyword}, {"cross", "cross_join", tokKeyword},
		{"left_cross", "left_cross_join", tokKeyword}, {"right_cross", "right_cross_join", tokKeyword}, {"outer_cross", "outer_cross_join", tokKeyword}},
}

type merge struct {
	before, into string
	kind         tokenKind
}

// value is the token's value in the form that error texts show: Ion text.
func (l *lexer) value(t *token) string {
	switch t.kind {
	case tokLiteral, tokIonLiteral:
		return l.lits[t.lit].String()
	case tokNull, tokMissing:
		return "null"
	case tokTrimSpecification:
		return ion.NewString(t.text).String()
	case tokQuestionMark:
		return t.text
	case tokEOF:
		return "EOF"
	}
	return ion.NewSymbol(t.text).String()
}
