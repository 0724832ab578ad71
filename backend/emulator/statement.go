package emulator

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// view is what one statement reads: a snapshot of the store with the catalog
// and sequence number that belong to it.
type view struct {
	snap store.Snapshot
	seq  int64
	cat  *catalog
	edge *hashchain.RightEdge // of the block tree up to seq; only to be read
}

// openView pairs a snapshot with the state that was published for it. The
// writer makes a group durable before it publishes it, so for a moment a
// snapshot can be ahead of what is published.
func (l *Ledger) openView() (view, error) {
	for {
		st := l.state.Load()
		snap, err := l.store.View()
		if err != nil {
			return view{}, l.readFailure(err)
		}
		seq, err := readTipSeq(snap)
		if err != nil {
			if cerr := snap.Close(); cerr != nil {
				err = cerr
			}
			return view{}, l.readFailure(err)
		}
		if seq == st.seq {
			return view{snap: snap, seq: seq, cat: st.cat, edge: &st.edge}, nil
		}
		snap.Close()
		if seq > st.seq {
			l.published(seq)
		}
	}
}

// statement is one statement while it runs: the Source and Sink of its plan.
type statement struct {
	t       *Transaction
	v       view
	start   time.Time
	effects []effect
	touched int // documents that it changes and that the transaction did not change before
	hist    blockCache
}

// effect is a change of a document that takes place if the statement succeeds.
type effect struct {
	c       change
	changes int
}

// execute runs one statement, which came at start, and writes its rows to out.
// The digest takes in every statement received, also one that fails.
// received has the length of each parameter as it came in, 0 where none did.
func (t *Transaction) execute(ctx context.Context, start time.Time, text string, params []ion.Value, received []int, out *resultSet) error {
	if last := msTime(t.l.state.Load().txTime); start.Before(last) {
		start = last // the ledger's time never goes back, and can be ahead: see committer.time
	}
	d, err := t.fold(text, params)
	if err != nil {
		return err
	}
	m := t.mark()
	if err := t.checkRequest(text, params, received); err != nil {
		t.rollback(m)
		return err
	}
	v, err := t.l.openView()
	if err != nil {
		t.rollback(m)
		return err
	}
	s := &t.stmt
	clear(s.effects)
	*s = statement{t: t, v: v, start: start, effects: s.effects[:0]}
	t.until = deadline{Context: ctx, t: t}
	err = s.runOnce(&t.until, text, params, out)
	if err == nil {
		err = s.finish()
	}
	if err != nil {
		t.rollback(m)
		return t.l.statementError(err)
	}
	t.statements = append(t.statements, hashchain.Statement{Text: text, StartTime: start.UTC(), Digest: d})
	return nil
}

// fold takes a statement into the commit digest.
func (t *Transaction) fold(text string, params []ion.Value) (hashchain.Hash, error) {
	d, err := t.hasher.Digest(text, params...)
	if err != nil {
		return d, errBad("A parameter cannot be hashed: %s", err)
	}
	t.digest.Extend(d)
	return d, nil
}

func (t *Transaction) checkRequest(text string, params []ion.Value, received []int) error {
	lim := t.l.limits
	if len(text) == 0 {
		return errBad("Statement is empty; it must have 1 to %d characters", lim.StatementLength)
	}
	if over(len(text), lim.StatementLength) {
		if n := utf8.RuneCountInString(text); over(n, lim.StatementLength) {
			return errBad("Exceeded statement limit: Statement has %d characters, the limit is %d", n, lim.StatementLength)
		}
	}
	for i, p := range params {
		n := 0
		if i < len(received) {
			n = received[i]
		}
		if n == 0 && lim.ParameterSize > 0 && !p.EncodesWithin(lim.ParameterSize) {
			n = len(p.Encode()) // what a client would send
		}
		if over(n, lim.ParameterSize) {
			return errBad("Exceeded parameter limit: Parameter %d has %d bytes of Ion binary, the limit is %d", i+1, n, lim.ParameterSize)
		}
	}
	t.size += len(text)
	return t.checkSize()
}

