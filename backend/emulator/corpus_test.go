package emulator_test

import (
	"errors"
	"os"
	"regexp"
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
		corpusAnswer(t, stmt, l.Exec(t, text, params...))
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
	doc := parse(t, corpusDocument)
	for name, table := range names {
		if table {
			l.Exec(t, `CREATE TABLE "`+name+`"`)
			l.Exec(t, `INSERT INTO "`+name+`" ?`, doc)
		}
	}
	return foreign
}

// corpusDocument is what each table holds one of.
const corpusDocument = `{id:1, user_id:1, balance:5.0, c:"x", k:"x", x:1, address:{city:"Leeds"}, hobbies:["a"], data:{x:1}, email:"e",
		Owners:{PrimaryOwner:{PersonId:"p"}, SecondaryOwners:[]}, VIN:"p", Status:{Type:"x"}, PendingPenaltyTicketAmount:90.25}`

var (
	documentRow = regexp.MustCompile(`^\{documentId:"[0-9A-Za-z]{22}"\}$`)
	tableRow    = regexp.MustCompile(`^\{tableId:"[0-9A-Za-z]{22}"\}$`)
)

// corpusAnswer checks what is known of a statement's rows whatever its parameters
// are. Each table has one document, so without a condition a table, and a join of
// tables, has one row.
func corpusAnswer(t *testing.T, stmt *partiql.Statement, rows []string) {
	least, most, like := 1, 1, (*regexp.Regexp)(nil)
	switch s := stmt.Body.(type) {
	case *partiql.Insert:
		like = documentRow
		if list, ok := s.Value.(*partiql.Sequence); ok && !s.Single {
			least, most = len(list.Items), len(list.Items)
		}
	case *partiql.DML:
		like = documentRow
		if s.Where != nil || len(s.From) > 1 {
			least = 0
		}
	case *partiql.Select:
		conditions := s.Where != nil
		for _, f := range s.From {
			_, table := f.Expr.(*partiql.Var)
			conditions = conditions || f.On != nil || !table
		}
		switch text := partiql.Format(stmt); {
		case strings.HasPrefix(text, "SELECT COUNT(*) FROM"):
			like = regexp.MustCompile(`^\{_1:[01]\}$`)
			if !conditions {
				like = regexp.MustCompile(`^\{_1:1\}$`)
			}
		case conditions:
			least, most = 0, len(rows)
		case regexp.MustCompile(`^SELECT \* FROM [A-Za-z]\w*( AS \w+)?$`).MatchString(text):
			like = regexp.MustCompile("^" + regexp.QuoteMeta(parse(t, corpusDocument).String()) + "$")
		}
	default:
		like = tableRow
	}
	if len(rows) < least || len(rows) > most {
		t.Errorf("%s\n%d rows, want %d to %d: %v", partiql.Format(stmt), len(rows), least, most, rows)
	}
	for _, r := range rows {
		if like != nil && !like.MatchString(r) {
			t.Errorf("%s\nthe row %s, want one like %s", partiql.Format(stmt), r, like)
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
