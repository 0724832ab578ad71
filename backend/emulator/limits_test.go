package emulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// limitCase goes over one limit; text is what comes back, and lift takes the
// limit away.
type limitCase struct {
	name                  string
	exceed                func(t *testing.T, l *emulatortest.Ledger) error
	exception, code, text string
	lift                  func(lim *emulator.Limits)
}

// inTable runs statements in one transaction of a ledger with the table T.
func inTable(statements ...string) func(t *testing.T, l *emulatortest.Ledger) error {
	return func(t *testing.T, l *emulatortest.Ledger) error {
		l.Exec(t, "CREATE TABLE T")
		x := begin(t, l.Ledger)
		for _, s := range statements[:len(statements)-1] {
			x.q(s)
		}
		_, err := x.try(statements[len(statements)-1])
		isConflictFree(t, x)
		return err
	}
}

func docs(n int) string { return "INSERT INTO T << {}" + strings.Repeat(", {}", n-1) + " >>" }

var limitCases = []limitCase{
	{"documents of one statement", inTable(docs(41)),
		badRequest, "412", "Exceeded documents limit: Transaction has 41 documents, the limit is 40",
		func(lim *emulator.Limits) { lim.DocumentsPerTx = 0 }},
	{"documents of several statements", inTable(docs(25), docs(15), "UPDATE T SET a = 1", docs(2)),
		badRequest, "412", "Exceeded documents limit: Transaction has 41 documents, the limit is 40",
		func(lim *emulator.Limits) { lim.DocumentsPerTx = 42 }},
	{"documents of an update", func(t *testing.T, l *emulatortest.Ledger) error {
		l.Exec(t, "CREATE TABLE T")
		l.Exec(t, docs(21))
		l.Exec(t, docs(21))
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T {'own': true}")
		x.q("UPDATE T SET a = 1 WHERE own")
		_, err := x.try("UPDATE T SET a = 1")
		if _, del := x.try("DELETE FROM T"); err == nil != (del == nil) || err != nil && del.Error() != err.Error() {
			t.Errorf("UPDATE: %v, DELETE: %v", err, del)
		}
		isConflictFree(t, x)
		return err
	}, badRequest, "412", "Exceeded documents limit: Transaction has 41 documents, the limit is 40",
		func(lim *emulator.Limits) { lim.DocumentsPerTx = 43 }},
	{"document size", func(t *testing.T, l *emulatortest.Ledger) error {
		l.Exec(t, "CREATE TABLE T")
		x := begin(t, l.Ledger)
		half := strings.Repeat("x", 66_000)
		_, err := x.try("INSERT INTO T {'a': ?, 'b': ?}", half, half)
		isConflictFree(t, x)
		return err
	}, badRequest, "412", "Exceeded document size limit: Document has 132028 bytes of Ion binary, the limit is 131072",
		func(lim *emulator.Limits) { lim.DocumentSize = 1 << 20 }},
	{"parameter size", func(t *testing.T, l *emulatortest.Ledger) error {
		_, err := begin(t, l.Ledger).try("SELECT VALUE 1 FROM ? AS x", ion.NewString(strings.Repeat("x", 131_072)))
		return err
	}, badRequest, "400", "Exceeded parameter limit: Parameter 1 has 131080 bytes of Ion binary, the limit is 131072",
		func(lim *emulator.Limits) { lim.ParameterSize = 0 }},
	{"parameter size with symbols", func(t *testing.T, l *emulatortest.Ledger) error {
		v := wideStruct(t, 4500)
		if n := len(v.Raw()); n > 20_000 {
			t.Errorf("the value alone has %d bytes, which is not what this is about", n)
		}
		x := begin(t, l.Ledger)
		x.q("SELECT VALUE 1 FROM << ? >> AS x", wideStruct(t, 3800))
		_, err := x.try("SELECT VALUE 1 FROM << ? >> AS x", v)
		return err
	}, badRequest, "400", "Exceeded parameter limit: Parameter 1 has 152905 bytes of Ion binary, the limit is 131072",
		func(lim *emulator.Limits) { lim.ParameterSize = 0 }},
	{"statement length", func(t *testing.T, l *emulatortest.Ledger) error {
		_, err := begin(t, l.Ledger).try("SELECT VALUE 'ÄÖÜ' FROM << 0 >>" + strings.Repeat(" ", 99_970))
		return err
	}, badRequest, "400", "Exceeded statement limit: Statement has 100001 characters, the limit is 100000",
		func(lim *emulator.Limits) { lim.StatementLength = 0 }},
	{"active tables", func(t *testing.T, l *emulatortest.Ledger) error {
		x := begin(t, l.Ledger)
		for i := range 20 {
			x.q(fmt.Sprintf("CREATE TABLE T%d", i))
		}
		_, err := x.try("CREATE TABLE T20")
		return err
	}, badRequest, "412", "Exceeded tables limit: Ledger has 20 active tables, and cannot create another.",
		func(lim *emulator.Limits) { lim.ActiveTables = 0 }},
	{"active tables by undrop", func(t *testing.T, l *emulatortest.Ledger) error {
		l.Exec(t, "CREATE TABLE Old")
		id := tableID(t, l, "Old")
		l.Exec(t, "DROP TABLE Old")
		x := begin(t, l.Ledger)
		for i := range 20 {
			x.q(fmt.Sprintf("CREATE TABLE T%d", i))
		}
		_, err := x.try(`UNDROP TABLE "` + id + `"`)
		return err
	}, badRequest, "412", "Exceeded tables limit: Ledger has 20 active tables, and cannot undrop another.",
		func(lim *emulator.Limits) { lim.ActiveTables = 21 }},
	{"total tables", func(t *testing.T, l *emulatortest.Ledger) error {
		x := begin(t, l.Ledger)
		for i := range 40 {
			x.q(fmt.Sprintf("CREATE TABLE T%d", i))
			x.q(fmt.Sprintf("DROP TABLE T%d", i))
		}
		_, err := x.try("CREATE TABLE T40")
		return err
	}, badRequest, "412", "Exceeded tables limit: Ledger has 40 total tables, and cannot create another.",
		func(lim *emulator.Limits) { lim.TotalTables = 0 }},
	{"indexes of a table", inTable("CREATE INDEX ON T (a)", "CREATE INDEX ON T (b)", "CREATE INDEX ON T (c)", "CREATE INDEX ON T (d)", "CREATE INDEX ON T (e)", "CREATE INDEX ON T (f)"),
		badRequest, "412", "Exceeded indexes limit: Table T has 5 indexes, and cannot have another.",
		func(lim *emulator.Limits) { lim.IndexesPerTable = 0 }},
	{"redactions", func(t *testing.T, l *emulatortest.Ledger) error {
		l.Exec(t, "CREATE TABLE T")
		a, b := overwritten(t, l, "{'a': 1}"), overwritten(t, l, "{'a': 2}")
		x := begin(t, l.Ledger)
		x.q("EXEC REDACT_REVISION ?, ?, ?", a...)
		_, err := x.try("EXEC REDACT_REVISION ?, ?, ?", b...)
		isConflictFree(t, x)
		return err
	}, badRequest, "412", "Exceeded redactions limit: Transaction has 2 redactions, the limit is 1",
		func(lim *emulator.Limits) { lim.RedactionsPerTx = 0 }},
	{"sessions", func(t *testing.T, l *emulatortest.Ledger) error {
		var last *emulator.Session
		for range 3001 { // none of these is refused
			last = newSession(t, l.Ledger)
		}
		_, err := last.StartTransaction(t.Context())
		return err
	}, "LimitExceededException", "", "Exceeded the session limit of 3,000",
		func(lim *emulator.Limits) { lim.Sessions = 0 }},
	{"transaction time", func(t *testing.T, l *emulatortest.Ledger) error {
		x := begin(t, l.Ledger)
		l.Clock.Advance(31 * time.Second)
		return strip(x.commit(), x.id)
	}, invalidSession, "", "Transaction ID has expired",
		func(lim *emulator.Limits) { lim.TransactionTime = 0 }},
	{"session time", func(t *testing.T, l *emulatortest.Ledger) error {
		s := newSession(t, l.Ledger)
		l.Clock.Advance(16 * time.Minute)
		return strip(s.AbortTransaction(t.Context()), s.ID())
	}, invalidSession, "", "Session ID has expired",
		func(lim *emulator.Limits) { lim.SessionTime = 0 }},
	{"results of all sessions", func(t *testing.T, l *emulatortest.Ledger) error {
		_, err := begin(t, l.Ledger).try("SELECT VALUE x FROM ? AS x", make([]int, 1000))
		return err
	}, "CapacityExceededException", "", "Capacity exceeded",
		func(lim *emulator.Limits) { lim.ResultsOfAllSessions = 0 }},
}

