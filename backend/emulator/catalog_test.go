package emulator_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
)

// TestDropUndrop: a dropped table keeps documents, history, indexes and id, its
// name is free; undrop brings it back unless the name is taken.
func TestDropUndrop(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T {'k': 1}")
	id := tableID(t, l, "T")
	equalRows(t, l.Exec(t, "DROP TABLE T"), fmt.Sprintf("{tableId:%q}", id))
	_, err := begin(t, l.Ledger).try("SELECT * FROM T")
	isError(t, err, badRequest, "432", "Semantic Error: at line 1, column 15: No such variable named 'T'; No such variable named 'T'")
	equalRows(t, l.Exec(t, "SELECT VALUE data.k FROM history('"+id+"')"), "1")
	l.Exec(t, "CREATE TABLE T")
	if tableID(t, l, "T") == id {
		t.Error("the new table has the id of the old one")
	}
	_, err = begin(t, l.Ledger).try(`UNDROP TABLE "` + id + `"`)
	isError(t, err, badRequest, "412", "Table with name: USER.T already exists")
	l.Exec(t, "DROP TABLE T")
	l.Exec(t, `UNDROP TABLE "`+id+`"`)
	l.Exec(t, "INSERT INTO T {'k': 1}")
	equalRows(t, l.Exec(t, "SELECT k FROM T WHERE k = 1"), "{k:1}", "{k:1}")
	rows := l.Exec(t, "SELECT name, status FROM information_schema.user_tables")
	equalRows(t, rows, `{name:"T",status:"ACTIVE"}`, `{name:"T",status:"INACTIVE"}`)
	names, err := l.TableNames(t.Context())
	if err != nil || fmt.Sprint(names) != "[T]" {
		t.Errorf("table names are %v, %v", names, err)
	}
}

// TestTableNames that are valid and not.
func TestTableNames(t *testing.T) {
	l := emulatortest.New(t)
	for _, good := range []string{"a", "_", "A1", "Order_Items", strings.Repeat("x", 128)} {
		l.Exec(t, "CREATE TABLE "+good)
	}
	for _, bad := range []string{`"1a"`, `"a b"`, `"a-b"`, `"ä"`, strings.Repeat("x", 129), `""`} {
		if _, err := begin(t, l.Ledger).try("CREATE TABLE " + bad); err == nil {
			t.Errorf("a table can have the name %s", bad)
		}
	}
	l.Exec(t, "CREATE TABLE order_items") // names differ by case
}

// TestIndexFieldNames have a length in characters, not bytes.
func TestIndexFieldNames(t *testing.T) {
	l := withTable(t)
	long := strings.Repeat("ä", 128)
	l.Exec(t, `CREATE INDEX ON T ("`+long+`")`)
	l.Exec(t, `INSERT INTO T {'`+long+`': 1}`)
	equalRows(t, l.Exec(t, `SELECT VALUE t."`+long+`" FROM T AS t WHERE t."`+long+`" = 1`), "1")
	if _, err := begin(t, l.Ledger).try(`CREATE INDEX ON T ("` + long + `ä")`); err == nil {
		t.Error("an indexed field can have a name of 129 characters")
	}
}

