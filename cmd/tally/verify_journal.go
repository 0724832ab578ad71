package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tallyledger/tally/hashchain"
)

// journalResult says what came of the blocks of one strand.
func journalResult(j *journal, rep *hashchain.Report, trusted *hashchain.Digest) *result {
	res := &result{Files: j.files, Strand: j.key.strand, Counts: &rep.Counts}
	first, last := rep.First.SequenceNo, rep.Last.SequenceNo
	res.FirstBlock, res.LastBlock = &first, &last
	res.What = journalSubject(j, rep)
	res.fail(rep.Failures, rep.Failed)
	for i, f := range rep.Failures {
		if len(j.files) > 1 {
			res.Failures[i].File = j.fileOf(f.Index)
		}
	}
	// A count of what is right is only given where nothing is wrong: which
	// blocks are is told by the failures.
	if rep.Failed == 0 {
		journalChecks(res, rep)
	}
	if !rep.Digest.Hash.IsEmpty() {
		tip := rep.Digest.Tip.SequenceNo
		res.Digest, res.DigestTip = rep.Digest.Hash.Base64(), &tip
	}
	if rep.DataUndecided > 0 {
		res.undecide(jsonUndecided, count(rep.DataUndecided, "revision"))
	}
	if rep.Forgotten > 0 {
		res.undecide("whether another block of the same number came before %s: too many were given to remember. Give one copy of the journal at a time, in the order of its blocks", count(rep.Forgotten, "block"))
	}
	for _, name := range j.cut {
		res.undecide(undecidedCut, name)
	}
	journalDigest(res, rep, trusted, j)
	rep.ExtraFields += j.extra
	unprovenOfBlocks(res, &rep.Counts, false)
	if rep.HashOnly > 0 {
		res.notProven(hashOnlyUnproven, plural(rep.HashOnly, "revision says", "revisions say"))
	}
	if first > 0 && rep.Blocks > 0 && !j.key.stream {
		res.notProven("what block %d links to: the blocks before it are not here", first)
	}
	if rep.Summaries > 0 {
		res.notProven("which document the hash of a revision is of, and how many revisions there are: no hash covers documentId in a summary, and one hash can be that of several together, or a part of one")
	}
	if n := rep.Unlinked + 1; j.key.stream && rep.Blocks > 0 {
		res.notProven("the links of %s: a stream leaves out blocks without revisions, and the block before is not here, or not next to it", count(n, "block"))
	}
	return res
}

// fileOf is the file that the block with this number, in the order of reading,
// came from.
func (j *journal) fileOf(index int64) string {
	at, found := slices.BinarySearch(j.starts, index)
	if !found {
		at--
	}
	return j.files[at]
}

func journalSubject(j *journal, rep *hashchain.Report) string {
	what := "journal"
	if j.key.stream {
		what = "BLOCK_SUMMARY records"
	}
	switch j.json {
	case 0:
	case j.blocks:
		what += " as JSON"
	default:
		what += ", partly as JSON"
	}
	switch {
	case rep.First.StrandID == "" && j.key.strand != "":
		return fmt.Sprintf("%s: no readable block of strand %s", what, j.key.strand)
	case rep.First == rep.Last:
		return fmt.Sprintf("%s: block %d of strand %s", what, rep.First.SequenceNo, j.key.strand)
	}
	return fmt.Sprintf("%s: blocks %d to %d of strand %s", what, rep.First.SequenceNo, rep.Last.SequenceNo, j.key.strand)
}

func journalChecks(res *result, rep *hashchain.Report) {
	again := ""
	if rep.Repeated > 0 {
		again = fmt.Sprintf(" (%d of them came again, with the same hash)", rep.Repeated)
	}
	res.check("%s: entriesHash, blockHash and the hash of each section%s", count(rep.Blocks, "block"), again)
	if rep.Links > 0 {
		res.check("%s to the block before", count(rep.Links, "link"))
	}
	var kinds []string
	for _, k := range []struct {
		n    int64
		name string
	}{
		{rep.WithData - rep.DataUndecided, "with data"}, {rep.Deleted, "deleted"}, {rep.Redacted, "redacted"},
	} {
		if k.n > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", k.n, k.name))
		}
	}
	if n := rep.WithData - rep.DataUndecided + rep.Deleted + rep.Redacted; n > 0 {
		if len(kinds) == 1 {
			_, kinds[0], _ = strings.Cut(kinds[0], " ")
		}
		res.check("%s: %s", count(n, "revision"), strings.Join(kinds, ", "))
	}
	if n := rep.HashOnly + rep.Summaries; n > 0 {
		res.check("%s of which only the hash is shown", count(n, "revision"))
	}
}

