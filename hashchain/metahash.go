package hashchain

import "github.com/tallyledger/tally/hashchain/ion"

// metadataHasher computes the Ion Hash of a revision's metadata as
// [BlockBuilder] writes it. All revisions of a block share the time and the id of
// their transaction.
type metadataHasher struct {
	fieldHasher
	time, tx [32]byte
}

// Serialised field names.
const (
	symID       = "\x0b\x70id\x0e"
	symVersion  = "\x0b\x70version\x0e"
	symTxTime   = "\x0b\x70txTime\x0e"
	symMetaTxID = "\x0b\x70txId\x0e"
)

// begin sets what the revisions of a block share.
func (h *metadataHasher) block(at ion.Timestamp, transactionID string) {
	h.time = h.field(symTxTime, codeTimestamp, string(body(ion.FromTimestamp(at).Raw())))
	h.tx = h.field(symMetaTxID, codeString, transactionID)
}

func (h *metadataHasher) hash(documentID string, version int64) Hash {
	return NewHash(h.structField("", h.field(symID, codeString, documentID), h.intField(symVersion, version), h.time, h.tx))
}
