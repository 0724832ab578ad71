package main

import (
	"bytes"
	"compress/gzip"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestVerifyBoundsSymbolTables gives a small file with values of a few bytes, each
// behind a symbol table that takes 8 MB in memory.
func TestVerifyBoundsSymbolTables(t *testing.T) {
	tiny, err := ion.ParseText(`{blockAddress:{strandId:"s",sequenceNo:1},blockHash:1,entriesHashList:[]}`)
	if err != nil {
		t.Fatal(err)
	}
	var w ion.Writer
	w.Annotate("$ion_symbol_table").BeginStruct()
	w.Field("symbols").BeginList()
	for _, name := range []string{"blockAddress", "strandId", "sequenceNo", "blockHash", "entriesHashList"} { // as tiny has them
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
	var file bytes.Buffer
	z := gzip.NewWriter(&file)
	_, _ = z.Write([]byte("\xe0\x01\x00\xea"))
	for range 40 {
		_, _ = z.Write(table.Raw())
		_, _ = z.Write(tiny.Raw())
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	name := writeFile(t, "tables.10n.gz", file.Bytes())

	defer debug.SetGCPercent(debug.SetGCPercent(20))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	before, peak := heap(), uint64(0)
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			peak = max(peak, heap())
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	verifyWant(t, exitRefused, []string{name}, `a block must have the field entriesHash|blockHash must be a blob`)
	close(done)
	<-watched
	if got := int64(peak) - int64(before); got > 100<<20 {
		t.Errorf("a file of %d KB took %d MB", file.Len()>>10, got>>20)
	}
}
