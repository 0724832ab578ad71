package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
)

// TestTableTags reads the tags that CREATE TABLE gives, and gives some that a
// table cannot have.
func TestTableTags(t *testing.T) {
	l, err := emulator.OpenMemory("tags", emulator.WithMode(emulator.Standard))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	create := func(tags string) (string, error) {
		rows, err := begin(t, l).try("CREATE TABLE T WITH (aws_tags = `" + tags + "`)")
		return fmt.Sprint(rows), err
	}
	for _, bad := range []string{
		"{a: 1}", "{a: {}}", "{a: [\"x\"]}", "{'': \"x\"}", "{" + strings.Repeat("k", 129) + ": \"x\"}", "{k: \"" + strings.Repeat("v", 257) + "\"}",
	} {
		if _, err := create(bad); err == nil || !strings.Contains(err.Error(), "Table tags: ") {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprintf("k%d: \"v\"", i))
	}
	if _, err := create("{" + strings.Join(many, ",") + "}"); err == nil || !strings.Contains(err.Error(), "at most 50 tags, there are 51") {
		t.Errorf("51 tags: %v", err)
	}
	x := begin(t, l)
	id := textAt(t, parse(t, x.q("CREATE TABLE T WITH (aws_tags = `{a: \"string\", 'b c': symbol, d: null}`)")[0]), "tableId")
	if tags, ok := l.TableTags(id); ok {
		t.Errorf("before the commit: %v", tags)
	}
	x.mustCommit()
	if tags, ok := l.TableTags(id); !ok || fmt.Sprint(tags) != "map[a:string b c:symbol d:]" {
		t.Errorf("tags %v, %t", tags, ok)
	}
	x = begin(t, l)
	x.q("DROP TABLE T")
	x.mustCommit()
	if tags, ok := l.TableTags(id); !ok || len(tags) != 3 {
		t.Errorf("of a dropped table: %v, %t", tags, ok)
	}
}
