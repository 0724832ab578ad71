// Package qldb is the backend that speaks to a QLDB endpoint: it gives a
// [ledger.Ledger] on the official QLDB driver for Go (v3.0.1) and the AWS SDK.
// The endpoint may be a Tally server or anything else that serves QLDB's
// session API and control plane.
//
//	import _ "github.com/tallyledger/tally/backend/qldb"
//
//	l, err := ledger.Open(ctx, "qldb://orders?region=eu-west-1&endpoint=http://127.0.0.1:7532")
//
// The parameters of the URL are region, endpoint, profile and max_sessions.
// What is not given, and the credentials, come from where the SDK looks for
// them: AWS_REGION, AWS_ENDPOINT_URL_QLDB_SESSION, AWS_ENDPOINT_URL_QLDB,
// AWS_ACCESS_KEY_ID, AWS_PROFILE, the shared configuration files and so on.
//
// # Invariants
//
//   - Only package ledger retries. The driver's own retry and the SDK's are off
//     for sessions, and a function runs once for each attempt that ledger makes.
//   - An error of the service comes out as a [*ledger.Error] with the exception's
//     name, and with its code where the service sent one.
//   - A commit whose answer did not arrive is [ledger.ErrOutcomeUnknown], and so
//     is one that was answered by a fault of the service; neither is retried.
//   - A block or revision is returned if its hashes, recomputed on this side, and
//     its address are right, else the error is [ledger.ErrNotVerified]. Its proof
//     must lead to the digest of that tip where Digest returned that last, as
//     Journal asks for it. A digest itself is what the endpoint says: against one
//     that was kept apart [ledger.FetchBlock] and [ledger.FetchRevision] verify.
//   - An aborted transaction is aborted at the service too, even where the
//     caller's context has ended.
//
// # What is not here
//
// No management of ledgers, exports or streams: use the AWS SDK. No storage and
// no PartiQL.
//
// The driver cannot hash an annotated true as a statement's parameter. Such a
// parameter is refused with [ledger.ErrUnsupported] before anything is sent; see
// [Gaps]. It does not show the write IOs of a statement: ledger.IOUsage.WriteIOs
// stays 0.
package qldb
