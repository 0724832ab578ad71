package hashchain

import (
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestMessagesAreShort puts a name or text of 64 KB into every place of what is
// read, and wants the messages about it to be short: they are printed by the thousand.
func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	golden := makeGolden(t)
	receipt := string(golden.receiptFile(golden.receipt(3, 0)))
	block := golden.blocks[2].String()
	revision, _ := golden.blocks[5].Path("revisions")
	deletion, _ := revision.Index(0)
	answer := `{"Revision":{"IonText":"{}"},"Proof":{"IonText":"[]"},"Digest":"x","DigestTipAddress":{"IonText":"{strandId:\"s\",sequenceNo:1}"}}`
	record := `{qldbStreamArn:"a",recordType:"REVISION_DETAILS",payload:{tableInfo:{tableName:"t",tableId:"i"},revision:` + deletion.String() + `}}`
	said := 0
	check := func(text string) {
		v, err := ion.ParseText(text)
		errs := []error{err}
		if err == nil {
			it, err := Recognize(v)
			errs = append(errs, err)
			_, failures := CheckBlock(v)
			_, more := CheckRevision(it.Value)
			failures = append(failures, more...)
			if it.Receipt != nil {
				r := it.Receipt.Check(nil)
				failures = append(failures, r.Failures...)
				if len(r.Missing) > 1000 {
					t.Errorf("%d characters: %.200s", len(r.Missing), r.Missing)
				}
			}
			for _, f := range failures {
				errs = append(errs, f)
			}
		}
		for _, err := range errs {
			if err == nil {
				continue
			}
			said++
			if n := len(err.Error()); n > 1000 {
				t.Errorf("%d characters: %.200s", n, err.Error())
			}
		}
	}
	for _, text := range []string{receipt, block, deletion.String(), answer, record, `{keys:["a"],keys:[]}`, `{Digest:"a",DigestTipAddress:"b"}`,
		`{recordType:"CONTROL",payload:{controlRecordType:"CREATED"}}`} {
		// Names and values between any two marks are made long, one after the other,
		// and a member with a long name is put into every struct.
		for i := range text {
			switch text[i] {
			case '{':
				if i > 0 && text[i-1] != '{' && (i+1 == len(text) || text[i+1] != '{') {
					check(text[:i+1] + long + ":1," + text[i+1:])
					check(text[:i+1] + long + ":a::1," + text[i+1:])
					check(text[:i+1] + long + ":1," + long + ":1," + text[i+1:])
					check(text[:i] + `"` + long + `",` + text[i:])
				}
			case '"':
				check(text[:i+1] + long + text[i+1:])
			case ':':
				check(text[:i] + long + text[i:])
				check(text[:i+1] + long + "::" + text[i+1:])
				check(text[:i+1] + `"` + long + `"` + text[i+1:])
			}
		}
	}
	for _, text := range []string{"$ion_" + strings.Repeat("1", 1<<16) + "_1 {}", "{" + long, "2024-03-01T00:00:00." + strings.Repeat("1", 1<<16) + "Z", "'" + long, long + "::"} {
		check(text)
	}
	if said < 50 {
		t.Errorf("only %d messages", said)
	}
}
