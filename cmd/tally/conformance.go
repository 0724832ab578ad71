package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tallyledger/tally/ledger/conformance"
)

const conformanceLong = `Conformance runs the suite that every backend of Tally passes on a QLDB endpoint,
through the official QLDB driver for Go, and prints what became of each case.

The suite works in three tables, Plain, Other and Keyed, which it creates and
empties: give it a ledger of its own. It refuses a ledger that has other tables.
Some cases need a ledger that is new and empty. With --create they get one each,
named after --ledger with a number, which is deleted afterwards; without it they
are gaps. Cases about time need a server with test controls.

Credentials, and what is not given here, come from where the AWS SDK looks for
them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and so on. Where there
are none, an endpoint on this machine gets some that mean nothing.

Exit status: 0 no case failed; 1 a case failed, or the suite could not be run;
2 the command line is wrong.`

type conformanceOptions struct {
	endpoint, region, ledger, run string
	create, testControls, list    bool
}

func newConformanceCommand() *cobra.Command {
	var opt conformanceOptions
	cmd := &cobra.Command{
		Use:     "conformance --endpoint URL --ledger NAME",
		Short:   "Run the conformance suite on a QLDB endpoint",
		Long:    conformanceLong,
		Example: "  tally conformance --endpoint http://127.0.0.1:7532 --ledger conformance --create\n  tally conformance --list",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("conformance takes no argument, but got %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runConformance(cmd, opt) },
	}
	f := cmd.Flags()
	f.StringVar(&opt.endpoint, "endpoint", "", "URL of the endpoint; without it the AWS SDK's own configuration says where it is")
	f.StringVar(&opt.region, "region", "", "AWS region")
	f.StringVar(&opt.ledger, "ledger", "", "name of the ledger to work in")
	f.StringVar(&opt.run, "run", "", "run only the cases whose name matches this regular expression")
	f.BoolVar(&opt.create, "create", false, "create the ledger if it is not there, and new ledgers for the cases that need one")
	f.BoolVar(&opt.testControls, "test-controls", false, "the endpoint has test controls: move its clock")
	f.BoolVar(&opt.list, "list", false, "list the cases and what they need, and run none")
	return cmd
}

func runConformance(cmd *cobra.Command, opt conformanceOptions) error {
	cases, err := matching(opt.run)
	if err != nil {
		return usageError{err}
	}
	out := cmd.OutOrStdout()
	if opt.list {
		listCases(out, cases)
		return nil
	}
	switch {
	case opt.ledger == "":
		return usageError{errors.New("conformance needs --ledger NAME, the name of a ledger that only the suite uses")}
	case opt.testControls && opt.endpoint == "":
		return usageError{errors.New("--test-controls needs --endpoint URL")}
	}
	if opt.endpoint != "" {
		if err := checkEndpoint(opt.endpoint); err != nil {
			return err
		}
	}
	e, err := newEndpoint(cmd.Context(), opt)
	if err != nil {
		return err
	}
	table := newOutcomeTable(out)
	if err := conformance.Check(cmd.Context(), e.harness(), cases, table.add); err != nil {
		if !opt.create && strings.Contains(err.Error(), "is not found") {
			err = fmt.Errorf("%w; --create makes it", err)
		}
		return err
	}
	table.summary()
	if table.count[conformance.Failed] > 0 {
		return exitStatus(exitError)
	}
	return nil
}

// matching is the cases whose name matches the pattern; none is an error, since
// it would look like success.
func matching(pattern string) ([]conformance.Case, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("--run %s: %w", pattern, err)
	}
	cases := slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool { return !re.MatchString(c.Name) })
	if len(cases) == 0 {
		return nil, fmt.Errorf("--run %s matches no case; --list shows their names", pattern)
	}
	return cases, nil
}

func listCases(out io.Writer, cases []conformance.Case) {
	for _, c := range cases {
		fmt.Fprintf(out, "%-48s  %-28s  %s\n", c.Name, c.Section, strings.Join(c.Needs, ", "))
	}
}

// outcomeTable prints a line for each case as it ends, and counts.
type outcomeTable struct {
	out   io.Writer
	count map[conformance.Status]int
	gaps  map[string]int
}

func newOutcomeTable(out io.Writer) *outcomeTable {
	fmt.Fprintf(out, "%-6s  %-48s  %-28s  %s\n", "RESULT", "CASE", "SECTION", "TIME")
	return &outcomeTable{out: out, count: map[conformance.Status]int{}, gaps: map[string]int{}}
}

func (t *outcomeTable) add(o conformance.Outcome) {
	t.count[o.Status]++
	took := o.Took.Round(100 * time.Microsecond).String()
	if o.Status == conformance.Missing {
		took = ""
		t.gaps[o.Detail]++
	}
	fmt.Fprintln(t.out, strings.TrimRight(fmt.Sprintf("%-6s  %-48s  %-28s  %s", o.Status, o.Case.Name, o.Case.Section, took), " "))
	if o.Status != conformance.Failed {
		return
	}
	fmt.Fprintln(t.out, indent(o.Detail))
	if o.Case.Chosen != "" {
		fmt.Fprintln(t.out, indent("QLDB's own behaviour is not known here; chosen: "+o.Case.Chosen))
	}
}

func indent(s string) string { return "        " + strings.ReplaceAll(s, "\n", "\n        ") }

func (t *outcomeTable) summary() {
	fmt.Fprintf(t.out, "\n%d passed, %d failed, %d gaps\n", t.count[conformance.Passed], t.count[conformance.Failed], t.count[conformance.Missing])
	for _, reason := range slices.Sorted(maps.Keys(t.gaps)) {
		cases := "cases"
		if t.gaps[reason] == 1 {
			cases = "case"
		}
		fmt.Fprintf(t.out, "  %d %s: %s\n", t.gaps[reason], cases, reason)
	}
}
