package partiql_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
	"pgregory.net/rapid"
)

// Generators of statements over the tables T and S with the fields a, b, c and
// the nested n.x and l. Values are few, so that equalities hold often.

var genValue = rapid.SampledFrom([]string{"1", "2", "1.0", "`1e0`", "'x'", "`x`", "'y'", "NULL", "MISSING", "`null.int`", "true", "`2020T`",
	"`$0`", "''", "[1, 2]", "[1]", "{'x': 1}", "<<1>>", "`{{eA==}}`", "`ann::1`"})

func genDocument(t *rapid.T) string {
	var fields []string
	for _, f := range []string{"a", "b", "c"} {
		if rapid.IntRange(0, 9).Draw(t, "has") < 8 {
			fields = append(fields, fmt.Sprintf("'%s': %s", f, genValue.Draw(t, f)))
		}
	}
	fields = append(fields, fmt.Sprintf("'n': {'x': %s}", genValue.Draw(t, "n")))
	fields = append(fields, fmt.Sprintf("'l': [%s, %s]", genValue.Draw(t, "l0"), genValue.Draw(t, "l1")))
	return "{" + strings.Join(fields, ", ") + "}"
}

// genOperand is an expression over an alias.
func genOperand(t *rapid.T, aliases []string, depth int) string {
	alias := rapid.SampledFrom(aliases).Draw(t, "alias")
	switch rapid.IntRange(0, 9).Draw(t, "operand") {
	case 0, 1, 2, 3:
		return alias + "." + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "field")
	case 4:
		return alias + ".n.x"
	case 5:
		return alias + ".l[0]"
	case 6:
		if depth > 0 {
			op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%", "||"}).Draw(t, "op")
			return "(" + genOperand(t, aliases, depth-1) + " " + op + " " + genOperand(t, aliases, depth-1) + ")"
		}
	}
	return genValue.Draw(t, "value")
}

func genCondition(t *rapid.T, aliases []string, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0, 1, 2:
			return genCondition(t, aliases, depth-1) + " AND " + genCondition(t, aliases, depth-1)
		case 3:
			return "(" + genCondition(t, aliases, depth-1) + " OR " + genCondition(t, aliases, depth-1) + ")"
		case 4:
			return "NOT (" + genCondition(t, aliases, depth-1) + ")"
		}
	}
	left := genOperand(t, aliases, 1)
	switch rapid.IntRange(0, 12).Draw(t, "condition") {
	case 10, 11, 12: // what an index serves
		field := rapid.SampledFrom(aliases).Draw(t, "alias") + "." + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "field")
		return field + " IN (" + strings.Join(rapid.SliceOfN(genValue, 2, 4).Draw(t, "list"), ", ") + ")"
	case 0, 1, 2, 3, 4:
		return left + " = " + genOperand(t, aliases, 1)
	case 5:
		return left + " IN (" + genOperand(t, aliases, 0) + ", " + genOperand(t, aliases, 0) + ", " + genOperand(t, aliases, 0) + ")"
	case 6:
		return left + " IS " + rapid.SampledFrom([]string{"NULL", "MISSING", "NOT NULL", "INTEGER"}).Draw(t, "is")
	case 7:
		return left + rapid.SampledFrom([]string{" < ", " >= ", " <> "}).Draw(t, "order") + genOperand(t, aliases, 1)
	case 8:
		return left + " LIKE 'x%'"
	}
	return left + " BETWEEN " + genOperand(t, aliases, 0) + " AND " + genOperand(t, aliases, 0)
}

// statement is a generated statement. Conditions on document ids stand in it
// between ⟦ and ⟧, so that they can be written in two ways.
type statement string

var idCondition = regexp.MustCompile(`⟦(\S+) (=|IN) ([^⟧]*)⟧`)

// text is the statement with conditions that are document-id lookups.
func (s statement) text() string {
	return idCondition.ReplaceAllStringFunc(string(s), func(c string) string {
		p := idCondition.FindStringSubmatch(c)
		if p[2] == "IN" {
			return "    (" + p[1] + "     IN " + p[3] + ")"
		}
		return "    (" + p[1] + "  = " + p[3] + ")"
	})
}

