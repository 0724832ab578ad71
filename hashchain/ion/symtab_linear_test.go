package ion

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Whatever the symbol tables of a stream look like, its fields are found in
// time in proportion to its length. With n = 200,000 a lookup that goes through
// all symbols of a table, or an index made anew for each appended table, would
// take hours.
func TestFieldsAreFoundInLinearTime(t *testing.T) {
	const n = 200_000
	table := func(fill func(w *Writer)) []byte {
		var w Writer
		w.Annotate("$ion_symbol_table").BeginStruct()
		fill(&w)
		w.End()
		v, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		return v.Raw()
	}
	symbols := func(w *Writer, text func(i int) string) {
		w.Field("symbols").BeginList()
		for i := range n {
			w.String(text(i))
		}
		w.End()
	}
	imports := func(w *Writer, name string, ids func(i int) int) {
		w.Field("imports").BeginList()
		for i := range n {
			w.BeginStruct()
			w.Field("name").String(name)
			w.Field("max_id").Int(int64(ids(i)))
			w.End()
		}
		w.End()
	}
	value := []byte{0xd2, 0x84, 0x20} // {name:0}
	distinct := func(i int) string { return fmt.Sprintf("s%d", i) }
	var chain []byte
	for i := range n {
		chain = append(append(chain, appendedTable(t, distinct(i))...), value...)
	}
	large := &SharedTable{Name: "large", Version: 1}
	for i := range 60_000 {
		large.Symbols = append(large.Symbols, distinct(i))
	}
	for _, c := range []struct {
		name  string
		table []byte
		last  string // a text that is there
		sid   uint32
	}{
		{"one text for all symbols", table(func(w *Writer) { symbols(w, func(int) string { return "" }) }), "", 10},
		{"different symbols", table(func(w *Writer) { symbols(w, distinct) }), "s199999", 10 + n - 1},
		{"appended to the table in force", table(func(w *Writer) {
			w.Field("imports").Symbol("$ion_symbol_table")
			symbols(w, distinct)
		}), "s199999", 10 + n - 1},
		{"imports of a missing table", table(func(w *Writer) { imports(w, "a", func(int) int { return 1 }) }), "name", sidName},
		{"imports of one table", table(func(w *Writer) { imports(w, "large", func(int) int { return 10_000 }) }), "s9999", 10 + 9999},
		{"longer and longer imports", table(func(w *Writer) { imports(w, "large", func(i int) int { return min(i, 9_999) }) }), "s9000", 10 + 9000*9001/2 + 9000},
		{"a chain of appended tables", nil, "s199999", 10 + n - 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := append([]byte(nil), versionMarker...)
			if c.table == nil {
				data = append(data, chain...)
			} else {
				data = append(append(data, c.table...), bytes.Repeat(value, n)...)
			}
			r := NewReader(bytes.NewReader(data))
			r.SetCatalog(catalog{"large": large})
			values := 0
			var last Value
			for r.Next() {
				last = r.Value()
				for _, name := range []string{"absent", "metadata", "blockHash"} {
					if _, ok := last.Field(name); ok {
						t.Fatalf("value %d has a field %s", values, name)
					}
				}
				if f, ok := last.Field("name"); !ok || f.String() != "0" {
					t.Fatalf("value %d has the name %s", values, f)
				}
				values++
			}
			if r.Err() != nil || values != n {
				t.Fatalf("%d values, %v", values, r.Err())
			}
			if sid, ok := last.Symbols().find(c.last); !ok || sid != c.sid {
				t.Errorf("%q is found as %d, %v, want %d", c.last, sid, ok, c.sid)
			}
			if text, ok := last.Symbols().text(c.sid); !ok || text != c.last {
				t.Errorf("$%d is %q, %v, want %q", c.sid, text, ok, c.last)
			}
		})
	}
}

// The index of a table finds what a search in order finds, in imports that
// overlap and in tables that extend each other.
func TestFindIsTheLowestID(t *testing.T) {
	shared := catalog{
		"x": {Name: "x", Version: 9, Symbols: []string{"a", "b", "a", "", "c", "name", "d"}},
		"y": {Name: "y", Version: 9, Symbols: []string{"d", "e", "b"}},
	}
	var list strings.Builder
	for i := range 100 {
		fmt.Fprintf(&list, "%q,", fmt.Sprintf("t%d", i%90))
	}
	text := `$ion_symbol_table::{imports:[{name:"x",version:9,max_id:2},{name:"z",max_id:5},{name:"y",version:9,max_id:9},{name:"x",version:9,max_id:5},{name:"x",version:9,max_id:1},{name:"x",version:9,max_id:20}],symbols:["l","a",null,"l"]} {}
		$ion_symbol_table::{imports:$ion_symbol_table,symbols:[` + list.String() + `]} {}
		$ion_symbol_table::{imports:$ion_symbol_table,symbols:["last","t1","l"]} {}`
	r := NewTextReader(strings.NewReader(text))
	r.SetCatalog(shared)
	var tables []*SymbolTable
	for r.Next() {
		tables = append(tables, r.p.syms)
	}
	if r.Err() != nil || len(tables) != 3 {
		t.Fatal(r.Err(), len(tables))
	}
	// The longest first: the shorter ones must not see its texts.
	for _, k := range []int{2, 0, 1} {
		s := tables[k]
		for sid := range uint32(s.MaxID() + 1) {
			checkLowest(t, s, sid)
		}
		_, ok := s.find("last")
		if ok != (k == 2) {
			t.Errorf("table %d has the last symbol: %v", k, ok)
		}
	}
}

func checkLowest(t *testing.T, s *SymbolTable, sid uint32) {
	t.Helper()
	text, known := s.text(sid)
	if !known {
		return
	}
	want := uint32(0)
	for id := range sid + 1 {
		if got, ok := s.text(id); ok && got == text {
			want = id
			break
		}
	}
	if got, ok := s.find(text); !ok || got != want {
		t.Errorf("%q is found as %d, %v, want %d", text, got, ok, want)
	}
}
