package ion

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// sampleText has every type, annotations, repeated fields and a typed null.
const sampleText = `outer::{int:12345678901234567890,neg:-1,dec:-1.50,flt:2.5e0,single:nan,ts:2020-06-01T23:59:59.999+05:30,day:2020-01-01,
	sym:hello,'quoted name':"text, é",lob:{{AAEC}},clob:{{"c"}},list:[1,a::true,null.list,[[]]],sexp:(x y z),
	int:2,nested:{a:{b:{c:"deep"}}},long:"a string that is longer than thirteen bytes",no:null,f:false}`

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// offsetOf returns the offset that an error names, or fails.
func offsetOf(t *testing.T, err error, input int) int64 {
	t.Helper()
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Fatalf("error is %T %v, want *SyntaxError", err, err)
	}
	if se.Offset < 0 || se.Offset > int64(input) {
		t.Fatalf("%v: offset is outside of the input of %d bytes", err, input)
	}
	return se.Offset
}

func TestMalformedBinary(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		offset    int64
		msg       string
	}{
		{"no marker", "11", 0, "must begin with the version marker"},
		{"other version", "e00101ea 11", 0, "not that of Ion 1.0"},
		{"marker cut", "e00100ea e001", 4, "cut short"},
		{"marker inside a list", "e00100ea b4 e00100ea", 5, "length code 0"},
		{"reserved type", "e00100ea f1", 4, "reserved"},
		{"length beyond the end", "e00100ea 83 61", 4, "exceeds"},
		{"length overflows", "e00100ea 8e 7f7f7f7f7f7f7f7f7fff", 5, "cut short or too large"},
		{"length of 2 GiB", "e00100ea 8e 077f7f7fff", 4, "exceeds"},
		{"length unfinished", "e00100ea 8e 01", 5, "cut short"},
		{"bool of length 2", "e00100ea 12", 4, "length code 2"},
		{"negative zero int", "e00100ea 30", 4, "magnitude zero"},
		{"negative zero with a byte", "e00100ea 31 00", 4, "magnitude zero"},
		{"float of 2 bytes", "e00100ea 42 0000", 4, "not 0, 4 or 8"},
		{"decimal exponent unfinished", "e00100ea 51 01", 5, "cut short"},
		{"timestamp empty", "e00100ea 60", 5, "cut short"},
		{"timestamp without a year", "e00100ea 61 80", 5, "no year"},
		{"timestamp in month 13", "e00100ea 64 c0 0fe4 8d", 5, "month 13"},
		{"timestamp on 30 February", "e00100ea 65 c0 0fe4 82 9e", 5, "day 30"},
		{"timestamp with hour only", "e00100ea 66 80 0fe4 81 81 81", 5, "no minute"},
		{"timestamp fraction of 1.5", "e00100ea 6a 80 0fe4 81 81 81 81 81 c1 0f", 5, "fraction"},
		{"timestamp fraction negative", "e00100ea 6a 80 0fe4 81 81 81 81 81 c1 85", 5, "fraction"},
		{"symbol id beyond the table", "e00100ea 71 0a", 5, "ends at 9"},
		{"symbol id of 9 bytes", "e00100ea 79 010000000000000001", 5, "symbol id"},
		{"string not UTF-8", "e00100ea 82 c328", 5, "UTF-8"},
		{"string with a surrogate", "e00100ea 83 eda080", 5, "UTF-8"},
		{"field id beyond the table", "e00100ea d2 8a 11", 5, "field name"},
		{"field without a value", "e00100ea d1 81 84", 6, "no value"},
		{"ordered struct empty", "e00100ea d1 80", 4, "empty"},
		{"ordered struct out of order", "e00100ea d1 84 85 11 84 11", 8, "not in order"},
		{"wrapper too short", "e00100ea e2 81 84", 4, "length code 2"},
		{"wrapper without annotations", "e00100ea e3 80 11 11", 5, "annotation length"},
		{"wrapper without a value", "e00100ea e3 82 84 84", 8, "holds no value"},
		{"wrapper in a wrapper", "e00100ea e7 81 84 e4 81 84 21 01", 7, "another annotation wrapper"},
		{"wrapper around a pad", "e00100ea e4 81 84 01 ff", 7, "nop pad"},
		{"wrapper longer than its value", "e00100ea e4 81 84 11 11", 7, "ends after"},
		{"annotation beyond the table", "e00100ea e3 81 8a 11", 6, "ends at 9"},
		{"null wrapper", "e00100ea ef", 4, "length code 15"},
		{"two symbols lists", "e00100ea e7 81 83 d4 87 b0 87 b0 11", 4, "two symbols"},
		{"import of an unknown table without max_id", "e00100ea ea 81 83 d7 86 b5 d4 84 82 61 62 11", 4, "no max_id"},
		{"import of minus one symbols", "e00100ea ed 81 83 da 86 b8 d7 84 82 61 62 88 31 01 11", 4, "max_id"},
		{"symbols beyond 2 billion", "e00100ea ee 9b 81 83 de 97 86 be 94 d9 84 81 61 88 24 7fffffff d9 84 81 61 88 24 7fffffff", 4, "symbols"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := mustHex(t, c.hex)
			_, err := ParseAll(data)
			if err == nil || !strings.Contains(err.Error(), c.msg) {
				t.Fatalf("error is %v, want one with %q", err, c.msg)
			}
			if got := offsetOf(t, err, len(data)); got != c.offset {
				t.Errorf("%v: want offset %d", err, c.offset)
			}
			r := NewReader(iotest.OneByteReader(bytes.NewReader(data)))
			for r.Next() {
			}
			if r.Err() == nil {
				t.Error("Reader finds no fault")
			}
		})
	}
}