// TestIndexOnExistingData finds what a scan finds, in the same transaction too.
func TestIndexOnExistingData(t *testing.T) {
	values := []string{"1", "1.0", "1e0", "\"1\"", "'1'", "null", "null.int", "true", "[1]", "{a:1}", "2020T", "{{AQ==}}", "a::1", "-0.", "0"}
	fill := func(t *testing.T) *emulatortest.Ledger {
		l := emulatortest.New(t)
		l.Exec(t, "CREATE TABLE T")
		for _, v := range values {
			l.Exec(t, "INSERT INTO T {'k': ?, 'n': 0}", parse(t, v))
		}
		l.Exec(t, "INSERT INTO T {'n': 0}")
		return l
	}
	for name, statements := range map[string][]string{
		"index alone":                     {"CREATE INDEX ON T (k)"},
		"then an update of all":           {"CREATE INDEX ON T (k)", "UPDATE T SET n = 1"},
		"after an update of all":          {"UPDATE T SET n = 1", "CREATE INDEX ON T (k)"},
		"after an insert":                 {"INSERT INTO T {'k': 1, 'n': 0}", "CREATE INDEX ON T (k)"},
		"then a deletion":                 {"CREATE INDEX ON T (k)", "DELETE FROM T WHERE k = true"},
		"dropped and undropped":           {"DROP TABLE T", "UNDROP TABLE \"ID\"", "CREATE INDEX ON T (k)"},
		"two indexes":                     {"CREATE INDEX ON T (k)", "CREATE INDEX ON T (n)"},
		"then keys that move":             {"CREATE INDEX ON T (k)", "UPDATE T SET k = 7 WHERE k = 1"},
		"before a statement that fails":   {"CREATE INDEX ON T (k)", "CREATE INDEX ON T (k)"},
		"with an insert between the two ": {"CREATE INDEX ON T (n)", "INSERT INTO T {'k': 1}", "CREATE INDEX ON T (k)"},
	} {
		t.Run(name, func(t *testing.T) {
			l := fill(t)
			x := begin(t, l.Ledger)
			id := tableID(t, l, "T")
			for _, s := range statements {
				_, _ = x.try(strings.Replace(s, "ID", id, 1))
			}
			compareIndex(t, x.q, values)
			x.mustCommit()
			compareIndex(t, func(s string, p ...any) []string { return l.Exec(t, s, p...) }, values)
		})
	}
}

// compareIndex asks the same with the index on k and without.
func compareIndex(t *testing.T, q func(string, ...any) []string, values []string) {
	t.Helper()
	for _, v := range append(values, "7", "99") {
		byIndex := q("SELECT VALUE id FROM T BY id WHERE k = ?", parse(t, v))
		byScan := q("SELECT VALUE id FROM T BY id WHERE k = ? AND true OR false", parse(t, v))
		if !sameSet(byIndex, byScan) {
			t.Errorf("k = %s: the index finds %v, a scan %v", v, byIndex, byScan)
		}
	}
}

func sameSet(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// TestIndexBuildConflicts with documents that come while it is built.
func TestIndexBuildConflicts(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T {'n': 1}")
	x := begin(t, l.Ledger)
	x.q("CREATE INDEX ON T (n)")
	y := begin(t, l.Ledger)
	y.q("INSERT INTO T {'n': 2}")
	x.mustCommit()
	isConflict(t, y.commit()) // it did not know of the index
	l.Exec(t, "INSERT INTO T {'n': 2}")
	equalRows(t, l.Exec(t, "SELECT n FROM T WHERE n = 2"), "{n:2}")
}

// TestDropIndex removes its entries; a new index on the field starts afresh.
func TestDropIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drop.tally")
	l := withTable(t, emulatortest.WithFile(path))
	l.Exec(t, "INSERT INTO T {'k': 'one'}")
	drop := func() {
		ids := l.Exec(t, "SELECT VALUE i.indexId FROM information_schema.user_tables AS t, t.indexes AS i WHERE t.name = 'T'")
		if len(ids) != 1 {
			t.Fatalf("%d indexes", len(ids))
		}
		l.Exec(t, "DROP INDEX "+ids[0]+" ON T WITH (purge = true)")
	}
	drop()
	equalRows(t, l.Exec(t, "SELECT indexes FROM information_schema.user_tables"), "{indexes:[]}")
	equalRows(t, l.Exec(t, "SELECT k FROM T WHERE k = 'one'"), `{k:"one"}`)
	l.Exec(t, "CREATE INDEX ON T (k)")
	l.Exec(t, "UPDATE T SET k = 'two'")
	equalRows(t, l.Exec(t, "SELECT k FROM T WHERE k = 'one'"))
	equalRows(t, l.Exec(t, "SELECT k FROM T WHERE k = 'two'"), `{k:"two"}`)
}

// TestIndexMadeTwice: an index that is dropped in the transaction that made it
// leaves no entries, also where another one on the field follows.
func TestIndexMadeTwice(t *testing.T) {
	var kept store.Store
	l := withTable(t, emulatortest.With(emulator.WithStore(func(s store.Store) store.Store { kept = s; return s })))
	l.Exec(t, "INSERT INTO T << {'a': 1}, {'a': 2} >>")
	x := begin(t, l.Ledger)
	x.q("CREATE INDEX ON T (a)")
	id := x.q("SELECT VALUE i.indexId FROM information_schema.user_tables AS t, t.indexes AS i WHERE i.expr = '[a]'")[0]
	x.q("DROP INDEX " + id + " ON T WITH (purge = true)")
	x.q("CREATE INDEX ON T (a)")
	x.mustCommit()
	snap, err := kept.View()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	entries := 0
	for range store.Scan(snap, store.Index, nil) {
		entries++
	}
	if entries != 2 {
		t.Errorf("%d index entries for two documents", entries)
	}
}

