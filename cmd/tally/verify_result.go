package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// verdict is what came of one receipt, journal or file.
type verdict string

const (
	verified   verdict = "verified"
	refused    verdict = "refused"
	unreadable verdict = "malformed"
	undecided  verdict = "undecided"
	nothing    verdict = "nothing" // to verify: a manifest, control record or digest
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
	Errors    []string  `json:"errors,omitempty"`
	Malformed int64     `json:"malformed,omitempty"` // all errors, also those not listed

	Strand     string  `json:"strandId,omitempty"`
	FirstBlock *uint64 `json:"firstSequenceNo,omitempty"`
	LastBlock  *uint64 `json:"lastSequenceNo,omitempty"`
	Digest     string  `json:"digest,omitempty"`
	DigestTip  *uint64 `json:"digestTipSequenceNo,omitempty"`

	Counts *hashchain.Counts `json:"counts,omitempty"`
}

// failure is a hashchain.Failure in JSON.
type failure struct {
	File     string  `json:"file,omitempty"` // where the result is about several
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
	return &result{Files: []string{name}, Verdict: unreadable, Errors: []string{plainError(err)}, Malformed: 1}
}

// plainError is an error without what only programmers care for.
func plainError(err error) string {
	var syntax *ion.SyntaxError
	var failure *hashchain.Failure
	switch {
	case errors.As(err, &syntax):
		text := fmt.Sprintf("cannot be read as Ion or JSON at offset %d: %s", syntax.Offset, syntax.Msg)
		// A byte order mark of UTF-16; nothing that is read here begins so.
		if syntax.Offset == 0 && (strings.HasSuffix(text, "byte 0xff") || strings.HasSuffix(text, "byte 0xfe")) {
			text += ", as of a text in UTF-16, which PowerShell's > writes; save it as UTF-8"
		}
		return text
	case errors.As(err, &failure):
		return failure.Detail
	}
	text := err.Error()
	for _, prefix := range []string{"hashchain: ", ledger.ErrDamaged.Error() + ": "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// Why a result is undecided.
const (
	undecidedInterrupted = "the run was interrupted: not everything was read"
	undecidedCut         = "%s could not be read to its end: what is missing is not known"
)

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

// restResult is about what in a file is not reported elsewhere: what was not
// recognised, or that there is nothing to verify.
func restResult(f *fileItems) *result {
	res := &result{Files: []string{f.name}}
	seen := int64(f.blocks+f.receipts+f.manifests) + f.revisions.Revisions
	switch {
	case f.malformed > 0 && seen == 0: // what it is says the error
		return nil
	case f.unknown > 0:
		res.undecide("%s not recognised, the first one at offset %d: verify knows receipts, answers of GetRevision and GetBlock, journal blocks, stream records and revisions", plural(int64(f.unknown), "value is", "values are"), f.firstOff)
	case seen > 0:
		return nil
	case f.digests > 0 && f.trusted:
		res.nothing("the trusted digest itself: there is nothing to verify in it")
	case f.digests > 0:
		res.nothing("a digest proves nothing by itself: give it with --digest, together with what it is to prove")
	case f.controls > 0:
		res.nothing(f.controlName + ": there is nothing to verify in it")
	default:
		res.undecide("the file is empty")
	}
	return res
}

// passedOver names what stands in a file beside other things and has nothing to
// verify in it.
func (r *verifyRun) passedOver(f *fileItems) {
	var parts []string
	if f.digests > 0 && f.trusted {
		parts = append(parts, "the trusted digest itself")
	} else if f.digests > 0 {
		parts = append(parts, count(int64(f.digests), "digest")+", which proves nothing by itself (give it with --digest)")
	}
	if f.controls > 0 {
		name := f.controlName
		if f.controls > 1 {
			name = "CONTROL records or manifests"
		}
		parts = append(parts, fmt.Sprintf("%d %s", f.controls, name))
	}
	if len(parts) > 0 {
		r.skip(f.name, "of what it holds: "+strings.Join(parts, ", and ")+": there is nothing to verify in it")
	}
}

func (r *result) nothing(what string) { r.Verdict, r.What = nothing, what }

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// revisionsResult is about the single revisions in one file.
func revisionsResult(f *fileItems) *result {
	c := &f.revisions
	res := &result{Files: []string{f.name}, What: count(c.Revisions, "revision"), Counts: &c.Counts}
	if c.details > 0 {
		res.What = count(c.Revisions, "revision") + " of REVISION_DETAILS records"
	}
	// Which are right is not counted where some are not: a failure may be about
	// a revision of any kind.
	if good := c.Revisions - c.DataUndecided - c.HashOnly; good > 0 && c.failed == 0 {
		res.check("%s: the hash is that of metadata and data%s", count(good, "revision"), kindList(&c.Counts))
	}
	res.fail(c.failures, c.failed)
	if c.DataUndecided > 0 {
		res.undecide(jsonUndecided, count(c.DataUndecided, "revision"))
	}
	if c.HashOnly > 0 {
		res.undecide("%s: only the hash is here, and it proves nothing by itself", count(c.HashOnly, "revision"))
	}
	res.notProven("that the revisions stand in a journal: that takes a proof and a digest, or the blocks")
	res.notProven("the block address: no hash covers it")
	if c.details > 0 {
		res.notProven("the name and id of the table: no hash covers tableInfo")
	}
	unprovenOfBlocks(res, &c.Counts, true)
	return res
}

const jsonUndecided = "the data of %s: JSON does not tell Ion's types apart, and in no reading does the data have the revision's hash. It may be unchanged or not; an export as Ion decides"

func kindList(c *hashchain.Counts) string {
	var parts []string
	if c.Deleted > 0 {
		parts = append(parts, fmt.Sprintf("%d deleted", c.Deleted))
	}
	if c.Redacted > 0 {
		parts = append(parts, fmt.Sprintf("%d redacted", c.Redacted))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
