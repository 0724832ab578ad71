package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/tallyledger/tally/backend/emulator/server"
)

const serveLong = `Serve speaks QLDB's two HTTP APIs, the session API and the control plane, on one
port, over any number of ledgers. Official drivers and SDKs run against it
unchanged: only their endpoint is another.

Ledgers live in the directory of --data, one file each, or in memory. The server
listens on the loopback interface and accepts any credentials unless it is told
otherwise.

GET /ping, /healthz and /readyz say whether it is there and ready, GET /metrics
has Prometheus metrics.`

type serveOptions struct {
	listen      string
	portFile    string
	allowRemote bool

	data       string
	inMemory   bool
	ledger     string
	mode       string
	seeds      []string
	exportDir  string
	exportS3   string
	region     string
	account    string
	accessKeys []string
	hosts      []string
	tlsCert    string
	tlsKey     string

	createDelay  time.Duration
	deleteDelay  time.Duration
	faithful     bool
	ignoreCase   bool
	testControls bool
	profile      bool
	quiet        bool
	logLevel     string
}

func newServeCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Serve QLDB's APIs over ledgers in a directory or in memory",
		Long:    serveLong,
		Example: "  tally serve --data ./ledgers\n  tally serve --in-memory --ledger orders --seed tables.sql\n  tally serve --in-memory --listen 127.0.0.1:0 --port-file port",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", server.DefaultAddress, "address to listen on; port 0 takes a free one")
	f.StringVar(&o.portFile, "port-file", "", "write the port to this file once the server is ready")
	f.BoolVar(&o.allowRemote, "allow-remote", false, "allow an address that other machines can reach")
	f.StringArrayVar(&o.hosts, "allow-host", nil, "name, besides localhost, that clients call a server on the loopback interface")
	o.storageFlags(cmd)
	f.StringVar(&o.exportDir, "export-dir", "", "journal exports: a folder here stands for each bucket")
	f.StringVar(&o.exportS3, "export-s3-endpoint", "", "journal exports: URL of a service with S3's API")
	f.StringArrayVar(&o.accessKeys, "access-key", nil, "require requests signed with this key, as ID:FILE; FILE holds the secret")
	f.StringVar(&o.tlsCert, "tls-cert", "", "certificate file; makes the server speak TLS")
	f.StringVar(&o.tlsKey, "tls-key", "", "key file of the certificate")
	f.DurationVar(&o.createDelay, "create-delay", 0, "how long a new ledger stays CREATING")
	f.DurationVar(&o.deleteDelay, "delete-delay", 0, "how long a deleted ledger stays DELETING")
	f.BoolVar(&o.faithful, "faithful-error-codes", false, "put numeric codes into errors as QLDB did; some SDKs then lose their type")
	f.BoolVar(&o.testControls, "test-controls", false, "serve /_tally/clock, faults and reset, for tests; loopback only")
	f.BoolVar(&o.profile, "pprof", false, "serve /debug/pprof; loopback only")
	f.BoolVar(&o.quiet, "quiet", false, "do not print the settings for clients")
	f.StringVar(&o.logLevel, "log", "info", "debug, info, warn or error")
	return cmd
}

// storageFlags are those that serve and exec share.
func (o *serveOptions) storageFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "directory of the ledgers' files; made if it is not there")
	f.BoolVar(&o.inMemory, "in-memory", false, "keep ledgers in memory; they are gone at the end")
	f.StringVar(&o.ledger, "ledger", "", "create this ledger if it is not there")
	f.StringVar(&o.mode, "mode", "ALLOW_ALL", "permissions mode of that ledger: ALLOW_ALL or STANDARD")
	f.StringArrayVar(&o.seeds, "seed", nil, "fill a new --ledger from this file: PartiQL statements, or documents as Ion (.ion, .10n)")
	f.BoolVar(&o.ignoreCase, "ignore-field-case", false, "match names of fields that are not quoted in any case; only quoted ones use indexes then")
	f.StringVar(&o.region, "region", "us-east-1", "region in ARNs: letters a-z, digits and hyphens")
	f.StringVar(&o.account, "account", "000000000000", "account in ARNs: 12 digits")
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no arguments, found %q", cmd.Name(), args[0])}
	}
	return nil
}

func (o *serveOptions) run(ctx context.Context, out, errOut io.Writer) error {
	if o.portFile != "" { // the port of an earlier server is not this one's
		if err := os.Remove(o.portFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("--port-file: %w", err)
		}
	}
	s, l, tc, err := o.start(ctx, errOut)
	if err != nil {
		return err
	}
	if !o.inMemory {
		server.TuneGC()
	}
	if w := o.remoteWarning(l.Addr()); w != "" {
		fmt.Fprintln(errOut, "tally: "+w)
	}
	if err := o.announce(out, l.Addr(), tc); err != nil {
		return errors.Join(err, l.Close(), s.Close())
	}
	return errors.Join(s.Serve(ctx, l, tc), s.Close())
}

