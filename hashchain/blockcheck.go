package hashchain

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Counts says what was seen in blocks and what could be checked of it.
type Counts struct {
	Blocks    int64 `json:"blocks"`
	Revisions int64 `json:"revisions"` // of all kinds, summaries included

	WithData  int64 `json:"withData"`
	Deleted   int64 `json:"deleted"`
	Redacted  int64 `json:"redacted"`
	HashOnly  int64 `json:"hashOnly"`
	Summaries int64 `json:"summaries"` // of BLOCK_SUMMARY: the hash is there, the revision is not

	// DataUndecided counts revisions of a JSON export whose data does not have
	// the stated hash in any reading: JSON does not tell types apart, so it
	// may have been changed, or only converted.
	DataUndecided int64 `json:"dataUndecided"`

	// TypesGuessed counts revisions of a JSON export whose data has the stated
	// hash only with the strings that read as timestamps taken for timestamps.
	TypesGuessed int64 `json:"typesGuessed"`

	// AddressBound counts blocks whose address, transaction id and time are
	// covered by entriesHashList[0], as this project writes it.
	AddressBound int64 `json:"addressBound"`

	// HiddenTransactionInfo, HiddenRedactionInfo and HiddenRevisions count blocks
	// that do not show a section, and whose entriesHashList does not rule it
	// out: an entry may hold its hash, alone or combined with another.
	HiddenTransactionInfo int64 `json:"hiddenTransactionInfo"`
	HiddenRedactionInfo   int64 `json:"hiddenRedactionInfo"`
	HiddenRevisions       int64 `json:"hiddenRevisions"`

	// UnusualPositions counts sections whose hash stands at another place of
	// entriesHashList than in all blocks known. That is no failure, but then it
	// is not proven that the section is the block's.
	UnusualPositions int64 `json:"unusualPositions"`

	// UnusualLists counts blocks whose entriesHashList has neither 4 entries
	// nor 5 of which the last is redactionInfo's, or has the first one empty.
	UnusualLists int64 `json:"unusualLists"`

	// MetadataUntold counts revisions of which the hashes do not tell which of
	// the two hashed parts is data and which metadata, nor that there are two of
	// them: the data that is shown has the form of another part of a block, or
	// is not there.
	MetadataUntold int64 `json:"metadataUntold"`

	// DeletionsUntold counts revisions that are shown as deleted and may be live
	// ones without their data: the hash of data can be shown as that of another
	// revision, or as a node of a proof.
	DeletionsUntold int64 `json:"deletionsUntold"`

	// BlocksUntold counts blocks with a proof that leads as far down the tree as
	// to parts of other blocks: such a part can be shown as a block, with a
	// document as its statements, say. What else is counted of it holds only if
	// it is a block. See [Receipt.Check].
	BlocksUntold int64 `json:"blocksUntold"`

	// OrderUntold counts blocks with several revisions: two of them exchanged
	// have the same root.
	OrderUntold int64 `json:"orderUntold"`

	// ExtraFields counts fields that QLDB does not write and no hash covers,
	// Annotations such annotated values.
	ExtraFields int64 `json:"extraFields"`
	Annotations int64 `json:"annotations"`
}

// Add adds the counts of d.
func (c *Counts) Add(d *Counts) {
	c.Blocks += d.Blocks
	c.Revisions += d.Revisions
	c.WithData += d.WithData
	c.Deleted += d.Deleted
	c.Redacted += d.Redacted
	c.HashOnly += d.HashOnly
	c.Summaries += d.Summaries
	c.DataUndecided += d.DataUndecided
	c.TypesGuessed += d.TypesGuessed
	c.AddressBound += d.AddressBound
	c.HiddenTransactionInfo += d.HiddenTransactionInfo
	c.HiddenRedactionInfo += d.HiddenRedactionInfo
	c.HiddenRevisions += d.HiddenRevisions
	c.UnusualPositions += d.UnusualPositions
	c.UnusualLists += d.UnusualLists
	c.MetadataUntold += d.MetadataUntold
	c.DeletionsUntold += d.DeletionsUntold
	c.BlocksUntold += d.BlocksUntold
	c.OrderUntold += d.OrderUntold
	c.ExtraFields += d.ExtraFields
	c.Annotations += d.Annotations
}

