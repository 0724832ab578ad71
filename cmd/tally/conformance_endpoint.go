//lint:file-ignore SA1019 the service has ended; this command is for endpoints that speak its protocol

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	awsqldb "github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"

	"github.com/tallyledger/tally/backend/qldb"
	"github.com/tallyledger/tally/ledger"
	"github.com/tallyledger/tally/ledger/conformance"
)

// createTimeout is how long a new ledger may take to become active.
const createTimeout = 5 * time.Minute

// endpoint makes ledgers for the suite at a QLDB endpoint.
type endpoint struct {
	opt     conformanceOptions
	session *qldbsession.Client
	control *awsqldb.Client
	made    int
}

func newEndpoint(ctx context.Context, opt conformanceOptions) (*endpoint, error) {
	var load []func(*config.LoadOptions) error
	if opt.region != "" {
		load = append(load, config.WithRegion(opt.region))
	}
	if opt.endpoint != "" {
		load = append(load, config.WithBaseEndpoint(opt.endpoint), config.WithDefaultRegion("us-east-1"))
	}
	local := loopbackURL(opt.endpoint)
	if local {
		// There is nobody to ask for credentials but the environment and its files.
		load = append(load, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("conformance: configuration of the AWS SDK: %w", err)
	}
	if local {
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("tally", "tally", "")
		}
	}
	return &endpoint{opt: opt, session: qldbsession.NewFromConfig(cfg), control: awsqldb.NewFromConfig(cfg)}, nil
}

// loopbackURL reports whether a URL is one of this machine.
func loopbackURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func (e *endpoint) harness() conformance.Harness {
	h := conformance.Harness{Open: e.open, Gaps: qldb.Gaps()}
	if e.opt.create {
		h.Fresh = e.fresh
	}
	if e.opt.testControls {
		h.Advance = e.advance
	}
	return h
}

// open opens the ledger that cases share, and makes it where it is missing.
func (e *endpoint) open(ctx context.Context) (ledger.Ledger, error) {
	if e.opt.create {
		var missing *types.ResourceNotFoundException
		_, err := e.control.DescribeLedger(ctx, &awsqldb.DescribeLedgerInput{Name: &e.opt.ledger})
		switch {
		case errors.As(err, &missing):
			if err := e.createLedger(ctx, e.opt.ledger); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		}
	}
	return qldb.New(e.opt.ledger, e.session, e.control)
}

// fresh makes a ledger that is deleted when it is closed.
func (e *endpoint) fresh(ctx context.Context) (ledger.Ledger, error) {
	e.made++
	name := fmt.Sprintf("%s-%d", e.opt.ledger, e.made)
	if err := e.createLedger(ctx, name); err != nil {
		return nil, err
	}
	l, err := qldb.New(name, e.session, e.control)
	if err != nil {
		return nil, err
	}
	return &temporary{Ledger: l, control: e.control}, nil
}

func (e *endpoint) createLedger(ctx context.Context, name string) error {
	_, err := e.control.CreateLedger(ctx, &awsqldb.CreateLedgerInput{
		Name: &name, PermissionsMode: types.PermissionsModeAllowAll, DeletionProtection: aws.Bool(false),
	})
	if err != nil {
		return fmt.Errorf("creating ledger %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	for wait := time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		d, err := e.control.DescribeLedger(ctx, &awsqldb.DescribeLedgerInput{Name: &name})
		if err != nil {
			return fmt.Errorf("waiting for ledger %s: %w", name, err)
		}
		if d.State == types.LedgerStateActive {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ledger %s is still %s: %w", name, d.State, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// advance moves the clock of a server with test controls.
func (e *endpoint) advance(ctx context.Context, _ ledger.Ledger, d time.Duration) error {
	clock := strings.TrimRight(e.opt.endpoint, "/") + "/_tally/clock"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, clock, strings.NewReader(fmt.Sprintf(`{"Advance":%q}`, d)))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("moving the server's clock: %s: %s (was it started with --test-controls?): %w", resp.Status, text, err)
	}
	return nil
}

// temporary is a ledger that is deleted when it is closed.
type temporary struct {
	*qldb.Ledger
	control *awsqldb.Client
	deleted bool
}

func (t *temporary) Close() error {
	err := t.Ledger.Close()
	if t.deleted {
		return err
	}
	t.deleted = true
	name := t.Name()
	// The suite may have been interrupted: its context has ended then.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, derr := t.control.DeleteLedger(ctx, &awsqldb.DeleteLedgerInput{Name: &name})
	return errors.Join(err, derr)
}
