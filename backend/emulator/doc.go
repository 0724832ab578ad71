// Package emulator is a ledger that behaves like Amazon QLDB, embedded in the
// process: journal, hash chain, transactions, PartiQL, history and proofs, in
// one file or in memory.
//
// # The way of a statement
//
// A [Session] receives it, and its [ledger] transaction evaluates it against
// one committed sequence number and the transaction's own writes. What it reads
// goes to the read set, what it changes to the write set; nothing is stored. At
// commit the transaction is handed to the committer, which validates the read
// set, builds the block, and makes the blocks of all transactions that wait
// durable with one sync. The answer comes after that sync.
//
// # Invariants
//
//   - What was acknowledged is on disk, whole. What was not is there whole or
//     not at all.
//   - Every block holds the hash of the block before it; documents, history and
//     indexes can be rebuilt from the journal, and Check compares them with it.
//   - A transaction commits only if nothing that it read was changed since by
//     another that committed before it.
//   - Every stored value has a checksum, which is compared whenever it is read.
//     Where it does not fit, the reader gets [ledger.ErrDamaged] and no data,
//     and the ledger is read-only from then on.
//   - Time never runs backwards in a journal.
//
// # What is not here
//
// HTTP and the many ledgers of a server (package server), PartiQL itself
// (package partiql), bytes on disk (package store). IAM is not evaluated.
package emulator
