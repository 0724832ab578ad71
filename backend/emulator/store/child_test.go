//go:build linux || darwin

package store_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// Some tests need a process of its own, to trace it, to kill it or to limit it.
// That process is the test binary again, told by the environment what to do.
const (
	childFile   = "STORE_TEST_FILE"   // the ledger file; set in a child only
	childFirst  = "STORE_TEST_FIRST"  // the number of its first group, 1 when not set
	childGroups = "STORE_TEST_GROUPS" // how many groups to apply, 0 for until it is killed
	childNoSync = "STORE_TEST_NOSYNC" // 1: with syncing switched off
	childLimit  = "STORE_TEST_LIMIT"  // bytes that a file may have
	childDoes   = "STORE_TEST_DOES"   // create or compact: only that, no groups
	childGoOn   = "STORE_TEST_GO_ON"  // 1: go on after an error as long as the store does
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startable returns a command that runs child on the file at path, told the
// rest by env, as NAME=value.
func startable(path string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, childFile+"="+path)...)
	cmd.Stderr = os.Stderr
	return cmd
}

// child applies numbered groups and says on standard output how each ended.
func child(path string) error {
	runtime.LockOSThread() // strace counts the calls of each thread apart
	limitFiles()
	switch os.Getenv(childDoes) {
	case "create":
		b, err := store.OpenBolt(path, store.BoltOptions{})
		if err != nil {
			return err
		}
		return b.Close()
	case "compact":
		return store.CompactBolt(path, path)
	}
	b, err := store.OpenBolt(path, store.BoltOptions{MustExist: true, NoSync: os.Getenv(childNoSync) == "1"})
	if err != nil {
		return err
	}
	groups, _ := strconv.Atoi(os.Getenv(childGroups))
	first, _ := strconv.Atoi(os.Getenv(childFirst))
	first = max(first, 1)
	for n := first; groups == 0 || n < first+groups; n++ {
		err := b.Apply(numbered(n))
		if _, err := os.Stdout.WriteString(outcome(n, err) + "\n"); err != nil {
			return err
		}
		if err != nil && os.Getenv(childGoOn) != "1" {
			break
		}
	}
	return b.Close()
}

func limitFiles() {
	limit, err := strconv.ParseUint(os.Getenv(childLimit), 10, 64)
	if err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// outcome is the line by which a child acknowledges a group.
func outcome(n int, err error) string {
	switch {
	case err == nil:
		return fmt.Sprintf("applied %d", n)
	case errors.Is(err, store.ErrNotApplied):
		return fmt.Sprintf("refused %d: %v", n, err)
	case errors.Is(err, store.ErrUnknownOutcome):
		return fmt.Sprintf("unknown %d: %v", n, err)
	default:
		return fmt.Sprintf("strange %d: %v", n, err)
	}
}

// numbered is the n-th group: a block, and its number in three other spaces,
// one of them at a key that each group overwrites.
func numbered(n int) []store.Op {
	key := binary.BigEndian.AppendUint64(nil, uint64(n))
	scattered := binary.BigEndian.AppendUint64(nil, uint64(n)*0x9E3779B97F4A7C15)
	block := []byte(strings.Repeat(fmt.Sprintf("block %d ", n), 300))
	return []store.Op{
		{Space: store.Journal, Key: key, Value: block},
		{Space: store.Document, Key: key, Value: key},
		{Space: store.Index, Key: scattered, Value: key},
		{Space: store.Meta, Key: []byte("last"), Value: key},
	}
}

// outcomes is what a child said of its groups.
type outcomes struct {
	applied, refused, unknown map[int]bool
	lines                     []string
}

func readOutcomes(t testing.TB, output string) outcomes {
	t.Helper()
	o := outcomes{applied: map[int]bool{}, refused: map[int]bool{}, unknown: map[int]bool{}}
	for line := range strings.Lines(output) {
		if !strings.HasSuffix(line, "\n") {
			break // the child was killed while it wrote that
		}
		o.add(t, strings.TrimSpace(line))
	}
	return o
}

func (o *outcomes) add(t testing.TB, line string) {
	t.Helper()
	var how string
	var n int
	if _, err := fmt.Sscanf(line, "%s %d", &how, &n); err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	set, ok := map[string]map[int]bool{"applied": o.applied, "refused": o.refused, "unknown": o.unknown}[how]
	if !ok {
		t.Fatalf("the child said %q: an error that says neither what was applied nor that it is unknown", line)
	}
	set[n] = true
	o.lines = append(o.lines, line)
}

// checkFile opens the file at path and checks it against what was said of it:
// acknowledged groups are there whole, refused ones are not, and any other one
// is there whole or not at all.
func (o *outcomes) checkFile(path string) error {
	b, err := store.OpenBolt(path, store.BoltOptions{MustExist: true, ReadOnly: true})
	if err != nil {
		return err
	}
	defer b.Close()
	snap, err := b.View()
	if err != nil {
		return err
	}
	found, err := groupsIn(snap)
	if err = errors.Join(err, snap.Close()); err != nil {
		return err
	}
	for n := range o.applied {
		if !found[n] {
			return fmt.Errorf("group %d was acknowledged and is not there", n)
		}
	}
	for n := range o.refused {
		if found[n] {
			return fmt.Errorf("group %d was refused and is there", n)
		}
	}
	return nil
}

// groupsIn returns the groups that are there, and an error where one is there
// in part.
func groupsIn(snap store.Snapshot) (map[int]bool, error) {
	found := map[int]bool{}
	last := 0
	for k, v := range store.Scan(snap, store.Journal, nil) {
		n := int(binary.BigEndian.Uint64(k))
		found[n], last = true, n
		for _, op := range numbered(n) {
			if got := snap.Get(op.Space, op.Key); op.Space != store.Meta && string(got) != string(op.Value) {
				return nil, fmt.Errorf("group %d: %s has %.20q at %x", n, op.Space, got, op.Key)
			}
		}
		if len(v) == 0 {
			return nil, fmt.Errorf("group %d has no block", n)
		}
	}
	for _, s := range []store.Space{store.Document, store.Index} {
		count := 0
		for range store.Scan(snap, s, nil) {
			count++
		}
		if count != len(found) {
			return nil, fmt.Errorf("%d groups, but %d keys in %s", len(found), count, s)
		}
	}
	if v := snap.Get(store.Meta, []byte("last")); last > 0 && int(binary.BigEndian.Uint64(v)) != last {
		return nil, fmt.Errorf("the last group is %d, meta says %x", last, v)
	}
	return found, nil
}
