package partiql_test

import (
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"pgregory.net/rapid"
)

// engine is a session of the real engine that runs statements as alike wants them.
type engine struct {
	t      *rapid.T
	s      *emulator.Session
	tx     string // the open transaction, if there is one
	digest hashchain.CommitDigest
}

// newEngine opens a ledger whose ids and times are the same each time.
func newEngine(t *testing.T, rt *rapid.T) *engine {
	l := emulatortest.New(t, emulatortest.WithSeed(7))
	s, err := l.StartSession(t.Context())
	if err != nil {
		rt.Fatal(err)
	}
	return &engine{t: rt, s: s}
}

// run runs a statement in the transaction that is open, and ends that if asked to.
func (e *engine) run(text string, commit bool) []string {
	ctx := e.t.Context()
	var err error
	if e.tx == "" {
		if e.tx, err = e.s.StartTransaction(ctx); err != nil {
			e.t.Fatal(err)
		}
		e.digest = hashchain.NewCommitDigest(e.tx)
	}
	d, err := hashchain.StatementDigest(text)
	if err != nil {
		e.t.Fatal(err)
	}
	e.digest.Extend(d)
	page, err := e.s.ExecuteStatement(ctx, e.tx, text, nil)
	var rows []string
	for err == nil {
		for _, b := range page.Values {
			v, err := ion.Parse(b)
			if err != nil {
				e.t.Fatal(err)
			}
			rows = append(rows, v.String())
		}
		if page.Token == "" {
			break
		}
		page, err = e.s.FetchPage(ctx, e.tx, page.Token)
	}
	if err != nil {
		rows = []string{"! " + err.Error()}
	}
	if commit {
		if _, err := e.s.CommitTransaction(ctx, e.tx, e.digest.Hash().Bytes()); err != nil {
			e.t.Fatal(err)
		}
		e.tx = ""
	}
	return rows
}

// TestIndexesDoNotMatterToEngine is TestIndexesDoNotMatter for the real engine, with
// its stored entries and with what an open transaction lays over them. The ledger
// without indexes has some on fields that no statement names, so that all ids agree.
func TestIndexesDoNotMatterToEngine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		with, without := newEngine(t, rt), newEngine(t, rt)
		for _, s := range []string{"CREATE TABLE T", "CREATE TABLE S"} {
			with.run(s, true)
			without.run(s, true)
		}
		for _, on := range [][2]string{{"T (a)", "T (y)"}, {"T (b)", "T (z)"}, {"S (a)", "S (z)"}} {
			with.run("CREATE INDEX ON "+on[0], true)
			without.run("CREATE INDEX ON "+on[1], true)
		}
		commit := false
		alike(rt, func(s string) []string {
			commit = rapid.Bool().Draw(rt, "commit")
			return with.run(s, commit)
		}, func(s string) []string { return without.run(s, commit) }, func() (ids []string) {
			for _, id := range with.run("SELECT VALUE d FROM T BY d", false) {
				ids = append(ids, id[1:len(id)-1])
			}
			without.run("SELECT VALUE d FROM T BY d", false)
			return ids
		})
	})
}
