package hashchain

import (
	"fmt"
	"io"
	"sync"

	"github.com/tallyledger/tally/hashchain/ion"
)

// VerifyOptions changes how a [Verifier] works. The zero value is a journal
// verified on all cores.
type VerifyOptions struct {
	// OnFailure is told each failure, in the order of the blocks and from one
	// goroutine at a time. It must not call the Verifier.
	OnFailure func(*Failure)

	// KeepFailures is how many failures the Report keeps: 100 if it is 0. All
	// are counted.
	KeepFailures int

	// Digest, if not nil, is a digest that is trusted: when its tip is reached,
	// the root of the block hashes must be equal to it.
	Digest *Digest

	// Stream is for BLOCK_SUMMARY records: blocks may be missing, repeated or
	// out of order, because a stream leaves out blocks without revisions and
	// delivers at least once in any order. Links are checked where neighbours
	// follow each other.
	Stream bool

	// Workers is how many blocks are hashed at once, GOMAXPROCS if it is 0.
	Workers int

	// Pool, if not nil, hashes the blocks of this Verifier and of others; Workers
	// is not used then.
	Pool *Pool

	// Memory, if not nil, is shared with other Verifiers, which must be of
	// another strand, or one of a journal and one of a stream: then forks between
	// them are found too. They must be used from one goroutine.
	Memory *BlockMemory
}

// Report is what a [Verifier] found.
type Report struct {
	Counts

	First, Last BlockAddress // of the blocks in the order given
	Links       int64        // blocks whose previousBlockHash was compared with the block before
	Unlinked    int64        // blocks, the first left out, for which that block was not there
	Repeated    int64        // blocks that came again, with the same hash
	Forgotten   int64        // blocks that may have come again so late that the first hash was no longer kept: not compared

	Failures []*Failure // the first ones
	Failed   int64      // how many failures there were

	// Edge is the right edge of the tree of blocks, and Digest its root, if the
	// blocks began at sequence number 0 and none was missing. NoDigest says why
	// there is none.
	Edge     RightEdge
	Digest   Digest
	NoDigest string

	// DigestChecked is set where the trusted digest was compared. NotChecked
	// says why it was not.
	DigestChecked bool
	NotChecked    string
}

// OK reports whether there was no failure and at least one block.
func (r *Report) OK() bool { return r.Failed == 0 && r.Blocks > 0 }

// Verifier checks the blocks of one journal in the order of their sequence
// numbers: each by itself, on several cores, and the chain from one to the
// next. It goes on after failures. Its memory is bounded, however long the
// journal is. It is for one goroutine; [Verifier.Finish] must be called, also
// to end the goroutines that the Verifier runs.
type Verifier struct {
	opt    VerifyOptions
	batch  *batch
	last   ion.Value // that was added, so that what it shares with the next is counted once
	pool   *Pool
	own    bool        // the pool is this Verifier's
	order  chan *batch // the batches in the order given, to the collector
	wg     sync.WaitGroup
	report Report
	chain  chain // the collector's; Finish's once that has ended
}

// batch is some blocks that one worker checks at a time.
type batch struct {
	blocks  []ion.Value
	json    []bool     // whether each may be out of JSON
	before  []recalled // what was there of the same number
	size    int        // bytes that the blocks take in memory
	borrows bool       // but for a large symbol table that an earlier batch has counted
	results []checked
	counts  Counts
	done    chan struct{} // is sent to when the batch is checked
}

var batches = sync.Pool{New: func() any { return &batch{done: make(chan struct{}, 1)} }}

// release keeps the memory of a batch for another one, and nothing that it was
// about.
func (b *batch) release() {
	clear(b.blocks)
	clear(b.results)
	*b = batch{blocks: b.blocks[:0], json: b.json[:0], before: b.before[:0], results: b.results[:0], done: b.done}
	batches.Put(b)
}

// checked is what the chain needs to know of a block.
type checked struct {
	address        BlockAddress
	hasAddress     bool
	decoded        bool // has hashes too
	hash, previous Hash
	before         *recalled
	failures       []*Failure
	more           int64 // further failures, only counted
}

// A batch goes out when it has that many blocks or bytes. One block may have far
// more: it takes a further place among the batches under way for each batchPlace of
// them, so that they have a bound in bytes too.
const (
	batchBlocks = 64
	batchBytes  = 128 << 10
	batchPlace  = 1 << 20
)

// NewVerifier starts a verifier and its goroutines.
func NewVerifier(opt VerifyOptions) *Verifier {
	if opt.Memory == nil {
		opt.Memory = NewBlockMemory()
	}
	if opt.KeepFailures == 0 {
		opt.KeepFailures = 100
	}
	v := &Verifier{opt: opt, pool: opt.Pool}
	if v.pool == nil {
		v.pool, v.own = NewPool(opt.Workers), true
	}
	v.order = make(chan *batch, 2*v.pool.workers)
	v.batch = batches.Get().(*batch)
	v.chain.init(&v.opt, &v.report)
	v.wg.Go(v.collect)
	return v
}

