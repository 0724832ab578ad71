//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// TestCompactOwner: whoever compacts a file, it stays that of its owner.
func TestCompactOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := newPath(t)
	small(t, path)
	const uid, gid = 12345, 23456
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
	if err := store.CompactBolt(path, path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != uid || s.Gid != gid {
		t.Errorf("the owner is %d:%d, was %d:%d", s.Uid, s.Gid, uid, gid)
	}
}

// TestCompactOwnerRefused: a file whose owner cannot be kept is not replaced.
func TestCompactOwnerRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away and act for another")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "x.ledger")
	small(t, path)
	const uid = 12345
	for _, err := range []error{os.Chmod(dir, 0o777), os.Chmod(path, 0o666), os.Chmod(filepath.Dir(dir), 0o777)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before, _ := fingerprint(t, path)
	var err error
	as(t, uid, func() { err = store.CompactBolt(path, path) })
	if err == nil || !strings.Contains(err.Error(), "owner 0") {
		t.Errorf("compacting another's file: %v", err)
	}
	if after, _ := fingerprint(t, path); before != after {
		t.Error("the file was changed")
	}
	onlyFile(t, path)
}

// as runs f with another effective user.
func as(t *testing.T, uid int, f func()) {
	t.Helper()
	if err := syscall.Seteuid(uid); err != nil {
		t.Skipf("no other user here: %v", err)
	}
	defer func() {
		if err := syscall.Seteuid(0); err != nil {
			t.Fatal(err)
		}
	}()
	f()
}
