//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/aws/smithy-go/middleware"

	"github.com/tallyledger/tally/ledger"
)

const (
	// commandTimeout bounds one command. No transaction lives for longer than 30
	// seconds, so a later answer would be of no use.
	commandTimeout = 60 * time.Second
	// abortTimeout bounds an abort, which goes out even where the caller's context
	// has ended: otherwise the transaction would stay open and its session be lost.
	abortTimeout = 2 * time.Second
)

// commitCall is what became of a transaction's commit command. The driver does
// not tell: it may replace the session after it and hide the error.
type commitCall struct {
	sent bool
	err  error
}

type commitKey struct{}

// watched returns a client that bounds every command, lets aborts through and
// notes what becomes of commits.
func watched(c *qldbsession.Client) *qldbsession.Client {
	return qldbsession.New(c.Options(), func(o *qldbsession.Options) {
		o.HTTPClient = wholeBody{o.HTTPClient}
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("TallyCommand", command), middleware.Before)
		})
	})
}

func command(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	cmd, ok := in.Parameters.(*qldbsession.SendCommandInput)
	if !ok {
		return next.HandleInitialize(ctx, in)
	}
	limit := commandTimeout
	if cmd.AbortTransaction != nil {
		ctx, limit = context.WithoutCancel(ctx), abortTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, meta, err := next.HandleInitialize(ctx, in)
	if seen, ok := ctx.Value(commitKey{}).(*commitCall); ok && cmd.CommitTransaction != nil {
		seen.sent, seen.err = true, err
	}
	return out, meta, err
}

// explain turns the driver's error after a commit into the ledger's. Only an
// answer of the service that names a reason of the request's says that nothing
// was committed.
func (c *commitCall) explain(driverErr error) error {
	if !c.sent {
		return mapError(driverErr)
	}
	if c.err == nil { // the service's digest is not ours, though it says that it has committed
		return fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, driverErr)
	}
	if e, ok := serviceError(c.err); ok && refuses(e) {
		return e
	}
	return fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, mapError(c.err))
}
