package hashchain

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// RevisionKind says what is left of a revision, and so how its hash is made.
type RevisionKind uint8

// The kinds of revisions.
const (
	WithData RevisionKind = iota + 1 // Dot(metadata, data)
	Deleted                          // metadata alone: what a DELETE writes
	Redacted                         // Dot(metadata, dataHash): the data was removed
	HashOnly                         // the ledger's own revisions; nothing to recompute
)

// String names the kind.
func (k RevisionKind) String() string {
	return [...]string{"unknown", "with data", "deleted", "redacted", "hash only"}[k&7%5]
}

// Revision is a view on one revision as it stands in a block, in a
// REVISION_DETAILS record or in GetRevision's answer. Fields that are absent
// are zero.
type Revision struct {
	Address  ion.Value // the struct blockAddress; no hash covers it
	Hash     Hash
	Data     ion.Value
	DataHash Hash
	Metadata ion.Value // the struct {id, version, txTime, txId}

	ExtraFields int // fields that QLDB does not write: no hash covers them
	Annotations int // annotated values that no hash covers: QLDB does not annotate any

	inBlock bool // Address is that of the block which decode was told of
}

// RevisionOf reads the fields of a revision. It fails with a *[Failure] of
// [RuleShape] if v is not a struct with a hash, has a field twice, or has both
// data and dataHash.
func RevisionOf(v ion.Value) (Revision, error) {
	var r Revision
	err := r.decode(v, nil)
	return r, err
}

// decode makes r, which must be zero, a view on v. b is the block that v stands
// in, if that is known.
func (r *Revision) decode(v ion.Value, b *Block) error {
	if v.Type() != ion.StructType || v.IsNull() {
		return shape("a revision must be a struct, not %s", v.Type())
	}
	r.Annotations = annotated(v)
	var seen fieldSet
	for it := v.Iter(); it.Next(); {
		if err := r.setField(it.Name(), it.Value(), b, &seen); err != nil {
			return err
		}
	}
	return r.checkFields(seen)
}

// fieldSet remembers which fields of a struct have been seen.
type fieldSet uint16

// add reports whether bit was new.
func (s *fieldSet) add(bit fieldSet) bool {
	old := *s
	*s |= bit
	return old&bit == 0
}

const (
	hasAddress fieldSet = 1 << iota
	hasHash
	hasData
	hasDataHash
	hasMetadata
)

func (r *Revision) setField(name string, v ion.Value, b *Block, seen *fieldSet) (err error) {
	var bit fieldSet
	switch name {
	case "blockAddress":
		bit = hasAddress
		r.setAddress(v, b)
	case "hash":
		bit = hasHash
		r.Hash, err = hashField(name, v)
	case "data":
		bit, r.Data = hasData, v
	case "dataHash":
		bit = hasDataHash
		r.DataHash, err = hashField(name, v)
	case "metadata":
		bit, r.Metadata = hasMetadata, v
	default:
		r.ExtraFields++
		return nil
	}
	if !seen.add(bit) {
		return shape("a revision has the field %s twice", name)
	}
	return err
}

// setAddress looks into the address only where it is not spelt as the block's.
func (r *Revision) setAddress(v ion.Value, b *Block) {
	r.Address = v
	if b != nil && ion.Identical(v, b.address) {
		r.inBlock = true
		r.ExtraFields += b.addressFields.extra
		r.Annotations += b.addressFields.annotations
		return
	}
	f := addressFieldsOf(v)
	r.inBlock = b != nil && f.is(b.Address)
	r.ExtraFields += f.extra
	r.Annotations += f.annotations
}

func (r *Revision) checkFields(seen fieldSet) error {
	switch {
	case r.Hash.IsEmpty():
		return shape("a revision has no hash")
	case seen&hasData != 0 && seen&hasDataHash != 0:
		return shape("a revision has both data and dataHash")
	case seen&hasDataHash != 0 && r.DataHash.IsEmpty():
		return shape("the dataHash of a revision must have 32 bytes")
	case seen&hasMetadata == 0 && seen&(hasData|hasDataHash) != 0:
		return shape("a revision has data but no metadata")
	case seen&hasMetadata != 0 && (r.Metadata.Type() != ion.StructType || r.Metadata.IsNull()):
		return shape("the metadata of a revision must be a struct, not %s", r.Metadata.Type())
	}
	return nil
}

