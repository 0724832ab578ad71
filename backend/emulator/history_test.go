package emulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
)

// TestHistoryRanges: a revision is active from its own time to that of the next
// one, which is not part of it; start and end of the range are.
func TestHistoryRanges(t *testing.T) {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	l := withTable(t, emulatortest.At(start))
	for i, s := range []string{"INSERT INTO T {'k': 0}", "UPDATE T SET k = 1", "UPDATE T SET k = 2", "DELETE FROM T"} {
		l.Clock.Set(start.Add(time.Duration(i+1) * 10 * time.Second)) // :10 :20 :30 :40
		l.Exec(t, s)
	}
	l.Clock.Set(start.Add(time.Minute))
	ts := func(s int) string { return fmt.Sprintf("`2025-01-01T00:00:%02d.000Z`", s) }
	for _, c := range []struct{ args, versions string }{
		{"", "0 1 2 3"},
		{", " + ts(0), "0 1 2 3"},
		{", " + ts(20), "1 2 3"}, // version 0 ended when version 1 began
		{", " + ts(19), "0 1 2 3"},
		{", " + ts(40), "3"},
		{", " + ts(55), "3"},
		{", " + ts(0) + ", " + ts(9), ""},
		{", " + ts(0) + ", " + ts(10), "0"}, // the end is part of the range
		{", " + ts(0) + ", " + ts(25), "0 1"},
		{", " + ts(25) + ", " + ts(25), "1"},
		{", " + ts(20) + ", " + ts(30), "1 2"},
		{", `2025T`, `2025-01-01T00:00:15Z`", "0"},
		{", `2024-12-31T23:00:15-01:00`, `2025-01-01T01:00:15+01:00`", "0"}, // other offsets, the same time
	} {
		got := strings.Join(l.Exec(t, "SELECT VALUE metadata.version FROM history(T"+c.args+")"), " ")
		if got != c.versions {
			t.Errorf("history(T%s) has the versions %s, want %s", c.args, got, c.versions)
		}
	}
	for _, bad := range []string{ts(30) + ", " + ts(20), "`2025T`, `2026T`", "'2025-01-01'"} {
		if _, err := begin(t, l.Ledger).try("SELECT * FROM history(T, " + bad + ")"); err == nil {
			t.Errorf("history(T, %s) succeeds", bad)
		}
	}
}

// TestHistoryOfOneDocument reads that document only, and no other statement is
// in its way.
func TestHistoryOfOneDocument(t *testing.T) {
	l := withTable(t)
	a := documentID(t, l.Exec(t, "INSERT INTO T {'k': 1}"))
	b := documentID(t, l.Exec(t, "INSERT INTO T {'k': 2}"))
	l.Exec(t, "UPDATE T SET k = 3 WHERE k = 1")
	const one = "SELECT VALUE data.k FROM history(T) AS h WHERE h.metadata.id = ?"
	x := begin(t, l.Ledger)
	equalRows(t, x.q(one, a), "1", "3")
	equalRows(t, x.q(one, "no id"))
	l.Exec(t, "UPDATE T BY id SET k = 4 WHERE id = ?", b)
	x.mustCommit()
	y := begin(t, l.Ledger)
	y.q(one, a)
	l.Exec(t, "UPDATE T BY id SET k = 4 WHERE id = ?", a)
	isConflict(t, y.commit())
}

// TestCommittedView shows address, hash, data and metadata of what is current.
func TestCommittedView(t *testing.T) {
	l := withTable(t)
	id := documentID(t, l.Exec(t, "INSERT INTO T {'k': 1}"))
	l.Exec(t, "UPDATE T SET k = 2")
	rows := l.Exec(t, "SELECT * FROM _ql_committed_T WHERE metadata.id = ?", id)
	seq := tip(t, l.Ledger) - 1
	r, err := l.Revision(t.Context(), address(l.Ledger, seq), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	equalRows(t, rows, r.Value.String())
	equalRows(t, l.Exec(t, "SELECT VALUE data.k FROM _ql_committed_T WHERE data.k = 2"), "2")
	x := begin(t, l.Ledger)
	x.q("UPDATE T SET k = 3")
	own := parse(t, x.q("SELECT * FROM _ql_committed_T")[0])
	rev, err := hashchain.RevisionOf(own)
	if err != nil || rev.Check() != nil || rev.Version() != 2 || rev.TransactionID() != x.id {
		t.Errorf("an own change is shown as %s: %v", own, err)
	}
	l.Exec(t, "DELETE FROM T WHERE k = 99")
	equalRows(t, l.Exec(t, "SELECT COUNT(*) FROM _ql_committed_T"), "{_1:1}")
	l.Exec(t, "DELETE FROM T")
	equalRows(t, l.Exec(t, "SELECT COUNT(*) FROM _ql_committed_T"), "{_1:0}")
}

// TestTimes: a clock that is set back stands still in the journal, a document's
// revisions have times that rise, all in whole milliseconds.
func TestTimes(t *testing.T) {
	start := time.Date(2025, 1, 1, 0, 0, 0, 123_456_789, time.UTC)
	l := withTable(t, emulatortest.At(start))
	l.Exec(t, "INSERT INTO T {'k': 0}")
	l.Exec(t, "UPDATE T SET k = 1") // in the same millisecond
	l.Clock.Set(start.Add(-time.Hour))
	l.Exec(t, "UPDATE T SET k = 2")
	l.Exec(t, "INSERT INTO T {'k': 10}")
	l.Clock.Set(start.Add(time.Second))
	l.Exec(t, "UPDATE T SET k = 3 WHERE k = 2")
	l.Clock.Advance(time.Second)
	x := begin(t, l.Ledger)
	x.q("SELECT * FROM T")
	l.Clock.Advance(-time.Minute)
	x.mustCommit()
	equalRows(t, l.Exec(t, "SELECT VALUE metadata.txTime FROM history(T) AS h WHERE h.data.k < 10"),
		"2025-01-01T00:00:00.123Z", "2025-01-01T00:00:00.124Z", "2025-01-01T00:00:00.125Z", "2025-01-01T00:00:01.123Z")
	equalRows(t, l.Exec(t, "SELECT VALUE metadata.txTime FROM _ql_committed_T WHERE data.k = 10"), "2025-01-01T00:00:00.125Z")
	var before string
	for b, err := range l.Journal(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		now := at(t, b, "blockTimestamp").String()
		if now < before {
			t.Errorf("block %s is of %s, the one before of %s", at(t, b, "blockAddress"), now, before)
		}
		before = now
		statements, ok := b.Path("transactionInfo", "statements")
		if !ok {
			continue
		}
		for s := range statements.Elements() {
			if start := at(t, s, "startTime").String(); start > now {
				t.Errorf("block %s of %s has a statement of %s", at(t, b, "blockAddress"), now, start)
			}
		}
	}
}
