package hashchain

// A proof has no mark of where the tree of blocks ends and a block begins: below
// the hash of a block the tree goes on, by Dot all the same, to the hashes of
// documents, which users of the ledger choose, and to the block before. So a part
// of a block can be shown as a block: for two revisions of one transaction,
//
//	Dot(Dot(metadata 1, data 1), Dot(metadata 2, data 2))
//
// is the entriesHash of a list in which data 1 stands for the address, metadata 1 for
// a deletion and data 2 for transactionInfo. Only the length of the proof is against
// it. Where it is that of the shortest path in the tree, it ends at a block or above
// blocks, and never below one. A longer one reaches the parts of those with shorter
// paths; what tells then is worked out here.

// place is where in the tree of blocks the proof of a block ends.
type place struct {
	below  int  // by how many nodes the path is longer than the shortest one
	passed bool // the block is also reached by a shorter path, as the one before others
}

// placeOf is the place of a block in the tree of the blocks 0 to tip, of which
// the last one has the shortest path.
func placeOf(seqNo, tip uint64) (p place) {
	if seqNo > tip {
		return p // and is refused
	}
	length := PathLen(seqNo, tip+1)
	p.below = length - PathLen(tip, tip+1)
	for k := 1; k < length && uint64(k) <= tip-seqNo && !p.passed; k++ {
		p.passed = PathLen(seqNo+uint64(k), tip+1)+k < length
	}
	return p
}

// tellBlock counts a block that can also be read as a part of one.
//
// It cannot where it shows statements in their place, among the entries that blocks
// have, and one of these holds:
//
//   - redactionInfo too. A document in that place stands beside its metadata, and
//     nothing else, so there would be no statements.
//   - Entry 0 is that of the very block, and no document, and parts of that block are
//     nowhere on a path of this length.
//   - The path is one longer than the shortest, so that the part is the entriesHash of
//     another block. Its own entry 0 has that one's address, and documents for both
//     entry 0 and the statements are not so near to each other.
func (c *blockChecker) tellBlock(form, bound bool) {
	if c.place.below == 0 {
		return
	}
	own := bound && c.ownEntry()
	switch {
	case !form || c.usual&(1<<entryTransactionInfo) == 0:
	case len(c.b.EntriesHashList) == maxEntries:
		return
	case bound && c.place.below == 1:
		return
	case own && !c.place.passed:
		return
	}
	c.counts.BlocksUntold++
	if bound && !own {
		c.counts.AddressBound--
	}
}

// ownEntry reports whether entry 0, which has the form and content of the
// block's, is no document of a user's. That one's hash stands beside that of its
// metadata alone, so that the second entry is a deletion, or a hash of which nothing
// is shown; or it is empty, and so is one of the next two.
func (c *blockChecker) ownEntry() bool {
	if c.b.hasEntry(entryRevisions) {
		return c.usual&(1<<entryRevisions) != 0 && (len(c.hashes) > 1 || c.counts.WithData+c.counts.Redacted > 0)
	}
	return c.b.hasEntry(entryInternal) && c.usual&(1<<entryTransactionInfo) != 0
}
