package hashchain

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Answers of GetRevision, GetBlock and GetDigest come in as many spellings as there
// are SDKs: most print the names that the service's API has, Java's beans begin them
// with a small letter, as QLDB's console does in the digests that it saves, and Ruby
// puts _ between words. A member that is absent is null where the SDK prints all.

// answerMember is a member of an answer, however its name is spelt.
type answerMember uint8

const (
	notInAnswers answerMember = iota // a name, say, that a program added: covered by nothing
	answerRevision
	answerBlock
	answerLeaf
	answerProof
	answerAddress
	answerDigest
	answerTip
	answerLedgerDigest
	besideAnswers // what SDKs tell of the request and the connection

	answerMembers = int(besideAnswers)
)

func answerMemberOf(name string) answerMember {
	switch name {
	case "Revision", "revision":
		return answerRevision
	case "Block", "block":
		return answerBlock
	case "RevisionHash", "revisionHash":
		return answerLeaf
	case "Proof", "proof":
		return answerProof
	case "BlockAddress", "blockAddress":
		return answerAddress
	case "Digest", "digest":
		return answerDigest
	case "DigestTipAddress", "digestTipAddress", "digest_tip_address":
		return answerTip
	case "LedgerDigest", "ledgerDigest":
		return answerLedgerDigest
	case "ResponseMetadata", "responseMetadata", // Python, .NET, Java
		"ResultMetadata",                                                                   // Go
		"$metadata",                                                                        // JavaScript
		"@metadata",                                                                        // PHP
		"sdkResponseMetadata", "SdkResponseMetadata", "sdkHttpMetadata", "SdkHttpMetadata", // Java
		"HttpStatusCode", "httpStatusCode", "ContentLength", "contentLength": // .NET
		return besideAnswers
	}
	return notInAnswers
}

// answer is the members of an answer.
type answer struct {
	is    [answerMembers]ion.Value // zero where one is absent or null
	extra int                      // members that neither the service nor its SDKs write
}

// answerOf reads the members of a struct. It fails where one is there twice, also in
// two spellings, and for annotations.
func answerOf(what string, v ion.Value) (a answer, err error) {
	if err := once(what, v); err != nil {
		return a, err
	}
	if annotatedMember(v) {
		return a, annotatedAnswer(what)
	}
	var spelt [answerMembers]string
	for it := v.Iter(); it.Next(); {
		m := answerMemberOf(it.Name())
		switch m {
		case notInAnswers:
			a.extra++
			continue
		case besideAnswers:
			continue
		}
		if spelt[m] != "" {
			return a, shape("%s has the member %q twice, the other time as %q: one reader would take the first and another the second", what, spelt[m], it.Name())
		}
		spelt[m] = it.Name()
		if !absent(it.Value()) {
			a.is[m] = it.Value()
		}
	}
	return a, nil
}

func (a *answer) has(m answerMember) bool { return !a.is[m].IsZero() }

// absent reports whether v is the null that SDKs print for what is not there.
func absent(v ion.Value) bool { return v.Type() == ion.NullType && !v.HasAnnotations() }

// DecodeAnswer reads an answer of GetRevision or GetBlock as the AWS CLI and the
// SDKs print it, JSON with the texts of Ion in fields IonText:
//
//	{"Revision": {"IonText": "…"}, "Proof": {"IonText": "…"}}
//
// A digest that stands beside them (Digest, DigestTipAddress) is taken too.
// So is a revision's hash alone (RevisionHash), which some programs kept. Names may
// begin with a small letter, and a null is as nothing. The error wraps
// [ErrNoReceipt] if v is nothing of the kind.
func DecodeAnswer(v ion.Value) (*Receipt, error) {
	if v.Type() != ion.StructType {
		return nil, ErrNoReceipt
	}
	a, err := answerOf("the answer", v)
	r := &Receipt{ExtraFields: a.extra}
	revision, block, leaf := a.has(answerRevision), a.has(answerBlock), a.has(answerLeaf)
	switch {
	case err != nil:
	case revision && block, revision && leaf, block && leaf:
		err = shape("an answer must have one of Revision, Block and RevisionHash: keep each with its own Proof")
	case revision:
		r.Revision, err = ionText("Revision", a.is[answerRevision])
	case block:
		r.Block, err = ionText("Block", a.is[answerBlock])
	case leaf:
		r.Leaf, err = printedHash("RevisionHash", a.is[answerLeaf])
	default:
		return nil, ErrNoReceipt
	}
	if err != nil {
		return nil, err
	}
	r.findAddress()
	if a.has(answerAddress) {
		address, err := printedAddress("BlockAddress", a.is[answerAddress])
		if err != nil {
			return nil, err
		}
		if r.HasAddress && r.Address != address {
			return nil, shape("the answer's BlockAddress is %s, but its revision or block says %s", address, r.Address)
		}
		r.Address, r.HasAddress = address, true
	}
	if a.has(answerProof) {
		text, err := ionText("Proof", a.is[answerProof])
		if err != nil {
			return nil, err
		}
		if r.Proof, err = DecodeProof(text); err != nil {
			return nil, err
		}
		r.HasProof = true
	}
	return r, r.findDigest(&a)
}

