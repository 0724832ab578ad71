package hashchain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

func TestReceiptComesBack(t *testing.T) {
	g := makeGolden(t)
	for seq := range uint64(7) {
		r := g.blockReceipt(seq)
		checkReceiptComesBack(t, r)
		b, _ := BlockOf(g.blocks[seq])
		for i := range b.Revisions.Len() {
			checkReceiptComesBack(t, g.receipt(seq, i))
		}
	}
}

func checkReceiptComesBack(t *testing.T, r *Receipt) {
	t.Helper()
	v, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for form, read := range map[string]func() (ion.Value, error){
		"binary": func() (ion.Value, error) { return ion.Parse(v.Encode()) },
		"text":   func() (ion.Value, error) { return ion.ParseText(v.String()) },
		"pretty": func() (ion.Value, error) { return ion.ParseText(string(ion.AppendPretty(nil, v))) },
	} {
		back, err := read()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeReceipt(back)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if !slices.Equal(got.Proof, r.Proof) || *got.Digest != *r.Digest || !ion.Equal(got.Block, r.Block) || !ion.Equal(got.Revision, r.Revision) {
			t.Errorf("%s: the receipt came back changed", form)
		}
		if res := got.Check(nil); res.Verdict != Verified || res.Trusted {
			t.Errorf("%s: %s, %v %s", form, res.Verdict, res.Failures, res.Missing)
		}
		if res := got.Check(r.Digest); res.Verdict != Verified || !res.Trusted {
			t.Errorf("%s with a trusted digest: %s, %v %s", form, res.Verdict, res.Failures, res.Missing)
		}
	}
}

func TestReceiptEveryBitOfItsHashesCounts(t *testing.T) {
	g := makeGolden(t)
	r := g.receipt(3, 0)
	flip := func(what string, h *Hash) {
		for bit := range 256 {
			h.b[bit/8] ^= 1 << (bit % 8)
			if res := r.Check(nil); res.Verdict != Refused {
				t.Fatalf("%s with bit %d flipped: %s", what, bit, res.Verdict)
			}
			h.b[bit/8] ^= 1 << (bit % 8)
		}
	}
	for i := range r.Proof {
		flip("proof", &r.Proof[i])
	}
	flip("digest", &r.Digest.Hash)
	if r.Check(nil).Verdict != Verified {
		t.Fatal("the unchanged receipt does not verify")
	}
}

func TestReceiptRefusals(t *testing.T) {
	g := makeGolden(t)
	for what, c := range map[string]struct {
		spoil func(r *Receipt)
		rule  Rule
	}{
		"data":             {func(r *Receipt) { r.Revision = set(t, r.Revision, "data.total", ion.NewInt(1)) }, RuleRevisionHash},
		"metadata":         {func(r *Receipt) { r.Revision = set(t, r.Revision, "metadata.version", ion.NewInt(0)) }, RuleRevisionHash},
		"hash":             {func(r *Receipt) { r.Revision = set(t, r.Revision, "hash", ion.NewBlob(leaf(1).Bytes())) }, RuleProof},
		"no hash":          {func(r *Receipt) { r.Revision = set(t, r.Revision, "hash", ion.NewBlob(nil)) }, RuleShape},
		"node left out":    {func(r *Receipt) { r.Proof = r.Proof[1:] }, RuleProof},
		"node added":       {func(r *Receipt) { r.Proof = append(r.Proof, leaf(1)) }, RuleProof},
		"nodes exchanged":  {func(r *Receipt) { r.Proof[0], r.Proof[1] = r.Proof[1], r.Proof[0] }, RuleProof},
		"strand":           {func(r *Receipt) { r.Address.StrandID = "x" }, RuleStrand},
		"block beyond tip": {func(r *Receipt) { r.Address.SequenceNo = 7 }, RuleProofShape},
		"another tip":      {func(r *Receipt) { r.Digest.Tip.SequenceNo = 1 << 40 }, RuleProofShape},
		"digest":           {func(r *Receipt) { r.Digest.Hash = Hash{} }, RuleProof},
	} {
		r := g.receipt(3, 0)
		r.Proof = slices.Clone(r.Proof)
		c.spoil(r)
		res := r.Check(nil)
		if res.Verdict != Refused || !slices.Contains(rules(res.Failures), c.rule) {
			t.Errorf("%s: %s, %v, want %s", what, res.Verdict, rules(res.Failures), c.rule)
		}
	}
	b := g.blockReceipt(5)
	b.Block = set(t, b.Block, "transactionId", ion.NewString("other"))
	if res := b.Check(nil); !slices.Contains(rules(res.Failures), RuleTransactionID) {
		t.Errorf("a block with another transaction id: %v", res.Failures)
	}
	b = g.blockReceipt(5)
	b.Address.SequenceNo = 6
	if res := b.Check(nil); !slices.Contains(rules(res.Failures), RuleProofShape) {
		t.Errorf("a proof of block 5 for block 6: %v", res.Failures)
	}
}

