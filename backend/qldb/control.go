//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsqldb "github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Digest asks for the digest of the journal up to its last block.
func (l *Ledger) Digest(ctx context.Context) (ledger.Digest, error) {
	if !l.gate.enter() {
		return ledger.Digest{}, ledger.ErrClosed
	}
	defer l.gate.leave()
	out, err := l.control.GetDigest(ctx, &awsqldb.GetDigestInput{Name: &l.name})
	if err != nil {
		return ledger.Digest{}, mapError(err)
	}
	hash, err := hashchain.HashOf(out.Digest)
	if err != nil {
		return ledger.Digest{}, unverified("the digest that the service sent: %w", err)
	}
	tip, err := hashchain.ParseBlockAddress(holder(out.DigestTipAddress))
	if err != nil {
		return ledger.Digest{}, unverified("the digest tip address that the service sent: %w", err)
	}
	d := ledger.Digest{Hash: hash, Tip: tip}
	if err := checkDigest(d); err != nil {
		return ledger.Digest{}, err
	}
	l.last.Store(&d)
	return d, nil
}

// known is the digest of a tip if it is the last that was asked for, else nil.
func (l *Ledger) known(tip *ledger.BlockAddress) *ledger.Digest {
	if d := l.last.Load(); d != nil && tip != nil && d.Tip == *tip {
		return d
	}
	return nil
}

// Block asks for a block, and for its proof where tip is given. The block's
// hashes and address are checked, and that the proof leads to the digest of the
// tip, where that is the last that Digest has returned.
func (l *Ledger) Block(ctx context.Context, at ledger.BlockAddress, tip *ledger.BlockAddress) (ledger.Block, error) {
	b, _, err := l.block(ctx, at, tip, l.known(tip))
	return b, err
}

func (l *Ledger) block(ctx context.Context, at ledger.BlockAddress, tip *ledger.BlockAddress, digest *ledger.Digest) (ledger.Block, *hashchain.Block, error) {
	if !l.gate.enter() {
		return ledger.Block{}, nil, ledger.ErrClosed
	}
	defer l.gate.leave()
	out, err := l.control.GetBlock(ctx, &awsqldb.GetBlockInput{
		Name: &l.name, BlockAddress: address(&at), DigestTipAddress: address(tip),
	})
	if err != nil {
		return ledger.Block{}, nil, mapError(err)
	}
	var b ledger.Block
	if b.Value, err = sent("block", holder(out.Block)); err != nil {
		return ledger.Block{}, nil, err
	}
	if b.Proof, err = proofOf(out.Proof, tip); err != nil {
		return ledger.Block{}, nil, err
	}
	blk, err := checkBlock(b, at, tip, digest)
	if err != nil {
		return ledger.Block{}, nil, err
	}
	return b, blk, nil
}

// Revision asks for a revision, and for its proof where tip is given. It is
// checked as Block checks a block, and that it is one of the document.
func (l *Ledger) Revision(ctx context.Context, at ledger.BlockAddress, documentID string, tip *ledger.BlockAddress) (ledger.Revision, error) {
	if !l.gate.enter() {
		return ledger.Revision{}, ledger.ErrClosed
	}
	defer l.gate.leave()
	digest := l.known(tip)
	out, err := l.control.GetRevision(ctx, &awsqldb.GetRevisionInput{
		Name: &l.name, BlockAddress: address(&at), DocumentId: &documentID, DigestTipAddress: address(tip),
	})
	if err != nil {
		return ledger.Revision{}, mapError(err)
	}
	var r ledger.Revision
	if r.Value, err = sent("revision", holder(out.Revision)); err != nil {
		return ledger.Revision{}, err
	}
	if r.Proof, err = proofOf(out.Proof, tip); err != nil {
		return ledger.Revision{}, err
	}
	if err := checkRevision(r, at, documentID, tip, digest); err != nil {
		return ledger.Revision{}, err
	}
	return r, nil
}

// Journal asks for the digest at once, and then, while it is read, for block
// after block with its proof: one request each. A block is yielded when it is
// proven to stand in the journal of that digest and names the one before it. What
// a proof by itself leaves open (see [ledger.Block.Verify]) is certain when the last
// block was read: it is the tip, and each names the one before it.
func (l *Ledger) Journal(ctx context.Context, from int64) iter.Seq2[ion.Value, error] {
	d, err := l.Digest(ctx)
	if err != nil {
		return func(yield func(ion.Value, error) bool) { yield(ion.Value{}, err) }
	}
	return func(yield func(ion.Value, error) bool) {
		if !l.gate.enter() { // also where there is nothing to read
			yield(ion.Value{}, ledger.ErrClosed)
			return
		}
		l.gate.leave()
		var before *hashchain.Block
		for seq := uint64(max(from, 0)); seq <= d.Tip.SequenceNo; seq++ {
			b, blk, err := l.block(ctx, ledger.BlockAddress{StrandID: d.Tip.StrandID, SequenceNo: seq}, &d.Tip, &d)
			if err == nil && before != nil {
				err = checkLink(before, blk)
			}
			if err != nil {
				yield(ion.Value{}, err)
				return
			}
			if !yield(b.Value, nil) {
				return
			}
			before = blk
		}
	}
}

func address(a *ledger.BlockAddress) *types.ValueHolder {
	if a == nil {
		return nil
	}
	return &types.ValueHolder{IonText: aws.String(a.String())}
}

func holder(h *types.ValueHolder) string {
	if h == nil {
		return ""
	}
	return text(h.IonText)
}

// proofOf reads a proof. A service that was asked for one and sent none is at
// fault: an answer without it must not look like an answer that needs none.
func proofOf(h *types.ValueHolder, tip *ledger.BlockAddress) (hashchain.Proof, error) {
	if tip == nil {
		return nil, nil
	}
	if h == nil {
		return nil, fmt.Errorf("%w: the service sent no proof for the digest at block %d", ledger.ErrNotVerified, tip.SequenceNo)
	}
	p, err := hashchain.ParseProof(text(h.IonText))
	if err != nil {
		return nil, fmt.Errorf("%w: the proof that the service sent: %w", ledger.ErrNotVerified, err)
	}
	return p, nil
}