// TestLimits goes over each limit, with it and with the limit lifted.
func TestLimits(t *testing.T) {
	for _, c := range limitCases {
		t.Run(c.name, func(t *testing.T) {
			limits := emulator.DefaultLimits
			limits.ResultsOfAllSessions = 4000 // the real one takes 4 GiB to reach
			err := c.exceed(t, emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits))))
			isError(t, err, c.exception, c.code, c.text)
			c.lift(&limits)
			if err := c.exceed(t, emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))); err != nil {
				t.Errorf("with the limit lifted: %v", err)
			}
		})
	}
}

// TestTransactionSize counts revisions with metadata, index entries and the
// texts of statements, and forgets statements that failed.
func TestTransactionSize(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.TransactionSize = 10_000
	l := emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
	l.Exec(t, "CREATE TABLE T")
	l.Exec(t, "CREATE INDEX ON T (k)")
	fill := func(statement string, params ...any) int {
		x := begin(t, l.Ledger)
		for n := 0; ; n++ {
			if _, err := x.try(statement, params...); err != nil {
				if !strings.HasPrefix(err.Error(), "BadRequestException: Exceeded transaction size limit: Transaction has 1") {
					t.Errorf("%s: %v", statement, err)
				}
				x.mustCommit()
				return n
			}
		}
	}
	plain := fill("INSERT INTO T {'x': ?}", strings.Repeat("y", 1000))
	indexed := fill("INSERT INTO T {'k': ?}", strings.Repeat("y", 1000))
	text := fill("SELECT VALUE 1 FROM << 0 >>" + strings.Repeat(" ", 980))
	if plain != 8 || indexed != 4 || text != 9 {
		t.Errorf("10,000 bytes are %d documents, %d indexed ones and %d statement texts of about 1000 bytes", plain, indexed, text)
	}
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'k': 'again', 'x': ?}", strings.Repeat("y", 4000))
	for range 20 { // one revision is written, whatever happens to it on the way
		x.q("UPDATE T SET x = ? WHERE k = 'again'", strings.Repeat("z", 4000))
	}
	x.mustCommit()
	x = begin(t, l.Ledger)
	for range 20 {
		if _, err := x.try("SELEC" + strings.Repeat(" ", 3000)); err == nil || strings.Contains(err.Error(), "size limit") {
			t.Fatalf("a wrong statement gives %v", err)
		}
	}
	if _, err := x.try("SELECT VALUE 1 FROM << 0 >>" + strings.Repeat(" ", 10_000)); err == nil {
		t.Error("a text of 10,027 bytes fits into 10,000")
	}
	x.q("INSERT INTO T {'x': 1}")
	x.mustCommit()
	limits.TransactionSize = 0
	l = emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
	l.Exec(t, "CREATE TABLE T")
	y := begin(t, l.Ledger)
	for range 40 {
		y.q("INSERT INTO T {'x': ?}", strings.Repeat("y", 130_000))
	}
	y.mustCommit()
}

