package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

const execLong = `Exec starts a server on a free port, sets the variables that point AWS's SDKs and
Tally at it, runs the command, stops the server and ends with the command's exit
status, or 128 and the signal's number where a signal ended it. As in a shell, 127 says
that there is no such command and 126 that it cannot be run; 2, from exec itself, that
the command line is wrong, 1 that the server failed. The ledger of --ledger is there,
ACTIVE, before the command starts.

SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to the command as they come, and the
server stays until it ends. A Ctrl-C in the terminal reaches the command by itself and is
not passed on a second time. A command that goes on after a SIGINT or SIGTERM that was
passed on is killed by the second one.

  tally exec --ledger orders -- npm test

Set are AWS_ENDPOINT_URL_QLDB, AWS_ENDPOINT_URL_QLDB_SESSION, AWS_REGION, credentials
that mean nothing, AWS_EC2_METADATA_DISABLED, and with --ledger TALLY_LEDGER_URL.`

func newExecCommand() *cobra.Command {
	o := serveOptions{listen: "127.0.0.1:0", logLevel: "error"}
	cmd := &cobra.Command{
		Use:     "exec [flags] -- COMMAND [ARG...]",
		Short:   "Run a command with a server of its own",
		Long:    execLong,
		Example: "  tally exec --ledger orders --seed tables.sql -- go test ./...",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("exec needs a command, behind --")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inMemory = o.inMemory || o.data == ""
			return o.exec(cmd, args)
		},
	}
	cmd.Flags().SetInterspersed(false)
	o.storageFlags(cmd)
	cmd.Flags().BoolVar(&o.testControls, "test-controls", false, "serve /_tally/clock, faults and reset, for tests")
	return cmd
}

func (o *serveOptions) exec(cmd *cobra.Command, args []string) error {
	s, l, _, err := o.start(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	// The server outlives an interrupt that the command gets too: it stops once
	// the command has ended.
	ctx, stop := context.WithCancel(context.WithoutCancel(cmd.Context()))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l, nil) }()
	status, err := runChild(cmd, args, clientEnvironment("http://"+l.Addr().String(), o.region, o.ledger))
	stop()
	err = errors.Join(err, <-served, s.Close())
	if status == 0 {
		return err
	}
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "tally: %v\n", err)
	}
	return exitStatus(status)
}

// Exit statuses of exec, as a shell's, where the command was not started: they
// are not taken for those of tests that fail.
const (
	exitNotRun   = 126
	exitNotFound = 127
)

// runChild runs the command to its end and returns its exit status. The server
// stays until then: signals are the command's to follow.
func runChild(cmd *cobra.Command, args, env []string) (int, error) {
	child := exec.Command(args[0], args[1:]...)
	child.Env = append(os.Environ(), env...)
	child.Stdin, child.Stdout, child.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	passed := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		passed = append(passed, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passed...)
	defer signal.Stop(signals)
	signalsTaken.Store(true)
	defer signalsTaken.Store(false)
	if cmd.Context().Err() != nil {
		return 0, fmt.Errorf("interrupted before %s was started", args[0])
	}
	if err := child.Start(); err != nil {
		status := exitNotRun
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			status = exitNotFound
		}
		return status, fmt.Errorf("cannot run %s: %w", args[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	var asked time.Time // to end, first
	for {
		select {
		case sig := <-signals:
			fromTerminal := (sig == os.Interrupt || sig == syscall.SIGQUIT) && terminalSignals()
			if fromTerminal {
				continue // it has got it; a second one makes many programs drop what they do
			}
			if sig == os.Interrupt || sig == syscall.SIGTERM {
				if !asked.IsZero() && time.Since(asked) > sameSignal {
					fmt.Fprintf(cmd.ErrOrStderr(), "tally: %s is killed: it goes on after a second signal (%s)\n", args[0], sig)
					_ = child.Process.Kill()
					continue
				}
				if asked.IsZero() {
					asked = time.Now()
				}
			}
			_ = child.Process.Signal(sig)
		case err := <-ended:
			return childStatus(err)
		}
	}
}

// childStatus is the exit status of a command that has ended, as a shell has it.
func childStatus(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, err
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return exit.ExitCode(), nil
}