// scanning is the statement with conditions that mean the same, fail as little and
// are as long, but are no lookups.
func (s statement) scanning() string {
	return idCondition.ReplaceAllStringFunc(string(s), func(c string) string {
		p := idCondition.FindStringSubmatch(c)
		if p[2] == "IN" {
			return "NOT (" + p[1] + " NOT IN " + p[3] + ")"
		}
		return "NOT (" + p[1] + " <> " + p[3] + ")"
	})
}

// memoryIDs are the ids that documents of TestIndexesDoNotMatter may have.
var memoryIDs = func() (ids []string) {
	for n := 4; n < 18; n++ {
		ids = append(ids, fmt.Sprintf("%022d", n))
	}
	return ids
}()

// genWhere is a condition, in half of the cases with one on the document's id.
func genWhere(t *rapid.T, aliases []string, id string, ids []string) string {
	where := genCondition(t, aliases, 2)
	quoted := func() string { return "'" + rapid.SampledFrom(ids).Draw(t, "id") + "'" }
	switch rapid.IntRange(0, 5).Draw(t, "ids") {
	case 0:
		return "⟦" + id + " = " + quoted() + "⟧ AND " + where
	case 1:
		return where + " AND ⟦" + id + " IN (" + quoted() + ", " + quoted() + ", " + quoted() + ")⟧"
	case 2:
		return "(" + where + " OR ⟦" + id + " = " + quoted() + "⟧)"
	}
	return where
}

func genSelect(t *rapid.T, ids []string) statement {
	// What the fields of T's documents and their ids are called.
	fields, id, aliases := "t", "d", []string{"t", "s"}
	from := ""
	switch rapid.IntRange(0, 9).Draw(t, "from") {
	case 0:
		from = "T AS t BY d, S AS s"
	case 1:
		from = "T AS t BY d JOIN S AS s ON " + genCondition(t, aliases, 1)
	case 2:
		from = "T AS t BY d, t.l AS i, S AS s"
	case 3:
		from = "S AS s, T AS t BY d"
	case 4:
		from, fields, aliases = "_ql_committed_T AS t BY d", "t.data", []string{"t.data"}
	case 5:
		from, fields, id, aliases = "S AS s, _ql_committed_T AS t", "t.data", "t.metadata.id", []string{"t.data", "s"}
	case 6:
		from, fields, id, aliases = "history(T) AS t", "t.data", "t.metadata.id", []string{"t.data"}
	case 7:
		aliases = append(aliases, "u")
		from = "T AS t BY d, S AS s, T AS u"
	case 8:
		aliases = append(aliases, "u")
		from = "S AS s, _ql_committed_T AS c, T AS u JOIN T AS t BY d ON " + genCondition(t, append(aliases, "c.data"), 1)
	default:
		from, aliases = "T AS t BY d", []string{"t"}
	}
	items := rapid.SampledFrom([]string{"*", "#, @.a", "@.a, @.b, @.c", "COUNT(*)", "VALUE t", "DISTINCT @.a",
		"SUM(@.a)", "AVG(@.b)", "MIN(@.a)", "MAX(@.b)", "DISTINCT @.b, @.c"}).Draw(t, "items")
	items = strings.NewReplacer("@", fields, "#", id).Replace(items)
	return statement("SELECT " + items + " FROM " + from + " WHERE " + genWhere(t, aliases, id, ids))
}

func genDML(t *rapid.T, ids []string) statement {
	where := genWhere(t, []string{"t"}, "d", ids)
	switch rapid.IntRange(0, 4).Draw(t, "dml") {
	case 0:
		return statement("DELETE FROM T AS t BY d WHERE " + where)
	case 1:
		return statement("UPDATE T AS t BY d REMOVE t.c WHERE " + where)
	case 2:
		return statement("FROM T AS t BY d, t.l AS i WHERE " + where + " SET i = t.a")
	}
	return statement("UPDATE T AS t BY d SET t.a = " + genOperand(t, []string{"t"}, 1) + ", t.b = t.a WHERE " + where)
}

// outcome is what a statement gave: its rows in order, or its error.
func outcome(m *memory, text string) []string {
	res, err := m.run(context.Background(), text)
	if err != nil {
		return []string{"! " + err.Error()}
	}
	var rows []string
	for _, r := range res.rows {
		rows = append(rows, r.String())
	}
	return rows
}

