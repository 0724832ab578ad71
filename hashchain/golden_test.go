package hashchain

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

var update = flag.Bool("update", false, "rewrite the files in ../testdata")

const goldenDir = "../testdata"

// goldenLedger makes the small journal in ../testdata: orders of a shop, one
// block a transaction, always the same bytes.
type goldenLedger struct {
	t      *testing.T
	ids    *IDSource
	now    time.Time
	strand string
	table  string
	bb     BlockBuilder
	edge   RightEdge
	nodes  NodeList
	blocks []ion.Value
	last   Hash
}

func newGoldenLedger(t *testing.T) *goldenLedger {
	g := &goldenLedger{t: t, now: time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)}
	g.ids = NewIDSource(func() time.Time { return g.now }, testRandom(42))
	g.strand, g.table = g.ids.Next().String(), g.ids.Next().String()
	return g
}

// commit builds the next block. Documents is set for the revisions with an id.
func (g *goldenLedger) commit(statement string, params []ion.Value, revisions []RevisionParts, redactions ...Redaction) {
	g.t.Helper()
	g.now = g.now.Add(90 * time.Second)
	in := &BlockParts{
		Address: BlockAddress{g.strand, uint64(len(g.blocks))}, TransactionID: g.ids.Next().String(),
		Timestamp: g.now, PreviousBlockHash: g.last, Revisions: revisions, Redactions: redactions,
	}
	if statement != "" {
		digest, err := StatementDigest(statement, params...)
		if err != nil {
			g.t.Fatal(err)
		}
		in.Statements = []Statement{{statement, g.now.Add(-40 * time.Millisecond), digest}}
		in.Internal = FormatHash()
	}
	for _, r := range revisions {
		if r.DocumentID != "" {
			in.Documents = append(in.Documents, DocumentChange{r.DocumentID, "Orders", g.table, []int{0}})
		}
	}
	out, err := g.bb.Build(in)
	if err != nil {
		g.t.Fatal(err)
	}
	v, err := ion.Parse(out.Bytes)
	if err != nil {
		g.t.Fatal(err)
	}
	g.blocks, g.last = append(g.blocks, v), out.Hash
	for _, n := range g.edge.AppendNodes(nil, out.Hash) {
		g.nodes = g.nodes.Append(n)
	}
}

func (g *goldenLedger) revision(id string, version int64, text string) RevisionParts {
	g.t.Helper()
	data, err := ion.ParseText(text)
	if err != nil {
		g.t.Fatal(err)
	}
	return RevisionParts{DocumentID: id, Version: version, Data: data, DataHash: mustHash(g.t, data)}
}

func (g *goldenLedger) digest() Digest {
	return Digest{g.edge.Root(), BlockAddress{g.strand, g.edge.Size() - 1}}
}

func makeGolden(t *testing.T) *goldenLedger {
	g := newGoldenLedger(t)
	g.commit("", nil, nil)
	g.commit("CREATE TABLE Orders", nil, []RevisionParts{{HashOnly: NewHash(ion.HashText("Orders"))}})
	one, two := g.ids.Next().String(), g.ids.Next().String()
	a := g.revision(one, 0, `{order:"A-1001",placed:2024-03-01,item:"desk lamp",quantity:2,total:249.90,currency:"EUR",status:"placed"}`)
	b := g.revision(two, 0, `{order:"A-1002",placed:2024-03-01,item:"bookshelf",quantity:1,total:89.00,currency:"EUR",status:"placed",shipTo:{city:"Lyon",country:"FR"}}`)
	g.commit("INSERT INTO Orders <<?, ?>>", []ion.Value{a.Data, b.Data}, []RevisionParts{a, b})
	paid := g.revision(one, 1, `{order:"A-1001",placed:2024-03-01,item:"desk lamp",quantity:2,total:249.90,currency:"EUR",status:"paid"}`)
	g.commit("UPDATE Orders SET status = 'paid' WHERE \"order\" = ?", []ion.Value{ion.NewString("A-1001")}, []RevisionParts{paid})
	g.commit("SELECT * FROM Orders", nil, nil)
	g.commit("DELETE FROM Orders WHERE \"order\" = ?", []ion.Value{ion.NewString("A-1002")}, []RevisionParts{{DocumentID: two, Version: 1}})
	redaction := Redaction{BlockAddress{g.strand, 2}, g.table, two, 0}
	g.commit("EXEC REDACT_REVISION ?, ?, ?", []ion.Value{redaction.Address.Value(), ion.NewString(g.table), ion.NewString(two)}, nil, redaction)
	redacted, err := RedactRevision(g.blocks[2], two, 0)
	if err != nil {
		t.Fatal(err)
	}
	if g.blocks[2], err = ion.Parse(redacted); err != nil {
		t.Fatal(err)
	}
	return g
}

