package hashchain

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// addGolden gives a fuzz target files of ../testdata.
func addGolden(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(goldenDir, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// FuzzBlockVerifier gives the verifier anything. It must come to an end, agree
// with itself whatever the number of workers, and never lose a value.
func FuzzBlockVerifier(f *testing.F) {
	addGolden(f, "journal-v1.ion", "journal-v1.10n", "journal-v1.json")
	f.Add([]byte(`{blockAddress:{strandId:"a",sequenceNo:0},blockHash:{{}},entriesHash:{{}},previousBlockHash:{{}},entriesHashList:[]}`))
	f.Add([]byte(`{blockAddress:{strandId:"a",sequenceNo:9223372036854775807},blockHash:null,entriesHash:null,previousBlockHash:null,entriesHashList:[null],revisions:[{},1,{hash:1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := VerifyJournal(bytes.NewReader(data), VerifyOptions{Workers: 1})
		two, err2 := VerifyJournal(bytes.NewReader(data), VerifyOptions{Workers: 3, Stream: true})
		if (err == nil) != (err2 == nil) || one.Blocks != two.Blocks || one.Counts != two.Counts {
			t.Fatalf("two runs differ: %+v, %v and %+v, %v", one, err, two, err2)
		}
		for _, failure := range one.Failures {
			_ = failure.Error()
		}
	})
}

// FuzzBlockRebuild redacts whatever can be redacted: the block must verify
// after it exactly if it did before.
func FuzzBlockRebuild(f *testing.F) {
	addGolden(f, "journal-v1.ion", "journal-v1.10n")
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewValueReader(bytes.NewReader(data))
		for r.Next() {
			b, err := BlockOf(r.Value())
			if err != nil {
				continue
			}
			for e := range b.Revisions.Elements() {
				rev, err := RevisionOf(e)
				if err != nil || rev.Kind() != WithData {
					continue
				}
				redactAndCompare(t, r.Value(), &rev)
			}
		}
	})
}

func redactAndCompare(t *testing.T, block ion.Value, rev *Revision) {
	out, err := RedactRevision(block, rev.DocumentID(), rev.Version())
	if err != nil {
		return
	}
	v, err := ion.Parse(out)
	if err != nil {
		t.Fatalf("the redacted block cannot be read: %v", err)
	}
	_, before := CheckBlock(block)
	_, after := CheckBlock(v)
	if len(before) != len(after) {
		t.Fatalf("%d failures before the redaction, %d after: %v", len(before), len(after), after)
	}
}

// FuzzReceipt decodes anything as a receipt, an answer or a digest. What
// decodes must be checked without a panic, and encode to what decodes again.
func FuzzReceipt(f *testing.F) {
	addGolden(f, "receipt.ion", "receipt-forged.ion", "block-receipt.ion", "get-revision.json", "get-block.json", "digest-v1.json")
	f.Add([]byte(`{"RevisionHash":"","Proof":{"IonText":"[]"},"LedgerDigest":{"Digest":{"data":[1]},"DigestTipAddress":{"IonText":"{}"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewValueReader(bytes.NewReader(data))
		for r.Next() {
			it, err := Recognize(r.Value())
			if err != nil || it.Receipt == nil {
				continue
			}
			res := it.Receipt.Check(it.Receipt.Digest)
			_ = it.Receipt.Check(nil)
			if res.Verdict == Refused != (len(res.Failures) > 0) {
				t.Fatalf("%s with %d failures", res.Verdict, len(res.Failures))
			}
			v, err := it.Receipt.Encode()
			if err != nil {
				continue
			}
			if back, err := DecodeReceipt(v); err != nil || back.Check(nil).Verdict != it.Receipt.Check(nil).Verdict && it.Receipt.HasAddress == back.HasAddress {
				t.Fatalf("a receipt does not come back: %v", err)
			}
		}
	})
}

// FuzzJSONBlock puts types of JSON back. A block that verifies as Ion must
// verify as the JSON made of it too.
func FuzzJSONBlock(f *testing.F) {
	addGolden(f, "journal-v1.json", "journal-v1.ion")
	f.Add([]byte(`{"blockHash":"AA==","entriesHashList":["","x",3],"revisions":[{"hash":"","data":{"a":"2017-08-21"},"metadata":{"txTime":"x"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewValueReader(bytes.NewReader(data))
		for r.Next() {
			v := r.Value()
			_, failures := CheckBlock(v)
			if isJSONBlock(v) || len(failures) > 0 {
				continue
			}
			js, err := ion.ParseText(string(appendJSON(nil, v)))
			if err != nil {
				continue // nan, or a name that JSON spells in another way
			}
			if _, failures := CheckBlock(js); len(failures) > 0 && plainBlock(v) {
				t.Fatalf("a good block fails as JSON: %v\n%s", failures[0], v)
			}
		}
	})
}

// plainBlock reports whether the fixed fields of a block have the types that
// QLDB gives them: only then do they come back from JSON.
func plainBlock(v ion.Value) bool {
	js, err := ion.ParseText(string(appendJSON(nil, v)))
	if err != nil {
		return false
	}
	back := blockFromJSON(js)
	for _, name := range []string{"transactionInfo", "redactionInfo", "blockAddress", "transactionId"} {
		a, _ := v.Field(name)
		b, _ := back.Field(name)
		if !ion.Identical(a, b) {
			return false
		}
	}
	for i, r := range elements(field(v, "revisions")) {
		all := elements(field(back, "revisions"))
		if i >= len(all) || !ion.Identical(field(r, "metadata"), field(all[i], "metadata")) {
			return false
		}
	}
	return true
}

func elements(v ion.Value) (list []ion.Value) {
	for e := range v.Elements() {
		list = append(list, e)
	}
	return list
}
