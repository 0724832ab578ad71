package emulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// fieldNames lists the fields of a struct in their order.
func fieldNames(v ion.Value) string {
	var names []string
	for name := range v.Fields() {
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// TestFirstBlock is the ledger's own: no transactionInfo, no revisions, nothing
// before it.
func TestFirstBlock(t *testing.T) {
	l := emulatortest.New(t)
	raw := blockAt(t, l.Ledger, 0)
	if got := fieldNames(raw); got != "blockAddress transactionId blockTimestamp blockHash entriesHash previousBlockHash entriesHashList" {
		t.Errorf("block 0 has the fields %s", got)
	}
	b, err := hashchain.BlockOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !b.PreviousBlockHash.IsEmpty() || b.Hash != b.EntriesHash {
		t.Errorf("previousBlockHash is %q, blockHash %s, entriesHash %s", b.PreviousBlockHash, b.Hash, b.EntriesHash)
	}
	if d := digestOf(t, l.Ledger); d.Hash != b.Hash || d.Tip.SequenceNo != 0 || d.Tip.StrandID != l.StrandID() {
		t.Errorf("the digest is %v", d)
	}
}

// TestBlock checks one block field by field against the rules of the journal.
func TestBlock(t *testing.T) {
	l := emulatortest.New(t, emulatortest.WithSeed(1))
	l.Exec(t, "CREATE TABLE T")
	table := tableID(t, l, "T")
	before, err := hashchain.BlockOf(lastBlock(t, l.Ledger))
	if err != nil {
		t.Fatal(err)
	}
	l.Clock.Advance(1500 * time.Millisecond)
	x := begin(t, l.Ledger)
	doc := parse(t, "{b:1.50,a:x::'sym'}")
	texts := []string{"SELECT * FROM T", "INSERT INTO T ?", "UPDATE T SET a = ?, b = ?"}
	x.q(texts[0])
	id := documentID(t, x.q(texts[1], doc))
	for _, failed := range []string{"SELEC", "SELECT * FROM Nowhere"} {
		if _, err := x.try(failed); err == nil {
			t.Errorf("%s succeeds", failed)
		}
	}
	l.Clock.Advance(250 * time.Millisecond)
	x.q(texts[2], 5, 6)
	l.Clock.Advance(10 * time.Millisecond)
	x.mustCommit()
	raw := lastBlock(t, l.Ledger)
	if got := fieldNames(raw); got != "blockAddress transactionId blockTimestamp blockHash entriesHash previousBlockHash entriesHashList transactionInfo revisions" {
		t.Errorf("the fields are %s", got)
	}
	b, err := hashchain.BlockOf(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, failures := hashchain.CheckBlock(raw); len(failures) > 0 {
		t.Error(failures)
	}
	commitTime := l.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for what, pair := range map[string][2]string{
		"blockAddress":      {at(t, raw, "blockAddress").String(), fmt.Sprintf("{strandId:%q,sequenceNo:%d}", l.StrandID(), tip(t, l.Ledger))},
		"transactionId":     {b.TransactionID, x.id},
		"blockTimestamp":    {at(t, raw, "blockTimestamp").String(), commitTime},
		"previousBlockHash": {b.PreviousBlockHash.String(), before.Hash.String()},
		"entriesHash":       {b.EntriesHash.String(), hashchain.Root(b.EntriesHashList).String()},
		"blockHash":         {b.Hash.String(), hashchain.Dot(b.EntriesHash, b.PreviousBlockHash).String()},
		"documents":         {at(t, b.TransactionInfo, "documents", id).String(), fmt.Sprintf("{tableName:\"T\",tableId:%q,statements:[1,2,2]}", table)},
		"entries":           {fmt.Sprint(len(b.EntriesHashList)), "4"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, want %s", what, pair[0], pair[1])
		}
	}
	info, err := hashchain.IonHash(b.TransactionInfo)
	if err != nil || b.EntriesHashList[3] != info {
		t.Errorf("entriesHashList[3] is not the hash of transactionInfo: %v", err)
	}
	if hs, err := b.RevisionHashes(); err != nil || b.EntriesHashList[1] != hashchain.Root(hs) {
		t.Errorf("entriesHashList[1] is not the root of the revisions: %v", err)
	}
	checkStatements(t, b, texts, [][]ion.Value{nil, {doc}, {ion.NewInt(5), ion.NewInt(6)}},
		[]string{"2024-01-01T00:00:01.500Z", "2024-01-01T00:00:01.500Z", "2024-01-01T00:00:01.750Z"})
	checkOneRevision(t, b, id, x.id, commitTime)
}

func checkStatements(t *testing.T, b *hashchain.Block, texts []string, params [][]ion.Value, times []string) {
	t.Helper()
	list := at(t, b.TransactionInfo, "statements")
	if list.Len() != len(texts) {
		t.Fatalf("the statements are %s", list)
	}
	for i, text := range texts {
		s, _ := list.Index(i)
		d, err := hashchain.StatementDigest(text, params[i]...)
		if err != nil {
			t.Fatal(err)
		}
		digest, _ := at(t, s, "statementDigest").Bytes()
		if textAt(t, s, "statement") != text || at(t, s, "startTime").String() != times[i] || string(digest) != string(d.Bytes()) || fieldNames(s) != "statement startTime statementDigest" {
			t.Errorf("statement %d is %s", i, s)
		}
	}
}

// checkOneRevision: insert and update in one transaction are one revision, of
// version 0, with the final data.
func checkOneRevision(t *testing.T, b *hashchain.Block, id, tx, time string) {
	t.Helper()
	if b.Revisions.Len() != 1 {
		t.Fatalf("the revisions are %s", b.Revisions)
	}
	r, _ := b.Revisions.Index(0)
	if got := fieldNames(r); got != "blockAddress hash data metadata" {
		t.Errorf("the revision has the fields %s", got)
	}
	if got := at(t, r, "data").String(); got != "{b:6,a:5}" {
		t.Errorf("the data is %s", got)
	}
	if got, want := at(t, r, "metadata").String(), fmt.Sprintf("{id:%q,version:0,txTime:%s,txId:%q}", id, time, tx); got != want {
		t.Errorf("the metadata is %s, want %s", got, want)
	}
	if rev, err := hashchain.RevisionOf(r); err != nil || rev.Check() != nil {
		t.Errorf("the revision does not verify: %v %v", err, rev.Check())
	}
}

// TestDeletionRevision has no data, and its hash is that of its metadata; so
// for a document that lived within one transaction.
func TestDeletionRevision(t *testing.T) {
	l := withTable(t)
	l.Exec(t, "INSERT INTO T {'k': 1}")
	l.Exec(t, "DELETE FROM T")
	x := begin(t, l.Ledger)
	x.q("INSERT INTO T {'k': 2}")
	x.q("DELETE FROM T WHERE k = 2")
	x.mustCommit()
	for seq, version := range map[uint64]int64{tip(t, l.Ledger) - 1: 1, tip(t, l.Ledger): 0} {
		b, err := hashchain.BlockOf(blockAt(t, l.Ledger, seq))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := b.Revisions.Index(0)
		r, err := hashchain.RevisionOf(raw)
		if err != nil {
			t.Fatal(err)
		}
		h, err := hashchain.IonHash(r.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		if fieldNames(raw) != "blockAddress hash metadata" || r.Hash != h || r.Version() != version || b.Revisions.Len() != 1 {
			t.Errorf("block %d: the revision of a deletion is %s", seq, raw)
		}
	}
	equalRows(t, l.Exec(t, "SELECT VALUE metadata.version FROM history(T)"), "0", "1", "0")
}

// TestReadOnlyBlock: a transaction that only reads writes a block without
// documents and revisions.
func TestReadOnlyBlock(t *testing.T) {
	l := withTable(t)
	before := tip(t, l.Ledger)
	l.Exec(t, "SELECT * FROM T")
	if now := tip(t, l.Ledger); now != before+1 {
		t.Errorf("the tip went from %d to %d", before, now)
	}
	b := lastBlock(t, l.Ledger)
	if got := fieldNames(b); got != "blockAddress transactionId blockTimestamp blockHash entriesHash previousBlockHash entriesHashList transactionInfo" {
		t.Errorf("the block has the fields %s", got)
	}
	if got := fieldNames(at(t, b, "transactionInfo")); got != "statements" {
		t.Errorf("transactionInfo has the fields %s", got)
	}
}

// TestJournal verifies as a whole, from any block on, while others write.
func TestJournal(t *testing.T) {
	l := withTable(t)
	for i := range 600 { // more than one piece of reading
		l.Exec(t, "INSERT INTO T {'k': ?}", i)
	}
	kept := digestOf(t, l.Ledger)
	v := hashchain.NewVerifier(hashchain.VerifyOptions{})
	n := 0
	for b, err := range l.Journal(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 300 {
			l.Exec(t, "INSERT INTO T {'k': 1}") // not part of this reading
		}
		v.Add(b)
		n++
	}
	r := v.Finish()
	if !r.OK() || n != int(kept.Tip.SequenceNo)+1 || r.Digest.Hash != kept.Hash {
		t.Errorf("%d blocks, report %+v; want the digest %v", n, r, kept)
	}
}

// TestSameSeedSameJournal: clock and seed determine every byte.
func TestSameSeedSameJournal(t *testing.T) {
	run := func(seed uint64) string {
		l := emulatortest.New(t, emulatortest.WithSeed(seed))
		l.Exec(t, "CREATE TABLE T")
		l.Exec(t, "INSERT INTO T {'k': 1}")
		l.Clock.Advance(time.Second)
		l.Exec(t, "UPDATE T SET k = 2")
		return digestOf(t, l.Ledger).Hash.String()
	}
	if a, b, c := run(7), run(7), run(8); a != b || a == c {
		t.Errorf("digests of seeds 7, 7 and 8: %s, %s, %s", a, b, c)
	}
}

// TestIDs have QLDB's shape, carry the clock's second and rise.
func TestIDs(t *testing.T) {
	l := withTable(t, emulatortest.At(time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)))
	var before string
	for range 5 {
		for _, row := range l.Exec(t, "INSERT INTO T << {}, {}, {} >>") {
			id, err := hashchain.ParseID(documentID(t, []string{row}))
			if err != nil {
				t.Fatal(err)
			}
			key := id.SortKey()
			if string(key[:]) <= before || !id.Time().Equal(l.Clock.Now()) {
				t.Errorf("id %s of %s does not rise, or is not of the clock's time", id, id.Time())
			}
			before = string(key[:])
		}
		l.Clock.Advance(-time.Hour) // ids rise all the same, their time stands still
		l.Clock.Set(time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC))
	}
	if len(l.StrandID()) != 22 || l.Name() != "test" || !l.CreatedAt().Equal(l.Clock.Now()) {
		t.Errorf("the ledger %s has the strand %s, created %s", l.Name(), l.StrandID(), l.CreatedAt())
	}
}

// TestStats counts what happened.
func TestStats(t *testing.T) {
	l := withTable(t)
	groups := 0
	l.Observe(func(size int, d time.Duration) { groups += size })
	l.Exec(t, "INSERT INTO T {'k': 1}")
	l.Observe(nil)
	if err := begin(t, l.Ledger).s.AbortTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := l.Stats()
	if groups != 1 || got.Committed != 3 || got.Blocks != 4 || got.Aborted != 1 || got.Sessions != 1 || got.Transactions != 0 || got.JournalBytes < 1000 {
		t.Errorf("%d observed, stats %+v", groups, got)
	}
	l.SetMode(emulator.Standard)
	if l.Mode().String() != "STANDARD" {
		t.Errorf("the mode is %s", l.Mode())
	}
}

// TestChangesAreAssignments: a statement is listed once for each of its
// assignments, however many combinations of rows they were made for.
func TestChangesAreAssignments(t *testing.T) {
	l := withTable(t)
	x := begin(t, l.Ledger)
	id := documentID(t, x.q("INSERT INTO T {'n': 0}"))
	x.mustCommit()
	x = begin(t, l.Ledger)
	x.q("FROM T AS t, <<1, 2, 3>> AS i SET t.n = i, t.m = i")
	x.mustCommit()
	if got := at(t, lastBlock(t, l.Ledger), "transactionInfo", "documents", id, "statements").String(); got != "[0,0]" {
		t.Errorf("the changes are %s, want [0,0]", got)
	}
}
