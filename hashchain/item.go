package hashchain

import "github.com/tallyledger/tally/hashchain/ion"

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
	Kind    ItemKind
	Name    string    // in words, for people: "REVISION_DETAILS record", "GetBlock answer"…
	Value   ion.Value // the block or revision; types put back if it was JSON
	JSON    bool      // it is out of a JSON export
	Record  bool      // it is out of a record of a journal stream
	Receipt *Receipt
	Digest  *Digest
}

// Recognize tells by its fields what a value is. The error is about an item
// whose kind is clear and whose form is not: its Kind is set all the same.
func Recognize(v ion.Value) (Item, error) {
	has := func(name string) bool { _, ok := v.Field(name); return ok }
	switch {
	case v.Type() != ion.StructType || v.IsNull():
		return Item{Value: v}, nil
	case v.HasAnnotation(receiptAnnotation):
		r, err := DecodeReceipt(v)
		return Item{Kind: ReceiptItem, Name: "Tally receipt", Value: v, Receipt: r}, err
	case has("Revision"), has("Block"), has("RevisionHash"):
		r, err := DecodeAnswer(v)
		return Item{Kind: ReceiptItem, Name: answerName(v), Value: v, Receipt: r}, err
	case has("Digest") && has("DigestTipAddress"):
		d, err := DecodeDigest(v)
		return Item{Kind: DigestItem, Name: "GetDigest answer", Value: v, Digest: d}, err
	case has("recordType") && has("payload"):
		return recognizeRecord(v), nil
	case has("blockHash") && has("entriesHashList"):
		return blockItem(v, "block"), nil
	case has("hash") && (has("metadata") || has("data") || has("dataHash")):
		return revisionItem(v, "revision"), nil
	case has("exportId") && has("ledgerName"):
		return Item{Kind: ControlItem, Name: "manifest of an export that was started", Value: v}, nil
	case has("keys") && v.Len() == 1:
		return Item{Kind: ControlItem, Name: "manifest of an export that was completed", Value: v}, nil
	}
	return Item{Value: v}, nil
}

func answerName(v ion.Value) string {
	if _, ok := v.Field("Revision"); ok {
		return "GetRevision answer"
	}
	if _, ok := v.Field("Block"); ok {
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
	if isJSONBlock(v) {
		it.JSON = true
	}
	return it
}

func revisionItem(v ion.Value, name string) Item {
	return Item{Kind: RevisionItem, Name: name, Value: v, JSON: isJSONRevision(v)}
}

// recognizeRecord looks into a record of a journal stream.
func recognizeRecord(v ion.Value) Item {
	kind, _ := v.Field("recordType")
	payload, _ := v.Field("payload")
	switch {
	case kind.TextIs("CONTROL"):
		return Item{Kind: ControlItem, Name: "CONTROL record", Value: payload, Record: true}
	case kind.TextIs("BLOCK_SUMMARY"):
		it := blockItem(payload, "BLOCK_SUMMARY record")
		it.Kind, it.Record = SummaryItem, true
		return it
	case kind.TextIs("REVISION_DETAILS"):
		r, _ := payload.Field("revision")
		it := revisionItem(r, "REVISION_DETAILS record")
		it.Record = true
		return it
	}
	return Item{Value: v}
}

// CheckRevision checks a single revision by itself, as [CheckBlock] does a
// block: its form and its hash. One out of a JSON export is recognised by its
// hash being a string.
func CheckRevision(v ion.Value) (Counts, []*Failure) {
	rec := Receipt{Revision: v}
	r := &ReceiptResult{}
	rec.findAddress()
	rec.checkRevision(r)
	return r.Counts, r.Failures
}
