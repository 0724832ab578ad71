package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Backend is a backend's name and what its harness declares as missing.
type Backend struct {
	Name string
	Gaps map[Capability]string
}

// known are the differences from QLDB that no case can show on every backend.
var known = []struct{ area, difference string }{
	{"Permissions", "IAM is not evaluated. STANDARD mode only changes the text of the error for an unknown table."},
	{"Streams", "Stream operations keep their states; no records are delivered to Kinesis, and no stream is ever reported as FAILED."},
	{"Consistency", "Reads see every committed transaction at once; QLDB's indexed storage followed its journal."},
	{"Indexes", "An index is built when its statement commits, also on a table with documents, and is ONLINE from then."},
	{"Redaction", "The data is gone when the transaction has committed; QLDB removed it some time later."},
	{"Sessions", "A session token that is not known gives InvalidSessionException, so that every driver recovers; QLDB sometimes answered BadRequestException."},
	{"Error codes", "The numeric Code of a BadRequestException is left out on the wire unless the server is told to send it, since SDKs take it for the name of the exception."},
	{"Error texts", "Where QLDB's text for an error is not known, the error's class is right and the text is Tally's own."},
	{"Journal", "Two of the four entries hashes of a block are over data of the service that it never showed; Tally fills them with its own."},
	{"Quotas", "Quotas of an account, such as five ledgers in a region, do not exist."},
}

// Differences is the text of docs/differences.md: what is known to differ from
// QLDB, what each backend lacks, and what was chosen where QLDB's behaviour is
// not known.
func Differences(backends ...Backend) string {
	var b strings.Builder
	cases := Cases()
	fmt.Fprintf(&b, "# Differences from Amazon QLDB\n\nThis page is generated from the conformance suite (package `ledger/conformance`): change that and run\n`go test ./ledger/conformance -run TestDifferences -update`. The suite has %d cases; the same ones run on every\nbackend.\n", len(cases))
	b.WriteString("\n## Known differences\n\n| area | difference |\n|---|---|\n")
	for _, k := range known {
		fmt.Fprintf(&b, "| %s | %s |\n", k.area, k.difference)
	}
	b.WriteString("\n## What a backend lacks\n\nA gap is declared by the backend; the cases that need it are skipped with the reason.\n\n| backend | capability or case | reason |\n|---|---|---|\n")
	for _, be := range backends {
		writeGaps(&b, be)
	}
	b.WriteString("\n## Chosen where QLDB's behaviour is not known\n\nNo public source tells these. Each is held by a case, so that a better source can correct it in one place.\n\n| section | case | chosen |\n|---|---|---|\n")
	for _, c := range cases {
		if c.Chosen != "" {
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.Section, c.Name, c.Chosen)
		}
	}
	b.WriteString("\n## What is covered\n\n| section | cases |\n|---|---|\n")
	for _, s := range sections(cases) {
		fmt.Fprintf(&b, "| %s | %d |\n", s.name, s.cases)
	}
	return b.String()
}

func writeGaps(b *strings.Builder, be Backend) {
	if len(be.Gaps) == 0 {
		fmt.Fprintf(b, "| %s | none | |\n", be.Name)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(be.Gaps)) {
		fmt.Fprintf(b, "| %s | `%s` | %s |\n", be.Name, name, be.Gaps[name])
	}
}

type section struct {
	name  string
	cases int
}

// sections counts the cases by section, in the order of their first case.
func sections(cases []Case) []section {
	var out []section
	at := map[string]int{}
	for _, c := range cases {
		i, ok := at[c.Section]
		if !ok {
			i = len(out)
			at[c.Section] = i
			out = append(out, section{name: c.Section})
		}
		out[i].cases++
	}
	return out
}
