package server_test

import (
	"context"
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestNodeDriver runs testdata/node, the tests of the official driver for
// Node.js, whose packages npm installs as package-lock.json names them.
func TestNodeDriver(t *testing.T) {
	if os.Getenv("TALLY_NODE") == "" {
		t.Skip("set TALLY_NODE=1 to install the driver for Node.js with npm and run its tests")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "driver.test.js"} {
		data, err := os.ReadFile(filepath.Join("testdata", "node", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := servertest.New(t)
	command(t, dir, nil, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	command(t, dir, []string{"ENDPOINT=" + s.URL}, "node", "--test", "driver.test.js")
}

func command(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := osexec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	t.Logf("%s %q:\n%s", name, args, out)
}
