package emulator

import (
	"encoding/binary"
	"fmt"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// docRecord is the current revision of a document as it is stored: metadata in
// front, then the document's own complete Ion stream, which leaves as it is.
type docRecord struct {
	version int64
	seq     int64
	txTime  int64 // Unix milliseconds
	txID    hashchain.ID
	hash    hashchain.Hash
	data    []byte
}

func (r *docRecord) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(r.version))
	dst = binary.AppendUvarint(dst, uint64(r.seq))
	dst = binary.AppendUvarint(dst, uint64(r.txTime))
	dst = append(dst, r.txID[:]...)
	dst = r.hash.AppendTo(dst)
	return append(dst, r.data...)
}

// readDoc reads the record that is stored at a document's key; data points into
// it.
func readDoc(key, sealed []byte) (docRecord, error) {
	b, err := unseal(store.Document, key, sealed)
	if err == nil && len(key) != docKeyLen {
		err = damaged("%s is no document's", describe(nil, store.Document, key))
	}
	if err != nil {
		return docRecord{}, err
	}
	return decodeDoc(b)
}

func decodeDoc(b []byte) (r docRecord, err error) {
	var nums [3]int64
	for i := range nums {
		n, w := binary.Uvarint(b)
		if w <= 0 {
			return r, damaged("a document record is cut short")
		}
		nums[i], b = int64(n), b[w:]
	}
	if len(b) < len(r.txID)+hashchain.HashSize {
		return r, damaged("a document record is cut short")
	}
	r.version, r.seq, r.txTime = nums[0], nums[1], nums[2]
	copy(r.txID[:], b)
	b = b[len(r.txID):]
	r.hash, _ = hashchain.HashOf(b[:hashchain.HashSize])
	r.data = b[hashchain.HashSize:]
	return r, nil
}

// Kinds of history records.
const (
	histData = iota
	histDeleted
	histRedacted
)

// histRecord says where in the journal a version of a document stands.
type histRecord struct {
	kind   byte
	seq    int64
	index  int // place among the block's revisions
	txTime int64
}

func (r histRecord) append(dst []byte) []byte {
	dst = append(dst, r.kind)
	dst = binary.AppendUvarint(dst, uint64(r.seq))
	dst = binary.AppendUvarint(dst, uint64(r.index))
	return binary.AppendUvarint(dst, uint64(r.txTime))
}

// readHist reads the record that is stored at a history key.
func readHist(key, sealed []byte) (histRecord, error) {
	b, err := unseal(store.History, key, sealed)
	if err == nil && len(key) != docKeyLen+4 {
		err = damaged("%s is no history record", describe(nil, store.History, key))
	}
	if err != nil {
		return histRecord{}, err
	}
	return decodeHist(b)
}

func decodeHist(b []byte) (r histRecord, err error) {
	if len(b) == 0 || b[0] > histRedacted {
		return r, damaged("a history record is cut short")
	}
	r.kind, b = b[0], b[1:]
	var nums [3]int64
	for i := range nums {
		n, w := binary.Uvarint(b)
		if w <= 0 {
			return r, damaged("a history record is cut short")
		}
		nums[i], b = int64(n), b[w:]
	}
	r.seq, r.index, r.txTime = nums[0], int(nums[1]), nums[2]
	return r, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ledger.ErrDamaged, fmt.Sprintf(format, args...))
}
