package emulator

import (
	"encoding/binary"

	"github.com/tallyledger/tally/hashchain"
)

// Keys in the store, all big-endian so that they sort by number and by time:
//
//	Meta      "ledger" | "tip"
//	Journal   sequence number (8)
//	Tree      sequence number (8)
//	Document  table number (4) | document sort key (16)
//	History   table number (4) | document sort key (16) | version (4)
//	Index     index number (4) | value key (n) | document sort key (16)
//	Catalog   table number (4)
const (
	sortKeyLen = 16
	docKeyLen  = 4 + sortKeyLen
)

var (
	keyLedger = []byte("ledger")
	keyTip    = []byte("tip")
)

func seqKey(seq int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }

func tableKey(no uint32) []byte { return binary.BigEndian.AppendUint32(nil, no) }

// docKey is where the current revision of a document is stored.
type docKey [docKeyLen]byte

func makeDocKey(table uint32, id hashchain.ID) (k docKey) {
	binary.BigEndian.PutUint32(k[:], table)
	s := id.SortKey()
	copy(k[4:], s[:])
	return k
}

func (k docKey) table() uint32 { return binary.BigEndian.Uint32(k[:]) }

func (k docKey) id() hashchain.ID { return hashchain.IDOfSortKey([sortKeyLen]byte(k[4:])) }

func (k docKey) history(version int64) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, docKeyLen+4), k[:]...), uint32(version))
}

// indexPrefix is the part of an index entry's key before the document.
func indexPrefix(dst []byte, index uint32, valueKey []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, index), valueKey...)
}