func TestNotOneValue(t *testing.T) {
	for _, c := range []string{"e00100ea", "e00100ea 11 11", "", "e00100ea 01ff"} {
		if _, err := Parse(mustHex(t, c)); !errors.Is(err, ErrNotOneValue) {
			t.Errorf("%q: %v", c, err)
		}
	}
	for _, c := range []string{"", " // nothing", "1 2", "$ion_1_0", "$ion_symbol_table::{}"} {
		if _, err := ParseText(c); !errors.Is(err, ErrNotOneValue) {
			t.Errorf("%q: %v", c, err)
		}
	}
}

// However a stream is cut, there is an error, and the offset is inside.
func TestTruncatedBinary(t *testing.T) {
	data := mustText(t, sampleText).Encode()
	for n := 1; n < len(data); n++ {
		_, err := Parse(data[:n])
		if err == nil {
			t.Fatalf("%d of %d bytes parse", n, len(data))
		}
		if !errors.Is(err, ErrNotOneValue) { // cut behind the symbol table
			offsetOf(t, err, n)
		}
		r := NewReader(bytes.NewReader(data[:n]))
		if r.Next() {
			t.Fatalf("Reader finds a value in %d of %d bytes", n, len(data))
		}
	}
}

func TestTruncatedText(t *testing.T) {
	for n := 1; n < len(sampleText); n++ {
		text := sampleText[:n]
		if _, err := ParseText(text); err == nil && n > len("outer") {
			t.Fatalf("text cut at %d parses", n)
		} else if err != nil {
			offsetOf(t, err, n)
		}
	}
}

// nest is a bool in n lists, with every length right: lengths fall by the size
// of their own heads.
func nest(n int) []byte {
	sizes := make([]int, n+1) // of the value with so many lists around it
	sizes[0] = 1
	for i := 1; i <= n; i++ {
		sizes[i] = sized(sizes[i-1])
	}
	data := append([]byte(nil), versionMarker...)
	for i := n; i > 0; i-- {
		data = appendHead(data, codeList, sizes[i-1])
	}
	return append(data, 0x11)
}

func TestDeepNesting(t *testing.T) {
	for _, c := range []struct {
		depth int
		ok    bool
	}{{MaxDepth - 1, true}, {MaxDepth, false}, {20_000, false}} {
		_, err := Parse(nest(c.depth))
		if (err == nil) != c.ok {
			t.Errorf("binary, %d lists: %v", c.depth, err)
		}
	}
	for _, c := range []struct {
		depth int
		ok    bool
	}{{MaxDepth - 1, true}, {MaxDepth, false}, {100_000, false}} {
		for _, brackets := range []string{"[]", "()"} {
			text := strings.Repeat(brackets[:1], c.depth) + "1" + strings.Repeat(brackets[1:], c.depth)
			_, err := ParseText(text)
			if (err == nil) != c.ok {
				t.Errorf("text, %d lists: %v", c.depth, err)
			}
			if err != nil && offsetOf(t, err, len(text)) != MaxDepth {
				t.Errorf("%v: want offset %d", err, MaxDepth)
			}
		}
		text := strings.Repeat("{a:", c.depth) + "1" + strings.Repeat("}", c.depth)
		if _, err := ParseText(text); (err == nil) != c.ok {
			t.Errorf("text, %d structs: %v", c.depth, err)
		}
	}
	var w Writer
	for range MaxDepth + 1 {
		w.BeginList()
	}
	if w.Err() == nil {
		t.Error("Writer nests deeper than MaxDepth")
	}
}

