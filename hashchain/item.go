package hashchain

import (
	"slices"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// ItemKind says what a value out of somebody's archive is.
type ItemKind uint8

// The kinds of items that [Recognize] tells apart.
const (
	UnknownItem  ItemKind = iota
	BlockItem             // a block of an export or of Tally's journal
	SummaryItem           // a block as a BLOCK_SUMMARY record carries it
	RevisionItem          // a revision alone, or in a REVISION_DETAILS record
	ReceiptItem           // a receipt of Tally, or an answer of GetRevision or GetBlock
	DigestItem            // an answer of GetDigest
	ControlItem           // a CONTROL record or a manifest: nothing to verify
)

// String names the kind.
func (k ItemKind) String() string {
	return [...]string{"unknown", "block", "block summary", "revision", "receipt", "digest", "control"}[k%7]
}

// Item is a value and what it is.
type Item struct {
	Kind   ItemKind
	Name   string    // in words, for people: "REVISION_DETAILS record", "GetBlock answer"…
	Value  ion.Value // the block or revision
	JSON   bool      // it is a block or revision with hashes as a JSON export has them, and has nothing that JSON cannot say
	Record bool      // it is out of a record of a journal stream

	// ExtraFields counts the members of a record, and of what is around the
	// revision in it, that QLDB does not write.
	ExtraFields int
	Receipt     *Receipt
	Digest      *Digest
}

// Recognize tells by its fields what a value is. The error is about an item
// whose kind is clear and whose form is not: its Kind is set all the same. It is
// a *[Failure] of [RuleShape], also where a value has the fields of two kinds, or
// a member of an answer or record twice: one program would read one of them, and
// another the other.
func Recognize(v ion.Value) (Item, error) {
	if v.Type() != ion.StructType || v.IsNull() {
		return Item{Value: v}, nil
	}
	if v.HasAnnotation(receiptAnnotation) {
		r, err := DecodeReceipt(v)
		return Item{Kind: ReceiptItem, Name: "Tally receipt", Value: v, Receipt: r}, err
	}
	f := membersOf(v)
	if err := f.mixed(); err != nil {
		return Item{Kind: f.kind(), Name: "value", Value: v}, err
	}
	switch f.kind() {
	case ReceiptItem:
		r, err := DecodeAnswer(v)
		return Item{Kind: ReceiptItem, Name: answerName(f), Value: v, Receipt: r}, err
	case DigestItem:
		d, err := DecodeDigest(v)
		return Item{Kind: DigestItem, Name: "GetDigest answer", Value: v, Digest: d}, err
	case BlockItem:
		return blockItem(v, "block"), nil
	case RevisionItem:
		return revisionItem(v, "revision"), nil
	case ControlItem:
		return recognizeControl(v, f)
	}
	return Item{Value: v}, nil
}

// members is which of the fields that tell the kinds apart a struct has.
type members uint32

const (
	mRevision members = 1 << iota
	mBlock
	mRevisionHash
	mDigest
	mDigestTipAddress
	mRecordType
	mPayload
	mBlockHash
	mEntriesHashList
	mHash
	mContent
	mExportID
	mLedgerName
	mKeys
)

func membersOf(v ion.Value) (m members) {
	var leaf, proof bool
	var bare members // named as in an answer, and without what an answer has there
	for it := v.Iter(); it.Next(); {
		switch it.Name() {
		case "Revision":
			m |= mRevision.unless(absent(it.Value()))
		case "revision":
			wrappedOr(it.Value(), mRevision, &m, &bare)
		case "Block":
			m |= mBlock.unless(absent(it.Value()))
		case "block":
			wrappedOr(it.Value(), mBlock, &m, &bare)
		case "RevisionHash":
			m |= mRevisionHash.unless(absent(it.Value()))
		case "revisionHash":
			leaf = leaf || !absent(it.Value())
		case "Proof", "proof":
			proof = true
		case "Digest", "digest":
			m |= mDigest.unless(absent(it.Value()))
		case "DigestTipAddress", "digestTipAddress", "digest_tip_address":
			m |= mDigestTipAddress.unless(absent(it.Value()))
		case "recordType":
			m |= mRecordType
		case "payload":
			m |= mPayload
		case "blockHash":
			m |= mBlockHash
		case "entriesHashList":
			m |= mEntriesHashList
		case "hash":
			m |= mHash
		case "metadata", "data", "dataHash":
			m |= mContent
		case "exportId":
			m |= mExportID
		case "ledgerName":
			m |= mLedgerName
		case "keys":
			m |= mKeys
		}
	}
	if m.digest() {
		m |= bare
	}
	if leaf && (proof || m.digest()) { // many values may have one, but not beside these
		m |= mRevisionHash
	}
	return m
}

func (m members) unless(not bool) members {
	if not {
		return 0
	}
	return m
}

// wrappedOr notes a member revision or block. Many values may have one: in an
// answer of an SDK it is a struct with Ion text.
func wrappedOr(v ion.Value, is members, m, bare *members) {
	if _, ok := ionTextField(v); ok {
		*m |= is
	} else if !absent(v) {
		*bare |= is
	}
}

func (m members) all(of members) bool { return m&of == of }

func (m members) answer() bool   { return m&(mRevision|mBlock|mRevisionHash) != 0 }
func (m members) digest() bool   { return m.all(mDigest | mDigestTipAddress) }
func (m members) record() bool   { return m.all(mRecordType | mPayload) }
func (m members) block() bool    { return m.all(mBlockHash | mEntriesHashList) }
func (m members) revision() bool { return m.all(mHash) && m&mContent != 0 }
func (m members) started() bool  { return m.all(mExportID | mLedgerName) }

// kind is the first kind that the members tell; records of streams and manifests
// are told apart later, and are control items here.
func (m members) kind() ItemKind {
	switch {
	case m.answer():
		return ReceiptItem
	case m.digest():
		return DigestItem
	case m.record():
		return ControlItem
	case m.block():
		return BlockItem
	case m.revision():
		return RevisionItem
	case m.started(), m.all(mKeys):
		return ControlItem
	}
	return UnknownItem
}

// mixed says so where a value has the members of two kinds. A digest may stand
// beside the answer whose proof leads to it.
func (m members) mixed() error {
	var kinds []string
	for _, k := range []struct {
		is   bool
		name string
	}{
		{m.answer(), "an answer of GetRevision or GetBlock"}, {m.digest() && !m.answer(), "an answer of GetDigest"},
		{m.record(), "a stream record"}, {m.block(), "a block"}, {m.revision(), "a revision"}, {m.started(), "a manifest"},
	} {
		if k.is {
			kinds = append(kinds, k.name)
		}
	}
	if len(kinds) < 2 {
		return nil
	}
	return shape("the value has the fields of %s: keep one thing in one value", strings.Join(kinds, " and of "))
}

// maxMembers is far more than any answer, record or manifest has members.
const maxMembers = 1000

// once fails if a struct has two members of one name, or too many to tell.
func once(what string, v ion.Value) error {
	if v.Type() != ion.StructType {
		return nil
	}
	seen := make(map[string]struct{}, min(v.Len(), 16))
	for it := v.Iter(); it.Next(); {
		if _, ok := seen[it.Name()]; ok {
			return shape("%s has the member %q twice: one reader would take the first and another the second", what, clip(it.Name()))
		}
		if len(seen) == maxMembers {
			return shape("%s has more than %d members: no such value has as many. Take out what does not belong to it", what, maxMembers)
		}
		seen[it.Name()] = struct{}{}
	}
	return nil
}

// only reports whether a struct has no other members than these.
func only(v ion.Value, names ...string) bool {
	for it := v.Iter(); it.Next(); {
		if !slices.Contains(names, it.Name()) {
			return false
		}
	}
	return true
}

func answerName(m members) string {
	switch {
	case m.all(mRevision):
		return "GetRevision answer"
	case m.all(mBlock):
		return "GetBlock answer"
	}
	return "revision hash with its proof"
}

// blockItem makes an item of a block or block summary.
func blockItem(v ion.Value, name string) Item {
	it := Item{Kind: BlockItem, Name: name, Value: v}
	if _, ok := v.Field("revisionSummaries"); ok {
		it.Kind, it.Name = SummaryItem, "BLOCK_SUMMARY record"
	}
	it.JSON = isJSONBlock(v)
	return it
}

func revisionItem(v ion.Value, name string) Item {
	return Item{Kind: RevisionItem, Name: name, Value: v, JSON: isJSONRevision(v)}
}

// recognizeControl tells the records of a journal stream and the manifests of
// exports. What there is nothing to verify in must have the members of its kind
// and no others: else something would be passed over.
func recognizeControl(v ion.Value, m members) (Item, error) {
	if m.record() {
		return recognizeRecord(v)
	}
	it := Item{Kind: ControlItem, Name: "manifest of an export that was completed", Value: v}
	known := only(v, "keys")
	if m.started() {
		it.Name = "manifest of an export that was started"
		known = only(v, "ledgerName", "exportId", "inclusiveStartTime", "exclusiveEndTime", "bucket", "prefix", "objectEncryptionType", "kmsKeyArn", "outputFormat")
	}
	if !known {
		return Item{Value: v}, nil
	}
	return it, once(it.Name, v)
}

// extraOf is how many members a struct has beside these.
func extraOf(v ion.Value, names ...string) (n int) {
	if v.Type() != ion.StructType {
		return 0
	}
	for it := v.Iter(); it.Next(); {
		n += int(b2i(!slices.Contains(names, it.Name())))
	}
	return n
}

// CheckRevision checks a single revision by itself, as [CheckBlock] does a
// block: its form and its hash. One out of a JSON export is recognised by its
// hash being a string, and by having nothing that JSON cannot say.
func CheckRevision(v ion.Value) (Counts, []*Failure) {
	json := isJSONRevision(v)
	if json {
		v = revisionFromJSON(v)
	}
	rec := Receipt{Revision: v}
	r := &ReceiptResult{}
	rec.findAddress()
	rec.checkRevision(r, json)
	return r.Counts, r.Failures
}
