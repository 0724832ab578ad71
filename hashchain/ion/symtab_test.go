package ion

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// catalog holds shared tables of one version each.
type catalog map[string]*SharedTable

func (c catalog) FindSharedTable(name string, version int) *SharedTable {
	if t := c[name]; t != nil && t.Version >= version {
		return t
	}
	return nil
}

var colours = catalog{"colours": {Name: "colours", Version: 2, Symbols: []string{"red", "green", "blue"}}}

// readText reads all values with a catalog and returns them as compact text.
func readText(text string, c Catalog) (string, error) {
	r := NewTextReader(strings.NewReader(text))
	r.SetCatalog(c)
	var out []string
	for r.Next() {
		out = append(out, r.Value().String())
	}
	return strings.Join(out, " "), r.Err()
}

func TestSharedTables(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"found", `$ion_symbol_table::{imports:[{name:"colours",version:2,max_id:3}],symbols:["x"]} $10 $12 $13`, "red blue x"},
		{"found, without max_id", `$ion_symbol_table::{imports:[{name:"colours",version:2}],symbols:["x"]} $11 $13`, "green x"},
		{"longer in the stream", `$ion_symbol_table::{imports:[{name:"colours",version:2,max_id:5}],symbols:["x"]} $12 $13 $15`, "blue $10 x"},
		{"shorter in the stream", `$ion_symbol_table::{imports:[{name:"colours",version:2,max_id:1}],symbols:["x"]} $10 $11`, "red x"},
		{"missing", `$ion_symbol_table::{imports:[{name:"nobody",version:1,max_id:2}],symbols:["x"]} [$10,$11] $12`, "[$10,$10] x"},
		{"two", `$ion_symbol_table::{imports:[{name:"nobody",max_id:2},{name:"colours",version:1,max_id:3}],symbols:["x"]} $12 $14 $15`, "red blue x"},
		{"names that are no names", `$ion_symbol_table::{imports:[{name:"",max_id:2},{name:"$ion",max_id:9},7,null,{max_id:3}],symbols:["x"]} $10`, "x"},
		{"not a list", `$ion_symbol_table::{imports:"colours",symbols:"x"} $9`, "$ion_shared_symbol_table"},
		{"appended", `$ion_symbol_table::{imports:[{name:"colours",version:2,max_id:3}]} $ion_symbol_table::{imports:$ion_symbol_table,symbols:["x"]} $10 $13`, "red x"},
		{"replaced", `$ion_symbol_table::{symbols:["x"]} $10 $ion_symbol_table::{symbols:["y"]} $10`, "x y"},
		{"open content", `$ion_symbol_table::{note:"n",symbols:["x"],max_id:99} $10`, "x"},
		{"same text twice", `$ion_symbol_table::{symbols:["x","x","name"]} {$10:1,$11:2,$12:3}`, "{x:1,x:2,name:3}"},
	} {
		if got, err := readText(c.text, colours); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	for _, text := range []string{
		`$ion_symbol_table::{imports:[{name:"colours",version:2,max_id:3}]} $13`,
		`$ion_symbol_table::{symbols:["x"]} $ion_1_0 $10`,
		`$ion_symbol_table::{imports:[{name:"colours",version:3}]} 1`,
		`$ion_symbol_table::{imports:[{name:"x",max_id:-1}]} 1`,
		`$ion_symbol_table::{imports:[{name:"x",max_id:1.}]} 1`,
	} {
		if got, err := readText(text, colours); err == nil {
			t.Errorf("%s: is read as %s", text, got)
		}
	}
}

func TestUnknownText(t *testing.T) {
	data := mustHex(t, "e00100ea ee 90 81 83 dd 86 b7 d6 84 81 74 88 21 02 87 b2 81 78 dc 8a 71 0b 8c 71 0a 80 71 00 84 21 01")
	v, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.String(); got != "{$10:$11,x:$10,$0:$0,name:1}" {
		t.Errorf("%s", got)
	}
	if _, err := v.Hash(); err != ErrUnknownSymbol {
		t.Errorf("hash: %v", err)
	}
	if h, err := mustText(t, "{$0:$0}").Hash(); err != nil {
		t.Errorf("symbol zero: %x, %v", h, err)
	}
	again, err := Parse(v.Encode())
	if err != nil || !Identical(v, again) {
		t.Errorf("encoded again: %s, %v", again, err)
	}
	if _, err := again.Hash(); err != ErrUnknownSymbol {
		t.Errorf("encoded again, the hash is %v", err)
	}
	if f, ok := v.Field("x"); !ok || f.String() != "$10" {
		t.Errorf("field x is %s", f)
	}
	if _, ok := v.Field(""); ok {
		t.Error("a name of unknown text is found as an empty one")
	}
	if s, ok := v.Path("x"); ok {
		if _, ok := s.Text(); ok {
			t.Error("unknown text is known")
		}
	}
}

