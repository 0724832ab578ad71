package partiql

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// asked is a context that is canceled from the call of Err number until on.
type asked struct {
	context.Context
	n, until int
}

func (c *asked) Err() error {
	if c.n++; c.n >= c.until {
		return context.Canceled
	}
	return nil
}

// TestWorkInsideOneRow: a statement looks at its context while it works on large
// values, not only between rows, and ends once it is canceled.
func TestWorkInsideOneRow(t *testing.T) {
	digits := ion.NewString(strings.Repeat("7", 5000))
	decimal, err := ion.ParseText(strings.Repeat("7", 5000) + ".")
	if err != nil {
		t.Fatal(err)
	}
	list, err := ion.ParseText("[" + strings.Repeat(strings.Repeat("7", 5000)+".,", 100) + "]")
	if err != nil {
		t.Fatal(err)
	}
	ints, err := ion.ParseText("[" + strings.Repeat("0,", 50_000) + "]")
	if err != nil {
		t.Fatal(err)
	}
	many, err := ion.ParseText("[" + strings.Repeat("0,", 400_000) + "]")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := ion.ParseText("[" + strings.Repeat("{},", 50_000) + "]")
	if err != nil {
		t.Fatal(err)
	}
	var fields, reversed string
	for i := range 5000 {
		fields, reversed = fmt.Sprintf("%sa%d:1,", fields, i), fmt.Sprintf("a%d:1,%s", i, reversed)
	}
	structs, err := ion.ParseText("[{" + fields + "},{" + reversed + "}]")
	if err != nil {
		t.Fatal(err)
	}
	times := func(s string) string { return strings.Repeat(s+", ", 100) + s }
	for name, c := range map[string]struct {
		text  string
		param ion.Value
	}{
		"CAST":       {"SELECT VALUE [" + times("CAST(t AS DECIMAL)") + "] FROM ? AS t", digits},
		"equality":   {"SELECT VALUE [" + times("t = t") + "] FROM ? AS t", digits},
		"order":      {"SELECT VALUE [" + times("t < t") + "] FROM ? AS t", digits},
		"BETWEEN":    {"SELECT VALUE [" + times("t BETWEEN t AND t") + "] FROM ? AS t", digits},
		"IN":         {"SELECT VALUE 1 FROM ? AS t WHERE 0 IN <<" + times("t") + ">>", digits},
		"in a list":  {"SELECT VALUE 1 FROM <<0>> AS t WHERE 0. IN ?", list},
		"CASE":       {"SELECT VALUE CASE t" + strings.Repeat(" WHEN 1 THEN 1", 100) + " END FROM ? AS t", digits},
		"sequences":  {"SELECT VALUE [" + times("t") + "] = [" + times("t") + "] FROM ? AS t", digits},
		"bags":       {"SELECT VALUE <<" + times("t") + ">> = <<" + times("t") + ">> FROM ? AS t", digits},
		"arithmetic": {"SELECT VALUE [" + times("t + 1.") + "] FROM ? AS t", decimal},
		"sign":       {"SELECT VALUE [" + times("-t") + "] FROM ? AS t", decimal},
		"functions":  {"SELECT VALUE [" + times("UPPER(t)") + "] FROM ? AS t", digits},
		"LIKE":       {"SELECT VALUE [" + times("t LIKE '8%'") + "] FROM ? AS t", digits},
		// Within one operation on one value.
		"equal lists":     {"SELECT VALUE t = t FROM <<?>> AS t", ints},
		"order of lists":  {"SELECT VALUE t < t FROM <<?>> AS t", ints},
		"equal structs":   {"SELECT VALUE t[0] = t[1] FROM <<?>> AS t", structs},
		"order of fields": {"SELECT VALUE t[0] < t[1] FROM <<?>> AS t", structs},
		"key of a list":   {"SELECT DISTINCT VALUE t FROM <<?>> AS t", ints},
		"key of structs":  {"SELECT DISTINCT VALUE [t, t] FROM <<?>> AS t", structs},
		"bag":             {"SELECT VALUE CAST(t AS BAG) = CAST(t AS BAG) FROM <<?>> AS t", ints},
		"lower":           {"SELECT VALUE LOWER(t) FROM ? AS t", ion.NewString(strings.Repeat("Σ.", 25_000))},
		"upper":           {"SELECT VALUE UPPER(t) FROM ? AS t", ion.NewString(strings.Repeat("ß", 25_000))},

		"order of empty structs": {"SELECT VALUE t < t FROM <<?>> AS t", empty},
		"copies":                 {"SELECT VALUE {'a': t}.b FROM <<?>> AS t", many},
		"rows that are lists":    {"SELECT VALUE [t] FROM <<?>> AS t", many},
		"copies of structs":      {"SELECT VALUE [(SELECT x.*, 1 AS y FROM <<{'a': t}>> AS x)] FROM <<?>> AS t", many},
		"aggregate":              {"SELECT VALUE MAX(<<" + times("t") + ">>) FROM ? AS t", digits},
		"pattern":                {"SELECT VALUE TO_STRING(`2020-01-01T`, t) FROM ? AS t", ion.NewString(strings.Repeat("SSS ", 16_000))},
	} {
		ctx := &asked{Context: context.Background(), until: math.MaxInt}
		if err := runBounded(ctx, c.text, c.param); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if ctx.n < 5 {
			t.Errorf("%s: the context was looked at %d times", name, ctx.n)
		}
		ctx = &asked{Context: context.Background(), until: 3}
		if err := runBounded(ctx, c.text, c.param); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, canceled: %v", name, err)
		}
		if ctx.n > 4 {
			t.Errorf("%s: went on until the context had been looked at %d times", name, ctx.n)
		}
	}
}

// TestCanceledStatementFails: also one that was too short to be stopped.
func TestCanceledStatementFails(t *testing.T) {
	ctx := &asked{Context: context.Background(), until: 2}
	if err := runBounded(ctx, "SELECT VALUE t FROM ? AS t", ion.NewInt(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled on the way: %v", err)
	}
}

// TestCancelIsNoConditionsError: a condition that is tried before all sources are
// bound may fail, but not because the statement was canceled.
func TestCancelIsNoConditionsError(t *testing.T) {
	var casts []string
	for range 100 {
		casts = append(casts, "CAST(t AS DECIMAL) > 0")
	}
	text := "SELECT VALUE 1 FROM ? AS t, <<1, 2>> AS x WHERE (" + strings.Join(casts, " AND ") + ") AND x + 0 > 0"
	ctx := &asked{Context: context.Background(), until: 2}
	err := runBounded(ctx, text, ion.NewString(strings.Repeat("7", 5000)))
	if !errors.Is(err, context.Canceled) || ctx.n > 3 {
		t.Errorf("%v after the context was looked at %d times", err, ctx.n)
	}
}

// TestPatternsAreLinear: the memory that a pattern takes grows with its length.
func TestPatternsAreLinear(t *testing.T) {
	text := "SELECT VALUE TO_STRING(`2020T`, t) FROM ? AS t"
	pattern := ion.NewString("'" + strings.Repeat("a", 40_000) + "'")
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := runBounded(context.Background(), text, pattern); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if allocated == 0 || allocated > 2<<20 {
		t.Errorf("%d bytes are allocated", allocated)
	}
}
