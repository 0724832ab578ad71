package qldb

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// What an endpoint says is checked as far as it can be: the hashes of a block or
// revision, that it is the one that was asked for, and its proof. Without a
// digest at hand only the proof's length can be checked; whoever keeps a digest
// calls ledger.FetchBlock or ledger.FetchRevision. What hashes leave open
// (hashchain.Counts) is no failure.

// checkDigest refuses a digest that stands for nothing.
func checkDigest(d ledger.Digest) error {
	switch {
	case d.Hash.IsEmpty():
		return unverified("the digest has no bytes where 32 are needed")
	case d.Tip.StrandID == "":
		return unverified("the digest tip address %s has no strand id", d.Tip)
	}
	return nil
}

// checkBlock checks what was sent for the block at an address. tip is what a
// proof was asked for, digest the one of that tip where it is known.
func checkBlock(b ledger.Block, at ledger.BlockAddress, tip *ledger.BlockAddress, digest *ledger.Digest) (*hashchain.Block, error) {
	blk, err := hashchain.BlockOf(b.Value)
	if err != nil {
		return nil, unverified("asked for block %s: %w", at, err)
	}
	if blk.Address != at {
		return nil, unverified("asked for block %s, got block %s", at, blk.Address)
	}
	if tip != nil {
		if want := hashchain.PathLen(at.SequenceNo, tip.SequenceNo+1); len(b.Proof) != want {
			return nil, unverified("the proof of block %s for the digest at block %d has %d nodes, it needs %d", at, tip.SequenceNo, len(b.Proof), want)
		}
	}
	rec := hashchain.Receipt{Block: b.Value, Address: at, HasAddress: true, Proof: b.Proof, HasProof: tip != nil, Digest: digest}
	return blk, checkReceipt(&rec)
}

// checkRevision checks what was sent for the revision of a document in the block
// at an address, like checkBlock.
func checkRevision(r ledger.Revision, at ledger.BlockAddress, id string, tip *ledger.BlockAddress, digest *ledger.Digest) error {
	rev, err := hashchain.RevisionOf(r.Value)
	if err != nil {
		return unverified("asked for document %s in block %s: %w", id, at, err)
	}
	stands, err := hashchain.BlockAddressOf(rev.Address)
	if err != nil {
		return unverified("asked for document %s in block %s: %w", id, at, err)
	}
	if got := rev.DocumentID(); got != id || stands != at {
		return unverified("asked for document %s in block %s, got document %.40s in block %s", id, at, got, stands)
	}
	if tip != nil && len(r.Proof) == 0 {
		return unverified("the proof of document %s in block %s has no nodes: a revision is not a digest", id, at)
	}
	rec := hashchain.Receipt{Revision: r.Value, Address: at, HasAddress: true, Proof: r.Proof, HasProof: tip != nil, Digest: digest}
	return checkReceipt(&rec)
}

// checkReceipt makes the checks that ledger.Block.Verify makes too. A digest
// that is not there is no failure.
func checkReceipt(rec *hashchain.Receipt) error {
	if f := rec.Check(nil).Failures; len(f) > 0 {
		return unverified("%w", f[0])
	}
	return nil
}

// checkLink checks that a block names the one before it.
func checkLink(before, b *hashchain.Block) error {
	if b.PreviousBlockHash == before.Hash {
		return nil
	}
	return unverified("%w", &hashchain.Failure{
		Rule: hashchain.RulePreviousBlockHash, Address: b.Address, HasAddress: true,
		Expected: before.Hash.Base64(), Found: b.PreviousBlockHash.Base64(),
		Detail: "previousBlockHash is not the blockHash of the block before",
	})
}

// sent is a part of an answer as Ion.
func sent(what, text string) (ion.Value, error) {
	v, err := ion.ParseText(text)
	if err != nil {
		return v, unverified("the %s that the service sent: %w", what, err)
	}
	return v, nil
}

func unverified(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ledger.ErrNotVerified}, args...)...)
}
