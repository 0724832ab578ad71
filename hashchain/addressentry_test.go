package hashchain

import (
	"math"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
	"pgregory.net/rapid"
)

// addressEntry is entry 0 by the general Ion Hash.
func addressEntry(t *rapid.T, a BlockAddress, transactionID string, at ion.Timestamp) Hash {
	return generalHash(t, func(w *ion.Writer) { writeAddressEntry(w, a, transactionID, at) })
}

// writeAddressEntry writes the struct whose hash is entry 0.
func writeAddressEntry(w *ion.Writer, a BlockAddress, transactionID string, at ion.Timestamp) {
	w.BeginStruct()
	w.Field("blockAddress")
	a.WriteIon(w)
	w.Field("transactionId").String(transactionID)
	w.Field("blockTimestamp").Timestamp(at)
	w.Field("previousBlockAddress")
	if a.SequenceNo == 0 {
		w.Null(ion.NullType)
	} else {
		BlockAddress{StrandID: a.StrandID, SequenceNo: a.SequenceNo - 1}.WriteIon(w)
	}
	w.End()
}

func TestAddressEntryIsTheIonHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a addressHasher
		strands := rapid.SampledFrom([]string{testStrand, "x", "\x0b\x0c\x0e", "ünïcode"})
		seq := rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64Range(0, math.MaxInt64-1), rapid.SampledFrom([]uint64{0x0b, 0x0c0e, 0x0e00}))
		for i := range uint64(8) {
			addr := BlockAddress{strands.Draw(t, "strand"), seq.Draw(t, "seq") + i%2}
			id := rapid.String().Draw(t, "transaction id")
			at := ion.NewTimestamp(time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "time")))
			got := a.hash(addr, id, ion.FromTimestamp(at))
			if want := addressEntry(t, addr, id, at); got != want {
				t.Fatalf("%v %q %s: %s, want %s", addr, id, at, got, want)
			}
		}
	})
}
