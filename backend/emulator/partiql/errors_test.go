package partiql_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// TestErrorTexts holds the texts that are known from QLDB, and those that follow
// from its parser, to the letter.
func TestErrorTexts(t *testing.T) {
	m := newMemory()
	for _, s := range []string{"CREATE TABLE T", "CREATE TABLE T2", "CREATE TABLE a", "CREATE TABLE b",
		"INSERT INTO T VALUE {'a': 1}"} {
		if _, err := m.run(context.Background(), s); err != nil {
			t.Fatal(s, err)
		}
	}
	tests := []struct {
		text string
		code int
		want string
	}{
		{"DELETE FROM NonExistentTable", 432, "Semantic Error: at line 1, column 13: No such variable named 'NonExistentTable'; No such variable named 'NonExistentTable'"},
		{"SELECT * FROM T ORDER BY x", 432, "Parser Error: at line 1, column 17: unexpected token found, KEYWORD : order; Unexpected token after expression"},
		{"SELECT * FROM T; SELECT 1 FROM T", 432, "Parser Error: at line 1, column 18: unexpected token found, KEYWORD : select; Unexpected token after semicolon. (Only one query is allowed.)"},
		{"SELECT a", 432, "Parser Error: at line 1, column 9: missing FROM after SELECT list, EOF : EOF; Expected FROM after SELECT list"},
		{"SELECT FROM t", 432, "Parser Error: at line 1, column 8: unexpected keyword found, KEYWORD : from; Unexpected keyword"},
		{"SELECT foo.table FROM x", 432, "Parser Error: at line 1, column 12: Invalid path component, expecting either an IDENTIFIER or STAR, got: KEYWORD with value: table; Invalid path dot component"},
		{"SELECT * FROM Table", 432, "Parser Error: at line 1, column 15: unexpected keyword found, KEYWORD : table; Unexpected keyword"},
		{"SELECT * FROM T WHERE a == 1", 432, "Parser Error: at line 1, column 26: unexpected operator, OPERATOR : '='; Unexpected operator"},
		{"UPDATE T x = 1", 432, "Parser Error: at line 1, column 12: expected DML or SELECT operation after FROM, OPERATOR : '='; Expected data manipulation"},
		{"UPDATE T SET a 1", 432, "Parser Error: at line 1, column 16: expected assignment for SET, LITERAL : 1; Expected '='"},
		{"DELETE T", 432, "Parser Error: at line 1, column 8: unexpected token found, IDENTIFIER : T; Expected FROM after DELETE"},
		{"CREATE TABLE 'x'", 432, "Parser Error: at line 1, column 14: unexpected token found, LITERAL : \"x\"; Expected identifier!"},
		{"CREATE INDEX ON T x", 432, "Parser Error: at line 1, column 19: unexpected token found, IDENTIFIER : x; Expected parenthesis for keys"},
		{"CREATE INDEX T(x)", 432, "Parser Error: at line 1, column 14: unexpected token found, IDENTIFIER : T; Expected ON"},
		{"SELECT * FROM T AS a JOIN T2 AS b WHERE a.x = 1", 432, "Parser Error: at line 1, column 35: malformed use of FROM with JOIN, KEYWORD : where; Expected 'ON'"},
		{"EXEC", 432, "Parser Error: at line 1, column 5: No stored procedure provided, EOF : EOF; No stored procedure provided"},
		{"EXEC p(1)", 432, "Parser Error: at line 1, column 7: unexpected token found, LEFT_PAREN : '('; Unexpected LEFT_PAREN found following stored procedure call"},
		{"SELECT 'abc", 432, "Lexer Error: at line 1, column 12: invalid character at, <EOF>"},
		{"SELECT x FROM a AS t, b AS u", 432, "Semantic Error: at line 1, column 8: No such variable named 'x'; No such variable named 'x'"},
		{"SELECT (SELECT c.x FROM T AS c) FROM T2 AS d", 432, "Semantic Error: at line 1, column 25: Global variable access is illegal in this context, variable name: 'T'; Global variable access is illegal in this context"},
		{"SELECT * FROM T, T", 432, "Semantic Error: at line 1, column 18: A variable named 'T' was already defined in this scope; A variable named 'T' was already defined in this scope"},
		{"SELECT foo(1) FROM T", 432, "Evaluator Error: at line 1, column 8: No such function: foo ; No such function: foo"},
		{"SELECT 1 + 'a' FROM T", 432, `Evaluator Error: at line 1, column 10: Expected number: "a"`},
		{"SELECT a FROM T LIMIT 5", 432, "Semantic Error: at line 1, column 17: Feature 'LIMIT' not implemented yet; Feature not implemented yet"},
		{"SELECT a FROM T GROUP BY a", 432, "Semantic Error: at line <UNKNOWN>, column <UNKNOWN>: Feature 'GROUP BY' not implemented yet; Feature not implemented yet"},
		{"SELECT a FROM T WHERE a = ? AND b = ?", 400, "Query expects 2 parameters, but statement has 0"},
		{"CREATE TABLE T", 412, "Table with name: USER.T already exists"},
		{"T", 432, "Unsupported PartiQL Statement, Errors at:\nline 1, column 1"},
		{"\n 1 + 1", 432, "Unsupported PartiQL Statement, Errors at:\nline 2, column 2"},
		{"SELECT * FROM T\nWHERE a = 1\nAND", 432, "Parser Error: at line 3, column 1: expected expression, OPERATOR : and; Missing right-hand side expression of infix operator"},
		{"SELECT *\nFROM T\r\nWHERE a ==", 432, "Parser Error: at line 3, column 10: unexpected operator, OPERATOR : '='; Unexpected operator"},
	}
	for _, tt := range tests {
		_, err := m.run(context.Background(), tt.text)
		var e *partiql.Error
		switch {
		case !errors.As(err, &e):
			t.Errorf("%s\n gives %v, not an *Error", tt.text, err)
		case e.Error() != tt.want:
			t.Errorf("%s\n got %s\nwant %s", tt.text, e, tt.want)
		case e.Code != tt.code:
			t.Errorf("%s\n has code %d, want %d", tt.text, e.Code, tt.code)
		}
	}
}

