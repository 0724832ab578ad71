package emulator

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// How commit works.
//
// The naive way: take a lock, validate, hash, write, sync, answer. One sync a
// transaction, and nobody may read or hash meanwhile.
//
// What is done instead, by two goroutines that belong to the ledger:
//
//	sessions --queue--> builder --group--> writer --> answers
//
// The builder takes transactions in the order they arrive. For each one it
// validates the read set, builds the block on top of the last one built, and
// adds the operations to the open group. As soon as the writer is free the
// group goes to it, and the builder begins the next one on top of it. The
// writer makes the group durable with one sync, publishes the new tip for
// readers, and answers. A transaction that comes alone takes neither: alone.go.
//
// Invariants:
//
//   - Blocks are numbered and chained by whoever holds committer.own.
//   - Readers see the published tip only, which is durable.
//   - The builder runs ahead of the disk by one group. If a group cannot be
//     written, it and the group built on it are refused, and the builder goes
//     back to the published tip.
//   - If it is not known whether a group was written, nothing more is.

// maxGroup bounds the transactions of a group, so that one sync does not wait
// for a queue that never ends.
const maxGroup = 512

// commitRequest is a transaction on its way through the committer.
type commitRequest struct {
	tx     *Transaction
	docs   []preparedDoc
	cat    *catalog   // nil unless the transaction changed it
	ops    []store.Op // catalog entries, index building, redacted blocks
	items  []item     // what ops change
	bytes  int64      // what redacted blocks are longer by
	sys    []hashchain.Hash
	answer chan error
	seq    int64 // set by the builder
}

// preparedDoc is a changed document with everything that does not depend on
// the block it will be in.
type preparedDoc struct {
	key      docKey
	table    *table
	id       string
	version  int64
	data     []byte // the document's own Ion stream; nil for a deletion
	rev      hashchain.RevisionParts
	prevTime int64
	puts     [][]byte // index entries to add and to remove
	dels     [][]byte
	items    []item
	stmts    []int
	gone     bool // inserted and deleted in one transaction: there is no record to remove
}

// group is what one sync makes durable.
type group struct {
	requests []*commitRequest
	ops      []store.Op
	after    *committed // the state that becomes visible
	err      error      // set by the writer
	settled  bool       // as is this, once err tells the outcome
	took     time.Duration
}

// committed is the state of a ledger at a tip. It is immutable.
type committed struct {
	seq    int64
	hash   hashchain.Hash // of the tip block
	txTime int64
	cat    *catalog
	edge   hashchain.RightEdge // never appended to; clone it
	bytes  int64               // of all blocks
}

func (c *committed) digest() hashchain.Hash { return c.edge.Root() }

// committer owns the order of blocks. queue and groups are its channels; the
// fields under own belong to whoever holds it, which is the builder but for a
// transaction that comes alone.
type committer struct {
	l      *Ledger
	queue  chan *commitRequest
	groups chan *group
	done   chan *group // writer to builder: written, or failed
	wg     sync.WaitGroup

	own     sync.Mutex
	open    *group // grows until the writer is free
	idle    bool   // no group is with the writer
	closed  bool   // queue was closed
	expect  int    // transactions that are likely to make up the next group
	tip     committed
	edge    hashchain.RightEdge
	changes *changes
	block   hashchain.BlockBuilder
	nodes   []hashchain.Node
	// patience is how long the builder waits for sessions that come back.
	patience time.Duration
}

func newCommitter(l *Ledger, at *committed) *committer {
	c := &committer{l: l, queue: make(chan *commitRequest, 256), groups: make(chan *group, 1), done: make(chan *group, 1), changes: newChanges(), idle: true}
	c.reset(at)
	c.wg.Add(2)
	go c.build()
	go c.write()
	return c
}

func (c *committer) reset(at *committed) {
	c.tip = *at
	c.edge = at.edge.Clone()
}

// submit hands a transaction over and waits for its outcome. It does not give
// up half-way: after the hand-over the outcome is the committer's to tell.
func (c *committer) submit(r *commitRequest) error {
	r.answer = make(chan error, 1)
	g, err := c.handOver(r)
	if err != nil {
		return err
	}
	if g != nil {
		c.alone(g)
	}
	return <-r.answer
}

