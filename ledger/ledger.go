package ledger

import (
	"context"
	"iter"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Ledger is one ledger of a backend. It is safe for concurrent use.
type Ledger interface {
	// Name is the ledger's name.
	Name() string

	// Execute runs fn in a transaction and commits it. Where the commit meets a
	// conflict, or the session is lost, fn is run again from its start in a new
	// transaction, as often as the retry policy says: fn must not keep results
	// of an earlier run. An error of fn aborts the transaction and is returned.
	Execute(ctx context.Context, fn func(tx Transaction) error, opts ...ExecuteOption) error

	// TableNames lists the active tables.
	TableNames(ctx context.Context) ([]string, error)

	// Digest is the root hash of the journal up to its last block.
	Digest(ctx context.Context) (Digest, error)

	// Block is the block at an address. With a digest tip address it comes with
	// the proof that leads to that digest; tip may be nil.
	Block(ctx context.Context, at BlockAddress, tip *BlockAddress) (Block, error)

	// Revision is the revision of a document in the block at an address. With a
	// digest tip address it comes with the proof that leads to that digest; tip
	// may be nil.
	Revision(ctx context.Context, at BlockAddress, documentID string, tip *BlockAddress) (Revision, error)

	// Journal yields the blocks from sequence number from, inclusive, to the tip
	// at the time of the call, in order. It ends at the first error.
	Journal(ctx context.Context, from int64) iter.Seq2[ion.Value, error]

	// Close waits for commits under way and releases the ledger. Every call after
	// it returns ErrClosed; closing again does nothing.
	Close() error
}

// Transaction is an open transaction. It is used by one goroutine at a time and
// is no longer valid when the function that it was given to returns.
type Transaction interface {
	// ID is the transaction's id, 22 characters; it stands in the metadata of
	// every revision that the transaction makes.
	ID() string

	// Execute runs one PartiQL statement. Each ? takes one parameter, in order:
	// an ion.Value, or a Go value that ion.Marshal converts. A statement that
	// fails with ErrBadRequest leaves no trace and the transaction stays open.
	Execute(statement string, params ...any) (*Result, error)

	// Abort ends the transaction without writing anything. The function should
	// return next; a nil error then becomes ErrAborted, and another one counts as
	// it does without an abort: a conflict is retried. Abort itself returns nil
	// also where the transaction was lost or aborted before.
	Abort() error
}

// ExecuteOption changes one call of Execute.
type ExecuteOption func(*ExecuteOptions)

// ExecuteOptions is what ExecuteOption sets; backends read it.
type ExecuteOptions struct {
	Retry RetryPolicy
}

// WithRetry sets the retry policy of one call of Execute.
func WithRetry(p RetryPolicy) ExecuteOption {
	return func(o *ExecuteOptions) { o.Retry = p }
}
