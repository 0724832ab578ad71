package partiql_test

import (
	"bytes"
	"context"
	"fmt"
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
	"[1, 2]", "[1]", "{'x': 1}", "<<1>>", "`{{eA==}}`", "`ann::1`"})

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
	switch rapid.IntRange(0, 9).Draw(t, "condition") {
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

func genSelect(t *rapid.T) string {
	aliases := []string{"t"}
	from := "T AS t BY d"
	switch rapid.IntRange(0, 5).Draw(t, "from") {
	case 0:
		from, aliases = from+", S AS s", []string{"t", "s"}
	case 1:
		from, aliases = from+" JOIN S AS s ON "+genCondition(t, []string{"t", "s"}, 1), []string{"t", "s"}
	case 2:
		from, aliases = from+", t.l AS i, S AS s", []string{"t", "s"}
	case 3:
		from, aliases = "S AS s, T AS t BY d", []string{"t", "s"}
	}
	items := rapid.SampledFrom([]string{"*", "d, t.a", "t.a, t.b, t.c", "COUNT(*)", "VALUE t", "DISTINCT t.a",
		"SUM(t.a)", "AVG(t.b)", "MIN(t.a)", "MAX(t.b)", "DISTINCT t.b, t.c"}).Draw(t, "items")
	return "SELECT " + items + " FROM " + from + " WHERE " + genCondition(t, aliases, 2)
}

func genDML(t *rapid.T) string {
	where := genCondition(t, []string{"t"}, 2)
	switch rapid.IntRange(0, 4).Draw(t, "dml") {
	case 0:
		return "DELETE FROM T AS t WHERE " + where
	case 1:
		return "UPDATE T AS t REMOVE t.c WHERE " + where
	case 2:
		return "FROM T AS t, t.l AS i WHERE " + where + " SET i = t.a"
	}
	return "UPDATE T AS t SET t.a = " + genOperand(t, []string{"t"}, 1) + ", t.b = t.a WHERE " + where
}

// outcome is what a statement gave, in order.
func outcome(m *memory, text string) (rows []string, failed bool, err error) {
	res, err := m.run(context.Background(), text)
	for _, r := range res.rows {
		rows = append(rows, r.String())
	}
	return rows, err != nil, err
}

// TestIndexesDoNotMatter runs random statements on two ledgers with the same
// documents, one of which hides its indexes from the planner. Results, their
// order and failures have to agree.
func TestIndexesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		with, without := newMemory(), newMemory()
		without.noIndexes = true
		both := func(text string) {
			r1, failed1, err1 := outcome(with, text)
			r2, failed2, err2 := outcome(without, text)
			if failed1 != failed2 {
				t.Fatalf("%s\nwith indexes: %v\nwithout: %v", text, err1, err2)
			}
			if !failed1 && !slices.Equal(r1, r2) {
				t.Fatalf("%s\nwith indexes: %v\nwithout: %v\nlookups %v", text, r1, r2, with.lookups)
			}
		}
		for _, s := range []string{"CREATE TABLE T", "CREATE TABLE S", "CREATE INDEX ON T (a)", "CREATE INDEX ON T (b)", "CREATE INDEX ON S (a)"} {
			both(s)
		}
		for range rapid.IntRange(1, 6).Draw(t, "documents") {
			both("INSERT INTO T VALUE " + genDocument(t))
			both("INSERT INTO S VALUE " + genDocument(t))
		}
		for range 6 {
			if rapid.IntRange(0, 3).Draw(t, "write") == 0 {
				both(genDML(t))
			}
			both(genSelect(t))
		}
		both("SELECT * FROM T BY d")
	})
}

// TestFormatIsStable holds for generated statements that the canonical text
// parses to the same tree.
func TestFormatIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := genSelect(t)
		if rapid.Bool().Draw(t, "dml") {
			text = genDML(t)
		}
		sameTree(t, text)
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
		text := genSelect(t)
		r1, _, err1 := outcome(m, text)
		r2, _, err2 := outcome(m, text)
		if !slices.Equal(r1, r2) || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("%s gives %v %v, then %v %v", text, r1, err1, r2, err2)
		}
		_, _, _ = outcome(m, genDML(t))
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
