package partiql

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestSizesInMemory: the constants that memory is counted by are what it takes.
func TestSizesInMemory(t *testing.T) {
	for name, c := range map[string]struct {
		counted int
		taken   uintptr
	}{
		"datum":  {datumSize, unsafe.Sizeof(datum{})},
		"field":  {fieldSize, unsafe.Sizeof(field{})},
		"kid":    {treeSize, unsafe.Sizeof(tree{}) + unsafe.Sizeof("")},
		"edit":   {editSize, unsafe.Sizeof(edit{})},
		"change": {changeSize, unsafe.Sizeof(change{})},
		"part":   {partSize, unsafe.Sizeof([]byte{}) + unsafe.Sizeof(0)},
	} {
		if uintptr(c.counted) < c.taken || unsafe.Sizeof(0) == 8 && uintptr(c.counted) > 2*c.taken {
			t.Errorf("%s: %d bytes are counted, %d taken", name, c.counted, c.taken)
		}
	}
}

// allocated is how many bytes f allocates, garbage included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// repeated is a value that holds an element n times.
func repeated(t *testing.T, open, element, end string, n int) ion.Value {
	t.Helper()
	v, err := ion.ParseText(open + strings.Repeat(element+",", n) + end)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// numbered is a source with another id of the transaction each time.
type numbered struct {
	Source
	n int
}

func (s *numbered) TxID() string {
	s.n++
	return strconv.Itoa(s.n)
}

// TestMemoryOfOneRow: what one row builds counts where it is built, so that a
// statement fails at its limit and not when it has built all of it.
func TestMemoryOfOneRow(t *testing.T) {
	const limit, most = 16 << 20, 200 << 20
	list := repeated(t, "[", "0", "]", 130_000)
	text := ion.NewString(strings.Repeat("x", 100_000))
	decimal, err := ion.ParseText(strings.Repeat("7", 100_000) + ".")
	if err != nil {
		t.Fatal(err)
	}
	w := ion.NewWriter()
	w.BeginList()
	for i := range int64(2) {
		w.BeginStruct()
		for range 500_000 {
			w.Field("a").Int(0)
		}
		w.Field("b").Int(i)
		w.End()
	}
	w.End()
	structs, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	times := func(n int, s string) string { return strings.Repeat(s+", ", n-1) + s }
	for name, c := range map[string]struct {
		text  string
		param ion.Value
	}{
		"CAST":        {"SELECT VALUE [" + times(100, "CAST(t AS bag)") + "] FROM <<?>> AS t", list},
		"CAST twice":  {"SELECT VALUE [" + times(100, "CAST(CAST(t AS bag) AS sexp)") + "] FROM <<?>> AS t", list},
		"symbols":     {"SELECT VALUE [" + times(4000, "CAST(t AS symbol)") + "] FROM <<?>> AS t", text},
		"a list":      {"SELECT VALUE [" + times(4000, "UPPER(t)") + "] FROM <<?>> AS t", text},
		"LIST":        {"SELECT VALUE LIST(" + times(4000, "t || ''") + ") FROM <<?>> AS t", text},
		"COALESCE":    {"SELECT VALUE COALESCE(" + times(4000, "LOWER(t)") + ") FROM <<?>> AS t", text},
		"select list": {"SELECT " + times(4000, "UPPER(t)") + " FROM <<?>> AS t", text},
		"a struct":    {"SELECT VALUE {" + times(4000, "'a': UPPER(t)") + "} FROM <<?>> AS t", text},
		"structs":     {"SELECT VALUE [" + times(4000, "{'a': t}") + "] FROM <<?>> AS t", text},
		"names":       {"SELECT VALUE [" + times(4000, "{t: 1}") + "] FROM <<?>> AS t", text},
		"new names":   {"SELECT VALUE {" + times(2000, "t || TXID(): 1") + "} FROM <<?>> AS t", text},
		"new symbols": {"SELECT " + times(2000, "CAST(t || TXID() AS symbol)") + " FROM <<?>> AS t", text},
		"listed":      {"SELECT " + times(2000, "[CAST(t || TXID() AS symbol)]") + " FROM <<?>> AS t", text},
		"signs":       {"SELECT VALUE [" + times(4000, "-t") + "] FROM <<?>> AS t", decimal},
		"SUM":         {"SELECT " + times(4000, "SUM(-t)") + " FROM <<?>> AS t", decimal},
		"MAX":         {"SELECT " + times(4000, "MAX(t || '')") + " FROM <<?>> AS t", text},
		"=":           {"SELECT VALUE t[0] = t[1] FROM <<?>> AS t", structs},
		"<":           {"SELECT VALUE t[0] < t[1] FROM <<?>> AS t", structs},
		"DISTINCT":    {"SELECT DISTINCT VALUE t[0] FROM <<?>> AS t", structs},
		"pattern":     {"SELECT VALUE TO_STRING(`2020T`, t) FROM <<?>> AS t", ion.NewString(strings.Repeat(" ", 4<<20))},
	} {
		var err error
		n := allocated(func() { err = runFrom(&numbered{}, c.text, limit, c.param) })
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
		if n > most {
			t.Errorf("%s: %d MB are allocated", name, n>>20)
		}
	}
}

// collected is a source that notes how much memory is in use when the time is
// asked for.
type collected struct {
	Source
	before, inUse uint64
}

func (c *collected) Now() ion.Timestamp {
	c.inUse = heap() - c.before
	return ion.Timestamp{Year: 2020, Precision: ion.PrecisionYear}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// TestKeptValuesKeepNothingElse: a small part of a large value that is kept does
// not keep all of that in memory, which is not counted any more then.
func TestKeptValuesKeepNothingElse(t *testing.T) {
	text, many := ion.NewString(strings.Repeat("x", 100_000)), repeated(t, "[", "1", "]", 500)
	for _, part := range []string{"[t || '', y][1]", "{'a': t, 'b': y}.b", "{'a': [t, <<y>>]}.a[1]"} {
		for _, rows := range []string{"[(SELECT VALUE " + part + " FROM ? AS y)]", "[(SELECT VALUE z FROM ? AS y, <<" + part + ">> AS z)]"} {
			s, err := Parse("SELECT VALUE [SIZE(b), UTCNOW(), SIZE(b)] FROM ? AS t, " + rows + " AS b")
			if err != nil {
				t.Fatal(err)
			}
			p, err := Prepare(s, noTables{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			src := &collected{before: heap()}
			rows, err := p.Run(context.Background(), src, nil, []ion.Value{text, many}, Limits{Bytes: 4 << 20})
			if err == nil {
				err = rows.Each(func(Result) error { return nil })
			}
			if err != nil || int64(src.inUse) > 6<<20 {
				t.Errorf("%s: %d MB are in use, %v", part, int64(src.inUse)>>20, err)
			}
		}
	}
}

// TestChangesCountAsMemory: so do the changes to a document before they are made,
// but not the paths of the statement for each of them.
func TestChangesCountAsMemory(t *testing.T) {
	o := &oneDocument{doc: listOf(t, "{}", 300)}
	text := "FROM T AS t, t.l AS i SET i" + strings.Repeat(".a", 20_000) + " = 1"
	var err error
	n := allocated(func() { err = o.run(text, math.MaxInt, Limits{}) })
	if err == nil || !strings.Contains(err.Error(), "The path to change does not exist") || n > 50<<20 {
		t.Errorf("a long path: %v, %d MB are allocated", err, n>>20)
	}
	o.doc = listOf(t, "0", 100_000)
	for _, text := range []string{
		"FROM T AS t, t.l AS i, <<1, 2, 3>> AS j SET i = 1",
		"FROM T AS t, t.l AS i INSERT INTO t.l << 1, 2, 3, 4, 5, 6, 7, 8 >>",
		"FROM T AS t, t.l AS i SET t = {'l': t.l, 'x': i}",
	} {
		n := allocated(func() { err = o.run(text, math.MaxInt, Limits{Bytes: 16 << 20}) })
		if !errors.Is(err, ErrTooLarge) || n > 200<<20 {
			t.Errorf("%s: %v, %d MB are allocated", text, err, n>>20)
		}
	}
}

// TestMemoryOfOrdinaryStatements: what is given back soon does not add up.
func TestMemoryOfOrdinaryStatements(t *testing.T) {
	text, list := ion.NewString(strings.Repeat("x", 100_000)), repeated(t, "[", "0", "]", 100_000)
	decimal, err := ion.ParseText(strings.Repeat("7", 100_000) + ".")
	if err != nil {
		t.Fatal(err)
	}
	times := func(n int, s, between string) string { return strings.Repeat(s+between, n-1) + s }
	for _, c := range []struct {
		text   string
		params []ion.Value
	}{
		{"SELECT CHAR_LENGTH(" + times(40, "t", " || ") + ") FROM ? AS t", []ion.Value{text}},
		{"SELECT VALUE 1 FROM ? AS t WHERE " + times(500, "UPPER(t) = 'x'", " OR "), []ion.Value{text}},
		{"SELECT VALUE [" + times(500, "UPPER(t) = 'x'", ", ") + "] FROM ? AS t", []ion.Value{text}},
		{"SELECT VALUE [" + times(500, "CHAR_LENGTH(UPPER(t))", ", ") + "] FROM ? AS t", []ion.Value{text}},
		{"SELECT " + times(500, "{'x': UPPER(t)}.y", ", ") + " FROM ? AS t", []ion.Value{text}},
		{"SELECT " + times(30, "UPPER(t)", ", ") + " FROM ? AS t", []ion.Value{text}},
		{"SELECT VALUE {" + times(30, "'x': UPPER(t)", ", ") + "} FROM ? AS t", []ion.Value{text}},
		{"SELECT VALUE CASE t " + times(500, "WHEN LOWER(t) || 'x' THEN 1", " ") + " END FROM ? AS t", []ion.Value{text}},
		{"SELECT MAX(t || CAST(i AS string)) FROM ? AS t, ? AS i", []ion.Value{text, repeated(t, "[", "7", "]", 1000)}},
		{"SELECT VALUE SIZE(CAST(t AS bag)) FROM <<?>> AS t", []ion.Value{list}},
		{"SELECT VALUE [" + times(1000, "-(-t)", ", ") + "][0] FROM <<?>> AS t", []ion.Value{decimal}},
		{"SELECT VALUE [" + times(30, "EXISTS(CAST(t AS bag))", ", ") + "] FROM <<?>> AS t", []ion.Value{list}},
		{"SELECT VALUE [" + times(30, "COUNT(CAST(t AS bag))", ", ") + "] FROM <<?>> AS t", []ion.Value{list}},
		{"SELECT VALUE [" + times(15, "AVG(CAST(t AS bag)), MAX(CAST(t AS bag))", ", ") + "] FROM <<?>> AS t", []ion.Value{list}},
		{"SELECT VALUE [" + times(30, "(SELECT COUNT(DISTINCT p) FROM @t AS x AT p)", ", ") + "] FROM <<?>> AS t", []ion.Value{list}},
		{"SELECT SIZE((SELECT i, i + 1 AS j FROM ? AS i)) FROM <<0>>", []ion.Value{list}},
		{"SELECT SUM(i + 1), MAX(i * 2), COUNT(DISTINCT i) FROM ? AS i", []ion.Value{list}},
	} {
		if err := runLimited(c.text, 64<<20, c.params...); err != nil {
			t.Errorf("%.60s: %v", c.text, err)
		}
	}
	o := &oneDocument{doc: listOf(t, "0", 130_000)}
	for _, text := range []string{"FROM T AS t, t.l AS i SET i = i + 1", "FROM T AS t, t.l AS i AT p INSERT INTO t.l VALUE 1 AT p"} {
		if err := o.run(text, math.MaxInt, Limits{Bytes: 64 << 20}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	// As many documents as a transaction may change, with 4 MB in all.
	items := strings.Repeat("{qty:100,price:200,note:\"as ordered before\"},", 2900)
	doc, err := ion.ParseText("{items:[" + items + "]}")
	if err != nil {
		t.Fatal(err)
	}
	o = &oneDocument{doc: doc, more: 39}
	for _, text := range []string{"FROM T AS t, t.items AS i SET i.qty = 1, i.price = 2, i.note = 'x', i.done = true", "FROM T AS t, t.items AS i REMOVE i.note"} {
		if err := o.run(text, math.MaxInt, Limits{Bytes: 64 << 20}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