// findDigest takes the digest beside an answer, or in its LedgerDigest. One half of
// it says nothing without the other, and is compared with nothing.
func (r *Receipt) findDigest(a *answer) (err error) {
	if inner := a.is[answerLedgerDigest]; !inner.IsZero() {
		if a.has(answerDigest) || a.has(answerTip) {
			return shape("an answer must have one digest, not both Digest and LedgerDigest")
		}
		if inner.Type() != ion.StructType {
			return shape("LedgerDigest must be an object with Digest and DigestTipAddress, not %s", inner.Type())
		}
		in, err := answerOf("LedgerDigest", inner)
		if err != nil {
			return err
		}
		r.ExtraFields += in.extra
		for m := range in.is {
			other := answerMember(m) != answerDigest && answerMember(m) != answerTip
			r.ExtraFields += int(b2i(other && in.has(answerMember(m))))
		}
		a = &in
	}
	if a.has(answerDigest) != a.has(answerTip) {
		r.ExtraFields++
	} else if a.has(answerDigest) {
		r.Digest, err = a.digest()
	}
	return err
}

func (a *answer) digest() (*Digest, error) {
	var d Digest
	var err error
	if d.Hash, err = printedHash("Digest", a.is[answerDigest]); err != nil {
		return nil, err
	}
	if d.Tip, err = printedAddress("DigestTipAddress", a.is[answerTip]); err != nil {
		return nil, err
	}
	return &d, nil
}

// DecodeDigest reads GetDigest's answer as the AWS CLI and the SDKs print it,
//
//	{"Digest": "base64", "DigestTipAddress": {"IonText": "{strandId:\"…\",sequenceNo:9}"}}
//
// the file that QLDB's console saved,
//
//	{digest: {{…}}, digestTipAddress: {strandId: "…", sequenceNo: 9}, ledger: "…", date: …}
//
// or the digest and digestTipAddress of a receipt. The error wraps
// [ErrNoReceipt] if v is none of them.
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
	if !membersOf(v).digest() {
		return nil, fmt.Errorf("%w or an answer of GetDigest: Digest or DigestTipAddress is missing", ErrNoReceipt)
	}
	a, err := answerOf("the digest", v)
	if err != nil {
		return nil, err
	}
	return a.digest()
}

// ionText reads the value in {"IonText": "…"}, or in the string itself.
func ionText(name string, v ion.Value) (ion.Value, error) {
	if inner, ok := ionTextField(v); ok {
		if v.Len() > 1 {
			return v, shape("%s must have IonText once and nothing else: one reader would take the first member and another the second", name)
		}
		if inner.HasAnnotations() {
			return v, annotatedAnswer("the IonText of " + name)
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

func ionTextField(v ion.Value) (ion.Value, bool) {
	for _, name := range []string{"IonText", "ionText", "ion_text"} {
		if f, ok := v.Field(name); ok {
			return f, true
		}
	}
	return ion.Value{}, false
}

func printedAddress(name string, v ion.Value) (BlockAddress, error) {
	text, err := ionText(name, v)
	if err != nil {
		return BlockAddress{}, err
	}
	return plainAddress(name, text)
}

func annotatedAnswer(what string) error {
	return shape("%s must have no annotations: JSON has none, so no answer does. Keep it as it was printed", what)
}

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
