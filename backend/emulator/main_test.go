package emulator_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Some tests need a process of its own, to kill it, to trace it or to limit it.
// That process is the test binary again, told by the environment what to do.
const (
	childFile   = "EMULATOR_TEST_FILE"   // the ledger file; set in a child only
	childEach   = "EMULATOR_TEST_EACH"   // transactions of each worker, 0 for until it is killed
	childNoSync = "EMULATOR_TEST_NOSYNC" // 1: with syncing switched off
	childLimit  = "EMULATOR_TEST_LIMIT"  // bytes that the file may have
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startable returns a command that runs child on the file at path, told the
// rest by env, as NAME=value.
func startable(path string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childFile+"="+path)...)
	cmd.Stderr = os.Stderr
	return cmd
}
