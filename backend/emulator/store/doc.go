// Package store keeps the bytes of one ledger: seven ordered keyspaces, read
// through snapshots and changed by groups of operations that become durable as
// a whole.
//
// What every Store keeps to, and package storetest checks:
//
//   - Within a [Space] keys are ordered as bytes.Compare orders them. A key has
//     1 to [MaxKeySize] bytes, a value 0 to [MaxValueSize]. An absent key gives
//     nil, a key with an empty value gives an empty slice that is not nil.
//   - [Store.Apply] makes a group durable and visible, all of it or nothing.
//     When it has returned nil, the group survives a crash of the process, and
//     of the machine where the store is durable at all.
//   - A [Snapshot] shows what was applied before it was opened and nothing that
//     came later, for as long as it is open. Readers never wait for a writer
//     nor a writer for readers.
//   - An error of Apply says what is known: [ErrNotApplied] (nothing of the
//     group is in the store, which goes on) or [ErrUnknownOutcome] (some or all
//     of it may be; the store refuses everything until it is reopened).
//   - Damage is an error ([ErrDamaged]), never a panic.
//
// [Bolt] is the durable store: one bbolt file a ledger. [Mem] keeps everything
// in memory. [Faulty] wraps either for tests. [CompactBolt] rewrites a file
// without the bytes of what is no longer in it.
//
// What is NOT here: any meaning of keys and values (the engine's), Ion, the
// catalog, group commit (the engine collects transactions and calls Apply once
// for all of them), retries.
package store
