package emulator

import (
	"container/list"
	"sync/atomic"
	"time"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// Transaction is an open transaction of a session, which guards it: only one
// call at a time reaches it.
type Transaction struct {
	l     *Ledger
	id    string
	rawID hashchain.ID
	begun time.Time
	place *list.Element // among the ledger's open transactions; guarded by its mutex
	from  int64         // the tip when it began

	// ended is set when the transaction leaves the ledger's list of open ones:
	// committed, aborted, or swept after its time was up.
	ended atomic.Bool

	// committing is set once the outcome is the committer's to tell; counted,
	// when the transaction is among the expired ones of Stats.
	committing, counted atomic.Bool

	until deadline // of the statement that runs

	reads      readSet
	writes     writeSet
	cat        *catalog // with the transaction's own changes; nil without any
	indexing   []indexBuild
	statements []hashchain.Statement // the successful ones
	redactions []hashchain.Redaction
	redacted   []redaction
	digest     hashchain.CommitDigest
	dec        ion.Decoder // for stored documents: most share one symbol table
	size       int

	hasher hashchain.StatementHasher
	out    *resultSet                 // of the statement that runs
	addRow func(partiql.Result) error // adds to out

	stmt  statement  // the one that runs; its memory serves the next one
	spare []*reading // reads that are not under way
}

// writeSet is what a transaction changes: one entry a document, in the order of
// their first change.
type writeSet struct {
	changes []change
	byKey   map[docKey]int
}

// change is the state that a transaction gives a document.
type change struct {
	key    docKey
	table  *table
	base   *docRecord // what was committed; nil for a new document
	old    ion.Value  // its data
	data   ion.Value  // zero for a deletion
	stream []byte     // data as a stream of its own
	stmts  []int      // statements that changed it, once a change
}

func (w *writeSet) get(k docKey) *change {
	if i, ok := w.byKey[k]; ok {
		return &w.changes[i]
	}
	return nil
}

func (w *writeSet) put(c change) {
	if w.byKey == nil {
		w.byKey = make(map[docKey]int)
	}
	if i, ok := w.byKey[c.key]; ok {
		w.changes[i] = c
		return
	}
	w.byKey[c.key] = len(w.changes)
	w.changes = append(w.changes, c)
}

// indexBuild is an index that the transaction creates on a table.
type indexBuild struct {
	table uint32
	index index
	drop  bool
}

// deadline is when the transaction expires.
func (t *Transaction) expired(now time.Time) bool {
	limit := t.l.limits.TransactionTime
	return t.ended.Load() || limit > 0 && now.Sub(t.begun) > limit
}

// countExpired counts the transaction among the expired ones, once.
func (t *Transaction) countExpired() {
	if t.counted.CompareAndSwap(false, true) {
		t.l.stats.expired.Add(1)
	}
}

// mark is a point to which a failed statement goes back.
type mark struct {
	cat        *catalog
	indexing   int
	redactions int
	size       int
}

func (t *Transaction) mark() mark {
	return mark{cat: t.cat, indexing: len(t.indexing), redactions: len(t.redactions), size: t.size}
}

// rollback takes back what a statement did to the catalog and to counters. Its
// document changes never reached the write set.
func (t *Transaction) rollback(m mark) {
	t.cat, t.size = m.cat, m.size
	t.indexing = t.indexing[:m.indexing]
	t.redactions, t.redacted = t.redactions[:m.redactions], t.redacted[:m.redactions]
}
