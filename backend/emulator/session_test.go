package emulator_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// states brings a new session to a state and returns the transaction that
// commands name there.
var states = []struct {
	name string
	make func(t *testing.T, l *emulatortest.Ledger) *transaction
}{
	{"idle", func(t *testing.T, l *emulatortest.Ledger) *transaction {
		x := begin(t, l.Ledger)
		x.mustCommit()
		return x
	}},
	{"open", func(t *testing.T, l *emulatortest.Ledger) *transaction { return begin(t, l.Ledger) }},
	{"other id", func(t *testing.T, l *emulatortest.Ledger) *transaction {
		x := begin(t, l.Ledger)
		other := begin(t, l.Ledger)
		return &transaction{t: t, ctx: t.Context(), s: x.s, id: other.id, digest: other.digest}
	}},
	{"expired", func(t *testing.T, l *emulatortest.Ledger) *transaction {
		x := begin(t, l.Ledger)
		l.Clock.Advance(31 * time.Second)
		return x
	}},
	{"expired earlier", func(t *testing.T, l *emulatortest.Ledger) *transaction {
		x := begin(t, l.Ledger)
		l.Clock.Advance(31 * time.Second)
		beginOn(t, x.s)
		return x
	}},
	{"ended", func(t *testing.T, l *emulatortest.Ledger) *transaction {
		x := begin(t, l.Ledger)
		if err := x.s.EndSession(t.Context()); err != nil {
			t.Fatal(err)
		}
		return x
	}},
	{"session expired", func(t *testing.T, l *emulatortest.Ledger) *transaction {
		x := begin(t, l.Ledger)
		l.Clock.Advance(15*time.Minute + time.Second)
		return x
	}},
}

var commands = []struct {
	name string
	call func(x *transaction) error
}{
	{"StartTransaction", func(x *transaction) error {
		id, err := x.s.StartTransaction(x.ctx)
		if err == nil && (len(id) != 22 || id == x.id) {
			x.t.Errorf("the new transaction has the id %q", id)
		}
		return err
	}},
	{"ExecuteStatement", func(x *transaction) error {
		_, err := x.send("SELECT VALUE 1 FROM << 0 >>")
		return err
	}},
	{"FetchPage", func(x *transaction) error {
		_, err := x.s.FetchPage(x.ctx, x.id, "unknown")
		return err
	}},
	{"CommitTransaction", func(x *transaction) error { return x.commit() }},
	{"AbortTransaction", func(x *transaction) error { return x.s.AbortTransaction(x.ctx) }},
	{"EndSession", func(x *transaction) error { return x.s.EndSession(x.ctx) }},
}

// outcome of a command: exception, code and text, with TX for the transaction's
// id and SESSION for the session's. The zero outcome is success.
type outcome struct{ exception, code, text string }

var (
	isOpen      = outcome{badRequest, "400", "Transaction already open"}
	noTx        = outcome{badRequest, "405", "No open transaction"}
	badToken    = outcome{badRequest, "400", "The parameter NextPageToken is not valid"}
	txExpired   = outcome{invalidSession, "", "Transaction TX has expired"}
	sessExpired = outcome{invalidSession, "", "Session SESSION has expired"}
	noSession   = outcome{invalidSession, "", "No such session"}
)

// TestStateMachine sends each command in each state of a session.
func TestStateMachine(t *testing.T) {
	want := map[string][]outcome{ // in the order of commands
		"idle":            {{}, noTx, noTx, noTx, {}, {}},
		"open":            {isOpen, {}, badToken, {}, {}, {}},
		"other id":        {isOpen, noTx, noTx, noTx, {}, {}},
		"expired":         {{}, txExpired, txExpired, txExpired, {}, {}},
		"expired earlier": {isOpen, txExpired, txExpired, txExpired, {}, {}},
		"ended":           {noSession, noSession, noSession, noSession, noSession, noSession},
		"session expired": {sessExpired, sessExpired, sessExpired, sessExpired, sessExpired, sessExpired},
	}
	for _, state := range states {
		for i, cmd := range commands {
			t.Run(state.name+"/"+cmd.name, func(t *testing.T) {
				l := emulatortest.New(t)
				x := state.make(t, l)
				got, want := cmd.call(x), want[state.name][i]
				if want == (outcome{}) {
					if got != nil {
						t.Fatal(got)
					}
					return
				}
				ids := strings.NewReplacer("TX", x.id, "SESSION", x.s.ID())
				isError(t, got, want.exception, want.code, ids.Replace(want.text))
				if expired := want == txExpired; errors.Is(got, ledger.ErrTransactionExpired) != expired {
					t.Errorf("errors.Is(ErrTransactionExpired) is %v for %v", !expired, got)
				}
			})
		}
	}
}

