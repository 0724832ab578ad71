package main

import (
	"bytes"
	"compress/gzip"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

const tinyBlock = `{blockAddress:{strandId:"s",sequenceNo:1},blockHash:1,entriesHashList:[]}`

// tinyNames are the symbols of tinyBlock in the order in which it has them.
var tinyNames = []string{"blockAddress", "strandId", "sequenceNo", "blockHash", "entriesHashList"}

// symbolTable is a table with the names, or an extension by them of the one before.
func symbolTable(t *testing.T, extends bool, names ...string) []byte {
	t.Helper()
	var w ion.Writer
	w.Annotate("$ion_symbol_table").BeginStruct()
	if extends {
		w.Field("imports").Symbol("$ion_symbol_table")
	}
	w.Field("symbols").BeginList()
	for _, name := range names {
		w.String(name)
	}
	w.End()
	w.End()
	table, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return table.Raw()
}

func tinyValue(t *testing.T) ion.Value {
	t.Helper()
	v, err := ion.ParseText(tinyBlock)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestVerifyBoundsSymbolTables gives small files with values of a few bytes, each
// behind a large symbol table or one that extends such a table.
func TestVerifyBoundsSymbolTables(t *testing.T) {
	empty := symbolTable(t, false, append(tinyNames, make([]string, 500_000)...)...)
	long := symbolTable(t, false, append(tinyNames, strings.Repeat("x", 20<<20))...)
	tiny := tinyValue(t).Raw()
	want := `a block must have the field entriesHash|blockHash must be a blob`
	t.Run("many symbols", func(t *testing.T) { verifyBounded(t, 100, 20, want, empty, tiny) })
	t.Run("extended", func(t *testing.T) { verifyBounded(t, 100, 20, want, empty, symbolTable(t, true), tiny) })
	t.Run("a long symbol extended", func(t *testing.T) {
		verifyBounded(t, 150, 10, want, long, symbolTable(t, true, "y"), tiny)
	})
}

// TestVerifyBoundsRecords gives records of 8 MB whose payloads have a few bytes.
func TestVerifyBoundsRecords(t *testing.T) {
	var w ion.Writer
	w.BeginStruct()
	w.Field("recordType").String("BLOCK_SUMMARY")
	w.Field("payload")
	w.Value(tinyValue(t))
	w.Field("junk").Blob(make([]byte, 8<<20))
	w.End()
	record, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	verifyBounded(t, 100, 20, `blockHash must be a blob`, record)
}

// verifyBounded verifies a file that repeats the parts n times, in that many MB.
func verifyBounded(t *testing.T, limit int64, n int, want string, parts ...[]byte) {
	t.Helper()
	var file bytes.Buffer
	z := gzip.NewWriter(&file)
	_, _ = z.Write([]byte("\xe0\x01\x00\xea"))
	for range n {
		for _, p := range parts {
			_, _ = z.Write(p)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	name := writeFile(t, "large.10n.gz", file.Bytes())

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
	verifyWant(t, exitRefused, []string{name}, want)
	close(done)
	<-watched
	if got := int64(peak) - int64(before); got > limit<<20 {
		t.Errorf("a file of %d KB took %d MB", file.Len()>>10, got>>20)
	}
}
