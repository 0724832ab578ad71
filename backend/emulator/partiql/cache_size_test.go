package partiql_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
)

// texts are kinds of statements that take much memory for their length: before
// and behind what is repeated. # is a number that grows.
var texts = [][3]string{
	{"SELECT a FROM T WHERE a IN (", "1,", "1)"},
	{"SELECT a FROM T WHERE a IN (", "'',", "'')"},
	{"SELECT a FROM T WHERE a IN (", ".1,", "1)"},
	{"SELECT a FROM T WHERE a IN (", "?,", "?)"},
	{"SELECT a FROM T WHERE a IN (", "[1],", "1)"},
	{"SELECT a FROM T WHERE a IN (", "{'a#':1},", "1)"},
	{"SELECT a FROM T WHERE ", "a=1 OR ", "a"},
	{"SELECT a FROM T WHERE ", "a#=1 AND ", "a"},
	{"SELECT a FROM T WHERE ", "a LIKE '%a_' AND ", "a"},
	{"SELECT a FROM T WHERE a LIKE '", "_", "'"},
	{"SELECT a FROM T WHERE a LIKE '", "%a", "'"},
	{"SELECT ", "a#,", "a FROM T"},
	{"SELECT ", "a,", "a FROM T"},
	{"SELECT ", "a b,", "a FROM T"},
	{"SELECT ", "sum(1),", "sum(a) FROM T"},
	{"SELECT T", ".a", " FROM T"},
	{"SELECT T", ".a#", " FROM T"},
	{"SELECT T", "[0]", " FROM T"},
	{"SELECT T", "[a]", " FROM T"},
	{"SELECT [", "a+1,", "a] FROM T"},
	{"SELECT [", "-a,", "a] FROM T"},
	{"SELECT [", "a between 1 and 1,", "a] FROM T"},
	{"SELECT [", "lower(a),", "a] FROM T"},
	{"SELECT [", "(select 1 from 1),", "a] FROM T"},
	{"SELECT [", "1.0/3,", "a] FROM T"},
	{"SELECT [", "`a`,", "a] FROM T"},
	{"SELECT [", "`a#::{b#:1}`,", "a] FROM T"},
	{"SELECT `[", "{a#:b#},", "1]` FROM T"},
	{"SELECT case", " when a then 1", " end FROM T"},
	{"SELECT UPPER('", "ΐ", "') FROM T"},
	{"SELECT TO_STRING(`2020T`, '", "MMMM ", "') FROM T"},
	{"SELECT '", "''", "' FROM T"},
	{"SELECT 1 FROM ", "1,", "1"},
	{"SELECT 1 FROM ", "[],", "1"},
	{"SELECT 1 FROM ", "T a#,", "T"},
	{"SELECT 1 FROM T WHERE ", "(1 / a) = 1 AND ", "a"},
	{"UPDATE T SET ", "a=1,", "a=1"},
	{"UPDATE T SET ", "a.b.c[0]=a,", "a=1"},
	{"INSERT INTO T <<", "{'a':1},", "{}>>"},
	{"SELECT ", "", "a FROM T"},
}

// TestCacheSize holds that the bytes that a cache counts are no fewer than those
// that its statements take.
func TestCacheSize(t *testing.T) {
	m := newMemory()
	must(t, m, "CREATE TABLE T", "CREATE INDEX ON T (a)")
	for _, kind := range texts {
		measureCache(t, m, kind, 1, 300)
		measureCache(t, m, kind, 20, 100)
		measureCache(t, m, kind, 2000, 4)
	}
}

func measureCache(t *testing.T, m *memory, kind [3]string, repeat, statements int) {
	t.Helper()
	before := heapInUse()
	c := partiql.NewCache(partiql.CacheOptions{Bytes: 8 << 20, Entries: 1 << 20})
	for i := range statements {
		var text strings.Builder
		fmt.Fprintf(&text, "/*%d*/", i)
		text.WriteString(kind[0])
		for n := range repeat {
			text.WriteString(strings.ReplaceAll(kind[1], "#", fmt.Sprint(n)))
		}
		text.WriteString(kind[2])
		if _, err := c.Prepare(text.String(), m, partiql.Options{}); err != nil {
			t.Fatalf("%.60s: %.200v", text.String(), err)
		}
	}
	used := heapInUse() - before
	s := c.Stats()
	if s.Entries == 0 || s.Bytes > 8<<20 {
		t.Errorf("%s, %d times: %d statements of %d bytes are kept", kind, repeat, s.Entries, s.Bytes)
	}
	// Maps and lists of an empty cache and the collector's own rounding.
	const slack = 64 << 10
	if used > s.Bytes+slack {
		t.Errorf("%s, %d times: %d statements count as %d bytes and take %d", kind, repeat, s.Entries, s.Bytes, used)
	}
	runtime.KeepAlive(c)
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // the first one only empties pools
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
