package partiql

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
	"pgregory.net/rapid"
)

var scalars = []string{"null", "null.int", "0", "-0.", "1", "1.0", "10d-1", "1e0", "nan", "+inf", "a", `"a"`, `"b"`, `""`, "true", "{{YQ==}}", `{{"a"}}`, "2020T", "2020-01-01T00:00Z"}

// drawDatum draws values of few kinds, so that equal ones meet: Ion values, and
// sequences as statements build them.
func drawDatum(t *rapid.T, levels int) datum {
	kind := rapid.IntRange(0, 4+2*levels).Draw(t, "kind")
	switch {
	case kind < 4:
		v, err := ion.ParseText(rapid.SampledFrom(scalars).Draw(t, "scalar"))
		if err != nil {
			t.Fatal(err)
		}
		return ionDatum(v)
	case kind == 4:
		return datum{} // MISSING
	}
	items := make([]datum, rapid.IntRange(0, 3).Draw(t, "items"))
	for i := range items {
		items[i] = drawDatum(t, levels-1)
	}
	d := datum{seq: &sequence{kind: seqKind(rapid.IntRange(0, 2).Draw(t, "sequence")), items: items}}
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		var w ion.Writer
		w.BeginStruct()
		for i := range items {
			w.Field(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")).Value(items[i].ion())
		}
		w.End()
		v, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		return ionDatum(v)
	case 1:
		return ionDatum(d.ion())
	}
	return d
}

// TestOrderProperties: order is a total order, equality and keys agree with it,
// and all of them with those of package ion, which indexes go by.
func TestOrderProperties(t *testing.T) {
	var m machine
	order := func(a, b datum) int {
		c, err := m.order(&a, &b)
		if err != nil {
			t.Fatal(err)
		}
		return cmp.Compare(c, 0)
	}
	rapid.Check(t, func(t *rapid.T) {
		ds := []datum{drawDatum(t, 3), drawDatum(t, 3), drawDatum(t, 3)}
		for _, a := range ds {
			for _, b := range ds {
				c := order(a, b)
				if c != -order(b, a) {
					t.Fatalf("%s and %s: order is not antisymmetric", a.text(), b.text())
				}
				same, err1 := m.equal(&a, &b)
				ka, err2 := m.appendKey(nil, &a)
				kb, err3 := m.appendKey(nil, &b)
				if same != (c == 0) || same != bytes.Equal(ka, kb) || err1 != nil || err2 != nil || err3 != nil {
					t.Fatalf("%s and %s: equal %t, order %d, keys %x and %x", a.text(), b.text(), same, c, ka, kb)
				}
				if !same && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
					t.Fatalf("%s and %s: a key is a prefix of the other: %x, %x", a.text(), b.text(), ka, kb)
				}
				if !a.holdsBag() && !b.holdsBag() && same != ion.Equal(a.ion(), b.ion()) {
					t.Fatalf("%s and %s: equal %t, as values of Ion not", a.text(), b.text(), same)
				}
			}
		}
		slices.SortFunc(ds, order)
		if order(ds[0], ds[1]) > 0 || order(ds[1], ds[2]) > 0 || order(ds[0], ds[2]) > 0 {
			t.Fatalf("%s, %s, %s: order is not transitive", ds[0].text(), ds[1].text(), ds[2].text())
		}
	})
}
