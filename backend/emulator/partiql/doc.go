// Package partiql is QLDB's dialect of PartiQL: it parses, resolves, plans and
// evaluates statements over Ion values. It can be used alone: whoever has
// tables implements [Catalog] and [Source], and [Sink] if they can be changed.
//
// A statement passes through these stages, each with a type of its own:
//
//	text → Parse → *Statement → Prepare → *Plan → Run → *Rows
//
// Parse knows only the text. Prepare resolves names against a Catalog and
// decides how tables are read. Run executes the plan's nested loops over a
// Source and streams rows; effects of DML and DDL go to a Sink. [Cache] keeps
// plans by text and version of the catalog.
//
// # Invariants
//
//   - Statements and plans are immutable and may be shared by goroutines. All
//     state of a run is in its Rows.
//   - Which rows a statement returns, in which order, and whether it fails, never
//     depends on indexes: conditions that could be looked up are tested before
//     all others whether there is an index or not, and a lookup gives rows in the
//     order of a scan.
//   - DML reads everything it needs before it changes anything.
//   - Nothing panics, whatever the text, the parameters and the documents are.
//     Nesting, statement length and memory are bounded; a run looks at its
//     context after every few hundred rows or 64 KiB of values that it worked
//     on, and at its end: one that was canceled does not succeed.
//   - A refused statement gives an *[Error] whose text is QLDB's to the letter
//     where that text is known.
//   - A row that leaves as it is stored is not encoded again.
//
// # What is not here
//
// No storage, no transactions, no read set: a Source records what it is asked
// for. No limits of a ledger (documents of a transaction, size of a document,
// number of tables): the Sink knows them.
package partiql