// TestDDLBlocks: each table that a transaction changes has a revision of which
// only the hash is shown, before those of documents.
func TestDDLBlocks(t *testing.T) {
	l := emulatortest.New(t)
	x := begin(t, l.Ledger)
	x.q("CREATE TABLE A")
	x.q("CREATE TABLE B")
	x.q("CREATE INDEX ON B (k)")
	id := documentID(t, x.q("INSERT INTO B {'k': 1}"))
	x.mustCommit()
	block, err := hashchain.BlockOf(lastBlock(t, l.Ledger))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for r := range block.Revisions.Elements() {
		rev, err := hashchain.RevisionOf(r)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, rev.Kind().String())
		if rev.Kind() == hashchain.HashOnly && r.Len() != 1 {
			t.Errorf("a revision of the catalog is %s", r)
		}
	}
	if fmt.Sprint(kinds) != fmt.Sprint([]string{hashchain.HashOnly.String(), hashchain.HashOnly.String(), hashchain.WithData.String()}) {
		t.Errorf("the revisions are %v", kinds)
	}
	if docs := at(t, block.TransactionInfo, "documents"); docs.Len() != 1 || at(t, docs, id).IsZero() {
		t.Errorf("documents is %s", docs)
	}
	d := digestOf(t, l.Ledger)
	r, err := ledgerRevision(t, l, d.Tip.SequenceNo, id, d)
	if err != nil || intAt(t, r.Value, "metadata", "version") != 0 {
		t.Errorf("the revision behind two of the catalog: %v, %v", r.Value, err)
	}
}

// TestConcurrentDDL: of two changes of the catalog at once one loses.
func TestConcurrentDDL(t *testing.T) {
	for _, pair := range [][2]string{
		{"CREATE TABLE A", "CREATE TABLE A"},
		{"CREATE TABLE A", "CREATE TABLE B"},
		{"CREATE TABLE A", "DROP TABLE T"},
		{"CREATE INDEX ON T (a)", "CREATE INDEX ON T (b)"},
		{"INSERT INTO T {}", "DROP TABLE T"},
		{"SELECT * FROM information_schema.user_tables", "CREATE TABLE A"},
	} {
		l := withTable(t)
		x, y := begin(t, l.Ledger), begin(t, l.Ledger)
		x.q(pair[0])
		y.q(pair[1])
		y.mustCommit()
		isConflict(t, x.commit())
	}
}

// TestStandardMode answers an unknown name as if it were forbidden.
func TestStandardMode(t *testing.T) {
	l := emulatortest.New(t, emulatortest.With(emulator.WithMode(emulator.Standard)))
	address := "`" + address(l.Ledger, 0).String() + "`"
	for _, s := range []string{"SELECT * FROM Nowhere", "SELECT (SELECT x FROM Nowhere) FROM <<0>>", "SELECT * FROM _ql_committed_Nowhere", "SELECT * FROM history(Nowhere)",
		"INSERT INTO Nowhere {}", "UPDATE Nowhere SET a = 1", "DELETE FROM Nowhere", "FROM Nowhere SET a = 1", "DROP TABLE Nowhere", "UNDROP TABLE \"nowhere\"",
		"CREATE INDEX ON Nowhere (a)", "DROP INDEX \"x\" ON Nowhere WITH (purge = true)", "EXEC REDACT_REVISION " + address + ", 'nowhere', '0000000000000000000000'"} {
		_, err := begin(t, l.Ledger).try(s)
		isError(t, err, badRequest, "400", "Access denied. Unable to run the statement due to insufficient permissions or an improper variable reference")
	}
	l.SetMode(emulator.AllowAll)
	_, err := begin(t, l.Ledger).try("SELECT * FROM Nowhere")
	isError(t, err, badRequest, "432", "Semantic Error: at line 1, column 15: No such variable named 'Nowhere'; No such variable named 'Nowhere'")
}
