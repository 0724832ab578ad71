package hashchain

import (
	"cmp"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Block is a view on one block as GetBlock answers it, an export holds it, or a
// BLOCK_SUMMARY record carries it (then with RevisionSummaries in place of
// Revisions). Sections that are absent or null are zero Values.
type Block struct {
	Address           BlockAddress
	TransactionID     string
	Timestamp         ion.Value
	Hash              Hash // blockHash
	EntriesHash       Hash
	PreviousBlockHash Hash
	EntriesHashList   []Hash
	TransactionInfo   ion.Value
	RedactionInfo     ion.Value
	Revisions         ion.Value
	RevisionSummaries ion.Value
	ExtraFields       int // fields that QLDB does not write: no hash covers them
	Annotations       int // annotated values that no hash covers: QLDB does not annotate any

	address       ion.Value
	addressFields addressFields
	numbered      bool   // Address has the sequence number, if not more
	strand        string // text of the strand of the block before, to be shared
	transactionID ion.Value
	json          bool // blockHash is a string: the block is out of a JSON export
}

// BlockOf reads the fields of a block and checks no hash. It fails with a
// *[Failure] of [RuleShape] if v is not a struct with blockAddress, blockHash,
// entriesHash, previousBlockHash and entriesHashList, has a field twice, or has
// an empty hash where only the first block's previousBlockHash may be one.
func BlockOf(v ion.Value) (*Block, error) {
	b := &Block{}
	return b, b.decode(v)
}

const (
	hasBlockAddress fieldSet = 1 << iota
	hasBlockHash
	hasEntriesHash
	hasPreviousBlockHash
	hasEntriesHashList
	hasTransactionID
	hasTimestamp
	hasTransactionInfo
	hasRedactionInfo
	hasRevisions
	hasRevisionSummaries

	needed = hasBlockAddress | hasBlockHash | hasEntriesHash | hasPreviousBlockHash | hasEntriesHashList
)

// fieldNames are the names of the fields in the order of their bits.
var fieldNames = [...]string{"blockAddress", "blockHash", "entriesHash", "previousBlockHash", "entriesHashList"}

// clear keeps memory for the next block, and the strand.
func (b *Block) clear() { *b = Block{EntriesHashList: b.EntriesHashList[:0], strand: b.strand} }

// decode makes b a view on v; it reuses the memory of the list and, where it
// is the same, the text of the strand.
func (b *Block) decode(v ion.Value) error {
	b.clear()
	if v.Type() != ion.StructType || v.IsNull() {
		return shape("a block must be a struct, not %s", v.Type())
	}
	b.Annotations = annotated(v)
	var seen fieldSet
	var first error
	for it := v.Iter(); it.Next(); {
		err := b.setField(it.Name(), it.Value(), &seen)
		if first == nil {
			first = err
		}
	}
	for i, name := range fieldNames {
		if first == nil && needed&^seen&(1<<i) != 0 {
			first = shape("a block must have the field %s", name)
		}
	}
	if first == nil {
		first = b.wantHashes()
	}
	return first
}

// wantHashes refuses blocks that hold nothing. Dot leaves a hash as it is
// beside an empty one, so that such a block could be put before any hash.
func (b *Block) wantHashes() error {
	switch n := b.Address.SequenceNo; {
	case b.Hash.IsEmpty():
		return shape("blockHash must have 32 bytes")
	case b.EntriesHash.IsEmpty():
		return shape("entriesHash must have 32 bytes: a block without entries holds nothing")
	case n == 0 && !b.PreviousBlockHash.IsEmpty():
		return shape("block 0 is the first one: its previousBlockHash must be empty, not %s", b.PreviousBlockHash.Base64())
	case n > 0 && b.PreviousBlockHash.IsEmpty():
		return shape("previousBlockHash must have 32 bytes: only that of block 0 is empty")
	}
	return nil
}

// annotated is 1 for a value with annotations.
func annotated(v ion.Value) int {
	if v.HasAnnotations() {
		return 1
	}
	return 0
}

func (b *Block) setField(name string, v ion.Value, seen *fieldSet) (err error) {
	var bit fieldSet
	switch name {
	case "blockAddress":
		bit, b.address = hasBlockAddress, v
		b.addressFields = addressFieldsOf(v)
		b.ExtraFields += b.addressFields.extra
		b.Annotations += b.addressFields.annotations
		b.numbered, err = b.Address.set(&b.addressFields, b.strand)
		b.strand = cmp.Or(b.Address.StrandID, b.strand)
	case "transactionId":
		bit, b.transactionID = hasTransactionID, v
		b.TransactionID, _ = v.Text()
		b.Annotations += annotated(v)
	case "blockTimestamp":
		bit, b.Timestamp = hasTimestamp, v
		b.Annotations += annotated(v)
	case "blockHash":
		bit, b.json = hasBlockHash, v.Type() == ion.StringType
		b.Hash, err = hashField(name, v)
	case "entriesHash":
		bit = hasEntriesHash
		b.EntriesHash, err = hashField(name, v)
	case "previousBlockHash":
		bit = hasPreviousBlockHash
		b.PreviousBlockHash, err = hashField(name, v)
	case "entriesHashList":
		bit = hasEntriesHashList
		b.Annotations += annotated(v)
		err = b.setEntries(v)
	case "transactionInfo":
		bit, b.TransactionInfo = hasTransactionInfo, b.section(v)
	case "redactionInfo":
		bit, b.RedactionInfo = hasRedactionInfo, b.section(v)
	case "revisions":
		bit, b.Revisions = hasRevisions, unlessNull(v)
		b.Annotations += annotated(v)
		err = wantList(name, v)
	case "revisionSummaries":
		bit, b.RevisionSummaries = hasRevisionSummaries, unlessNull(v)
		b.Annotations += annotated(v)
		err = wantList(name, v)
	default:
		b.ExtraFields++
		return nil
	}
	if !seen.add(bit) {
		return shape("a block has the field %s twice", name)
	}
	return err
}

// section is a section that its own hash covers, annotations too, unless it is
// null and so not there.
func (b *Block) section(v ion.Value) ion.Value {
	if v.IsNull() {
		b.Annotations += annotated(v)
	}
	return unlessNull(v)
}

func unlessNull(v ion.Value) ion.Value {
	if v.IsNull() {
		return ion.Value{}
	}
	return v
}

func wantList(name string, v ion.Value) error {
	if v.Type() != ion.ListType && !v.IsNull() {
		return shape("%s must be a list, not %s", name, v.Type())
	}
	return nil
}

// set makes a the address of a block. strand is used for the text of the strand
// where it is the same. With an error a has no strand; it has the sequence number
// if numbered is set.
func (a *BlockAddress) set(f *addressFields, strand string) (numbered bool, err error) {
	n, ok := f.sequenceNo.Int64()
	numbered = ok && n >= 0
	*a = BlockAddress{}
	if numbered {
		a.SequenceNo = uint64(n)
	}
	if f.strandID.Type() == ion.SymbolType {
		return numbered, shape("strandId must be a string, not a symbol")
	}
	if numbered && strand != "" && f.strandID.TextIs(strand) {
		a.StrandID = strand
		return true, nil
	}
	address, err := f.address()
	a.StrandID = address.StrandID
	return numbered, err
}

// maxEntries is the length of the longest entriesHashList: that of a block with
// redactionInfo.
const maxEntries = entryRedactionInfo + 1

func (b *Block) setEntries(v ion.Value) error {
	if v.Type() != ion.ListType || v.IsNull() {
		return shape("entriesHashList must be a list, not %s", v.Type())
	}
	n := 0
	var first error
	for it := v.Iter(); it.Next(); n++ {
		if n >= maxEntries || first != nil {
			continue // only counted
		}
		h, err := hashField("an entry of entriesHashList", it.Value())
		if err != nil {
			first = err
			continue
		}
		b.EntriesHashList = append(b.EntriesHashList, h)
	}
	if n == 0 || n > maxEntries {
		return shape("entriesHashList has %d entries: blocks have 4 of them, or 5 with redactionInfo", n)
	}
	return first
}

// RevisionHashes are the hashes that the block's revisions, or revision
// summaries, state, in their order.
func (b *Block) RevisionHashes() ([]Hash, error) {
	list := b.Revisions
	if list.IsZero() {
		list = b.RevisionSummaries
	}
	hashes := make([]Hash, 0, list.Len())
	for it := list.Iter(); it.Next(); {
		f, _ := it.Value().Field("hash")
		h, err := hashField("hash", f)
		if err != nil || h.IsEmpty() {
			return nil, shape("a revision has no hash of 32 bytes")
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// FindRevision returns the revision of a document in this block and its place
// in the list; ok is false if there is none.
func (b *Block) FindRevision(documentID string) (r Revision, i int, ok bool) {
	for it := b.Revisions.Iter(); it.Next(); i++ {
		if id, _ := it.Value().Path("metadata", "id"); id.TextIs(documentID) {
			r, err := RevisionOf(it.Value())
			return r, i, err == nil
		}
	}
	return Revision{}, 0, false
}

// Positions in entriesHashList. Only entryRevisions and entryTransactionInfo
// can be recomputed by everybody.
const (
	entryAddress         = 0
	entryRevisions       = 1
	entryInternal        = 2
	entryTransactionInfo = 3
	entryRedactionInfo   = 4
)

// entryAt is where h stands in entriesHashList, -1 if it is not there or empty.
// The usual place is looked at first.
func (b *Block) entryAt(h Hash, usual int) int {
	if h.IsEmpty() {
		return -1
	}
	if usual < len(b.EntriesHashList) && b.EntriesHashList[usual] == h {
		return usual
	}
	for i, e := range b.EntriesHashList {
		if e == h {
			return i
		}
	}
	return -1
}
