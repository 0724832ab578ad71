package hashchain

import "fmt"

// Verdict is what came of checking a receipt.
type Verdict uint8

// The verdicts.
const (
	Verified  Verdict = iota // every check was made and passed
	Refused                  // at least one check failed
	Undecided                // nothing failed, but something needed is missing
)

// String names the verdict.
func (v Verdict) String() string {
	return [...]string{"verified", "refused", "undecided"}[v%3]
}

// ReceiptResult is what [Receipt.Check] found.
type ReceiptResult struct {
	Verdict  Verdict
	Failures []*Failure
	Missing  string // why the verdict is Undecided
	Kind     RevisionKind
	Counts   Counts  // of the block or revision
	Leaf     Hash    // of the revision or block
	Digest   *Digest // that was used
	Trusted  bool    // Digest came from outside the receipt
}

func (r *ReceiptResult) fail(rec *Receipt, err error) {
	f, ok := err.(*Failure)
	if !ok {
		f = shape("%v", err)
	}
	if !f.HasAddress {
		f.Address, f.HasAddress = rec.Address, rec.HasAddress
	}
	r.Failures = append(r.Failures, f)
}

// Check checks the revision or block, which is Ion and not out of JSON, by itself, and that the proof leads from it
// to the digest. trusted, if not nil, is a digest that was kept apart from the
// receipt; without it the one in the receipt is used, and what is proven is that
// the receipt is consistent with that digest.
//
// The proof of a block by itself may leave open whether it is a whole block
// ([Counts].BlocksUntold): a digest whose tip is that block, or all blocks up to the
// tip, do not.
func (rec *Receipt) Check(trusted *Digest) *ReceiptResult {
	r := &ReceiptResult{}
	rec.chooseDigest(r, trusted)
	aboutDigest := r.Failures // is said after what the receipt says itself
	r.Failures = nil
	switch {
	case !rec.Revision.IsZero():
		rec.checkRevision(r, false)
	case !rec.Block.IsZero():
		rec.checkBlock(r)
	default:
		r.Leaf = rec.Leaf
	}
	r.Counts.ExtraFields += int64(rec.ExtraFields)
	r.Failures = append(r.Failures, aboutDigest...)
	if r.Digest != nil && rec.HasProof && !r.Leaf.IsEmpty() {
		rec.checkProof(r)
	}
	switch {
	case len(r.Failures) > 0:
		r.Verdict = Refused
	case r.Missing != "":
		r.Verdict = Undecided
	}
	return r
}

// checkRevision checks the revision, whose types were put back if json is set.
func (rec *Receipt) checkRevision(r *ReceiptResult, json bool) {
	r.Counts.Revisions = 1
	rev, err := RevisionOf(rec.Revision)
	if err != nil {
		r.fail(rec, err)
		return
	}
	r.Leaf, r.Kind = rev.Hash, rev.Kind()
	m := metadataOf(rev.Metadata, false)
	if err := r.Counts.checkRevision(&rev, &m, json, nil); err != nil {
		r.fail(rec, err)
	} else if rev.doubtful() {
		r.Counts.countDoubt(&rev)
	}
}

func (rec *Receipt) checkBlock(r *ReceiptResult) {
	var c blockChecker
	if r.Digest != nil && rec.HasProof && rec.HasAddress {
		c.place = placeOf(rec.Address.SequenceNo, r.Digest.Tip.SequenceNo)
	}
	c.check(rec.Block, false)
	r.Counts = c.counts
	r.Failures = append(r.Failures, c.failures...)
	if c.decoded {
		r.Leaf = c.b.Hash
		if !c.b.RevisionSummaries.IsZero() {
			r.fail(rec, shape("a block of GetBlock has revisions, not revisionSummaries: no hash covers what summaries say"))
		}
	}
}

// chooseDigest finds the digest to check against, or says what is missing.
func (rec *Receipt) chooseDigest(r *ReceiptResult, trusted *Digest) {
	own := rec.Digest
	switch {
	case trusted != nil && own != nil && trusted.Tip == own.Tip && trusted.Hash != own.Hash:
		r.fail(rec, mismatch(RuleDigest, trusted.Hash, own.Hash, fmt.Sprintf("the receipt has another digest for tip %d than the trusted one", own.Tip.SequenceNo)))
	case trusted != nil && own != nil && trusted.Tip != own.Tip:
		r.Missing = fmt.Sprintf("the proof is for the digest with tip %d of strand %s; the trusted digest has tip %d of strand %s. Get the proof for that tip, or the digest for this one",
			own.Tip.SequenceNo, own.Tip.StrandID, trusted.Tip.SequenceNo, trusted.Tip.StrandID)
		r.Digest = own
		return
	}
	if !rec.HasProof {
		r.Missing = "there is no proof: ask for the revision or block again, with DigestTipAddress"
	}
	r.Digest, r.Trusted = own, false
	if trusted != nil {
		r.Digest, r.Trusted = trusted, true
	}
	if r.Digest == nil && r.Missing == "" {
		r.Missing = "there is no digest to compare with: give the answer of GetDigest"
	}
}

func (rec *Receipt) checkProof(r *ReceiptResult) {
	if len(rec.Proof) == 0 && rec.Block.IsZero() {
		r.fail(rec, &Failure{Rule: RuleProofShape, Expected: "at least 1 node", Found: "0 nodes", Detail: "a revision is not a digest: a proof leads through its block's entries"})
	}
	if rec.HasAddress {
		if rec.Address.StrandID != r.Digest.Tip.StrandID {
			r.fail(rec, &Failure{Rule: RuleStrand, Expected: r.Digest.Tip.StrandID, Found: rec.Address.StrandID, Detail: "the block is of another strand than the digest"})
		}
		if err := rec.Proof.checkShape(rec.Address.SequenceNo, r.Digest.Tip.SequenceNo, !rec.Block.IsZero()); err != nil {
			r.fail(rec, err)
		}
	}
	if err := rec.Proof.Check(r.Leaf, r.Digest.Hash); err != nil {
		r.fail(rec, err)
	}
}
