package main

import (
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// linker finds out which revisions of REVISION_DETAILS records stand in a
// BLOCK_SUMMARY record that was given too. Records come in any order, so hashes
// of both are kept, up to a limit.
type linker struct {
	summaries, details map[string]struct{}
	full               bool
}

// maxLinks bounds the hashes kept: about 100 MB.
const maxLinks = 1 << 20

func (l *linker) add(set *map[string]struct{}, v ion.Value) {
	if *set == nil {
		*set = map[string]struct{}{}
	}
	h, _ := v.Field("hash")
	b, ok := h.Bytes()
	if !ok || len(b) != hashchain.HashSize {
		return
	}
	if len(l.summaries)+len(l.details) >= maxLinks {
		l.full = true
		return
	}
	(*set)[string(b)] = struct{}{}
}

func (l *linker) addSummary(block ion.Value) {
	list, _ := block.Field("revisionSummaries")
	for s := range list.Elements() {
		l.add(&l.summaries, s)
	}
}

func (l *linker) addDetails(revision ion.Value) { l.add(&l.details, revision) }

// explain says which revisions stand in no summary.
func (l *linker) explain(res *result) {
	if len(l.details) == 0 || res.Failed > 0 { // hashes in a wrong block say nothing
		return
	}
	if l.full {
		res.notProven("that the revisions stand in these blocks: there are too many to compare in one run")
		return
	}
	missing := 0
	for h := range l.details {
		if _, ok := l.summaries[h]; !ok {
			missing++
		}
	}
	if found := len(l.details) - missing; found > 0 {
		res.check("%s in these blocks", plural(int64(found), "revision record stands", "revision records stand"))
	}
	if missing > 0 {
		res.notProven("that %s in the journal: no block summary here has that hash", plural(int64(missing), "revision record stands", "revision records stand"))
	}
	l.details = nil
}
