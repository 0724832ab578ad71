package partiql

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestBuiltValuesAreBounded: a short statement cannot ask for a row, document or
// intermediate value of any size.
func TestBuiltValuesAreBounded(t *testing.T) {
	doc := ion.NewString(strings.Repeat("x", 100_000))
	for name, text := range map[string]string{
		"list":       "SELECT VALUE [" + strings.Repeat("t, ", 2500) + "t] FROM ? AS t",
		"projection": "SELECT " + strings.Repeat("t AS x, ", 2500) + "t AS y FROM ? AS t",
		"struct":     "SELECT VALUE {'x': [" + strings.Repeat("t, ", 2500) + "t]}.y FROM ? AS t",
		"||":         "SELECT VALUE CHAR_LENGTH(" + strings.Repeat("t || ", 400) + "t) FROM ? AS t",
	} {
		err := runBounded(context.Background(), text, doc)
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := runBounded(ctx, "SELECT VALUE CHAR_LENGTH(t || t) FROM ? AS t", doc); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestQuotedTextIsLinear: doubled quotes do not copy the text again and again.
func TestQuotedTextIsLinear(t *testing.T) {
	text := "SELECT VALUE '" + strings.Repeat("''", 49_000) + "' FROM <<0>>"
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(text); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 10<<20 {
		t.Errorf("parsing %d bytes allocates %d bytes", len(text), allocated)
	}
}

type noTables struct{}

func (noTables) Table(string) (TableInfo, bool) { return TableInfo{}, false }
func (noTables) Version() uint64                { return 1 }

func runBounded(ctx context.Context, text string, param ion.Value) error {
	s, err := Parse(text)
	if err != nil {
		return err
	}
	p, err := Prepare(s, noTables{}, Options{})
	if err != nil {
		return err
	}
	rows, err := p.Run(ctx, nil, nil, []ion.Value{param}, Limits{Bytes: 64 << 20})
	if err != nil {
		return err
	}
	return rows.Each(func(Result) error { return nil })
}