// TestSessionAfterExpiry: a session outlives its expired transaction.
func TestSessionAfterExpiry(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'a': 1}")
	l.Clock.Advance(31 * time.Second)
	for range 2 {
		isError(t, x.commit(), invalidSession, "", "Transaction "+x.id+" has expired")
	}
	if err := x.s.AbortTransaction(t.Context()); err != nil {
		t.Error(err)
	}
	y := beginOn(t, x.s)
	equalRows(t, y.q("SELECT * FROM T"))
	y.mustCommit()
	if got := l.Stats(); got.Transactions != 0 || got.Sessions != 1 {
		t.Errorf("%d transactions and %d sessions are open, want 0 and 1", got.Transactions, got.Sessions)
	}
}

// TestTransactionLivesThirtySeconds: not a moment less.
func TestTransactionLivesThirtySeconds(t *testing.T) {
	l := emulatortest.New(t, emulatortest.At(time.UnixMilli(1_700_000_000_000)))
	x := begin(t, l.Ledger)
	l.Clock.Advance(30 * time.Second)
	x.q("SELECT VALUE 1 FROM << 0 >>")
	x.mustCommit()
	y := begin(t, l.Ledger)
	l.Clock.Advance(30*time.Second + time.Nanosecond)
	isError(t, y.commit(), invalidSession, "", "Transaction "+y.id+" has expired")
}

// TestAbandonedTransactions hold nothing back: they are swept when others
// begin, and so are sessions when there are too many.
func TestAbandonedTransactions(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.Sessions = 3
	l := emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
	for range 3 {
		begin(t, l.Ledger)
	}
	l.Clock.Advance(16 * time.Minute)
	x := begin(t, l.Ledger)
	if got := l.Stats(); got.Transactions != 1 || got.Sessions != 1 || got.Expired != 3 {
		t.Errorf("%d transactions and %d sessions are open, %d expired; want 1, 1 and 3", got.Transactions, got.Sessions, got.Expired)
	}
	x.mustCommit()
}

// TestCommitDigest: only the digest over every statement received, failed ones
// too, commits; the answer echoes it.
func TestCommitDigest(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'a': ?}", 1)
	if _, err := x.try("SELEC"); !errors.Is(err, ledger.ErrBadRequest) {
		t.Fatal(err)
	}
	if _, err := x.try("SELECT * FROM T WHERE a = ?"); !errors.Is(err, ledger.ErrBadRequest) {
		t.Fatal(err)
	}
	sent := x.digest.Hash().Bytes()
	got, err := x.s.CommitTransaction(t.Context(), x.id, sent)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Digest, sent) {
		t.Errorf("the answer has the digest %x, %x was sent", got.Digest, sent)
	}
	if got.Timing.Processing < time.Millisecond {
		t.Errorf("processing time is %v, clients want 1 ms at least", got.Timing.Processing)
	}
	equalRows(t, l.Exec(t, "SELECT * FROM T"), "{a:1}")
}

// TestDigestMismatch writes nothing and ends the transaction.
func TestDigestMismatch(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	for name, digest := range map[string]func(x *transaction) []byte{
		"one statement too few": func(x *transaction) []byte { return hashchain.NewCommitDigest(x.id).Hash().Bytes() },
		"cut short":             func(x *transaction) []byte { return x.digest.Hash().Bytes()[:31] },
		"none":                  func(*transaction) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			before := tip(t, l.Ledger)
			x := begin(t, l.Ledger)
			x.q("INSERT INTO T {'a': 1}")
			_, err := x.s.CommitTransaction(t.Context(), x.id, digest(x))
			isError(t, err, badRequest, "400", "Digests don't match")
			isError(t, x.commit(), badRequest, "405", "No open transaction")
			if err := x.s.AbortTransaction(t.Context()); err != nil {
				t.Error(err)
			}
			beginOn(t, x.s)
			if now := tip(t, l.Ledger); now != before {
				t.Errorf("the tip went from %d to %d", before, now)
			}
		})
	}
}

// TestConflictEndsTransaction: the session goes on at once.
func TestConflictEndsTransaction(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("SELECT * FROM T")
	l.Exec(t, "INSERT INTO T {'a': 1}")
	isConflict(t, x.commit())
	isError(t, x.commit(), badRequest, "405", "No open transaction")
	y := beginOn(t, x.s)
	equalRows(t, y.q("SELECT * FROM T"), "{a:1}")
	y.mustCommit()
}

