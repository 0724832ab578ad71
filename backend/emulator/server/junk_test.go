package server_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server"
)

func ready(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestJunkInTheDirectory starts a server beside files that have a ledger's name and
// are none. /readyz names the one that might be one that is damaged until it is
// gone; nothing of them is kept.
func TestJunkInTheDirectory(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "notes.tally")
	if err := os.WriteFile(junk, []byte("remember the milk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link.tally")); err != nil {
		t.Skipf("symbolic links cannot be made here, and the test is about one too: %v", err)
	}
	var log bytes.Buffer
	s, url := startURL(t, server.Config{DataDir: dir, Logger: slogTo(&log)})
	if code, text := ready(t, url); code != http.StatusServiceUnavailable || !strings.Contains(text, "the file notes.tally in the data directory could not be opened as a ledger") {
		t.Errorf("readyz: %d %s", code, text)
	}
	if err := s.CreateLedger("other", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, server.StateFile)); err != nil || bytes.Contains(kept, []byte("notes")) || bytes.Contains(kept, []byte("link")) {
		t.Errorf("server.json has %s, error %v", kept, err)
	}
	if err := os.Remove(junk); err != nil {
		t.Fatal(err)
	}
	if code, text := ready(t, url); code != http.StatusOK {
		t.Errorf("readyz after the file is gone: %d %s", code, text)
	}
	if err := s.CreateLedger("notes", "ALLOW_ALL"); err != nil {
		t.Error(err)
	}
	if code, text := ready(t, url); code != http.StatusOK {
		t.Errorf("readyz with a ledger in the file's place: %d %s", code, text)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "notes.tally") || !strings.Contains(text, "link.tally") {
		t.Errorf("the log says %s", text)
	}
}

// TestHalfWrittenState leaves what a killed server leaves beside server.json, and
// files that only look alike.
func TestHalfWrittenState(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".server.json.123", ".server.json.98765", ".server.json.", ".server.json.bak", ".server.json.1a", "server.json.1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, _ := startURL(t, server.Config{DataDir: dir})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var left []string
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		left = append(left, f.Name())
	}
	if got, want := strings.Join(left, " "), ".server.json. .server.json.1a .server.json.bak server.json.1 server.lock"; got != want {
		t.Errorf("the directory has %s, want %s", got, want)
	}
}
