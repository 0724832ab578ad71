package emulator

import (
	"encoding/binary"
	"time"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// tip is the record that each group ends with: what a reopening ledger has to
// know without reading the journal.
type tip struct {
	seq    int64
	hash   hashchain.Hash
	txTime int64
	bytes  int64
	lastID hashchain.ID // ids made later have to rise above it
	nextIx uint32
}

const tipLen = 8 + hashchain.HashSize + 8 + 8 + 16 + 4

func (t *tip) encode() []byte {
	b := make([]byte, 0, tipLen)
	b = binary.BigEndian.AppendUint64(b, uint64(t.seq))
	b = t.hash.AppendTo(b)
	b = binary.BigEndian.AppendUint64(b, uint64(t.txTime))
	b = binary.BigEndian.AppendUint64(b, uint64(t.bytes))
	b = append(b, t.lastID[:]...)
	return binary.BigEndian.AppendUint32(b, t.nextIx)
}

func decodeTip(b []byte) (t tip, err error) {
	if len(b) != tipLen {
		return t, damaged("the record of the tip has %d bytes instead of %d", len(b), tipLen)
	}
	t.seq = int64(binary.BigEndian.Uint64(b))
	t.hash, _ = hashchain.HashOf(b[8:40])
	t.txTime = int64(binary.BigEndian.Uint64(b[40:]))
	t.bytes = int64(binary.BigEndian.Uint64(b[48:]))
	t.lastID = hashchain.ID(b[56:72])
	t.nextIx = binary.BigEndian.Uint32(b[72:])
	return t, nil
}

// readTip reads the tip record.
func readTip(snap store.Snapshot) (tip, error) {
	b, err := get(snap, store.Meta, keyTip)
	if err != nil {
		return tip{}, err
	}
	return decodeTip(b)
}

// readTipSeq reads the sequence number of the tip.
func readTipSeq(snap store.Snapshot) (int64, error) {
	b, err := get(snap, store.Meta, keyTip)
	if err == nil && len(b) != tipLen {
		err = damaged("the record of the tip has %d bytes instead of %d", len(b), tipLen)
	}
	if err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func (l *Ledger) encodeTip(c *committed) []byte {
	t := tip{seq: c.seq, hash: c.hash, txTime: c.txTime, bytes: c.bytes, lastID: l.ids.Next(), nextIx: c.cat.nextIx}
	return t.encode()
}

// msTime is a time of the journal: whole milliseconds, UTC.
func msTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// identity is what a ledger is, written once when it is created.
type identity struct {
	name    string
	strand  string
	created time.Time
	first   int64 // sequence number of the first block that is stored
}

func (id *identity) encode() ([]byte, error) {
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("name").String(id.name)
	w.Field("strandId").String(id.strand)
	w.Field("created").Timestamp(ion.NewTimestamp(id.created))
	w.Field("firstSequenceNo").Int(id.first)
	w.End()
	return w.Bytes()
}

func decodeIdentity(b []byte) (id identity, err error) {
	v, err := ion.Parse(b)
	if err != nil {
		return id, damaged("the record of the ledger: %v", err)
	}
	name, _ := v.Field("name")
	strand, _ := v.Field("strandId")
	created, _ := v.Field("created")
	first, _ := v.Field("firstSequenceNo")
	var ok [4]bool
	var at ion.Timestamp
	id.name, ok[0] = name.Text()
	id.strand, ok[1] = strand.Text()
	at, ok[2] = created.Timestamp()
	id.first, ok[3] = first.Int64()
	if ok != [4]bool{true, true, true, true} {
		return id, damaged("the record of the ledger lacks a field")
	}
	id.created = at.Time()
	return id, nil
}
