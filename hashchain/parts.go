package hashchain

import "github.com/tallyledger/tally/hashchain/ion"

// Which of the two parts of a revision's hash is metadata and which data is not
// told by the hash, nor is that a part which is not shown was there, nor that the
// hash beside that of the metadata was one of data. In a block
// transactionInfo.documents tells, since it names each changed document once.

// doubtful reports whether the revision's own hash leaves that open.
func (r *Revision) doubtful() bool {
	switch r.Kind() {
	case Deleted, Redacted:
		return true
	case WithData:
		return doubtfulData(r.Data)
	}
	return false
}

// doubtfulData reports whether v may be another thing that is hashed beside
// metadata, shown as data:
//   - metadata, where a user stored a document of that form
//   - what this project puts into entry 0, which everybody can write down, and
//     beside which the hash of a deletion stands if it is the only revision
//   - a value that is no struct, as documents are: two hashes one after the other can
//     be the bytes by which Ion Hash serialises a blob, and so any node of a tree its
//     hash. No struct has that length.
//
// The sections of a block and {format: 1} stand beside no metadata: see
// [blockChecker.checkHidden] for what entries are taken to be there.
func doubtfulData(v ion.Value) bool {
	return v.Type() != ion.StructType || metadataOf(v, true).formed || looksLikeEntry(v)
}

// countDoubt counts a doubtful revision of which nothing else tells the parts.
func (c *Counts) countDoubt(r *Revision) {
	if r.Kind() == Deleted {
		c.DeletionsUntold++
	} else {
		c.MetadataUntold++
	}
}

// maxTold bounds the work on a forged block: looking up a document takes as
// long as there are documents, and QLDB's transactions change 40 at the most.
const maxTold = 100

// tellParts counts the doubtful revisions of which transactionInfo does not
// tell the parts. It does where it names as many documents as there are
// revisions and no revision is only a hash: then the tree over the revisions has
// the leaves that it had, and each is of a document that is named.
//
// It never does for a redacted revision, whose data may have been metadata in
// form: who stored it knew the ids of the document and of the transaction.
func (c *blockChecker) tellParts(form bool) {
	if len(c.doubtful) == 0 {
		return
	}
	const both = 1<<entryRevisions | 1<<entryTransactionInfo
	documents, _ := c.b.TransactionInfo.Field("documents")
	told := form && c.usual&both == both && c.counts.HashOnly == 0 &&
		len(c.doubtful) <= maxTold && int64(documents.Len()) == c.counts.Revisions
	for i := range c.doubtful {
		r := &c.doubtful[i]
		ok := told && r.Kind() != Redacted
		if ok {
			_, ok = documents.Field(r.DocumentID())
		}
		if ok && r.Kind() == WithData { // the data may not be a revision's metadata
			id, _ := r.Data.Field("id")
			text, _ := id.Text()
			_, other := documents.Field(text)
			ok = !other
		}
		if !ok {
			c.counts.countDoubt(r)
		}
	}
}
