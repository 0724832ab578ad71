package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tally": main})
}

// TestScripts runs testdata/script. The first word of a script's name is the
// command that it is about; $TESTDATA is the testdata folder of the repository.
func TestScripts(t *testing.T) {
	shared, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TESTDATA", shared)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"status": checkStatus, "waitport": waitPort, "waitfile": waitFile, "interrupt": interrupt, "signal": sendSignal},
	})
}

// checkStatus is the script command "status N command …": the command must end
// with exit status N.
func checkStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args]")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// waitPort is the script command "waitport FILE": it waits for the port file of
// a server in the background and sets $PORT.
func waitPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitport FILE")
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if b, err := os.ReadFile(ts.MkAbs(args[0])); err == nil {
			ts.Setenv("PORT", strings.TrimSpace(string(b)))
			return
		}
	}
	ts.Fatalf("%s did not appear", args[0])
}

// waitFile is the script command "waitfile FILE": it waits for a file that a
// command in the background makes.
func waitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfile FILE")
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s did not appear", args[0])
}

// sendSignal is the script command "signal TERM": all commands in the background
// get that signal.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "TERM" {
		ts.Fatalf("usage: signal TERM")
	}
	for _, c := range ts.BackgroundCmds() {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			ts.Fatalf("%v", err)
		}
	}
}

// interrupt is the script command "interrupt NAME": it does to a command in the
// background what Ctrl-C does.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	cmds := ts.BackgroundCmds()
	if neg || len(args) != 1 || len(cmds) == 0 {
		ts.Fatalf("usage: interrupt NAME, with a command in the background")
	}
	for _, c := range cmds {
		if err := c.Process.Signal(os.Interrupt); err != nil {
			ts.Fatalf("%v", err)
		}
	}
}
