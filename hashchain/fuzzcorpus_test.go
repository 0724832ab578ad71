package hashchain

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// fuzzCorpus are the inputs in testdata/fuzz, by target and name: forms of
// blocks and receipts that the golden files do not have.
func fuzzCorpus(t *testing.T) map[string][]byte {
	blocks, _ := testJournal(t, 4)
	full := blocks[3]
	redacted, err := RedactRevision(full, testParts(t, 3, Hash{}).Revisions[1].DocumentID, 0)
	if err != nil {
		t.Fatal(err)
	}
	without := func(v ion.Value, names ...string) []byte {
		return edit(t, v, func(name string, f ion.Value) (ion.Value, bool) {
			for _, n := range names {
				if n == name {
					return f, false
				}
			}
			return f, true
		}).Encode()
	}
	g := makeGolden(t)
	revision, err := g.receipt(3, 0).Encode()
	if err != nil {
		t.Fatal(err)
	}
	block, err := g.blockReceipt(2).Encode()
	if err != nil {
		t.Fatal(err)
	}
	huge := ion.NewBigInt(new(big.Int).Lsh(big.NewInt(1), 600))
	d := g.digest()
	return map[string][]byte{
		"FuzzBlockVerifier/every-section":     full.Encode(),
		"FuzzBlockVerifier/redacted":          redacted,
		"FuzzBlockVerifier/sections-cut-out":  without(full, "revisions", "transactionInfo", "redactionInfo"),
		"FuzzBlockVerifier/again-and-forked":  bytes.Join([][]byte{blocks[0].Encode(), blocks[1].Encode(), blocks[0].Encode(), set(t, blocks[1], "blockHash", ion.NewBlob(leaf(7).Bytes())).Encode()}, nil),
		"FuzzBlockVerifier/huge-address":      set(t, full, "revisions.1.blockAddress.sequenceNo", huge).Encode(),
		"FuzzBlockVerifier/summary":           summaryOf(t, full).Encode(),
		"FuzzBlockVerifier/json":              appendJSON(nil, full),
		"FuzzBlockVerifier/missing-and-wrong": bytes.Join([][]byte{blocks[2].Encode(), without(full, "blockHash"), blocks[1].Encode()}, nil),
		"FuzzBlockRebuild/every-section":      full.Encode(),
		"FuzzBlockRebuild/redacted":           redacted,
		"FuzzBlockRebuild/wrong-hash":         set(t, full, "revisions.1.hash", ion.NewBlob(leaf(7).Bytes())).Encode(),
		"FuzzBlockRebuild/text":               ion.AppendPretty(nil, full),
		"FuzzReceipt/revision":                revision.Encode(),
		"FuzzReceipt/block":                   block.Encode(),
		"FuzzReceipt/hash-alone":              answerJSON(t, "RevisionHash", leaf(1).Bytes(), "BlockAddress", ionTextOf(d.Tip.String()), "Proof", ionTextOf(g.receipt(3, 0).Proof.String())),
		"FuzzReceipt/answer-with-digest":      answerJSON(t, "Revision", ionTextOf(g.receipt(3, 0).Revision.String()), "Proof", ionTextOf("[]"), "Digest", d.Hash.Bytes(), "DigestTipAddress", ionTextOf(d.Tip.String())),
		"FuzzJSONBlock/every-section":         full.Encode(),
		"FuzzJSONBlock/json":                  appendJSON(nil, full),
		"FuzzJSONBlock/summary":               summaryOf(t, full).Encode(),
	}
}

// summaryOf is the payload of the BLOCK_SUMMARY record of a block.
func summaryOf(t *testing.T, block ion.Value) ion.Value {
	t.Helper()
	w := ion.NewWriter()
	w.BeginStruct()
	for name, f := range block.Fields() {
		if name != "revisions" {
			w.Field(name).Value(f)
			continue
		}
		w.Field("revisionSummaries").BeginList()
		for r := range f.Elements() {
			w.BeginStruct()
			w.Field("hash").Value(field(r, "hash"))
			if id, ok := r.Path("metadata", "id"); ok {
				w.Field("documentId").Value(id)
			}
			w.End()
		}
		w.End()
	}
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFuzzCorpus compares testdata/fuzz with what this package writes; what a
// fuzzer found stands there too and is left alone.
func TestFuzzCorpus(t *testing.T) {
	for name, data := range fuzzCorpus(t) {
		path := filepath.Join("testdata/fuzz", name)
		want := fmt.Appendf(nil, "go test fuzz v1\n[]byte(%+q)\n", data)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what this package writes now (go test -run FuzzCorpus -update writes it): %v", path, err)
		}
	}
}
