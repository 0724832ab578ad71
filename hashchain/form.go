package hashchain

import (
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
)

// A hash says nothing of where it came from: Dot does not tell left from right,
// and leaves a hash as it is beside an empty one. So the hash of one part of a
// block can be put in the place of another part's, and the part shown there.
// What forbids it is that the parts differ in form; it is checked here.

const (
	hasID fieldSet = 1 << iota
	hasVersion
	hasTxTime
	hasTxID

	allMetadata = hasID | hasVersion | hasTxTime | hasTxID
)

// metadata is what the checks need to know of a value that should be a
// revision's metadata.
type metadata struct {
	txID ion.Value // the first field of that name

	// formed is set for a struct {id, version, txTime, txId} of the types that
	// metadata has, and of nothing else.
	formed bool
}

// metadataOf reads the value in one pass. loose takes text for txTime too, which
// data out of a JSON export has in place of a timestamp.
func metadataOf(v ion.Value, loose bool) (m metadata) {
	if v.Type() != ion.StructType {
		return m
	}
	m.formed = !v.HasAnnotations()
	var seen fieldSet
	for it := v.Iter(); it.Next(); {
		f := it.Value()
		var bit fieldSet
		var want ion.Type
		switch it.Name() {
		case "id":
			bit, want = hasID, ion.StringType
		case "version":
			bit, want = hasVersion, ion.IntType
		case "txTime":
			bit, want = hasTxTime, ion.TimestampType
		case "txId":
			bit, want = hasTxID, ion.StringType
			keepFirst(&m.txID, f)
		}
		if bit == 0 || !seen.add(bit) || f.IsNull() || f.Type() != want && !(loose && bit == hasTxTime && f.Type() == ion.StringType) {
			m.formed = false
			if loose { // data of any size, of which only the form counts
				break
			}
		}
	}
	m.formed = m.formed && seen == allMetadata
	return m
}

// entryFields are those of the struct whose hash this project puts into entry 0.
var entryFields = [...]string{"blockAddress", "transactionId", "blockTimestamp", "previousBlockAddress"}

// looksLikeEntry reports whether v has the fields of that struct and no others,
// of whatever types: JSON has other ones.
func looksLikeEntry(v ion.Value) bool {
	var seen fieldSet
	for it := v.Iter(); it.Next(); {
		i := slices.Index(entryFields[:], it.Name())
		if i < 0 || !seen.add(1<<i) {
			return false
		}
	}
	return seen == 1<<len(entryFields)-1
}

// checkMetadata refuses metadata of another form than all revisions have.
func (r *Revision) checkMetadata(m *metadata) error {
	if r.Metadata.IsZero() || m.formed {
		return nil
	}
	f := wrongForm(r.Metadata, "the metadata of the revision", "{id: string, version: int, txTime: timestamp, txId: string}")
	f.DocumentID = clip(r.DocumentID())
	return f
}

// looksLikeTransactionInfo reports whether v has the list of statements, each
// with its text and digest, and documents of structs if it has any.
func looksLikeTransactionInfo(v ion.Value) bool {
	var statements, documents ion.Value
	for it := v.Iter(); it.Next(); {
		switch it.Name() {
		case "statements":
			keepFirst(&statements, it.Value())
		case "documents":
			keepFirst(&documents, it.Value())
		}
	}
	return !v.HasAnnotations() && listOf(statements, looksLikeStatement) &&
		(documents.IsZero() || documents.Type() == ion.StructType)
}

func looksLikeStatement(v ion.Value) bool {
	var text, digest ion.Value
	for it := v.Iter(); it.Next(); {
		switch it.Name() {
		case "statement":
			keepFirst(&text, it.Value())
		case "statementDigest":
			keepFirst(&digest, it.Value())
		}
	}
	return text.Type() == ion.StringType && !text.IsNull() && digest.Type() == ion.BlobType && !digest.IsNull()
}

// looksLikeRedactionInfo reports whether v has the list of revisions to redact.
func looksLikeRedactionInfo(v ion.Value) bool {
	revisions, _ := v.Field("revisions")
	return !v.HasAnnotations() && revisions.Len() > 0 && listOf(revisions, looksLikeRedaction)
}

func looksLikeRedaction(v ion.Value) bool {
	id, _ := v.Field("documentId")
	table, _ := v.Field("tableId")
	version, _ := v.Field("version")
	return id.Type() == ion.StringType && table.Type() == ion.StringType && version.Type() == ion.IntType
}

func listOf(v ion.Value, ok func(ion.Value) bool) bool {
	if v.Type() != ion.ListType || v.IsNull() {
		return false
	}
	for it := v.Iter(); it.Next(); {
		if !ok(it.Value()) {
			return false
		}
	}
	return true
}
