package emulator

import (
	"context"
	"fmt"
	"iter"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Texts of the service for addresses that do not fit, in the order in which
// they are checked. The first two belong to whoever parses the text of an
// address: see [InvalidIon] and [InvalidAddress].
const (
	InvalidIon     = "The provided Ion value is not valid and cannot be parsed."
	InvalidAddress = "The provided block address is not valid."

	textTipBeyond    = "The sequence number of the provided digest tip address is beyond the strand's latest committed record."
	textStrand       = "The Strand ID of the provided block address is not valid."
	textBeyond       = "The sequence number of the provided block address is beyond the strand's latest committed record."
	textStrandsMatch = "The Strand ID of the provided block address must match the Strand ID of the provided digest tip address."
	textBehindTip    = "The sequence number of the provided block address must not be greater than the sequence number of the provided digest tip address."
	textNoDocument   = "The provided Document ID was not found in the block at the specified block address."
)

// Digest is the root of the block tree up to the last block.
func (l *Ledger) Digest(ctx context.Context) (ledger.Digest, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Digest{}, err
	}
	if l.isClosed() {
		return ledger.Digest{}, ledger.ErrClosed
	}
	st := l.state.Load()
	return ledger.Digest{Hash: st.digest(), Tip: l.address(st.seq)}, nil
}

func (l *Ledger) address(seq int64) hashchain.BlockAddress {
	return hashchain.BlockAddress{StrandID: l.strand, SequenceNo: uint64(seq)}
}

// checkAddresses is the service's validation of a block address and a digest
// tip address, in its order.
func (l *Ledger) checkAddresses(at hashchain.BlockAddress, tip *hashchain.BlockAddress, latest int64) error {
	last := uint64(latest)
	switch {
	case tip != nil && tip.SequenceNo > last:
		return errParameter("DigestTipAddress", textTipBeyond)
	case at.StrandID != l.strand:
		return errParameter("BlockAddress", textStrand)
	case at.SequenceNo > last:
		return errParameter("BlockAddress", textBeyond)
	case tip != nil && tip.StrandID != at.StrandID:
		return errParameter("DigestTipAddress", textStrandsMatch)
	case tip != nil && at.SequenceNo > tip.SequenceNo:
		return errParameter("BlockAddress", textBehindTip)
	}
	return nil
}

// blockFor opens a view, checks the addresses and reads the block. The caller
// closes the reader.
func (l *Ledger) blockFor(ctx context.Context, at hashchain.BlockAddress, tip *hashchain.BlockAddress) (view, ion.Value, error) {
	if err := ctx.Err(); err != nil {
		return view{}, ion.Value{}, err
	}
	v, err := l.openReader()
	if err != nil {
		return v, ion.Value{}, err
	}
	if err := l.checkAddresses(at, tip, v.seq); err != nil {
		l.closeReader(v)
		return v, ion.Value{}, err
	}
	// A copy outlives the snapshot, and the answer is a view on it.
	raw, err := copyBlock(v.snap, int64(at.SequenceNo))
	if err != nil {
		l.closeReader(v)
		return v, raw, l.readFailure(err)
	}
	return v, raw, nil
}

// Block is the block at an address, with its proof for the digest at tip if
// that is given.
func (l *Ledger) Block(ctx context.Context, at hashchain.BlockAddress, tip *hashchain.BlockAddress) (ledger.Block, error) {
	v, raw, err := l.blockFor(ctx, at, tip)
	if err != nil {
		return ledger.Block{}, err
	}
	defer l.closeReader(v)
	out := ledger.Block{Value: raw}
	if tip == nil {
		return out, nil
	}
	nodes, err := l.nodes(v, tip.SequenceNo)
	if err == nil {
		out.Proof, err = hashchain.ProveBlock(nodes, at.SequenceNo, tip.SequenceNo)
	}
	return out, l.proofFailure(err)
}

// Revision is the revision of a document in the block at an address, with its
// proof for the digest at tip if that is given.
func (l *Ledger) Revision(ctx context.Context, at hashchain.BlockAddress, documentID string, tip *hashchain.BlockAddress) (ledger.Revision, error) {
	v, raw, err := l.blockFor(ctx, at, tip)
	if err != nil {
		return ledger.Revision{}, err
	}
	defer l.closeReader(v)
	b, err := hashchain.BlockOf(raw)
	if err != nil {
		return ledger.Revision{}, l.readFailure(damaged("block %d: %v", at.SequenceNo, err))
	}
	_, i, ok := b.FindRevision(documentID)
	if !ok {
		return ledger.Revision{}, errParameter("DocumentId", textNoDocument)
	}
	rev, _ := revisionAt(raw, i)
	out := ledger.Revision{Value: rev}
	if tip == nil {
		return out, nil
	}
	nodes, err := l.nodes(v, tip.SequenceNo)
	if err == nil {
		out.Proof, err = hashchain.ProveRevision(nodes, b, i, tip.SequenceNo)
	}
	return out, l.proofFailure(err)
}

func (l *Ledger) proofFailure(err error) error {
	if err == nil {
		return nil
	}
	return l.readFailure(fmt.Errorf("%w: the proof cannot be made: %w", ledger.ErrDamaged, err))
}

// Journal yields the blocks from a sequence number to the tip at the time of
// the call. It reads in short pieces, so that it holds up nobody.
func (l *Ledger) Journal(ctx context.Context, from int64) iter.Seq2[ion.Value, error] {
	last := l.state.Load().seq
	return func(yield func(ion.Value, error) bool) {
		if l.isClosed() {
			yield(ion.Value{}, ledger.ErrClosed)
			return
		}
		for from := max(from, 0); from <= last; {
			blocks, err := l.someBlocks(ctx, from, last)
			for _, b := range blocks {
				if !yield(b, nil) {
					return
				}
				from++
			}
			if err != nil {
				yield(ion.Value{}, err)
				return
			}
		}
	}
}

// someBlocks copies out a piece of the journal: a snapshot is never held while
// a caller works on what it got. With an error come the blocks before it.
func (l *Ledger) someBlocks(ctx context.Context, from, last int64) ([]ion.Value, error) {
	const pieceBlocks, pieceBytes = 256, 4 << 20
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := l.readers.enter(); err != nil {
		return nil, err
	}
	defer l.readers.leave()
	snap, err := l.store.View()
	if err != nil {
		return nil, l.readFailure(err)
	}
	defer snap.Close()
	var out []ion.Value
	size := 0
	for seq := from; seq <= last && len(out) < pieceBlocks && size < pieceBytes; seq++ {
		b, err := copyBlock(snap, seq)
		if err != nil {
			return out, l.readFailure(err)
		}
		out = append(out, b)
		size += len(b.Raw())
	}
	return out, nil
}
