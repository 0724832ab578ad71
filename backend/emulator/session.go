package emulator

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Session is the state machine of QLDB's sessions: idle, with an open
// transaction, or dead. It is safe for concurrent calls, which wait for each
// other: drivers fetch pages while their main flow executes statements.
//
// A session that is not used expires by the ledger's clock; nothing has to
// close it.
type Session struct {
	l     *Ledger
	id    string
	begun time.Time
	epoch int

	mu      sync.Mutex // held for one command; guards what follows
	dead    error      // what commands on a dead session get
	now     time.Time  // when the command began
	tx      *Transaction
	results results
	spare   *resultSet      // memory of one that is read to its end
	expired map[string]bool // transactions of this session that expired
}

// RawPage is a page of a result; each value is a complete Ion stream.
type RawPage struct {
	Values [][]byte
	Token  string // of the next page, "" on the last
	IO     ledger.IOUsage
	Timing ledger.Timing
}

// CommitResult is the answer to a commit.
type CommitResult struct {
	Digest []byte // the commit digest, as it was sent
	IO     ledger.IOUsage
	Timing ledger.Timing
}

// ID is the session's id, 22 characters.
func (s *Session) ID() string { return s.id }

// enter begins a command; leave ends it. Where it returns an error, or the clock
// panics, no command has begun.
func (s *Session) enter() error {
	s.mu.Lock()
	entered := false
	defer func() {
		if !entered {
			s.mu.Unlock()
		}
	}()
	if s.dead == nil && s.l.ending.Load() {
		s.end(ledger.ErrClosed)
	}
	if s.dead == nil {
		s.checkAge()
	}
	if s.dead != nil {
		return s.dead
	}
	if s.l.hooks.Faults.TakeCapacity() {
		return ledger.NewError(capacityExceeded, "", textCapacity)
	}
	entered = true
	return nil
}

// checkAge takes the time and ends the session if it is too old.
func (s *Session) checkAge() {
	s.now = s.l.hooks.Now()
	limit := s.l.limits.SessionTime
	if s.epoch != s.l.hooks.Faults.Epoch() || limit > 0 && s.now.Sub(s.begun) > limit {
		s.end(ledger.NewError(invalidSession, "", "Session "+s.id+" has expired"))
	}
}

func (s *Session) leave() { s.mu.Unlock() }

// end makes the session dead.
func (s *Session) end(reason error) {
	if s.tx != nil && s.tx.expired(s.l.hooks.Now()) {
		s.expire()
	}
	s.closeTx()
	s.dead = reason
	s.l.endSession(s)
}

// closeTx ends the transaction, if there is one, without writing.
func (s *Session) closeTx() {
	if s.tx != nil {
		s.l.endTx(s.tx)
		s.tx = nil
	}
	s.results.release()
}

// StartTransaction begins a transaction and returns its id.
func (s *Session) StartTransaction(ctx context.Context) (string, error) {
	if err := s.enter(); err != nil {
		return "", err
	}
	defer s.leave()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if s.tx != nil {
		if !s.tx.expired(s.now) {
			return "", ledger.NewError(badRequest, codeOther, textOpenTx)
		}
		s.expire()
	}
	tx, err := s.l.beginTx()
	if err != nil {
		return "", err
	}
	s.tx = tx
	return tx.id, nil
}

// expire ends the current transaction for its age.
func (s *Session) expire() {
	s.noteExpired(s.tx.id)
	s.tx.countExpired()
	s.closeTx()
}

// noteExpired keeps the id of a transaction that expired: commands that name it
// later hear so.
func (s *Session) noteExpired(txID string) {
	if s.expired == nil {
		s.expired = make(map[string]bool)
	}
	s.expired[txID] = true
}

// current checks that txID is the open transaction.
func (s *Session) current(txID string) (*Transaction, error) {
	if s.tx != nil && s.tx.id == txID {
		if !s.tx.expired(s.now) {
			return s.tx, nil
		}
		s.expire()
	}
	if s.expired[txID] {
		return nil, errExpired(txID)
	}
	return nil, ledger.NewError(badRequest, codeNoTx, textNoTx)
}

// ExecuteStatement runs a statement and returns its first page. A statement
// that fails leaves no trace, and the transaction stays open.
func (s *Session) ExecuteStatement(ctx context.Context, txID, statement string, params []ion.Value) (RawPage, error) {
	return s.ExecuteReceived(ctx, txID, statement, params, nil)
}

