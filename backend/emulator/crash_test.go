package emulator_test

import (
	"bufio"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

var crashRounds = flag.Int("crash.rounds", 20, "how often TestKilled kills a process")

// TestKilled kills a process that writes from several goroutines, at moments of
// chance, again and again on one file. Each time everything acknowledged is
// there, nothing is half there, and documents, history, indexes and block tree
// are those that the journal says.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "killed.tally")
	if err := makeWorked(path); err != nil {
		t.Fatal(err)
	}
	var all said
	for round := range *crashRounds {
		before := all.lines
		// From before its first write to well into its work.
		killOnce(t, path, &all, time.Duration(rand.Int64N(int64(200*time.Millisecond))))
		if err := all.checkWorked(path); err != nil {
			t.Fatalf("round %d: %v; said was %+v", round, err, all)
		}
		// A transaction that was under way is there or not; what counts from here
		// on is that it stays so.
		settle(t, path, &all)
		t.Logf("round %d: %d transactions acknowledged", round, all.lines-before)
	}
	if all.lines < *crashRounds {
		t.Errorf("%d transactions in %d rounds: this test shows little", all.lines, *crashRounds)
	}
}

// killOnce runs a child, kills it some time after it is ready, and notes what
// it said until then.
func killOnce(t *testing.T, path string, all *said, after time.Duration) {
	t.Helper()
	cmd := startable(path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // it is dead; a line that it did not end was not said
		}
		if line == "ready\n" {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		if err := all.add(line[:len(line)-1]); err != nil {
			t.Error(err)
		}
	}
	_ = cmd.Wait() // it was killed
}

// settle takes the counters as they are for what was acknowledged.
func settle(t *testing.T, path string, all *said) {
	t.Helper()
	counts, err := counters(path)
	if err != nil {
		t.Fatal(err)
	}
	all.committed = counts
}
