package hashchain

import (
	"bytes"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

const tinyText = `{blockAddress:{strandId:"s",sequenceNo:1},blockHash:1}`

// largeTables is a stream of tiny values that stand behind a symbol table of
// 500,000 empty symbols each.
func largeTables(t *testing.T, n int) io.Reader {
	tiny := mustParse(tinyText)
	var w ion.Writer
	w.Annotate("$ion_symbol_table").BeginStruct()
	w.Field("symbols").BeginList()
	for _, name := range []string{"blockAddress", "strandId", "sequenceNo", "blockHash"} { // as tiny has them
		w.String(name)
	}
	for range 500_000 {
		w.String("")
	}
	w.End()
	w.End()
	table, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	parts := []io.Reader{strings.NewReader("\xe0\x01\x00\xea")}
	for range n {
		parts = append(parts, bytes.NewReader(table.Raw()), bytes.NewReader(tiny.Raw()))
	}
	return io.MultiReader(parts...)
}

// heapWatch notes the largest heap while it is read.
type heapWatch struct {
	io.Reader
	peak uint64
	n    int
}

func (h *heapWatch) Read(p []byte) (int, error) {
	if h.n++; h.n%16 == 0 { // a MB or less
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.peak = max(h.peak, m.HeapAlloc)
	}
	return h.Reader.Read(p)
}

// TestSymbolTablesTakeBoundedMemory reads 20 MB whose symbol tables take 320 MB.
func TestSymbolTablesTakeBoundedMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	in := &heapWatch{Reader: largeTables(t, 40)}
	r, err := VerifyJournal(in, VerifyOptions{Workers: 8})
	if err != nil || r.Blocks != 40 {
		t.Fatalf("%v, %d blocks", err, r.Blocks)
	}
	if got := int64(in.peak) - int64(before.HeapAlloc); got > 80<<20 {
		t.Errorf("it took %d MB", got>>20)
	}
}

// TestLargeSymbolTablesAreCountedOnce adds blocks with a symbol table that is larger
// than a batch, to two Verifiers that share a memory.
func TestLargeSymbolTablesAreCountedOnce(t *testing.T) {
	withTable := func(n int) (list []ion.Value) {
		r := ion.NewReader(largeTables(t, 1))
		for r.Next() {
			for range n {
				list = append(list, r.Value())
			}
		}
		if len(list) != n {
			t.Fatalf("%d blocks, %v", len(list), r.Err())
		}
		return list
	}
	m := NewBlockMemory()
	a, b := NewVerifier(VerifyOptions{Memory: m}), NewVerifier(VerifyOptions{Memory: m})
	defer a.Finish()
	defer b.Finish()
	pending := func(what string, v *Verifier, want int) {
		t.Helper()
		if got := len(v.batch.blocks); got != want {
			t.Errorf("%s: %d blocks wait in the batch, want %d", what, got, want)
		}
	}
	blocks, others := withTable(2+batchBlocks), withTable(1)
	a.Add(blocks[0])
	pending("the first one, which counts the table", a, 0)
	for i, v := range blocks[1:batchBlocks] {
		a.Add(v)
		pending("the next", a, i+1)
	}
	a.Add(blocks[batchBlocks])
	pending("a whole batch", a, 0)
	a.Add(blocks[batchBlocks+1])
	pending("the batch behind it", a, 1)
	b.Add(others[0])
	pending("once another Verifier adds", a, 0)
	if !a.last.IsZero() {
		t.Error("the table is held where none is waiting")
	}
	a.Add(blocks[0])
	pending("anew", a, 0)

	small := mustParse(tinyText)
	a.Add(small)
	b.Add(small)
	pending("blocks with small tables", a, 1)
	pending("blocks with small tables", b, 1)
}
