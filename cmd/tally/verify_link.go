package main

import (
	"strings"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// linker finds out which revisions of REVISION_DETAILS records stand in a
// BLOCK_SUMMARY record of their strand that was given too. Records come in any
// order, so hashes of both are kept, up to a limit.
type linker struct {
	summaries, details map[linkKey]struct{}
	full               bool
	strand             string // of the last one, so that strands are kept once
	counts             map[string]linkCount
}

type linkKey struct {
	strand string
	hash   [hashchain.HashSize]byte
}

// linkCount is the revision records of one strand.
type linkCount struct{ found, missing int64 }

// maxLinks bounds the hashes kept: about 150 MB.
const maxLinks = 1 << 20

func (l *linker) add(set *map[linkKey]struct{}, strand string, v ion.Value) {
	if *set == nil {
		*set = map[linkKey]struct{}{}
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
	if strand != l.strand {
		l.strand = strings.Clone(strand)
	}
	(*set)[linkKey{l.strand, [hashchain.HashSize]byte(b)}] = struct{}{}
}

func (l *linker) addSummary(strand string, block ion.Value) {
	list, _ := block.Field("revisionSummaries")
	for s := range list.Elements() {
		l.add(&l.summaries, strand, s)
	}
}

// addDetails takes the strand that the revision names: the blocks of another one
// say nothing about it.
func (l *linker) addDetails(revision ion.Value) {
	field, _ := revision.Field("blockAddress")
	if address, err := hashchain.BlockAddressOf(field); err == nil {
		l.add(&l.details, address.StrandID, revision)
	}
}

func (l *linker) count() {
	l.counts = map[string]linkCount{}
	for key := range l.details {
		c := l.counts[key.strand]
		if _, ok := l.summaries[key]; ok {
			c.found++
		} else {
			c.missing++
		}
		l.counts[key.strand] = c
	}
}

// explain says which revisions stand in no summary of a strand.
func (l *linker) explain(res *result, strand string) {
	if l.counts == nil {
		l.count()
	}
	c := l.counts[strand]
	if c == (linkCount{}) || res.Failed > 0 { // hashes in a wrong block say nothing
		return
	}
	if l.full {
		res.notProven("that the revisions stand in these blocks: there are too many to compare in one run")
		return
	}
	if c.found > 0 {
		res.check("%s in these blocks", plural(c.found, "revision record stands", "revision records stand"))
	}
	if c.missing > 0 {
		res.notProven("that %s in the journal: no block summary here has that hash", plural(c.missing, "revision record stands", "revision records stand"))
	}
}
