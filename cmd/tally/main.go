// Command tally is a verifiable document ledger that behaves like Amazon QLDB,
// on one machine. Each of its commands is in a file of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tallyledger/tally/backend/emulator/server"
)

// commands make the subcommands; each is in the file of its name.
var commands = []func() *cobra.Command{
	newCompactCommand,
	newConformanceCommand,
	newDemoCommand,
	newExecCommand,
	newServeCommand,
	newVerifyCommand,
	newWaitCommand,
}

// Exit statuses that all commands share. A command may have more: see its help.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// exitStatus is returned by a command that has said everything already and only
// wants the program to end with this status.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a wrong command line.
type usageError struct{ error }

func main() {
	os.Exit(run(untilSignal(os.Stderr), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var status exitStatus
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintf(stderr, "tally: %v\n", err)
	var invalid server.InvalidError // a value of a flag, which only the server knows to check
	if errors.As(err, &usage) || errors.As(err, &invalid) {
		return exitUsage
	}
	return exitError
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "tally",
		Short:         "A verifiable document ledger that behaves like Amazon QLDB, on one machine",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; %s --help lists the flags", err, c.CommandPath())}
	})
	root.SuggestionsMinimumDistance = 2
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		why := fmt.Sprintf("there is no command %q", args[0])
		if like := root.SuggestionsFor(args[0]); len(like) > 0 {
			why += "; did you mean " + strings.Join(like, " or ") + "?"
		} else {
			why += "; tally --help lists them"
		}
		return usageError{errors.New(why)}
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	for _, c := range commands {
		root.AddCommand(c())
	}
	return root
}