// files are the contents of ../testdata.
func (g *goldenLedger) files() map[string][]byte {
	files := map[string][]byte{}
	for _, b := range g.blocks {
		files["journal-v1.10n"] = append(files["journal-v1.10n"], b.Encode()...)
		files["journal-v1.ion"] = append(ion.AppendCompact(files["journal-v1.ion"], b), '\n')
		files["journal-v1.json"] = append(appendJSON(files["journal-v1.json"], b), '\n')
	}
	d := g.digest()
	files["digest-v1.json"] = answerJSON(g.t, "Digest", d.Hash.Bytes(), "DigestTipAddress", ionTextOf(d.Tip.String()))
	files["receipt.ion"] = g.receiptFile(g.receipt(3, 0))
	forged := g.receipt(3, 0)
	total := ion.FromDecimal(ion.NewDecimal(24990, -1)) // 2499.0
	forged.Revision = set(g.t, forged.Revision, "data.total", total)
	files["receipt-forged.ion"] = g.receiptFile(forged)
	files["block-receipt.ion"] = g.receiptFile(g.blockReceipt(5))
	r := g.receipt(3, 0)
	files["get-revision.json"] = answerJSON(g.t, "Proof", ionTextOf(r.Proof.String()), "Revision", ionTextOf(r.Revision.String()))
	b := g.blockReceipt(5)
	files["get-block.json"] = answerJSON(g.t, "Block", ionTextOf(b.Block.String()), "Proof", ionTextOf(b.Proof.String()))
	return files
}

func ionTextOf(s string) map[string]string { return map[string]string{"IonText": s} }

// answerJSON is an answer in the layout of the AWS CLI.
func answerJSON(t *testing.T, pairs ...any) []byte {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "    ")
	if err := enc.Encode(m); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func (g *goldenLedger) receipt(seq uint64, i int) *Receipt {
	g.t.Helper()
	b, err := BlockOf(g.blocks[seq])
	if err != nil {
		g.t.Fatal(err)
	}
	d := g.digest()
	p, err := ProveRevision(g.nodes, b, i, d.Tip.SequenceNo)
	if err != nil {
		g.t.Fatal(err)
	}
	v, _ := b.Revisions.Index(i)
	return &Receipt{Revision: v, Address: b.Address, HasAddress: true, Proof: p, HasProof: true, Digest: &d}
}

func (g *goldenLedger) blockReceipt(seq uint64) *Receipt {
	g.t.Helper()
	d := g.digest()
	p, err := ProveBlock(g.nodes, seq, d.Tip.SequenceNo)
	if err != nil {
		g.t.Fatal(err)
	}
	return &Receipt{Block: g.blocks[seq], Address: BlockAddress{g.strand, seq}, HasAddress: true, Proof: p, HasProof: true, Digest: &d}
}

func (g *goldenLedger) receiptFile(r *Receipt) []byte {
	g.t.Helper()
	v, err := r.Encode()
	if err != nil {
		g.t.Fatal(err)
	}
	return append(ion.AppendPretty(nil, v), '\n')
}

