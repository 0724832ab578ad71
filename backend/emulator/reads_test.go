package emulator_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/ledger"
)

// TestHistoryConflictsWithRedaction: who scanned a history in which a revision
// is redacted before the commit has read what is no more.
func TestHistoryConflictsWithRedaction(t *testing.T) {
	for _, where := range []string{"", " WHERE h.metadata.version = 0"} {
		l := emulatortest.New(t)
		l.Exec(t, "CREATE TABLE T")
		l.Exec(t, "CREATE TABLE Other")
		x := begin(t, l.Ledger)
		id := documentID(t, x.q("INSERT INTO T {'v': 'old'}"))
		x.mustCommit()
		at := address(l.Ledger, tip(t, l.Ledger)).Value()
		l.Exec(t, "UPDATE T SET v = 'new'")
		reader, other := begin(t, l.Ledger), begin(t, l.Ledger)
		reader.q("SELECT h.data FROM history(T) AS h" + where)
		other.q("SELECT h.data FROM history(Other) AS h" + where)
		l.Exec(t, "EXEC REDACT_REVISION ?, ?, ?", at, tableID(t, l, "T"), id)
		if err := reader.commit(); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("history(T)%s: %v, want a conflict", where, err)
		}
		if err := other.commit(); err != nil {
			t.Errorf("another table's history: %v", err)
		}
	}
}

// TestNamedTablesAreRead: a table that a statement names is read, also where the
// statement does not come to it and its plan was prepared before.
func TestNamedTablesAreRead(t *testing.T) {
	for _, statement := range []string{"SELECT * FROM A AS a, B AS b", "SELECT * FROM A AS a, _ql_committed_B AS b"} {
		for _, prepared := range []bool{false, true} {
			l := emulatortest.New(t)
			l.Exec(t, "CREATE TABLE A")
			l.Exec(t, "CREATE TABLE B")
			if prepared {
				l.Exec(t, statement)
			}
			x := begin(t, l.Ledger)
			x.q(statement)
			l.Exec(t, "DROP TABLE B")
			if err := x.commit(); !errors.Is(err, ledger.ErrConflict) {
				t.Errorf("%s, prepared before %v: %v, want a conflict", statement, prepared, err)
			}
		}
	}
}

// TestNamesOfNoTableAreRead: a name that is a variable because there is no table
// of that name is read too, whether the statement was prepared before or not.
func TestNamesOfNoTableAreRead(t *testing.T) {
	const statement = "SELECT VALUE i.k FROM T AS x, x AS i"
	for _, prepared := range []bool{false, true} {
		l := withTable(t)
		l.Exec(t, "INSERT INTO T {'k': 1}")
		if prepared {
			l.Exec(t, statement)
		}
		x := begin(t, l.Ledger)
		if rows := x.q(statement); len(rows) != 1 {
			t.Fatalf("%d rows, want 1", len(rows))
		}
		l.Exec(t, "CREATE TABLE x")
		if err := x.commit(); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("prepared before %v: %v, want a conflict", prepared, err)
		}
	}
}

// TestIndexMadeTwiceForgets: an index that is dropped in the transaction that
// made it keeps nothing of the documents, which a redaction could not reach.
func TestIndexMadeTwiceForgets(t *testing.T) {
	const secret = "SECRET-VALUE-12345"
	path := filepath.Join(t.TempDir(), "x.tally")
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	x := begin(t, l)
	x.q("CREATE TABLE T")
	id := documentID(t, x.q("INSERT INTO T ?", map[string]any{"name": secret}))
	x.mustCommit()
	at := address(l, tip(t, l)).Value()
	x = begin(t, l)
	x.q("CREATE INDEX ON T (name)")
	first, _ := parse(t, x.q("SELECT VALUE indexes FROM information_schema.user_tables")[0]).Index(0)
	x.q(`DROP INDEX "` + textAt(t, first, "indexId") + `" ON T WITH (purge = true)`)
	x.q("CREATE INDEX ON T (name)")
	x.mustCommit()
	x = begin(t, l)
	table, _ := parse(t, x.q("SELECT VALUE tableId FROM information_schema.user_tables")[0]).Text()
	x.q("DELETE FROM T")
	x.mustCommit()
	x = begin(t, l)
	x.q("EXEC REDACT_REVISION ?, ?, ?", at, table, id)
	x.mustCommit()
	checked(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.CompactBolt(path, path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), secret) {
		t.Error("the redacted value is in the compacted file")
	}
}

// TestCheckFindsOrphans: entries of an index that no table has are reported.
func TestCheckFindsOrphans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tally")
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := execute(t.Context(), l, "CREATE TABLE T"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := store.OpenBolt(path, store.BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Apply([]store.Op{{Space: store.Index, Key: []byte("\x00\x00\x00\x07value and document")}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	l, err = emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := 0
	for problem, err := range l.Check(t.Context()) {
		if n++; err != nil || !strings.Contains(problem, "index number 7") {
			t.Errorf("%s, %v", problem, err)
		}
	}
	if n != 1 {
		t.Errorf("%d problems, want 1", n)
	}
}
