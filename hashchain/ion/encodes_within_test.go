package ion

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// checkWithin compares EncodesWithin with the length of what Encode returns, also
// at the numbers from which on it does not look.
func checkWithin(t interface {
	Helper()
	Errorf(string, ...any)
}, v Value) {
	t.Helper()
	n := len(v.Encode())
	for _, limit := range []int{0, len(v.Raw()), 2 * len(v.Raw()), 2*v.MemorySize(Value{}) + 32, n - 1, n, n + 1, 2 * n} {
		if v.EncodesWithin(limit) != (n <= limit) {
			t.Errorf("EncodesWithin(%d) = %v of a value that takes %d bytes", limit, v.EncodesWithin(limit), n)
		}
	}
}

func TestEncodesWithin(t *testing.T) {
	checkWithin(t, Value{})
	rapid.Check(t, func(t *rapid.T) { checkWithin(t, drawValue(t)) })
}

// TestEncodesWithinOfSymbols has values whose own tables differ from the one that
// they came with: ids become longer, and shared symbols are spelled out.
func TestEncodesWithinOfSymbols(t *testing.T) {
	var w Writer
	w.BeginList()
	for i := range 300 {
		w.Symbol(fmt.Sprint("s", i))
	}
	w.BeginList() // what comes first in the table now comes last in its own
	for i := range 300 {
		w.Symbol(fmt.Sprint("s", 299-i))
	}
	for range 50_000 {
		w.Symbol("s0")
	}
	w.End()
	w.End()
	whole, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	late, _ := whole.Index(300)
	if len(late.Encode()) < len(late.Raw())+50_000 {
		t.Errorf("%d bytes became %d, which is not what this is about", len(late.Raw()), len(late.Encode()))
	}
	checkWithin(t, late)
	shared := &SharedTable{Name: "large", Version: 1}
	for i := range 200 {
		shared.Symbols = append(shared.Symbols, fmt.Sprintf("%0500d", i))
	}
	w = Writer{}
	w.BeginList()
	for _, s := range shared.Symbols {
		w.Symbol(s)
	}
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	v.syms = &SymbolTable{imports: &imports{}, imported: len(shared.Symbols)}
	v.syms.imports.add(shared, len(shared.Symbols))
	checkWithin(t, v)
}
