// Package bench measures Tally beside its peers, in one run: raw bbolt doing
// the same puts, immudb's embedded store, and SQLite. It is a module of its
// own, so that nobody who uses Tally gets them.
//
//	cd testdata/bench
//	go test -bench Insert -benchtime 30s -timeout 60m
//	go test -bench . -fill 1000000 -timeout 90m
//
// Everything called durable syncs before it answers. Ledgers are filled without
// syncing and reopened before they are timed.
package bench