// start makes the server, its listener and its first ledger. What is wrong with an
// address or a certificate is said before a seed takes its time; nothing is
// accepted before the ledger is there.
func (o *serveOptions) start(ctx context.Context, errOut io.Writer) (*server.Server, net.Listener, *tls.Config, error) {
	cfg, err := o.config(errOut)
	if err != nil {
		return nil, nil, nil, err
	}
	l, tc, err := o.listener()
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := server.New(*cfg)
	if err != nil {
		return nil, nil, nil, errors.Join(err, l.Close())
	}
	if err := o.firstLedger(ctx, s, errOut); err != nil {
		return nil, nil, nil, errors.Join(err, l.Close(), s.Close())
	}
	return s, l, tc, nil
}

// config checks the flags.
func (o *serveOptions) config(errOut io.Writer) (*server.Config, error) {
	switch {
	case o.inMemory && o.data != "":
		return nil, usageError{errors.New("ledgers live in one place: --data DIR, or --in-memory, not both")}
	case !o.inMemory && o.data == "":
		return nil, usageError{errors.New("say where ledgers live: --data DIR, or --in-memory")}
	case o.mode != "ALLOW_ALL" && o.mode != "STANDARD":
		return nil, usageError{fmt.Errorf("--mode must be ALLOW_ALL or STANDARD, not %q", o.mode)}
	case o.region == "" || o.account == "":
		return nil, usageError{errors.New("--region and --account cannot be empty: they stand in every ARN")}
	}
	if len(o.seeds) > 0 && o.ledger == "" {
		return nil, usageError{errors.New("--seed fills a new ledger: name it with --ledger")}
	}
	if o.mode != "ALLOW_ALL" && o.ledger == "" { // others get the mode that CreateLedger asks for
		return nil, usageError{errors.New("--mode is for a new ledger: name it with --ledger")}
	}
	keys, err := readAccessKeys(o.accessKeys)
	if err != nil {
		return nil, err
	}
	if o.createDelay < 0 || o.deleteDelay < 0 {
		return nil, usageError{errors.New("--create-delay and --delete-delay are 0 or longer")}
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return nil, usageError{fmt.Errorf("--log must be debug, info, warn or error, not %q", o.logLevel)}
	}
	return &server.Config{
		DataDir: o.data, Region: o.region, Account: o.account, CreateDelay: o.createDelay, DeleteDelay: o.deleteDelay, FaithfulErrorCodes: o.faithful, IgnoreFieldCase: o.ignoreCase, AccessKeys: keys, Hosts: o.hosts,
		Exports:      server.ExportTarget{Dir: o.exportDir, S3Endpoint: o.exportS3},
		TestControls: o.testControls, Profile: o.profile,
		Logger: slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level})),
	}, nil
}

func (o *serveOptions) firstLedger(ctx context.Context, s *server.Server, errOut io.Writer) error {
	if o.ledger == "" {
		return nil
	}
	if s.HasLedger(o.ledger) {
		if len(o.seeds) > 0 {
			fmt.Fprintf(errOut, "tally: the ledger %s is there already: what is in it stays, and --seed is not used\n", o.ledger)
		}
		return nil
	}
	for _, file := range o.seeds {
		if _, err := os.Stat(file); err != nil {
			return usageError{fmt.Errorf("--seed: %w", err)}
		}
	}
	err := s.Seed(ctx, o.ledger, o.mode, o.seeds...)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("interrupted: the ledger %s was not seeded to the end, and there is no such ledger", o.ledger)
	case err != nil:
		return fmt.Errorf("--ledger %s: %w", o.ledger, err)
	}
	return nil
}

func readAccessKeys(list []string) (map[string]string, error) {
	keys := map[string]string{}
	for _, k := range list {
		id, file, ok := strings.Cut(k, ":")
		if !ok || id == "" || file == "" {
			return nil, usageError{errors.New("--access-key must be ID:FILE, with the secret in the file")}
		}
		secret, err := os.ReadFile(file)
		if err != nil {
			return nil, usageError{fmt.Errorf("--access-key %s: %w", id, err)}
		}
		keys[id] = strings.TrimSpace(string(secret))
		if keys[id] == "" {
			return nil, usageError{fmt.Errorf("--access-key %s: there is no secret in the file %s", id, file)}
		}
	}
	return keys, nil
}

func (o *serveOptions) listener() (net.Listener, *tls.Config, error) {
	var tc *tls.Config
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return nil, nil, usageError{errors.New("--tls-cert and --tls-key go together")}
	}
	if o.tlsCert != "" {
		cert, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("--tls-cert: %w", err)}
		}
		tc = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	l, err := server.Listen(o.listen, o.allowRemote)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("--listen %s: the port is in use, by another server perhaps; take another one, or port 0 for a free one: %w", o.listen, err)
	} else if err != nil {
		err = fmt.Errorf("--listen %s: %w", o.listen, err)
	}
	return l, tc, err
}

// announce prints what clients need and writes the port file, whole or not at
// all.
func (o *serveOptions) announce(out io.Writer, addr net.Addr, tc *tls.Config) error {
	if o.portFile != "" {
		if err := o.writePortFile(addr); err != nil {
			return err
		}
	}
	if !o.quiet {
		o.printSettings(out, addr, tc)
	}
	return nil
}

func (o *serveOptions) writePortFile(addr net.Addr) error {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(o.portFile), ".port-*")
	if err != nil {
		return fmt.Errorf("--port-file: %w", err)
	}
	_, err = tmp.WriteString(port + "\n")
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), o.portFile)
	}
	if err != nil {
		return fmt.Errorf("--port-file: %w", errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}
