//go:build unix

package emulator_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/backend/emulator/store/storetest"
	"github.com/tallyledger/tally/ledger"
)

// tracedEach is how many transactions each worker of a traced child makes.
const tracedEach = 6

// traceWorkers runs a child under strace and calls step for each of its changes
// of the ledger file and syncs, and for each line it says.
func traceWorkers(t *testing.T, step func(line string, d *storetest.Disk) error, env ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "traced.tally")
	if err := makeWorked(path); err != nil {
		t.Fatal(err)
	}
	initial, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	trace := storetest.Trace(t, startable(path, append(env, fmt.Sprintf("%s=%d", childEach, tracedEach))...))
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := storetest.Replay(f, path, initial, step); err != nil {
		t.Fatal(err)
	}
}

// TestDurable follows a process with several writers system call by system
// call. Whenever it acknowledges a transaction, a disk that lost power just
// then, with nothing but what completed syncs cover, gives a ledger that has
// all acknowledged transactions whole: the sync came after the group's writes
// and before the answer. So it is at other moments, with any part of the
// writes that are not synced yet.
func TestDurable(t *testing.T) {
	image := filepath.Join(t.TempDir(), "image.tally")
	r := rand.New(rand.NewPCG(1, 0))
	var all said
	losses, syncs := 0, 0
	survives := func(d *storetest.Disk, chance float64) error {
		losses++
		if err := os.WriteFile(image, d.With(func() bool { return r.Float64() < chance }), 0o600); err != nil {
			return err
		}
		if err := all.survived(image); err != nil {
			return fmt.Errorf("power lost after %v, %d changes pending: %w", all.committed, len(d.Pending), err)
		}
		return nil
	}
	traceWorkers(t, func(line string, d *storetest.Disk) error {
		syncs = d.Syncs
		if line != "" {
			return errors.Join(all.add(line), survives(d, 0))
		}
		if r.IntN(12) > 0 {
			return nil
		}
		return errors.Join(survives(d, 0.5), survives(d, 0.95))
	})
	if all.lines != workers*tracedEach {
		t.Errorf("%d transactions were acknowledged, want %d", all.lines, workers*tracedEach)
	}
	t.Logf("%d transactions, %d syncs, %d losses of power survived", all.lines, syncs, losses)
}

// survived is checkWorked for a moment in the middle: transactions whose
// acknowledgement was not said yet may be there too.
func (s *said) survived(path string) error {
	counts, err := counters(path)
	if err != nil {
		return err
	}
	for w, n := range s.committed {
		if counts[w] < n {
			return fmt.Errorf("worker %d: transaction %d was acknowledged, the counter is %d", w, n, counts[w])
		}
	}
	now := said{committed: counts}
	return now.checkWorked(path)
}

// TestDurableNeedsSync shows that the check of TestDurable can fail: with
// syncing switched off nothing of what was acknowledged is there after a loss of
// power.
func TestDurableNeedsSync(t *testing.T) {
	image := filepath.Join(t.TempDir(), "image.tally")
	var all said
	lost := 0
	traceWorkers(t, func(line string, d *storetest.Disk) error {
		if line == "" || line == "ready" {
			return nil
		}
		if err := errors.Join(all.add(line), os.WriteFile(image, d.Synced, 0o600)); err != nil {
			return err
		}
		if all.survived(image) != nil {
			lost++
		}
		return nil
	}, childNoSync+"=1")
	if all.lines != workers*tracedEach || lost != all.lines {
		t.Errorf("without syncing %d of %d acknowledged transactions are lost with the power, want all", lost, all.lines)
	}
}

// TestFileSizeLimit: where the file may not grow, transactions are refused with
// the reason, what was acknowledged stays, and the ledger opens again.
func TestFileSizeLimit(t *testing.T) {
	for _, room := range []int64{0, 8 << 10, 100 << 10} {
		path := filepath.Join(t.TempDir(), "limited.tally")
		if err := makeWorked(path); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		cmd := startable(path, childEach+"=60", fmt.Sprintf("%s=%d", childLimit, info.Size()+room))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var all said
		refused := 0
		for line := range strings.Lines(string(out)) {
			if err := all.add(strings.TrimSpace(line)); err != nil {
				t.Error(err)
			}
			if strings.HasPrefix(line, "refused") {
				if refused++; !strings.Contains(line, "file too large") || !strings.Contains(line, "nothing was committed") {
					t.Errorf("the reason is not told: %s", line)
				}
			}
		}
		if refused == 0 {
			t.Errorf("with %d bytes of room none of %d transactions was refused", room, all.lines)
		}
		if err := all.checkWorked(path); err != nil {
			t.Errorf("with %d bytes of room: %v", room, err)
		}
	}
}

// fill inserts documents until there is no room, and returns how many went in.
func fill(t *testing.T, l *emulator.Ledger, from int) int {
	t.Helper()
	for n := from; n < from+5000; n++ {
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute("INSERT INTO T {'n': ?, 'filling': ?}", n, strings.Repeat("x", 10_000))
			return err
		}, ledger.WithRetry(ledger.NoRetry))
		if err == nil {
			continue
		}
		if !errors.Is(err, ledger.ErrInternal) || !errors.Is(err, store.ErrNotApplied) || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("a full disk gives %v", err)
		}
		return n
	}
	t.Fatal("the disk is never full")
	return 0
}
