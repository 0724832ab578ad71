//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	awsqldb "github.com/aws/aws-sdk-go-v2/service/qldb"
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
// notes what becomes of commits. Close stops all commands but those that end a
// transaction or session.
func watched(c *qldbsession.Client, g *gate) *qldbsession.Client {
	return qldbsession.New(c.Options(), func(o *qldbsession.Options) {
		o.HTTPClient = wholeBody{o.HTTPClient}
		o.APIOptions = append(o.APIOptions, atFirst("TallyCommand", g.command))
	})
}

// stoppable returns a client whose calls Close stops.
func stoppable(c *awsqldb.Client, g *gate) *awsqldb.Client {
	return awsqldb.New(c.Options(), func(o *awsqldb.Options) {
		o.HTTPClient = wholeBody{o.HTTPClient}
		o.APIOptions = append(o.APIOptions, atFirst("TallyCall", g.call))
	})
}

type callFunc = func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error)

// atFirst puts f around a call, before the SDK does anything.
func atFirst(name string, f callFunc) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc(name, f), middleware.Before)
	}
}

func (g *gate) call(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, meta middleware.Metadata, err error) {
	err = g.during(ctx, func(ctx context.Context) error {
		out, meta, err = next.HandleInitialize(ctx, in)
		return err
	})
	return out, meta, late(ctx, err)
}

func (g *gate) command(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, meta middleware.Metadata, err error) {
	cmd, ok := in.Parameters.(*qldbsession.SendCommandInput)
	if !ok {
		return next.HandleInitialize(ctx, in)
	}
	caller, limit := ctx, commandTimeout
	if cmd.AbortTransaction != nil {
		ctx, limit = context.WithoutCancel(ctx), abortTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if cmd.CommitTransaction == nil && cmd.AbortTransaction == nil && cmd.EndSession == nil {
		out, meta, err = g.call(ctx, in, next)
	} else {
		out, meta, err = next.HandleInitialize(ctx, in)
	}
	if err == nil {
		err = checkAnswer(cmd, out.Result)
	}
	err = late(caller, err)
	if seen, ok := caller.Value(commitKey{}).(*commitCall); ok && cmd.CommitTransaction != nil {
		seen.sent, seen.err = true, err
	}
	return out, meta, err
}

// late turns the end of a time limit that is not the caller's, but the HTTP
// client's or a command's, into a service that does not answer.
func late(caller context.Context, err error) error {
	if err == nil || caller.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := serviceError(err); ok {
		return err
	}
	return ledger.NewError("ServiceUnavailable", "", "no answer from the service in time: "+err.Error()).WithCause(err)
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