// CheckBlock checks one block by itself: its revisions, its sections against
// entriesHashList, entriesHash and blockHash. v is a block as an export,
// GetBlock or a BLOCK_SUMMARY record has it; one from a JSON export is
// recognised by its hashes being strings, and by having nothing that JSON cannot
// say. At most 1,000 failures are returned.
func CheckBlock(v ion.Value) (Counts, []*Failure) {
	var c blockChecker
	c.check(v, true)
	return c.counts, c.failures
}

// blockChecker checks blocks one after the other and keeps its memory. What it
// found of the last one stays in its fields until the next check.
type blockChecker struct {
	b        Block
	decoded  bool // b has address and hashes
	counts   Counts
	failures []*Failure
	more     int64 // failures beyond maxBlockFailures, which are only counted
	hashes   []Hash
	address  addressHasher
	hasher   *ion.Hasher // nil for a single block
	foreign  int         // blocks one after the other whose entry 0 is not this project's
	used     uint8       // bit i: a section has entry i of the list
	usual    uint8       // bit i: the section that belongs there has entry i
	doubtful []Revision  // those of which the hash does not tell the parts
	place    place       // in the tree of blocks, for one with a proof
}

// maxBlockFailures bounds the memory that the failures of one block take.
const maxBlockFailures = 1000

// maxForeign is after how many of them entry 0 is no longer tried: QLDB never
// wrote it, and computing it takes a fifth of the time.
const maxForeign = 4

// check checks a block, which may be out of JSON only if json is set.
func (c *blockChecker) check(v ion.Value, json bool) {
	c.counts, c.failures, c.more, c.hashes = Counts{Blocks: 1}, nil, 0, c.hashes[:0]
	err := c.b.decode(v)
	json = json && c.b.json && sayableInJSON(v)
	if json {
		err = c.b.decode(blockFromJSON(v))
	}
	if err != nil {
		c.decoded = false
		c.fail(err)
		return
	}
	c.decoded = true
	c.counts.ExtraFields += int64(c.b.ExtraFields)
	c.counts.Annotations += int64(c.b.Annotations)
	c.used, c.usual, c.doubtful = 0, 0, c.doubtful[:0]
	c.checkRevisions(json)
	c.checkSummaries()
	c.checkHashes()
	c.checkSections()
	c.checkHidden()
}

// release lets go of the block that was checked last.
func (c *blockChecker) release() {
	c.b.clear()
	clear(c.doubtful)
}

// fail notes an error, which is a *Failure wherever it is about a rule.
func (c *blockChecker) fail(err error) {
	if len(c.failures) == maxBlockFailures {
		c.more++
		return
	}
	f, ok := err.(*Failure)
	if !ok {
		f = shape("%v", err)
	}
	f.Address, f.HasAddress = c.b.Address, c.b.numbered
	c.failures = append(c.failures, f)
}

// hasAddress reports whether both parts of the address were read.
func (b *Block) hasAddress() bool { return b.numbered && b.Address.StrandID != "" }

func (c *blockChecker) checkRevisions(json bool) {
	for it := c.b.Revisions.Iter(); it.Next(); {
		c.counts.Revisions++
		var r Revision
		if err := r.decode(it.Value(), &c.b); err != nil {
			c.fail(err)
			continue
		}
		c.hashes = append(c.hashes, r.Hash)
		m := metadataOf(r.Metadata, false)
		if err := c.counts.checkRevision(&r, &m, json, c.hasher); err != nil {
			c.fail(err)
		}
		if r.Kind() != HashOnly {
			c.checkBelongs(&r, &m)
		}
		if !r.doubtful() {
			continue
		}
		if len(c.doubtful) > maxTold { // then none is told
			c.counts.countDoubt(&r)
		} else {
			c.doubtful = append(c.doubtful, r)
		}
	}
}