// TestFullSizeDocuments: 4 MB less what they need besides go through the
// journal in one block.
func TestFullSizeDocuments(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	for range 31 {
		x.q("INSERT INTO T {'x': ?}", strings.Repeat("y", 131_000))
	}
	x.mustCommit()
	equalRows(t, l.Exec(t, "SELECT COUNT(*) FROM T"), "{_1:31}")
}

// strip puts ID in the place of an id in an error's message.
func strip(err error, id string) error {
	var le *ledger.Error
	if errors.As(err, &le) {
		return ledger.NewError(le.Exception, le.Code, strings.Replace(le.Message, id, "ID", 1))
	}
	return err
}

// TestDepth: a document may be as deep as a block has room for. One that is deeper
// is the caller's mistake.
func TestDepth(t *testing.T) {
	l := withTable(t)
	for depth, fits := range map[int]bool{ion.MaxDepth - 3: true, ion.MaxDepth - 2: false, ion.MaxDepth: false} {
		v, err := ion.ParseText("{a:" + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}")
		if err != nil {
			t.Fatal(err)
		}
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T ?", v)
		err = x.commit()
		if fits && err != nil || !fits && (!errors.Is(err, ledger.ErrBadRequest) || !strings.Contains(err.Error(), "at most 997 levels")) {
			t.Errorf("depth %d: %v, want that it fits: %v", depth, err, fits)
		}
	}
	checked(t, l.Ledger)
}

// wideStruct is a struct of n small fields with long names: most of its bytes are
// those of its symbol table.
func wideStruct(t testing.TB, n int) ion.Value {
	t.Helper()
	w := ion.NewWriter()
	w.BeginStruct()
	for i := range n {
		w.Field(fmt.Sprintf("a_name_of_28_bytes_%09d", i)).Int(1)
	}
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
