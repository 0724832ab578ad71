package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain"
)

// printer writes results as they come, so that their number does not matter.
type printer interface {
	result(r *result)
	end(s summary) error
}

// summary counts the results.
type summary struct {
	Verified  int `json:"verified"`
	Refused   int `json:"refused"`
	Malformed int `json:"malformed"`
	Undecided int `json:"undecided"`
	Nothing   int `json:"nothing"` // files with nothing to verify in them
	Status    int `json:"status"`  // the exit status

	Interrupted  bool          `json:"interrupted,omitempty"`
	Skipped      []skippedFile `json:"skipped,omitempty"`
	SkippedTotal int           `json:"skippedTotal,omitempty"` // also those not listed
}

// textPrinter writes for people.
type textPrinter struct {
	w   io.Writer
	n   int
	err error
}

func (p *textPrinter) line(format string, args ...any) {
	if _, err := fmt.Fprintln(p.w, visible(fmt.Sprintf(format, args...))); err != nil && p.err == nil {
		p.err = err
	}
}

// visible spells out characters that a terminal would obey instead of showing:
// ids in a forged file may hold line ends and escape sequences, to make up an
// answer of this program.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// clipText shortens a text out of an input, which may be of any length.
func clipText(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func (p *textPrinter) result(r *result) {
	if p.n++; p.n > 1 {
		p.line("")
	}
	verdict := strings.ToUpper(string(r.Verdict))
	if r.Verdict == nothing {
		verdict = "NOTHING TO VERIFY"
	}
	p.line("%s: %s", fileNames(r.Files), verdict)
	if r.What != "" {
		p.line("  %s", r.What)
	}
	for _, s := range r.Errors {
		p.line("  %s", s)
	}
	if more := r.Malformed - int64(len(r.Errors)); more > 0 {
		p.line("  … and %d more: --failures %d lists all", more, r.Malformed)
	}
	for _, f := range r.Failures {
		p.failure(&f)
	}
	if more := r.Failed - int64(len(r.Failures)); more > 0 {
		p.line("  FAILED      … and %d more: --failures %d lists all", more, r.Failed)
	}
	for _, s := range r.Checked {
		p.line("  ok          %s", s)
	}
	for _, s := range r.Undecided {
		p.line("  undecided   %s", s)
	}
	for _, s := range r.NotProven {
		p.line("  NOT proven  %s", s)
	}
}

func (p *textPrinter) failure(f *failure) {
	where := ""
	if f.File != "" {
		where = f.File + ": "
	}
	if f.Block != nil {
		where += fmt.Sprintf("block %d: ", *f.Block)
	}
	if f.Document != "" {
		where += fmt.Sprintf("document %s: ", f.Document)
	}
	p.line("  FAILED      %s%s", where, f.Detail)
	if f.Expected != "" || f.Found != "" {
		rule := hashchain.Rule(f.Rule)
		p.line("              %s: expected %s", rule, rule.Spell(f.Expected))
		p.line("              %*s  found    %s", len(rule), "", rule.Spell(f.Found))
	}
}

// fileNames names a few files and counts many.
func fileNames(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s … %s (%d files)", names[0], names[len(names)-1], len(names))
}

func (p *textPrinter) end(s summary) error {
	if p.n > 1 || p.n > 0 && (len(s.Skipped) > 0 || s.Interrupted) {
		p.line("")
	}
	for _, f := range s.Skipped {
		p.line("%s: skipped: %s", f.File, f.Why)
	}
	if more := s.SkippedTotal - len(s.Skipped); more > 0 {
		p.line("… and %d more were skipped", more)
	}
	if p.n != 1 || s.Interrupted {
		p.line("%s", s.line())
	}
	return p.err
}

// line is the summary in one line.
func (s *summary) line() string {
	var parts []string
	if s.Interrupted {
		parts = append(parts, "interrupted")
	}
	for _, c := range []struct {
		n    int
		what string
	}{{s.Verified, "verified"}, {s.Refused, "refused"}, {s.Malformed, "malformed"}, {s.Undecided, "undecided"}, {s.Nothing, "with nothing to verify"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}

// jsonPrinter writes one JSON object: {"results": […], "summary": {…}}.
type jsonPrinter struct {
	w   io.Writer
	n   int
	err error
}

func (p *jsonPrinter) write(s string, v any) {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = fmt.Fprintf(p.w, "%s%s", s, b)
	}
	if err != nil && p.err == nil {
		p.err = err
	}
}

func (p *jsonPrinter) result(r *result) {
	before := "{\"results\": [\n"
	if p.n++; p.n > 1 {
		before = ",\n"
	}
	p.write(before, r)
}

func (p *jsonPrinter) end(s summary) error {
	before := "\n], \"summary\": "
	if p.n == 0 {
		before = "{\"results\": [], \"summary\": "
	}
	p.write(before, s)
	if _, err := fmt.Fprintln(p.w, "}"); err != nil && p.err == nil {
		p.err = err
	}
	return p.err
}