// TestParameterCount holds the one text that QLDB has for it: never a singular.
func TestParameterCount(t *testing.T) {
	m := newMemory()
	one := ion.NewInt(1)
	tests := []struct {
		text   string
		params []ion.Value
		want   string
	}{
		{"SELECT ? FROM <<0>>", []ion.Value{one, one}, "Query expects 1 parameters, but statement has 2"},
		{"SELECT ?, ?, ?, ? FROM <<0>>", []ion.Value{one}, "Query expects 4 parameters, but statement has 1"},
		{"SELECT 1 FROM <<0>>", []ion.Value{one}, "Query expects 0 parameters, but statement has 1"},
	}
	for _, tt := range tests {
		if _, err := m.run(context.Background(), tt.text, tt.params...); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestAccessDenied(t *testing.T) {
	m := newMemory()
	_, err := m.runWith(context.Background(), partiql.Options{Standard: true}, partiql.Limits{}, "SELECT * FROM Nope")
	const want = "Access denied. Unable to run the statement due to insufficient permissions or an improper variable reference"
	if err == nil || err.Error() != want || !errors.Is(err, partiql.ErrAccessDenied) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestBounds holds that what is too large or too deep ends soon and says why.
func TestBounds(t *testing.T) {
	m := newMemory()
	deep := func(open, end string, n int) string {
		return "SELECT VALUE " + strings.Repeat(open, n) + "1" + strings.Repeat(end, n) + " FROM <<0>>"
	}
	tests := []struct{ name, text, want string }{
		{"parentheses", deep("(", ")", 49_900), "nested deeper than 500 levels"},
		{"100,000 parentheses", deep("(", ")", 100_000), "nested deeper than 500 levels"},
		{"lists", deep("[", "]", 40_000), "nested deeper than 500 levels"},
		{"structs", deep("{'a':", "}", 15_000), "nested deeper than 500 levels"},
		{"signs", deep("- ", "", 40_000), "nested deeper than 500 levels"},
		{"not", deep("NOT ", "", 20_000), "nested deeper than 500 levels"},
		{"a chain", deep("1 + ", "", 20_000), "nested deeper than 500 levels"},
		{"in", deep("1 IN ((", "))", 10_000), "nested deeper than 500 levels"},
		{"nested queries", "SELECT VALUE " + strings.Repeat("(SELECT VALUE ", 3000) + "1" + strings.Repeat(" FROM <<0>>)", 3000) + " FROM <<0>>", "nested deeper than 500 levels"},
		{"a long string", "SELECT '" + strings.Repeat("é", 99_000) + "' FROM <<0>>", ""},
		{"too long", "SELECT '" + strings.Repeat("é", 4<<20) + "' FROM <<0>>", "a statement may have at most 4194304"},
		{"a long chain of OR", "SELECT 1 FROM <<0>> WHERE " + strings.Repeat("1 = 2 OR ", 10_000) + "1 = 1", ""},
		{"a long list", "SELECT 1 FROM <<0>> WHERE 5 IN (" + strings.Repeat("1, ", 30_000) + "5)", ""},
		{"a long path", "SELECT x" + strings.Repeat(".a", 40_000) + " FROM <<0>> AS x", ""},
		{"many sources", "SELECT COUNT(*) FROM <<1>> AS a" + strings.Repeat(", <<1>>", 3000), ""},
		{"deep Ion", "SELECT `" + strings.Repeat("[", 40_000) + strings.Repeat("]", 40_000) + "` FROM <<0>>", "invalid ion literal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := m.run(context.Background(), tt.text)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("%.200v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %.200v, want %s", err, tt.want)
			}
		})
	}
}

// TestLargeDocument takes a document of 128 KB through every stage.
func TestLargeDocument(t *testing.T) {
	ctx := context.Background()
	m := newMemory()
	big := ion.NewString(strings.Repeat("x", 128<<10))
	for _, s := range []string{"CREATE TABLE T", "INSERT INTO T VALUE {'a': 1, 'b': ?}", "UPDATE T SET c = ? WHERE b = ?"} {
		params := []ion.Value{big, big}[:strings.Count(s, "?")]
		if _, err := m.run(ctx, s, params...); err != nil {
			t.Fatal(s, err)
		}
	}
	res, err := m.run(ctx, "SELECT VALUE CHAR_LENGTH(b || c) FROM T WHERE b LIKE '%xx%y%' OR b LIKE '%x'")
	if err != nil || len(res.rows) != 1 {
		t.Fatal(res, err)
	}
	if n, _ := res.rows[0].Int64(); n != 256<<10 {
		t.Errorf("length %d", n)
	}
}

func TestMemoryLimit(t *testing.T) {
	m := newMemory()
	text := "SELECT SIZE((SELECT a, b FROM ? AS a, ? AS b)) FROM <<0>>"
	var w ion.Writer
	w.BeginList()
	for i := range 2000 {
		w.Int(int64(i))
	}
	w.End()
	list, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.runWith(context.Background(), partiql.Options{}, partiql.Limits{Bytes: 1 << 20}, text, list, list)
	if !errors.Is(err, partiql.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// stopper is a source whose scan never ends by itself.
type stopper struct {
	*memory
	cancel context.CancelFunc
	n      int
}

func (s *stopper) Scan(_ context.Context, _ *partiql.TableInfo, _ partiql.View, yield func(*partiql.Row) error) error {
	row := partiql.Row{Value: ion.NewInt(1)}
	for {
		if s.n++; s.n == 10_000 {
			s.cancel()
		}
		if err := yield(&row); err != nil {
			return err
		}
	}
}

func TestCancel(t *testing.T) {
	m := newMemory()
	if _, err := m.run(context.Background(), "CREATE TABLE T"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"SELECT COUNT(*) FROM T", "DELETE FROM T", "SELECT COUNT(*) FROM T AS a, T AS b",
		"SELECT (SELECT x FROM <<1,2>> AS x) FROM T AS t WHERE FALSE"} {
		stmt, err := partiql.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := partiql.Prepare(stmt, m, partiql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		src := &stopper{memory: m, cancel: cancel}
		rows, err := plan.Run(ctx, src, m, nil, partiql.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		err = rows.Each(func(partiql.Result) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", text, err)
		}
		if src.n > 11_000 {
			t.Errorf("%s: stopped after %d rows", text, src.n)
		}
	}
}

// TestDeepValues nests parameters of the greatest depth into further containers.
func TestDeepValues(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE T", "INSERT INTO T {'a': 1}")
	deep, err := ion.ParseText(strings.Repeat("[", ion.MaxDepth) + strings.Repeat("]", ion.MaxDepth))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"SELECT VALUE [?] FROM <<0>>", "SELECT ? AS a FROM <<0>>", "SELECT VALUE {'a': {'b': ?}} FROM <<0>>",
		"UPDATE T SET a = ?", "UPDATE T SET a = [?]", "INSERT INTO T {'a': ?}"} {
		_, err := m.run(context.Background(), text, deep)
		var e *partiql.Error
		if !errors.As(err, &e) || !errors.Is(err, partiql.ErrTooLarge) {
			t.Errorf("%s: %v", text, err)
		}
	}
	must(t, m, "SELECT * FROM T ==> {a:1}")
}

// TestLargeConstants holds that constants may be as large as other values: they
// are computed when the statement is prepared, before any run.
func TestLargeConstants(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE T")
	half, whole := strings.Repeat("x", 600<<10), strings.Repeat("x", 1200<<10)
	for _, text := range []string{
		"SELECT VALUE '" + half + "' || '" + half + "' FROM <<0>>",
		"SELECT VALUE {'a': '" + whole + "'}.a FROM <<0>>",
		"SELECT VALUE (['" + whole + "'])[0] FROM <<0>>",
		"INSERT INTO T VALUE {'a': '" + whole + "'}",
		"SELECT VALUE a FROM T",
	} {
		res, err := m.run(context.Background(), text)
		if err != nil || len(res.rows) != 1 {
			t.Fatalf("%.40s: %d rows, %v", text, len(res.rows), err)
		}
		if s, ok := res.rows[0].Text(); !strings.HasPrefix(text, "INSERT") && (!ok || s != whole) {
			t.Errorf("%.40s: gives %d bytes", text, len(s))
		}
	}
}

func TestLongConcatenation(t *testing.T) {
	m := newMemory()
	big := ion.NewString(strings.Repeat("x", 4<<20))
	params := make([]ion.Value, 8)
	for i := range params {
		params[i] = big
	}
	_, err := m.run(context.Background(), "SELECT "+strings.Repeat("? || ", 7)+"? FROM <<0>>", params...)
	if !errors.Is(err, partiql.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
