package main

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// receiptResult says what came of one receipt or answer.
func receiptResult(file string, it hashchain.Item, r *hashchain.ReceiptResult) *result {
	rec := it.Receipt
	res := &result{Files: []string{file}, What: it.Name + receiptSubject(rec)}
	res.fail(r.Failures, int64(len(r.Failures)))
	broken := map[hashchain.Rule]bool{}
	for _, f := range r.Failures {
		broken[f.Rule] = true
	}
	checkedSelf(res, rec, r, broken)
	if r.Digest != nil {
		tip := r.Digest.Tip.SequenceNo
		res.Strand, res.Digest, res.DigestTip = r.Digest.Tip.StrandID, r.Digest.Hash.Base64(), &tip
	}
	if r.Digest != nil && rec.HasProof && !broken[hashchain.RuleProof] && !broken[hashchain.RuleProofShape] && !r.Leaf.IsEmpty() {
		whose := "the digest in the receipt"
		if r.Trusted {
			whose = "the trusted digest"
		}
		res.check("the proof: %s from the stated hash to %s, tip %d", plural(int64(len(rec.Proof)), "hash leads", "hashes lead"), whose, r.Digest.Tip.SequenceNo)
	}
	if r.Missing != "" {
		res.undecide("%s", r.Missing)
	}
	unprovenOfReceipt(res, rec, r)
	return res
}

func receiptSubject(rec *hashchain.Receipt) string {
	at := ""
	if rec.HasAddress {
		at = fmt.Sprintf(" in block %d", rec.Address.SequenceNo)
	}
	switch {
	case !rec.Revision.IsZero():
		r, err := hashchain.RevisionOf(rec.Revision)
		if err != nil || r.DocumentID() == "" {
			return ": a revision" + at
		}
		return fmt.Sprintf(": version %d of document %s%s%s", r.Version(), clipText(r.DocumentID()), at, atTime(r.Metadata, "txTime"))
	case !rec.Block.IsZero():
		return fmt.Sprintf(": block %d%s", rec.Address.SequenceNo, atTime(rec.Block, "blockTimestamp"))
	}
	return at
}

// atTime spells the time in a field, if there is one.
func atTime(v ion.Value, name string) string {
	f, _ := v.Field(name)
	if t, ok := f.Timestamp(); ok {
		return ", written " + t.String()
	}
	return ""
}

// checkedSelf says what was recomputed of the revision or block itself.
func checkedSelf(res *result, rec *hashchain.Receipt, r *hashchain.ReceiptResult, broken map[hashchain.Rule]bool) {
	if broken[hashchain.RuleShape] || broken[hashchain.RuleForm] {
		return
	}
	switch {
	case !rec.Block.IsZero():
		if !broken[hashchain.RuleBlockHash] && !broken[hashchain.RuleEntriesHash] {
			res.check("the block: entriesHash and blockHash, %s", count(r.Counts.Revisions, "revision"))
		}
	case rec.Revision.IsZero() || broken[hashchain.RuleRevisionHash]:
	case r.Kind == hashchain.WithData && r.Missing == "" || r.Kind == hashchain.WithData && rec.Digest == nil:
		res.check("the revision: its hash is that of its data and metadata")
	case r.Kind == hashchain.Deleted:
		res.check("the revision: its hash is that of its metadata; it is shown as deleted")
	case r.Kind == hashchain.Redacted:
		res.check("the revision: its hash is that of dataHash and metadata; it is shown as redacted")
	}
}

func unprovenOfReceipt(res *result, rec *hashchain.Receipt, r *hashchain.ReceiptResult) {
	if r.Digest != nil && !r.Trusted {
		res.notProven("that the digest is the ledger's: compare %s with one that you kept, or give that with --digest", r.Digest.Hash.Base64())
	}
	if r.Counts.BlocksUntold > 0 {
		res.notProven("that this is a block and no part of one: the proof leads so deep into the tree that parts of other blocks are there too, in which a document that somebody stored can stand for what is shown here. A proof for the digest with tip %d tells, or all blocks up to tip %d",
			rec.Address.SequenceNo, r.Digest.Tip.SequenceNo)
	}
	switch {
	case !rec.Block.IsZero() && r.Counts.AddressBound == 0:
		res.notProven("the block's address, transaction id and time: no hash covers them")
	case rec.Block.IsZero():
		res.notProven("the block address: no hash covers it")
	}
	if rec.Revision.IsZero() && rec.Block.IsZero() {
		res.notProven("what the revision says: only its hash is here")
	}
	if r.Kind == hashchain.HashOnly && !rec.Revision.IsZero() {
		res.notProven("what the revision says: only the hash is shown, as of the ledger's own, and so can be any other, several together, or another part of the block")
	}
	if r.Counts.HashOnly > 0 && !rec.Block.IsZero() {
		res.notProven(hashOnlyUnproven, plural(r.Counts.HashOnly, "revision says", "revisions say"))
	}
	unprovenOfBlocks(res, &r.Counts, true)
}
