package ion

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// What Iter reads from a few bytes is what it reads from any.
func TestIterPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0x00, 0x01, 0x80, 0x81, 0x84, 0x8e, 0xbe, 0xd1, 0xde, 0xe3, 0x0f, 0x1f})), 0, 300).Draw(t, "bytes")
		it := Iter{raw: b, syms: systemTable, isField: rapid.Bool().Draw(t, "isField")}
		if !it.plain() {
			return
		}
		at := 0
		if it.isField {
			var sid uint32
			if sid, at = varUint(b, 0); at == 0 || sid != it.nameSID {
				t.Fatalf("% x: name %d, want %d", b, it.nameSID, sid)
			}
		}
		want, err := header(b[at:], systemTable, 0)
		if err != nil || isPad(b[at]) || it.start != at || it.pos != at+len(want.raw) || !reflect.DeepEqual(it.cur, want) {
			t.Fatalf("% x: %+v, want %+v, %v", b, it, want, err)
		}
	})
}
