package partiql_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

const corpusFile = "../../../../shared/corpus/statements.tsv"

// corpusRow is one statement of the corpus with its tag.
type corpusRow struct{ id, text, tag string }

func readCorpus(t testing.TB) []corpusRow {
	b, err := os.ReadFile(corpusFile)
	if err != nil {
		t.Skip("the corpus of statements is not present beside the repository: ", err)
	}
	var rows []corpusRow
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 4 {
			continue
		}
		row := corpusRow{id: f[0], text: strings.ReplaceAll(f[2], `\n`, "\n")}
		if strings.HasPrefix(f[3], "[") {
			row.tag, _, _ = strings.Cut(f[3][1:], "]")
		}
		rows = append(rows, row)
	}
	if len(rows) < 200 {
		t.Fatalf("the corpus has only %d rows", len(rows))
	}
	return rows
}

// TestCorpus parses every statement that public applications sent to QLDB, and
// runs it against tables that it makes for it.
func TestCorpus(t *testing.T) {
	for _, row := range readCorpus(t) {
		t.Run(row.id, func(t *testing.T) {
			stmt, err := partiql.Parse(row.text)
			switch {
			case strings.HasPrefix(row.tag, "expect-parse-error"):
				var e *partiql.Error
				if !errors.As(err, &e) || e.Category != partiql.Parser {
					t.Errorf("%s\nparses, or fails as no parser error: %v", row.text, err)
				}
				return
			case err != nil:
				t.Fatalf("%s\n%v", row.text, err)
			}
			again, err := partiql.Parse(partiql.Format(stmt))
			if err != nil || partiql.Format(again) != partiql.Format(stmt) {
				t.Errorf("%s\nis formatted as %s, which gives %v", row.text, partiql.Format(stmt), err)
			}
			runCorpusRow(t, row, stmt)
		})
	}
}

func runCorpusRow(t *testing.T, row corpusRow, stmt *partiql.Statement) {
	ctx := context.Background()
	m := newMemory()
	var e *partiql.Error
	if !strings.HasPrefix(row.tag, "expect-error") {
		prepareTables(t, m, stmt)
	}
	_, err := m.run(ctx, row.text, paramsFor(t, stmt)...)
	switch _, dropIndex := stmt.Body.(*partiql.DropIndex); {
	case strings.HasPrefix(row.tag, "expect-error"):
		if want := strings.TrimPrefix(row.tag, "expect-error: "); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v, want %s", row.text, err, want)
		}
	case dropIndex:
		// The id is one of another ledger's indexes.
		if !errors.As(err, &e) || e.Code != partiql.CodeState {
			t.Errorf("%s\n%v", row.text, err)
		}
	case err != nil:
		t.Errorf("%s\n%v", row.text, err)
	}
}

// prepareTables makes the tables that a statement names, each with a document.
func prepareTables(t *testing.T, m *memory, stmt *partiql.Statement) {
	ctx := context.Background()
	names := map[string]bool{}
	add := func(e partiql.Expr) {
		switch e := e.(type) {
		case *partiql.Var:
			names[strings.TrimPrefix(e.Name, "_ql_committed_")] = !e.Lexical
		case *partiql.Call:
			if v, ok := e.Args[0].(*partiql.Var); ok {
				names[v.Name] = true
			} else if l, ok := e.Args[0].(*partiql.Literal); ok {
				id, _ := l.Value.Text()
				m.tables = append(m.tables, &memTable{TableInfo: partiql.TableInfo{ID: id, Name: "byId"}, dropped: true})
			}
		}
	}
	switch s := stmt.Body.(type) {
	case *partiql.Insert:
		add(s.Table.Root)
	case *partiql.DML:
		add(s.From[0].Expr)
	case *partiql.Select:
		for _, f := range s.From {
			add(f.Expr)
		}
	case *partiql.CreateIndex:
		names[s.Table.Name] = true
	case *partiql.DropIndex:
		names[s.Table.Name] = true
	case *partiql.DropTable:
		names[s.Name.Name] = true
	}
	for name, table := range names {
		if !table {
			continue
		}
		if _, err := m.run(ctx, `CREATE TABLE "`+name+`"`); err != nil {
			t.Fatal(err)
		}
		doc, err := ion.ParseText(`{id:1, user_id:1, balance:5.0, c:"x", k:"x", x:1, address:{city:"Leeds"}, hobbies:["a"], data:{x:1}, email:"e",
			Owners:{PrimaryOwner:{PersonId:"p"}, SecondaryOwners:[]}, VIN:"p", Status:{Type:"x"}, PendingPenaltyTicketAmount:90.25}`)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.run(ctx, `INSERT INTO "`+name+`" ?`, doc); err != nil {
			t.Fatal(err)
		}
	}
}

// paramsFor makes parameters that fit where they stand: documents, block
// addresses, numbers, or else strings.
func paramsFor(t *testing.T, stmt *partiql.Statement) []ion.Value {
	params := make([]ion.Value, stmt.Params)
	for i := range params {
		params[i] = ion.NewString("p")
	}
	parse := func(s string) ion.Value {
		v, err := ion.ParseText(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	set := func(e partiql.Node, v ion.Value) {
		if p, ok := e.(*partiql.Param); ok {
			params[p.Ordinal-1] = v
		}
	}
	doc := parse(`{id:"p", new:true}`)
	partiql.Walk(stmt.Body, func(n partiql.Node) bool {
		switch n := n.(type) {
		case *partiql.Insert:
			set(n.Value, doc)
			if s, ok := n.Value.(*partiql.Sequence); ok {
				for _, item := range s.Items {
					set(item, doc)
				}
			}
		case *partiql.DML:
			if op, ok := n.Op.(*partiql.SetFields); ok && n.From[0].As != nil {
				for _, a := range op.Assignments {
					if len(a.Target.Steps) == 0 && a.Target.Root.(*partiql.Var).Name == n.From[0].As.Name {
						set(a.Value, doc)
					}
				}
			}
		case *partiql.Binary:
			if n.Op == "+" || n.Op == "-" {
				set(n.Right, ion.NewInt(1))
			}
		case *partiql.Exec:
			set(n.Args[0], parse(`{strandId:"s", sequenceNo:1}`))
		}
		return true
	})
	return params
}
