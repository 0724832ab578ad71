package emulator

import "time"

// Limits are QLDB's quotas. Take [DefaultLimits] and change what has to be
// lifted; a number of 0 or less means no limit.
type Limits struct {
	Sessions             int           // sessions open at once, checked when a transaction starts
	ActiveTables         int           // tables that are not dropped
	TotalTables          int           // tables, dropped ones included
	IndexesPerTable      int           //
	DocumentsPerTx       int           // documents that a transaction may change
	RedactionsPerTx      int           //
	DocumentSize         int           // bytes of Ion binary, as a stream with its symbol table
	ParameterSize        int           // bytes of Ion binary, as a stream with its symbol table
	StatementLength      int           // characters; a text of more than 4 MiB (partiql.MaxStatement) is refused in any case
	TransactionSize      int           // bytes of the revisions to be written, one a document, with metadata, index entries and statement texts
	TransactionTime      time.Duration // from StartTransaction
	SessionTime          time.Duration // from StartSession
	ResultMemory         int64         // bytes of a session's results kept in memory; more goes to a temporary file
	ResultsOfAllSessions int64         // bytes of results of all sessions
}

// DefaultLimits are the limits of the service in 2025. A session of QLDB lived
// 13 to 17 minutes; here it is 15.
var DefaultLimits = Limits{
	Sessions: 3000, ActiveTables: 20, TotalTables: 40, IndexesPerTable: 5, DocumentsPerTx: 40, RedactionsPerTx: 1,
	DocumentSize: 128 << 10, ParameterSize: 128 << 10, StatementLength: 100_000, TransactionSize: 4 << 20,
	TransactionTime: 30 * time.Second, SessionTime: 15 * time.Minute,
	ResultMemory: 64 << 20, ResultsOfAllSessions: 4 << 30,
}

// over reports whether n exceeds a limit.
func over(n, limit int) bool { return limit > 0 && n > limit }
