// Package conformance is the one suite that every backend of package ledger
// passes. It states, as data, how QLDB answers: [Cases] gives a name, a section,
// what a case needs and a function.
//
// [Run] is for the test of a backend:
//
//	func TestConformance(t *testing.T) {
//		conformance.Run(t, conformance.Harness{Open: open, Fresh: fresh})
//	}
//
// [Check] runs the same cases outside "go test" and hands out what became of
// each; the command "tally conformance" prints that.
//
// # Invariants
//
//   - A case knows only package ledger. It never asks which backend it runs on:
//     what a backend or an endpoint lacks is declared by its [Harness], with the
//     reason, and shows as a gap.
//   - Most cases share one ledger with three tables, Plain, Other and Keyed,
//     which are emptied before each case. The suite refuses to run on a ledger
//     that has other tables: they could be somebody's data.
//   - A case that holds a choice, since it is not known what QLDB did, says so in
//     its Chosen text. docs/differences.md lists them.
//
// # What is not here
//
// No backend, no raw HTTP (the server's own tests have that) and no measuring.
package conformance
