package partiql_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// hardToFormat are statements whose canonical text has to keep parentheses or
// quotes that most others do without.
var hardToFormat = []string{
	"UPDATE T AS t SET t.a = (SELECT VALUE x FROM t.l AS x) WHERE t.b = 1",
	"UPDATE T AS t SET t.a = (SELECT VALUE x FROM t.l AS x), t.b = 1",
	"SELECT (SELECT VALUE 1 FROM <<0>>), 2 FROM <<0>>",
	"SELECT (SELECT VALUE 1 FROM <<0>>) AS a, 2 FROM <<0>>",
	"SELECT VALUE [(SELECT VALUE 1 FROM <<0>>), 2] FROM <<0>>",
	"SELECT VALUE <<(SELECT VALUE 1 FROM <<0>>), 2>> FROM <<0>>",
	"SELECT VALUE COALESCE((SELECT VALUE 1 FROM <<0>>), 2) FROM <<0>>",
	"SELECT 1 FROM <<0>> WHERE 1 IN ((SELECT VALUE 1 FROM <<0>>), 2)",
	"SELECT 1 FROM <<0>> WHERE 1 IN (SELECT VALUE 1 FROM <<0>>) AND EXISTS(SELECT 1 FROM <<0>> WHERE 1 = 1)",
	"SELECT 1 FROM <<0>> WHERE 1 IN [(SELECT VALUE 1 FROM <<0>>)]",
	"SELECT VALUE {'a': (SELECT VALUE 1 FROM <<0>>), 'b': 2} FROM <<0>>",
	"SELECT VALUE {(SELECT VALUE 'a' FROM <<0>>): 1} FROM <<0>>",
	"SELECT VALUE CAST((SELECT VALUE 1 FROM <<0>>) AS LIST) FROM <<0>>",
	"SELECT VALUE CASE (SELECT VALUE 1 FROM <<0>>) WHEN 1 THEN (SELECT VALUE 1 FROM <<0>>) ELSE 2 END FROM <<0>>",
	"SELECT VALUE SUBSTRING((SELECT VALUE 'a' FROM <<0>>), 1, 2) FROM <<0>>",
	"SELECT VALUE TRIM((SELECT VALUE 'a' FROM <<0>>) FROM (SELECT VALUE 'a' FROM <<0>>)) FROM <<0>>",
	"SELECT VALUE DATE_ADD(year, (SELECT VALUE 1 FROM <<0>>), `2020T`) FROM <<0>>",
	"SELECT COUNT((SELECT VALUE 1 FROM <<0>>)), a.l[(SELECT VALUE 1 FROM <<0>>)] FROM <<0>> AS a",
	"SELECT a FROM T UNION SELECT b FROM T UNION SELECT c FROM T",
	"SELECT a FROM T UNION (SELECT b FROM T UNION ALL SELECT c FROM T)",
	"INSERT INTO l VALUE (SELECT VALUE 1 FROM <<0>>) AT 0",
	"INSERT INTO T (SELECT VALUE 1 FROM <<0>>)",
	"INSERT INTO T SELECT VALUE 1 FROM <<0>>",
	"INSERT INTO T (a, b)",
	"INSERT INTO T ([a])",
	"INSERT INTO T ([])",
	"INSERT INTO T (a, b)[0]",
	"INSERT INTO T VALUE [a, b]",
	"INSERT INTO T (`{a:1}`, `{a:2}`)",
	"FROM T AS t WHERE t.a INSERT INTO t.l (1, 2)",
	"UPDATE T AS t INSERT INTO t.l (1, 2) WHERE t.a",
	"EXEC p SELECT VALUE 1 FROM <<0>> WHERE 1 = 1, (SELECT VALUE 1 FROM <<0>>), 2",
	"EXEC p SELECT VALUE 1 FROM <<0>> UNION SELECT VALUE 1 FROM <<0>>",
	"EXEC p 'a'.b, 1 .b, (-1).b, 1.5 .b, MISSING.b, `1`.b, (-1.5)[0]",
	`SELECT VALUE "count"(1) FROM <<0>>`,
	`SELECT VALUE "SUM"(DISTINCT_ROWS, "max"(), "avg"(1, 2)) FROM <<0>>`,
	`SELECT VALUE ["trim"(), "trim"(1), "trim"(1, 2), "trim"(1, 2, 3)] FROM <<0>>`,
	`SELECT VALUE ["extract"(), "extract"(1), "substring"(1), "substring"(1, 2, 3), "substring"(1, 2, 3, 4)] FROM <<0>>`,
	`SELECT VALUE ["cast"(1), "case"(1), "select"(1), "table"(1), "values"(1), "null"(1), "true"(1), "at"(1), "in"(1), "not"(1)] FROM <<0>>`,
	`SELECT VALUE ["exists"(1), "size"(1), "coalesce"(), "lower"(1), "txid"(), utcnow(), to_string(1, 'y'), "UNDROP"(1), "a b"(1)] FROM <<0>>`,
}

// seeds are the statements and expressions of the test data.
func seeds() []string {
	files, _ := filepath.Glob("testdata/*.txt")
	out := slices.Clone(hardToFormat)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		input := false
		expr := false
		for l := range strings.Lines(string(b)) {
			l = strings.TrimRight(l, "\n")
			switch {
			case l == "----" || l == "":
				input = false
			case input && expr:
				out = append(out, "SELECT VALUE "+l+" FROM <<0>>")
			case input:
				out = append(out, l)
			default:
				expr = strings.HasPrefix(l, "eval")
				input = expr || strings.HasPrefix(l, "run") || strings.HasPrefix(l, "parse")
			}
		}
	}
	return out
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// sameTree checks that the canonical text of a statement parses to its tree.
func sameTree(t fataler, text string) {
	t.Helper()
	stmt, err := partiql.Parse(text)
	if err != nil {
		return
	}
	canonical := partiql.Format(stmt)
	again, err := partiql.Parse(canonical)
	if err != nil {
		t.Fatalf("%q is formatted as %q, which does not parse: %v", text, canonical, err)
		return
	}
	if diff := cmp.Diff(stmt.Body, again.Body, treeOptions...); diff != "" {
		t.Fatalf("%q is formatted as %q, which is another tree:\n%s", text, canonical, diff)
	}
	if got := partiql.Format(again); got != canonical {
		t.Fatalf("%q is formatted as %q, and that as %q", text, canonical, got)
	}
}

// treeOptions compare trees without their positions.
var treeOptions = []cmp.Option{
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type() == reflect.TypeFor[partiql.Pos]() }, cmp.Ignore()),
	cmp.Comparer(ion.Identical),
}

func TestFormatKeepsTheTree(t *testing.T) {
	a, err1 := partiql.Parse("SELECT a FROM T")
	b, err2 := partiql.Parse("SELECT  A  FROM  T")
	if err1 != nil || err2 != nil || cmp.Diff(a.Body, b.Body, treeOptions...) == "" {
		t.Fatal("different trees are taken as equal", err1, err2)
	}
	n := 0
	for _, s := range hardToFormat {
		if _, err := partiql.Parse(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range seeds() {
		sameTree(t, s)
		n++
	}
	if n < 600 {
		t.Errorf("only %d statements", n)
	}
}

// FuzzParse holds that no text panics or hangs, and that the canonical text of a
// statement parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { sameTree(t, text) })
}