// alike runs random statements on two ledgers with the same documents, and fails
// where they answer otherwise. The first has indexes and looks documents up by id,
// the second scans. Rows, their order and errors with their places have to be the
// same: conditions that can fail are tested on the same rows in the same order.
func alike(t *rapid.T, lookups, scans func(string) []string, ids func() []string) {
	both := func(s statement) []string {
		r1, r2 := lookups(s.text()), scans(s.scanning())
		if !slices.Equal(r1, r2) {
			t.Fatalf("%s\nwith lookups: %v\nby scans: %v", s.text(), r1, r2)
		}
		return r1
	}
	for range rapid.IntRange(1, 6).Draw(t, "documents") {
		both(statement("INSERT INTO T VALUE " + genDocument(t)))
		both(statement("INSERT INTO S VALUE " + genDocument(t)))
	}
	known := ids()
	for range 6 {
		if rapid.IntRange(0, 3).Draw(t, "write") == 0 {
			both(genDML(t, known))
		}
		both(genSelect(t, known))
	}
	both("SELECT * FROM T BY d")
}

// TestIndexesDoNotMatter hides the indexes of a ledger from the planner.
func TestIndexesDoNotMatter(t *testing.T) {
	asked := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		with, without := newMemory(), newMemory()
		without.noIndexes = true
		for _, s := range []string{"CREATE TABLE T", "CREATE TABLE S", "CREATE INDEX ON T (a)", "CREATE INDEX ON T (b)", "CREATE INDEX ON S (a)"} {
			outcome(with, s)
			outcome(without, s)
		}
		alike(t, func(s string) []string {
			rows := outcome(with, s)
			for _, l := range with.lookups {
				asked[l] = true
			}
			return rows
		}, func(s string) []string {
			rows := outcome(without, s)
			if i := slices.IndexFunc(without.lookups, func(l string) bool { return !strings.HasPrefix(l, "scan ") && l != "history T" }); i >= 0 {
				t.Fatalf("%s: %s", s, without.lookups[i])
			}
			return rows
		}, func() []string { return memoryIDs })
	})
	for _, l := range []string{"index T.a", "index T.b", "index S.a", "id T", "history by id T"} {
		if !asked[l] {
			t.Errorf("no statement asked for %s", l)
		}
	}
}

// TestFormatIsStable holds for generated statements that the canonical text
// parses to the same tree.
func TestFormatIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSelect(t, memoryIDs)
		if rapid.Bool().Draw(t, "dml") {
			s = genDML(t, memoryIDs)
		}
		sameTree(t, s.text())
		sameTree(t, s.scanning())
	})
}

// FuzzEval evaluates statements that the fuzzer's bytes generate; nothing may
// panic or hang, with the same outcome each time.
func FuzzEval(f *testing.F) {
	for n := range 8 {
		f.Add(bytes.Repeat([]byte{byte(n * 37), 11, 200, byte(n)}, 200))
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		m := newMemory()
		for _, s := range []string{"CREATE TABLE T", "CREATE TABLE S", "CREATE INDEX ON T (a)", "INSERT INTO T VALUE " + genDocument(t), "INSERT INTO S VALUE " + genDocument(t)} {
			if _, err := m.run(context.Background(), s); err != nil {
				t.Fatal(s, err)
			}
		}
		text := genSelect(t, memoryIDs).text()
		if r1, r2 := outcome(m, text), outcome(m, text); !slices.Equal(r1, r2) {
			t.Fatalf("%s gives %v, then %v", text, r1, r2)
		}
		_ = outcome(m, genDML(t, memoryIDs).text())
	}))
}

// FuzzStatement evaluates arbitrary text over small tables.
func FuzzStatement(f *testing.F) {
	for _, row := range seeds() {
		f.Add(row)
	}
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, text string) {
		stmt, err := partiql.Parse(text)
		if err != nil || stmt.Params > 100 {
			return
		}
		m := newMemory()
		for _, s := range []string{"CREATE TABLE T", "INSERT INTO T << {'a': 1, 'l': [1, {'x': 2}]}, {'a': 'x'} >>"} {
			if _, err := m.run(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		params := make([]ion.Value, stmt.Params)
		for i := range params {
			params[i] = ion.NewInt(int64(i))
		}
		_, _ = m.runWith(ctx, partiql.Options{}, partiql.Limits{Bytes: 1 << 16}, text, params...)
	})
}
