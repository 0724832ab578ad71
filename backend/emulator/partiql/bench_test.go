package partiql_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// medianStatement is a statement of the length that applications send most.
const medianStatement = "SELECT * FROM VehicleRegistration AS r WHERE r.VIN = ?"

// corpusMedian is the corpus's statement of median length where the corpus is
// present.
func corpusMedian(b *testing.B) string {
	rows := readCorpus(b)
	slices.SortFunc(rows, func(x, y corpusRow) int { return cmp.Compare(len(x.text), len(y.text)) })
	return rows[len(rows)/2].text
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := partiql.Parse(medianStatement); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCorpus(b *testing.B) {
	rows := readCorpus(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range rows {
			_, _ = partiql.Parse(r.text)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/statement")
}

// BenchmarkPrepareMedian parses and resolves the corpus's median statement
// without a cache.
func BenchmarkPrepareMedian(b *testing.B) {
	text := corpusMedian(b)
	m := newMemory()
	stmt, err := partiql.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"T", "Vehicle", "VehicleRegistration", "Person"} {
		m.tables = append(m.tables, &memTable{TableInfo: partiql.TableInfo{ID: name, Name: name}})
	}
	partiql.Walk(stmt.Body, func(n partiql.Node) bool {
		if v, ok := n.(*partiql.Var); ok && m.active(v.Name) == nil {
			m.tables = append(m.tables, &memTable{TableInfo: partiql.TableInfo{ID: v.Name, Name: v.Name}})
		}
		return true
	})
	b.ReportAllocs()
	for b.Loop() {
		stmt, err := partiql.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := partiql.Prepare(stmt, m, partiql.Options{}); err != nil {
			b.Fatal(text, err)
		}
	}
}

// rowsSource scans documents that are kept as they would be stored.
type rowsSource struct {
	*memory
	streams [][]byte
}

func (s *rowsSource) Scan(_ context.Context, _ *partiql.TableInfo, _ partiql.View, yield func(*partiql.Row) error) error {
	var dec ion.Decoder
	var row partiql.Row
	for _, b := range s.streams {
		v, err := dec.Open(b)
		if err != nil {
			return err
		}
		row.Value, row.Stream = v, b
		if err := yield(&row); err != nil {
			return err
		}
	}
	return nil
}

func (s *rowsSource) ByIndex(_ context.Context, _ *partiql.TableInfo, _ partiql.View, _ string, key ion.Value, yield func(*partiql.Row) error) error {
	n, _ := key.Int64()
	if n < 0 || n >= int64(len(s.streams)) {
		return nil
	}
	var dec ion.Decoder
	v, err := dec.Open(s.streams[n])
	if err != nil {
		return err
	}
	return yield(&partiql.Row{Value: v, Stream: s.streams[n]})
}

func benchSource(b *testing.B, n int) *rowsSource {
	s := &rowsSource{memory: newMemory()}
	s.tables = append(s.tables, &memTable{TableInfo: partiql.TableInfo{ID: "T", Name: "T", Indexes: []string{"id"}}})
	w := ion.NewWriter()
	for i := range n {
		w.BeginStruct()
		w.Field("id").Int(int64(i))
		w.Field("name").String(fmt.Sprintf("name %d", i%100))
		w.Field("city").String("Seattle")
		w.Field("amount").Decimal(ion.NewDecimal(int64(i), -2))
		w.Field("owner").BeginStruct()
		w.Field("person").String(fmt.Sprintf("p%d", i))
		w.End()
		w.End()
		bytes, err := w.Bytes()
		if err != nil {
			b.Fatal(err)
		}
		w.Reset()
		s.streams = append(s.streams, bytes)
	}
	return s
}

// benchRun reports what a statement costs for each document it reads.
func benchRun(b *testing.B, n int, text string, params ...ion.Value) {
	s := benchSource(b, n)
	stmt, err := partiql.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	plan, err := partiql.Prepare(stmt, s, partiql.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	read := int64(0)
	for b.Loop() {
		rows, err := plan.Run(context.Background(), s, s, params, partiql.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if err := rows.Each(func(partiql.Result) error { return nil }); err != nil {
			b.Fatal(err)
		}
		read += rows.ReadIOs()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "docs/s")
}

func BenchmarkScanFilter(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"equal", "SELECT * FROM T WHERE name = 'name 7'"},
		{"nested", "SELECT * FROM T AS t WHERE t.owner.person = 'p7'"},
		{"order", "SELECT * FROM T WHERE amount > 900.00 AND city = 'Seattle'"},
		{"like", "SELECT id FROM T WHERE name LIKE '%77'"},
		{"in", "SELECT id FROM T WHERE name IN ('name 1', 'name 2', 'name 3')"},
		{"all", "SELECT * FROM T"},
		{"project", "SELECT id, name, owner.person FROM T"},
		{"count", "SELECT COUNT(*) FROM T"},
		{"sum", "SELECT SUM(amount), MAX(id) FROM T"},
	} {
		b.Run(bb.name, func(b *testing.B) { benchRun(b, 100_000, bb.text) })
	}
}

func BenchmarkPointSelect(b *testing.B) {
	benchRun(b, 1000, "SELECT * FROM T WHERE id = ?", ion.NewInt(500))
}

func BenchmarkJoin3(b *testing.B) {
	benchRun(b, 1000, "SELECT a.id, b.name, c.city FROM T AS a, T AS b, T AS c WHERE a.name = 'name 7' AND b.id = a.id AND c.id = b.id")
}

func BenchmarkCachePrepare(b *testing.B) {
	s := benchSource(b, 1)
	c := partiql.NewCache(partiql.CacheOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Prepare("SELECT * FROM T WHERE id = ?", s, partiql.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
