package emulator_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
)

// TestShortRows: a result takes no memory for rows that are in its file, and its
// quota counts what keeps a row apart from the next one.
func TestShortRows(t *testing.T) {
	const side = 1000
	limits := emulator.DefaultLimits
	limits.ResultMemory = 1 << 20
	l := emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
	heap := func() int64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	x := begin(t, l.Ledger)
	list := make([]int, side)
	x.q("SELECT COUNT(*) FROM ? AS a, ? AS b", list, list) // what every statement leaves behind
	before := heap()
	page, err := x.send("SELECT VALUE 1 FROM ? AS a, ? AS b", list, list)
	if err != nil {
		t.Fatal(err)
	}
	if grown := heap() - before; grown > 2<<20 {
		t.Errorf("a result of %d rows in a file takes %d bytes of memory", side*side, grown)
	}
	each := int64(len(page.Values[0])) + 1
	if got := l.Stats().ResultBytes; got != each*side*side {
		t.Errorf("%d bytes of results are counted, want %d for each of %d rows", got, each, side*side)
	}
	x.mustCommit()
}

// TestRowsOfAllSizes come back as they were, from memory and from a file.
func TestRowsOfAllSizes(t *testing.T) {
	var rows []string
	for _, n := range []int{0, 1, 126, 127, 128, 16_383, 16_384, 65_536, 70_000, 3, 100_000, 0} {
		for i := range 40 {
			rows = append(rows, strings.Repeat("x", n)+fmt.Sprint(i))
		}
	}
	for _, memory := range []int64{1 << 30, 1 << 20, 1} {
		limits := emulator.DefaultLimits
		limits.ResultMemory = memory
		limits.ParameterSize, limits.TransactionSize = 0, 0
		l := emulatortest.New(t, emulatortest.With(emulator.WithLimits(limits)))
		x := begin(t, l.Ledger)
		page, err := x.send("SELECT VALUE x FROM ? AS x", rows)
		for n := 0; ; page, err = x.s.FetchPage(t.Context(), x.id, page.Token) {
			if err != nil {
				t.Fatal(err)
			}
			size := 0
			for i, v := range texts(t, page.Values) {
				if v != `"`+rows[n]+`"` {
					t.Fatalf("with %d bytes of memory row %d is %.40s… of %d characters, want %d", memory, n, v, len(v), len(rows[n])+2)
				}
				size += len(page.Values[i])
				n++
			}
			if page.Token == "" {
				if n != len(rows) {
					t.Errorf("with %d bytes of memory %d rows, want %d", memory, n, len(rows))
				}
				break
			}
			if len(page.Values) < 200 && size < 1<<20 {
				t.Errorf("with %d bytes of memory a page ends after %d values and %d bytes", memory, len(page.Values), size)
			}
		}
		x.mustCommit()
	}
}
