// Package example is a small application on package ledger: a registry of tools
// that a workshop lends out. It shows what an application and its unit test look
// like. Its functions know [ledger.Ledger] and no backend; the test picks one by
// the URL in TALLY_LEDGER_URL, "memory:" unless it is set:
//
//	go test ./ledger/example
//	TALLY_LEDGER_URL='bolt:///tmp/tools.tally' go test ./ledger/example
//	TALLY_LEDGER_URL='qldb://tools?endpoint=http://127.0.0.1:7532' go test ./ledger/example
//
// # Invariants
//
//   - A serial number is registered once.
//   - A tool changes hands only from the person who has it.
//
// Both hold with any number of clients: each function reads what its rule needs
// in the transaction that writes, and the ledger refuses the commit where another
// transaction was faster. [ledger.Ledger.Execute] then runs the function again.
package example
