package emulator

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// blockCache keeps the block that was read last: revisions of one block are
// often read one after the other.
type blockCache struct {
	seq   int64
	value ion.Value
}

// block reads a block from a snapshot. Its bytes are the store's, valid until
// the snapshot ends.
func (c *blockCache) block(snap store.Snapshot, seq int64) (ion.Value, error) {
	if !c.value.IsZero() && c.seq == seq {
		return c.value, nil
	}
	v, err := readBlock(snap, seq)
	if err == nil {
		c.seq, c.value = seq, v
	}
	return v, err
}

// readBlock reads a block in the store's own bytes.
func readBlock(snap store.Snapshot, seq int64) (ion.Value, error) {
	key := seqKey(seq)
	return openBlock(snap, key, snap.Get(store.Journal, key))
}

// copyBlock reads a block in bytes that outlive the snapshot.
func copyBlock(snap store.Snapshot, seq int64) (ion.Value, error) {
	key := seqKey(seq)
	return openBlock(snap, key, bytes.Clone(snap.Get(store.Journal, key)))
}

// openBlock opens what was read at a block's key. Its checksum vouches for bytes
// that were checked when they were written, so they are not parsed as a whole.
func openBlock(snap store.Snapshot, key, sealed []byte) (ion.Value, error) {
	if sealed == nil {
		if err := snap.Err(); err != nil {
			return ion.Value{}, err
		}
		return ion.Value{}, damaged("%s is not there", describe(nil, store.Journal, key))
	}
	b, err := unseal(store.Journal, key, sealed)
	if err != nil {
		return ion.Value{}, err
	}
	v, err := ion.Open(b)
	if err != nil {
		return ion.Value{}, damaged("%s: %v", describe(nil, store.Journal, key), err)
	}
	return v, nil
}

// revisionAt is revision number i of a block.
func revisionAt(block ion.Value, i int) (ion.Value, bool) {
	list, _ := block.Field("revisions")
	return list.Index(i)
}

// History yields the revisions that were active at some time between start and
// end, by document and version. A scan reads the table, a lookup by document id
// that document.
func (s *statement) History(ctx context.Context, tableID string, start, end *ion.Timestamp, docID string, yield func(*partiql.Row) error) error {
	t, ok := s.catalog().byID[tableID]
	if !ok {
		return partiql.ErrUnknownTable
	}
	s.t.reads.add(nameItem(t.name), s.v.seq)
	prefix := tableKey(t.no)
	if docID != "" {
		id, err := hashchain.ParseID(docID)
		if err != nil {
			return nil
		}
		k := makeDocKey(t.no, id)
		s.t.reads.add(docItem(k), s.v.seq)
		prefix = k[:]
	} else {
		s.t.reads.add(tableItem(t.no), s.v.seq)
		s.t.reads.add(redactedItem(t.no), s.v.seq)
	}
	h := historyScan{s: s, cur: s.v.snap.Cursor(store.History), prefix: prefix, start: start, end: end}
	return h.run(ctx, yield)
}

// historyScan looks one record ahead: a revision is active until the next one
// of its document.
type historyScan struct {
	s          *statement
	cur        store.Cursor
	prefix     []byte
	start, end *ion.Timestamp
}

func (h *historyScan) run(ctx context.Context, yield func(*partiql.Row) error) error {
	k, v := h.cur.Seek(h.prefix)
	n := 0
	for k != nil && bytes.HasPrefix(k, h.prefix) {
		if n++; n&255 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := readHist(k, v)
		if err != nil {
			return err
		}
		key := k
		k, v = h.cur.Next()
		until := int64(-1)
		if k != nil && len(k) == len(key) && bytes.Equal(k[:docKeyLen], key[:docKeyLen]) {
			next, err := readHist(k, v)
			if err != nil {
				return err
			}
			until = next.txTime
		}
		if !h.overlaps(rec.txTime, until) {
			continue
		}
		if err := h.yield(key, rec, yield); err != nil {
			return err
		}
	}
	return h.s.v.snap.Err()
}

// overlaps reports whether a revision active from its time to the next one's,
// that one excluded, is active in the closed range that was asked for.
func (h *historyScan) overlaps(from, until int64) bool {
	if h.end != nil && h.end.Compare(ion.NewTimestamp(msTime(from))) < 0 {
		return false
	}
	return h.start == nil || until < 0 || ion.NewTimestamp(msTime(until)).Compare(*h.start) > 0
}

func (h *historyScan) yield(key []byte, rec histRecord, yield func(*partiql.Row) error) error {
	block, err := h.s.hist.block(h.s.v.snap, rec.seq)
	if err != nil {
		return err
	}
	rev, ok := revisionAt(block, rec.index)
	if !ok {
		return damaged("block %d has no revision number %d, which history names", rec.seq, rec.index)
	}
	var row partiql.Row
	copy(row.Key[:], key[4:])
	row.Value = rev
	return yield(&row)
}

// versionOf reads the version from the key of a history record.
func versionOf(key []byte) int64 { return int64(binary.BigEndian.Uint32(key[docKeyLen:])) }