// checkRevision checks a revision by itself and counts what it is. json is set
// for one out of a JSON export; the hasher may be nil.
func (c *Counts) checkRevision(r *Revision, m *metadata, json bool, hasher *ion.Hasher) error {
	c.ExtraFields += int64(r.ExtraFields)
	c.Annotations += int64(r.Annotations)
	kind := r.Kind()
	switch kind {
	case HashOnly:
		c.HashOnly++
	case Deleted:
		c.Deleted++
	case Redacted:
		c.Redacted++
	case WithData:
		c.WithData++
	}
	if json && kind == WithData {
		if err := r.checkMetadata(m); err != nil {
			return err
		}
		ok, guessed := r.matchesJSON()
		c.DataUndecided += b2i(!ok)
		c.TypesGuessed += b2i(guessed)
		return nil
	}
	return r.check(m, hasher)
}

// checkBelongs compares what a revision repeats of its block. The transaction
// id is part of the hashed metadata, so this is a hold on the block's.
func (c *blockChecker) checkBelongs(r *Revision, m *metadata) {
	if !r.Address.IsZero() && !r.inBlock {
		f := &Failure{Rule: RuleRevisionAddress, DocumentID: clip(r.DocumentID()), Expected: c.b.Address.String(), Found: describeAddress(r.Address),
			Detail: "the revision names another block than the one it stands in"}
		c.fail(f)
	}
	id := m.txID
	if !c.b.transactionID.IsZero() && !id.IsZero() && !id.TextIs(c.b.TransactionID) {
		found, _ := id.Text()
		f := &Failure{Rule: RuleTransactionID, DocumentID: clip(r.DocumentID()), Expected: clip(c.b.TransactionID), Found: clip(found),
			Detail: "the revision was written by another transaction than the block says"}
		c.fail(f)
	}
}

// checkSummaries takes the hashes of a BLOCK_SUMMARY record in place of
// revisions.
func (c *blockChecker) checkSummaries() {
	if c.b.RevisionSummaries.IsZero() {
		return
	}
	if !c.b.Revisions.IsZero() {
		c.fail(shape("a block has both revisions and revisionSummaries"))
		return
	}
	for it := c.b.RevisionSummaries.Iter(); it.Next(); {
		c.counts.ExtraFields += int64(extraOfSummary(it.Value()))
		c.counts.Annotations += int64(annotated(it.Value()))
	}
	hashes, err := c.b.RevisionHashes()
	if err != nil {
		c.fail(err)
		return
	}
	c.hashes = append(c.hashes, hashes...)
	c.counts.Revisions += int64(len(hashes))
	c.counts.Summaries += int64(len(hashes))
}

// checkSections looks for the hash of each section that is there in
// entriesHashList, and for the form that the section must have.
func (c *blockChecker) checkSections() {
	c.counts.OrderUntold += b2i(len(c.hashes) > 1)
	if len(c.hashes) > 0 {
		c.wantEntry(RuleRevisionsRoot, Root(c.hashes), entryRevisions, "the root of the revisions")
	}
	if v := c.b.TransactionInfo; !v.IsZero() {
		if !looksLikeTransactionInfo(v) {
			c.fail(wrongForm(v, "transactionInfo", "{statements: [{statement, startTime, statementDigest}], documents: {…}}"))
		}
		c.wantSection(RuleTransactionInfo, v, entryTransactionInfo, "the hash of transactionInfo")
	}
	if v := c.b.RedactionInfo; !v.IsZero() {
		if !looksLikeRedactionInfo(v) {
			c.fail(wrongForm(v, "redactionInfo", "{revisions: [{blockAddress, tableId, documentId, version}]}"))
		}
		c.wantSection(RuleRedactionInfo, v, entryRedactionInfo, "the hash of redactionInfo")
	}
}

