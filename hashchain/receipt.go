package hashchain

import (
	"encoding/base64"
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
			return nil, shape("a receipt has the field %s twice", name)
		}
		seen[name] = true
		if f.HasAnnotations() && name != "revision" && name != "block" { // those are looked at with what is in them
			return nil, shape("the field %s of a receipt must have no annotation", name)
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

// DecodeAnswer reads an answer of GetRevision or GetBlock as the AWS CLI and the
// SDKs print it, JSON with the texts of Ion in fields IonText:
//
//	{"Revision": {"IonText": "…"}, "Proof": {"IonText": "…"}}
//
// A digest that stands beside them (Digest, DigestTipAddress) is taken too.
// So is a revision's hash alone (RevisionHash), which some programs kept. The
// error wraps [ErrNoReceipt] if v is nothing of the kind.
func DecodeAnswer(v ion.Value) (*Receipt, error) {
	r := &Receipt{}
	revision, isRevision := v.Field("Revision")
	block, isBlock := v.Field("Block")
	leaf, isLeaf := v.Field("RevisionHash")
	err := once("the answer", v)
	switch {
	case err != nil:
	case annotatedMember(v):
		err = shape("an answer must have no annotations: JSON has none")
	case isRevision && isBlock, isRevision && isLeaf, isBlock && isLeaf:
		err = shape("an answer must have one of Revision, Block and RevisionHash: keep each with its own Proof")
	case isRevision:
		r.Revision, err = ionText("Revision", revision)
	case isBlock:
		r.Block, err = ionText("Block", block)
	case isLeaf:
		r.Leaf, err = looseHash("RevisionHash", leaf)
	default:
		return nil, ErrNoReceipt
	}
	if err != nil {
		return nil, err
	}
	r.findAddress()
	if a, ok := v.Field("BlockAddress"); ok && !a.IsNull() {
		address, err := answerAddress("BlockAddress", a)
		if err != nil {
			return nil, err
		}
		if r.HasAddress && r.Address != address {
			return nil, shape("the answer's BlockAddress is %s, but its revision or block says %s", address, r.Address)
		}
		r.Address, r.HasAddress = address, true
	}
	r.ExtraFields = extraOf(v, answerMembers...)
	if p, ok := v.Field("Proof"); ok && !p.IsNull() {
		text, err := ionText("Proof", p)
		if err != nil {
			return nil, err
		}
		if r.Proof, err = DecodeProof(text); err != nil {
			return nil, err
		}
		r.HasProof = true
	}
	return r, r.findDigest(v)
}

func (r *Receipt) findDigest(v ion.Value) error {
	if inner, ok := v.Field("LedgerDigest"); ok {
		if _, both := v.Field("Digest"); both {
			return shape("an answer must have one digest, not both Digest and LedgerDigest")
		}
		v = inner
	}
	d, err := DecodeDigest(v)
	if errors.Is(err, ErrNoReceipt) {
		for _, half := range []string{"Digest", "DigestTipAddress"} {
			if f, ok := v.Field(half); ok && !f.IsNull() {
				r.ExtraFields++ // says nothing without the other, and is compared with nothing
			}
		}
		return nil
	}
	r.Digest = d
	return err
}

// DecodeDigest reads GetDigest's answer as the AWS CLI and the SDKs print it,
//
//	{"Digest": "base64", "DigestTipAddress": {"IonText": "{strandId:\"…\",sequenceNo:9}"}}
//
// or the digest and digestTipAddress of a receipt. The error wraps
// [ErrNoReceipt] if v is neither.
func DecodeDigest(v ion.Value) (*Digest, error) {
	if v.HasAnnotation(receiptAnnotation) {
		r, err := DecodeReceipt(v)
		if err != nil {
			return nil, err
		}
		if r.Digest == nil {
			return nil, fmt.Errorf("%w with a digest", ErrNoReceipt)
		}
		return r.Digest, nil
	}
	h, ok := v.Field("Digest")
	tip, ok2 := v.Field("DigestTipAddress")
	if !ok || !ok2 {
		return nil, fmt.Errorf("%w or an answer of GetDigest: Digest or DigestTipAddress is missing", ErrNoReceipt)
	}
	var d Digest
	err := once("the digest", v)
	if err == nil && annotatedMember(v) {
		err = shape("the digest must have no annotations: JSON has none")
	}
	if err != nil {
		return nil, err
	}
	if d.Hash, err = looseHash("Digest", h); err != nil {
		return nil, err
	}
	if d.Hash.IsEmpty() {
		return nil, shape("Digest must have 32 bytes")
	}
	d.Tip, err = answerAddress("DigestTipAddress", tip)
	return &d, err
}

// ionText reads the value in {"IonText": "…"}, or in the string itself.
func ionText(name string, v ion.Value) (ion.Value, error) {
	if inner, ok := v.Field("IonText"); ok {
		if v.Len() > 1 {
			return v, shape("%s must have IonText once and nothing else: one reader would take the first member and another the second", name)
		}
		v = inner
	}
	if v.Type() != ion.StringType || v.IsNull() {
		if v.Type().IsContainer() && !v.IsNull() {
			return v, nil // the Ion value itself, without a wrapping
		}
		return v, shape("%s must be an object with IonText", name)
	}
	text, _ := v.Text()
	out, err := ion.ParseText(text)
	if err != nil {
		return out, shape("the IonText of %s cannot be read: %v", name, err)
	}
	return out, nil
}

func answerAddress(name string, v ion.Value) (BlockAddress, error) {
	text, err := ionText(name, v)
	if err != nil {
		return BlockAddress{}, err
	}
	return plainAddress(name, text)
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

// answerMembers are the members of answers of GetRevision and GetBlock, those that
// SDKs add among them, and a digest. Others that programs add, such as a name, are
// covered by nothing.
var answerMembers = []string{"Revision", "Block", "RevisionHash", "Proof", "BlockAddress", "Digest", "DigestTipAddress", "LedgerDigest",
	"ResponseMetadata", "ResultMetadata", "$metadata", "SdkHttpMetadata", "SdkResponseMetadata", "sdkHttpMetadata", "sdkResponseMetadata"}

// annotatedMember reports whether v or one of its members is annotated.
func annotatedMember(v ion.Value) bool {
	if v.HasAnnotations() {
		return true
	}
	for it := v.Iter(); it.Next(); {
		if it.Value().HasAnnotations() {
			return true
		}
	}
	return false
}

// looseHash reads a hash in the forms that printed answers have: a blob, base64,
// the list of its bytes, {"data": [bytes]} as JavaScript prints a Buffer, or
// {"0": byte, …} as it prints an array of bytes.
func looseHash(name string, v ion.Value) (Hash, error) {
	if data, ok := v.Field("data"); ok {
		if err := once(name, v); err != nil {
			return Hash{}, err
		}
		v = data
	}
	switch v.Type() {
	case ion.BlobType:
		return hashField(name, v)
	case ion.ListType, ion.StructType:
		return hashOfBytes(name, v)
	}
	text, ok := v.Text()
	b, err := base64.StdEncoding.DecodeString(text)
	if len(text) > 4 && text[:2] == "{{" {
		b, err = base64.StdEncoding.DecodeString(text[2 : len(text)-2])
	}
	h, err2 := HashOf(b)
	if !ok || err != nil || err2 != nil {
		return Hash{}, shape("%s must be base64 of 32 bytes", name)
	}
	return h, nil
}

func hashOfBytes(name string, v ion.Value) (Hash, error) {
	var b []byte
	for it := v.Iter(); it.Next() && len(b) <= HashSize; {
		n, ok := it.Value().Int64()
		if !ok || n < 0 || n > 255 || v.Type() == ion.StructType && it.Name() != fmt.Sprint(len(b)) {
			return Hash{}, shape("%s must be 32 bytes", name)
		}
		b = append(b, byte(n))
	}
	h, err := HashOf(b)
	if err != nil {
		return h, shape("%s must have 32 bytes, not %d", name, len(b))
	}
	return h, nil
}
