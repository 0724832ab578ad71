package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// halfRequest is what a client that hangs has sent.
const halfRequest = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: QLDBSession.SendCommand\r\nContent-Length: 1000\r\n\r\n{"

// TestStopWithHalfRequest: a server that has half a request only ends with the
// first signal, in order. One with a whole request under way cuts off the half one
// and goes on until the second signal, which ends it at once with status 1.
func TestStopWithHalfRequest(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			s := startServe(t)
			half := s.dial(t, halfRequest)
			s.signal(t, sig)
			if status, out := s.wait(t); status != exitOK {
				t.Errorf("with half a request: status %d, %s", status, out)
			}
			cutOff(t, half)

			s = startServe(t)
			s.dial(t, s.endless(t))
			for !strings.Contains(s.get(t, "/metrics"), "\ntally_requests_in_flight 1\n") {
				time.Sleep(10 * time.Millisecond)
			}
			half = s.dial(t, halfRequest)
			s.signal(t, sig)
			cutOff(t, half)
			select {
			case <-s.ended:
				t.Error("the first signal cut off a whole request")
			case <-time.After(sameSignal + 50*time.Millisecond):
			}
			s.signal(t, sig)
			if status, out := s.wait(t); status != exitError || !strings.Contains(out, "ended at once by a second signal ("+sig.String()+")") {
				t.Errorf("after the second signal: status %d, %s", status, out)
			}
		})
	}
}

// serveProcess is tally serve in a process of its own.
type serveProcess struct {
	cmd     *exec.Cmd
	address string
	out     bytes.Buffer // what it writes to standard error; complete once ended is closed
	ended   chan struct{}
}

func startServe(t *testing.T) *serveProcess {
	t.Helper()
	dir := t.TempDir()
	seed, port := filepath.Join(dir, "seed.sql"), filepath.Join(dir, "port")
	rows := strings.Repeat(", {'n': 1}", 39)
	if err := os.WriteFile(seed, []byte("CREATE TABLE T; INSERT INTO T << {'n': 1}"+rows+" >>;"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &serveProcess{ended: make(chan struct{})}
	s.cmd = exec.Command("tally", "serve", "--in-memory", "--ledger", "x", "--seed", seed, "--listen", "127.0.0.1:0", "--port-file", port, "--quiet")
	s.cmd.Stderr = &s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.ended })
	for {
		if b, err := os.ReadFile(port); err == nil {
			s.address = net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(b)))
			return s
		}
		select {
		case <-s.ended:
			t.Fatalf("the server ended: %s", s.out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *serveProcess) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wait gives the exit status and what the server wrote to standard error.
func (s *serveProcess) wait(t *testing.T) (status int, out string) {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the server goes on")
	}
	return s.cmd.ProcessState.ExitCode(), s.out.String()
}

// dial sends text over a connection of its own.
func (s *serveProcess) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// cutOff waits for the end of a connection that gets no answer.
func cutOff(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	b, err := io.ReadAll(c)
	if len(b) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("half a request got %q, error %v", b, err)
	}
}

// endless is a request whose statement runs for hours, on a session of its own.
func (s *serveProcess) endless(t *testing.T) string {
	t.Helper()
	token := s.command(t, `{"StartSession":{"LedgerName":"x"}}`, `"SessionToken":"`)
	id := s.command(t, `{"SessionToken":"`+token+`","StartTransaction":{}}`, `"TransactionId":"`)
	body := `{"SessionToken":"` + token + `","ExecuteStatement":{"TransactionId":"` + id + `","Statement":"SELECT COUNT(*) FROM T AS a, T AS b, T AS c, T AS d, T AS e, T AS f, T AS g WHERE a.n + b.n = c.n + g.n + 1"}}`
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: QLDBSession.SendCommand\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// command sends a command and gives the text of the answer's member.
func (s *serveProcess) command(t *testing.T, body, member string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+s.address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "QLDBSession.SendCommand")
	_, rest, ok := strings.Cut(answerOf(t, req), member)
	value, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("%s has no %s in its answer", body, member)
	}
	return value
}

func (s *serveProcess) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answerOf(t, req)
}

func answerOf(t *testing.T, req *http.Request) string {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
