package partiql_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// seeds are the statements and expressions of the test data.
func seeds() []string {
	files, _ := filepath.Glob("testdata/*.txt")
	var out []string
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
