package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/tallyledger/tally/hashchain"
)

// verifyRun is one run of the command: it takes the items out of all files and
// sends each to its check. Blocks go to the journal of their strand, which is
// reported at the end; everything else is reported by file.
type verifyRun struct {
	ctx     context.Context
	out     printer
	stdin   io.Reader
	trusted *hashchain.Digest
	keep    int // failures to list of one journal or file

	journals  map[journalKey]*journal
	link      linker
	pool      *hashchain.Pool        // of all journals
	memory    *hashchain.BlockMemory // of all blocks
	manifests manifests
	counts    map[verdict]int

	skipped      []skippedFile
	skippedTotal int
	interrupted  bool
}

// journalKey tells journals apart. Blocks of exports and summaries of streams
// are not checked as one chain.
type journalKey struct {
	strand string
	stream bool
}

// journal is the blocks of one strand.
type journal struct {
	key    journalKey
	files  []string
	from   *fileItems // the last of them
	starts []int64    // how many blocks there were before each of them
	blocks int64
	cut    []string // those of them that could not be read to their end
	json   int64    // how many of the blocks are out of JSON
	extra  int64    // members of records that QLDB does not write
	v      *hashchain.Verifier
	digest bool // the trusted digest is of this strand
}

// maxJournals bounds the memory of a run.
const maxJournals = 1000

// verify checks everything and prints what it found. An interruption ends the
// reading: what was read until then is reported, as undecided.
func (r *verifyRun) verify(args []string) error {
	r.pool, r.memory = hashchain.NewPool(0), hashchain.NewBlockMemory()
	defer r.pool.Close()
	ctx, cancel := context.WithCancel(r.ctx)
	var readers sync.WaitGroup
	defer func() {
		cancel()
		if r.ctx.Err() == nil { // else one may hang in a read of standard input, and the program ends anyway
			readers.Wait()
		}
	}()
	list := r.sources(args)
	started := 0
	for i, s := range list {
		for started < len(list) && started < i+runtime.GOMAXPROCS(0) {
			list[started].start(ctx, &readers, r.stdin)
			started++
		}
		if r.ctx.Err() != nil {
			break
		}
		r.file(s)
		list[i] = nil
	}
	r.interrupted = r.interrupted || r.ctx.Err() != nil
	r.finishJournals()
	return r.out.end(r.summary())
}

// sources are the inputs in the order in which they are read. Looking at one may
// wait for somebody to write to a pipe, so an interruption does not wait for it.
func (r *verifyRun) sources(args []string) []*source {
	var list []*source // the goroutine's, once it runs
	for _, name := range args {
		list = append(list, r.expand(name)...)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, s := range list {
			if r.ctx.Err() != nil {
				return
			}
			s.peek(r.stdin)
		}
		sortSources(list)
	}()
	select {
	case <-done:
		return list
	case <-r.ctx.Done():
		r.interrupted = true
		return nil
	}
}

func (r *verifyRun) report(res *result) {
	res.settle()
	r.counts[res.Verdict]++
	r.out.result(res)
}

// file checks what one file holds.
func (r *verifyRun) file(s *source) {
	if s.isLedger {
		r.report(ledgerFileResult(r.ctx, s.name, r.trusted, r.keep))
		return
	}
	f := &fileItems{name: s.name}
	for l, ok := s.next(r.ctx); ok && r.ctx.Err() == nil; l, ok = s.next(r.ctx) {
		it, err := hashchain.Recognize(l.v)
		if err != nil {
			f.bad(r.keep, l.off, it.Name, err)
			continue
		}
		if it.JSON && !l.json {
			f.bad(r.keep, l.off, it.Name, errStringHashes)
			continue
		}
		if it.Kind == hashchain.SummaryItem && len(l.v.Raw()) > 2*len(it.Value.Raw()) {
			// It is a part of the record's bytes: all of them would be kept with it
			// while it waits for its check, and only its own be counted.
			it.Value = it.Value.Clone()
		}
		r.item(f, l.off, it)
	}
	r.finishFile(f, s.err)
}

var errStringHashes = errors.New("its hashes are strings, as in JSON, and it is not written as JSON: in Ion they are blobs")

