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

// largeTables is a stream of tiny values that stand behind a symbol table of
// 500,000 empty symbols each.
func largeTables(t *testing.T, n int) io.Reader {
	tiny := mustParse(`{blockAddress:{strandId:"s",sequenceNo:1},blockHash:1}`)
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
