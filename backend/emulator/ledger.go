package emulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tallyledger/tally/backend/emulator/internal/hook"
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Mode is a ledger's permissions mode. Permissions themselves are not
// evaluated; the mode changes what an unknown name is answered with.
type Mode int32

// The permissions modes of QLDB.
const (
	AllowAll Mode = iota
	Standard
)

// String is the mode as the control plane spells it.
func (m Mode) String() string {
	if m == Standard {
		return "STANDARD"
	}
	return "ALLOW_ALL"
}

// Ledger is an open ledger. It is safe for concurrent use; one process at a
// time has it open.
type Ledger struct {
	name    string
	path    string // as Open got it; empty in memory
	strand  string
	created time.Time
	store   store.Store
	hooks   hook.Hooks
	limits  Limits
	// ignoreFieldCase is WithIgnoreFieldCase.
	ignoreFieldCase bool
	ids             *hashchain.IDSource
	plans           *partiql.Cache
	stats           counters
	quota           quota
	mode            atomic.Int32
	serial          atomic.Uint64 // of catalogs

	nodeCache nodeCache
	lastEdge  atomic.Pointer[hashchain.RightEdge] // of the tree of the last proof that was not for the tip

	// state is what is durable. The committer's writer stores it.
	state  atomic.Pointer[committed]
	broken atomic.Pointer[error] // why no more is written; nil while all is well

	mu       sync.Mutex // held briefly; guards the two sets
	sessions map[*Session]struct{}
	open     openTxs

	ending    atomic.Bool  // Close was called: statements stop, and commands get ErrClosed
	closing   sync.RWMutex // read-held while a commit is handed over
	closed    bool
	gone      chan struct{} // closed when Close has ended, with closeErr
	closeErr  error
	readers   readers
	committer *committer
}

var _ ledger.Ledger = (*Ledger)(nil)

// Name is the ledger's name.
func (l *Ledger) Name() string { return l.name }

// StrandID is the id of the ledger's only strand.
func (l *Ledger) StrandID() string { return l.strand }

// CreatedAt is when the ledger was created.
func (l *Ledger) CreatedAt() time.Time { return l.created }

// Mode is the permissions mode.
func (l *Ledger) Mode() Mode { return Mode(l.mode.Load()) }

// SetMode changes the permissions mode for statements from now on. It is not
// stored with the ledger: who opens the ledger says it.
func (l *Ledger) SetMode(m Mode) { l.mode.Store(int32(m)) }

// fatal is the error that writes get once the ledger is read-only.
func (l *Ledger) fatal() error {
	if e := l.broken.Load(); e != nil {
		return *e
	}
	return nil
}

func (l *Ledger) setFatal(cause error) {
	err := fmt.Errorf("%w since a write or read failed; reopen it: %w", ledger.ErrReadOnly, cause)
	l.broken.CompareAndSwap(nil, &err)
}

// readFailure notes damage that was met while reading: from here on the ledger
// is read-only.
func (l *Ledger) readFailure(err error) error {
	if errors.Is(err, store.ErrClosed) {
		return ledger.ErrClosed
	}
	if errors.Is(err, store.ErrUnknownOutcome) {
		l.setFatal(err) // the writer may be about to say the same
		return l.fatal()
	}
	if errors.Is(err, store.ErrDamaged) && !errors.Is(err, ledger.ErrDamaged) {
		err = fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	}
	if errors.Is(err, ledger.ErrDamaged) {
		err = l.locate(err)
		l.setFatal(err)
	}
	return err
}

// published waits until the state of a group that is in the store is published
// too: a matter of microseconds.
func (l *Ledger) published(seq int64) {
	for l.state.Load().seq < seq && l.fatal() == nil {
		time.Sleep(time.Microsecond)
	}
}

// StartSession opens a session.
func (l *Ledger) StartSession(ctx context.Context) (*Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.hooks.Faults.TakeCapacity() {
		return nil, ledger.NewError(capacityExceeded, "", textCapacity)
	}
	s := &Session{l: l, id: l.ids.Next().String(), begun: l.hooks.Now(), epoch: l.hooks.Faults.Epoch()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions == nil {
		return nil, ledger.ErrClosed
	}
	l.sessions[s] = struct{}{}
	return s, nil
}

func (l *Ledger) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sessions == nil
}

func (l *Ledger) endSession(s *Session) {
	l.mu.Lock()
	delete(l.sessions, s)
	l.mu.Unlock()
}

