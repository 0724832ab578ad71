package emulator_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// overwritten makes a document of T, changes it, and returns what redacts its
// first revision: block address, table id and document id.
func overwritten(t testing.TB, l *emulatortest.Ledger, doc string) []any {
	t.Helper()
	id := documentID(t, l.Exec(t, "INSERT INTO T "+doc))
	where := address(l.Ledger, tip(t, l.Ledger))
	l.Exec(t, "UPDATE T AS t BY id SET t = {} WHERE id = ?", id)
	return []any{where.Value(), tableID(t, l, "T"), id}
}

const redact = "EXEC REDACT_REVISION ?, ?, ?"

// TestRedaction: the revision keeps its hash and metadata and shows dataHash in
// the place of data; every hash and every proof made before still holds.
func TestRedaction(t *testing.T) {
	l := withTable(t)
	id := documentID(t, l.Exec(t, "INSERT INTO T {'k': 1, 'name': 'Ada'}"))
	where := address(l.Ledger, tip(t, l.Ledger))
	l.Exec(t, "UPDATE T SET name = 'Eve' WHERE k = 1")
	kept := digestOf(t, l.Ledger)
	oldBlock, err := l.Block(t.Context(), where, &kept.Tip)
	if err != nil {
		t.Fatal(err)
	}
	oldRevision, err := l.Revision(t.Context(), where, id, &kept.Tip)
	if err != nil {
		t.Fatal(err)
	}
	table := tableID(t, l, "T")
	row := fmt.Sprintf("{blockAddress:%s,tableId:%q,documentId:%q,version:0}", where, table, id)
	equalRows(t, l.Exec(t, redact, where.Value(), table, id), row)
	if got := at(t, lastBlock(t, l.Ledger), "redactionInfo").String(); got != "{revisions:["+row+"]}" {
		t.Errorf("redactionInfo is %s", got)
	}

	newBlock, err := ledger.FetchBlock(t.Context(), l, where, kept)
	if err != nil {
		t.Errorf("the block under the digest kept from before: %v", err)
	}
	newRevision, err := ledger.FetchRevision(t.Context(), l, where, id, kept)
	if err != nil {
		t.Errorf("the revision under the digest kept from before: %v", err)
	}
	for what, pair := range map[string][2]string{
		"proof of the block":    {oldBlock.Proof.String(), newBlock.Proof.String()},
		"proof of the revision": {oldRevision.Proof.String(), newRevision.Proof.String()},
		"hash":                  {at(t, oldRevision.Value, "hash").String(), at(t, newRevision.Value, "hash").String()},
		"metadata":              {at(t, oldRevision.Value, "metadata").String(), at(t, newRevision.Value, "metadata").String()},
		"transactionInfo":       {at(t, oldBlock.Value, "transactionInfo").String(), at(t, newBlock.Value, "transactionInfo").String()},
		"blockHash":             {at(t, oldBlock.Value, "blockHash").String(), at(t, newBlock.Value, "blockHash").String()},
	} {
		if pair[0] != pair[1] {
			t.Errorf("the %s went from %s to %s", what, pair[0], pair[1])
		}
	}
	for what, r := range map[string]ledger.Revision{"old": oldRevision, "redacted": newRevision} {
		if err := r.Verify(kept); err != nil {
			t.Errorf("the %s revision: %v", what, err)
		}
	}
	h, err := hashchain.IonHash(at(t, oldRevision.Value, "data"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := at(t, newRevision.Value, "dataHash").Bytes(); !bytes.Equal(got, h.Bytes()) {
		t.Errorf("dataHash is %x, the hash of the data is %s", got, h)
	}
	if _, there := newRevision.Value.Field("data"); there {
		t.Error("the data is still there")
	}
	equalRows(t, l.Exec(t, "SELECT VALUE metadata.version FROM history(T) AS h WHERE h.data IS MISSING"), "0")
	equalRows(t, l.Exec(t, "SELECT name FROM T"), "{name:\"Eve\"}")
	l.Exec(t, "UPDATE T SET name = 'Mallory' WHERE k = 1")
}

// TestRedactionErrors leave everything as it is.
func TestRedactionErrors(t *testing.T) {
	l := withTable(t)
	args := overwritten(t, l, "{'a': 1}")
	where, table, id := args[0], args[1], args[2]
	deleted := documentID(t, l.Exec(t, "INSERT INTO T {'k': 9}"))
	l.Exec(t, "DELETE FROM T WHERE k = 9")
	deletion := address(l.Ledger, tip(t, l.Ledger)).Value()
	beyond := tip(t, l.Ledger) + 10
	for _, c := range []struct {
		name, text string
		args       []any
	}{
		{"other strand", "The Strand ID of the provided block address is not valid: " + id.(string) + " is not a strand of this ledger",
			[]any{hashchain.BlockAddress{StrandID: id.(string), SequenceNo: 3}.Value(), table, id}},
		{"block beyond", fmt.Sprintf("The sequence number of the provided block address is beyond the strand's latest committed record: %d, the latest is ", beyond),
			[]any{address(l.Ledger, beyond).Value(), table, id}},
		{"unknown table", "Table with id: 0000000000000000000000 does not exist", []any{where, "0000000000000000000000", id}},
		{"document not in block", "The provided Document ID was not found in the block at the specified block address: " + deleted, []any{where, table, deleted}},
		{"no id", "The provided Document ID was not found in the block at the specified block address: nobody", []any{where, table, "nobody"}},
		{"deletion", "Revision 1 of document " + deleted + " is ", []any{deletion, table, deleted}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := begin(t, l.Ledger)
			if _, err := x.try(redact, c.args...); err == nil || !strings.HasPrefix(err.Error(), badRequest+": "+c.text) {
				t.Errorf("the error is %v, want %s", err, c.text)
			}
			x.mustCommit()
		})
	}
	l.Exec(t, redact, args...)
	_, err := begin(t, l.Ledger).try(redact, args...)
	isError(t, err, badRequest, "412", "Revision 0 of document "+id.(string)+" has been redacted already")
}

// TestRedactionsOfOneBlock: of two at once one loses; with the limit lifted one
// transaction may have several, and not one twice.
func TestRedactionsOfOneBlock(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.RedactionsPerTx = 0
	l := withTable(t, emulatortest.With(emulator.WithLimits(limits)))
	var ids []string
	for _, row := range l.Exec(t, "INSERT INTO T << {'k': 1}, {'k': 2}, {'k': 3}, {'k': 4} >>") {
		ids = append(ids, documentID(t, []string{row}))
	}
	where, table := address(l.Ledger, tip(t, l.Ledger)).Value(), tableID(t, l, "T")
	l.Exec(t, "DELETE FROM T")
	x, y := begin(t, l.Ledger), begin(t, l.Ledger)
	x.q(redact, where, table, ids[0])
	y.q(redact, where, table, ids[1])
	x.mustCommit()
	isConflict(t, y.commit())
	z := begin(t, l.Ledger)
	z.q(redact, where, table, ids[1])
	z.q(redact, where, table, ids[2])
	_, err := z.try(redact, where, table, ids[1])
	isError(t, err, badRequest, "412", "Revision 0 of document "+ids[1]+" has been redacted already")
	z.mustCommit()
	equalRows(t, l.Exec(t, "SELECT VALUE data.k FROM history(T) AS h WHERE h.data IS NOT MISSING"), "4")
}

// TestErased: after a redaction and the compacting of the file, nothing of what
// came as a parameter and stood in that revision alone is in the file, not even
// the names of its fields. What stands in the text of a statement stays.
func TestErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "erased.tally")
	secrets := []string{"Sensitive-Value", "secret_field_name", "secret_symbol", "secret_nested", "secret_annotation", "indexed-secret"}
	const inStatement = "written-into-the-statement"
	t.Run("fill", func(t *testing.T) {
		l := withTable(t, emulatortest.WithFile(path))
		doc := parse(t, `{k:"indexed-secret",public_name:"Ada",secret_field_name:"Sensitive-Value",list:[secret_symbol,{secret_nested:secret_annotation::1}]}`)
		id := documentID(t, l.Exec(t, "INSERT INTO T ?", doc))
		where := address(l.Ledger, tip(t, l.Ledger))
		l.Exec(t, "INSERT INTO T {'k': 2, 'other': '"+inStatement+"'}") // another document, another block
		l.Exec(t, "UPDATE T AS t BY id SET t = {'k': 1, 'public_name': 'Ada'} WHERE id = ?", id)
		l.Exec(t, redact, where.Value(), tableID(t, l, "T"), id)
	})
	if found := inFile(t, path, secrets); len(found) == 0 {
		t.Error("nothing is left behind in unused pages: this test shows nothing")
	}
	if err := store.CompactBolt(path, path); err != nil {
		t.Fatal(err)
	}
	if found := inFile(t, path, secrets); len(found) > 0 {
		t.Errorf("still in the file: %q", found)
	}
	if found := inFile(t, path, []string{inStatement, "public_name"}); len(found) != 2 {
		t.Errorf("of what must stay only %q is there", found)
	}
	l := emulatortest.New(t, emulatortest.WithFile(path))
	equalRows(t, l.Exec(t, "SELECT VALUE public_name FROM T WHERE k = 1"), `"Ada"`)
}

