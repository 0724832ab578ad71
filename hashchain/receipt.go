package hashchain

import (
	"errors"
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Receipt is what a person keeps to show later that a revision or a block stood
// in a journal: the thing itself, the proof, and the digest that the proof leads
// to. It is also the form into which saved answers of GetRevision and GetBlock
// are read. Fields that are absent are zero.
type Receipt struct {
	Revision ion.Value // one of Revision, Block and Leaf is there
	Block    ion.Value
	Leaf     Hash // of a revision that is not there itself

	// Address is the block's. It is taken from the revision or block; a
	// hash-only revision does not name it.
	Address    BlockAddress
	HasAddress bool

	Proof    Proof
	HasProof bool // a proof may be there and have no nodes

	Digest *Digest // nil if the receipt does not have one

	// ExtraFields is how many members an answer had that neither the service nor
	// its SDKs write.
	ExtraFields int
}

// receiptAnnotation marks a receipt of this project; receiptVersion is what
// this package writes and reads.
const (
	receiptAnnotation = "tally_receipt"
	receiptVersion    = 1
)

// ErrNoReceipt is wrapped by the errors of functions that read receipts for
// values that are none at all.
var ErrNoReceipt = errors.New("hashchain: this is not a receipt")

// Encode returns the receipt as an Ion struct:
//
//	tally_receipt::{version: 1, revision | block, proof, digest, digestTipAddress}
//
// It fails unless there is exactly one of revision and block, and a proof.
func (r *Receipt) Encode() (ion.Value, error) {
	if r.Revision.IsZero() == r.Block.IsZero() || !r.HasProof {
		return ion.Value{}, fmt.Errorf("hashchain: a receipt needs a proof and either a revision or a block")
	}
	w := ion.NewWriter()
	w.Annotate(receiptAnnotation)
	w.BeginStruct()
	w.Field("version").Int(receiptVersion)
	if r.Block.IsZero() {
		w.Field("revision").Value(r.Revision)
	} else {
		w.Field("block").Value(r.Block)
	}
	w.Field("proof")
	r.Proof.WriteIon(w)
	if r.Digest != nil {
		w.Field("digest").Blob(r.Digest.Hash.view())
		w.Field("digestTipAddress")
		r.Digest.Tip.WriteIon(w)
	}
	w.End()
	return w.Build()
}

// DecodeReceipt reads a receipt that [Receipt.Encode] made. It checks no hash.
// The error is a *[Failure] of [RuleShape], or wraps [ErrNoReceipt].
func DecodeReceipt(v ion.Value) (*Receipt, error) {
	if !v.HasAnnotation(receiptAnnotation) || v.Type() != ion.StructType {
		return nil, ErrNoReceipt
	}
	if len(v.Annotations()) > 1 {
		return nil, shape("a receipt must have no annotation beside %s", receiptAnnotation)
	}
	r := &Receipt{}
	version := int64(0)
	seen := map[string]bool{}
	for name, f := range v.Fields() {
		if seen[name] {
			return nil, shape("a receipt has the field %s twice", clip(name))
		}
		seen[name] = true
		if f.HasAnnotations() && name != "revision" && name != "block" { // those are looked at with what is in them
			return nil, shape("the field %s of a receipt must have no annotation", clip(name))
		}
		if name == "version" {
			version, _ = f.Int64()
		} else if err := r.setField(name, f); err != nil {
			return nil, err
		}
	}
	switch {
	case version != receiptVersion:
		return nil, shape("a receipt has version %d, and only version %d is known", version, receiptVersion)
	case seen["revision"] == seen["block"]:
		return nil, shape("a receipt must have either a revision or a block")
	case seen["digest"] != seen["digestTipAddress"]:
		return nil, shape("a receipt must have both digest and digestTipAddress, or neither")
	}
	r.findAddress()
	return r, nil
}

func (r *Receipt) setField(name string, v ion.Value) (err error) {
	if r.Digest == nil && (name == "digest" || name == "digestTipAddress") {
		r.Digest = &Digest{}
	}
	switch name {
	case "revision":
		r.Revision = v
	case "block":
		r.Block = v
	case "proof":
		r.HasProof = true
		r.Proof, err = DecodeProof(v)
	case "digest":
		r.Digest.Hash, err = hashField(name, v)
	case "digestTipAddress":
		r.Digest.Tip, err = plainAddress(name, v)
	default:
		err = shape("a receipt has an unknown field %q", clip(name))
	}
	return err
}

// findAddress takes the address from the revision or block.
func (r *Receipt) findAddress() {
	v := r.Revision
	if v.IsZero() {
		v = r.Block
	}
	if f, ok := v.Field("blockAddress"); ok {
		a, err := BlockAddressOf(f)
		r.Address, r.HasAddress = a, err == nil
	}
}

// plainAddress reads an address that stands for nothing else: with a second
// number in it, one reader would take the first and another the second.
func plainAddress(name string, v ion.Value) (BlockAddress, error) {
	f := addressFieldsOf(v)
	if f.extra > 0 || f.annotations > 0 || f.strandID.Type() == ion.SymbolType {
		return BlockAddress{}, shape("%s must have a strandId of type string and a sequenceNo, each once and without annotations, and nothing else", name)
	}
	return f.address()
}
