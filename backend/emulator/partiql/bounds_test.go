package partiql_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

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
