package server

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
)

// Config says what a server does. The zero Config is a server in memory with
// the limits of the service, which accepts any credentials.
type Config struct {
	// DataDir is the directory of the ledgers' files; it is made if it is not
	// there. "" keeps everything in memory.
	DataDir string

	// Region and Account stand in the ARNs: letters a-z, digits and hyphens, and 12
	// digits. Default: us-east-1, 000000000000.
	Region, Account string

	// CreateDelay is how long a ledger stays CREATING, DeleteDelay how long it
	// stays DELETING. By default the first Describe says ACTIVE and a deleted
	// ledger is gone at once.
	CreateDelay, DeleteDelay time.Duration

	// FaithfulErrorCodes puts the numeric Code into the body of a
	// BadRequestException and leaves the error header out, as the service did.
	// Some SDKs then no longer know the exception's type.
	FaithfulErrorCodes bool

	// IgnoreFieldCase lets names of fields that are not quoted match without regard
	// to case; see emulator.WithIgnoreFieldCase.
	IgnoreFieldCase bool

	// AccessKeys maps access key ids to their secrets. Where there is one, every
	// request of both APIs must be signed with one of them.
	AccessKeys map[string]string

	// Hosts are names, without port, under which clients may call a server on the
	// loopback interface, besides localhost and addresses. It refuses all others
	// unless AccessKeys are required: a web page can give its own name the address
	// 127.0.0.1.
	Hosts []string

	// Exports says where journal exports go.
	Exports ExportTarget

	// Limits are those of HTTP; zero fields take DefaultLimits.
	Limits Limits

	// LedgerLimits are the quotas of every ledger; nil takes those of the service.
	LedgerLimits *emulator.Limits

	// Logger takes the server's log; nil drops it.
	Logger *slog.Logger

	// Clock is the server's and its ledgers' time; nil is the real one. Random is
	// the source of tokens and ids; nil is crypto/rand.
	Clock  func() time.Time
	Random io.Reader

	// TestControls serves POST /_tally/clock, faults and reset to callers on the
	// loopback interface. Never on in production.
	TestControls bool

	// Profile serves /debug/pprof to callers on the loopback interface.
	Profile bool
}

// ExportTarget is what stands for S3.
type ExportTarget struct {
	// Dir holds a folder for each bucket.
	Dir string
	// S3Endpoint is the URL of a service with S3's API, called in path style with
	// the credentials of AWS_ACCESS_KEY_ID and its relatives. It comes before Dir.
	S3Endpoint string

	limits exportLimits // zero fields take the defaults; tests set them
}

// Limits bound what clients can make the server hold.
type Limits struct {
	Body        int           // bytes of one request's body
	Bodies      int64         // bytes of all large bodies that are worked on at once
	Header      int           // bytes of one request's header
	Connections int           // open at once; more wait to be accepted
	Sessions    int           // open at once over all ledgers
	Ledgers     int           // that are not deleted
	ReadTime    time.Duration // for a request to arrive
	WriteTime   time.Duration // for an answer to be worked out and sent
	IdleTime    time.Duration // of a connection between requests
}

// DefaultLimits suit one machine: a body holds 40 documents of 128 KB in
// base64 with room to spare.
var DefaultLimits = Limits{
	Body: 16 << 20, Bodies: 256 << 20, Header: 64 << 10, Connections: 4096, Sessions: 20_000, Ledgers: 1000,
	ReadTime: time.Minute, WriteTime: 2 * time.Minute, IdleTime: 5 * time.Minute,
}

func (l Limits) filled() Limits {
	d := DefaultLimits
	fill(&l.Body, d.Body)
	fill(&l.Bodies, d.Bodies)
	fill(&l.Header, d.Header)
	fill(&l.Connections, d.Connections)
	fill(&l.Sessions, d.Sessions)
	fill(&l.Ledgers, d.Ledgers)
	fill(&l.ReadTime, d.ReadTime)
	fill(&l.WriteTime, d.WriteTime)
	fill(&l.IdleTime, d.IdleTime)
	return l
}

func fill[T int | int64 | time.Duration](field *T, v T) {
	if *field <= 0 {
		*field = v
	}
}

// InvalidError says that what a caller gave breaks a rule, whatever else is there:
// a field of Config, an address or the name of a ledger.
type InvalidError struct{ reason string }

func (e InvalidError) Error() string { return "server: " + e.reason }

func invalid(format string, args ...any) error { return InvalidError{fmt.Sprintf(format, args...)} }

// filled is c with the defaults in its empty fields.
func (c Config) filled() (Config, error) {
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.Account == "" {
		c.Account = "000000000000"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	for id, secret := range c.AccessKeys {
		if id == "" || secret == "" {
			return c, invalid("access key %q needs an id and a secret", id)
		}
	}
	if strings.Trim(c.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return c, invalid("a region has only letters a-z, digits and hyphens, which %s does not", quote(c.Region))
	}
	if len(c.Account) != 12 || strings.Trim(c.Account, "0123456789") != "" {
		return c, invalid("an account is 12 digits, which %s is not", quote(c.Account))
	}
	c.Limits = c.Limits.filled()
	c.Exports.limits = c.Exports.limits.filled()
	return c, nil
}