// Add checks the next block: a value as an export, GetBlock or a BLOCK_SUMMARY
// record has it; its hashes may be strings only if nothing in it is other than JSON
// can say. Failures, also of values that are no blocks at all, come out
// through the options and Finish. Add waits when many blocks are under way.
func (v *Verifier) Add(block ion.Value) { v.add(block, true) }

// add is Add for a block that may be out of JSON only if json is set.
func (v *Verifier) add(block ion.Value, json bool) {
	var before recalled
	if a, h, ok := v.opt.Memory.glance(block, json); ok {
		who := byJournal
		if v.opt.Stream {
			who = byStream
		}
		before = v.opt.Memory.recall(a, h, who)
	}
	v.batch.blocks, v.batch.json, v.batch.before = append(v.batch.blocks, block), append(v.batch.json, json), append(v.batch.before, before)
	v.count(block)
	if len(v.batch.blocks) == batchBlocks || v.batch.size >= batchBytes {
		v.flush()
	}
}

// count adds what the block takes in memory. A symbol table that is larger than a
// batch is counted in the first of the batches whose blocks it belongs to: else each
// of them would have one block. That needs that no more than one such table is held
// without being counted, by however many Verifiers.
func (v *Verifier) count(block ion.Value) {
	v.opt.Memory.setAdding(v)
	size := block.MemorySize(v.last)
	if len(v.batch.blocks) == 1 {
		whole := block.MemorySize(ion.Value{})
		if v.batch.borrows = whole-size >= batchBytes; !v.batch.borrows {
			size = whole
		}
	}
	v.batch.size += size
	v.last = block
}

// setAdding makes v the one Verifier whose batch may hold a table that it has not
// counted.
func (m *BlockMemory) setAdding(v *Verifier) {
	if before := m.adding; before != nil && before != v {
		if before.batch.borrows {
			before.flush()
		}
		if len(before.batch.blocks) == 0 {
			before.last = ion.Value{}
		}
	}
	m.adding = v
}

func (v *Verifier) flush() {
	if len(v.batch.blocks) == 0 {
		return
	}
	v.order <- v.batch
	places := min(v.batch.size/batchPlace, cap(v.order))
	v.pool.work <- v.batch
	for range places {
		v.order <- nil
	}
	v.batch = batches.Get().(*batch)
}

// Finish waits until all blocks are checked and returns what was found.
// The Verifier must not be used after it.
func (v *Verifier) Finish() *Report {
	v.flush()
	v.last = ion.Value{}
	if v.opt.Memory.adding == v {
		v.opt.Memory.adding = nil
	}
	close(v.order)
	v.wg.Wait()
	if v.own {
		v.pool.Close()
	}
	v.chain.finish()
	return &v.report
}

func (b *batch) check(c *blockChecker) {
	c.foreign = 0 // anew in each batch, so that the number of workers does not matter
	for i, v := range b.blocks {
		c.check(v, b.json[i])
		b.counts.Add(&c.counts)
		b.results = append(b.results, checked{address: c.b.Address, hasAddress: c.b.hasAddress(), decoded: c.decoded, hash: c.b.Hash, previous: c.b.PreviousBlockHash, before: &b.before[i], failures: c.failures, more: c.more})
	}
	c.release()
}

func (v *Verifier) collect() {
	for b := range v.order {
		if b == nil {
			continue // the place that a large one takes
		}
		<-b.done
		v.report.Add(&b.counts)
		for i := range b.results {
			v.chain.next(&b.results[i])
			v.chain.n++
		}
		b.release()
	}
}

// chain follows the blocks in order.
type chain struct {
	opt    *VerifyOptions
	report *Report

	n       int64 // blocks that came before
	started bool  // a block was there
	linked  bool  // last is the block before, and was readable
	last    checked
	whole   bool // all blocks from 0 to last were there
}

func (c *chain) init(opt *VerifyOptions, report *Report) { c.opt, c.report = opt, report }

func (c *chain) fail(f *Failure) {
	f.Index = c.n
	c.report.Failed++
	if len(c.report.Failures) < c.opt.KeepFailures {
		c.report.Failures = append(c.report.Failures, f)
	}
	if c.opt.OnFailure != nil {
		c.opt.OnFailure(f)
	}
}

func (c *chain) failAt(r *checked, f *Failure) {
	f.Address, f.HasAddress = r.address, true
	c.fail(f)
}

func (c *chain) next(r *checked) {
	for _, f := range r.failures {
		c.fail(f)
	}
	c.report.Failed += r.more
	if !r.decoded {
		c.linked, c.whole = false, false
		if c.started && r.hasAddress {
			c.last.address = r.address
		}
		return
	}
	if c.again(r) {
		return
	}
	if !c.started {
		c.started, c.whole = true, r.address.SequenceNo == 0
		c.report.First = r.address
	} else {
		c.link(r)
	}
	c.last, c.linked = checked{address: r.address, hash: r.hash}, true
	c.report.Last = r.address
	c.grow(r)
}

