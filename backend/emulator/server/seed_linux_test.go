package server_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server"
)

// TestSeedInterrupted looks at a data directory in the middle of seeding, as a
// crash would leave it: a server on a copy of it has no such ledger, and seeds it
// from the beginning.
func TestSeedInterrupted(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.sql"), filepath.Join(dir, "second.sql")
	if err := os.WriteFile(first, []byte("CREATE TABLE T; INSERT INTO T {'n': 1};"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(second, 0o644); err != nil { // whoever reads it waits
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	s, err := server.New(server.Config{DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seeded := make(chan error, 1)
	go func() { seeded <- s.Seed(t.Context(), "L", "ALLOW_ALL", first, second) }()
	pipe, err := os.OpenFile(second, os.O_WRONLY, 0) // opens once the seed reads it
	if err != nil {
		t.Fatal(err)
	}
	if s.HasLedger("L") {
		t.Error("the ledger is there before it is seeded")
	}
	if _, err := os.Stat(filepath.Join(data, "L.tally")); !os.IsNotExist(err) {
		t.Errorf("a file that is seeded in part has the name of a whole one: %v", err)
	}
	crashed := filepath.Join(dir, "crashed")
	if err := os.CopyFS(crashed, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.WriteString("INSERT INTO T {'n': 2};"); err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-seeded; err != nil {
		t.Fatal(err)
	}
	if !s.HasLedger("L") {
		t.Error("the ledger is not there after it is seeded")
	}
	restored := filepath.Join(dir, "restored")
	if err := os.CopyFS(restored, os.DirFS(crashed)); err != nil {
		t.Fatal(err)
	}
	again, err := server.New(server.Config{DataDir: crashed})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.HasLedger("L") {
		t.Error("a ledger that was seeded in part has come back")
	}
	if left, err := filepath.Glob(filepath.Join(crashed, "L*")); err != nil || left != nil {
		t.Errorf("%s of the seed that was cut short are left, error %v", left, err)
	}
	if err := again.Seed(t.Context(), "L", "ALLOW_ALL", first); err != nil {
		t.Error(err)
	}

	// A file that somebody puts in the place of the lost one is theirs.
	whole, err := os.ReadFile(filepath.Join(data, "L.tally"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(restored, "L.tally"), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	third, err := server.New(server.Config{DataDir: restored})
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	l, err := third.Ledger("L")
	if err != nil {
		t.Fatal(err)
	}
	if tables, err := l.TableNames(t.Context()); err != nil || len(tables) != 1 {
		t.Errorf("tables %v of the file that was put there, error %v", tables, err)
	}
}
