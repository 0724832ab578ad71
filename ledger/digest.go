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
// to the digest. It returns an ErrNotVerified that says what does not fit.
func (r Revision) Verify(d Digest) error {
	rev, err := hashchain.RevisionOf(r.Value)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotVerified, err)
	}
	if err := rev.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotVerified, err)
	}
	return follow(rev.Hash, r.Proof, d)
}

// Verify recomputes the block's hashes from its content and follows the proof
// to the digest. It returns an ErrNotVerified that says what does not fit.
func (b Block) Verify(d Digest) error {
	blk, err := hashchain.BlockOf(b.Value)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotVerified, err)
	}
	if _, failures := hashchain.CheckBlock(b.Value); len(failures) > 0 {
		return fmt.Errorf("%w: %w", ErrNotVerified, failures[0])
	}
	return follow(blk.Hash, b.Proof, d)
}

func follow(leaf hashchain.Hash, p hashchain.Proof, d Digest) error {
	if p == nil {
		return fmt.Errorf("%w: there is no proof; ask for it with a digest tip address", ErrNotVerified)
	}
	if err := p.Check(leaf, d.Hash); err != nil {
		return fmt.Errorf("%w: %w", ErrNotVerified, err)
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
// a genuine one from another address.
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
