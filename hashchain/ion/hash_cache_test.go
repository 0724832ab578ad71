package ion

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hashesAlike fails unless the Hasher finds v's own hash or error.
func hashesAlike(t interface {
	Helper()
	Fatalf(string, ...any)
}, h *Hasher, v Value) {
	t.Helper()
	want, werr := v.Hash()
	if got, err := h.Hash(v); got != want || (err == nil) != (werr == nil) {
		t.Fatalf("%s: %x, %v; by the Hasher %x, %v", v, want, werr, got, err)
	}
}

// A Hasher has seen all the values before, in other orders and under other
// symbol tables.
func TestHasherRemembersRightly(t *testing.T) {
	h := NewHasher()
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		name := rapid.SampledFrom([]string{"a", "b", "", "ab", "name", "\x0b\x0c\x0e"}).Draw(t, "name")
		var w Writer
		w.BeginStruct()
		w.Field(name).Value(v)
		w.Field(name + "b").Value(v)
		w.End()
		s, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			hashesAlike(t, h, v)
			hashesAlike(t, h, s)
		}
	})
}

// Fields that are alike but for where the name ends, the type, the form of the
// value, the length, or the symbol table.
func TestHasherTellsFieldsApart(t *testing.T) {
	h := NewHasher()
	var values []Value
	for _, text := range []string{`{a:"bc"}`, `{ab:"c"}`, `{abc:""}`, `{'':"abc"}`, `{a:bc}`, `{a:{{"bc"}}}`, `{a:{{YmM=}}}`, `{a:x::"bc"}`, `{a:null}`, `{a:null.string}`, `{a:1}`, `{a:-1}`, `{a:1.}`, `{a:1.0}`,
		`{a:true}`, `{a:false}`, `{a:0.}`, `{a:-0.}`, `{a:2020T}`, `{a:2020-01T}`, `{a:[]}`, `{a:[1]}`, `{a:{}}`, `{a:{a:1}}`, `{a:$0}`, `{$0:"bc"}`, `{$0:1}`, `{b:1}`,
		`{'` + strings.Repeat("y", 200) + `':1}`, `{'` + strings.Repeat("y", 300) + `':1}`} {
		values = append(values, mustText(t, text))
	}
	for n := maxCachedKey - 12; n <= maxCachedKey+1; n++ {
		values = append(values, mustText(t, `{a:"`+strings.Repeat("x", n)+`"}`))
	}
	// One encoding under two tables, and numbers in more bytes than they need.
	for _, hex := range []string{"e00100ea e7 81 83 d4 87 b2 81 61 d2 8a 20", "e00100ea e7 81 83 d4 87 b2 81 62 d2 8a 20", "e00100ea e7 81 83 d4 87 b2 81 61 d3 8a 71 0a", "e00100ea e7 81 83 d4 87 b2 81 62 d3 8a 71 0a",
		"e00100ea e7 81 83 d4 87 b2 81 61 d4 8a 22 00 01", "e00100ea e7 81 83 d4 87 b2 81 61 d5 8a 53 80 00 01", "e00100ea e7 81 83 d4 87 b2 81 61 d4 8a 52 c0 01", "e00100ea e7 81 83 d4 87 b2 81 61 d6 8a 44 00000000"} {
		v, err := Parse(mustHex(t, hex))
		if err != nil {
			t.Fatal(hex, err)
		}
		values = append(values, v)
	}
	for range 4 {
		for _, v := range values {
			hashesAlike(t, h, v)
		}
	}
	unknown, err := Parse(mustHex(t, "e00100ea e7 81 83 d4 87 b2 11 0f d2 8b 20")) // {$11:0}, of unknown text
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		hashesAlike(t, h, unknown)
	}
	if _, err := h.Hash(unknown); err != ErrUnknownSymbol {
		t.Errorf("unknown symbol: %v", err)
	}
	if _, err := h.Hash(Value{}); err == nil {
		t.Error("the zero Value has a hash")
	}
	if got, err := (*Hasher)(nil).Hash(values[0]); err != nil || got == [32]byte{} {
		t.Errorf("nil Hasher: %x, %v", got, err)
	}
}

// Far more fields than a Hasher remembers, each of them thrice.
func TestHasherForgets(t *testing.T) {
	h := NewHasher()
	for i := range 3 * cachedFields {
		v := mustText(t, fmt.Sprintf(`{n:%d,s:"%d",l:[%d]}`, i, i, i))
		for range 3 {
			hashesAlike(t, h, v)
		}
	}
}

func TestHasherRemembers(t *testing.T) {
	h := NewHasher()
	v := mustText(t, flatText)
	for range 3 {
		hashesAlike(t, h, v)
	}
	used := 0
	for i := range h.cache.fields {
		used += b2i(h.cache.fields[i].tag != 0)
	}
	if used < 8 { // of ten; two may have one place
		t.Errorf("%d of the 10 fields are remembered", used)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = h.Hash(v) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	big := NewString(strings.Repeat("x", 2*maxPooled))
	hashesAlike(t, h, big)
	if cap(h.h.buf) > maxPooled {
		t.Errorf("the Hasher keeps %d bytes of a large value", cap(h.h.buf))
	}
	hashesAlike(t, h, v)
}

// What is taken for the shortest form is right and is what encoding gives.
func TestShortForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0x81, 0x8c, 0x8d, 0x9c, 0x9d, 0xbb, 0xbc, 0xc0, 0xc1, 0xc3, 0xc9, 0xca, 0x4d, 0x4e}), rapid.Byte()), 0, 14).Draw(t, "body")
		if rapid.Bool().Draw(t, "likely") {
			b = append([]byte{0x80, 0x0f, 0xe4, 0x81, 0x81, 0x80, 0x80, 0x80}, b...)
		}
		if isShortDecimal(b) {
			d, ok := decodeDecimal(b)
			if got := d.appendBody(nil); !ok || !bytes.Equal(got, b) {
				t.Fatalf("decimal % x: %s, % x", b, d, got)
			}
		}
		if isShortTimestamp(b) {
			ts, err := decodeTimestamp(b)
			if got := ts.appendBody(nil); err != nil || !bytes.Equal(got, b) {
				t.Fatalf("timestamp % x: %s, % x, %v", b, ts, got, err)
			}
		}
	})
	for _, text := range []string{"2024-03-01T09:06:00.000Z", "2024-03-01T09:06:00.123Z", "2024-03-28", "2024T", "2024-12T", "2024-03-01T09:06Z", "2024-03-01T09:06:00-00:00", "1999-01-01T00:00:00.999999999Z"} {
		if !isShortTimestamp(mustText(t, text).bodyBytes()) {
			t.Errorf("%s is not taken for short", text)
		}
	}
	for _, text := range []string{"124.95", "1.", "-1.5", "255.", "-128.", "1d63"} {
		if !isShortDecimal(mustText(t, text).bodyBytes()) {
			t.Errorf("%s is not taken for short", text)
		}
	}
}
