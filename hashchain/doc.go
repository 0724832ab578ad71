// Package hashchain is QLDB's cryptography as pure functions: hashes, blocks,
// revisions, digests, proofs and ids, and a verifier for journals and receipts.
//
// # Hashes
//
// A hash is SHA-256, 32 bytes, or the empty hash. A value is hashed by Ion Hash
// 1.0, so types, the scale of decimals and the precision of timestamps count and
// the order of fields does not. Two hashes are combined by dot:
//
//	dot(a, empty) = a    dot(empty, b) = b
//	dot(a, b)     = SHA-256(lesser ‖ greater)
//
// where bytes are compared as signed 8-bit numbers from the last byte down to
// the first. A list of hashes has a root: neighbours are combined level by
// level, an odd last one moves up as it is, the root of one hash is that hash
// and the root of none is empty.
//
// # Statement
//
//	statementDigest = dot(… dot(ionhash(text), ionhash(parameter 1)) …, ionhash(parameter n))
//	commit digest   = dot(… dot(ionhash(transaction id), statementDigest 1) …)
//
// # Revision
//
//	{blockAddress, hash, data, metadata: {id, version, txTime, txId}}
//
//	hash = dot(ionhash(metadata), ionhash(data))   with data
//	hash = ionhash(metadata)                       deleted: no data
//	hash = dot(ionhash(metadata), dataHash)        redacted: dataHash in place of data
//	{hash}                                         the ledger's own; nothing else is shown
//
// # Block
//
//	{blockAddress: {strandId, sequenceNo}, transactionId, blockTimestamp,
//	 blockHash, entriesHash, previousBlockHash, entriesHashList: […],
//	 transactionInfo: {statements: [{statement, startTime, statementDigest}…],
//	                   documents: {<id>: {tableName, tableId, statements: […]}…}},
//	 redactionInfo: {revisions: [{blockAddress, tableId, documentId, version}]},
//	 revisions: […]}
//
//	entriesHash     = root(entriesHashList)
//	blockHash       = dot(entriesHash, previousBlockHash)
//	entriesHashList = [internal, root(hashes of revisions), internal,
//	                   ionhash(transactionInfo), ionhash(redactionInfo)]
//
// Sections that a transaction does not need are absent: transactionInfo from
// blocks of the ledger's own, documents and revisions where nothing changed,
// redactionInfo (and the fifth entry) unless a redaction was ordered. An absent
// section leaves its entry empty. The first block has sequence number 0 and an
// empty previousBlockHash.
//
// The internal entries are the ledger's own affair. QLDB never said what is in
// them, so a verifier accepts any hash there. Blocks built by this package have
//
//	entry 0 = ionhash({blockAddress, transactionId, blockTimestamp, previousBlockAddress})
//	entry 2 = any hash of the ledger's choice, [FormatHash] at the least
//
// where previousBlockAddress is null in the first block. Entry 0 covers what no
// other hash covers; a verifier that finds it there says so.
//
// # Digest and proof
//
// The digest with tip t is the root of the block hashes of sequence numbers 0
// to t; leaf i of that tree is block i. A proof is a list of hashes that are
// combined with the leaf one after the other:
//
//	block:    leaf blockHash; the path in the tree of blocks
//	revision: leaf hash; the path in the tree over the block's revisions,
//	          then in the tree over entriesHashList, then previousBlockHash,
//	          then the path in the tree of blocks
//
// # Id
//
// 22 characters of base 62, see [ID].
//
// # What is not proven
//
// In blocks that QLDB wrote nothing binds blockAddress, transactionId and
// blockTimestamp, but for what revisions repeat of them: their metadata has the
// transaction id. A hash-only revision proves a hash and no more. No hash covers
// fields that QLDB does not write, or annotations outside of data.
//
// Dot does not tell left from right, leaves a hash as it is beside an empty one, and
// combines blocks as it does what is in them. What it combines can therefore be shown
// exchanged, folded together or unfolded, by anybody; and who used the ledger may have
// stored documents in the form of anything that is hashed, with the ids in them. Blocks
// whose form cannot be that of any block are refused. Where a form is possible and says
// less, [Counts] has it:
//
//   - sections that are not there and that entriesHashList does not rule out, sections
//     at another place of the list than usual, lists of another length or without
//     entry 0
//   - revisions that may be shown without their data, with metadata for data, or with
//     entry 0 for the data of a deletion, unless transactionInfo tells. A redacted
//     revision is one of them always: its data may have had the form of metadata, with
//     its own ids in it.
//   - blocks with several revisions, whose order is not proven
//   - a block with a proof that is longer than the shortest one in its tree, which may
//     be a part of another block. The shortest is that of the tip. Statements in their
//     place tell, together with redactionInfo, or with this project's entry 0 where
//     the path is one longer, or where the revisions are more than a single deletion or
//     hash and no later block has a path that leads to this one sooner. In QLDB's
//     blocks, whose entry 0 nobody can compute, only redactionInfo tells; in a whole
//     journal nothing is open.
//
// A revision with its data, a struct of none of those forms, has no other reading: with
// a proof, it is one that the ledger wrote. That every block with statements has an
// entry 0 and an entry 2 is taken for granted: all known ones have.
//
// JSON has lost the types of Ion. What has fixed types gets them back; data is
// read as it stands or, where only that has the stated hash, with all strings that
// are timestamps to the letter taken for timestamps: [Counts] has it. Only values
// that are JSON throughout are read so, and receipts never are.
//
// # What is not here
//
// No I/O but io.Reader, no clock, no storage: nodes of the tree come in through
// [NodeReader], time and randomness through [NewIDSource].
package hashchain
