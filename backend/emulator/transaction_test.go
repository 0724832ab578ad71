package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// withTable is a ledger with a table T that has an index on k.
func withTable(t testing.TB, opts ...emulatortest.Option) *emulatortest.Ledger {
	t.Helper()
	l := emulatortest.New(t, opts...)
	l.Exec(t, "CREATE TABLE T")
	l.Exec(t, "CREATE INDEX ON T (k)")
	return l
}

// TestOwnWrites are seen by every way of reading, and by nobody else before the
// commit.
func TestOwnWrites(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T << {'k': 1, 'n': 'old'}, {'k': 2, 'n': 'gone'}, {'k': 3, 'n': 'moved'} >>")
	x := begin(t, l.Ledger)
	id := documentID(t, x.q("INSERT INTO T {'k': 9, 'n': 'new'}"))
	x.q("UPDATE T SET n = 'changed' WHERE k = 1")
	x.q("DELETE FROM T WHERE k = 2")
	x.q("UPDATE T SET k = 33 WHERE k = 3")
	for _, q := range []struct {
		what, statement string
		want            []string
	}{
		{"scan", "SELECT VALUE n FROM T", []string{`"changed"`, `"moved"`, `"new"`}},
		{"lookup of an insert", "SELECT VALUE n FROM T WHERE k = 9", []string{`"new"`}},
		{"lookup of an update", "SELECT VALUE n FROM T WHERE k = 1", []string{`"changed"`}},
		{"lookup of a deletion", "SELECT VALUE n FROM T WHERE k = 2", nil},
		{"lookup of the old key", "SELECT VALUE n FROM T WHERE k = 3", nil},
		{"lookup of the new key", "SELECT VALUE n FROM T WHERE k = 33", []string{`"moved"`}},
		{"by id", "SELECT VALUE n FROM T BY id WHERE id = '" + id + "'", []string{`"new"`}},
		{"committed view", "SELECT VALUE data.n FROM _ql_committed_T WHERE metadata.id = '" + id + "'", []string{`"new"`}},
		{"version", "SELECT VALUE metadata.version FROM _ql_committed_T WHERE data.k = 1", []string{"1"}},
		{"history shows what is committed", "SELECT VALUE data.n FROM history(T) AS h WHERE h.metadata.version > 0", nil},
	} {
		if got := x.q(q.statement); strings.Join(got, " ") != strings.Join(q.want, " ") {
			t.Errorf("%s: %v, want %v", q.what, got, q.want)
		}
	}
	equalRows(t, l.Exec(t, "SELECT VALUE n FROM T"), `"old"`, `"gone"`, `"moved"`)
	isConflictFree(t, x)
	equalRows(t, l.Exec(t, "SELECT VALUE n FROM T WHERE k IN (1, 2, 3, 9, 33)"), `"changed"`, `"moved"`, `"new"`)
}

func isConflictFree(t testing.TB, x *transaction) {
	t.Helper()
	if err := x.commit(); err != nil {
		t.Errorf("the commit fails: %v", err)
	}
}

// TestStatementAtomicity: a statement that fails half-way leaves no trace in
// documents, indexes, catalog or size, and the transaction goes on.
func TestStatementAtomicity(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T << {'k': 1, 'n': 5}, {'k': 2, 'n': 0} >>")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'k': 3, 'n': 7}")
	for _, bad := range []string{
		"UPDATE T SET n = 10 / n, k = k + 100",
		"INSERT INTO T << {'k': 4}, 5 >>",
		"CREATE TABLE T",
		"CREATE INDEX ON T (k)",
		"DROP TABLE U",
		"DELETE FROM T WHERE 1 / n > 0",
	} {
		if _, err := x.try(bad); !errors.Is(err, ledger.ErrBadRequest) {
			t.Errorf("%s: %v, want a bad request", bad, err)
		}
	}
	equalRows(t, x.q("SELECT k, n FROM T WHERE k IN (1, 2, 3, 4, 101, 102)"), "{k:1,n:5}", "{k:2,n:0}", "{k:3,n:7}")
	x.mustCommit()
	if docs := at(t, lastBlock(t, l.Ledger), "transactionInfo", "documents"); docs.Len() != 1 {
		t.Errorf("%d documents changed, want 1", docs.Len())
	}
}

// TestNoOwnWritesWithinStatement: a statement reads what was there when it
// began.
func TestNoOwnWritesWithinStatement(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T << {'k': 1}, {'k': 2} >>")
	x := begin(t, l.Ledger)
	x.q("UPDATE T SET k = k + 1")
	equalRows(t, x.q("SELECT VALUE k FROM T"), "2", "3")
	x.mustCommit()
}