// ExecuteReceived is ExecuteStatement for parameters that came over a wire. sizes
// has the bytes of Ion binary that each of them took there, which count for
// [Limits.ParameterSize]; 0 for one that came as text.
func (s *Session) ExecuteReceived(ctx context.Context, txID, statement string, params []ion.Value, sizes []int) (RawPage, error) {
	start := time.Now()
	if err := s.enter(); err != nil {
		return RawPage{}, err
	}
	defer s.leave()
	tx, err := s.current(txID)
	if err != nil {
		return RawPage{}, err
	}
	set := s.spare
	if set == nil {
		set = &resultSet{}
	}
	s.spare = nil
	set.quota, set.limit = &s.l.quota, s.l.limits.ResultMemory
	if err := tx.execute(ctx, s.now, statement, params, sizes, set); err != nil {
		set.release()
		if errors.Is(err, ledger.ErrTransactionExpired) {
			s.expire()
		}
		return RawPage{}, err
	}
	return s.page(set, start)
}

// RefuseStatement takes a statement that its caller does not execute into the
// commit digest: the client has hashed it, and may go on with the transaction. It
// returns reason, or what ExecuteStatement would say of the session.
func (s *Session) RefuseStatement(txID, statement string, params []ion.Value, reason error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	tx, err := s.current(txID)
	if err != nil {
		return err
	}
	if _, err := tx.fold(statement, params); err != nil {
		return err
	}
	return reason
}

// FetchPage returns the page that a token announced.
func (s *Session) FetchPage(_ context.Context, txID, token string) (RawPage, error) {
	start := time.Now()
	if err := s.enter(); err != nil {
		return RawPage{}, err
	}
	defer s.leave()
	if _, err := s.current(txID); err != nil {
		return RawPage{}, err
	}
	set, ok := s.results.take(token)
	if !ok {
		return RawPage{}, ledger.NewError(badRequest, codeOther, "The parameter NextPageToken is not valid")
	}
	return s.page(set, start)
}

func (s *Session) page(set *resultSet, start time.Time) (RawPage, error) {
	values, err := set.next()
	if err != nil {
		set.release()
		return RawPage{}, err
	}
	p := RawPage{Values: values, IO: set.io}
	set.io = ledger.IOUsage{} // all of it is the first page's
	if p.Token = s.results.keep(set); p.Token == "" {
		s.spare = set
	}
	p.Timing = timing(start)
	return p, nil
}

// timing is the time since start, 1 ms at least: clients take 0 for absent.
func timing(start time.Time) ledger.Timing {
	return ledger.Timing{Processing: max(time.Since(start), time.Millisecond)}
}

// CommitTransaction commits. digest must be the commit digest over all
// statements that were sent; it is returned as it came. Afterwards no
// transaction is open, whatever the outcome.
func (s *Session) CommitTransaction(ctx context.Context, txID string, digest []byte) (CommitResult, error) {
	start := time.Now()
	if err := s.enter(); err != nil {
		return CommitResult{}, err
	}
	defer s.leave()
	tx, err := s.current(txID)
	if err != nil {
		return CommitResult{}, err
	}
	if want := tx.digest.Hash().Bytes(); !bytes.Equal(want, digest) {
		s.closeTx()
		return CommitResult{}, ledger.NewError(badRequest, codeOther, textDigests)
	}
	writes := int64(len(tx.writes.changes))
	err = s.l.commit(ctx, tx)
	s.tx = nil
	s.results.release()
	if errors.Is(err, ledger.ErrTransactionExpired) {
		s.noteExpired(txID)
	}
	if err != nil {
		return CommitResult{}, err
	}
	return CommitResult{Digest: digest, IO: ledger.IOUsage{WriteIOs: writes}, Timing: timing(start)}, nil
}

// AbortTransaction ends the open transaction without writing. It succeeds also
// where none is open: drivers ask so whether a session is alive.
func (s *Session) AbortTransaction(context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	switch {
	case s.tx == nil:
	case s.tx.expired(s.now):
		s.expire() // its id stays one of an expired transaction
	default:
		s.l.stats.aborted.Add(1)
	}
	s.closeTx()
	return nil
}

// EndSession ends the session and the open transaction, if there is one.
func (s *Session) EndSession(context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.end(ledger.NewError(invalidSession, "", textNoSuch))
	return nil
}

// discard ends the session whatever is the matter with it: nobody else has it.
func (s *Session) discard() { s.close(ledger.NewError(invalidSession, "", textNoSuch)) }

// close waits for the command under way and ends the session.
func (s *Session) close(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead == nil {
		s.end(reason)
	}
}

// CommitDigest is the digest over the statements of the open transaction so
// far. Callers in the same process need not compute their own.
func (s *Session) commitDigest(txID string) (hashchain.Hash, error) {
	if err := s.enter(); err != nil {
		return hashchain.Hash{}, err
	}
	defer s.leave()
	tx, err := s.current(txID)
	if err != nil {
		return hashchain.Hash{}, err
	}
	return tx.digest.Hash(), nil
}