// TestGoldenFiles holds the format: the files of version 1 must come out the
// same for ever.
func TestGoldenFiles(t *testing.T) {
	g := makeGolden(t)
	for name, want := range g.files() {
		path := filepath.Join(goldenDir, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what this package writes now:\n%.400s\nwritten now:\n%.400s", path, got, want)
		}
	}
}

// TestGoldenByTheRulesSpeltOut recomputes the chain of the golden journal with
// nothing but the slow functions and the Ion Hash.
func TestGoldenByTheRulesSpeltOut(t *testing.T) {
	g := makeGolden(t)
	var previous []byte
	var all [][]byte
	bytesOf := func(v ion.Value, path ...string) []byte {
		f, _ := v.Path(path...)
		b, _ := f.Bytes()
		return b
	}
	hash := func(v ion.Value) []byte { h := mustHash(t, v); return h.Bytes() }
	for i, v := range g.blocks {
		var entries, revisions [][]byte
		for e := range field(v, "entriesHashList").Elements() {
			b, _ := e.Bytes()
			entries = append(entries, b)
		}
		for r := range field(v, "revisions").Elements() {
			h := bytesOf(r, "hash")
			revisions = append(revisions, h)
			want := h
			if m, ok := r.Field("metadata"); ok {
				want = hash(m)
				if d, ok := r.Field("data"); ok {
					want = slowDot(want, hash(d))
				}
				want = slowDot(want, bytesOf(r, "dataHash"))
			}
			if !bytes.Equal(h, want) {
				t.Errorf("block %d: a revision's hash is %x, want %x", i, h, want)
			}
		}
		if !bytes.Equal(entries[1], slowRoot(revisions)) {
			t.Errorf("block %d: entry 1 is not the root of the revisions", i)
		}
		if info, ok := v.Field("transactionInfo"); ok && !bytes.Equal(entries[3], hash(info)) {
			t.Errorf("block %d: entry 3 is not the hash of transactionInfo", i)
		}
		if info, ok := v.Field("redactionInfo"); ok && !bytes.Equal(entries[4], hash(info)) {
			t.Errorf("block %d: entry 4 is not the hash of redactionInfo", i)
		}
		if want := slowRoot(entries); !bytes.Equal(bytesOf(v, "entriesHash"), want) || !bytes.Equal(bytesOf(v, "previousBlockHash"), previous) {
			t.Errorf("block %d: entriesHash or previousBlockHash is wrong", i)
		}
		previous = slowDot(bytesOf(v, "entriesHash"), previous)
		if !bytes.Equal(bytesOf(v, "blockHash"), previous) {
			t.Errorf("block %d: blockHash is wrong", i)
		}
		all = append(all, previous)
	}
	if d := g.digest(); !bytes.Equal(slowRoot(all), d.Hash.Bytes()) {
		t.Error("the digest is not the root of the block hashes")
	}
}

// TestGoldenTellsOrdersApart shows, with this project's own data, that a Dot
// that compares in another way does not go unnoticed.
func TestGoldenTellsOrdersApart(t *testing.T) {
	g := makeGolden(t)
	d := g.digest()
	defer func() { order = orderQLDB }()
	for name, wrong := range map[string]int{"unsigned": orderUnsigned, "big-endian": orderBigEndian} {
		order = wrong
		if r := verify(g.blocks, VerifyOptions{Digest: &d}); r.Failed < 10 {
			t.Errorf("with %s bytes only %d checks fail: %v", name, r.Failed, rules(r.Failures))
		}
		if r := g.receipt(3, 0); r.Check(nil).Verdict != Refused {
			t.Errorf("with %s bytes a receipt is accepted", name)
		}
	}
	order = orderQLDB
	if r := verify(g.blocks, VerifyOptions{Digest: &d}); !r.OK() {
		t.Error(r.Failures)
	}
}
