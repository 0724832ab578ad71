package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestRawHTTP sends what no HTTP client would: each gets its answer, none hangs, and
// the server serves on.
func TestRawHTTP(t *testing.T) {
	lim := server.Limits{ReadTime: 500 * time.Millisecond, IdleTime: 500 * time.Millisecond, Header: 8 << 10, Body: 1 << 20}
	s, address, _ := serving(t, server.Config{Limits: lim}, nil)
	if err := s.CreateLedger("L", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	const start = `{"StartSession":{"LedgerName":"L"}}`
	command := func(proto, more, body string) string {
		return "POST / " + proto + "\r\nHost: localhost\r\nX-Amz-Target: QLDBSession.SendCommand\r\n" + more + "\r\n" + body
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", len(start))
	var wg sync.WaitGroup
	for name, test := range map[string]struct {
		request string
		want    string // the statuses of all answers
	}{
		"HTTP/1.1":                        {command("HTTP/1.1", length, start), "200"},
		"HTTP/1.0":                        {command("HTTP/1.0", length, start), "200"},
		"HTTP/1.0 without length":         {command("HTTP/1.0", "", start), "400"},
		"HTTP/0.9":                        {"GET /\r\n", "400"},
		"HTTP/3.0":                        {command("HTTP/3.0", length, start), "505"},
		"chunks":                          {command("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "5\r\n"+start[:5]+"\r\n"+fmt.Sprintf("%x;x=y\r\n%s\r\n0\r\nTrailer: z\r\n\r\n", len(start)-5, start[5:])), "200"},
		"chunks of a bad length":          {command("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "zz\r\n"+start+"\r\n0\r\n\r\n"), "400"},
		"chunks that never end":           {command("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "5\r\nabcde\r\n"), "400"},
		"chunks and a length":             {command("HTTP/1.1", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), "400"},
		"an unknown coding":               {command("HTTP/1.1", "Transfer-Encoding: gzip\r\n", start), "501"},
		"two lengths":                     {command("HTTP/1.1", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), "400"},
		"a negative length":               {command("HTTP/1.1", "Content-Length: -1\r\n", ""), "400"},
		"a huge length":                   {command("HTTP/1.1", "Content-Length: 99999999999\r\n", "x"), "400"},
		"a body that does not come":       {command("HTTP/1.1", "Content-Length: 50\r\n", "{"), "400"},
		"a body after its announcement":   {command("HTTP/1.1", "Expect: 100-continue\r\n"+length, start), "100 200"},
		"a body announced that is large":  {command("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 9999999\r\n", ""), "400"},
		"another expectation":             {command("HTTP/1.1", "Expect: x\r\n"+length, start), "417"},
		"no host":                         {"GET /ledgers HTTP/1.1\r\n\r\n", "400"},
		"two requests at once":            {command("HTTP/1.1", length, start) + command("HTTP/1.1", length, start), "200 200"},
		"a header that is large":          {command("HTTP/1.1", "X: "+strings.Repeat("x", 32<<10)+"\r\n", ""), "431"},
		"a header that never ends":        {"POST / HTTP/1.1\r\nHost: localhost\r\nX", "400"},
		"a header without colon":          {command("HTTP/1.1", "abc\r\n", ""), "400"},
		"a line that is folded":           {command("HTTP/1.1", "X: a\r\n b\r\n"+length, start), "200"},
		"a name with a space":             {command("HTTP/1.1", "X : a\r\n", ""), "400"},
		"no header":                       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"},
		"CONNECT":                         {"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
		"OPTIONS":                         {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
		"a target of full form":           {strings.Replace(command("HTTP/1.1", length, start), "POST /", "POST http://localhost/", 1), "200"},
		"a target of no form":             {"GET ledgers HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
		"a method of its own":             {"BREW /ledgers HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
		"HEAD":                            {"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
		"HEAD of a ledger":                {"HEAD /ledgers/L HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
		"an escape that is none":          {"GET /ledgers/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
		"a zero byte in the path":         {"GET /ledgers/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
		"a query that cannot be read":     {"GET /ledgers?a=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
		"a path of many parts":            {"GET /ledgers/" + strings.Repeat("a/", 2000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"},
		"an upgrade":                      {"GET /ledgers HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", "200"},
		"HTTP/2":                          {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "404"},
		"a web page of another origin":    {command("HTTP/1.1", "Origin: http://example.com\r\n"+length, start), "403"},
		"an operation of another service": {strings.Replace(command("HTTP/1.1", length, start), "QLDBSession.SendCommand", "DynamoDB_20120810.GetItem", 1), "400"},
	} {
		wg.Go(func() {
			if got, err := rawExchange(address, test.request); got != test.want {
				t.Errorf("%s: statuses %q, want %q, error %v", name, got, test.want, err)
			}
		})
	}
	wg.Wait()
	if got, err := rawExchange(address, command("HTTP/1.1", length, start)); got != "200" {
		t.Errorf("afterwards: %s, error %v", got, err)
	}
}

// rawExchange sends text on a connection of its own and returns the statuses of
// all answers until the server closes it.
func rawExchange(address, text string) (string, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	var got []string
	r := bufio.NewReader(c)
	method, _, _ := strings.Cut(text, " ")
	for {
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				got = append(got, "hangs")
			}
			return strings.Join(got, " "), err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		got = append(got, fmt.Sprint(res.StatusCode))
	}
}

// TestSlowClients has clients that send a byte now and then, and clients that
// read nothing: they go, and others are served meanwhile.
func TestSlowClients(t *testing.T) {
	_, address, stop := serving(t, server.Config{Limits: server.Limits{ReadTime: 300 * time.Millisecond, WriteTime: 300 * time.Millisecond}}, nil)
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			text := "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
			if i%2 == 0 {
				text = "POST / HTTP/1.1\r\nX"
			}
			_, _ = io.WriteString(c, text)
			for range 1000 { // far longer than it may take
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Error("a client that sends a byte now and then is still there")
		})
	}
	if got, err := rawExchange(address, "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); got != "200" {
		t.Errorf("another client: %s, error %v", got, err)
	}
	wg.Wait()
	for range 200 {
		if runtime.NumGoroutine() <= before+2 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines, there were %d", n, before)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestOneToken has 32 clients use one session at once: each request is answered
// as if it came alone.
func TestOneToken(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("L")
	c := rawSession(t, s, "L")
	tx := c.begin()
	c.execute(tx, "CREATE TABLE T")
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for _, body := range []string{
				`{"SessionToken":"%s","ExecuteStatement":{"TransactionId":"%s","Statement":"SELECT * FROM T"}}`,
				`{"SessionToken":"%s","StartTransaction":{}}`,
				`{"SessionToken":"%s","FetchPage":{"TransactionId":"%s","NextPageToken":"AAAA"}}`,
				`{"SessionToken":"%s","AbortTransaction":{}}`,
			} {
				body = strings.Replace(strings.Replace(body, "%s", c.token, 1), "%s", tx, 1)
				req, err := http.NewRequest("POST", s.URL+"/", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("X-Amz-Target", "QLDBSession.SendCommand")
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				out, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != 200 && res.StatusCode != 400 {
					t.Errorf("client %d, %s: %d %s", i, body, res.StatusCode, out)
				}
			}
		})
	}
	wg.Wait()
}

// TestClockEnds moves the clock as far as it goes: not beyond the years that Ion
// can write, and never back.
func TestClockEnds(t *testing.T) {
	s := servertest.New(t)
	for range 5 {
		res, err := http.Post(s.URL+"/_tally/clock", "", strings.NewReader(`{"Advance":"876000h"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	s.CreateLedger("far")
	d := s.Driver("far")
	insertNumbers(t, d, 1)
	r := exec(t, d, "SELECT n FROM T")
	if len(r) != 1 {
		t.Errorf("%d rows", len(r))
	}
	res, err := http.Post(s.URL+"/_tally/clock", "", strings.NewReader(`{"Advance":"0s"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, _ := io.ReadAll(res.Body)
	now, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(out)))
	if err != nil || now.Before(time.Now()) {
		t.Errorf("the clock says %s, error %v", out, err)
	}
}

// TestRestartExportWhileDeleting restarts a server whose export had not ended when
// its ledger was deleted: there is nothing to export.
func TestRestartExportWhileDeleting(t *testing.T) {
	dir := t.TempDir()
	var log strings.Builder
	cfg := server.Config{DataDir: dir, DeleteDelay: time.Hour, Exports: server.ExportTarget{Dir: t.TempDir()}, Logger: slogTo(&log)}
	state := `{"Format":1,"Ledgers":{"going":{"Name":"going","Created":"2026-01-02T03:04:05Z","Mode":"ALLOW_ALL","Protected":false,"GoneAt":"9999-01-01T00:00:00Z",` +
		`"Exports":[{"ID":"0123456789012345678901","Created":"2026-01-02T03:04:05Z","Start":"2026-01-02T03:04:05Z","End":"2026-01-02T03:04:06Z","Bucket":"bucket","Prefix":"p/","Encryption":"NO_ENCRYPTION","Role":"r","Status":"IN_PROGRESS"}]}}}`
	if err := os.WriteFile(filepath.Join(dir, server.StateFile), []byte(state), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.WaitForExports()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "panic") {
		t.Error(log.String())
	}
}
