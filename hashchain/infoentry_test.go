package hashchain

import (
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
	"pgregory.net/rapid"
)

// generalHash is the Ion Hash of what write writes, by way of its bytes.
func generalHash(t *rapid.T, write func(w *ion.Writer)) Hash {
	w := ion.NewWriter()
	write(w)
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	h, err := IonHash(v)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var anyHash = rapid.Custom(func(t *rapid.T) Hash {
	b := rapid.SliceOfN(rapid.SampledFrom([]byte{0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0xff}), HashSize, HashSize).Draw(t, "digest")
	return NewHash([HashSize]byte(b))
})

// anyTime has few values, so that neighbours share it.
var anyTime = rapid.Custom(func(t *rapid.T) time.Time {
	return time.UnixMilli(1_600_000_000_000 + rapid.Int64Range(0, 3).Draw(t, "ms")).UTC()
})

func TestTransactionInfoEntryIsTheIonHash(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "SELECT 1", "\x0b\x0c\x0e"}))
	statement := rapid.Custom(func(t *rapid.T) Statement {
		return Statement{Text: text.Draw(t, "text"), StartTime: anyTime.Draw(t, "start"), Digest: anyHash.Draw(t, "digest")}
	})
	change := rapid.Custom(func(t *rapid.T) DocumentChange {
		index := rapid.OneOf(rapid.IntRange(0, 300), rapid.SampledFrom([]int{0x0b, 0x0c0e, -1}))
		return DocumentChange{DocumentID: text.Draw(t, "id"), TableName: text.Draw(t, "table"), TableID: text.Draw(t, "table id"), Statements: rapid.SliceOfN(index, 0, 4).Draw(t, "indexes")}
	})
	var h infoHasher // serves one block after the other
	rapid.Check(t, func(t *rapid.T) {
		in := &BlockParts{Statements: rapid.SliceOfN(statement, 1, 6).Draw(t, "statements"), Documents: rapid.SliceOfN(change, 0, 12).Draw(t, "documents")}
		if got, want := h.hash(in), generalHash(t, func(w *ion.Writer) { writeTransactionInfo(w, in) }); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func TestMetadataHashIsTheIonHash(t *testing.T) {
	var h metadataHasher
	rapid.Check(t, func(t *rapid.T) {
		in := &BlockParts{TransactionID: rapid.String().Draw(t, "transaction id")}
		at := times{tx: ion.NewTimestamp(anyTime.Draw(t, "time"))}
		h.block(at.tx, in.TransactionID)
		for range 3 {
			r := &RevisionParts{DocumentID: rapid.String().Draw(t, "id"), Version: rapid.OneOf(rapid.Int64Range(-2, 300), rapid.Int64()).Draw(t, "version")}
			if got, want := h.hash(r.DocumentID, r.Version), generalHash(t, func(w *ion.Writer) { writeMetadata(w, in, r, at) }); got != want {
				t.Fatalf("%v: %s, want %s", r, got, want)
			}
		}
	})
}