// beginTx opens a transaction.
func (l *Ledger) beginTx() (*Transaction, error) {
	t := &Transaction{l: l, begun: l.hooks.Now(), reads: readSet{}}
	t.rawID = l.ids.Next()
	t.id = t.rawID.String()
	t.digest = hashchain.NewCommitDigest(t.id)
	l.mu.Lock()
	if over(len(l.sessions), l.limits.Sessions) {
		l.mu.Unlock()
		l.reclaim()
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.sessions == nil {
		return nil, ledger.ErrClosed
	}
	if over(len(l.sessions), l.limits.Sessions) {
		return nil, ledger.NewError(limitExceeded, "", fmt.Sprintf("Exceeded the session limit of %s", thousands(l.limits.Sessions)))
	}
	l.sweepTxs(t.begun)
	// The tip is read under the lock: the horizon cannot pass it in between.
	t.from = l.state.Load().seq
	l.open.add(t)
	return t, nil
}

// thousands is n with a comma, as the service's text has it.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// sweepTxs takes transactions whose time is up off the list of open ones, so
// that they hold nothing back. Their sessions hear of it at the next command.
func (l *Ledger) sweepTxs(now time.Time) {
	for t := l.open.oldest(); t != nil && l.limits.TransactionTime > 0 && now.Sub(t.begun) > l.limits.TransactionTime; t = l.open.oldest() {
		t.ended.Store(true)
		l.open.remove(t)
		if !t.committing.Load() { // else the outcome tells
			t.countExpired()
		}
	}
}

// reclaim ends transactions and sessions whose time is up and that nobody asked
// for since, so that they and their results make room. Sessions at work are left
// alone.
func (l *Ledger) reclaim() {
	l.mu.Lock()
	sessions := slices.Collect(maps.Keys(l.sessions))
	l.mu.Unlock()
	for _, s := range sessions {
		if s.mu.TryLock() {
			s.reclaim()
		}
	}
}

// reclaim ends what is too old of a session that was locked, and unlocks it.
func (s *Session) reclaim() {
	defer s.mu.Unlock()
	if s.dead == nil {
		s.checkAge()
	}
	if s.tx != nil && s.tx.expired(s.l.hooks.Now()) {
		s.expire()
	}
}

// endTx takes a transaction off the list of open ones.
func (l *Ledger) endTx(t *Transaction) {
	t.ended.Store(true)
	l.mu.Lock()
	l.open.remove(t)
	l.mu.Unlock()
}

// horizon is the sequence number up to which no open transaction cares what
// changed.
func (l *Ledger) horizon(tip int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.open.oldest(); t != nil {
		return t.from
	}
	return min(tip, l.state.Load().seq)
}

// commit ends a transaction by committing it. One without a successful
// statement writes no block, but is validated: its errors may depend on what it
// read.
func (l *Ledger) commit(ctx context.Context, t *Transaction) error {
	defer l.endTx(t)
	t.committing.Store(true)
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.hooks.Faults.TakeConflict() {
		l.stats.conflicts.Add(1)
		return errConflict()
	}
	if len(t.statements) == 0 && len(t.reads) == 0 {
		return nil
	}
	r, err := t.prepare(untilClosed{ctx, l})
	if err == nil {
		err = l.committer.submit(r)
	}
	switch {
	case err == nil:
	case errors.Is(err, ledger.ErrConflict):
		l.stats.conflicts.Add(1)
	case errors.Is(err, ledger.ErrTransactionExpired):
		t.countExpired()
	default:
		l.stats.failed.Add(1)
	}
	if err == nil && l.hooks.Faults.TakeLostAnswer() {
		return fmt.Errorf("%w: the answer was lost, as the test asked for", ledger.ErrOutcomeUnknown)
	}
	return err
}

// TableNames lists the active tables.
func (l *Ledger) TableNames(ctx context.Context) ([]string, error) {
	if l.isClosed() {
		return nil, ledger.ErrClosed
	}
	var names []string
	for _, t := range l.state.Load().cat.tables {
		if t.active() {
			names = append(names, t.name)
		}
	}
	return names, ctx.Err()
}

// Execute runs fn in a transaction; see [ledger.Ledger].
func (l *Ledger) Execute(ctx context.Context, fn func(ledger.Transaction) error, opts ...ledger.ExecuteOption) error {
	return ledger.Run(ctx, l.begin, fn, opts...)
}

func (l *Ledger) begin(ctx context.Context) (ledger.OpenTransaction, error) {
	s, err := l.StartSession(ctx)
	if err != nil {
		return nil, err
	}
	id, err := s.StartTransaction(ctx)
	if err != nil {
		s.discard()
		return nil, err
	}
	return &localTx{ctx: ctx, s: s, id: id}, nil
}

// localTx is a transaction of Execute, on a session of its own.
type localTx struct {
	ctx context.Context
	s   *Session
	id  string
	dec ion.Decoder
	// ended is set at commit and abort. The session is gone by then, but what the
	// caller did wrong is to use the transaction.
	ended bool
}

var errEnded = ledger.NewError(badRequest, codeNoTx, textNoTx)

func (t *localTx) ID() string { return t.id }

func (t *localTx) Execute(statement string, params ...any) (*ledger.Result, error) {
	values, err := ledger.Parameters(params)
	if err != nil {
		return nil, err
	}
	if t.ended {
		return nil, errEnded
	}
	raw, err := t.s.ExecuteStatement(t.ctx, t.id, statement, values)
	if err != nil {
		return nil, err
	}
	first, err := t.open(raw)
	if err != nil {
		return nil, err
	}
	return ledger.NewResult(first, func(token string) (ledger.Page, error) {
		if t.ended {
			return ledger.Page{}, errEnded
		}
		raw, err := t.s.FetchPage(t.ctx, t.id, token)
		if err != nil {
			return ledger.Page{}, err
		}
		return t.open(raw)
	}), nil
}

func (t *localTx) open(raw RawPage) (ledger.Page, error) {
	p := ledger.Page{Token: raw.Token, IO: raw.IO, Timing: raw.Timing, Values: make([]ion.Value, len(raw.Values))}
	for i, b := range raw.Values {
		v, err := t.dec.Open(b)
		if err != nil {
			return p, damaged("a row cannot be read: %v", err)
		}
		p.Values[i] = v
	}
	return p, nil
}

func (t *localTx) Commit() error {
	t.ended = true
	defer t.s.discard()
	d, err := t.s.commitDigest(t.id)
	if err == nil {
		_, err = t.s.CommitTransaction(t.ctx, t.id, d.Bytes())
	}
	return err
}

// Abort does nothing where the transaction has ended: its session is gone, and
// that is no news to who ended it.
func (t *localTx) Abort() error {
	if t.ended {
		return nil
	}
	t.ended = true
	defer t.s.discard()
	return t.s.AbortTransaction(t.ctx)
}
