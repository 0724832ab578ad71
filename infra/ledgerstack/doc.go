// Package ledgerstack is a Pulumi component for one QLDB ledger and what
// belongs to it: a journal stream to Kinesis, a bucket that takes journal
// exports, and IAM policies for a writer, a reader and an auditor.
//
// The same Config serves two targets. TargetEmulator is a server that speaks
// QLDB's API on an endpoint of its own, such as `tally serve`; TargetAWS is an
// AWS account, or whatever the program's AWS provider points at.
//
// Invariants:
//
//   - A Config is checked as a whole before the first resource is registered,
//     so a refused Config changes nothing anywhere. Every refusal is a
//     *ConfigError that names the key, the value, the rule and the remedy.
//   - The zero values are the safe ones: permissions mode STANDARD, deletion
//     protection on, no bucket, no stream, no access.
//   - With TargetEmulator every resource belongs to a provider that the
//     component makes itself, with an endpoint for each service it uses and
//     with every lookup that AWS providers do on their own turned off. No call
//     of such a stack can reach AWS.
//   - An IAM policy names the actions it allows one by one, and the tables by
//     id; no policy here contains an action with a wildcard.
//
// Not here: the ledger's tables and indexes (they are made with PartiQL, by the
// application), export jobs (an API call, not a resource), and the values of
// docs/qldb.md, which is the project's account of QLDB's rules.
package ledgerstack
