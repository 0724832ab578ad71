package hashchain

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestAnswersAsTheSDKsPrintThem gives one answer in the spelling of each SDK, with
// what that adds and the nulls that it prints. All verify, and nothing in them is a
// field that QLDB does not write.
func TestAnswersAsTheSDKsPrintThem(t *testing.T) {
	g := makeGolden(t)
	rec, block, digest := g.receipt(3, 0), g.blockReceipt(5), g.digest()
	fill := func(r *Receipt, what fmt.Stringer) []any {
		return []any{what.String(), r.Proof.String(), digest.Hash.Base64(), digest.Tip.String()}
	}
	for name, format := range map[string]string{
		"AWS CLI":        `{"Revision":{"IonText":%q},"Proof":{"IonText":%q},"Digest":%q,"DigestTipAddress":{"IonText":%q}}`,
		"Python":         `{"ResponseMetadata":{"HTTPStatusCode":200},"Revision":{"IonText":%q},"Proof":{"IonText":%q},"Digest":%q,"DigestTipAddress":{"IonText":%q}}`,
		"Go":             `{"Block":null,"RevisionHash":null,"BlockAddress":null,"LedgerDigest":null,"Revision":{"IonText":%q},"Proof":{"IonText":%q},"Digest":%q,"DigestTipAddress":{"IonText":%q},"ResultMetadata":{}}`,
		"Java 1":         `{"sdkResponseMetadata":{"requestId":"x"},"sdkHttpMetadata":{"httpStatusCode":200},"block":null,"revision":{"ionText":%q},"proof":{"ionText":%q},"digest":%q,"digestTipAddress":{"ionText":%q}}`,
		"Java 2":         `{"responseMetadata":{},"revision":{"ionText":%q},"proof":{"ionText":%q},"digest":%q,"digestTipAddress":{"ionText":%q}}`,
		".NET":           `{"Revision":{"IonText":%q},"Proof":{"IonText":%q},"Digest":%q,"DigestTipAddress":{"IonText":%q},"ResponseMetadata":{"RequestId":"x"},"ContentLength":5,"HttpStatusCode":200}`,
		".NET, web":      `{"revision":{"ionText":%q},"proof":{"ionText":%q},"digest":%q,"digestTipAddress":{"ionText":%q},"responseMetadata":{},"contentLength":5,"httpStatusCode":200}`,
		"PHP":            `{"Revision":{"IonText":%q},"Proof":{"IonText":%q},"Digest":%q,"DigestTipAddress":{"IonText":%q},"@metadata":{"statusCode":200}}`,
		"JavaScript":     `{"$metadata":{"httpStatusCode":200},"Revision":{"IonText":%q},"Proof":{"IonText":%q},"Digest":%q,"DigestTipAddress":{"IonText":%q}}`,
		"Ruby":           `{"revision":{"ion_text":%q},"proof":{"ion_text":%q},"digest":%q,"digest_tip_address":{"ion_text":%q}}`,
		"a REST service": `{"Revision":{"IonText":%q},"Proof":{"IonText":%q},"LedgerDigest":{"Digest":%q,"DigestTipAddress":{"IonText":%q}}}`,
	} {
		checkAnswer(t, name, fmt.Sprintf(format, fill(rec, rec.Revision)...), "GetRevision answer")
		format = blockNames.Replace(format)
		checkAnswer(t, name, fmt.Sprintf(format, fill(block, block.Block)...), "GetBlock answer")
	}
}

var blockNames = strings.NewReplacer(`"Block"`, `"Revision"`, `"block"`, `"revision"`, `"Revision"`, `"Block"`, `"revision"`, `"block"`)

func checkAnswer(t *testing.T, sdk, text, name string) {
	t.Helper()
	it, err := Recognize(mustParse(text))
	if err != nil || it.Kind != ReceiptItem || it.Name != name {
		t.Errorf("%s: %s %q, %v", sdk, it.Kind, it.Name, err)
		return
	}
	if r := it.Receipt.Check(nil); r.Verdict != Verified || r.Counts.ExtraFields != 0 {
		t.Errorf("%s: %s, %v %s, %d extra fields", sdk, r.Verdict, r.Failures, r.Missing, r.Counts.ExtraFields)
	}
}