// A field is found under every id that its name has.
func TestFieldUnderRepeatedNames(t *testing.T) {
	data := mustHex(t, "e00100ea ee 90 81 83 dd 87 bb 81 61 81 78 81 78 84 6e616d65 dd 8a 20 8c 21 02 8b 21 01 8d 21 03 84 20")
	v, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "0", "x": "2", "name": "3"} {
		f, ok := v.Field(name)
		ref := NewFieldRef(name)
		g, ok2 := ref.Of(v)
		if !ok || !ok2 || f.String() != want || g.String() != want {
			t.Errorf("field %s is %s and %s, want %s", name, f, g, want)
		}
	}
}

// Tables that extend each other share memory. The older ones must not see what
// the newer ones add, in whatever order they are read.
func TestAppendedTablesDoNotAlias(t *testing.T) {
	const tables = 300
	data := append([]byte(nil), versionMarker...)
	for i := range tables {
		data = append(data, appendedTable(t, fmt.Sprintf("s%d", i))...)
		data = append(data, symbolList(10+i, 10)...)
	}
	values, err := ParseAll(data)
	if err != nil || len(values) != tables {
		t.Fatal(len(values), err)
	}
	var wg sync.WaitGroup
	for i, v := range values {
		wg.Go(func() {
			if got, want := v.String(), fmt.Sprintf("[s%d,s0]", i); got != want {
				t.Errorf("value %d is %s", i, got)
			}
			if top := v.Symbols().MaxID(); top != 10+i {
				t.Errorf("value %d has a table up to %d", i, top)
			}
		})
	}
	wg.Wait()
	// After a marker, a table has nothing to extend.
	data = append(append(append(data, versionMarker...), appendedTable(t, "other")...), symbolList(10)...)
	values, err = ParseAll(data)
	if err != nil || len(values) != tables+1 || values[tables].String() != "[other]" || values[tables-1].String() != "[s299,s0]" {
		t.Errorf("%v, %v", values[len(values)-1], err)
	}
}

// While values of an older table are in use, reading on extends the table.
func TestReadingOnWhileOldValuesAreUsed(t *testing.T) {
	data := append([]byte(nil), versionMarker...)
	for i := range 200 {
		data = append(append(data, appendedTable(t, fmt.Sprintf("s%d", i))...), symbolList(10+i)...)
	}
	var wg sync.WaitGroup
	r := NewReader(strings.NewReader(string(data)))
	for i := 0; r.Next(); i++ {
		v := r.Value()
		wg.Go(func() {
			want := fmt.Sprintf("s%d", i)
			for range 50 {
				if sid, ok := v.Symbols().find(want); !ok || v.String() != "["+want+"]" {
					t.Errorf("value %d is %s, its symbol is %d %v", i, v, sid, ok)
				}
			}
		})
	}
	wg.Wait()
	if r.Err() != nil {
		t.Error(r.Err())
	}
}

// appendedTable is the bytes of a table that adds a symbol to the one in force.
func appendedTable(t *testing.T, symbol string) []byte {
	t.Helper()
	var w Writer
	w.Annotate("$ion_symbol_table").BeginStruct()
	w.Field("imports").Symbol("$ion_symbol_table")
	w.Field("symbols").BeginList()
	w.String(symbol)
	w.End()
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return v.Raw()
}

// symbolList is the bytes of a list of symbols.
func symbolList(ids ...int) []byte {
	var body []byte
	for _, id := range ids {
		var w Writer
		w.symbol(uint32(id))
		body = append(body, w.buf...)
	}
	return append(appendHead(nil, codeList, len(body)), body...)
}
