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
	if !l.enter() {
		return ledger.Digest{}, ledger.ErrClosed
	}
	defer l.active.Done()
	out, err := l.control.GetDigest(ctx, &awsqldb.GetDigestInput{Name: &l.name})
	if err != nil {
		return ledger.Digest{}, mapError(err)
	}
	hash, err := hashchain.HashOf(out.Digest)
	if err != nil {
		return ledger.Digest{}, fmt.Errorf("qldb: the digest that the service sent: %w", err)
	}
	tip, err := hashchain.ParseBlockAddress(holder(out.DigestTipAddress))
	if err != nil {
		return ledger.Digest{}, fmt.Errorf("qldb: the digest tip address that the service sent: %w", err)
	}
	return ledger.Digest{Hash: hash, Tip: tip}, nil
}

// Block asks for a block, and for its proof where tip is given.
func (l *Ledger) Block(ctx context.Context, at ledger.BlockAddress, tip *ledger.BlockAddress) (ledger.Block, error) {
	if !l.enter() {
		return ledger.Block{}, ledger.ErrClosed
	}
	defer l.active.Done()
	out, err := l.control.GetBlock(ctx, &awsqldb.GetBlockInput{
		Name: &l.name, BlockAddress: address(&at), DigestTipAddress: address(tip),
	})
	if err != nil {
		return ledger.Block{}, mapError(err)
	}
	v, err := ion.ParseText(holder(out.Block))
	if err != nil {
		return ledger.Block{}, fmt.Errorf("qldb: the block that the service sent: %w", err)
	}
	proof, err := proofOf(out.Proof, tip)
	return ledger.Block{Value: v, Proof: proof}, err
}

// Revision asks for a revision, and for its proof where tip is given.
func (l *Ledger) Revision(ctx context.Context, at ledger.BlockAddress, documentID string, tip *ledger.BlockAddress) (ledger.Revision, error) {
	if !l.enter() {
		return ledger.Revision{}, ledger.ErrClosed
	}
	defer l.active.Done()
	out, err := l.control.GetRevision(ctx, &awsqldb.GetRevisionInput{
		Name: &l.name, BlockAddress: address(&at), DocumentId: &documentID, DigestTipAddress: address(tip),
	})
	if err != nil {
		return ledger.Revision{}, mapError(err)
	}
	v, err := ion.ParseText(holder(out.Revision))
	if err != nil {
		return ledger.Revision{}, fmt.Errorf("qldb: the revision that the service sent: %w", err)
	}
	proof, err := proofOf(out.Proof, tip)
	return ledger.Revision{Value: v, Proof: proof}, err
}

// Journal asks for the digest tip address and then for block after block: one
// request each.
func (l *Ledger) Journal(ctx context.Context, from int64) iter.Seq2[ion.Value, error] {
	return func(yield func(ion.Value, error) bool) {
		d, err := l.Digest(ctx)
		if err != nil {
			yield(ion.Value{}, err)
			return
		}
		for seq := uint64(max(from, 0)); seq <= d.Tip.SequenceNo; seq++ {
			b, err := l.Block(ctx, ledger.BlockAddress{StrandID: d.Tip.StrandID, SequenceNo: seq}, nil)
			if !yield(b.Value, err) || err != nil {
				return
			}
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
