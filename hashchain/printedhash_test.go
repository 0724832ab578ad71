package hashchain

import (
	"fmt"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

func TestDecodeDigestForms(t *testing.T) {
	const tip = `"DigestTipAddress":{"IonText":"{strandId:\"abc\",sequenceNo:6}"}`
	h := leaf(3)
	list, object := []byte{'['}, []byte{'{'}
	for i, b := range h.Bytes() {
		if i > 0 {
			list, object = append(list, ','), append(object, ',')
		}
		list = fmt.Appendf(list, "%d", b)
		object = fmt.Appendf(object, "\"%d\":%d", i, b)
	}
	list, object = append(list, ']'), append(object, '}')
	good := []string{`"` + h.Base64() + `"`, string(list), string(object), `{"type":"Buffer","data":` + string(list) + `}`, `"{{` + h.Base64() + `}}"`, `{{` + h.Base64() + `}}`}
	bad := []string{`""`, `"AAAA"`, `"!"`, `[1,2]`, `[1,"x"]`, `{"0":1,"2":3}`, `12`, `null`, `"{{x"`, `"{{}}"`, `[256]`,
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
