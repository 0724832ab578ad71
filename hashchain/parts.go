package hashchain

// Which of the two parts of a revision's hash is metadata and which data is not
// told by the hash, nor is that a part which is not shown was there. In a block
// transactionInfo.documents tells, since it names each changed document once.

// doubtful reports whether the revision's own hash leaves that open.
func (r *Revision) doubtful() bool {
	switch r.Kind() {
	case Deleted, Redacted:
		return true
	case WithData:
		return metadataOf(r.Data, true).formed
	}
	return false
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
func (c *blockChecker) tellParts(form, bound bool) {
	if len(c.doubtful) == 0 {
		return
	}
	const both = 1<<entryRevisions | 1<<entryTransactionInfo
	documents, _ := c.b.TransactionInfo.Field("documents")
	told := form && c.usual&both == both && c.counts.HashOnly == 0 &&
		len(c.doubtful) <= maxTold && int64(documents.Len()) == c.counts.Revisions
	for i := range c.doubtful {
		r := &c.doubtful[i]
		ok := told
		if ok {
			_, ok = documents.Field(r.DocumentID())
		}
		if ok && r.Kind() == WithData { // the data may not be a revision's metadata
			id, _ := r.Data.Field("id")
			text, _ := id.Text()
			_, other := documents.Field(text)
			ok = !other
		}
		if ok && r.Kind() == Redacted {
			ok = bound // its txId is the block's
		}
		if !ok {
			c.counts.countDoubt(r)
		}
	}
}
