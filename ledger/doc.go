// Package ledger is the interface that applications program against: a ledger
// of documents whose every change is recorded in a hash-chained journal.
//
// The same code runs on every backend. Which one is chosen by a URL:
//
//	import _ "github.com/tallyledger/tally/backend/emulator" // bolt:// and memory:
//	import _ "github.com/tallyledger/tally/backend/qldb"     // qldb://
//
//	l, err := ledger.Open(ctx, "memory:")
//	l, err := ledger.Open(ctx, "bolt:///var/lib/app/orders.tally")
//	l, err := ledger.Open(ctx, "qldb://orders?region=eu-west-1")
//
// [Ledger.Execute] runs a function in a transaction, and runs it again where
// another transaction was faster. Statements are PartiQL; values go in and come
// out as Go values or as [ion.Value].
//
// # What every backend keeps
//
//   - Errors are the ones of this package: use errors.Is with the sentinels and
//     errors.As with *[Error].
//   - A transaction is serialisable. It is validated at commit, read-only ones
//     too; the loser gets [ErrConflict] and Execute retries it.
//   - A value that was stored is given back with type, precision, annotations
//     and order of fields unchanged.
//
// # What is not here
//
// No storage, no network and no PartiQL: those belong to the backends.
package ledger
