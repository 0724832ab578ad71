package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tallyledger/tally/backend/emulator/server"
)

func newWaitCommand() *cobra.Command {
	var endpoint string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "wait",
		Short:   "Wait until a server is ready",
		Long:    "Wait asks a server's /readyz until it answers that all its ledgers can be used. Exit status 1 if that does not happen in time.\n\nSSL_CERT_FILE names the issuer of a certificate that this machine does not trust.",
		Example: "  tally serve --in-memory & tally wait && npm test",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkEndpoint(endpoint); err != nil {
				return err
			}
			if timeout <= 0 {
				return usageError{fmt.Errorf("--timeout must be longer than 0, not %s", timeout)}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			switch err := waitReady(ctx, endpoint); {
			case cmd.Context().Err() != nil:
				return fmt.Errorf("interrupted: %s is not ready yet: %w", endpoint, err)
			case err != nil:
				return fmt.Errorf("%s is not ready after %s: %w", endpoint, timeout, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&endpoint, "endpoint", "http://"+server.DefaultAddress, "URL of the server")
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait")
	return cmd
}

// checkEndpoint refuses a value of --endpoint that is no URL. A scheme is not
// guessed: localhost:7532 is a URL too, with the scheme localhost.
func checkEndpoint(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return usageError{fmt.Errorf("--endpoint must be a URL as http://127.0.0.1:7532, not %q", s)}
	}
	return nil
}

// waitReady asks until the server is ready or ctx ends; it returns what was
// wrong last.
func waitReady(ctx context.Context, endpoint string) error {
	var last error
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	for {
		err := askReady(ctx, endpoint)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-every.C:
		}
	}
}

func askReady(ctx context.Context, endpoint string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(endpoint, "/")+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", res.Status)
	}
	return nil
}
