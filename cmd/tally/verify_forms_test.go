package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// goodRevision is a revision of the golden journal; forgedRevision has other
// data under the same hash.
func goodRevision(t *testing.T) (good, forged string) {
	t.Helper()
	values, err := ion.ParseTextAll(golden(t, "journal-v1.ion"))
	if err != nil {
		t.Fatal(err)
	}
	list, _ := values[3].Field("revisions")
	for r := range list.Elements() {
		good = r.String()
	}
	forged = strings.Replace(good, `"paid"`, `"open"`, 1)
	if good == forged {
		t.Fatal("the revision is not as expected")
	}
	return good, forged
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// TestVerifyRepeatedMembers gives answers and records with a member twice: one
// reader takes the first and another the second, so neither is verified.
func TestVerifyRepeatedMembers(t *testing.T) {
	good, forged := goodRevision(t)
	block, _, _ := strings.Cut(string(golden(t, "journal-v1.ion")), "\n")
	wrapped := func(s string) string { return `{"IonText":` + quoted(s) + `}` }
	revision := `"Revision":` + wrapped(good)
	record := func(kind, payload string) string { return `{recordType:"` + kind + `",payload:` + payload + `}` }
	address := `"DigestTipAddress":{"IonText":"{strandId:\"x\",sequenceNo:6}"}`
	hash := `"Digest":"rski+QQmj2hWIQ1J/xsjA1qHRCqX8ThiZknl7TgpUNk="`
	for what, c := range map[string]struct{ text, message string }{
		"Revision":     {`{` + revision + `,"Revision":` + wrapped(forged) + `}`, `^  GetRevision answer at offset 2: the answer has the member "Revision" twice`},
		"Proof":        {`{` + revision + `,"Proof":{"IonText":"[]"},"Proof":{"IonText":"[]"}}`, `the answer has the member "Proof" twice`},
		"IonText":      {`{"Revision":{"IonText":` + quoted(good) + `,"IonText":` + quoted(forged) + `}}`, `^  GetRevision answer at offset 2: Revision must have IonText once and nothing else`},
		"IonText else": {`{"Revision":{"IonText":` + quoted(good) + `,"data":` + quoted(forged) + `}}`, `Revision must have IonText once and nothing else`},
		"both":         {`{` + revision + `,"Block":` + wrapped(block) + `}`, `^  GetRevision answer at offset 2: an answer must have one of Revision, Block and RevisionHash`},
		"with hash":    {`{` + revision + `,"RevisionHash":"npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg="}`, `must have one of Revision, Block and RevisionHash`},
		"LedgerDigest": {`{` + revision + `,` + hash + `,` + address + `,"LedgerDigest":{` + hash + `,` + address + `}}`, `one digest, not both Digest and LedgerDigest`},
		"Digest":       {`{` + hash + `,` + hash + `,` + address + `}`, `^  GetDigest answer at offset 2: the digest has the member "Digest" twice`},
		"payload":      {`{recordType:"BLOCK_SUMMARY",payload:` + block + `,payload:{}}`, `^  BLOCK_SUMMARY record at offset 2: the record has the member "payload" twice`},
		"recordType":   {`{recordType:"REVISION_DETAILS",recordType:"CONTROL",payload:{revision:` + forged + `}}`, `the record has the member "recordType" twice`},
		"revision":     {record("REVISION_DETAILS", `{revision:`+good+`,revision:`+forged+`}`), `^  REVISION_DETAILS record at offset 2: the payload has the member "revision" twice`},
		"control":      {record("CONTROL", `{controlRecordType:"CREATED",controlRecordType:"COMPLETED"}`), `CONTROL record at offset 2: the payload has the member "controlRecordType" twice`},
		"keys":         {`{keys:["a.0-1.ion"],keys:[]}`, `has the member "keys" twice`},
	} {
		t.Run(what, func(t *testing.T) {
			verifyWant(t, exitMalformed, []string{writeFile(t, "value", []byte("  "+c.text))}, c.message, "!VERIFIED")
		})
	}
}

// TestVerifyMixedShapes gives values that have the fields of two kinds beside
// good ones: nothing of them may be passed over.
func TestVerifyMixedShapes(t *testing.T) {
	good, forged := goodRevision(t)
	fields := strings.TrimPrefix(forged, "{")
	block := strings.TrimPrefix(string(golden(t, "journal-v1.ion")), "{")
	block, _, _ = strings.Cut(block, "\n")
	digest := `Digest:"rski+QQmj2hWIQ1J/xsjA1qHRCqX8ThiZknl7TgpUNk=",DigestTipAddress:"{strandId:\"x\",sequenceNo:6}",`
	for _, c := range []struct {
		text, message string
		status        int
	}{
		{`{` + digest + fields, `value at offset \d+: the value has the fields of an answer of GetDigest and of a revision`, exitMalformed},
		{`{recordType:"CONTROL",payload:{},` + fields, `the fields of a stream record and of a revision`, exitMalformed},
		{`{recordType:"CONTROL",payload:{},` + block, `the fields of a stream record and of a block`, exitMalformed},
		{`{exportId:"a",ledgerName:"b",` + fields, `the fields of a revision and of a manifest`, exitMalformed},
		{`{metadata:{},hash:{{}},` + block, `the fields of a block and of a revision`, exitMalformed},
		{`{Revision:"{}",` + fields, `the fields of an answer of GetRevision or GetBlock and of a revision`, exitMalformed},
		{`{exportId:"a",ledgerName:"b",revision:` + forged + `}`, `1 value is not recognised`, exitUndecided},
		{`{recordType:"CONTROL",payload:{revision:` + forged + `}}`, `1 value is not recognised`, exitUndecided},
		{`{recordType:"CONTROL",payload:{},revision:` + forged + `}`, `1 value is not recognised`, exitUndecided},
		{`{keys:["a"],revision:` + forged + `}`, `1 value is not recognised`, exitUndecided},
	} {
		verifyWant(t, c.status, []string{writeFile(t, "values.ion", []byte(good+"\n"+c.text))}, c.message)
	}
	// What there is nothing to verify in is named.
	passed := `values.ion: skipped: of what it holds: 1 digest, which proves nothing by itself .*, and 1 CONTROL record: there is nothing to verify in it$`
	verifyWant(t, exitOK, []string{writeFile(t, "values.ion", []byte(good+"\n"+`{recordType:"CONTROL",payload:{controlRecordType:"CREATED"}} {`+digest+`}`))}, passed, "VERIFIED")
}

// TestVerifyBrokenForms gives values that cannot be compared with anything: they
// are malformed and not refused.
func TestVerifyBrokenForms(t *testing.T) {
	good, _ := goodRevision(t)
	for text, message := range map[string]string{
		`{recordType:"REVISION_DETAILS",payload:{}}`:                                                `^  REVISION_DETAILS record at offset 0: the payload must be a struct \{tableInfo, revision\}`,
		`{recordType:"REVISION_DETAILS",payload:7}`:                                                 `the payload must be a struct`,
		`{recordType:"REVISION_DETAILS",payload:{revision:{}}}`:                                     `^  REVISION_DETAILS record at offset 0: a revision has no hash`,
		strings.Replace(good, "hash:{{", "hash:{{AAAA}},x:{{", 1):                                   `^  revision at offset 0: hash must have 32 bytes or none, not 3`,
		strings.Replace(good, "data:{", "data:{},data:{", 1):                                        `^  revision at offset 0: a revision has the field data twice`,
		`{"Revision":{"IonText":"5"}}`:                                                              `^  GetRevision answer at offset 0: a revision must be a struct, not int`,
		`{"Block":{"IonText":"{}"}}`:                                                                `^  GetBlock answer at offset 0: a block must have the field blockAddress`,
		`$ion_symbol_table::{symbols:[null]} ` + strings.Replace(good, "data:{", "data:{$10:5,", 1): `^  revision at offset \d+: .*symbol has unknown text`,
	} {
		verifyWant(t, exitMalformed, []string{writeFile(t, "value.ion", []byte(text))}, message, "!VERIFIED", "!REFUSED")
	}
	// A wrong hash beside it counts more.
	_, forged := goodRevision(t)
	verifyWant(t, exitRefused, []string{writeFile(t, "values.ion", []byte(forged+` {recordType:"REVISION_DETAILS",payload:{}}`))}, "REFUSED", "MALFORMED")
}

func TestVerifyBadDigestAsJSON(t *testing.T) {
	bad := writeFile(t, "digest.json", []byte("{}"))
	cmd := []string{"--output", "json", "--digest", bad, goldenDir + "receipt.ion"}
	var out, errs strings.Builder
	if status := run(t.Context(), append([]string{"verify"}, cmd...), strings.NewReader(""), &out, &errs); status != exitMalformed {
		t.Errorf("exit status %d", status)
	}
	a := decodeAnswer(t, out.String())
	if a.Summary.Status != exitMalformed || a.Summary.Malformed != 1 || len(a.Results) != 1 || !strings.Contains(fmt.Sprint(a.Results[0].Errors), "--digest: this is not a digest") {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(errs.String(), "this is not a digest") {
		t.Errorf("on the error output: %s", errs.String())
	}
}

// TestVerifyConsoleDigest gives the digest as QLDB's console saved it.
func TestVerifyConsoleDigest(t *testing.T) {
	saved := writeFile(t, "digest.ion.txt", []byte(`{ledger:"shop",date:2024-03-01T09:10:00.000Z,digest:{{rski+QQmj2hWIQ1J/xsjA1qHRCqX8ThiZknl7TgpUNk=}},
digestTipAddress:{strandId:"2uyxgzqMbAG000F1Yh0HCS",sequenceNo:6}}`))
	verifyWant(t, exitOK, []string{"--digest", saved, goldenDir + "get-revision.json"}, `: VERIFIED$`, `to the trusted digest, tip 6`)
	verifyWant(t, exitUndecided, []string{saved}, `a digest proves nothing by itself`)
}

// TestVerifySortsByBlocks gives files of one journal in the wrong order, one of
// which begins with something else.
func TestVerifySortsByBlocks(t *testing.T) {
	lines := strings.SplitAfter(string(golden(t, "journal-v1.ion")), "\n")
	first := writeFile(t, "a.ion", []byte(strings.Join(lines[:4], "")))
	good, _ := goodRevision(t)
	for _, before := range []string{string(golden(t, "digest-v1.json")), good, "{keys:[]}\n" + good} {
		second := writeFile(t, "b.ion", []byte(before+"\n"+strings.Join(lines[4:], "")))
		verifyWant(t, exitOK, []string{second, first}, "blocks 0 to 6", "6 links", "!FAILED")
	}
}

// TestVerifyManifestKeys gives manifests with keys that are not those of data
// objects: then nobody knows whether the export is complete.
func TestVerifyManifestKeys(t *testing.T) {
	const object = `"p/2024/03/01/09/2uyxgzqMbAG000F1Yh0HCS.`
	for keys, message := range map[string]string{
		object + `0-3.ion",` + object + `4-6.ion.gz"`: `undecided   whether the export is complete: 1 key in the manifest .*m.manifest not understood, ".*HCS\.4-6\.ion\.gz": a data object is named`,
		object + `0-6.ion","x/other.4-6"`:             `1 key in the manifest .* not understood, "x/other\.4-6"`,
		object + `0-6.ion",7,"b","c","d","e","f"`:     `6 keys in the manifest .* not understood, a value of type int, "b", "c", "d", "e" and 1 more`,
		`"x/other.4-6"`: `1 key in the manifest .*m.manifest not understood`,
	} {
		dir := t.TempDir()
		for name, data := range map[string]string{"m.manifest": "{keys:[" + keys + "]}", "a.ion": string(golden(t, "journal-v1.ion"))} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		verifyWant(t, exitUndecided, []string{dir}, message, "!is complete: of")
	}
}
