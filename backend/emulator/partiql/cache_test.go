package partiql_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
)

func TestCacheKeepsPlansUntilTheCatalogChanges(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE T", "INSERT INTO T {'a': 1}")
	c := partiql.NewCache(partiql.CacheOptions{})
	prepare := func() *partiql.Plan {
		t.Helper()
		p, err := c.Prepare("SELECT * FROM T WHERE a = 1", m, partiql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := prepare()
	if prepare() != first {
		t.Error("the same text under the same catalog was prepared twice")
	}
	must(t, m, "CREATE INDEX ON T (a)")
	second := prepare()
	if second == first {
		t.Error("the plan is that of the catalog before the index")
	}
	rows, err := second.Run(context.Background(), m, m, nil, partiql.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m.lookups = nil
	if err := rows.Each(func(partiql.Result) error { return nil }); err != nil || m.lookups[0] != "index T.a" {
		t.Errorf("the new plan reads by %v, %v", m.lookups, err)
	}
	must(t, m, "DROP TABLE T")
	if _, err := c.Prepare("SELECT * FROM T WHERE a = 1", m, partiql.Options{}); err == nil {
		t.Error("a dropped table is still known")
	}
	if s := c.Stats(); s.Hits != 1 || s.Entries != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestCacheIsBounded(t *testing.T) {
	m := newMemory()
	c := partiql.NewCache(partiql.CacheOptions{Entries: 10})
	plan := func(n int) *partiql.Plan {
		p, err := c.Prepare(fmt.Sprintf("SELECT %d FROM <<0>>", n), m, partiql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	zero, one := plan(0), plan(1)
	for n := 2; n < 11; n++ {
		plan(n)
		plan(0) // stays the most recently used but one
	}
	if plan(0) != zero {
		t.Error("a statement in use was forgotten")
	}
	if plan(1) == one {
		t.Error("the least recently used statement was kept")
	}
	if s := c.Stats(); s.Entries != 10 {
		t.Errorf("%d entries, want 10", s.Entries)
	}

	c = partiql.NewCache(partiql.CacheOptions{Bytes: 100 << 10})
	for n := range 50 {
		plan(n)
	}
	if s := c.Stats(); s.Bytes > 100<<10 || s.Entries < 20 {
		t.Errorf("stats %+v", s)
	}
	long := "SELECT '" + strings.Repeat("x", 10_000) + "' FROM <<0>>"
	before := c.Stats().Entries
	if _, err := c.Prepare(long, m, partiql.Options{}); err != nil || c.Stats().Entries != before {
		t.Errorf("a statement beyond the bound changed the cache: %v", err)
	}
}

func TestCacheTellsOptionsApart(t *testing.T) {
	m := newMemory()
	c := partiql.NewCache(partiql.CacheOptions{})
	must(t, m, "CREATE TABLE T")
	for range 2 {
		if _, err := c.Prepare("SELECT * FROM Nope", m, partiql.Options{Standard: true}); !errors.Is(err, partiql.ErrAccessDenied) {
			t.Error(err)
		}
		if _, err := c.Prepare("SELECT * FROM Nope", m, partiql.Options{}); err == nil || errors.Is(err, partiql.ErrAccessDenied) {
			t.Error(err)
		}
	}
}

// TestPlansAreShared runs one plan in many goroutines; the race detector looks
// on.
func TestPlansAreShared(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE T", "INSERT INTO T << {'a': 1, 'l': [1, 2]}, {'a': 2, 'l': [3]} >>")
	c := partiql.NewCache(partiql.CacheOptions{Entries: 2})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				text := fmt.Sprintf("SELECT a, (SELECT VALUE x FROM @t.l AS x WHERE x LIKE 'q' OR x > %d) AS l FROM T AS t WHERE a IN (1, 2)", (g+i)%3)
				p, err := c.Prepare(text, m, partiql.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				rows, err := p.Run(context.Background(), reader{m}, nil, nil, partiql.Limits{})
				if err != nil {
					t.Error(err)
					return
				}
				_ = rows.Each(func(partiql.Result) error { return nil })
			}
		})
	}
	wg.Wait()
}

// reader is a memory that notes nothing, so that goroutines can share it.
type reader struct{ *memory }

func (r reader) Scan(_ context.Context, t *partiql.TableInfo, v partiql.View, yield func(*partiql.Row) error) error {
	return r.each(t, v, func(*memDoc) bool { return true }, yield)
}

func TestRowsAreReadOnce(t *testing.T) {
	m := newMemory()
	stmt, err := partiql.Parse("SELECT VALUE x FROM <<1, 2, 3>> AS x")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := partiql.Prepare(stmt, m, partiql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := plan.Run(context.Background(), m, nil, nil, partiql.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range rows.All() {
		if err != nil || r.Value.IsZero() {
			t.Fatal(r, err)
		}
		if n++; n == 2 {
			break
		}
	}
	if err := rows.Each(func(partiql.Result) error { return nil }); n != 2 || err == nil {
		t.Errorf("read %d rows, and again: %v", n, err)
	}
	if !plan.ReadOnly() || plan.Statement() != stmt {
		t.Error("the plan does not know its statement")
	}
	must(t, m, "CREATE TABLE T")
	insert, err := partiql.Parse("INSERT INTO T {'a': 1}")
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = partiql.Prepare(insert, m, partiql.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Run(context.Background(), m, nil, nil, partiql.Limits{}); err == nil {
		t.Error("a statement that writes ran without a Sink")
	}
}
