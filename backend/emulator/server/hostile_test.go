package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

func dial(t *testing.T, address, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSilentUploads begins many large bodies and sends no more of them: a large
// request that comes whole is served.
func TestSilentUploads(t *testing.T) {
	_, address, stop := serving(t, server.Config{Limits: server.Limits{Body: 1 << 20, Bodies: 1 << 20}}, nil)
	const head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: QLDBSession.SendCommand\r\n"
	for i := range 16 {
		dial(t, address, head+"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
		dial(t, address, head+fmt.Sprintf("Content-Length: %d\r\n\r\n{", 1<<20-i))
	}
	body := `{"StartSession":{"LedgerName":"none"},"X":"` + strings.Repeat("x", 900_000) + `"}`
	if got := send(t, "POST", "http://"+address+"/", body); !strings.Contains(got, "The Ledger with name none is not found") {
		t.Error(got)
	}
	// One that finds no more room for its rest is read to its end all the same.
	for range 8 {
		dial(t, address, head+fmt.Sprintf("Content-Length: %d\r\n\r\n", 1<<20)+strings.Repeat(" ", 130_000))
	}
	if got := send(t, "POST", "http://"+address+"/", body); !strings.Contains(got, "The Ledger with name none is not found") {
		t.Error(got)
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

// TestBodyFarOverLimit sends all of a body far over the limit before it reads: the
// answer is there.
func TestBodyFarOverLimit(t *testing.T) {
	_, address, _ := serving(t, server.Config{Limits: server.Limits{Body: 100_000}}, nil)
	const size = 32 << 20
	for _, coding := range []string{fmt.Sprintf("Content-Length: %d\r\n\r\n", size), fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", size)} {
		c := dial(t, address, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: QLDBSession.SendCommand\r\n"+coding)
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Errorf("%q: sending: %v", coding, err)
			continue
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%q: %v", coding, err)
			continue
		}
		out, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(out), "larger than the limit of 100000 bytes") {
			t.Errorf("%q: %d %s, error %v", coding, res.StatusCode, out, err)
		}
	}
}

// TestStopWithHalfRequests stops a server to which clients have sent half a
// request: it does not wait for the other half.
func TestStopWithHalfRequests(t *testing.T) {
	_, address, stop := serving(t, server.Config{TestControls: true}, nil)
	for _, text := range []string{
		"", "POST / HTTP/1.1\r\nX", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
		"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		"POST /_tally/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
		"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\nPOST / HTTP/1.1\r\nX",
	} {
		dial(t, address, text)
	}
	dial(t, address, "")
	// Time for the server to see them: with less the stop is easier, not wrong.
	time.Sleep(50 * time.Millisecond)
	done := make(chan error, 1)
	go func() { done <- stop() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("stopping: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server still waits for half a request")
	}
}

// TestForeignHosts calls a server on the loopback interface by names that a web
// page can have made up.
func TestForeignHosts(t *testing.T) {
	const refused, served = http.StatusForbidden, http.StatusOK
	open := servertest.New(t, func(c *server.Config) { c.Profile, c.Hosts = true, []string{"tally"} })
	for _, test := range []struct {
		method, path, host, origin string
		want                       int
	}{
		{"GET", "/ledgers", "", "", served},
		{"GET", "/ledgers", "localhost:7532", "", served},
		{"GET", "/ledgers", "ledger.localhost", "", served},
		{"GET", "/ledgers", "127.0.0.1", "", served},
		{"GET", "/ledgers", "[::1]:7532", "", served},
		{"GET", "/ledgers", "Tally:7532", "", served},
		{"GET", "/ledgers", "evil.example:7532", "", refused},
		{"GET", "/ledgers", "localhost.evil.example", "", refused},
		{"POST", "/ledgers", "evil.example:7532", "http://evil.example:7532", refused},
		{"GET", "/ledgers", "127.0.0.1:7532", "http://evil.example:7532", refused},
		{"GET", "/ledgers", "127.0.0.1:7532", "null", refused},
		{"GET", "/debug/pprof/cmdline", "", "", served},
		{"GET", "/debug/pprof/cmdline", "evil.example", "", refused},
		{"GET", "/metrics", "evil.example", "", refused},
		{"POST", "/_tally/reset", "evil.example", "", refused},
		{"GET", "/ping", "evil.example", "", served},
	} {
		req, err := http.NewRequest(test.method, open.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = test.host
		if test.origin != "" {
			req.Header.Set("Origin", test.origin)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != test.want {
			t.Errorf("%s %s by the name %q from %q: %d, want %d", test.method, test.path, test.host, test.origin, res.StatusCode, test.want)
		}
	}
}
