package hashchain

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

func TestTimestampTextIsNothingBesides(t *testing.T) {
	for _, text := range []string{"2024T", "2024-03T", "2024-03-01", "2024-03-01T09:06Z", "2024-03-01T09:06-00:00", "2024-03-01T09:06:00.000+05:30", "2024-03-01T23:59:59.1200Z"} {
		if v, ok := timestampText(ion.NewString(text)); !ok || v.Type() != ion.TimestampType {
			t.Errorf("%s is not read", text)
		}
	}
	for _, text := range []string{"2024-03-01T", "2024-03-01 ", "2024-03-01//x", "2024-03-01/**/", "2024-03-01T09:06+00:00", "12345", "12345.6", "2024-03-01T09:06:00.000Z\n", "2024-02-30"} {
		if v, ok := timestampText(ion.NewString(text)); ok || v.Type() != ion.StringType {
			t.Errorf("%q is read as %s", text, v)
		}
	}
}

func TestSayableInJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`{a:[null,true,1,-2.5,1e9,"text",{}]}`: true,
		`a::1`:                                 false, `{a:b::1}`: false, `b`: false, `null.int`: false, `{a:(1)}`: false, `{a:{{}}}`: false,
		`{a:{{"clob"}}}`: false, `[2024-03-01]`: false, `[nan]`: false, `[1e400]`: true, `{$0:1}`: false,
	} {
		if got := sayableInJSON(mustParse(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestStringHashesAreForJSONOnly verifies a journal as JSON, and the same values
// written as Ion.
func TestStringHashesAreForJSONOnly(t *testing.T) {
	blocks, _ := testJournal(t, 3)
	var js, text, binary []byte
	for _, b := range blocks {
		js = append(appendJSON(js, b), '\n')
	}
	values, err := ion.ParseTextAll(js)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		text = append(ion.AppendCompact(text, v), '\n')
		binary = append(binary, v.Encode()...)
	}
	for name, data := range map[string][]byte{"text": text, "binary": binary, "comment": bytes.ReplaceAll(js, []byte(`{"`), []byte(`{/**/"`))} {
		r, err := VerifyJournal(bytes.NewReader(data), VerifyOptions{})
		if err != nil || r.Failed != 3 || !strings.Contains(r.Failures[0].Detail, "only in JSON") {
			t.Errorf("%s: %v, %v", name, err, r.Failures)
		}
	}
	if r, err := VerifyJournal(bytes.NewReader(js), VerifyOptions{}); err != nil || !r.OK() {
		t.Errorf("JSON: %v, %v", err, r.Failures)
	}
}
