package ion

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestWriterMisuse(t *testing.T) {
	for name, write := range map[string]func(w *Writer){
		"value without a field name":    func(w *Writer) { w.BeginStruct(); w.Int(1) },
		"container without a name":      func(w *Writer) { w.BeginStruct(); w.BeginList() },
		"field name at the top":         func(w *Writer) { w.Field("a").Int(1) },
		"field name in a list":          func(w *Writer) { w.BeginList(); w.Field("a").Int(1) },
		"two field names":               func(w *Writer) { w.BeginStruct(); w.Field("a"); w.Field("b").Int(1) },
		"field name behind annotations": func(w *Writer) { w.BeginStruct(); w.Annotate("x").Field("b").Int(1) },
		"end of nothing":                func(w *Writer) { w.End() },
		"end behind a field name":       func(w *Writer) { w.BeginStruct(); w.Field("a"); w.End() },
		"end behind an annotation":      func(w *Writer) { w.BeginList(); w.Annotate("a"); w.End() },
		"open list":                     func(w *Writer) { w.BeginList() },
		"open annotation":               func(w *Writer) { w.Annotate("a") },
		"string not UTF-8":              func(w *Writer) { w.String("\xff") },
		"symbol not UTF-8":              func(w *Writer) { w.Symbol("\xff") },
		"field name not UTF-8":          func(w *Writer) { w.BeginStruct(); w.Field("\xff").Int(1); w.End() },
		"timestamp out of range":        func(w *Writer) { w.Timestamp(Timestamp{Year: 2020, Month: 13, Precision: PrecisionMonth}) },
		"type out of range":             func(w *Writer) { w.Null(99) },
	} {
		var w Writer
		write(&w)
		if b, err := w.Bytes(); err == nil {
			t.Errorf("%s: % x", name, b)
		}
		if _, err := w.Build(); err == nil {
			t.Errorf("%s: Build succeeds", name)
		}
		before := w.Len()
		w.Int(1) // a failed Writer stays as it is
		if w.Err() == nil || w.Len() != before {
			t.Errorf("%s: the Writer goes on", name)
		}
		w.Reset()
		w.Int(1)
		if v, err := w.Build(); err != nil || v.String() != "1" {
			t.Errorf("%s: after Reset: %s, %v", name, v, err)
		}
	}
}

func TestBuildNeedsOneValue(t *testing.T) {
	var w Writer
	if _, err := w.Build(); !errors.Is(err, ErrNotOneValue) {
		t.Error(err)
	}
	w.Int(1)
	w.Int(2)
	if _, err := w.Build(); !errors.Is(err, ErrNotOneValue) {
		t.Error(err)
	}
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if vs, err := ParseAll(b); err != nil || len(vs) != 2 {
		t.Error(vs, err)
	}
}

// Heads have one, two, three or more bytes; all of them come out right, nested
// and annotated.
func TestLengthsOfAllSizes(t *testing.T) {
	for _, n := range []int{0, 1, 12, 13, 14, 15, 120, 123, 124, 125, 126, 127, 128, 129, 16380, 16383, 16384, 16385, 1 << 21} {
		text := strings.Repeat("x", n)
		var w Writer
		w.Annotate("a").BeginStruct()
		w.Field("s").BeginList()
		w.Annotate("b", "c").String(text)
		w.BeginSexp()
		w.End()
		w.End()
		w.Field("t").String(text)
		w.End()
		size := w.Len()
		v, err := w.Build()
		if err != nil {
			t.Fatal(n, err)
		}
		if len(v.Raw()) != size {
			t.Errorf("%d: Len is %d, the value has %d bytes", n, size, len(v.Raw()))
		}
		checked, err := Parse(v.Encode())
		if err != nil || !Identical(v, checked) {
			t.Fatalf("%d: %v", n, err)
		}
		want := fmt.Sprintf(`a::{s:[b::c::"%s",()],t:"%s"}`, text, text)
		if got := v.String(); got != want {
			t.Errorf("%d: %.100s", n, got)
		}
	}
}

func TestSymbolsInOrderOfFirstUse(t *testing.T) {
	for _, count := range []int{1, linear, linear + 1, linear + 2, 500} {
		var w Writer
		w.BeginList()
		for range 2 {
			for i := range count {
				w.Symbol(fmt.Sprintf("s%d", i))
			}
		}
		w.Symbol("name")
		w.End()
		v, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		if v.Symbols().MaxID() != systemSymbols+count {
			t.Errorf("%d symbols: the table ends at %d", count, v.Symbols().MaxID())
		}
		for i, e := range collect(v) {
			want := fmt.Sprintf("s%d", i%count)
			if i == 2*count {
				want = "name"
			}
			if !e.TextIs(want) {
				t.Errorf("element %d is %s", i, e)
			}
		}
	}
}

func collect(v Value) (out []Value) {
	for e := range v.Elements() {
		out = append(out, e)
	}
	return out
}

func TestWriterTakesValuesOfManyTables(t *testing.T) {
	a, b := mustText(t, "x::{a:[b,c],d:null.symbol}"), mustText(t, "{c:a,name:b::1}")
	var w Writer
	w.BeginList()
	for range 3 {
		w.Value(a)
		w.Value(b)
		w.Annotate("more").Value(a)
	}
	w.Value(Value{})
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	one := "x::{a:[b,c],d:null.symbol},{c:a,name:b::1},more::x::{a:[b,c],d:null.symbol},"
	if got, want := v.String(), "["+one+one+one+"null]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWriterReuseDoesNotAllocate(t *testing.T) {
	v := mustText(t, flatText)
	var w Writer
	var buf []byte
	n := testing.AllocsPerRun(100, func() {
		w.Reset()
		w.Value(v)
		buf, _ = w.AppendTo(buf[:0])
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
	if !IsBinary(buf) {
		t.Error("not a stream")
	}
}

// TestPartByPart: a container that is written part by part is what Value writes, and
// names of unknown text stay unknown.
func TestPartByPart(t *testing.T) {
	for _, text := range []string{"{}", "a::$0::{$0:1,b:$0,'':$0::[$0]}", "x::[1,[2]]", "(a b)"} {
		v, err := ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		w := NewWriter()
		w.BeginAs(v)
		for it := v.Iter(); it.Next(); {
			if v.Type() == StructType {
				w.FieldOf(&it)
			}
			w.Value(it.Value())
		}
		w.End()
		if got, err := w.Build(); err != nil || !Identical(got, v) || got.String() != text {
			t.Errorf("%s becomes %s, %v", text, got, err)
		}
	}
	w := NewWriter()
	w.BeginAs(NewInt(1))
	if w.Err() == nil {
		t.Error("an int has no parts")
	}
}
