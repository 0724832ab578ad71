package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// sameSignal is how far apart two signals are at least: timeout(1), npm and
// others send one to a process and then to its whole group.
const sameSignal = 200 * time.Millisecond

// signalsTaken is set while exec passes signals on to its command, which is then
// the one to say what they mean.
var signalsTaken atomic.Bool

// untilSignal is a context that SIGINT or SIGTERM ends. A second one ends the
// program at once, with exitError; what is committed is on disk by then.
func untilSignal(stderr io.Writer) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		var first time.Time
		for sig := range signals {
			switch {
			case signalsTaken.Load():
			case first.IsZero():
				first = time.Now()
				cancel()
			case time.Since(first) > sameSignal:
				fmt.Fprintf(stderr, "tally: ended at once by a second signal (%s); what was under way is cut off\n", sig)
				os.Exit(exitError)
			}
		}
	}()
	return ctx
}
