package conformance_test

import (
	"flag"
	"os"
	"testing"

	"github.com/tallyledger/tally/backend/qldb"
	"github.com/tallyledger/tally/ledger/conformance"
)

var update = flag.Bool("update", false, "write docs/differences.md")

// docs/differences.md is what the suite says.
func TestDifferences(t *testing.T) {
	const file = "../../docs/differences.md"
	want := conformance.Differences(
		conformance.Backend{Name: "engine in process (`memory:`, `bolt:`)"},
		conformance.Backend{Name: "official Go driver (`qldb:`)", Gaps: qldb.Gaps()},
	)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the suite says; run: go test ./ledger/conformance -run TestDifferences -update", file)
	}
}
