package hashchain

import (
	"crypto/sha256"

	"github.com/tallyledger/tally/hashchain/ion"
)

// This project puts into entriesHashList[0] the hash of everything in a block
// that no other entry covers:
//
//	ionhash({blockAddress, transactionId, blockTimestamp, previousBlockAddress})

// addressHasher computes that hash. Journals have one in each block, and most
// of it is the same from one block to the next, so the Ion Hash of this one
// struct is spelt out here, with the hashes of the strand and of the previous
// sequence number kept. A test compares it with the general one.
type addressHasher struct {
	fieldHasher
	strand      string
	strandField [32]byte // hash of the field strandId
	seqNo       uint64
	seqField    [32]byte // hash of the field sequenceNo
	known       bool     // strandField and seqField are set
}

// Serialised field names.
const (
	symStrandID  = "\x0b\x70strandId\x0e"
	symSeqNo     = "\x0b\x70sequenceNo\x0e"
	symAddress   = "\x0b\x70blockAddress\x0e"
	symTxID      = "\x0b\x70transactionId\x0e"
	symTimestamp = "\x0b\x70blockTimestamp\x0e"
	symPrevious  = "\x0b\x70previousBlockAddress\x0e"
)

// hashOf is the hash for a block as it stands; ok is false if a field has
// another type than this project writes.
func (a *addressHasher) hashOf(b *Block) (h Hash, ok bool) {
	at, id := b.Timestamp, b.transactionID
	if at.Type() != ion.TimestampType || at.IsNull() || id.Type() != ion.StringType || at.HasAnnotations() || id.HasAnnotations() {
		return Hash{}, false
	}
	return a.hash(b.Address, b.TransactionID, at), true
}

// hash is the hash for these values. at must be a timestamp in its shortest
// encoding.
func (a *addressHasher) hash(addr BlockAddress, transactionID string, at ion.Value) Hash {
	previous := a.previous(addr)
	return NewHash(a.structField("",
		a.structField(symAddress, a.strandHash(addr.StrandID), a.seqHash(addr.SequenceNo)),
		a.field(symTxID, codeString, transactionID),
		a.field(symTimestamp, codeTimestamp, string(body(at.Raw()))),
		previous))
}

// previous is the hash of the field previousBlockAddress: null in block 0.
func (a *addressHasher) previous(addr BlockAddress) [32]byte {
	if addr.SequenceNo == 0 {
		a.buf = append(append(a.buf[:0], symPrevious...), 0x0b, 0x0f, 0x0e)
		return sha256.Sum256(a.buf)
	}
	return a.structField(symPrevious, a.strandHash(addr.StrandID), a.seqHash(addr.SequenceNo-1))
}

func (a *addressHasher) strandHash(strand string) [32]byte {
	if !a.known || a.strand != strand {
		a.strand, a.strandField = strand, a.field(symStrandID, codeString, strand)
		a.seqField = a.seqNoField(a.seqNo)
		a.known = true
	}
	return a.strandField
}

func (a *addressHasher) seqHash(n uint64) [32]byte {
	if a.seqNo != n {
		a.seqNo, a.seqField = n, a.seqNoField(n)
	}
	return a.seqField
}

func (a *addressHasher) seqNoField(n uint64) [32]byte {
	a.buf = appendMagnitude(append(a.buf[:0], symSeqNo...), codeInt, n)
	return sha256.Sum256(a.buf)
}