// TestDigestsAsSaved gives the digest in the forms in which it is kept, one of them
// the file of QLDB's console.
func TestDigestsAsSaved(t *testing.T) {
	g := makeGolden(t)
	want := g.digest()
	hash, tip := want.Hash.Base64(), want.Tip
	for name, text := range map[string]string{
		"AWS CLI": fmt.Sprintf(`{"Digest":%q,"DigestTipAddress":{"IonText":%q}}`, hash, tip),
		"Java":    fmt.Sprintf(`{"digest":%q,"digestTipAddress":{"ionText":%q},"sdkHttpMetadata":{}}`, hash, tip),
		"Go":      fmt.Sprintf(`{"Digest":%q,"DigestTipAddress":{"IonText":%q},"ResultMetadata":{},"Block":null}`, hash, tip),
		"Ruby":    fmt.Sprintf(`{"digest":%q,"digest_tip_address":{"ion_text":%q}}`, hash, tip),
		"console": fmt.Sprintf(`{digest:{{%s}},digestTipAddress:%s,ledger:"shop",date:2024-03-01T09:10:00Z}`, hash, tip),
		"console, as text": fmt.Sprintf(`{"digest":%q,"digestTipAddress":%s,"ledger":"shop","date":"2024-03-01"}`, hash,
			fmt.Sprintf(`{"strandId":%q,"sequenceNo":%d}`, tip.StrandID, tip.SequenceNo)),
	} {
		it, err := Recognize(mustParse(text))
		if err != nil || it.Kind != DigestItem || *it.Digest != want {
			t.Errorf("%s: %s, %v", name, it.Kind, err)
		}
	}
}

// TestAnswersSayOnce gives answers that say a thing twice in different places or
// spellings, or what no JSON says.
func TestAnswersSayOnce(t *testing.T) {
	g := makeGolden(t)
	rec, digest := g.receipt(3, 0), g.digest()
	quote := func(v fmt.Stringer) string { return fmt.Sprintf(`{"IonText":%q}`, v) }
	revision, proof := quote(rec.Revision), quote(rec.Proof.Value())
	saved := fmt.Sprintf(`"Digest":%q,"DigestTipAddress":%s`, digest.Hash.Base64(), quote(digest.Tip))
	answer := `"Revision":` + revision + `,"Proof":` + proof + `,`
	for text, message := range map[string]string{
		`{` + answer + `"revision":` + revision + `}`:                            `has the member "Revision" twice, the other time as "revision"`,
		`{` + answer + `"revision":{}}`:                                          `"Revision" twice`,
		`{` + answer + `"revision":null}`:                                        `"Revision" twice`,
		`{` + answer + `"proof":{"ionText":"[]"}}`:                               `"Proof" twice`,
		`{` + answer + `"block":5}`:                                              `one of Revision, Block and RevisionHash`,
		`{` + answer + saved + `,"digest":""}`:                                   `"Digest" twice`,
		`{` + saved + `,"digest_tip_address":""}`:                                `"DigestTipAddress" twice`,
		`{` + answer + `"LedgerDigest":{` + saved + `,"digest":""}}`:             `LedgerDigest has the member "Digest" twice`,
		`{` + answer + `"LedgerDigest":{` + saved + `},"DigestTipAddress":"{}"}`: `one digest`,
		`{` + answer + `"LedgerDigest":"none"}`:                                  `LedgerDigest must be an object`,
		`{"revision":{"ionText":"{}","IonText":"{}"}}`:                           `IonText once and nothing else`,
		`{"Revision":{"IonText":x::"{}"}}`:                                       `the IonText of Revision must have no annotations`,
		`{"Revision":{"IonText":x::{}}}`:                                         `the IonText of Revision must have no annotations`,
		`{` + answer[:len(answer)-len(proof)-1] + `{"IonText":x::"[]"}}`:         `the IonText of Proof must have no annotations`,
		`{"Revision":x::null,"Block":null}`:                                      `must have no annotations`,
		`{"Revision":null.struct}`:                                               `Revision must be an object with IonText`,
		`{"RevisionHash":""}`:                                                    `RevisionHash must be base64 of 32 bytes`,
	} {
		_, err := Recognize(mustParse(text))
		var f *Failure
		if !errors.As(err, &f) || f.Rule != RuleShape || !strings.Contains(f.Detail, message) {
			t.Errorf("%.80s: %v, want %s", text, err, message)
		}
	}
}

// TestLooseMembersAreNoAnswer gives values whose names are those of an answer's
// members by chance, and values in which nothing is said.
func TestLooseMembersAreNoAnswer(t *testing.T) {
	for _, text := range []string{`{revision:5}`, `{block:{}}`, `{tableInfo:{},revision:{hash:{{}}}}`, `{digest:"x"}`, `{proof:{}}`,
		`{"Revision":null}`, `{"Block":null,"Proof":null}`, `{"Digest":null,"DigestTipAddress":null}`, `{"Digest":"","DigestTipAddress":null}`} {
		if it, err := Recognize(mustParse(text)); it.Kind != UnknownItem || err != nil {
			t.Errorf("%s is %s, %v", text, it.Kind, err)
		}
	}
	// A revision beside a digest is not passed over.
	g := makeGolden(t)
	whole, err := g.receipt(3, 0).Encode()
	if err != nil {
		t.Fatal(err)
	}
	bare := mustParse(strings.Replace(whole.String(), "tally_receipt::", "", 1))
	it, err := Recognize(bare)
	if err != nil || it.Kind != ReceiptItem {
		t.Fatalf("%s, %v", it.Kind, err)
	}
	if r := it.Receipt.Check(nil); r.Verdict != Verified || r.Counts.ExtraFields != 1 { // version
		t.Errorf("%s, %v, %d extra fields", r.Verdict, r.Failures, r.Counts.ExtraFields)
	}
}