func inFile(t *testing.T, path string, words []string) (found []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range words {
		if bytes.Contains(b, []byte(w)) {
			found = append(found, w)
		}
	}
	return found
}

// TestRedactionShrinksJournal: the bytes of the journal are those of its blocks,
// before and after a redaction and after opening the file again.
func TestRedactionShrinksJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bytes.tally")
	journal := func(l *emulatortest.Ledger) (n int64) {
		for b, err := range l.Journal(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			n += int64(len(b.Encode()))
		}
		return n
	}
	t.Run("redact", func(t *testing.T) {
		l := withTable(t, emulatortest.WithFile(path))
		old := overwritten(t, l, fmt.Sprintf("{'k': 1, 'x': '%s'}", strings.Repeat("y", 3000)))
		before := l.Stats().JournalBytes
		if want := journal(l); before != want {
			t.Errorf("the journal has %d bytes, its blocks %d", before, want)
		}
		l.Exec(t, redact, old...)
		after := l.Stats().JournalBytes
		if want := journal(l); after != want || after > before-2000 {
			t.Errorf("after the redaction the journal has %d bytes, its blocks %d; before it had %d", after, want, before)
		}
	})
	t.Run("reopen", func(t *testing.T) {
		l := emulatortest.New(t, emulatortest.WithFile(path))
		if got, want := l.Stats().JournalBytes, journal(l); got != want {
			t.Errorf("the journal has %d bytes, its blocks %d", got, want)
		}
	})
}
