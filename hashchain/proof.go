package hashchain

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Proof leads from a leaf to a digest: each of its hashes is combined by [Dot]
// with what was reached before. In Ion it is a list of blobs of 32 bytes.
type Proof []Hash

// Root is where the proof leads from the leaf.
func (p Proof) Root(leaf Hash) Hash {
	for _, h := range p {
		leaf = Dot(leaf, h)
	}
	return leaf
}

// Check reports whether the proof leads from the leaf to the digest. The error
// is a *[Failure]. Neither may be empty.
func (p Proof) Check(leaf, digest Hash) error {
	if leaf.IsEmpty() || digest.IsEmpty() {
		return &Failure{Rule: RuleProof, Detail: "a proof needs a leaf and a digest of 32 bytes"}
	}
	if got := p.Root(leaf); got != digest {
		return mismatch(RuleProof, digest, got, "the proof does not lead to the digest: hash, proof or digest was changed, or they do not belong together")
	}
	return nil
}

// maxProofLen is beyond any honest proof: 63 nodes of the block tree, the block
// before, the tree over the entries and the tree over the revisions.
const maxProofLen = 256

// DecodeProof reads a proof from an Ion list of blobs. It fails unless each has
// 32 bytes (empty ones, which change nothing, are left out), and for more than
// 256 nodes.
func DecodeProof(v ion.Value) (Proof, error) {
	if v.Type() != ion.ListType || v.IsNull() {
		return nil, shape("a proof must be a list of blobs, not %s", v.Type())
	}
	if v.HasAnnotations() {
		return nil, shape("a proof must have no annotations")
	}
	p := make(Proof, 0, 16)
	for it := v.Iter(); it.Next(); {
		h, err := hashField("a node of a proof", it.Value())
		if err != nil {
			return nil, err
		}
		if len(p) == maxProofLen {
			return nil, shape("a proof has more than %d nodes", maxProofLen)
		}
		p = appendNode(p, h)
	}
	return p, nil
}

// ParseProof reads a proof from Ion text, as in [{{…}},{{…}}].
func ParseProof(text string) (Proof, error) {
	v, err := ion.ParseText(text)
	if err != nil {
		return nil, fmt.Errorf("hashchain: proof: %w", err)
	}
	return DecodeProof(v)
}

// WriteIon writes the proof as an Ion list of blobs.
func (p Proof) WriteIon(w *ion.Writer) { writeHashes(w, p) }

func writeHashes(w *ion.Writer, list []Hash) {
	w.BeginList()
	for i := range list {
		w.Blob(list[i].view())
	}
	w.End()
}

// Value is the proof as an Ion list of blobs.
func (p Proof) Value() ion.Value {
	var w ion.Writer
	p.WriteIon(&w)
	v, _ := w.Build()
	return v
}

// String is the proof in QLDB's compact Ion text.
func (p Proof) String() string { return p.Value().String() }

// ProveBlock makes the proof of a block for the digest with the given tip: the
// path of its block hash in the tree of blocks 0 to tip.
func ProveBlock(r NodeReader, seqNo, tip uint64) (Proof, error) {
	return Path(r, seqNo, tip+1)
}

// ProveRevision makes the proof of revision number i of the block for the
// digest with the given tip: from the revision's hash through the tree over the
// block's revisions, the tree over its entriesHashList, the hash of the block
// before, and the tree of blocks.
func ProveRevision(r NodeReader, b *Block, i int, tip uint64) (Proof, error) {
	p, err := b.revisionPath(i)
	if err != nil {
		return nil, err
	}
	path, err := Path(r, b.Address.SequenceNo, tip+1)
	return append(p, path...), err
}

// revisionPath leads from revision number i to the block's own hash.
func (b *Block) revisionPath(i int) (Proof, error) {
	hashes, err := b.RevisionHashes()
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= len(hashes) {
		return nil, fmt.Errorf("hashchain: block %d has no revision number %d", b.Address.SequenceNo, i)
	}
	at := b.entryAt(Root(hashes), entryRevisions)
	if at < 0 {
		return nil, fmt.Errorf("hashchain: block %d does not have the root of its revisions in entriesHashList", b.Address.SequenceNo)
	}
	p := listPath(make(Proof, 0, 48), hashes, i)
	p = listPath(p, b.EntriesHashList, at)
	return appendNode(p, b.PreviousBlockHash), nil
}

// maxInBlock is a generous bound on the nodes of a proof from a revision to the
// entriesHash of its block: the path over 5 entries and over 65,536 revisions.
// QLDB writes 40 at the most.
const maxInBlock = 3 + 16

// checkShape compares the form of a proof with what the sequence number of the
// leaf's block and of the tip ask for. Dot does not tell left from right, so
// this is the only hold that a proof has on the block's address: its length,
// and, where the sequence number is odd, that the block before, which the proof
// of a revision passes, is the next one's neighbour in the tree too.
func (p Proof) checkShape(leaf, tip uint64, isBlock bool) error {
	if leaf > tip {
		return &Failure{Rule: RuleProofShape, Expected: fmt.Sprintf("at most %d", tip), Found: fmt.Sprint(leaf),
			Detail: "the block stands behind the tip of the digest"}
	}
	want := PathLen(leaf, tip+1)
	least := want + int(min(leaf, 1))
	switch {
	case isBlock && len(p) != want:
		return &Failure{Rule: RuleProofShape, Expected: fmt.Sprintf("%d nodes", want), Found: fmt.Sprintf("%d nodes", len(p)),
			Detail: fmt.Sprintf("the proof has the wrong length for block %d under tip %d", leaf, tip)}
	case !isBlock && len(p) < least:
		return &Failure{Rule: RuleProofShape, Expected: fmt.Sprintf("at least %d nodes", least), Found: fmt.Sprintf("%d nodes", len(p)),
			Detail: fmt.Sprintf("the proof is too short for a revision in block %d under tip %d", leaf, tip)}
	case !isBlock && len(p) > least+maxInBlock:
		return &Failure{Rule: RuleProofShape, Expected: fmt.Sprintf("at most %d nodes", least+maxInBlock), Found: fmt.Sprintf("%d nodes", len(p)),
			Detail: fmt.Sprintf("the proof is too long for a revision in block %d under tip %d", leaf, tip)}
	case !isBlock && leaf%2 == 1 && p[len(p)-least] != p[len(p)-want]:
		return mismatch(RuleProofShape, p[len(p)-want], p[len(p)-least], fmt.Sprintf("the proof is not one of a revision in block %d, which is odd: the block before must be two of its nodes, one after the other", leaf))
	}
	return nil
}
