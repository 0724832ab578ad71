package hashchain

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

var testTime = time.Date(2024, 5, 6, 7, 8, 9, 120_000_000, time.UTC)

const testStrand = "0Qk7yM2SXa4Dz8w5gYHbTe"

func mustHash(t testing.TB, v ion.Value) Hash {
	t.Helper()
	h, err := IonHash(v)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func document(n int) ion.Value {
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("name").String(fmt.Sprintf("Document %d", n))
	w.Field("amount").Decimal(ion.NewDecimal(int64(1250+n), -2))
	w.Field(fmt.Sprintf("secret%d", n)).Symbol("hidden")
	w.End()
	v, err := w.Build()
	if err != nil {
		panic(err)
	}
	return v
}

// testParts is a block with revisions of every kind.
func testParts(t testing.TB, seq uint64, previous Hash) *BlockParts {
	digest, err := StatementDigest("INSERT INTO t ?", document(0))
	if err != nil {
		t.Fatal(err)
	}
	in := &BlockParts{
		Address: BlockAddress{testStrand, seq}, TransactionID: fmt.Sprintf("tx%020d", seq),
		Timestamp: testTime.Add(time.Duration(seq) * time.Second), PreviousBlockHash: previous, Internal: FormatHash(),
		Statements: []Statement{{"INSERT INTO t ?", testTime, digest}, {"DELETE FROM t", testTime, digest}},
	}
	in.Revisions = append(in.Revisions, RevisionParts{HashOnly: leaf(int(seq))})
	for i := range 3 {
		d := document(int(seq)*10 + i)
		id := fmt.Sprintf("doc%02d%017d", i, seq)
		in.Revisions = append(in.Revisions, RevisionParts{DocumentID: id, Version: int64(i), Data: d, DataHash: mustHash(t, d)})
		in.Documents = append(in.Documents, DocumentChange{id, "t", "tableIdOf22characters0", []int{0, 0, 1}})
	}
	in.Revisions = append(in.Revisions, RevisionParts{DocumentID: fmt.Sprintf("gone%018d", seq), Version: 9})
	return in
}

func build(t testing.TB, in *BlockParts) (*BuiltBlock, ion.Value) {
	t.Helper()
	var bb BlockBuilder
	out, err := bb.Build(in)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ion.Parse(out.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return out, v
}

func fieldOrder(v ion.Value) (names []string) {
	for name := range v.Fields() {
		names = append(names, name)
	}
	return names
}

func TestBuildFieldOrderAndHashes(t *testing.T) {
	in := testParts(t, 7, leaf(99))
	in.Redactions = []Redaction{{in.Address, "tableIdOf22characters0", "x", 3}}
	out, v := build(t, in)
	want := []string{"blockAddress", "transactionId", "blockTimestamp", "blockHash", "entriesHash", "previousBlockHash",
		"entriesHashList", "transactionInfo", "redactionInfo", "revisions"}
	if got := fieldOrder(v); !slices.Equal(got, want) {
		t.Errorf("fields are %v, want %v", got, want)
	}
	b, err := BlockOf(v)
	if err != nil {
		t.Fatal(err)
	}
	if b.Hash != out.Hash || b.EntriesHash != out.EntriesHash || !slices.Equal(b.EntriesHashList, out.EntriesHashList) {
		t.Error("the hashes in the bytes are not those in the result")
	}
	list := b.EntriesHashList
	if len(list) != 5 || list[3] != mustHash(t, b.TransactionInfo) || list[4] != mustHash(t, b.RedactionInfo) || list[2] != FormatHash() {
		t.Errorf("entriesHashList is %v", list)
	}
	hashes, err := b.RevisionHashes()
	if err != nil || Root(hashes) != list[1] || !slices.Equal(hashes, out.RevisionHashes) {
		t.Errorf("revision hashes %v, %v", hashes, err)
	}
	if Root(list) != b.EntriesHash || Dot(b.EntriesHash, leaf(99)) != b.Hash {
		t.Error("entriesHash or blockHash is wrong")
	}
}

func TestBuildRevisions(t *testing.T) {
	in := testParts(t, 7, leaf(99))
	_, v := build(t, in)
	b, _ := BlockOf(v)
	kinds := []RevisionKind{HashOnly, WithData, WithData, WithData, Deleted}
	i := 0
	for rv := range b.Revisions.Elements() {
		r, err := RevisionOf(rv)
		if err != nil || r.Kind() != kinds[i] {
			t.Fatalf("revision %d is %s, %v", i, r.Kind(), err)
		}
		if err := r.Check(); err != nil {
			t.Errorf("revision %d: %v", i, err)
		}
		if r.Kind() == WithData && !slices.Equal(fieldOrder(rv), []string{"blockAddress", "hash", "data", "metadata"}) {
			t.Errorf("fields of revision %d: %v", i, fieldOrder(rv))
		}
		i++
	}
	r, at, ok := b.FindRevision(in.Revisions[2].DocumentID)
	if !ok || at != 2 || r.Version() != 1 || r.TransactionID() != in.TransactionID || !ion.Identical(r.Data, in.Revisions[2].Data) {
		t.Errorf("FindRevision gives number %d, version %d, %v", at, r.Version(), ok)
	}
	if _, _, ok := b.FindRevision("absent"); ok {
		t.Error("FindRevision finds a document that is not there")
	}
}

func TestBuildFirstBlock(t *testing.T) {
	in := &BlockParts{Address: BlockAddress{testStrand, 0}, TransactionID: "tx", Timestamp: testTime}
	out, v := build(t, in)
	b, _ := BlockOf(v)
	if len(b.EntriesHashList) != 4 || b.EntriesHashList[0].IsEmpty() || b.EntriesHashList[1:4][0] != (Hash{}) ||
		b.EntriesHashList[2] != (Hash{}) || b.EntriesHashList[3] != (Hash{}) {
		t.Errorf("entriesHashList is %v", b.EntriesHashList)
	}
	if !b.TransactionInfo.IsZero() || !b.Revisions.IsZero() || !b.PreviousBlockHash.IsEmpty() || out.Hash != out.EntriesHash {
		t.Error("the first block has a section or a previous hash")
	}
}

func TestBuildIsTheSameWithAUsedBuilder(t *testing.T) {
	var bb BlockBuilder
	for seq := range uint64(5) {
		in := testParts(t, seq, leaf(int(seq)))
		used, err := bb.Build(in)
		if err != nil {
			t.Fatal(err)
		}
		if fresh, _ := build(t, in); !bytes.Equal(used.Bytes, fresh.Bytes) {
			t.Errorf("block %d differs", seq)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	var bb BlockBuilder
	for what, spoil := range map[string]func(*BlockParts){
		"no transaction id":      func(in *BlockParts) { in.TransactionID = "" },
		"no strand":              func(in *BlockParts) { in.Address.StrandID = "" },
		"a long strand":          func(in *BlockParts) { in.Address.StrandID = strings.Repeat("x", MaxStrandID+1) },
		"data without its hash":  func(in *BlockParts) { in.Revisions[1].DataHash = Hash{} },
		"data hash without data": func(in *BlockParts) { in.Revisions[1].Data = ion.Value{} },
		"year 12000":             func(in *BlockParts) { in.Timestamp = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		in := testParts(t, 3, leaf(1))
		spoil(in)
		if _, err := bb.Build(in); err == nil {
			t.Errorf("%s: no error", what)
		}
		if _, err := bb.Build(testParts(t, 3, leaf(1))); err != nil {
			t.Errorf("after %s: %v", what, err)
		}
	}
}

func TestRedactRevision(t *testing.T) {
	in := testParts(t, 7, leaf(99))
	_, v := build(t, in)
	id := in.Revisions[2].DocumentID
	redacted, err := RedactRevision(v, id, 1)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(redacted, []byte("Document 71")) || bytes.Contains(redacted, []byte("secret71")) {
		t.Error("the data or a name of one of its fields is still there")
	}
	rv, err := ion.Parse(redacted)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := BlockOf(rv)
	r, at, _ := b.FindRevision(id)
	if r.Kind() != Redacted || r.DataHash != in.Revisions[2].DataHash || at != 2 || r.Check() != nil {
		t.Errorf("revision is %s, %v", r.Kind(), r.Check())
	}
	el, _ := b.Revisions.Index(2)
	if !slices.Equal(fieldOrder(el), []string{"blockAddress", "hash", "dataHash", "metadata"}) {
		t.Errorf("fields are %v", fieldOrder(el))
	}
	for name, f := range v.Fields() {
		if g, _ := rv.Field(name); name != "revisions" && !ion.Identical(f, g) {
			t.Errorf("field %s changed", name)
		}
	}
	for what, call := range map[string]func() ([]byte, error){
		"again":           func() ([]byte, error) { return RedactRevision(rv, id, 1) },
		"another version": func() ([]byte, error) { return RedactRevision(v, id, 2) },
		"a deletion":      func() ([]byte, error) { return RedactRevision(v, in.Revisions[4].DocumentID, 9) },
		"a missing one":   func() ([]byte, error) { return RedactRevision(v, "absent", 1) },
	} {
		if out, err := call(); err == nil || out != nil {
			t.Errorf("redacting %s gives no error", what)
		}
	}
}

func TestProveRevisionInEveryShapeOfBlock(t *testing.T) {
	var list NodeList
	var edge RightEdge
	var blocks []*Block
	add := func(in *BlockParts) {
		out, v := build(t, in)
		b, _ := BlockOf(v)
		blocks = append(blocks, b)
		for _, n := range edge.AppendNodes(nil, out.Hash) {
			list = list.Append(n)
		}
	}
	add(&BlockParts{Address: BlockAddress{testStrand, 0}, TransactionID: "tx", Timestamp: testTime})
	for seq := uint64(1); seq < 9; seq++ {
		in := testParts(t, seq, blocks[seq-1].Hash)
		in.Revisions = in.Revisions[:1+seq%5]
		if seq%3 == 0 {
			in.Redactions = []Redaction{{in.Address, "t", "x", 3}}
		}
		if seq%4 == 0 {
			in.Internal = Hash{}
		}
		add(in)
	}
	for tip := uint64(1); tip < 9; tip++ {
		digest, _ := RootAt(list, tip+1)
		for seq := uint64(0); seq <= tip; seq++ {
			checkProofsOf(t, list, blocks[seq], tip, digest)
		}
	}
}

func checkProofsOf(t *testing.T, r NodeReader, b *Block, tip uint64, digest Hash) {
	t.Helper()
	seq := b.Address.SequenceNo
	p, err := ProveBlock(r, seq, tip)
	if err != nil || p.Check(b.Hash, digest) != nil || p.checkShape(seq, tip, true) != nil {
		t.Fatalf("proof of block %d under tip %d: %v, %v", seq, tip, err, p.Check(b.Hash, digest))
	}
	if p.checkShape(seq, tip+100, true) == nil {
		t.Errorf("a proof under tip %d is taken for one under tip %d", tip, tip+100)
	}
	hashes, _ := b.RevisionHashes()
	for i, h := range hashes {
		p, err := ProveRevision(r, b, i, tip)
		if err != nil || p.Check(h, digest) != nil || p.checkShape(seq, tip, false) != nil {
			t.Fatalf("proof of revision %d of block %d under tip %d: %v, %v", i, seq, tip, err, p.Check(h, digest))
		}
		if slices.Contains(p, Hash{}) {
			t.Errorf("proof of block %d has an empty node", seq)
		}
		back, err := DecodeProof(p.Value())
		if err != nil || !slices.Equal(back, p) {
			t.Errorf("proof does not come back from Ion: %v", err)
		}
	}
	if _, err := ProveRevision(r, b, len(hashes), tip); err == nil {
		t.Errorf("a revision beyond the last was proved")
	}
}

func TestProofRefusesEmptyHashes(t *testing.T) {
	// With an empty leaf every digest would prove itself.
	d := leaf(1)
	if (Proof{d}).Check(Hash{}, d) == nil || (Proof{}).Check(Hash{}, Hash{}) == nil || (Proof{}).Check(d, d) != nil {
		t.Error("a proof of an empty leaf or digest is accepted, or a trivial one refused")
	}
}

func TestBlockOfRefuses(t *testing.T) {
	_, v := build(t, testParts(t, 7, leaf(99)))
	rewrite := func(change func(w *ion.Writer, name string, v ion.Value)) ion.Value {
		w := ion.NewWriter()
		w.BeginStruct()
		for name, f := range v.Fields() {
			change(w, name, f)
		}
		w.End()
		out, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, name := range fieldOrder(v) {
		without := rewrite(func(w *ion.Writer, n string, f ion.Value) {
			if n != name {
				w.Field(n).Value(f)
			}
		})
		_, err := BlockOf(without)
		if optional := name == "transactionId" || name == "blockTimestamp" || name == "transactionInfo" || name == "revisions"; (err == nil) != optional {
			t.Errorf("without %s: %v", name, err)
		}
		twice := rewrite(func(w *ion.Writer, n string, f ion.Value) {
			w.Field(n).Value(f)
			if n == name {
				w.Field(n).Value(f)
			}
		})
		var failure *Failure
		if _, err := BlockOf(twice); !errors.As(err, &failure) || failure.Rule != RuleShape {
			t.Errorf("with %s twice: %v", name, err)
		}
		if name == "transactionId" || name == "blockTimestamp" || name == "transactionInfo" {
			continue
		}
		wrong := rewrite(func(w *ion.Writer, n string, f ion.Value) {
			if n == name {
				f = ion.NewInt(1)
			}
			w.Field(n).Value(f)
		})
		if _, err := BlockOf(wrong); err == nil {
			t.Errorf("%s may be an int", name)
		}
	}
	if _, err := BlockOf(ion.NewInt(1)); err == nil {
		t.Error("an int is a block")
	}
}

func TestCommitDigest(t *testing.T) {
	d := NewCommitDigest("tx")
	want := mustHash(t, ion.NewString("tx"))
	if d.Hash() != want {
		t.Error("the commit digest does not begin with the hash of the transaction id")
	}
	s1, _ := StatementDigest("SELECT 1")
	s2, _ := StatementDigest("SELECT ?", ion.NewInt(2))
	d.Extend(s1)
	d.Extend(s2)
	if d.Hash() != Dot(Dot(want, s1), s2) || s2 != Dot(mustHash(t, ion.NewString("SELECT ?")), mustHash(t, ion.NewInt(2))) {
		t.Error("the commit digest is not the chain of dots")
	}
}

func BenchmarkBuildBlock(b *testing.B) {
	in := testParts(b, 7, leaf(99))
	in.Revisions = in.Revisions[1:2]
	in.Documents = in.Documents[:1]
	in.Statements = in.Statements[:1]
	var bb BlockBuilder
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bb.Build(in); err != nil {
			b.Fatal(err)
		}
	}
}
