//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package servertest

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
)

// Server is a server for one test.
type Server struct {
	// URL is the endpoint of both APIs.
	URL string
	// Control and Session are ready clients of the two APIs.
	Control *qldb.Client
	Session *qldbsession.Client
	// Server is the server itself, to create ledgers and to look inside.
	Server *server.Server

	t  testing.TB
	hs *httptest.Server
}

// Option changes the server's Config before it starts.
type Option func(*server.Config)

// New starts a server in memory with test controls, and stops it when the test
// is over.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	cfg := server.Config{TestControls: true}
	for _, o := range opts {
		o(&cfg)
	}
	srv, err := server.New(cfg)
	if err != nil {
		t.Fatalf("servertest: %v", err)
	}
	hs := httptest.NewServer(srv)
	t.Cleanup(func() {
		hs.CloseClientConnections()
		hs.Close()
		if err := srv.Close(); err != nil {
			t.Errorf("servertest: closing the server: %v", err)
		}
	})
	s := &Server{URL: hs.URL, Server: srv, t: t, hs: hs}
	s.Control, s.Session = Clients(hs.URL, "test", "test")
	return s
}

// Clients are clients of both APIs at an endpoint, with these credentials.
func Clients(url, accessKey, secret string) (*qldb.Client, *qldbsession.Client) {
	creds := credentials.NewStaticCredentialsProvider(accessKey, secret, "")
	control := qldb.New(qldb.Options{Region: "us-east-1", Credentials: creds, BaseEndpoint: aws.String(url)})
	session := qldbsession.New(qldbsession.Options{Region: "us-east-1", Credentials: creds, BaseEndpoint: aws.String(url)})
	return control, session
}

// CreateLedger creates a ledger that is ACTIVE at once, in mode ALLOW_ALL and
// without deletion protection.
func (s *Server) CreateLedger(name string) {
	s.t.Helper()
	if err := s.Server.CreateLedger(name, "ALLOW_ALL"); err != nil {
		s.t.Fatalf("servertest: %v", err)
	}
}

// Driver returns the official driver on a ledger, which is created if it is not
// there. The driver is shut down when the test is over.
func (s *Server) Driver(ledgerName string, opts ...func(*qldbdriver.DriverOptions)) *qldbdriver.QLDBDriver {
	s.t.Helper()
	if _, err := s.Server.Ledger(ledgerName); err != nil {
		s.CreateLedger(ledgerName)
	}
	quiet := func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff }
	d, err := qldbdriver.New(ledgerName, s.Session, append([]func(*qldbdriver.DriverOptions){quiet}, opts...)...)
	if err != nil {
		s.t.Fatalf("servertest: %v", err)
	}
	s.t.Cleanup(func() { d.Shutdown(context.Background()) })
	return d
}

// Advance moves the clock of the server and all its ledgers forward.
func (s *Server) Advance(d time.Duration) {
	s.t.Helper()
	if err := s.Server.Advance(d); err != nil {
		s.t.Fatalf("servertest: %v", err)
	}
}

// DropConnections closes all connections of clients, in the middle of a
// request or not.
func (s *Server) DropConnections() { s.hs.CloseClientConnections() }