// TestFirstCommitterWins, whoever began first.
func TestFirstCommitterWins(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T {'k': 1, 'n': 0}")
	x, y := begin(t, l.Ledger), begin(t, l.Ledger)
	x.q("UPDATE T SET n = n + 1 WHERE k = 1")
	y.q("UPDATE T SET n = n + 10 WHERE k = 1")
	y.mustCommit()
	isConflict(t, x.commit())
	equalRows(t, l.Exec(t, "SELECT n FROM T"), "{n:10}")
}

// TestReadOnlyIsValidated too: its reads must all be true at one moment.
func TestReadOnlyIsValidated(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T << {'k': 1, 'n': 1}, {'k': 2, 'n': 1} >>")
	x := begin(t, l.Ledger)
	equalRows(t, x.q("SELECT n FROM T WHERE k = 1"), "{n:1}")
	l.Exec(t, "UPDATE T SET n = 2 WHERE k IN (1, 2)")
	equalRows(t, x.q("SELECT n FROM T WHERE k = 2"), "{n:2}") // reads see the latest state
	isConflict(t, x.commit())
}

// TestReadAgain: a later read of the same does not make up for the first one.
func TestReadAgain(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T {'k': 1, 'n': 1}")
	x := begin(t, l.Ledger)
	x.q("SELECT n FROM T WHERE k = 1")
	l.Exec(t, "UPDATE T SET n = 2 WHERE k = 1")
	x.q("SELECT n FROM T WHERE k = 1")
	isConflict(t, x.commit())
}

// TestReadOfFailedStatement counts, also where no statement succeeds: its error
// may depend on what it read.
func TestReadOfFailedStatement(t *testing.T) {
	for _, c := range []struct {
		write, more string
		lost        bool
	}{
		{"UPDATE T SET n = 2 WHERE k = 1", "INSERT INTO T {'k': 2}", true},
		{"UPDATE T SET n = 2 WHERE k = 1", "", true},
		{"INSERT INTO T {'k': 1, 'n': 3}", "", true},
		{"INSERT INTO T {'k': 7}", "INSERT INTO T {'k': 2}", false},
		{"INSERT INTO T {'k': 7}", "", false},
	} {
		l := withTable(t)
		l.Exec(t, "INSERT INTO T {'k': 1, 'n': 0}")
		x := begin(t, l.Ledger)
		if _, err := x.try("SELECT 1 / n FROM T WHERE k = 1"); err == nil {
			t.Fatal("a division by zero succeeds")
		}
		l.Exec(t, c.write)
		if c.more != "" {
			x.q(c.more)
		}
		before := tip(t, l.Ledger)
		switch err := x.commit(); {
		case c.lost:
			isConflict(t, err)
		case err != nil:
			t.Errorf("%s by another, then %q: %v", c.write, c.more, err)
		}
		if wrote := tip(t, l.Ledger) > before; wrote != (c.more != "" && !c.lost) {
			t.Errorf("%s by another, then %q: a block is written: %t", c.write, c.more, wrote)
		}
	}
}

// TestBlindInserts do not conflict, also of one key and by many at once.
func TestBlindInserts(t *testing.T) {
	l := withTable(t)
	var open []*transaction
	for range 20 {
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T {'k': 1}")
		open = append(open, x)
	}
	for _, x := range open {
		x.mustCommit()
	}
	equalRows(t, l.Exec(t, "SELECT COUNT(*) FROM T WHERE k = 1"), "{_1:20}")
}

