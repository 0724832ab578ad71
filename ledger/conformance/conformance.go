package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tallyledger/tally/ledger"
)

// Capability names something that a backend or an endpoint may lack.
type Capability = string

// The capabilities that cases need.
const (
	// OwnLedger is a new and empty ledger for one case; see [Harness.Fresh].
	OwnLedger Capability = "own-ledger"
	// Clock is a ledger whose clock the harness moves; see [Harness.Advance].
	Clock Capability = "clock"
	// AnnotatedTrue is an annotated true as a statement's parameter.
	AnnotatedTrue Capability = "annotated-true"
	// Redaction is EXEC REDACT_REVISION with its effect visible at once.
	Redaction Capability = "redaction"
)

// Case is one behaviour that every backend shows.
type Case struct {
	// Name is unique, in the form subject/behaviour. It is a capability too: a
	// harness may declare a single case as a gap.
	Name string
	// Section is the part of docs/qldb.md that states the rule.
	Section string
	// Needs lists what the case cannot do without.
	Needs []Capability
	// Chosen tells, where it is not known how QLDB behaved, what was chosen.
	Chosen string

	run func(c *C)
}

// Harness is a backend under test.
type Harness struct {
	// Open opens the ledger that most cases share. It has no tables, or those of
	// an earlier run. The suite closes it.
	Open func(ctx context.Context) (ledger.Ledger, error)
	// Fresh makes a new and empty ledger; the suite closes it. Where it is nil the
	// cases that need one are gaps.
	Fresh func(ctx context.Context) (ledger.Ledger, error)
	// Advance moves the clock of a ledger that Fresh made. Where it is nil the
	// cases that need it are gaps.
	Advance func(ctx context.Context, l ledger.Ledger, d time.Duration) error
	// Gaps declares what is missing: a capability, or the name of a case, and the
	// reason.
	Gaps map[Capability]string
}

// gap is the reason why h cannot run c, "" if it can.
func (h *Harness) gap(c *Case) string {
	for _, need := range append([]Capability{c.Name}, c.Needs...) {
		if reason, ok := h.Gaps[need]; ok {
			return reason
		}
	}
	switch {
	case h.Fresh == nil && c.needs(OwnLedger):
		return "the harness cannot make a ledger of its own for a case"
	case h.Advance == nil && c.needs(Clock):
		return "the harness cannot move the ledger's clock"
	}
	return ""
}

func (c *Case) needs(what Capability) bool { return slices.Contains(c.Needs, what) }

// Cases returns all cases, grouped by subject.
func Cases() []Case {
	return slices.Concat(ddlCases(), nameCases(), insertCases(), updateCases(), deleteCases(), selectCases(),
		joinCases(), operatorCases(), functionCases(), typeCases(), pagingCases(), catalogCases(), historyCases(),
		transactionCases(), occCases(), proofCases(), journalCases(), redactionCases(), errorCases(), limitCases())
}

// Run runs all cases as subtests. A gap that the harness declares is a skipped
// subtest.
func Run(t *testing.T, h Harness) {
	s, err := open(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
	}()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if reason := h.gap(&c); reason != "" {
				t.Skip("gap of this backend: " + reason)
			}
			s.runCase(t.Context(), t, &c)
		})
	}
}

// Status is what became of a case.
type Status string

// The statuses.
const (
	Passed  Status = "pass"
	Failed  Status = "FAIL"
	Missing Status = "gap" // declared by the harness
)

// Outcome is what became of a case, and why.
type Outcome struct {
	Case   Case
	Status Status
	// Detail is the reason of a gap, or the lines that a failed case wrote.
	Detail string
	Took   time.Duration
}

// Check runs the cases one after the other and reports each. The error says why
// the suite could not be run at all; a failed case is not an error.
func Check(ctx context.Context, h Harness, cases []Case, report func(Outcome)) error {
	s, err := open(ctx, h)
	if err != nil {
		return err
	}
	for i := range cases {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, s.close())
		}
		report(s.check(ctx, &cases[i]))
	}
	return s.close()
}

func (s *suite) check(ctx context.Context, c *Case) Outcome {
	if reason := s.h.gap(c); reason != "" {
		return Outcome{Case: *c, Status: Missing, Detail: reason}
	}
	start := time.Now()
	r := &recorder{}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine that it is called on
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		s.runCase(ctx, r, c)
	}()
	<-done
	o := Outcome{Case: *c, Status: Passed, Took: time.Since(start)}
	if r.Failed() {
		o.Status, o.Detail = Failed, r.text()
	}
	return o
}

// suite is a run: the ledger that cases share.
type suite struct {
	h      Harness
	shared ledger.Ledger
}

func open(ctx context.Context, h Harness) (*suite, error) {
	if h.Open == nil {
		return nil, errors.New("conformance: the harness has no function Open")
	}
	l, err := h.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("conformance: opening the ledger: %w", err)
	}
	if err := prepare(ctx, l); err != nil {
		return nil, errors.Join(fmt.Errorf("conformance: preparing ledger %s: %w", l.Name(), err), l.Close())
	}
	return &suite{h: h, shared: l}, nil
}

func (s *suite) close() error { return s.shared.Close() }

// caseTimeout bounds a case, so that a backend that hangs shows as a failure.
const caseTimeout = 2 * time.Minute

func (s *suite) runCase(ctx context.Context, t T, c *Case) {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	env := &C{T: t, ctx: ctx, l: s.shared, h: &s.h}
	if !c.needs(OwnLedger) {
		if err := clear(ctx, s.shared); err != nil {
			t.Errorf("emptying the tables: %v", err)
			t.FailNow()
		}
		c.run(env)
		return
	}
	l, err := s.h.Fresh(ctx)
	if err != nil {
		t.Errorf("making a ledger for this case: %v", err)
		t.FailNow()
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Errorf("closing the case's ledger: %v", err)
		}
	}()
	env.l = l
	c.run(env)
}
