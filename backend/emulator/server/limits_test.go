//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// serving runs Serve until the test is over or stop is called, which returns
// what Serve returned.
func serving(t *testing.T, cfg server.Config, tc *tls.Config) (s *server.Server, address string, stop func() error) {
	t.Helper()
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := server.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, tc) }()
	stop = sync.OnceValue(func() error {
		cancel()
		err := <-done
		if cerr := s.Close(); cerr != nil {
			t.Error(cerr)
		}
		return err
	})
	t.Cleanup(func() { _ = stop() })
	return s, l.Addr().String(), stop
}

// slogTo is a log that a test reads.
func slogTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// TestBodyLimit sends bodies that are too large, with their length and without.
func TestBodyLimit(t *testing.T) {
	_, address, _ := serving(t, server.Config{Limits: server.Limits{Body: 100_000}}, nil)
	for _, path := range []string{"/", "/ledgers"} {
		for name, body := range map[string]io.Reader{
			"announced": strings.NewReader(strings.Repeat(" ", 100_001)),
			"chunked":   io.MultiReader(strings.NewReader(strings.Repeat(" ", 100_000)), strings.NewReader(" ")),
		} {
			req, err := http.NewRequest(http.MethodPost, "http://"+address+path, body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Amz-Target", "QLDBSession.SendCommand")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			out, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(out), "larger than the limit of 100000 bytes") {
				t.Errorf("%s to %s: %d %s", name, path, res.StatusCode, out)
			}
		}
	}
}

// TestHeaderLimit sends a header that is too large.
func TestHeaderLimit(t *testing.T) {
	_, address, _ := serving(t, server.Config{Limits: server.Limits{Header: 4096}}, nil)
	req, err := http.NewRequest(http.MethodGet, "http://"+address+"/ledgers", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Large", strings.Repeat("x", 20_000))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

// TestConnectionLimit has one connection more than may be open: it is served
// when another closes.
func TestConnectionLimit(t *testing.T) {
	_, address, _ := serving(t, server.Config{Limits: server.Limits{Connections: 2}}, nil)
	ping := func(c net.Conn) error {
		fmt.Fprintf(c, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err
	}
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for _, c := range conns[:2] {
		if err := ping(c); err != nil {
			t.Fatal(err)
		}
	}
	_ = conns[2].SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if err := ping(conns[2]); err == nil {
		t.Error("a third connection was served beside two others")
	}
	_ = conns[2].SetReadDeadline(time.Time{})
	conns[0].Close()
	if res, err := http.ReadResponse(bufio.NewReader(conns[2]), nil); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("the third connection after the first has closed: %v, error %v", res, err)
	}
}

// TestSessionLimit opens one session more than the server holds, and one after
// the others have expired.
func TestSessionLimit(t *testing.T) {
	s := servertest.New(t, func(c *server.Config) { c.Limits.Sessions = 3 })
	s.CreateLedger("full")
	c := rawSession(t, s, "full")
	rawSession(t, s, "full")
	rawSession(t, s, "full")
	_, err := s.Driver("full").GetTableNames(t.Context())
	if code(err) != "LimitExceededException" {
		t.Errorf("a fourth session: %v", err)
	}
	s.Advance(time.Hour)
	s.Server.Sweep()
	if n := s.Server.SessionCount(); n != 0 {
		t.Errorf("%d sessions are kept an hour later", n)
	}
	rawSession(t, s, "full")
	if err := c.commitNothing(); code(err) != "InvalidSessionException" || !strings.Contains(err.Error(), "No such session") {
		t.Errorf("a session that was forgotten: %v", err)
	}
}

// TestPanic breaks a ledger in the process: the request gets InternalFailure,
// the log the stack, and the next request its answer.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	s := servertest.New(t, func(c *server.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	s.CreateLedger("broken")
	l, err := s.Server.Ledger("broken")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.Server.BreakLedger("broken")
	res, err := http.Post(s.URL+"/ledgers/broken/digest", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusInternalServerError || res.Header.Get("X-Amzn-ErrorType") != "InternalFailure" || string(out) != `{"Message":""}` {
		t.Errorf("%d %s %s", res.StatusCode, res.Header, out)
	}
	if !strings.Contains(log.String(), "getDigest") {
		t.Errorf("the log has no stack: %s", log.String())
	}
	if _, err := s.Control.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: aws.String("broken")}); err != nil {
		t.Error(err)
	}
}

