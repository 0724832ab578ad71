package hashchain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

func TestDecodeDigestForms(t *testing.T) {
	const tip = `"DigestTipAddress":{"IonText":"{strandId:\"abc\",sequenceNo:6}"}`
	h := leaf(3)
	list, object, signed := []byte{'['}, []byte{'{'}, []byte{'['}
	for i, b := range h.Bytes() {
		if i > 0 {
			list, object, signed = append(list, ','), append(object, ','), append(signed, ',')
		}
		list, signed = fmt.Appendf(list, "%d", b), fmt.Appendf(signed, "%d", int8(b))
		object = fmt.Appendf(object, "\"%d\":%d", i, b)
	}
	list, object, signed = append(list, ']'), append(object, '}'), append(signed, ']')
	good := []string{`"` + h.Base64() + `"`, string(list), string(object), `{"type":"Buffer","data":` + string(list) + `}`, `"{{` + h.Base64() + `}}"`, `{{` + h.Base64() + `}}`, string(signed)}
	bad := []string{`""`, `"AAAA"`, `"!"`, `[1,2]`, `[1,"x"]`, `{"0":1,"2":3}`, `12`, `null`, `"{{x"`, `"{{}}"`, `[256]`, `[-129]`,
		`[-1,200` + strings.Repeat(",1", 30) + `]`, `[200,-1` + strings.Repeat(",1", 30) + `]`,
		// JSON has no annotations, and what is beside the data says another hash.
		`{"type":"Buffer","data":x::` + string(list) + `}`, `{"type":x::"Buffer","data":` + string(list) + `}`, `{"type":"Buffer","data":[x::` + string(list[1:]) + `}`,
		`[x::` + string(list[1:]), `{"0":x::` + string(object[5:]), `{"data":` + string(list) + `,"0":1}`}
	for i, d := range append(good, bad...) {
		v, err := ion.ParseText(`{"Digest":` + d + `,` + tip + `}`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeDigest(v)
		if ok := i < len(good); (err == nil) != ok || ok && (got.Hash != h || got.Tip != BlockAddress{"abc", 6}) {
			t.Errorf("%.60s: %v, %v", d, got, err)
		}
	}
}

// TestPythonBytes gives what Python 3 prints for bytes.
func TestPythonBytes(t *testing.T) {
	for text, want := range map[string]string{
		`b''`: "", `b'a\x00\xff\n\r\t\\"'`: "a\x00\xff\n\r\t\\\"", `b"it's"`: "it's", `b'\'"'`: `'"`,
	} {
		if got, ok := pythonBytes(text); !ok || string(got) != want {
			t.Errorf("%s: %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{``, `b'`, `b"'`, `'a'`, `b'a`, `b'é'`, `b'\u00e9'`, `b'\xf'`, `b'a'b'`, `b'\'`, "b'\n'", `B'a'`} {
		if got, ok := pythonBytes(text); ok {
			t.Errorf("%s is taken for %q", text, got)
		}
	}
	h := leaf(3)
	spelt := "b'"
	for _, c := range h.Bytes() {
		spelt += fmt.Sprintf(`\x%02x`, c)
	}
	digest := fmt.Sprintf(`{"Digest":%q,"DigestTipAddress":{"IonText":"{strandId:\"abc\",sequenceNo:6}"}}`, spelt+"'")
	if d, err := DecodeDigest(mustParse(digest)); err != nil || d.Hash != h {
		t.Errorf("%s: %v, %v", digest, d, err)
	}
}