// handOver gives r to the builder, or makes the group of r that its session has
// to write.
func (c *committer) handOver(r *commitRequest) (*group, error) {
	c.l.closing.RLock()
	defer c.l.closing.RUnlock()
	if c.l.closed {
		return nil, ledger.ErrClosed
	}
	g, ok := c.claim(r)
	if !ok {
		c.queue <- r
	}
	return g, nil
}

// close ends both goroutines after they have worked off the queue. Nobody may
// submit any more.
func (c *committer) close() {
	close(c.queue)
	c.wg.Wait()
}

// build is the builder's goroutine. At most one group is with the writer; the
// next one is open meanwhile and grows with what arrives.
//
// When a group is durable its sessions come back with their next transaction
// while those of the open group still wait. Sending the open group at once would
// split the sessions into two halves for ever, each waiting for the other's
// sync. So the builder waits for as many as were under way, but no longer than
// a small part of a sync. A single session never waits.
func (c *committer) build() {
	late := time.NewTimer(0)
	<-late.C
	var waiting <-chan time.Time
	c.own.Lock()
	ended := false
	defer func() {
		c.own.Unlock()
		if !ended { // accept was left by runtime.Goexit; others still wait for an answer
			go c.build()
			return
		}
		close(c.groups)
		c.wg.Done()
	}()
	for !c.closed || c.open != nil || !c.idle {
		in := c.queue
		if c.closed || c.open.size() >= maxGroup {
			in = nil
		}
		c.own.Unlock()
		select {
		case r, ok := <-in:
			c.own.Lock()
			if !ok {
				c.closed = true
				break
			}
			c.accept(r)
			c.drain()
		case done := <-c.done:
			c.own.Lock()
			c.finished(done)
		case <-waiting:
			c.own.Lock()
			c.expect, waiting = 0, nil
		}
		switch {
		case !c.idle || c.open == nil:
		case c.open.size() >= min(c.expect, maxGroup) || c.closed:
			if waiting != nil {
				late.Stop()
				waiting = nil
			}
			c.seal(c.open)
			c.groups <- c.open
			c.open, c.idle = nil, false
			c.forget()
		case waiting == nil:
			late.Reset(c.patience)
			waiting = late.C
		}
	}
	ended = true
}

// finished takes the outcome of the group that was with the writer.
func (c *committer) finished(done *group) {
	c.idle = true
	if done.err != nil {
		reason := done.err
		if err := c.l.fatal(); err != nil {
			reason = err // nothing of the open group went to the store: its outcome is known
		}
		c.rollback(reason, c.open)
		c.open = nil
	}
	c.expect = len(done.requests) + c.open.size()
	c.patience = min(done.took/8, maxPatience)
}

// maxPatience bounds the wait for sessions that are expected to come back.
const maxPatience = 2 * time.Millisecond

func (g *group) size() int {
	if g == nil {
		return 0
	}
	return len(g.requests)
}

// accept adds r to the open group.
func (c *committer) accept(r *commitRequest) {
	if len(c.done) > 0 { // r may be sent by whom that failure was told
		c.finished(<-c.done)
	}
	done := false
	defer func() {
		if !done {
			c.halt(recover())
			c.refuse(r)
		}
	}()
	c.open = c.take(r, c.open)
	done = true
}

// refuse ends the open group, and r, which was about to become a part of it.
func (c *committer) refuse(r *commitRequest) {
	open := &group{requests: []*commitRequest{r}}
	if c.open != nil {
		open.requests = append(open.requests, c.open.requests...)
	}
	c.open = nil
	c.rollback(c.l.fatal(), open)
}

// drain accepts what waits already, so that an idle writer gets all of it.
func (c *committer) drain() {
	for c.open.size() < maxGroup && len(c.done) == 0 {
		select {
		case r, ok := <-c.queue:
			if !ok {
				return // build sees it next
			}
			c.accept(r)
		default:
			return
		}
	}
}