// TestShutdown stops a server while a commit is on its way: the commit is
// finished and answered.
func TestShutdown(t *testing.T) {
	dir := t.TempDir()
	s, address, stop := serving(t, server.Config{DataDir: dir}, nil)
	if err := s.CreateLedger("last", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	d := driverAt(t, "http://"+address, "last")
	insertNumbers(t, d, 1)
	before, err := s.Ledger("last")
	if err != nil {
		t.Fatal(err)
	}
	blocks := before.Stats().Blocks
	held, release := s.HoldCommits()
	answered := make(chan error, 1)
	go func() {
		_, err := d.Execute(context.Background(), func(txn qldbdriver.Transaction) (any, error) { return rows(txn, "UPDATE T SET n = 8") })
		answered <- err
	}()
	<-held
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for refused := false; !refused; { // until it takes no new connections
		c, err := net.Dial("tcp", address)
		if refused = err != nil; !refused {
			_ = c.Close()
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("the server stopped while a commit was on its way: %v", err)
	case err := <-answered:
		t.Fatalf("the commit was answered before it was durable: %v", err)
	default:
	}
	release()
	if err := <-stopped; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the commit that was on its way: %v", err)
	}
	again, _, _ := serving(t, server.Config{DataDir: dir}, nil)
	l, err := again.Ledger("last")
	if err != nil {
		t.Fatal(err)
	}
	if n := l.Stats().Blocks; n != blocks+1 {
		t.Errorf("%d blocks, want %d", n, blocks+1)
	}
}

// TestListen refuses what other machines can reach.
func TestListen(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:80"} {
		if l, err := server.Listen(address, false); err == nil || !strings.Contains(err.Error(), "--allow-remote") {
			t.Errorf("%s: %v, error %v", address, l, err)
		}
	}
	l, err := server.Listen("0.0.0.0:0", true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{TestControls: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Serve(t.Context(), l, nil); err == nil || !strings.Contains(err.Error(), "test controls") {
		t.Errorf("test controls for other machines: %v", err)
	}
}

// TestConfigRefused: what would make ARNs that no client can read, or a server
// that nobody can use.
func TestConfigRefused(t *testing.T) {
	for says, cfg := range map[string]server.Config{
		`an account is 12 digits, which "1234" is not`: {Account: "1234"},
		`which "12345678901٣" is not`:                  {Account: "12345678901٣"},
		`which "us:east" does not`:                     {Region: "us:east"},
		`access key "id" needs an id and a secret`:     {AccessKeys: map[string]string{"id": ""}},
		`S3 endpoint "localhost:9000" is not a URL`:    {Exports: server.ExportTarget{S3Endpoint: "localhost:9000"}},
	} {
		_, err := server.New(cfg)
		var invalid server.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
}

// TestTLS speaks TLS with a certificate of the test.
func TestTLS(t *testing.T) {
	other := httptest.NewTLSServer(nil) // for its certificate and a client that trusts it
	defer other.Close()
	_, address, _ := serving(t, server.Config{}, other.TLS)
	res, err := other.Client().Get("https://" + address + "/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if out, _ := io.ReadAll(res.Body); string(out) != "healthy" {
		t.Errorf("%s", out)
	}
}

// TestOwnPaths asks for what belongs to neither API.
func TestOwnPaths(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("measured")
	insertNumbers(t, d, 1)
	get := func(path string) string {
		res, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		out, _ := io.ReadAll(res.Body)
		return res.Status + " " + string(out)
	}
	for path, want := range map[string]string{"/ping": "200 OK healthy", "/healthz": "200 OK healthy", "/readyz": "200 OK ready"} {
		if got := get(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	metrics := get("/metrics")
	for _, want := range []string{
		`tally_sessions{ledger="measured"} 1`, `tally_blocks{ledger="measured"} 3`, `tally_transactions_total{ledger="measured",outcome="committed"} 2`,
		`tally_commit_seconds_count{outcome="committed"} 2`, "tally_group_size_count 2", `tally_journal_bytes{ledger="measured"} `, `tally_request_seconds_count{operation="StartSession"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// TestTestControls looks at what they refuse.
func TestTestControls(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("gone")
	for _, test := range []struct {
		path, body string
		header     string
		want       int
	}{
		{"/_tally/clock", `{"Advance":"-1s"}`, "", http.StatusBadRequest},
		{"/_tally/clock", `{"Advance":7}`, "", http.StatusBadRequest},
		{"/_tally/clock", `{`, "", http.StatusBadRequest},
		{"/_tally/clock", `{"Advance":"1s"}`, "Origin", http.StatusForbidden},
		{"/_tally/other", "", "", http.StatusNotFound},
		{"/_tally/reset", "", "", http.StatusOK},
	} {
		req, err := http.NewRequest(http.MethodPost, s.URL+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.header != "" {
			req.Header.Set(test.header, "http://example.com")
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != test.want {
			t.Errorf("%s %s: %d, want %d", test.path, test.body, res.StatusCode, test.want)
		}
	}
	if _, err := s.Server.Ledger("gone"); err == nil {
		t.Error("a ledger is left after the reset")
	}
	_, url := startURL(t, server.Config{DataDir: t.TempDir(), TestControls: true})
	res, err := http.Post(url+"/_tally/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusConflict {
		t.Errorf("resetting ledgers in files: %d", res.StatusCode)
	}
}
