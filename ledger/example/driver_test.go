package example_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// The same tests again, in a process of their own whose TALLY_LEDGER_URL leads
// through the official QLDB driver to a server.
func TestThroughTheOfficialDriver(t *testing.T) {
	if os.Getenv("TALLY_LEDGER_URL") != "" {
		t.Skip("TALLY_LEDGER_URL has picked a backend for this run")
	}
	s := servertest.New(t)
	s.CreateLedger("tools")
	cmd := exec.Command(os.Args[0], "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), "TALLY_LEDGER_URL=qldb://tools?endpoint="+s.URL,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestCertify") {
		t.Errorf("through the driver: %v\n%s", err, out)
	}
	tools, err := s.Server.Ledger("tools")
	if err != nil {
		t.Fatal(err)
	}
	if d, err := tools.Digest(t.Context()); err != nil || d.Tip.SequenceNo < 10 {
		t.Errorf("the tests wrote no blocks on the server: %s, %v", d.Tip, err)
	}
}