// take validates one transaction and adds its block to the group.
func (c *committer) take(r *commitRequest, g *group) *group {
	if err := c.l.fatal(); err != nil {
		r.answer <- err
		return g
	}
	if r.tx.ended.Load() { // its time was up before its turn came
		r.answer <- errExpired(r.tx.id)
		return g
	}
	if c.changes.conflicts(r.tx.reads) {
		r.answer <- errConflict()
		return g
	}
	if len(r.tx.statements) == 0 { // all failed: there is nothing to write
		r.answer <- nil
		return g
	}
	if g == nil {
		g = &group{}
	}
	mark := len(g.ops)
	if err := c.append(r, g); err != nil {
		g.ops = g.ops[:mark]
		r.answer <- err
		if len(g.requests) == 0 {
			return nil
		}
		return g
	}
	g.requests = append(g.requests, r)
	return g
}

// append builds the transaction's block on the tip and the operations that
// store it.
func (c *committer) append(r *commitRequest, g *group) error {
	seq := c.tip.seq + 1
	at := c.time(r)
	if at > lastTime {
		return errState("The time of the commit would be %s, and the last one that Ion can write is %s; nothing was committed. "+
			"Set the clock right; times never go back, so where the last block or the document has the last time already, only a new ledger helps",
			timeText(at), timeText(lastTime))
	}
	parts := c.parts(r, seq, at)
	b, err := c.block.Build(parts)
	if errors.Is(err, ion.ErrTooDeep) {
		return errBad("A document is nested too deep: at most %d levels fit into a block", ion.MaxDepth-3)
	}
	if err != nil {
		return ledger.NewError(internalFailure, "", "the block could not be built; nothing was committed: "+err.Error()).WithCause(err)
	}
	r.seq = seq
	c.nodes = c.edge.AppendNodes(c.nodes[:0], b.Hash)
	key := seqKey(seq)
	g.ops = append(g.ops, put(store.Journal, key, b.Bytes), put(store.Tree, key, encodeNodes(c.nodes)))
	for i := range r.docs {
		g.ops = c.storeDoc(g.ops, r, &r.docs[i], seq, at, len(r.sys)+i, b.RevisionHashes[len(r.sys)+i])
	}
	g.ops = append(g.ops, r.ops...)
	for _, it := range r.items {
		c.changes.add(it, seq)
	}
	c.tip.seq, c.tip.hash, c.tip.txTime = seq, b.Hash, at
	c.tip.bytes += int64(len(b.Bytes)) + r.bytes
	if r.cat != nil {
		c.tip.cat = r.cat
	}
	return nil
}

// time is the commit time in milliseconds: never before the previous block's or
// the transaction's statements, and later than the previous revision of each
// changed document, so that a point in time has one active revision.
func (c *committer) time(r *commitRequest) int64 {
	at := max(c.l.hooks.Now().UnixMilli(), c.tip.txTime)
	for i := range r.tx.statements {
		at = max(at, r.tx.statements[i].StartTime.UnixMilli())
	}
	for i := range r.docs {
		if d := &r.docs[i]; d.version > 0 {
			at = max(at, d.prevTime+1)
		}
	}
	return at
}

// lastTime is the last millisecond of the year 9999, the last one of Ion.
var lastTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - 1

