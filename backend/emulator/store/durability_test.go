//go:build linux || darwin

package store_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/backend/emulator/store/storetest"
)

// TestDurable follows a writing process system call by system call. Whenever it
// acknowledges a group, all it wrote is covered by a completed sync; and at
// every moment a disk that lost power, keeping what was synced and any part of
// the rest, gives a store that opens and has every acknowledged group.
func TestDurable(t *testing.T) {
	path := newPath(t)
	trace, initial := traceChild(t, path, childGroups+"=25")
	image := filepath.Join(t.TempDir(), "image.ledger")
	r := rand.New(rand.NewPCG(1, 0))
	acked, losses := readOutcomes(t, ""), 0
	replay(t, trace, path, initial, func(line string, d *storetest.Disk) error {
		if line != "" {
			acked.add(t, line)
			if len(d.Pending) > 0 {
				return fmt.Errorf("%s: %d changes are not synced", line, len(d.Pending))
			}
		}
		for _, chance := range []float64{0, 0.5, 0.95} {
			losses++
			if err := os.WriteFile(image, d.With(func() bool { return r.Float64() < chance }), 0o600); err != nil {
				return err
			}
			if err := acked.checkFile(image); err != nil {
				return fmt.Errorf("power lost after %q, %d changes pending: %w", acked.lines, len(d.Pending), err)
			}
		}
		return nil
	})
	if len(acked.applied) != 25 {
		t.Errorf("%d of 25 groups were acknowledged: %q", len(acked.applied), acked.lines)
	}
	t.Logf("%d losses of power survived", losses)
}

// TestDurableNeedsSync shows that the checks of TestDurable can fail: with
// syncing switched off, acknowledged groups are not synced, and a loss of power
// loses them.
func TestDurableNeedsSync(t *testing.T) {
	path := newPath(t)
	trace, initial := traceChild(t, path, childGroups+"=10", childNoSync+"=1")
	image := filepath.Join(t.TempDir(), "image.ledger")
	acked, unsynced, lost := readOutcomes(t, ""), 0, 0
	replay(t, trace, path, initial, func(line string, d *storetest.Disk) error {
		if line == "" {
			return nil
		}
		acked.add(t, line)
		if len(d.Pending) > 0 {
			unsynced++
		}
		if err := os.WriteFile(image, d.Synced, 0o600); err != nil {
			return err
		}
		if err := acked.checkFile(image); err != nil {
			lost++
		}
		return nil
	})
	if unsynced != 10 || lost != 10 {
		t.Errorf("without syncing, of 10 groups %d were acknowledged before they were synced and %d were lost, want all", unsynced, lost)
	}
}

// TestNewFilesDurable: a file that is created or compacted is written and
// synced as a whole before it gets its name, and its folder is synced after.
func TestNewFilesDurable(t *testing.T) {
	for _, what := range []string{"create", "compact"} {
		t.Run(what, func(t *testing.T) {
			path := newPath(t)
			want := outcomes{}
			if what == "compact" {
				want = filled(t, path, 30)
			}
			trace := readLines(t, storetest.Trace(t, startable(path, childDoes+"="+what)))
			at, temp := named(trace, path)
			if at < 0 {
				t.Fatalf("no file gets the name %s: %.2000q", path, trace)
			}
			var last storetest.Disk
			before := strings.NewReader(strings.Join(trace[:at], "\n"))
			if err := storetest.Replay(before, temp, nil, func(_ string, d *storetest.Disk) error { last = *d; return nil }); err != nil {
				t.Fatal(err)
			}
			if len(last.Pending) > 0 {
				t.Errorf("%d changes are not synced when the file gets its name", len(last.Pending))
			}
			image := filepath.Join(t.TempDir(), "image.ledger")
			if err := os.WriteFile(image, last.Synced, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := want.checkFile(image); err != nil {
				t.Errorf("what is synced when the file gets its name: %v", err)
			}
			if !folderSynced(trace[at:], filepath.Dir(path)) {
				t.Error("the folder is not synced after the file got its name")
			}
		})
	}
}

// named finds the call that gives a file the name path, and its name before.
func named(trace []string, path string) (at int, temp string) {
	for i, line := range trace {
		_, call, _ := strings.Cut(line, " ")
		call = strings.TrimSpace(call)
		parts := strings.Split(call, `"`)
		if (strings.HasPrefix(call, "link") || strings.HasPrefix(call, "rename")) && len(parts) == 5 && unhex(parts[3]) == path {
			return i, unhex(parts[1])
		}
	}
	return -1, ""
}

func folderSynced(trace []string, folder string) bool {
	fd := ""
	for _, line := range trace {
		_, call, _ := strings.Cut(line, " ")
		call = strings.TrimSpace(call)
		parts := strings.Split(call, `"`)
		if strings.HasPrefix(call, "openat") && len(parts) == 3 && unhex(parts[1]) == folder {
			fd = call[strings.LastIndex(call, " ")+1:]
		}
		if fd != "" && strings.HasPrefix(call, "fsync("+fd+")") && strings.HasSuffix(call, "= 0") {
			return true
		}
	}
	return false
}

func unhex(s string) string {
	b, _ := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	return string(b)
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(b), "\n")
}

// filled makes a ledger file with n numbered groups.
func filled(t testing.TB, path string, n int) outcomes {
	t.Helper()
	o := readOutcomes(t, "")
	b := openBolt(t, path, store.BoltOptions{})
	for i := range n {
		if err := b.Apply(numbered(i + 1)); err != nil {
			t.Fatal(err)
		}
		o.applied[i+1] = true
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return o
}

func traceChild(t *testing.T, path string, env ...string) (trace string, initial []byte) {
	t.Helper()
	if err := openBolt(t, path, store.BoltOptions{}).Close(); err != nil {
		t.Fatal(err)
	}
	initial, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return storetest.Trace(t, startable(path, env...)), initial
}

func replay(t *testing.T, trace, path string, initial []byte, step func(line string, d *storetest.Disk) error) {
	t.Helper()
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := storetest.Replay(f, path, initial, step); err != nil {
		t.Fatal(err)
	}
}