// journalDigest says whether the whole is held by a trusted digest.
func journalDigest(res *result, rep *hashchain.Report, trusted *hashchain.Digest, j *journal) {
	switch {
	case rep.DigestChecked:
		if rep.Failed == 0 {
			res.check("the digest: the root of all block hashes is the trusted digest, tip %d", trusted.Tip.SequenceNo)
		}
		if n := rep.Last.SequenceNo - trusted.Tip.SequenceNo; n > 0 {
			res.notProven("that %s the ledger's", plural(int64(n), "block after the tip of the trusted digest is", "blocks after the tip of the trusted digest are"))
		}
	case j.digest:
		res.undecide("the trusted digest could not be compared: %s", rep.NotChecked)
	case trusted != nil:
		res.undecide("the trusted digest is of another strand, %s", trusted.Tip.StrandID)
	case !rep.Digest.Hash.IsEmpty():
		res.notProven("that this is the ledger's own journal: compare its digest %s, tip %d, with one that you kept, or give that with --digest",
			rep.Digest.Hash.Base64(), rep.Digest.Tip.SequenceNo)
	case rep.Blocks > 0:
		res.notProven("that this is the ledger's own journal: no digest can be computed, because %s", reason(j, rep))
	}
}

func reason(j *journal, rep *hashchain.Report) string {
	if j.key.stream {
		return "a stream does not have all blocks"
	}
	return rep.NoDigest
}

const hashOnlyUnproven = "what %s of which only the hash is shown: the ledger's own are shown so, and so can be any other, several together, or another part of the block"

// unprovenOfBlocks says what the hashes of blocks do not cover.
func unprovenOfBlocks(res *result, c *hashchain.Counts, receipt bool) {
	if n := c.Blocks - c.AddressBound; n > 0 && !receipt {
		which := "of " + count(n, "block")
		if n == c.Blocks {
			which = "of the blocks"
		}
		res.notProven("address, transaction id and time %s: no hash covers them", which)
	}
	if c.HiddenTransactionInfo > 0 {
		res.notProven("the statements of %s: transactionInfo is not there, and entriesHashList does not rule it out", count(c.HiddenTransactionInfo, "block"))
	}
	if c.HiddenRedactionInfo > 0 {
		res.notProven("the redactions of %s: redactionInfo is not there, and entriesHashList does not rule it out", count(c.HiddenRedactionInfo, "block"))
	}
	if c.HiddenRevisions > 0 {
		res.notProven("the revisions of %s: none is there, and entriesHashList does not rule them out", count(c.HiddenRevisions, "block"))
	}
	if c.UnusualPositions > 0 {
		res.notProven("that %s: the hash stands at another place of entriesHashList than in all blocks known", plural(c.UnusualPositions, "section is the block's own", "sections are the blocks' own"))
	}
	if c.UnusualLists > 0 {
		res.notProven("the sections of %s: entriesHashList has neither 4 entries nor 5 with redactionInfo, or its first one is empty, so that one may stand for several", count(c.UnusualLists, "block"))
	}
	if c.TypesGuessed > 0 {
		res.notProven("the types of values in %s: strings that read as timestamps were taken for timestamps, which JSON does not tell apart", count(c.TypesGuessed, "revision"))
	}
	if c.MetadataUntold > 0 {
		res.notProven("which part of %s is data and which metadata, and that there are both: exchanged they hash alike, as does a deletion with another hash in the place of data", count(c.MetadataUntold, "revision"))
	}
	if c.DeletionsUntold > 0 {
		res.notProven("that %s: a live revision shown without its data hashes alike", plural(c.DeletionsUntold, "document was deleted", "documents were deleted"))
	}
	if c.OrderUntold > 0 {
		res.notProven("the order of the revisions in %s: two of them exchanged hash alike", count(c.OrderUntold, "block"))
	}
	if c.ExtraFields > 0 {
		res.notProven("%s", plural(c.ExtraFields, "field that QLDB does not write: no hash covers it", "fields that QLDB does not write: no hash covers them"))
	}
	if c.Annotations > 0 {
		res.notProven("%s", plural(c.Annotations, "annotated value, which QLDB does not write: no hash covers the annotation", "annotated values, which QLDB does not write: no hash covers the annotations"))
	}
}
