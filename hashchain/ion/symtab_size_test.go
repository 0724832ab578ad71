package ion

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// tableOf is a symbol table of n symbols of the text, as an encoded value.
func tableOf(t *testing.T, n int, text string, appended bool) []byte {
	t.Helper()
	var w Writer
	w.Annotate("$ion_symbol_table").BeginStruct()
	if appended {
		w.Field("imports").Symbol("$ion_symbol_table")
	}
	w.Field("symbols").BeginList()
	for range n {
		w.String(text)
	}
	w.End()
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return v.Raw()
}

func TestSymbolsOfATableAreBounded(t *testing.T) {
	full, one := tableOf(t, MaxSymbols, "", false), tableOf(t, 1, "x", true)
	value := []byte{0x21, 7}
	stream := func(parts ...[]byte) []byte {
		return append(bytes.Clone(versionMarker), bytes.Join(parts, nil)...)
	}
	if v, err := Parse(stream(full, value)); err != nil || v.Symbols().Size() < 16*MaxSymbols {
		t.Fatalf("%v", err)
	}
	want := fmt.Sprintf("symbol table has %d symbols and must have %d at the most", MaxSymbols+1, MaxSymbols)
	for name, data := range map[string][]byte{
		"at once":  stream(value, value, tableOf(t, MaxSymbols+1, "", false), value),
		"appended": stream(full, value, one, value),
	} {
		r := NewReader(bytes.NewReader(data))
		n := 0
		for r.Next() {
			n++
		}
		se, ok := r.Err().(*SyntaxError)
		offset := map[string]int64{"at once": 8, "appended": int64(6 + len(full))}[name]
		if !ok || se.Offset != offset || !strings.HasPrefix(se.Msg, want) || n == 0 {
			t.Errorf("%s, behind %d values: %v", name, n, r.Err())
		}
		if _, err := ParseAll(data); err == nil || err.Error() != r.Err().Error() {
			t.Errorf("%s: ParseAll says %v", name, err)
		}
	}
	text := "$ion_symbol_table::{symbols:[" + strings.Repeat(`"",`, MaxSymbols+1) + "]} 1"
	if _, err := ParseText(text); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("text: %v", err)
	}
}

// TestWriterBoundsSymbols: what a Writer gives out must be read again.
func TestWriterBoundsSymbols(t *testing.T) {
	for extra := range 2 {
		var w Writer
		w.BeginList()
		for i := range MaxSymbols + extra {
			w.Symbol(fmt.Sprint("s", i))
		}
		w.End()
		v, err := w.Build()
		if (err == nil) != (extra == 0) {
			t.Errorf("%d symbols: %v", MaxSymbols+extra, err)
		}
		if err != nil {
			continue
		}
		if _, err := Parse(v.Encode()); err != nil {
			t.Error(err)
		}
	}
}

// TestMemorySizeCountsATableOnce gives values behind one table, and behind tables
// that each extend the one before.
func TestMemorySizeCountsATableOnce(t *testing.T) {
	const n = 2000
	table, value := tableOf(t, n, "text", false), []byte{0x21, 7}
	values, err := ParseAll(append(bytes.Clone(versionMarker), bytes.Join([][]byte{table, value, value}, nil)...))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := values[0].MemorySize(Value{}), values[1].MemorySize(values[0]); a < 20*n || a > 100*n || b != 2 {
		t.Errorf("%d, %d bytes", a, b)
	}
	chain := bytes.Clone(versionMarker)
	for range n {
		chain = append(append(chain, tableOf(t, 1, "text", true)...), value...)
	}
	if values, err = ParseAll(chain); err != nil {
		t.Fatal(err)
	}
	size, last := 0, Value{}
	for _, v := range values {
		size, last = size+v.MemorySize(last), v
	}
	if size < 20*n || size > 300*n {
		t.Errorf("%d bytes for %d tables that extend one another", size, n)
	}
	var w Writer
	w.BeginStruct()
	w.Field(strings.Repeat("x", 1000)).Int(1)
	w.End()
	v, _ := w.Build()
	if got := v.MemorySize(Value{}); got < 1000 || got > 1100 {
		t.Errorf("a value that was built: %d bytes", got)
	}
}
