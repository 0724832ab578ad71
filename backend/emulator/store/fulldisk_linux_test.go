package store_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// TestFullDisk fills a real file system of 3 MB: groups that do not fit are
// refused, the store goes on when there is room again, nothing acknowledged is
// lost.
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
	path, ballast := filepath.Join(dir, "test.ledger"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openBolt(t, path, store.BoltOptions{})
	o := readOutcomes(t, "")
	full := fillDisk(t, b, 1, &o)
	if full < 10 {
		t.Errorf("the disk was full at group %d", full)
	}
	fillDisk(t, b, full+1, &o) // once more while it is full
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if again := fillDisk(t, b, full+1000, &o); again < full+1010 {
		t.Errorf("with 1 MB more room only %d groups fitted", again-full-1000)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := o.checkFile(path); err != nil {
		t.Error(err)
	}
	if err := store.CompactBolt(path, path); err == nil {
		t.Log("compacting found room")
	} else if err := o.checkFile(path); err != nil {
		t.Errorf("after compacting failed: %v", err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("temporary files are left: %q", left)
	}
}
