package main

import (
	"bytes"
	"compress/gzip"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
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

// TestVerifyPartsShareTables reads values behind a symbol table that is larger than a
// part: only the first of them is a part of its own.
func TestVerifyPartsShareTables(t *testing.T) {
	data := append([]byte("\xe0\x01\x00\xea"), symbolTable(t, false, append(tinyNames, make([]string, 50_000)...)...)...)
	data = append(data, bytes.Repeat(tinyValue(t).Raw(), 1+3*partValues)...)
	s := &source{name: writeFile(t, "large.10n", data)}
	var wg sync.WaitGroup
	s.start(t.Context(), &wg, nil)
	var parts []int
	for p := range s.parts {
		if len(p) > 0 { // not the places that a large part takes
			parts = append(parts, len(p))
		}
	}
	wg.Wait()
	if want := []int{1, partValues, partValues, partValues}; s.err != nil || !slices.Equal(parts, want) {
		t.Errorf("parts of %d values, want %d; %v", parts, want, s.err)
	}
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
