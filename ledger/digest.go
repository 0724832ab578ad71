package ledger

import (
	"context"
	"fmt"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// BlockAddress is the place of a block: a strand and a sequence number.
type BlockAddress = hashchain.BlockAddress

// Digest is the root hash of a journal and the address of the last block that
// it covers. Keep it somewhere the ledger's owner cannot change it.
type Digest = hashchain.Digest

// Block is a block of the journal as an Ion struct in QLDB's form.
type Block struct {
	Value ion.Value
	// Proof leads from the block's hash to the digest at the tip that was asked
	// for; nil where none was.
	Proof hashchain.Proof
}

// Revision is one version of a document as an Ion struct in QLDB's form.
type Revision struct {
	Value ion.Value
	// Proof leads from the revision's hash to the digest at the tip that was
	// asked for; nil where none was.
	Proof hashchain.Proof
}

// Verify recomputes the revision's hash from its content and follows the proof
// to the digest. It returns an ErrNotVerified that says what does not fit. Hashes
// do not tell a deletion from a revision whose data is not shown; the package
// hashchain says what else they leave open.
func (r Revision) Verify(d Digest) error {
	return verify(hashchain.Receipt{Revision: r.Value, Proof: r.Proof, HasProof: r.Proof != nil}, r.Value, d)
}

// Verify recomputes the block's hashes from its content and follows the proof
// to the digest. It returns an ErrNotVerified that says what does not fit. A
// digest whose tip is this block proves it; one with a later tip may leave open
// whether it is a block or a part of one, in which somebody's document stands for
// statements or a deletion: hashchain.Receipt.Check counts it.
func (b Block) Verify(d Digest) error {
	return verify(hashchain.Receipt{Block: b.Value, Proof: b.Proof, HasProof: b.Proof != nil}, b.Value, d)
}

// verify makes all the checks of a receipt, so that nothing passes here that is
// refused there.
func verify(rec hashchain.Receipt, v ion.Value, d Digest) error {
	if address, ok := v.Field("blockAddress"); ok {
		a, err := hashchain.BlockAddressOf(address)
		if err != nil {
			return notVerified(err)
		}
		rec.Address, rec.HasAddress = a, true
	}
	if v.IsZero() {
		return fmt.Errorf("%w: there is no value", ErrNotVerified)
	}
	res := rec.Check(&d)
	switch {
	case len(res.Failures) > 0:
		return notVerified(res.Failures[0])
	case !rec.HasProof:
		return fmt.Errorf("%w: there is no proof; ask for it with a digest tip address", ErrNotVerified)
	case res.Verdict != hashchain.Verified:
		return fmt.Errorf("%w: %s", ErrNotVerified, res.Missing)
	}
	return nil
}

// FetchRevision reads a revision with its proof and verifies it against a
// digest that the caller has kept, in one call. It is an ErrNotVerified too when
// the revision is a genuine one of another document, or says that it stands in
// another block; the latter the revision's hash does not cover.
func FetchRevision(ctx context.Context, l Ledger, at BlockAddress, documentID string, d Digest) (Revision, error) {
	r, err := l.Revision(ctx, at, documentID, &d.Tip)
	if err != nil {
		return Revision{}, err
	}
	if err := r.Verify(d); err != nil {
		return r, err
	}
	rev, err := hashchain.RevisionOf(r.Value)
	if err != nil {
		return r, notVerified(err)
	}
	meta, _ := rev.Metadata.Field("id")
	id, _ := meta.Text()
	stands, err := hashchain.BlockAddressOf(rev.Address)
	if err == nil && (id != documentID || stands != at) {
		err = fmt.Errorf("asked for document %s in block %s, got document %s in block %s", documentID, at, id, stands)
	}
	return r, notVerified(err)
}

// FetchBlock reads a block with its proof and verifies it against a digest that
// the caller has kept, in one call. It is an ErrNotVerified too when the block is
// a genuine one from another address. What may be left open is said at
// [Block.Verify].
func FetchBlock(ctx context.Context, l Ledger, at BlockAddress, d Digest) (Block, error) {
	b, err := l.Block(ctx, at, &d.Tip)
	if err != nil {
		return Block{}, err
	}
	if err := b.Verify(d); err != nil {
		return b, err
	}
	blk, err := hashchain.BlockOf(b.Value)
	if err == nil && blk.Address != at {
		err = fmt.Errorf("asked for block %s, got block %s", at, blk.Address)
	}
	return b, notVerified(err)
}

func notVerified(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNotVerified, err)
}