// fileItems collects the items of one file that are not reported one by one.
type fileItems struct {
	name        string
	blocks      int
	receipts    int
	controls    int
	controlName string // of the last one
	manifests   int    // that are compared with the blocks at the end
	digests     int
	trusted     bool // the last of them is the trusted one
	unknown     int
	firstOff    int64 // of the first unknown value
	further     int64 // blocks of more strands than one run takes
	revisions   revisionCounts
	errors      []string
	malformed   int64 // all errors, also those that are not listed
}

type revisionCounts struct {
	hashchain.Counts
	failures []*hashchain.Failure
	failed   int64
	details  int64 // in REVISION_DETAILS records
}

// bad notes a value whose kind is clear and whose form is not.
func (f *fileItems) bad(keep int, off int64, what string, err error) {
	if f.malformed++; len(f.errors) < keep {
		f.errors = append(f.errors, what+fmt.Sprintf(" at offset %d: %s", off, plainError(err)))
	}
}

func (r *verifyRun) item(f *fileItems, off int64, it hashchain.Item) {
	switch it.Kind {
	case hashchain.BlockItem, hashchain.SummaryItem:
		r.block(f, off, it)
	case hashchain.RevisionItem:
		r.revision(f, off, it)
	case hashchain.ReceiptItem:
		f.receipts++
		checked := it.Receipt.Check(r.trusted)
		if err := brokenForm(checked.Failures); err != nil {
			f.bad(r.keep, off, it.Name, err)
			return
		}
		forgotten := r.compareBlock(it.Receipt, checked)
		res := receiptResult(f.name, it, checked)
		if forgotten {
			res.undecide("whether another block of this number was given: there are too many to remember. Give fewer files at a time")
		}
		r.report(res)
	case hashchain.DigestItem:
		f.digests++
		f.trusted = r.trusted != nil && *it.Digest == *r.trusted
	case hashchain.ControlItem:
		if r.manifests.add(f.name, it.Value) {
			f.manifests++
		} else {
			f.controls, f.controlName = f.controls+1, it.Name
		}
	default:
		if f.unknown++; f.unknown == 1 {
			f.firstOff = off
		}
	}
}

func (r *verifyRun) block(f *fileItems, off int64, it hashchain.Item) {
	// Without an address a block belongs to no journal.
	field, _ := it.Value.Field("blockAddress")
	address, err := hashchain.BlockAddressOf(field)
	if err != nil {
		f.bad(r.keep, off, it.Name, err)
		return
	}
	f.blocks++
	key := journalKey{address.StrandID, it.Kind == hashchain.SummaryItem}
	j := r.journals[key]
	if j == nil {
		if len(r.journals) == maxJournals {
			f.further++
			return
		}
		j = r.newJournal(key)
	}
	if j.from != f {
		j.from, j.files, j.starts = f, append(j.files, f.name), append(j.starts, j.blocks)
	}
	j.blocks++
	j.json += int64(b2i(it.JSON))
	j.extra += int64(it.ExtraFields)
	if j.key.stream {
		r.link.addSummary(key.strand, it.Value)
	}
	j.v.Add(it.Value)
}

func (r *verifyRun) newJournal(key journalKey) *journal {
	j := &journal{key: key}
	opt := hashchain.VerifyOptions{Stream: key.stream, KeepFailures: r.keep, Pool: r.pool, Memory: r.memory}
	if r.trusted != nil && r.trusted.Tip.StrandID == key.strand {
		opt.Digest, j.digest = r.trusted, true
	}
	j.v = hashchain.NewVerifier(opt)
	r.journals[key] = j
	return j
}

// compareBlock compares the block of a receipt with the other blocks of the run.
// It reports whether it could not, because too many came before.
func (r *verifyRun) compareBlock(rec *hashchain.Receipt, checked *hashchain.ReceiptResult) bool {
	if rec.Block.IsZero() || !rec.HasAddress || checked.Leaf.IsEmpty() {
		return false
	}
	fork, forgotten := r.memory.CompareReceipt(rec.Address, checked.Leaf)
	if fork != nil {
		checked.Failures = append(checked.Failures, fork)
	}
	return forgotten
}

