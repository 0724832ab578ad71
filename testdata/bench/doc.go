// Package bench measures Tally beside its peers, in one run: raw bbolt doing
// the same puts, immudb's embedded store, and SQLite. It is a module of its
// own, so that nobody who uses Tally gets them.
//
// # Inserts
//
//	cd testdata/bench
//	go test -run '^$' -bench Insert -benchtime 30s -timeout 90m | tee insert.txt
//
// says, for 1, 8 and 64 writers, transactions a second (tx/s), transactions a
// sync (tx/group) and how long a group takes (µs/group):
//
//	Insert/sync              what a sync costs on this disk
//	Insert/tally             on 1,000,000 documents (-fill)
//	Insert/tally-10000       on 10,000, Insert/tally-empty on none
//	Insert/ceiling           raw bbolt on 1,000,000, draining its queue
//	Insert/ceiling-patient   the same, waiting for writers as the committer does
//	Insert/ceiling-empty     both on none: Insert/ceiling-patient-empty
//	Insert/immudb-default, Insert/immudb-1ms, Insert/sqlite
//
// -bench InsertTurns -benchtime 60x has tally and ceiling at one writer in turn.
//
// The filled file grows by what is inserted, a part at most. All that was
// acknowledged is looked for after each benchmark, in the file opened again.
//
// # Proofs, reading, opening
//
//	go test -run '^$' -bench 'Proof|Point|Open|Memory' -fill 1000000 -file /var/tmp/bench.tally -timeout 60m
//	go test -run '^$' -bench 'Proof/blocks=1000000' -file /var/tmp/bench.tally
//
// -file keeps the filled ledger for the next run; a file of an older format is
// refused, and has to be deleted. -bench SQL compares statements with SQLite,
// -bench Wire is the server seen through the driver; on a machine that does other
// things beside, -bench WireTurns says more.
//
// Everything called durable syncs before it answers. Ledgers are filled without
// syncing, synced as a whole and opened again before they are timed. Files are
// in the folder for temporary files (TMPDIR): it must be on the disk that is to
// be measured.
package bench
