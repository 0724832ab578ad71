package emulator_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// TestCorpus runs every statement that public applications sent to QLDB, on a
// ledger with the tables that it names.
func TestCorpus(t *testing.T) {
	b, err := os.ReadFile("../../../shared/corpus/statements.tsv")
	if err != nil {
		t.Skip("the corpus of statements is not present beside the repository: ", err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 4 {
			continue
		}
		n++
		t.Run(f[0], func(t *testing.T) { runCorpusRow(t, strings.ReplaceAll(f[2], `\n`, "\n"), f[3]) })
	}
	if n < 200 {
		t.Errorf("the corpus has only %d rows", n)
	}
}

func runCorpusRow(t *testing.T, text, source string) {
	mode := emulator.AllowAll
	if strings.Contains(text, "aws_tags") {
		mode = emulator.Standard
	}
	l := emulatortest.New(t, emulatortest.With(emulator.WithMode(mode)))
	stmt, err := partiql.Parse(text)
	if strings.HasPrefix(source, "[expect-parse-error") {
		if e := refused(t, l, text); e.Code != "432" || !strings.HasPrefix(e.Message, "Parser Error: ") {
			t.Errorf("%s\n%s %s, want a parser error", text, e.Code, e.Message)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	if want, ok := strings.CutPrefix(source, "[expect-error: "); ok {
		want, _, _ = strings.Cut(want, "]")
		if e := refused(t, l, text); !strings.Contains(e.Message, want) {
			t.Errorf("%s\n%s, want %s", text, e.Message, want)
		}
		return
	}
	foreign := prepareTables(t, l, stmt)
	params := make([]any, stmt.Params)
	for i, p := range paramsFor(t, stmt) {
		params[i] = p
	}
	if foreign == "" {
		l.Exec(t, text, params...)
		return
	}
	// It names something of another ledger by its id.
	if e := refused(t, l, text, params...); !errors.Is(e, ledger.ErrBadRequest) || !strings.Contains(e.Message, foreign) {
		t.Errorf("%s\n%s %s, want one that names %s", text, e.Code, e.Message, foreign)
	}
}

// prepareTables makes the tables that a statement names, each with a document. It
// returns the id that a statement names instead, if it does.
func prepareTables(t *testing.T, l *emulatortest.Ledger, stmt *partiql.Statement) (foreign string) {
	names := map[string]bool{}
	add := func(e partiql.Expr) {
		switch e := e.(type) {
		case *partiql.Var:
			names[strings.TrimPrefix(e.Name, "_ql_committed_")] = !e.Lexical
		case *partiql.Call:
			if v, ok := e.Args[0].(*partiql.Var); ok {
				names[v.Name] = true
			} else if l, ok := e.Args[0].(*partiql.Literal); ok {
				foreign, _ = l.Value.Text()
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
		names[s.Table.Name], foreign = true, s.ID.Name
	case *partiql.DropTable:
		names[s.Name.Name] = true
	case *partiql.UndropTable:
		foreign = s.ID.Name
	case *partiql.Exec:
		foreign = "Strand ID"
	}
	doc := parse(t, `{id:1, user_id:1, balance:5.0, c:"x", k:"x", x:1, address:{city:"Leeds"}, hobbies:["a"], data:{x:1}, email:"e",
		Owners:{PrimaryOwner:{PersonId:"p"}, SecondaryOwners:[]}, VIN:"p", Status:{Type:"x"}, PendingPenaltyTicketAmount:90.25}`)
	for name, table := range names {
		if table {
			l.Exec(t, `CREATE TABLE "`+name+`"`)
			l.Exec(t, `INSERT INTO "`+name+`" ?`, doc)
		}
	}
	return foreign
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
