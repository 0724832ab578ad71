package partiql

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestMemoryIsGivenBack: what a nested query holds counts until the row is done
// that it was evaluated for, and no longer; what is still needed goes on to count.
func TestMemoryIsGivenBack(t *testing.T) {
	numbers := func(n int) ion.Value {
		w := ion.NewWriter()
		w.BeginList()
		for i := range n {
			w.Int(int64(i))
		}
		w.End()
		v, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	few, many := numbers(10), numbers(300)
	const nested = "(SELECT VALUE y FROM ? AS y)"
	for _, c := range []struct {
		text   string
		params []ion.Value
		fails  bool
	}{
		{"SELECT COUNT(*) FROM ? AS t, ? AS k WHERE EXISTS(SELECT VALUE x FROM ? AS x WHERE x > k - 400)", []ion.Value{many, few, few}, false},
		{"SELECT t FROM ? AS t, " + nested + " AS k", []ion.Value{many, many}, false},
		{"SELECT VALUE " + nested + " FROM ? AS t", []ion.Value{many, many}, false},
		{"SELECT MAX(" + nested + ") FROM ? AS t", []ion.Value{many, many}, false},
		{"SELECT COUNT(*) FROM ? AS t WHERE EXISTS(SELECT DISTINCT VALUE x FROM ? AS x)", []ion.Value{many, many}, false},
		{"SELECT COUNT(*) FROM (SELECT VALUE SIZE(" + nested + ") FROM ? AS t) AS s", []ion.Value{many, many}, false},

		{"SELECT COUNT(*) FROM (SELECT VALUE " + nested + " FROM ? AS t) AS s", []ion.Value{many, many}, true},
		{"SELECT COUNT(*) FROM (SELECT VALUE [" + nested + "] FROM ? AS t) AS s", []ion.Value{many, many}, true},
		{"SELECT COUNT(*) FROM (SELECT VALUE z FROM ? AS t, [" + nested + "] AS z) AS s", []ion.Value{many, many}, true},
		{"SELECT COUNT(*) FROM (SELECT VALUE [x, y] FROM ? AS x, ? AS y) AS s", []ion.Value{many, many}, true},
		{"SELECT COUNT(*) FROM (SELECT VALUE x FROM ? AS x, ? AS y) AS s", []ion.Value{many, many}, true},
		{"SELECT DISTINCT x, y FROM ? AS x, ? AS y", []ion.Value{many, many}, true},
		{"SELECT COUNT(DISTINCT {'x': x, 'y': y}) FROM ? AS x, ? AS y", []ion.Value{many, many}, true},
	} {
		err := runLimited(c.text, 1<<20, c.params...)
		if fails := errors.Is(err, ErrTooLarge); fails != c.fails || !fails && err != nil {
			t.Errorf("%s: %v, too large: want %t", c.text, err, c.fails)
		}
	}
}

func runLimited(text string, limit int64, params ...ion.Value) error {
	return runFrom(nil, text, limit, params...)
}

func runFrom(src Source, text string, limit int64, params ...ion.Value) error {
	s, err := Parse(text)
	if err != nil {
		return err
	}
	p, err := Prepare(s, noTables{}, Options{})
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	rows, err := p.Run(context.Background(), src, nil, params, Limits{Bytes: limit})
	if err != nil {
		return err
	}
	return rows.Each(func(Result) error { return nil })
}