// TestPhantoms names the ways in which a document can come under a key or
// leave it after it was read.
func TestPhantoms(t *testing.T) {
	for _, c := range []struct {
		name, read, write string
		lost              bool
	}{
		{"insert under a read key", "k = 5", "INSERT INTO T {'k': 5}", true},
		{"insert under another key", "k = 5", "INSERT INTO T {'k': 6}", false},
		{"insert under an equal key of another type", "k = 5", "INSERT INTO T {'k': 5.0}", true},
		{"insert without the key", "k = 5", "INSERT INTO T {'x': 5}", false},
		{"move to the key", "k = 5", "UPDATE T SET k = 5 WHERE k = 1", true},
		{"move from the key", "k = 1", "UPDATE T SET k = 5 WHERE k = 1", true},
		{"move elsewhere", "k = 5", "UPDATE T SET k = 7 WHERE k = 1", false},
		{"removal of the key", "k = 1", "FROM T WHERE k = 1 REMOVE k", true},
		{"delete under the key", "k = 1", "DELETE FROM T WHERE k = 1", true},
		{"delete under another key", "k = 2", "DELETE FROM T WHERE k = 1", false},
		{"one of several keys", "k IN (7, 8, 5)", "INSERT INTO T {'k': 8}", true},
		{"none of several keys", "k IN (7, 8, 5)", "INSERT INTO T {'k': 9}", false},
		{"no index: scan and insert of anything", "n = 5", "INSERT INTO T {'n': 6}", true},
		{"range: a scan", "k > 100", "INSERT INTO T {'k': 6}", true},
		{"or: a scan", "k = 5 OR k = 6", "INSERT INTO T {'k': 7}", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := withTable(t)
			l.Exec(t, "INSERT INTO T << {'k': 1, 'n': 1}, {'k': 2, 'n': 2} >>")
			x := begin(t, l.Ledger)
			x.q("SELECT * FROM T WHERE " + c.read)
			l.Exec(t, c.write)
			if err := x.commit(); c.lost {
				isConflict(t, err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestScanConflicts with any change of the table and with none of another.
func TestScanConflicts(t *testing.T) {
	for _, c := range []struct {
		write string
		lost  bool
	}{
		{"INSERT INTO T {}", true},
		{"UPDATE T SET n = 3 WHERE k = 1", true},
		{"DELETE FROM T WHERE k = 1", true},
		{"INSERT INTO U {}", false},
		{"SELECT * FROM T", false},
		{"CREATE TABLE V", false},
		{"DROP TABLE T", true},
		{"CREATE INDEX ON T (n)", true}, // what the name stands for has changed
	} {
		for _, read := range []string{"SELECT COUNT(*) FROM T", "SELECT * FROM _ql_committed_T", "SELECT * FROM history(T)"} {
			l := withTable(t)
			l.Exec(t, "CREATE TABLE U")
			l.Exec(t, "INSERT INTO T {'k': 1}")
			x := begin(t, l.Ledger)
			x.q(read)
			l.Exec(t, c.write)
			if err := x.commit(); errors.Is(err, ledger.ErrConflict) != c.lost {
				t.Errorf("%s, then %s by another: %v", read, c.write, err)
			}
		}
	}
}

// TestEmptyTransaction writes no block, also if all its statements failed.
func TestEmptyTransaction(t *testing.T) {
	l := withTable(t)
	before := digestOf(t, l.Ledger)
	begin(t, l.Ledger).mustCommit()
	x := begin(t, l.Ledger)
	if _, err := x.try("SELECT * FROM Unknown"); err == nil {
		t.Fatal("a table that is not there is read")
	}
	x.mustCommit()
	if after := digestOf(t, l.Ledger); after != before {
		t.Errorf("the digest went from %v to %v", before, after)
	}
}

// TestCanceledStatement leaves no trace; the transaction stays open.
func TestCanceledStatement(t *testing.T) {
	l := withTable(t)
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'k': 1}")
	big := make([]int, 5000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ctx, x.ctx = x.ctx, ctx
	_, err := x.try("UPDATE T SET k = k + 1 WHERE k IN (SELECT VALUE x FROM ? AS x, ? AS y)", big, big)
	x.ctx = ctx
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled statement gives %v", err)
	}
	equalRows(t, x.q("SELECT k FROM T"), "{k:1}")
	x.mustCommit()
}

// TestExecuteRetries until there is no conflict, and gives up when it is told.
func TestExecuteRetries(t *testing.T) {
	l := withTable(t)
	l.Faults.FailCommits(3)
	runs := 0
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		runs++
		_, err := tx.Execute("INSERT INTO T {'k': ?}", runs)
		return err
	}, ledger.WithRetry(ledger.RetryPolicy{Max: 5}))
	if err != nil || runs != 4 {
		t.Errorf("%d runs, %v; want 4", runs, err)
	}
	equalRows(t, l.Exec(t, "SELECT * FROM T"), "{k:4}")
	l.Faults.FailCommits(1)
	err = l.Execute(t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute("SELECT * FROM T")
		return err
	}, ledger.WithRetry(ledger.NoRetry))
	isConflict(t, err)
	if got := fmt.Sprint(l.Stats().Conflicts); got != "4" {
		t.Errorf("%s conflicts are counted, want 4", got)
	}
}

// TestAbortTwice: a function that aborts and makes sure of it is run once.
func TestAbortTwice(t *testing.T) {
	l := emulatortest.New(t)
	runs := 0
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		runs++
		l.Faults.ExpireSessions() // so that even the first abort finds none
		if err := tx.Abort(); err != nil {
			return err
		}
		return tx.Abort()
	})
	if !errors.Is(err, ledger.ErrAborted) || runs != 1 {
		t.Errorf("error %v after %d runs, want %v after 1", err, runs, ledger.ErrAborted)
	}
}
