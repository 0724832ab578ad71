package partiql_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// TestData runs the files of testdata. Each line of a case is a statement or an
// expression and gives one line of output. Parameters stand behind %% as an Ion
// list. The commands are:
//
//	run [reads] [standard] [anycase] [codes]
//	                        executes statements; reads adds the read I/Os and
//	                        what the source was asked for, codes the code of
//	                        an error, anycase ignores the case of fields
//	statement               executes the whole case as one statement
//	eval                    evaluates expressions
//	parse                   parses and prints the canonical text
//	pairs op=…              applies an operator to each pair of values: T, F, N for
//	                        null or ! for an error, a line for each left side
//	order                   < = > by the total order of values for each pair
//	casts [types=(…)]       casts each value to each type
//	reset                   empties the ledger
//
// Add a case to a file and run the test with -rewrite.
func TestData(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	cases := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			m := newMemory()
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				out, n := command(t, &m, d)
				cases += n
				return out
			})
		})
	}
	t.Logf("%d cases", cases)
	if !t.Failed() && cases < 600 && len(files) > 5 {
		t.Errorf("%d cases are fewer than 600", cases)
	}
}

func command(t *testing.T, m **memory, d *datadriven.TestData) (string, int) {
	lines := strings.Split(strings.TrimSpace(d.Input), "\n")
	var one func(string) string
	switch d.Cmd {
	case "reset":
		*m = newMemory()
		return "", 0
	case "run", "statement":
		one = func(s string) string { return show(*m, s, d) }
		if d.Cmd == "statement" {
			return one(d.Input), 1
		}
	case "eval":
		one = func(s string) string {
			expr, params, _ := strings.Cut(s, "%%")
			if params != "" {
				params = "%%" + params
			}
			return show(*m, "SELECT VALUE "+expr+" FROM <<0>> "+params, d)
		}
	case "parse":
		one = showParse
	case "pairs":
		return pairs(*m, d, lines), len(lines) * len(lines)
	case "order":
		return order(*m, d, lines), len(lines) * len(lines)
	case "casts":
		types := castTypes
		for _, a := range d.CmdArgs {
			if a.Key == "types" {
				types = a.Vals
			}
		}
		return casts(*m, d, lines, types), len(lines) * len(types)
	default:
		t.Fatalf("%s: no such command: %s", d.Pos, d.Cmd)
	}
	var out strings.Builder
	for _, l := range lines {
		out.WriteString(one(l) + "\n")
	}
	return out.String(), len(lines)
}

func showParse(s string) string {
	stmt, err := partiql.Parse(s)
	if err != nil {
		return "! " + strings.ReplaceAll(err.Error(), "\n", "\\n")
	}
	return partiql.Format(stmt)
}

// show executes a statement and prints its rows in one line.
func show(m *memory, s string, d *datadriven.TestData) string {
	text, list, found := strings.Cut(s, "%%")
	var params []ion.Value
	if found {
		text = strings.TrimRight(text, " ")
		v, err := ion.ParseText(list)
		if err != nil {
			return "bad parameters: " + err.Error()
		}
		for e := range v.Elements() {
			params = append(params, e.Clone())
		}
	}
	res, err := m.runWith(context.Background(), partiql.Options{Standard: d.HasArg("standard"), IgnoreFieldCase: d.HasArg("anycase")}, partiql.Limits{}, text, params...)
	if err != nil {
		return "! " + code(err, d) + err.Error()
	}
	rows := make([]string, len(res.rows))
	for i, r := range res.rows {
		rows[i] = r.String()
	}
	out := strings.Join(rows, " ")
	if len(rows) == 0 {
		out = "(no rows)"
	}
	if d.HasArg("reads") {
		out += fmt.Sprintf("  [%d: %s]", res.ios, strings.Join(counted(m.lookups), ", "))
	}
	return out
}

// code is the code of an error where the case asks for it.
func code(err error, d *datadriven.TestData) string {
	var e *partiql.Error
	if !d.HasArg("codes") || !errors.As(err, &e) {
		return ""
	}
	return strconv.Itoa(e.Code) + " "
}

// pairs applies an operator to all pairs of the values.
func pairs(m *memory, d *datadriven.TestData, values []string) string {
	var op string
	for _, a := range d.CmdArgs {
		if a.Key == "op" {
			op = strings.Join(a.Vals, " ")
		}
	}
	var out strings.Builder
	for _, a := range values {
		for _, b := range values {
			s := show(m, "SELECT VALUE "+a+" "+op+" "+b+" FROM <<0>>", d)
			switch s {
			case "true":
				s = "T"
			case "false":
				s = "F"
			case "null":
				s = "N"
			default:
				s = s[:1]
			}
			out.WriteString(s)
		}
		out.WriteString("  " + a + "\n")
	}
	return out.String()
}

// order finds the total order of values with MIN, which keeps the first of two
// equal ones.
func order(m *memory, d *datadriven.TestData, values []string) string {
	least := func(a, b string) string { return show(m, "SELECT MIN(x) AS m FROM <<"+a+", "+b+">> AS x", d) }
	var out strings.Builder
	for _, a := range values {
		for _, b := range values {
			switch x, y := least(a, b), least(b, a); {
			case x != y || a == b:
				out.WriteByte('=')
			case x == least(a, a):
				out.WriteByte('<')
			default:
				out.WriteByte('>')
			}
		}
		out.WriteString("  " + a + "\n")
	}
	return out.String()
}

var castTypes = []string{"NULL", "MISSING", "BOOLEAN", "INTEGER", "FLOAT", "DECIMAL", "TIMESTAMP", "STRING", "SYMBOL", "CLOB", "BLOB",
	"LIST", "SEXP", "BAG", "STRUCT"}

// casts casts each value to each type; where that is another value, the result
// is shown with its type.
func casts(m *memory, d *datadriven.TestData, values, types []string) string {
	var out strings.Builder
	for _, v := range values {
		out.WriteString(v + "\n")
		for _, typ := range types {
			s := show(m, "SELECT CAST("+v+" AS "+typ+") AS r FROM <<0>>", d)
			s = strings.TrimPrefix(s, "! Evaluator Error: at line 1, column 8: ")
			out.WriteString("  " + typ + strings.Repeat(" ", max(1, 10-len(typ))) + s + "\n")
		}
	}
	return out.String()
}

// counted joins repetitions.
func counted(list []string) []string {
	var out []string
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && list[i+n] == list[i] {
			n++
		}
		out = append(out, list[i])
		if n > 1 {
			out[len(out)-1] += fmt.Sprintf(" ×%d", n)
		}
		i += n
	}
	return out
}
