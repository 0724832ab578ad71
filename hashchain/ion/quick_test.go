package ion

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func TestQuick(t *testing.T) {
	b, err := os.ReadFile("../../../shared/vectors/ionhash-drivers.tsv")
	if err != nil {
		t.Skip(err)
	}
	for _, l := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.Split(l, "\t")
		data, _ := base64.StdEncoding.DecodeString(f[1])
		v, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", f[0], err)
			continue
		}
		h, err := v.Hash()
		if err != nil || hex.EncodeToString(h[:]) != f[2] {
			t.Errorf("%s: %x %v", f[0], h, err)
		}
		e := v.Encode()
		if string(e) != string(data) {
			t.Logf("%s: %x vs %x", f[0], e, data)
		}
		v2, err := Parse(e)
		if err != nil || !Identical(v, v2) || !Equal(v, v2) {
			t.Errorf("%s %v", f[0], err)
		}
	}
}