func timeText(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func (c *committer) parts(r *commitRequest, seq, at int64) *hashchain.BlockParts {
	p := &hashchain.BlockParts{
		Address:           hashchain.BlockAddress{StrandID: c.l.strand, SequenceNo: uint64(seq)},
		TransactionID:     r.tx.id,
		Timestamp:         time.UnixMilli(at).UTC(),
		PreviousBlockHash: c.tip.hash,
		Statements:        r.tx.statements,
		Redactions:        r.tx.redactions,
		Internal:          hashchain.FormatHash(),
	}
	p.Revisions = make([]hashchain.RevisionParts, 0, len(r.sys)+len(r.docs))
	for _, h := range r.sys {
		p.Revisions = append(p.Revisions, hashchain.RevisionParts{HashOnly: h})
	}
	if len(r.docs) > 0 {
		p.Documents = make([]hashchain.DocumentChange, len(r.docs))
	}
	for i := range r.docs {
		d := &r.docs[i]
		p.Revisions = append(p.Revisions, d.rev)
		p.Documents[i] = hashchain.DocumentChange{DocumentID: d.id, TableName: d.table.name, TableID: d.table.id, Statements: d.stmts}
	}
	return p
}

func (c *committer) storeDoc(ops []store.Op, r *commitRequest, d *preparedDoc, seq, at int64, index int, h hashchain.Hash) []store.Op {
	hist := histRecord{seq: seq, index: index, txTime: at}
	key := d.key
	switch {
	case d.data != nil:
		rec := docRecord{version: d.version, seq: seq, txTime: at, txID: r.tx.rawID, hash: h, data: d.data}
		ops = append(ops, put(store.Document, key[:], rec.append(make([]byte, 0, len(d.data)+80))))
	case !d.gone:
		ops = append(ops, store.Op{Space: store.Document, Key: key[:], Delete: true})
		fallthrough
	default:
		hist.kind = histDeleted
	}
	ops = append(ops, put(store.History, key.history(d.version), hist.append(make([]byte, 0, 24))))
	for _, k := range d.dels {
		ops = append(ops, store.Op{Space: store.Index, Key: k, Delete: true})
	}
	for _, k := range d.puts {
		ops = append(ops, put(store.Index, k, nil))
	}
	for _, it := range d.items {
		c.changes.add(it, seq)
	}
	return ops
}

// seal fixes the state that the group leads to and adds the tip to its
// operations.
func (c *committer) seal(g *group) {
	after := c.tip
	after.edge = c.edge.Clone()
	g.after = &after
	g.ops = append(g.ops, put(store.Meta, keyTip, c.l.encodeTip(&after)))
}

// forget lets go of changes that no open transaction can conflict with.
func (c *committer) forget() { c.changes.forget(c.l.horizon(c.tip.seq)) }

// rollback goes back to the published tip after something was not written, and
// refuses the transactions that were built on it.
func (c *committer) rollback(reason error, open *group) {
	if open != nil {
		open.tell(reason)
	}
	at := c.l.state.Load()
	c.reset(at)
	c.changes.undo(at.seq)
}

// tell answers the transactions of a group.
func (g *group) tell(err error) {
	for _, r := range g.requests {
		r.answer <- err
	}
}

// write is the writer's goroutine.
func (c *committer) write() {
	ended := false
	defer func() {
		if !ended { // settle was left by runtime.Goexit; what comes has to be refused
			go c.write()
			return
		}
		c.wg.Done()
	}()
	for g := range c.groups {
		c.writeGroup(g)
	}
	ended = true
}

// writeGroup settles a group and answers, whatever happens meanwhile.
func (c *committer) writeGroup(g *group) {
	defer func() {
		if !g.settled {
			c.halt(recover())
			g.err = c.unknown()
		}
		// The builder hears of it first: what it builds next must not stand on a
		// group that failed.
		c.done <- g
		g.tell(g.err)
	}()
	c.settle(g)
}

// settle makes a group durable and publishes it. Hooks that it calls may panic,
// or end the goroutine: group.settled is then not set.
func (c *committer) settle(g *group) {
	c.l.hooks.Faults.BeforeCommit()
	start := time.Now()
	g.err = c.apply(g)
	g.took = time.Since(start)
	if g.err == nil {
		c.l.state.Store(g.after)
		c.l.stats.group(len(g.requests), g.took)
	}
	g.settled = true
}

// halt lets nobody build on what was left half done: by a panic with that value,
// or, if it is nil, by runtime.Goexit, which testing's FailNow calls.
func (c *committer) halt(panicked any) {
	if panicked == nil {
		c.l.setFatal(errors.New("the goroutine that committed was ended meanwhile"))
		return
	}
	c.l.setFatal(fmt.Errorf("panic while committing: %v", panicked))
}

// unknown is the error of a group that was left half done.
func (c *committer) unknown() error {
	return fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, c.l.fatal())
}

// apply writes a group.
func (c *committer) apply(g *group) error {
	if err := c.l.fatal(); err != nil {
		return err
	}
	err := c.l.store.Apply(g.ops)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotApplied) && errors.Is(err, store.ErrDamaged):
		return c.l.readFailure(err) // a write reads first
	case errors.Is(err, store.ErrNotApplied):
		return ledger.NewError(internalFailure, "", "the block could not be written; nothing was committed: "+err.Error()).WithCause(err)
	}
	c.l.setFatal(err)
	return fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, err)
}
