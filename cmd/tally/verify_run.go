package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// verifyRun is one run of the command: it takes the items out of all files and
// sends each to its check. Blocks go to the journal of their strand, which is
// reported at the end; everything else is reported by file.
type verifyRun struct {
	ctx     context.Context
	out     printer
	stdin   io.Reader
	trusted *hashchain.Digest

	journals map[journalKey]*journal
	last     *journal // takes blocks that do not name their strand
	link     linker
	counts   map[verdict]int
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
	json   bool
	v      *hashchain.Verifier
	digest bool // the trusted digest is of this strand
}

// maxJournals bounds the memory of a run.
const maxJournals = 1000

var errInterrupted = errors.New("interrupted")

func (r *verifyRun) verify(args []string) error {
	r.counts = map[verdict]int{}
	list := r.order(args)
	ctx, cancel := context.WithCancel(r.ctx)
	var readers sync.WaitGroup
	defer func() {
		cancel()
		if r.ctx.Err() == nil { // else one may hang in a read of standard input, and the program ends anyway
			readers.Wait()
		}
	}()
	started := 0
	for i, s := range list {
		for started < len(list) && started < i+runtime.GOMAXPROCS(0) {
			list[started].start(ctx, &readers, r.stdin)
			started++
		}
		if err := r.file(s); err != nil {
			r.closeAll()
			return err
		}
		list[i] = nil
	}
	r.finishJournals()
	return r.out.end(r.summary())
}

func (r *verifyRun) closeAll() {
	for _, j := range r.journals {
		j.v.Finish()
	}
}

func (r *verifyRun) report(res *result) {
	res.settle()
	r.counts[res.Verdict]++
	r.out.result(res)
}

// file checks what one file holds. The error ends the run; what is wrong with
// the file is reported.
func (r *verifyRun) file(s *source) error {
	if s.isLedger {
		r.report(ledgerFileResult(r.ctx, s.name, r.trusted))
		return nil
	}
	f := &fileItems{name: s.name}
	for l, ok := s.next(r.ctx); ok; l, ok = s.next(r.ctx) {
		if r.ctx.Err() != nil {
			return errInterrupted
		}
		f.values++
		it, err := hashchain.Recognize(l.v)
		if err != nil {
			r.report(malformed(s.name, fmt.Errorf("%s at offset %d: %w", it.Name, l.off, err)))
			continue
		}
		if err := r.item(f, it); err != nil {
			return err
		}
	}
	if r.ctx.Err() != nil {
		return errInterrupted
	}
	r.finishFile(f, s.err)
	return nil
}

// fileItems collects the items of one file that are not reported one by one.
type fileItems struct {
	name      string
	values    int
	blocks    int
	receipts  int
	controls  int
	digests   int
	unknown   int
	revisions revisionCounts
}

type revisionCounts struct {
	total, undecided int64
	kinds            [5]int64
	failures         []*hashchain.Failure
	failed           int64
	details          int64 // in REVISION_DETAILS records
}

func (r *verifyRun) item(f *fileItems, it hashchain.Item) error {
	switch it.Kind {
	case hashchain.BlockItem, hashchain.SummaryItem:
		f.blocks++
		return r.block(f.name, it)
	case hashchain.RevisionItem:
		r.revision(f, it)
	case hashchain.ReceiptItem:
		f.receipts++
		r.report(receiptResult(f.name, it, r.trusted))
	case hashchain.DigestItem:
		f.digests++
	case hashchain.ControlItem:
		f.controls++
	default:
		f.unknown++
	}
	return nil
}

// keepFailures is how many failures of one journal or file are printed.
const keepFailures = 100

func (r *verifyRun) block(file string, it hashchain.Item) error {
	strand, ok := strandOf(it.Value)
	j := r.last
	if key := (journalKey{strand, it.Kind == hashchain.SummaryItem}); ok || j == nil {
		if j = r.journals[key]; j == nil {
			if len(r.journals) == maxJournals {
				return fmt.Errorf("more than %d strands in one run: give fewer files at a time", maxJournals)
			}
			j = r.newJournal(key)
		}
	}
	r.last = j
	if !slices.Contains(j.files, file) {
		j.files = append(j.files, file)
	}
	j.json = j.json || it.JSON
	if j.key.stream {
		r.link.addSummary(it.Value)
	}
	j.v.Add(it.Value)
	return nil
}

func (r *verifyRun) newJournal(key journalKey) *journal {
	j := &journal{key: key}
	opt := hashchain.VerifyOptions{Stream: key.stream, KeepFailures: keepFailures}
	if r.trusted != nil && r.trusted.Tip.StrandID == key.strand {
		opt.Digest, j.digest = r.trusted, true
	}
	j.v = hashchain.NewVerifier(opt)
	r.journals[key] = j
	return j
}

func strandOf(block ion.Value) (string, bool) {
	v, _ := block.Path("blockAddress", "strandId")
	return v.Text()
}

func (r *verifyRun) revision(f *fileItems, it hashchain.Item) {
	c := &f.revisions
	c.total++
	kind, decided, err := hashchain.CheckRevision(it.Value)
	c.kinds[kind%5]++
	if !decided {
		c.undecided++
	}
	if strings.HasPrefix(it.Name, "REVISION_DETAILS") {
		c.details++
		r.link.addDetails(it.Value)
	}
	if err == nil {
		return
	}
	c.failed++
	var failure *hashchain.Failure
	if errors.As(err, &failure) && len(c.failures) < keepFailures {
		c.failures = append(c.failures, failure)
	}
}

func (r *verifyRun) finishFile(f *fileItems, err error) {
	if f.revisions.total > 0 {
		r.report(revisionsResult(f))
	}
	if err != nil {
		r.report(malformed(f.name, err))
		return
	}
	if f.unknown > 0 || f.blocks+f.receipts == 0 && f.revisions.total == 0 {
		r.report(nothingResult(f))
	}
}

func (r *verifyRun) finishJournals() {
	keys := slices.SortedFunc(maps.Keys(r.journals), func(a, b journalKey) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	for _, k := range keys {
		j := r.journals[k]
		rep := j.v.Finish()
		res := journalResult(j, rep, r.trusted)
		if k.stream {
			r.link.explain(res)
		}
		r.report(res)
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
	case r.counts[undecided] > 0 || r.counts[verified] == 0:
		return exitUndecided
	}
	return exitOK
}

func (r *verifyRun) summary() summary {
	return summary{Verified: r.counts[verified], Refused: r.counts[refused], Malformed: r.counts[unreadable], Undecided: r.counts[undecided], Status: r.status()}
}
