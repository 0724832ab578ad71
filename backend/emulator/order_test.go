package emulator_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
)

// TestOrderWithAndWithoutIndex: a lookup gives rows in the order of a scan, also
// those that the transaction itself has changed, so that no result depends on
// indexes.
func TestOrderWithAndWithoutIndex(t *testing.T) {
	l := emulatortest.New(t)
	both := func(x *transaction, statement string, params ...any) {
		t.Helper()
		with, err1 := x.try(fmt.Sprintf(statement, "Indexed"), params...)
		without, err2 := x.try(fmt.Sprintf(statement, "Plain"), params...)
		if statement[0] == 'S' && (!slices.Equal(with, without) || (err1 == nil) != (err2 == nil)) {
			t.Errorf("%s\nwith an index: %v, %v\nwithout: %v, %v", statement, with, err1, without, err2)
		}
	}
	look := func(x *transaction) {
		t.Helper()
		for _, from := range []string{"%s AS t", "_ql_committed_%s AS c, [c.data] AS t"} {
			for _, where := range []string{"t.k = 1", "t.k IN (3, 1)", "t.k IN (3, 1, 2, 7)", "t.k IN (4, 3)", "t.k IN (1, 1.0, NULL)"} {
				for _, what := range []string{"VALUE t.n", "SUM(t.v)", "AVG(t.v)", "MIN(t.v)", "MAX(t.v)", "DISTINCT t.v", "SUM(t.f)", "AVG(t.f)"} {
					both(x, "SELECT "+what+" FROM "+from+" WHERE "+where)
				}
			}
		}
	}
	l.Exec(t, "CREATE TABLE Indexed")
	l.Exec(t, "CREATE TABLE Plain")
	l.Exec(t, "CREATE INDEX ON Indexed (k)")
	x := begin(t, l.Ledger)
	values := []string{"1", "9223372036854775807", "-5", "1.0", "1e0", "1.00", "-9223372036854775807"}
	for i := range 15 {
		both(x, fmt.Sprintf("INSERT INTO %%s {'k': %d, 'n': %d, 'v': %s, 'f': `%de0`}", []int{1, 3, 2, 4, 1, 3}[i%6], i, values[i%7], []int{1, 1e16, -1e16}[i%3]))
	}
	look(x)
	x.mustCommit()
	x = begin(t, l.Ledger)
	look(x)
	both(x, "UPDATE %s SET v = 1.000 WHERE n IN (4, 1)")
	look(x)
	both(x, "INSERT INTO %s << {'k': 1, 'n': 20, 'v': 7, 'f': 1e0}, {'k': 3, 'n': 21, 'v': 1}, {'k': 4, 'n': 22} >>")
	both(x, "UPDATE %s SET k = 3 WHERE n = 0")
	both(x, "UPDATE %s SET k = 1 WHERE n = 3")
	both(x, "DELETE FROM %s WHERE n = 6")
	look(x)
	x.q("CREATE INDEX ON Indexed (f)")
	both(x, "SELECT VALUE n FROM %s WHERE f IN (`-1e16`, `1e0`)")
	both(x, "SELECT VALUE n FROM %s WHERE f = `1e0`")
	x.mustCommit()
	look(begin(t, l.Ledger))
}

// TestManyRowsOfSeveralKeys: more rows than are put in order come by a scan.
func TestManyRowsOfSeveralKeys(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	l.Exec(t, "CREATE INDEX ON T (k)")
	text := make([]byte, 100_000)
	for i := range text {
		text[i] = 'x'
	}
	for i := range 100 {
		l.Exec(t, "INSERT INTO T {'k': ?, 'n': ?, 's': ?}", i%2, i, string(text))
	}
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint(i))
	}
	equalRows(t, begin(t, l.Ledger).q("SELECT VALUE c.data.n FROM _ql_committed_T AS c WHERE c.data.k IN (1, 0)"), want...)
}

// TestOrderOfIDs: the order in which ids are listed is not that of the rows.
func TestOrderOfIDs(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	var ids []string
	for i := range 5 {
		ids = append(ids, documentID(t, l.Exec(t, "INSERT INTO T {'n': ?}", i)))
	}
	l.Exec(t, "UPDATE T SET n = n + 10 WHERE n IN (1, 3)")
	l.Exec(t, "DELETE FROM T WHERE n = 2")
	x := begin(t, l.Ledger)
	x.q("UPDATE T SET n = n + 100 WHERE n = 4")
	own := documentID(t, x.q("INSERT INTO T {'n': 5}"))
	list := []string{own, ids[3], "no id", ids[4], ids[0], ids[2], ids[1], ids[3]}
	for _, c := range []struct {
		statement string
		want      []string
	}{
		{"SELECT VALUE n FROM T BY d WHERE d IN ?", []string{"0", "11", "13", "104", "5"}},
		{"SELECT VALUE data.n FROM _ql_committed_T WHERE metadata.id IN ?", []string{"0", "11", "13", "104", "5"}},
		{"SELECT VALUE data.n FROM history(T) WHERE metadata.id IN ?", []string{"0", "1", "11", "2", "null", "3", "13", "4"}},
	} {
		equalRows(t, x.q(c.statement, list), c.want...)
		equalRows(t, x.q(c.statement+" OR FALSE", list), c.want...) // by a scan
	}
}
