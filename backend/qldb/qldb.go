//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awsqldb "github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"

	"github.com/tallyledger/tally/ledger"
)

// DefaultMaxSessions is how many transactions run at once unless
// [WithMaxSessions] says otherwise: 50, as in QLDB's drivers.
const DefaultMaxSessions = 50

// closeTimeout bounds how long Close waits for the service to end sessions.
const closeTimeout = 5 * time.Second

// Ledger is one ledger at a QLDB endpoint. It is safe for concurrent use.
type Ledger struct {
	name    string
	control *awsqldb.Client
	pool    *pool
	last    atomic.Pointer[ledger.Digest] // that the service sent
	gate    *gate
	closing sync.Once
}

var _ ledger.Ledger = (*Ledger)(nil)

type options struct {
	region, endpoint, profile string
	maxSessions               int
}

// Option changes how a ledger is opened.
type Option func(*options)

// WithRegion sets the AWS region. [New] ignores it.
func WithRegion(region string) Option { return func(o *options) { o.region = region } }

// WithEndpoint sends both APIs to one URL, such as that of a Tally server. [New]
// ignores it.
func WithEndpoint(url string) Option { return func(o *options) { o.endpoint = url } }

// WithProfile picks a profile of the shared configuration files. [New] ignores
// it.
func WithProfile(name string) Option { return func(o *options) { o.profile = name } }

// WithMaxSessions sets how many transactions may run at once, 1 or more. Execute
// waits for a free session as long as its context lasts.
func WithMaxSessions(n int) Option { return func(o *options) { o.maxSessions = n } }

// Open opens the ledger of that name with clients made from the SDK's
// configuration. It does not contact the service: a ledger that is not there
// shows at the first call.
func Open(ctx context.Context, name string, opts ...Option) (*Ledger, error) {
	o := collect(opts)
	if err := checkEndpoint(o.endpoint); err != nil {
		return nil, err
	}
	cfg, err := loadConfig(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("qldb: configuration of the AWS SDK: %w", err)
	}
	session := qldbsession.NewFromConfig(cfg, func(s *qldbsession.Options) {
		if o.endpoint != "" {
			s.BaseEndpoint = aws.String(o.endpoint)
		}
	})
	control := awsqldb.NewFromConfig(cfg, func(s *awsqldb.Options) {
		if o.endpoint != "" {
			s.BaseEndpoint = aws.String(o.endpoint)
		}
	})
	return New(name, session, control, opts...)
}

func loadConfig(ctx context.Context, o options) (aws.Config, error) {
	var load []func(*config.LoadOptions) error
	if o.region != "" {
		load = append(load, config.WithRegion(o.region))
	}
	if o.profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.profile))
	}
	if o.endpoint != "" { // a server of one's own has no region, but the SDK signs with one
		load = append(load, config.WithDefaultRegion("us-east-1"))
	}
	return config.LoadDefaultConfig(ctx, load...)
}

// New returns the ledger of that name on clients that are ready for use. It
// works on copies of them.
func New(name string, session *qldbsession.Client, control *awsqldb.Client, opts ...Option) (*Ledger, error) {
	o := collect(opts)
	switch {
	case name == "":
		return nil, errors.New("qldb: the name of the ledger is empty")
	case session == nil || control == nil:
		return nil, errors.New("qldb: a session client and a control plane client are needed; one is nil")
	case o.maxSessions < 1:
		return nil, fmt.Errorf("qldb: the number of sessions is %d; it must be 1 or more", o.maxSessions)
	}
	g := newGate()
	return &Ledger{name: name, control: stoppable(control, g), pool: newPool(name, session, o.maxSessions, g), gate: g}, nil
}

func collect(opts []Option) options {
	o := options{maxSessions: DefaultMaxSessions}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Name is the ledger's name.
func (l *Ledger) Name() string { return l.name }

// Execute runs fn in a transaction of the service; see [ledger.Ledger].
func (l *Ledger) Execute(ctx context.Context, fn func(tx ledger.Transaction) error, opts ...ledger.ExecuteOption) error {
	return ledger.Run(ctx, l.pool.begin, fn, opts...)
}

// TableNames lists the active tables.
func (l *Ledger) TableNames(ctx context.Context) ([]string, error) {
	var names []string
	err := l.Execute(ctx, func(tx ledger.Transaction) error {
		names = nil
		r, err := tx.Execute("SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'")
		if err != nil {
			return err
		}
		for r.Next() {
			name, ok := r.Value().Text()
			if !ok {
				return fmt.Errorf("qldb: the catalog gave %s where the name of a table was expected", r.Value())
			}
			names = append(names, name)
		}
		return r.Err()
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// Close waits for commits under way and ends the sessions. Everything else that
// is under way is stopped: it, and what a function that still runs asks of its
// transaction, gets ledger.ErrClosed. Closing again does nothing.
func (l *Ledger) Close() error {
	l.closing.Do(func() {
		l.gate.close()
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		l.pool.close(ctx)
	})
	return nil
}