func TestHundredThousandDeep(t *testing.T) {
	data := nest(100_000)
	_, err := Parse(data)
	if err == nil || !strings.Contains(err.Error(), "nesting") {
		t.Fatalf("error is %v", err)
	}
	offsetOf(t, err, len(data))
	var d Decoder
	v, err := d.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	useAll(v)
	if _, err := v.Hash(); err == nil {
		t.Error("hash of damaged bytes")
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A hostile input must not make a reader allocate more than a small multiple of
// its own size.
func TestAllocationIsBounded(t *testing.T) {
	table := func(fill func(w *Writer)) []byte {
		var w Writer
		w.Annotate("$ion_symbol_table").BeginStruct()
		fill(&w)
		w.End()
		v, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		return append(append(append([]byte(nil), versionMarker...), v.raw...), 0x11)
	}
	hugeLength := append(append([]byte(nil), versionMarker...), 0x8e, 0x07, 0x7f, 0x7f, 0x7f, 0xff)
	var chain []byte
	for range 20_000 {
		chain = append(chain, 0xec, 0x81, 0x83, 0xd9, 0x86, 0x71, 0x03, 0x87, 0xb4, 0x81, 'a', 0x81, 'b')
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"length of 2 GiB", hugeLength},
		{"import of 2 billion symbols", table(func(w *Writer) {
			w.Field("imports").BeginList()
			w.BeginStruct()
			w.Field("name").String("t")
			w.Field("max_id").Int(maxVar - 100)
			w.End()
			w.End()
		})},
		{"a million empty symbols", table(func(w *Writer) {
			w.Field("symbols").BeginList()
			for range 1_000_000 {
				w.String("")
			}
			w.End()
		})},
		{"a hundred thousand imports", table(func(w *Writer) {
			w.Field("imports").BeginList()
			for range 100_000 {
				w.BeginStruct()
				w.Field("name").String("t")
				w.Field("max_id").Int(1)
				w.End()
			}
			w.End()
		})},
		{"a chain of appended tables", append(append(append([]byte(nil), versionMarker...), chain...), 0x11)},
		{"twenty thousand lists", nest(20_000)},
		{"empty lists", append(append(append([]byte(nil), versionMarker...), 0xbe, 0x07, 0x21, 0xa0), bytes.Repeat([]byte{0xb0}, 7<<14|0x21<<7|0x20)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := uint64(24*len(c.data) + 256<<10)
			if got := allocated(func() { _, _ = ParseAll(c.data) }); got > limit {
				t.Errorf("ParseAll of %d bytes allocates %d", len(c.data), got)
			}
			if got := allocated(func() {
				for r := NewReader(bytes.NewReader(c.data)); r.Next(); {
				}
			}); got > limit {
				t.Errorf("Reader of %d bytes allocates %d", len(c.data), got)
			}
		})
	}
}

func TestTextAllocationIsBounded(t *testing.T) {
	var symbols strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&symbols, "s%x,", i)
	}
	for _, c := range []struct{ name, text string }{
		{"lists", "[" + strings.Repeat("[],", 100_000) + "]"},
		{"symbols", "[" + symbols.String() + "]"},
		{"not closed", strings.Repeat("{a:[", 400)},
		{"string not closed", `"` + strings.Repeat("a", 1<<20)},
		{"digits", strings.Repeat("7", 1<<20)},
		{"exponent", "1d2147483647"},
		{"float exponent", "1e" + strings.Repeat("9", 1<<16)},
		{"symbol ids", "[" + strings.Repeat("$9,", 100_000) + "]"},
		{"import of 2 billion symbols", `$ion_symbol_table::{imports:[{name:"t",max_id:2147483000}]} $2147483000`},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit := uint64(48*len(c.text) + 256<<10)
			if got := allocated(func() { _, _ = ParseTextAll([]byte(c.text)) }); got > limit {
				t.Errorf("ParseTextAll of %d bytes allocates %d", len(c.text), got)
			}
		})
	}
}
