package emulator

import (
	"slices"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// redaction is a revision whose data the transaction removes.
type redaction struct {
	seq     int64
	key     docKey
	version int64
	block   []byte // the block without the data
	delta   int64  // what it is longer by, which is mostly below 0
	hist    histRecord
}

// Redact prepares EXEC REDACT_REVISION: the block that holds the revision is
// rewritten with the hash of the data in the place of the data. QLDB removes
// the data some time after the commit; here it happens with the commit.
func (s *statement) Redact(r partiql.Redaction) (ion.Value, error) {
	t := s.t
	if over(len(t.redactions)+1, t.l.limits.RedactionsPerTx) {
		return ion.Value{}, errState("Exceeded redactions limit: Transaction has %d redactions, the limit is %d", len(t.redactions)+1, t.l.limits.RedactionsPerTx)
	}
	red, err := s.prepareRedaction(r)
	if err != nil {
		return ion.Value{}, err
	}
	row := hashchain.Redaction{Address: hashchain.BlockAddress{StrandID: t.l.strand, SequenceNo: uint64(r.SequenceNo)},
		TableID: r.TableID, DocumentID: r.DocID, Version: red.version}
	t.redactions = append(t.redactions, row)
	t.redacted = append(t.redacted, red)
	w := ion.NewWriter()
	row.WriteIon(w)
	return w.Build()
}

func (s *statement) prepareRedaction(r partiql.Redaction) (redaction, error) {
	var red redaction
	if r.StrandID != s.t.l.strand {
		return red, errBad("The Strand ID of the provided block address is not valid: %s is not a strand of this ledger", r.StrandID)
	}
	tbl, ok := s.catalog().byID[r.TableID]
	if !ok {
		return red, s.noTable(errState("Table with id: %s does not exist", r.TableID))
	}
	if r.SequenceNo < 0 || r.SequenceNo > s.v.seq {
		return red, errBad("The sequence number of the provided block address is beyond the strand's latest committed record: %d, the latest is %d", r.SequenceNo, s.v.seq)
	}
	id, err := hashchain.ParseID(r.DocID)
	if err != nil {
		return red, errState("The provided Document ID was not found in the block at the specified block address: %s", r.DocID)
	}
	red.seq, red.key = r.SequenceNo, makeDocKey(tbl.no, id)
	s.t.reads.add(redactionItem(red.seq), s.v.seq)
	s.t.reads.add(docItem(red.key), s.v.seq)
	return red, s.findRedacted(&red, r.DocID)
}

// redactedAlready reports whether an earlier statement of the transaction
// redacted the same revision.
func (t *Transaction) redactedAlready(red *redaction) bool {
	return slices.ContainsFunc(t.redacted, func(r redaction) bool { return r.key == red.key && r.version == red.version })
}

// findRedacted looks for the revision among the document's history and rewrites
// its block.
func (s *statement) findRedacted(red *redaction, docID string) error {
	found, active := false, true
	for k, v := range store.Scan(s.v.snap, store.History, red.key[:]) {
		rec, err := readHist(k, v)
		if err != nil {
			return err
		}
		if found {
			active = false // a later revision follows
			break
		}
		if rec.seq == red.seq {
			found, red.hist, red.version = true, rec, versionOf(k)
		}
	}
	switch {
	case s.v.snap.Err() != nil:
		return s.v.snap.Err()
	case !found:
		return errState("The provided Document ID was not found in the block at the specified block address: %s", docID)
	case active:
		return errState("Revision %d of document %s is the active revision, which cannot be redacted; delete the document or write a new revision first", red.version, docID)
	case red.hist.kind == histDeleted:
		return errState("Revision %d of document %s is a deletion, which has no data to redact", red.version, docID)
	case red.hist.kind == histRedacted, s.t.redactedAlready(red):
		return errState("Revision %d of document %s has been redacted already", red.version, docID)
	}
	old, err := s.blockToRedact(red.seq)
	if err != nil {
		return err
	}
	block, err := ion.Open(old)
	if err == nil {
		red.block, err = hashchain.RedactRevision(block, docID, red.version)
	}
	if err != nil {
		return damaged("block %d: %v", red.seq, err)
	}
	red.delta = int64(len(red.block) - len(old))
	red.hist.kind = histRedacted
	return nil
}

// blockToRedact is a block as the transaction sees it.
func (s *statement) blockToRedact(seq int64) ([]byte, error) {
	for _, r := range slices.Backward(s.t.redacted) {
		if r.seq == seq {
			return r.block, nil // the last redaction has all that was taken out
		}
	}
	b, err := get(s.v.snap, store.Journal, seqKey(seq))
	if err == nil && b == nil {
		err = damaged("block %d is not there", seq)
	}
	return b, err
}
