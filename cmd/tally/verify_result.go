package main

import (
	"fmt"
	"strings"

	"github.com/tallyledger/tally/hashchain"
)

// verdict is what came of one receipt, journal or file.
type verdict string

const (
	verified   verdict = "verified"
	refused    verdict = "refused"
	unreadable verdict = "malformed"
	undecided  verdict = "undecided"
)

// result is what is said about one receipt, journal or file.
type result struct {
	Files     []string  `json:"files"`
	Verdict   verdict   `json:"verdict"`
	What      string    `json:"what,omitempty"`
	Checked   []string  `json:"checked,omitempty"`
	Failures  []failure `json:"failures,omitempty"`
	Failed    int64     `json:"failed,omitempty"` // all failures, also those not listed
	Undecided []string  `json:"undecided,omitempty"`
	NotProven []string  `json:"notProven,omitempty"`
	Error     string    `json:"error,omitempty"`

	Strand     string  `json:"strandId,omitempty"`
	FirstBlock *uint64 `json:"firstSequenceNo,omitempty"`
	LastBlock  *uint64 `json:"lastSequenceNo,omitempty"`
	Digest     string  `json:"digest,omitempty"`
	DigestTip  *uint64 `json:"digestTipSequenceNo,omitempty"`

	Counts *hashchain.Counts `json:"counts,omitempty"`
}

// failure is a hashchain.Failure in JSON.
type failure struct {
	Block    *uint64 `json:"sequenceNo,omitempty"`
	Strand   string  `json:"strandId,omitempty"`
	Document string  `json:"documentId,omitempty"`
	Rule     string  `json:"rule"`
	Detail   string  `json:"detail"`
	Expected string  `json:"expected,omitempty"`
	Found    string  `json:"found,omitempty"`
}

func (r *result) check(format string, args ...any) {
	r.Checked = append(r.Checked, fmt.Sprintf(format, args...))
}

func (r *result) notProven(format string, args ...any) {
	r.NotProven = append(r.NotProven, fmt.Sprintf(format, args...))
}

func (r *result) undecide(format string, args ...any) {
	r.Undecided = append(r.Undecided, fmt.Sprintf(format, args...))
}

func (r *result) fail(list []*hashchain.Failure, total int64) {
	for _, f := range list {
		out := failure{Document: f.DocumentID, Rule: string(f.Rule), Detail: f.Detail, Expected: f.Expected, Found: f.Found}
		if f.HasAddress {
			seq := f.Address.SequenceNo
			out.Block, out.Strand = &seq, f.Address.StrandID
		}
		r.Failures = append(r.Failures, out)
	}
	r.Failed += total
}

// settle draws the verdict from what was found.
func (r *result) settle() {
	switch {
	case r.Verdict != "":
	case r.Failed > 0:
		r.Verdict = refused
	case len(r.Undecided) > 0:
		r.Verdict = undecided
	default:
		r.Verdict = verified
	}
}

func malformed(name string, err error) *result {
	return &result{Files: []string{name}, Verdict: unreadable, Error: strings.TrimPrefix(err.Error(), "hashchain: ")}
}

// count spells a number with its noun.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		noun = noun[:len(noun)-1] + "ie"
	}
	if strings.HasSuffix(noun, "h") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// nothingResult is about a file without anything to verify, or about what in it
// was not recognised.
func nothingResult(f *fileItems) *result {
	res := &result{Files: []string{f.name}}
	switch {
	case f.unknown > 0:
		res.undecide("%s not recognised: verify knows receipts, answers of GetRevision and GetBlock, journal blocks, stream records and revisions", plural(int64(f.unknown), "value is", "values are"))
	case f.digests > 0:
		res.undecide("a digest proves nothing by itself: give it with --digest, together with what it is to prove")
	case f.controls > 0:
		res.undecide("a manifest or control record: there is nothing to verify in it")
	default:
		res.undecide("the file is empty")
	}
	return res
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// revisionsResult is about the single revisions in one file.
func revisionsResult(f *fileItems) *result {
	c := &f.revisions
	res := &result{Files: []string{f.name}, What: count(c.total, "revision")}
	if c.details > 0 {
		res.What = count(c.total, "revision") + " of REVISION_DETAILS records"
	}
	if good := c.total - c.failed - c.undecided - c.kinds[hashchain.HashOnly]; good > 0 {
		res.check("%s: the hash is that of metadata and data%s", count(good, "revision"), kindList(c.kinds))
	}
	res.fail(c.failures, c.failed)
	if c.undecided > 0 {
		res.undecide(jsonUndecided, count(c.undecided, "revision"))
	}
	res.notProven("that the revisions stand in a journal: that takes a proof and a digest, or the blocks")
	res.notProven("the block address: no hash covers it")
	return res
}

const jsonUndecided = "the data of %s: JSON does not tell Ion's types apart, and in no reading does the data have the revision's hash. It may be unchanged or not; an export as Ion decides"

func kindList(kinds [5]int64) string {
	var parts []string
	for k, n := range kinds {
		if kind := hashchain.RevisionKind(k); n > 0 && kind != hashchain.WithData && k > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