// hashField reads a blob of 32 bytes or none. Null stands for the empty hash.
func hashField(name string, v ion.Value) (Hash, error) {
	if b, ok := v.Bytes(); ok && len(b) == HashSize && v.Type() == ion.BlobType && !v.HasAnnotations() {
		return NewHash([HashSize]byte(b)), nil
	}
	if v.HasAnnotations() {
		return Hash{}, shape("%s has annotations, which no hash has", name)
	}
	if v.IsNull() {
		return Hash{}, nil
	}
	b, ok := v.Bytes()
	if !ok || v.Type() != ion.BlobType {
		if v.Type() == ion.StringType {
			return Hash{}, shape("%s must be a blob, not a string: only in JSON, which has no blobs, is it one, in base64", name)
		}
		return Hash{}, shape("%s must be a blob, not %s", name, v.Type())
	}
	h, err := HashOf(b)
	if err != nil {
		return Hash{}, shape("%s must have 32 bytes or none, not %d", name, len(b))
	}
	return h, nil
}

// Kind is the kind of the revision.
func (r *Revision) Kind() RevisionKind {
	switch {
	case r.Metadata.IsZero():
		return HashOnly
	case !r.Data.IsZero():
		return WithData
	case !r.DataHash.IsEmpty():
		return Redacted
	}
	return Deleted
}

// DocumentID is metadata.id, "" if it is absent.
func (r *Revision) DocumentID() string { return r.text("id") }

// TransactionID is metadata.txId, "" if it is absent.
func (r *Revision) TransactionID() string { return r.text("txId") }

func (r *Revision) text(name string) string {
	v, _ := r.Metadata.Field(name)
	s, _ := v.Text()
	return s
}

// Version is metadata.version, -1 if it is absent.
func (r *Revision) Version() int64 {
	v, _ := r.Metadata.Field("version")
	if n, ok := v.Int64(); ok {
		return n
	}
	return -1
}

// Compute makes the revision's hash anew from what is there. For [HashOnly] it
// is the hash that the revision states.
func (r *Revision) Compute() (Hash, error) { return r.compute(nil) }

func (r *Revision) compute(hasher *ion.Hasher) (Hash, error) {
	if r.Kind() == HashOnly {
		return r.Hash, nil
	}
	data := r.DataHash
	if !r.Data.IsZero() {
		h, err := ionHash(hasher, r.Data)
		if err != nil {
			return Hash{}, err
		}
		data = h
	}
	meta, err := ionHash(hasher, r.Metadata)
	if err != nil {
		return Hash{}, err
	}
	return Dot(meta, data), nil
}

// Check compares the hash that the revision states with the one computed from
// its metadata and data, and the form of the metadata with that of all
// revisions. The error is a *[Failure]. It is nil for [HashOnly].
func (r *Revision) Check() error {
	m := metadataOf(r.Metadata, false)
	return r.check(&m, nil)
}

func (r *Revision) check(m *metadata, hasher *ion.Hasher) error {
	if err := r.checkMetadata(m); err != nil {
		return err
	}
	got, err := r.compute(hasher)
	if err != nil {
		f := shape("the hash of the revision cannot be computed: %v", err)
		f.DocumentID = clip(r.DocumentID())
		return f
	}
	if got == r.Hash {
		return nil
	}
	what := map[RevisionKind]string{
		WithData: "the hash of metadata and data is not the revision's hash: data or metadata was changed",
		Deleted:  "the hash of the metadata is not the hash of this deletion revision: metadata was changed, or data was taken out",
		Redacted: "the hash of metadata and dataHash is not the hash of this redacted revision: metadata or dataHash was changed",
	}[r.Kind()]
	f := mismatch(RuleRevisionHash, r.Hash, got, what)
	f.DocumentID = clip(r.DocumentID())
	return f
}

// RevisionHash is the hash of a revision with this metadata and data. A zero
// data stands for the revision of a deletion.
func RevisionHash(metadata, data ion.Value) (Hash, error) {
	r := Revision{Metadata: metadata, Data: data}
	return r.Compute()
}