func (t *Transaction) checkSize() error {
	if over(t.size, t.l.limits.TransactionSize) {
		return errState("Exceeded transaction size limit: Transaction has %d bytes, the limit is %d", t.size, t.l.limits.TransactionSize)
	}
	return nil
}

// runOnce is run, and closes the snapshot whatever happens.
func (s *statement) runOnce(ctx context.Context, text string, params []ion.Value, out *resultSet) (err error) {
	defer func() {
		if cerr := s.v.snap.Close(); err == nil && cerr != nil {
			err = s.t.l.readFailure(cerr)
		}
	}()
	return s.run(ctx, text, params, out)
}

func (s *statement) run(ctx context.Context, text string, params []ion.Value, out *resultSet) error {
	plan, err := s.t.l.plans.Prepare(text, s, partiql.Options{Standard: s.t.l.Mode() == Standard, IgnoreFieldCase: s.t.l.ignoreFieldCase})
	if err != nil {
		return err
	}
	// A plan from the cache never asked Table, and a run need not come to all of
	// its tables.
	for _, name := range plan.TableNames() {
		s.t.reads.add(nameItem(name), s.v.seq)
	}
	rows, err := plan.Run(ctx, s, s, params, partiql.Limits{Bytes: s.t.l.limits.ResultMemory})
	if err != nil {
		return err
	}
	s.t.out = out
	if s.t.addRow == nil {
		t := s.t
		t.addRow = func(r partiql.Result) error { return t.out.add(r.Value, r.Stream) }
	}
	if err = rows.Each(s.t.addRow); err == nil {
		err = out.complete()
	}
	out.io = ledger.IOUsage{ReadIOs: rows.ReadIOs(), WriteIOs: int64(len(s.effects))}
	return err
}

// finish takes the statement's changes into the write set, after checking what
// they make of the transaction's limits.
func (s *statement) finish() error {
	t, lim := s.t, s.t.l.limits
	for i := range s.effects {
		c := &s.effects[i].c
		if prev := t.writes.get(c.key); prev != nil {
			t.size -= revisionSize(prev) // a transaction writes one revision of a document
		}
		if over(len(c.stream), lim.DocumentSize) {
			return errState("Exceeded document size limit: Document has %d bytes of Ion binary, the limit is %d", len(c.stream), lim.DocumentSize)
		}
		t.size += revisionSize(c)
	}
	if err := t.checkSize(); err != nil {
		return err
	}
	index := len(t.statements)
	for _, e := range s.effects {
		if prev := t.writes.get(e.c.key); prev != nil {
			e.c.base, e.c.old, e.c.stmts = prev.base, prev.old, prev.stmts
		}
		for range e.changes {
			e.c.stmts = append(e.c.stmts, index)
		}
		t.writes.put(e.c)
	}
	return nil
}

// metadataSize is about what a revision's metadata, address and hash take.
const metadataSize = 180

func revisionSize(c *change) int {
	n := metadataSize + len(c.stream)
	if !c.data.IsZero() {
		for _, x := range c.table.indexes {
			if f, ok := c.data.Field(x.field); ok {
				n += len(f.Raw())
			}
		}
	}
	return n
}

// statementError gives an error of the evaluator the form of the service.
func (l *Ledger) statementError(err error) error {
	var le *ledger.Error
	var pe *partiql.Error
	switch {
	case errors.As(err, &le):
		if errors.Is(le, ledger.ErrTransactionExpired) {
			return le // its text begins as drivers look for it
		}
		return err
	case errors.As(err, &pe):
		return ledger.NewError(badRequest, fmt.Sprint(pe.Code), pe.Error())
	case errors.Is(err, ledger.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, store.ErrDamaged), errors.Is(err, ledger.ErrDamaged):
		return l.readFailure(err)
	}
	return err
}
