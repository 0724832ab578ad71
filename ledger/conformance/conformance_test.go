package conformance

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

func TestCasesAreWellFormed(t *testing.T) {
	name := regexp.MustCompile(`^[a-z-]+/[a-z0-9-]+$`)
	seen := map[string]bool{}
	for _, c := range Cases() {
		if !name.MatchString(c.Name) || seen[c.Name] {
			t.Errorf("case name %q is not of the form subject/behaviour, or is there twice", c.Name)
		}
		seen[c.Name] = true
		if c.Section == "" || c.run == nil {
			t.Errorf("case %s has no section or no function", c.Name)
		}
		for _, need := range c.Needs {
			switch need {
			case OwnLedger, Clock, AnnotatedTrue, Redaction:
			default:
				t.Errorf("case %s needs %q, which no harness knows", c.Name, need)
			}
		}
		if c.needs(Clock) && !c.needs(OwnLedger) {
			t.Errorf("case %s moves the clock of the shared ledger", c.Name)
		}
	}
	if len(seen) < 120 {
		t.Errorf("%d cases", len(seen))
	}
}

// empty is a ledger that answers every statement with no rows.
type empty struct {
	tables []string
	closed int
}

func (e *empty) Name() string { return "empty" }
func (e *empty) Execute(ctx context.Context, fn func(ledger.Transaction) error, opts ...ledger.ExecuteOption) error {
	return ledger.Run(ctx, func(context.Context) (ledger.OpenTransaction, error) { return emptyTx{}, nil }, fn, opts...)
}
func (e *empty) TableNames(context.Context) ([]string, error) { return e.tables, nil }
func (e *empty) Digest(context.Context) (ledger.Digest, error) {
	return ledger.Digest{}, errors.New("none")
}
func (e *empty) Block(context.Context, ledger.BlockAddress, *ledger.BlockAddress) (ledger.Block, error) {
	return ledger.Block{}, errors.New("none")
}
func (e *empty) Revision(context.Context, ledger.BlockAddress, string, *ledger.BlockAddress) (ledger.Revision, error) {
	return ledger.Revision{}, errors.New("none")
}
func (e *empty) Journal(context.Context, int64) iter.Seq2[ion.Value, error] {
	return func(func(ion.Value, error) bool) {}
}
func (e *empty) Close() error { e.closed++; return nil }

type emptyTx struct{}

func (emptyTx) ID() string { return "0000000000000000000000" }
func (emptyTx) Execute(string, ...any) (*ledger.Result, error) {
	return ledger.NewResult(ledger.Page{}, nil), nil
}
func (emptyTx) Abort() error  { return nil }
func (emptyTx) Commit() error { return nil }

func harness(e *empty) Harness {
	return Harness{Open: func(context.Context) (ledger.Ledger, error) { return e, nil }}
}

// A backend that does nothing must not pass: every case that runs on it fails.
func TestNoCasePassesOnAnEmptyBackend(t *testing.T) {
	e := &empty{}
	h := harness(e)
	h.Fresh = func(context.Context) (ledger.Ledger, error) { return &empty{}, nil }
	failed := 0
	err := Check(t.Context(), h, Cases(), func(o Outcome) {
		switch {
		case o.Status == Failed && o.Detail == "":
			t.Errorf("%s failed without saying why", o.Case.Name)
		case o.Status == Failed:
			failed++
		case o.Status == Passed:
			t.Errorf("%s passes on a backend that answers nothing", o.Case.Name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if failed < 120 || e.closed != 1 {
		t.Errorf("%d cases failed and the ledger was closed %d times", failed, e.closed)
	}
}

func TestGaps(t *testing.T) {
	h := harness(&empty{})
	h.Gaps = map[Capability]string{AnnotatedTrue: "no annotated true", "select/star": "not this one"}
	for name, want := range map[string]string{
		"types/annotated-true": "no annotated true",
		"select/star":          "not this one",
		"select/fields":        "",
		"ddl/create-table":     "the harness cannot make a ledger of its own for a case",
	} {
		if got := h.gap(find(t, name)); got != want {
			t.Errorf("gap of %s is %q, want %q", name, got, want)
		}
	}
	h.Fresh = h.Open
	if got := h.gap(find(t, "transaction/expires")); got != "the harness cannot move the ledger's clock" {
		t.Errorf("gap without a clock is %q", got)
	}
	err := Check(t.Context(), h, []Case{*find(t, "select/star")}, func(o Outcome) {
		if o.Status != Missing || o.Detail != "not this one" {
			t.Errorf("outcome %+v, want a gap", o)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func find(t *testing.T, name string) *Case {
	t.Helper()
	for _, c := range Cases() {
		if c.Name == name {
			return &c
		}
	}
	t.Fatalf("there is no case %s", name)
	return nil
}

func TestRefusesForeignTables(t *testing.T) {
	e := &empty{tables: []string{"Plain", "Customers"}}
	err := Check(t.Context(), harness(e), Cases(), func(o Outcome) { t.Errorf("%s was run", o.Case.Name) })
	if err == nil || !strings.Contains(err.Error(), `"Customers"`) || e.closed != 1 {
		t.Errorf("error %v; want one that names the table, and the ledger closed", err)
	}
	if err := Check(t.Context(), Harness{}, nil, nil); err == nil {
		t.Error("a harness without Open was accepted")
	}
}

func TestPanicFailsTheCase(t *testing.T) {
	err := Check(t.Context(), harness(&empty{}), []Case{{Name: "x/y", run: func(*C) { panic("mine") }}}, func(o Outcome) {
		if o.Status != Failed || o.Detail != "panic: mine" {
			t.Errorf("outcome %+v", o)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		text, pattern string
		want          bool
	}{
		{"abc", "abc", true}, {"abc", "ab", false}, {"abc", "ab…", true}, {"ab", "ab…", true}, {"xab", "ab…", false},
		{"a1b2c", "a…b…c", true}, {"a1c", "a…b…c", false}, {"abcc", "a…c", true}, {"abcd", "a…c", false}, {"", "…", true},
	} {
		if got := fits(tt.text, tt.pattern); got != tt.want {
			t.Errorf("fits(%q, %q) = %v", tt.text, tt.pattern, got)
		}
	}
}