// TestPages: a page has 200 values or ends after 1 MiB, tokens are good once and
// for their transaction only.
func TestPages(t *testing.T) {
	l := emulatortest.New(t)
	x := begin(t, l.Ledger)
	page, err := x.send("SELECT VALUE 1 FROM ? AS x", make([]int, 450))
	if err != nil {
		t.Fatal(err)
	}
	sizes := []int{len(page.Values)}
	for page.Token != "" {
		token := page.Token
		if page, err = x.s.FetchPage(t.Context(), x.id, token); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Values))
		_, err := x.s.FetchPage(t.Context(), x.id, token)
		isError(t, err, badRequest, "400", "The parameter NextPageToken is not valid")
	}
	if fmt.Sprint(sizes) != "[200 200 50]" {
		t.Errorf("pages of %v values", sizes)
	}
	page, err = x.send("SELECT VALUE [x, ?] FROM ? AS x", string(make([]byte, 100_000)), make([]int, 30))
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Values) != 11 || page.Token == "" {
		t.Errorf("a page has %d values of 100 kB; 11 pass 1 MiB", len(page.Values))
	}
	x.mustCommit()
	y := beginOn(t, x.s)
	_, err = y.s.FetchPage(t.Context(), y.id, page.Token)
	isError(t, err, badRequest, "400", "The parameter NextPageToken is not valid")
	if got := l.Stats().ResultBytes; got != 0 {
		t.Errorf("%d bytes of results are held after the transaction ended", got)
	}
}

// TestManyRows go to a file once they are too many for memory, and no further
// than the quota of all sessions.
func TestManyRows(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.ResultMemory, limits.ResultsOfAllSessions = 10_000, 100_000
	l := emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
	x, y := begin(t, l.Ledger), begin(t, l.Ledger)
	const many = "SELECT VALUE [x, '0123456789012345678901234567890123456789'] FROM ? AS x"
	page, err := x.send(many, make([]int, 1500))
	if err != nil {
		t.Fatal(err)
	}
	if held := l.Stats().ResultBytes; held < 60_000 {
		t.Errorf("%d bytes of results are held", held)
	}
	_, err = y.try(many, make([]int, 1500))
	isError(t, err, "CapacityExceededException", "", "Capacity exceeded")
	n := len(page.Values)
	for page.Token != "" {
		if page, err = x.s.FetchPage(t.Context(), x.id, page.Token); err != nil {
			t.Fatal(err)
		}
		for _, row := range texts(t, page.Values) {
			if row != `[0,"0123456789012345678901234567890123456789"]` {
				t.Fatalf("row %d is %s", n, row)
			}
			n++
		}
	}
	if n != 1500 {
		t.Errorf("%d rows, want 1500", n)
	}
	if len(y.q(many, make([]int, 1500))) != 1500 {
		t.Error("after the first result was read there is still no room")
	}
}

// TestAbandonedResults make room once their transaction has expired, though
// nobody ended it.
func TestAbandonedResults(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.ResultsOfAllSessions = 10_000
	l := emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
	const many = "SELECT VALUE x FROM ? AS x"
	if page, err := begin(t, l.Ledger).send(many, make([]int, 1500)); err != nil || page.Token == "" {
		t.Fatal(page.Token, err)
	}
	_, err := begin(t, l.Ledger).try(many, make([]int, 1500))
	isError(t, err, "CapacityExceededException", "", "Capacity exceeded")
	l.Clock.Advance(31 * time.Second)
	if got := begin(t, l.Ledger).q(many, make([]int, 1500)); len(got) != 1500 {
		t.Errorf("%d rows, want 1500", len(got))
	}
}

// TestConcurrentCalls on one session wait for each other.
func TestConcurrentCalls(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T ?", map[string]int{"a": 1})
	page, err := x.send("SELECT VALUE x FROM ? AS x", make([]int, 2000))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		n := len(page.Values)
		for page.Token != "" {
			p, err := x.s.FetchPage(t.Context(), x.id, page.Token)
			if err != nil {
				t.Error(err)
				return
			}
			page, n = p, n+len(p.Values)
		}
		if n != 2000 {
			t.Errorf("%d rows, want 2000", n)
		}
	})
	for range 50 {
		equalRows(t, x.q("SELECT a FROM T"), "{a:1}")
	}
	wg.Wait()
	x.mustCommit()
}

// TestSessionsOfClosedLedger say so.
func TestSessionsOfClosedLedger(t *testing.T) {
	l, err := emulator.OpenMemory("closed")
	if err != nil {
		t.Fatal(err)
	}
	x, idle := begin(t, l), newSession(t, l)
	x.q("SELECT * FROM information_schema.user_tables")
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, started := l.StartSession(t.Context())
	_, begun := idle.StartTransaction(t.Context())
	_, digest := l.Digest(t.Context())
	_, names := l.TableNames(t.Context())
	_, executed := x.try("SELECT * FROM information_schema.user_tables")
	_, block := l.Block(t.Context(), address(l, 0), nil)
	for what, err := range map[string]error{"StartSession": started, "StartTransaction": begun, "ExecuteStatement": executed,
		"CommitTransaction": x.commit(), "Digest": digest, "TableNames": names, "Block": block, "Execute": execute(t.Context(), l, "SELECT VALUE 1 FROM << 0 >>")} {
		if !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("%s on a closed ledger gives %v", what, err)
		}
	}
}
