//go:build linux || darwin

package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/backend/emulator/store/storetest"
)

// TestSystemCallFaults lets the k-th write, sync or growing of a writing
// process fail, for each k that it gets to. It must say of each group whether
// it is applied, refused or unknown, and the file must bear it out.
func TestSystemCallFaults(t *testing.T) {
	if raceDetector {
		t.Skip("what a child process does is the same with the race detector, only much slower")
	}
	for _, fault := range []struct {
		call, errno string
		fatal       bool // must the store refuse everything afterwards?
	}{
		{"pwrite64", "ENOSPC", false},
		{"pwrite64", "EIO", false},
		{"ftruncate", "ENOSPC", false},
		{"fdatasync", "EIO", true},
		{"fsync", "EIO", true},
	} {
		t.Run(fault.call+" "+fault.errno, func(t *testing.T) {
			hit := 0
			for k := 1; ; k++ {
				o := runFaulty(t, fmt.Sprintf("%s:error=%s:when=%d", fault.call, fault.errno, k))
				if len(o.applied) == faultyGroups {
					break // there is no k-th call
				}
				hit++
				if fault.fatal && len(o.applied)+len(o.unknown) != faultyGroups {
					t.Errorf("k = %d: a failed sync must make all that follows unknown: %q", k, o.lines)
				}
				if !fault.fatal && len(o.refused) != 1 {
					t.Errorf("k = %d: a failed write must refuse one group and go on: %q", k, o.lines)
				}
			}
			if hit == 0 {
				t.Error("the fault was never met")
			}
			t.Logf("%d calls failed, one a run", hit)
		})
	}
}

const faultyGroups = 3

// runFaulty runs a child on a new file with one fault and checks what is left.
func runFaulty(t *testing.T, fault string) outcomes {
	t.Helper()
	path := newPath(t)
	if err := openBolt(t, path, store.BoltOptions{}).Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := startable(path, childGroups+"="+fmt.Sprint(faultyGroups), childGoOn+"=1")
	cmd.Stdout = &out
	if err := storetest.Inject(t, cmd, fault); err != nil {
		t.Fatalf("%s: %v", fault, err)
	}
	o := readOutcomes(t, out.String())
	if len(o.lines) != faultyGroups {
		t.Fatalf("%s: the child said %q", fault, o.lines)
	}
	if err := o.checkFile(path); err != nil {
		t.Errorf("%s: after %q: %v", fault, o.lines, err)
	}
	return o
}

// TestFileSizeLimit: a file that may not grow any more refuses groups, and
// stays whole.
func TestFileSizeLimit(t *testing.T) {
	if raceDetector {
		t.Skip("what a child process does is the same with the race detector, only much slower")
	}
	for _, limit := range []int{40 << 10, 100 << 10, 1200 << 10, 3 << 20} {
		path := newPath(t)
		if err := openBolt(t, path, store.BoltOptions{}).Close(); err != nil {
			t.Fatal(err)
		}
		cmd := startable(path, childGroups+"=1500", childGoOn+"=1", fmt.Sprintf("%s=%d", childLimit, limit))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		o := readOutcomes(t, string(out))
		if len(o.refused) == 0 || len(o.unknown) > 0 {
			t.Errorf("limit %d: %d groups applied, %d refused, %d unknown", limit, len(o.applied), len(o.refused), len(o.unknown))
		}
		if limit > 1<<20 && len(o.applied) == 0 {
			t.Errorf("limit %d: no group was applied: %q", limit, o.lines[0])
		}
		if err := o.checkFile(path); err != nil {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

// fillDisk applies groups from the n-th on until one does not fit, and returns
// the number of that one.
func fillDisk(t *testing.T, b *store.Bolt, n int, o *outcomes) int {
	t.Helper()
	for ; n < 10_000; n++ {
		err := b.Apply(numbered(n))
		o.add(t, outcome(n, err))
		if err != nil {
			if !errors.Is(err, store.ErrNotApplied) || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("a full disk gives %v", err)
			}
			return n
		}
	}
	t.Fatal("the disk is never full")
	return 0
}

// TestKilledAtEachCall kills a process at its k-th write, sync or growing, for
// each k that it gets to, and opens what is left.
func TestKilledAtEachCall(t *testing.T) {
	if raceDetector {
		t.Skip("what a child process does is the same with the race detector, only much slower")
	}
	for _, call := range []string{"pwrite64", "fdatasync", "ftruncate", "write"} {
		for k := 1; ; k++ {
			path := newPath(t)
			if err := openBolt(t, path, store.BoltOptions{}).Close(); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			cmd := startable(path, childGroups+"=3")
			cmd.Stdout = &out
			survived := storetest.Inject(t, cmd, fmt.Sprintf("%s:signal=KILL:when=%d", call, k)) == nil
			o := readOutcomes(t, out.String())
			if err := o.checkFile(path); err != nil {
				t.Errorf("killed at %s %d, after %q: %v", call, k, o.lines, err)
			}
			if survived {
				if k == 1 {
					t.Errorf("the process never called %s", call)
				}
				break
			}
		}
	}
}

// TestKilledWhileMaking kills a process that creates or compacts a file at each
// of its calls. What is left opens, and holds all it held.
func TestKilledWhileMaking(t *testing.T) {
	if raceDetector {
		t.Skip("what a child process does is the same with the race detector, only much slower")
	}
	old := newPath(t)
	had := filled(t, old, 20)
	content, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"create", "compact"} {
		killed := 0
		for _, call := range []string{"pwrite64", "fdatasync", "ftruncate", "linkat", "renameat", "fsync"} {
			for k := 1; ; k++ {
				path := newPath(t)
				want := outcomes{}
				if what == "compact" {
					want = had
					if err := os.WriteFile(path, content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				survived := storetest.Inject(t, startable(path, childDoes+"="+what), fmt.Sprintf("%s:signal=KILL:when=%d", call, k)) == nil
				if err := openBolt(t, path, store.BoltOptions{MustExist: what == "compact"}).Close(); err != nil {
					t.Fatal(err)
				}
				if err := want.checkFile(path); err != nil {
					t.Errorf("%s, killed at %s %d: %v", what, call, k, err)
				}
				if survived {
					break
				}
				killed++
			}
		}
		if killed < 5 {
			t.Errorf("%s: killed at %d calls only", what, killed)
		}
	}
}

// TestKilledAnywhere kills a writing process at moments of chance, again and
// again on one file.
func TestKilledAnywhere(t *testing.T) {
	path := newPath(t)
	if err := openBolt(t, path, store.BoltOptions{}).Close(); err != nil {
		t.Fatal(err)
	}
	all := readOutcomes(t, "")
	next := 1
	for round := range 10 {
		cmd := startable(path, fmt.Sprintf("%s=%d", childFirst, next))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := killAfter(t, out, cmd.Process, 1+round*7%23)
		_ = cmd.Wait() // it was killed
		o := readOutcomes(t, said)
		for n := range o.applied {
			all.applied[n] = true
		}
		next += len(o.applied) + 1 // the one after the last acknowledged may be there or not
		if err := all.checkFile(path); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// killAfter reads n lines, kills the process and reads what it still said.
func killAfter(t *testing.T, out interface{ Read([]byte) (int, error) }, p *os.Process, n int) string {
	t.Helper()
	var said []byte
	buf := make([]byte, 512)
	for {
		if bytes.Count(said, []byte("\n")) >= n {
			_ = p.Kill()
		}
		k, err := out.Read(buf)
		said = append(said, buf[:k]...)
		if err != nil {
			return string(said)
		}
	}
}