// brokenForm is the first of the failures if all are about the form of a value:
// then nothing was compared, and the value is malformed and not refused.
func brokenForm(failures []*hashchain.Failure) error {
	for _, f := range failures {
		if f.Rule != hashchain.RuleShape {
			return nil
		}
	}
	if len(failures) == 0 {
		return nil
	}
	return failures[0]
}

func (r *verifyRun) revision(f *fileItems, off int64, it hashchain.Item) {
	c := &f.revisions
	counts, failures := hashchain.CheckRevision(it.Value)
	if err := brokenForm(failures); err != nil {
		f.bad(r.keep, off, it.Name, err)
		return
	}
	counts.ExtraFields += int64(it.ExtraFields)
	c.Add(&counts)
	if it.Record {
		c.details++
		// The hash that a revision states stands for it only if it is its own.
		if len(failures) == 0 && counts.DataUndecided == 0 {
			r.link.addDetails(it.Value)
		}
	}
	if len(failures) > 0 {
		c.failed++
	}
	for _, failure := range failures {
		if len(c.failures) < r.keep {
			c.failures = append(c.failures, failure)
		}
	}
}

// finishFile reports what is reported by file. err says why the file could not
// be read to its end.
func (r *verifyRun) finishFile(f *fileItems, err error) {
	interrupted := r.ctx.Err() != nil
	if err == errNoFiles {
		res := &result{Files: []string{f.name}}
		res.undecide("%v", err)
		r.report(res)
		return
	}
	if err != nil && !interrupted {
		f.malformed++
		f.errors = append(f.errors, plainError(err))
		for _, j := range r.journals {
			if j.from == f {
				j.cut = append(j.cut, f.name)
			}
		}
	}
	if f.revisions.Revisions > 0 {
		res := revisionsResult(f)
		switch {
		case interrupted:
			res.undecide(undecidedInterrupted)
		case err != nil:
			res.undecide(undecidedCut, f.name)
		}
		r.report(res)
	}
	rest := restResult(f)
	if rest == nil && !interrupted {
		r.passedOver(f)
	}
	if f.malformed > 0 {
		res := &result{Files: []string{f.name}, Verdict: unreadable, Errors: f.errors, Malformed: f.malformed}
		if rest != nil {
			res.Undecided, rest = rest.Undecided, nil
		}
		r.report(res)
	}
	if f.further > 0 {
		res := &result{Files: []string{f.name}}
		res.undecide("%s not checked: they are of further strands, and one run takes %d. Give fewer files at a time", plural(f.further, "block was", "blocks were"), maxJournals)
		r.report(res)
	}
	if rest != nil && !interrupted {
		r.report(rest)
	}
}

func (r *verifyRun) finishJournals() {
	keys := slices.SortedFunc(maps.Keys(r.journals), func(a, b journalKey) int {
		return cmp.Or(cmp.Compare(a.strand, b.strand), cmp.Compare(b2i(a.stream), b2i(b.stream)))
	})
	for _, k := range keys {
		j := r.journals[k]
		rep := j.v.Finish()
		res := journalResult(j, rep, r.trusted)
		if k.stream {
			r.link.explain(res, k.strand)
		} else if !r.interrupted {
			r.manifests.compare(res, k.strand, blockRange{rep.First.SequenceNo, rep.Last.SequenceNo})
		}
		if r.interrupted {
			res.undecide(undecidedInterrupted)
		}
		r.report(res)
	}
	if !r.interrupted {
		for _, res := range r.manifests.unused() {
			r.report(res)
		}
	}
	r.journals = nil
}

// status is the exit status.
func (r *verifyRun) status() int {
	switch {
	case r.counts[refused] > 0:
		return exitRefused
	case r.counts[unreadable] > 0:
		return exitMalformed
	case r.counts[undecided] > 0 || r.counts[verified] == 0 || r.interrupted:
		return exitUndecided
	}
	return exitOK
}

func (r *verifyRun) summary() summary {
	return summary{
		Verified: r.counts[verified], Refused: r.counts[refused], Malformed: r.counts[unreadable], Undecided: r.counts[undecided], Nothing: r.counts[nothing],
		Skipped: r.skipped, SkippedTotal: r.skippedTotal, Interrupted: r.interrupted, Status: r.status(),
	}
}
