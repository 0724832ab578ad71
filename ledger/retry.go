package ledger

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// RetryPolicy says how often and when Execute runs its function again. The
// delay before retry n, from 1, is a random part, between half and all, of
// Base × 2^n, at most Cap: the form of QLDB's drivers. As theirs, a first run
// that met a lost session, which may have been lost long before, is followed by
// the first retry without a delay.
type RetryPolicy struct {
	// Max is how many times the function is run again after its first run.
	Max int
	// Base is half of the longest first delay, Cap the limit of all.
	Base, Cap time.Duration
	// Sleep waits; nil means a timer. Tests set it.
	Sleep func(ctx context.Context, d time.Duration) error
}

// DefaultRetry is the policy of QLDB's drivers: 4 retries after up to 20, 40, 80
// and 160 ms.
var DefaultRetry = RetryPolicy{Max: 4, Base: 10 * time.Millisecond, Cap: 5 * time.Second}

// NoRetry runs the function once.
var NoRetry = RetryPolicy{}

// delay is the time before a retry, the first of which is number 1.
func (p RetryPolicy) delay(retry int) time.Duration {
	d := float64(p.Base) * math.Pow(2, float64(retry))
	d = math.Min(d, float64(p.Cap))
	return time.Duration(d/2 + rand.Float64()*d/2)
}

func (p RetryPolicy) wait(ctx context.Context, retry int) error {
	d := p.delay(retry)
	if p.Sleep != nil {
		return p.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Retryable reports whether a transaction that ended with err may be run again:
// after a conflict, a lost session or a passing fault of the service, but not
// after its expiry or where its outcome is unknown.
func Retryable(err error) bool {
	switch {
	case errors.Is(err, ErrTransactionExpired), errors.Is(err, ErrOutcomeUnknown):
		return false
	}
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalidSession) || errors.Is(err, ErrCapacityExceeded) ||
		errors.Is(err, ErrInternal) || errors.Is(err, ErrUnavailable)
}

// OpenTransaction is what a backend hands to Run: a transaction that can be
// committed.
type OpenTransaction interface {
	Transaction
	Commit() error
}

// Run is Execute for backends: it begins a transaction, runs fn, commits, and
// retries by the options.
func Run(ctx context.Context, begin func(context.Context) (OpenTransaction, error), fn func(Transaction) error, opts ...ExecuteOption) error {
	o := ExecuteOptions{Retry: DefaultRetry}
	for _, opt := range opts {
		opt(&o)
	}
	for retry := 1; ; retry++ {
		err := runOnce(ctx, begin, fn)
		if err == nil || retry > o.Retry.Max || !Retryable(err) || ctx.Err() != nil {
			return err
		}
		if retry == 1 && errors.Is(err, ErrInvalidSession) {
			continue // waiting helps against load, not against an old session
		}
		if werr := o.Retry.wait(ctx, retry); werr != nil {
			return errors.Join(err, werr)
		}
	}
}

// abortable remembers whether fn ended the transaction itself.
type abortable struct {
	OpenTransaction
	aborted bool
}

// Abort ends the transaction once. A backend that could not tell its service so
// has aborted all the same, since nobody will commit: its error is no reason to
// run fn again, as it would be where fn returns it.
func (a *abortable) Abort() error {
	if !a.aborted {
		a.aborted = true
		_ = a.OpenTransaction.Abort()
	}
	return nil
}

func runOnce(ctx context.Context, begin func(context.Context) (OpenTransaction, error), fn func(Transaction) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	open, err := begin(ctx)
	if err != nil {
		return err
	}
	tx := &abortable{OpenTransaction: open}
	done := false
	defer func() {
		if !done && !tx.aborted { // fn panicked
			_ = open.Abort()
		}
	}()
	err = fn(tx)
	done = true
	switch {
	case tx.aborted && err == nil:
		return ErrAborted
	case tx.aborted:
		return err
	case err != nil:
		_ = open.Abort()
		return err
	}
	return open.Commit()
}
