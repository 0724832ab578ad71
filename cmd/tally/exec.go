package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

const execLong = `Exec starts a server on a free port, sets the variables that point AWS's SDKs and
Tally at it, runs the command, stops the server and ends with the command's exit
status, or 128 and the signal's number where a signal ended it. SIGINT and SIGTERM are
passed on to the command. The ledger of --ledger is there, ACTIVE, before the command
starts.

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
	s, err := o.start(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	l, _, err := o.listener()
	if err != nil {
		return errors.Join(err, s.Close())
	}
	// The server outlives an interrupt that the command gets too: it stops once
	// the command has ended.
	ctx, stop := context.WithCancel(context.WithoutCancel(cmd.Context()))
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l, nil) }()
	status, err := runChild(cmd, args, clientEnvironment("http://"+l.Addr().String(), o.region, o.ledger))
	stop()
	err = errors.Join(err, <-served, s.Close())
	if err == nil && status != 0 {
		return exitStatus(status)
	}
	return err
}

// runChild runs the command to its end and returns its exit status. The server
// stays until then: signals are the command's to follow.
func runChild(cmd *cobra.Command, args, env []string) (int, error) {
	child := exec.Command(args[0], args[1:]...)
	child.Env = append(os.Environ(), env...)
	child.Stdin, child.Stdout, child.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return 0, fmt.Errorf("cannot run %s: %w", args[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case sig := <-signals:
			// A terminal's Ctrl-C reaches the command by itself. A second one at once
			// makes many programs drop what they do.
			if sig != os.Interrupt || !terminalSignals() {
				_ = child.Process.Signal(sig)
			}
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