func TestReceiptUndecided(t *testing.T) {
	g := makeGolden(t)
	r := g.receipt(3, 0)
	own := r.Digest
	r.Digest = nil
	if res := r.Check(nil); res.Verdict != Undecided || !strings.Contains(res.Missing, "digest") {
		t.Errorf("without a digest: %s, %q", res.Verdict, res.Missing)
	}
	if res := r.Check(own); res.Verdict != Verified {
		t.Errorf("with the digest given: %s", res.Verdict)
	}
	r.HasProof = false
	if res := r.Check(own); res.Verdict != Undecided || !strings.Contains(res.Missing, "proof") {
		t.Errorf("without a proof: %s, %q", res.Verdict, res.Missing)
	}
	r = g.receipt(3, 0)
	later := Digest{leaf(1), BlockAddress{own.Tip.StrandID, 99}}
	if res := r.Check(&later); res.Verdict != Undecided || !strings.Contains(res.Missing, "99") {
		t.Errorf("with the digest of another tip: %s, %q", res.Verdict, res.Missing)
	}
	if res := r.Check(&Digest{leaf(1), own.Tip}); !slices.Contains(rules(res.Failures), RuleDigest) {
		t.Errorf("with another digest of the same tip: %v", res.Failures)
	}
}

func TestDecodeReceiptRefuses(t *testing.T) {
	for _, text := range []string{
		`tally_receipt::{}`, `tally_receipt::{version:1}`, `tally_receipt::{version:1,revision:{},block:{},proof:[]}`,
		`tally_receipt::{version:2,revision:{},proof:[]}`, `tally_receipt::{version:1,revision:{},proof:[1]}`,
		`tally_receipt::{version:1,revision:{},proof:[{{AQ==}}]}`, `tally_receipt::{version:1,revision:{},proof:3}`,
		`tally_receipt::{version:1,revision:{},revision:{},proof:[]}`, `tally_receipt::{version:1,revision:{},digest:{{}}}`,
		`tally_receipt::{version:1,revision:{},digest:{{}},digestTipAddress:{strandId:"x",sequenceNo:-1}}`,
		`tally_receipt::{version:1,revision:{},comment:"trust me"}`, `tally_receipt::{version:"1",revision:{}}`,
	} {
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		var f *Failure
		if _, err := DecodeReceipt(v); !errors.As(err, &f) || f.Rule != RuleShape {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{`{version:1}`, `3`, `tally_receipt::[1]`} {
		v, _ := ion.ParseText(text)
		if _, err := DecodeReceipt(v); !errors.Is(err, ErrNoReceipt) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := (&Receipt{}).Encode(); err == nil {
		t.Error("an empty receipt is encoded")
	}
}

func TestRecognize(t *testing.T) {
	g := makeGolden(t)
	for name, data := range g.files() {
		r := NewValueReader(strings.NewReader(string(data)))
		for r.Next() {
			it, err := Recognize(r.Value())
			if err != nil || it.Kind == UnknownItem {
				t.Errorf("%s: %s, %v", name, it.Kind, err)
			}
			if strings.HasPrefix(name, "journal") && (it.Kind != BlockItem || it.JSON != strings.HasSuffix(name, "json")) {
				t.Errorf("%s is a %s, JSON %v", name, it.Kind, it.JSON)
			}
		}
		if r.Err() != nil {
			t.Error(r.Err())
		}
	}
	for text, kind := range map[string]ItemKind{
		`3`: UnknownItem, `{}`: UnknownItem, `null.struct`: UnknownItem, `[{}]`: UnknownItem, `{recordType:"NEW",payload:{}}`: UnknownItem,
		`{recordType:"CONTROL",payload:{controlRecordType:"CREATED"}}`: ControlItem, `{keys:[]}`: ControlItem,
		`{recordType:"BLOCK_SUMMARY",payload:{}}`: SummaryItem, `{recordType:"REVISION_DETAILS",payload:{}}`: RevisionItem,
		`{exportId:"x",ledgerName:"y"}`: ControlItem,
	} {
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		if it, _ := Recognize(v); it.Kind != kind {
			t.Errorf("%s is %s, want %s", text, it.Kind, kind)
		}
	}
}

// TestWrappersAreStrict: what stands around a revision or block is read in one way
// only, and says nothing that is passed over.
func TestWrappersAreStrict(t *testing.T) {
	g := makeGolden(t)
	digest := g.digest()
	rev := g.receipt(3, 0)
	quote := func(v fmt.Stringer) string { return fmt.Sprintf(`{"IonText":%q}`, v) }
	answer := fmt.Sprintf(`"Revision":%s,"Proof":%s`, quote(rev.Revision), quote(rev.Proof.Value()))
	tip := fmt.Sprintf(`{strandId:%q,sequenceNo:%d,sequenceNo:99}`, digest.Tip.StrandID, digest.Tip.SequenceNo)
	hash := fmt.Sprintf(`"Digest":%q`, digest.Hash.Base64())
	for _, text := range []string{
		"REFUNDED::{" + answer + "}",
		`{"Revision":x::` + quote(rev.Revision) + "}",
		"{" + answer + `,"BlockAddress":{"IonText":"{strandId:\"zzz\",sequenceNo:99}"}}`,
		"{" + answer + "," + hash + fmt.Sprintf(`,"DigestTipAddress":{"IonText":%q}}`, tip),
	} {
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeAnswer(v); err == nil || errors.Is(err, ErrNoReceipt) {
			t.Errorf("%s is taken for an answer: %v", text, err)
		}
	}
	for more, extra := range map[string]int64{`"ResponseMetadata":{}`: 0, `"BlockAddress":null`: 0, `"Status":"REFUNDED"`: 1, `"DocumentId":"FORGED"`: 1, hash: 1} {
		v, err := ion.ParseText("{" + answer + "," + more + "}")
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeAnswer(v)
		if err != nil {
			t.Fatal(err)
		}
		if r := got.Check(&digest); r.Verdict != Verified || r.Counts.ExtraFields != extra {
			t.Errorf("an answer with %s: %s, %v, %d extra fields, want %d", more, r.Verdict, r.Failures, r.Counts.ExtraFields, extra)
		}
	}
	whole, err := rev.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{"tally_receipt::", "REFUNDED::tally_receipt::"}, {"proof:", "proof:x::"}, {"version:", "version:x::"}} {
		v, err := ion.ParseText(strings.Replace(whole.String(), change[0], change[1], 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeReceipt(v); err == nil {
			t.Errorf("%s in a receipt goes unnoticed", change[1])
		}
	}
	for _, record := range []string{`x::{recordType:"BLOCK_SUMMARY",payload:{}}`, `{recordType:x::"REVISION_DETAILS",payload:{}}`} {
		v, err := ion.ParseText(`{qldbStreamArn:"arn",` + strings.TrimPrefix(record, "{"))
		if strings.HasPrefix(record, "x::") {
			v, err = ion.ParseText(`x::{qldbStreamArn:"arn",` + strings.TrimPrefix(record, "x::{"))
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := recognizeRecord(v); err == nil {
			t.Errorf("%s goes unnoticed", record)
		}
	}
}
