package emulator_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// transaction is an open transaction on a session of its own. It keeps the
// commit digest as a driver does.
type transaction struct {
	t      testing.TB
	ctx    context.Context // the test's, where a test does not set another
	s      *emulator.Session
	id     string
	digest hashchain.CommitDigest
}

func newSession(t testing.TB, l *emulator.Ledger) *emulator.Session {
	t.Helper()
	s, err := l.StartSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t testing.TB, l *emulator.Ledger) *transaction {
	t.Helper()
	return beginOn(t, newSession(t, l))
}

func beginOn(t testing.TB, s *emulator.Session) *transaction {
	t.Helper()
	id, err := s.StartTransaction(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &transaction{t: t, ctx: t.Context(), s: s, id: id, digest: hashchain.NewCommitDigest(id)}
}

// send sends a statement and returns its first page.
func (x *transaction) send(statement string, params ...any) (emulator.RawPage, error) {
	x.t.Helper()
	values, err := ledger.Parameters(params)
	if err != nil {
		x.t.Fatal(err)
	}
	d, err := hashchain.StatementDigest(statement, values...)
	if err != nil {
		x.t.Fatal(err)
	}
	x.digest.Extend(d)
	return x.s.ExecuteStatement(x.ctx, x.id, statement, values)
}

// try runs a statement and reads all its pages, each row as Ion text.
func (x *transaction) try(statement string, params ...any) ([]string, error) {
	x.t.Helper()
	page, err := x.send(statement, params...)
	var rows []string
	for err == nil {
		rows = append(rows, texts(x.t, page.Values)...)
		if page.Token == "" {
			return rows, nil
		}
		page, err = x.s.FetchPage(x.ctx, x.id, page.Token)
	}
	return rows, err
}

// q is try for statements that succeed.
func (x *transaction) q(statement string, params ...any) []string {
	x.t.Helper()
	rows, err := x.try(statement, params...)
	if err != nil {
		x.t.Fatalf("%s: %v", statement, err)
	}
	return rows
}

func (x *transaction) commit() error {
	x.t.Helper()
	_, err := x.s.CommitTransaction(x.ctx, x.id, x.digest.Hash().Bytes())
	return err
}

func (x *transaction) mustCommit() {
	x.t.Helper()
	if err := x.commit(); err != nil {
		x.t.Fatal(err)
	}
}

// texts reads rows, each of which has to be a complete Ion stream.
func texts(t testing.TB, values [][]byte) []string {
	t.Helper()
	var rows []string
	for _, b := range values {
		v, err := ion.Parse(b)
		if err != nil {
			t.Fatalf("a row is no complete Ion stream: %v", err)
		}
		rows = append(rows, v.String())
	}
	return rows
}

func equalRows(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows are\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// isError checks an error of the service to the letter.
func isError(t testing.TB, err error, exception, code, message string) {
	t.Helper()
	var le *ledger.Error
	if !errors.As(err, &le) {
		t.Errorf("the error is %v, want %s %q", err, exception, message)
		return
	}
	if le.Exception != exception || le.Code != code || le.Message != message {
		t.Errorf("the error is %s %q %q, want %s %q %q", le.Exception, le.Code, le.Message, exception, code, message)
	}
}

const (
	badRequest     = "BadRequestException"
	invalidSession = "InvalidSessionException"
)

// isConflict checks for the loser's error.
func isConflict(t testing.TB, err error) {
	t.Helper()
	isError(t, err, "OccConflictException", "", "Optimistic concurrency control (OCC) failure encountered while committing the transaction")
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("%v is no ledger.ErrConflict", err)
	}
}

// documentID is the id in the only row of an insert.
func documentID(t testing.TB, rows []string) string {
	t.Helper()
	if len(rows) != 1 {
		t.Fatalf("%d rows, want one with a document id", len(rows))
	}
	return textAt(t, parse(t, rows[0]), "documentId")
}

func parse(t testing.TB, text string) ion.Value {
	t.Helper()
	v, err := ion.ParseText(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func at(t testing.TB, v ion.Value, path ...string) ion.Value {
	t.Helper()
	f, ok := v.Path(path...)
	if !ok {
		t.Fatalf("%s has no %s", v, strings.Join(path, "."))
	}
	return f
}

func textAt(t testing.TB, v ion.Value, path ...string) string {
	t.Helper()
	s, ok := at(t, v, path...).Text()
	if !ok {
		t.Fatalf("%s is no text", at(t, v, path...))
	}
	return s
}

func intAt(t testing.TB, v ion.Value, path ...string) int64 {
	t.Helper()
	n, ok := at(t, v, path...).Int64()
	if !ok {
		t.Fatalf("%s is no int", at(t, v, path...))
	}
	return n
}

// tip is the last block's sequence number.
func tip(t testing.TB, l *emulator.Ledger) uint64 {
	t.Helper()
	return digestOf(t, l).Tip.SequenceNo
}

func digestOf(t testing.TB, l *emulator.Ledger) ledger.Digest {
	t.Helper()
	d, err := l.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func address(l *emulator.Ledger, seq uint64) hashchain.BlockAddress {
	return hashchain.BlockAddress{StrandID: l.StrandID(), SequenceNo: seq}
}

func blockAt(t testing.TB, l *emulator.Ledger, seq uint64) ion.Value {
	t.Helper()
	b, err := l.Block(t.Context(), address(l, seq), nil)
	if err != nil {
		t.Fatalf("block %d: %v", seq, err)
	}
	return b.Value
}

// lastBlock is the block of the transaction that committed last.
func lastBlock(t testing.TB, l *emulator.Ledger) ion.Value {
	t.Helper()
	return blockAt(t, l, tip(t, l))
}

// tableID looks a table's id up in the catalog.
func tableID(t testing.TB, l *emulatortest.Ledger, name string) string {
	t.Helper()
	rows := l.Exec(t, "SELECT VALUE tableId FROM information_schema.user_tables WHERE name = ? AND status = 'ACTIVE'", name)
	if len(rows) != 1 {
		t.Fatalf("%d tables have the name %s", len(rows), name)
	}
	s, _ := parse(t, rows[0]).Text()
	return s
}

// checked fails the test for everything that Check finds.
func checked(t testing.TB, l *emulator.Ledger) {
	t.Helper()
	for problem, err := range l.Check(context.Background()) {
		if err != nil {
			t.Errorf("the ledger cannot be checked: %v", err)
			return
		}
		t.Errorf("the ledger is damaged: %s", problem)
	}
}

// execute runs one statement in a transaction of its own.
func execute(ctx context.Context, l *emulator.Ledger, statement string, params ...any) error {
	return l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute(statement, params...)
		return err
	})
}

// ledgerRevision fetches a revision and verifies it under a digest.
func ledgerRevision(t testing.TB, l ledger.Ledger, seq uint64, id string, d ledger.Digest) (ledger.Revision, error) {
	t.Helper()
	return ledger.FetchRevision(t.Context(), l, hashchain.BlockAddress{StrandID: d.Tip.StrandID, SequenceNo: seq}, id, d)
}
