//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/ledger"
)

// The driver offers one call: Execute, which begins a transaction, runs a
// function and commits. Package ledger wants begin and commit apart, so that all
// backends share one retry loop and a commit's failure can be told from a
// statement's. Here the driver's Execute runs in a goroutine whose function hands
// the open transaction out and then waits for the verdict, commit or abort.
//
// A driver is made for one session and used by one transaction at a time, and
// the pool of sessions is ours. With several sessions in one driver a caller can
// wait for ever: the driver looks whether its pool has a session and takes it in
// two steps, and a session that was lost in between never comes back.

// Reasons to end the driver's function without a commit. The driver sends an
// abort and keeps the session where that succeeds.
var (
	errVerdictAbort = errors.New("qldb: the transaction was given up")
	errSecondRun    = errors.New("qldb: the driver ran the function again")
)

// pool keeps drivers whose session is idle, the last used on top.
type pool struct {
	name    string
	session *qldbsession.Client
	gate    *gate
	permits chan struct{} // one for each transaction that may be open

	mu   sync.Mutex
	idle []*qldbdriver.QLDBDriver
}

func newPool(name string, session *qldbsession.Client, size int, g *gate) *pool {
	return &pool{name: name, session: watched(session, g), gate: g, permits: make(chan struct{}, size)}
}

func (p *pool) take() (*qldbdriver.QLDBDriver, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		d := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return d, nil
	}
	return qldbdriver.New(p.name, p.session, func(o *qldbdriver.DriverOptions) {
		o.MaxConcurrentTransactions = 1
		o.RetryPolicy.MaxRetryLimit = 0
		o.LoggerVerbosity = qldbdriver.LogOff
	})
}

func (p *pool) put(d *qldbdriver.QLDBDriver) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, d)
}

// close ends the sessions; no transaction may be open.
func (p *pool) close(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var wg sync.WaitGroup
	for _, d := range p.idle {
		wg.Go(func() { d.Shutdown(ctx) })
	}
	wg.Wait()
	p.idle = nil
}

// begin opens a transaction. The goroutine that it starts ends when the
// transaction is committed or aborted, of which ledger.Run does one, or when the
// ledger is closed.
func (p *pool) begin(ctx context.Context) (ledger.OpenTransaction, error) {
	if !p.gate.enter() {
		return nil, ledger.ErrClosed
	}
	d, err := p.acquire(ctx)
	if err != nil {
		p.gate.leave()
		return nil, err
	}
	t := &transaction{
		ctx:     ctx,
		gate:    p.gate,
		seen:    &commitCall{},
		opened:  make(chan qldbdriver.Transaction, 1),
		verdict: make(chan error, 1),
		done:    make(chan error, 1),
	}
	go func() {
		err := t.drive(d)
		p.put(d)
		<-p.permits
		p.gate.leave()
		t.done <- err
	}()
	select {
	case t.tx = <-t.opened:
		return t, nil
	case err := <-t.done:
		return nil, mapError(err)
	}
}

// acquire waits until another transaction may be open.
func (p *pool) acquire(ctx context.Context) (*qldbdriver.QLDBDriver, error) {
	select {
	case p.permits <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.gate.closing.Done():
		return nil, ledger.ErrClosed
	}
	d, err := p.take()
	if err != nil {
		<-p.permits
	}
	return d, err
}

// transaction is an open transaction of the driver.
type transaction struct {
	ctx     context.Context
	gate    *gate
	tx      qldbdriver.Transaction
	seen    *commitCall
	opened  chan qldbdriver.Transaction
	verdict chan error
	done    chan error
	ended   bool
}

// drive runs the driver's Execute to its end.
func (t *transaction) drive(d *qldbdriver.QLDBDriver) error {
	ran := false
	_, err := d.Execute(context.WithValue(t.ctx, commitKey{}, t.seen), func(tx qldbdriver.Transaction) (any, error) {
		if ran {
			// The driver replaces a lost session and runs the function again, even
			// with its retries off. Whether to go on is for package ledger to say.
			return nil, errSecondRun
		}
		ran = true
		t.opened <- tx
		return nil, t.await()
	})
	return err
}

// await waits for the verdict. At Close there is none to wait for: a function of
// the caller's may run for as long as it likes.
func (t *transaction) await() error {
	select {
	case v := <-t.verdict:
		return v
	case <-t.gate.closing.Done():
	}
	select {
	case v := <-t.verdict: // the commit was there first
		return v
	default:
		return ledger.ErrClosed
	}
}

// ID is the transaction's id.
func (t *transaction) ID() string { return t.tx.ID() }

// Execute runs one statement.
func (t *transaction) Execute(statement string, params ...any) (*ledger.Result, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	if err := checkStatement(statement); err != nil {
		return nil, err
	}
	args, err := driverParameters(params)
	if err != nil {
		return nil, err
	}
	r, err := t.tx.Execute(statement, args...)
	if err != nil {
		return nil, mapError(err)
	}
	rows := &rows{tx: t, res: r}
	return ledger.NewResult(rows.head(), rows.next), nil
}

// usable is why the transaction takes no statement, nil while it does.
func (t *transaction) usable() error {
	switch {
	case t.ended:
		return errNoOpenTransaction
	case t.gate.isClosed():
		return ledger.ErrClosed
	}
	return nil
}

// Commit commits. An error that leaves open whether the service has committed is
// ledger.ErrOutcomeUnknown.
func (t *transaction) Commit() error {
	if t.ended {
		return errNoOpenTransaction
	}
	err := t.ctx.Err()
	if t.gate.isClosed() {
		err = ledger.ErrClosed
	}
	if err != nil { // nothing has been sent yet: the outcome is known
		_ = t.end(errVerdictAbort)
		return err
	}
	if err = t.end(nil); err == nil {
		return nil
	}
	return t.seen.explain(err)
}

// Abort gives the transaction up. A transaction that could not be told so ends
// at the service by its time limit; it is not committed in either case.
func (t *transaction) Abort() error {
	if !t.ended {
		_ = t.end(errVerdictAbort)
	}
	return nil
}

func (t *transaction) end(verdict error) error {
	t.ended = true
	t.verdict <- verdict
	return <-t.done
}