// checkHidden counts the sections that are not there and may have been taken
// out. An empty entry rules a section out only where its neighbours are known
// to hold a hash of their own: Dot(x, empty) is x, so that the entries x and y
// can also be shown as Dot(x, y) and an empty one.
func (c *blockChecker) checkHidden() {
	shown := func(entry int) bool { return c.usual&(1<<entry) != 0 }
	b := &c.b
	form := b.hasEntry(entryAddress) && (len(b.EntriesHashList) == 4 || len(b.EntriesHashList) == maxEntries && shown(entryRedactionInfo))
	c.counts.UnusualLists += b2i(!form)
	bound := form && c.checkAddress()
	c.tellParts(form)
	c.tellBlock(form, bound)

	info := shown(entryTransactionInfo)
	noRevisions := form && !b.hasEntry(entryRevisions) && (bound || info && !b.hasDocuments())
	if len(c.hashes) == 0 && !noRevisions {
		c.counts.HiddenRevisions++
	}
	// What is shown by its hash alone may be the rest of the list: two entries.
	told := shown(entryRevisions) && c.counts.HashOnly+c.counts.Summaries < c.counts.Revisions
	noInfo := form && bound && !b.hasEntry(entryTransactionInfo) && (noRevisions || told) &&
		(!b.hasEntry(entryInternal) || b.EntriesHashList[entryInternal] == FormatHash())
	if b.TransactionInfo.IsZero() && !noInfo {
		c.counts.HiddenTransactionInfo++
	}
	if b.RedactionInfo.IsZero() && !(form && (info || noInfo)) {
		c.counts.HiddenRedactionInfo++
	}
}

// extraOfSummary is how many fields an item of revisionSummaries has beside
// hash and documentId.
func extraOfSummary(v ion.Value) int {
	known := 0
	for _, name := range [...]string{"hash", "documentId"} {
		if _, ok := v.Field(name); ok {
			known++
		}
	}
	return v.Len() - known
}

// hasDocuments reports whether transactionInfo says that documents changed.
func (b *Block) hasDocuments() bool {
	documents, _ := b.TransactionInfo.Field("documents")
	return documents.Len() > 0
}

func (b *Block) hasEntry(i int) bool {
	return i < len(b.EntriesHashList) && !b.EntriesHashList[i].IsEmpty()
}

func (c *blockChecker) wantSection(rule Rule, v ion.Value, usual int, what string) {
	h, err := ionHash(c.hasher, v)
	if err != nil {
		c.fail(&Failure{Rule: rule, Detail: err.Error()})
		return
	}
	c.wantEntry(rule, h, usual, what)
}

// wantEntry looks for an entry that no other section has.
func (c *blockChecker) wantEntry(rule Rule, h Hash, usual int, what string) {
	list := c.b.EntriesHashList
	at := usual
	if usual >= len(list) || list[usual] != h || c.used&(1<<usual) != 0 {
		at = 0
		for at < len(list) && (list[at] != h || c.used&(1<<at) != 0) {
			at++
		}
	}
	if at == len(list) {
		var found Hash
		if usual < len(list) {
			found = list[usual]
		}
		has := "another hash"
		if found == h {
			has = "it for another section"
		}
		c.fail(mismatch(rule, h, found, fmt.Sprintf("%s is not in entriesHashList, which has %s at its place %d: the section was changed", what, has, usual)))
		return
	}
	c.used |= 1 << at
	if at == usual {
		c.usual |= 1 << at
	} else {
		c.counts.UnusualPositions++
	}
}

func (c *blockChecker) checkHashes() {
	if got := Root(c.b.EntriesHashList); got != c.b.EntriesHash {
		c.fail(mismatch(RuleEntriesHash, got, c.b.EntriesHash, "entriesHash is not the root of entriesHashList"))
	}
	if got := Dot(c.b.EntriesHash, c.b.PreviousBlockHash); got != c.b.Hash {
		c.fail(mismatch(RuleBlockHash, got, c.b.Hash, "blockHash is not the hash of entriesHash and previousBlockHash"))
	}
}

// checkAddress finds out whether entry 0 is the one that this project writes.
// Any other hash there is as good.
func (c *blockChecker) checkAddress() (bound bool) {
	if !c.b.hasEntry(entryAddress) || c.foreign >= maxForeign {
		return false
	}
	c.foreign++
	if h, ok := c.address.hashOf(&c.b); !ok || h != c.b.EntriesHashList[entryAddress] {
		return false
	}
	c.counts.AddressBound++
	c.foreign = 0
	return true
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
