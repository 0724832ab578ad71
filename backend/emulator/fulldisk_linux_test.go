package emulator_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
)

// TestFullDisk fills a real file system: transactions that do not fit are
// refused with the reason, reading goes on, and so does writing once there is
// room; nothing acknowledged is lost.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("no file system of limited size can be mounted here (it takes root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting %s: %v", dir, err)
		}
	})
	path, ballast := filepath.Join(dir, "full.tally"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	once(t, l, "CREATE TABLE T", nil)
	full := fill(t, l, 0)
	if full < 5 {
		t.Errorf("the disk was full after %d documents", full)
	}
	if again := fill(t, l, full); again > full+5 {
		t.Errorf("on a full disk %d more documents fitted", again-full)
	} else {
		full = again
	}
	x := begin(t, l)
	equalRows(t, x.q("SELECT COUNT(*) FROM T"), fmt.Sprintf("{_1:%d}", full))
	checked(t, l)
	if err := x.s.EndSession(t.Context()); err != nil {
		t.Error(err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	more := fill(t, l, full)
	if more < full+5 {
		t.Errorf("with 1 MB more room only %d documents fitted", more-full)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = emulator.Open(path); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	checked(t, l)
	equalRows(t, begin(t, l).q("SELECT COUNT(*) FROM T"), fmt.Sprintf("{_1:%d}", more))
}