// again handles a block whose number was there already. It reports whether the
// chain goes on from the block that was there.
func (c *chain) again(r *checked) bool {
	was := r.before
	switch {
	case was.forgotten:
		c.report.Forgotten++
		return c.started && !c.opt.Stream && r.address.SequenceNo <= c.last.address.SequenceNo
	case !was.own && !was.other:
		return false
	case was.was != r.hash:
		c.failAt(r, forked(was.was, r.hash))
	case was.linked && was.link != r.previous && (was.own || !c.follows(r)):
		c.failAt(r, mismatch(RulePreviousBlockHash, was.link, r.previous, "the block came again with another previousBlockHash"))
	case was.own:
		c.report.Repeated++
	}
	return was.own && c.started
}

// follows reports whether link compares r with the block before.
func (c *chain) follows(r *checked) bool {
	last := c.last.address
	return c.linked && r.address.StrandID == last.StrandID && r.address.SequenceNo == last.SequenceNo+1
}

// link checks r against the block before.
func (c *chain) link(r *checked) {
	last, seq := c.last.address, r.address.SequenceNo
	switch {
	case r.address.StrandID != last.StrandID:
		c.failAt(r, &Failure{Rule: RuleStrand, Expected: last.StrandID, Found: r.address.StrandID, Detail: "the block is of another strand than the one before"})
		c.whole = false
	case c.follows(r):
		c.report.Links++
		if r.previous != c.last.hash {
			c.failAt(r, mismatch(RulePreviousBlockHash, c.last.hash, r.previous, fmt.Sprintf("previousBlockHash is not the blockHash of block %d", last.SequenceNo)))
		}
	case seq > last.SequenceNo:
		c.gap(r)
	default:
		c.goesBack(r)
	}
}

// gap is told where blocks are missing between the last one and r.
func (c *chain) gap(r *checked) {
	c.report.Unlinked++
	c.whole = false
	first, end := c.last.address.SequenceNo+1, r.address.SequenceNo
	if c.opt.Stream || first == end {
		return // nothing is missing: the block before could not be read
	}
	what := fmt.Sprintf("blocks %d to %d are missing", first, end-1)
	if first == end-1 {
		what = fmt.Sprintf("block %d is missing", first)
	}
	if !c.linked {
		what += " or could not be read"
	}
	c.failAt(r, &Failure{Rule: RuleSequence, Expected: fmt.Sprint(first), Found: fmt.Sprint(end), Detail: what})
}

// goesBack is told where a sequence number does not rise, and the block was not
// there already as far as is remembered.
func (c *chain) goesBack(r *checked) {
	c.report.Unlinked++
	c.whole = false
	if c.opt.Stream {
		return
	}
	c.failAt(r, &Failure{Rule: RuleSequence, Expected: fmt.Sprint(c.last.address.SequenceNo + 1), Found: fmt.Sprint(r.address.SequenceNo),
		Detail: "the block does not follow the one before: it stands in the wrong place"})
}

func (c *chain) grow(r *checked) {
	if !c.whole {
		return
	}
	c.report.Edge.Append(r.hash)
	d := c.opt.Digest
	if d == nil || d.Tip != r.address {
		return
	}
	c.report.DigestChecked = true
	if root := c.report.Edge.Root(); root != d.Hash {
		c.failAt(r, mismatch(RuleDigest, d.Hash, root, "the root of the block hashes is not the trusted digest of this tip: at least one block was changed"))
	}
}

func (c *chain) finish() {
	r := c.report
	switch {
	case !c.started:
		r.NoDigest = "there is no block that can be read"
	case r.First.SequenceNo != 0:
		r.NoDigest = fmt.Sprintf("the first block is %d: the digest covers all blocks from 0", r.First.SequenceNo)
	case !c.whole:
		r.NoDigest = "blocks are missing or in the wrong order"
	default:
		r.Digest = Digest{Hash: r.Edge.Root(), Tip: r.Last}
	}
	if r.NoDigest != "" {
		r.Edge = RightEdge{}
	}
	if d := c.opt.Digest; d != nil && !r.DigestChecked {
		r.NotChecked = fmt.Sprintf("block %d, the tip of the trusted digest, is not here", d.Tip.SequenceNo)
		if r.NoDigest != "" {
			r.NotChecked = r.NoDigest
		}
	}
}

// VerifyJournal checks the blocks of one journal, in the order of their
// sequence numbers, from Ion binary, Ion text or JSON lines. A value that is no
// block is a failure. The error is about the input: it could not be read to its
// end; the report then is about what was read.
func VerifyJournal(r io.Reader, opt VerifyOptions) (*Report, error) {
	v := NewVerifier(opt)
	in := NewValueReader(r)
	for in.Next() {
		v.add(in.Value(), in.JSON())
	}
	return v.Finish(), in.Err()
}
