// Package server answers Amazon QLDB's two HTTP APIs on one port, for any
// number of ledgers of package emulator: the session API (POST / with the
// header X-Amz-Target) that the drivers use, and the control plane (REST) that
// the SDKs, the AWS command line, Terraform and Pulumi use. Docs:
// docs/clients.md for the clients, docs/qldb.md for the rules.
//
// # What is here and what is not
//
// A session's states, transactions, conflicts and every text about them are
// [emulator.Session]'s. Here are tokens, JSON, the shapes of parameters, the
// registry of ledgers with what the control plane keeps about them (tags,
// protection, exports, streams), signatures, limits of HTTP and metrics.
//
// IAM is not evaluated, and no stream delivers to Kinesis: streams only keep
// their state machine.
//
// # Invariants
//
//   - Requests of different sessions run in parallel; the requests of one
//     session are put in order by the session itself.
//   - An answer of the control plane is given after the change is on disk.
//   - A data directory holds one file <name>.tally a ledger and the file
//     server.json; names are checked before they come near a path.
//   - Bad input gets one of the APIs' own errors. A panic becomes an
//     InternalFailure and a line in the log; the process lives on.
package server
