package storetest_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store/storetest"
)

// hexed is s as strace's option -xx prints it.
func hexed(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	return `"` + b.String() + `"`
}

// story is a trace with all that Replay has to understand: two threads, halves
// of calls, a write during a sync, failed and short writes, another file, a
// descriptor that is used again.
func story() string {
	return strings.Join([]string{
		`10 openat(AT_FDCWD, ` + hexed("/other") + `, O_RDWR|O_CLOEXEC) = 4`,
		`10 openat(AT_FDCWD, ` + hexed("/file") + `, O_RDWR|O_CLOEXEC) = 3`,
		`10 pwrite64(4, ` + hexed("zz") + `, 2, 0) = 2`,
		`10 pwrite64(3, ` + hexed("ab") + `, 2, 1) = 2`,
		`11 fdatasync(3 <unfinished ...>`,
		`10 pwrite64(3, ` + hexed("LATE") + `, 4, 3 <unfinished ...>`,
		`10 <... pwrite64 resumed>)           = 3`,
		`11 <... fdatasync resumed>)          = 0`,
		`10 pwrite64(3, ` + hexed("bad") + `, 3, 0) = -1 ENOSPC (No space left on device)`,
		`10 fsync(4)                          = 0`,
		`10 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=10, si_uid=0} ---`,
		`10 write(1, ` + hexed("one\ntw") + `, 6) = 6`,
		`10 fdatasync(3)                      = -1 EIO (Input/output error)`,
		`10 write(1, ` + hexed("o\n") + ` <unfinished ...>`,
		`10 <... write resumed>, 2)           = 2`,
		`10 fdatasync(3)                      = 0`,
		`10 ftruncate(3, 2)                   = 0`,
		`10 close(3)                          = 0`,
		`10 openat(AT_FDCWD, ` + hexed("/third") + `, O_RDWR) = 3`,
		`10 pwrite64(3, ` + hexed("zz") + `, 2, 0) = 2`,
		`10 write(1, ` + hexed("three\n") + `, 6) = 6`,
		`10 +++ exited with 0 +++`,
	}, "\n")
}

func TestReplay(t *testing.T) {
	var got []string
	err := storetest.Replay(strings.NewReader(story()), "/file", []byte("----"), func(line string, d *storetest.Disk) error {
		if line == "" {
			line = "-"
		}
		all := d.With(func() bool { return true })
		none := d.With(func() bool { return false })
		if string(none) != string(d.Synced) {
			t.Errorf("With nothing = %q, synced is %q", none, d.Synced)
		}
		got = append(got, fmt.Sprintf("%s %s %d %s %d", line, d.Synced, len(d.Pending), all, d.Syncs))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"- ---- 1 -ab- 0",
		"- ---- 2 -abLAT 0",
		"- -ab- 1 -abLAT 1",
		"one -ab- 1 -abLAT 1",
		"two -ab- 1 -abLAT 1",
		"- -abLAT 0 -abLAT 2",
		"- -abLAT 1 -a 2",
		"three -abLAT 1 -a 2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("Replay went through\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReplayStops(t *testing.T) {
	stop := errors.New("stop")
	err := storetest.Replay(strings.NewReader(story()), "/file", nil, func(string, *storetest.Disk) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("Replay = %v, want the error of its function", err)
	}
	for _, bad := range []string{
		`1 pwrite64(3, "\x61"..., 2000, 0) = 2000`, // cut short by strace
		`1 pwrite64(3, "\x6", 1, 0) = 1`,
		`1 pwrite64(3, "\x61", 1, 99999999999999) = 1`,
		`1 ftruncate(3, x) = 0`,
		`1 write(3, "\x61", 1) = 1`,
	} {
		trace := `1 openat(AT_FDCWD, ` + hexed("/file") + `, O_RDWR) = 3` + "\n" + bad
		if err := storetest.Replay(strings.NewReader(trace), "/file", nil, func(string, *storetest.Disk) error { return nil }); err == nil {
			t.Errorf("Replay takes %s", bad)
		}
	}
}

func FuzzReplay(f *testing.F) {
	f.Add(story())
	f.Add("1 fdatasync(")
	f.Add(`1 <... pwrite64 resumed>) = 1`)
	f.Fuzz(func(t *testing.T, trace string) {
		_ = storetest.Replay(strings.NewReader(trace), "/file", nil, func(_ string, d *storetest.Disk) error {
			if len(d.Synced) > 1<<20 || len(d.Pending) > 100 {
				return errors.New("enough")
			}
			return nil
		})
	})
}

// ExampleReplay asks whether a process that acknowledged something had synced
// what it wrote.
func ExampleReplay() {
	trace := strings.NewReader(strings.Join([]string{
		`7 openat(AT_FDCWD, ` + hexed("/ledger") + `, O_RDWR) = 3`,
		`7 pwrite64(3, ` + hexed("block 0") + `, 7, 0) = 7`,
		`7 fdatasync(3) = 0`,
		`7 write(1, ` + hexed("committed 0\n") + `, 12) = 12`,
		`7 pwrite64(3, ` + hexed("block 1") + `, 7, 7) = 7`,
		`7 write(1, ` + hexed("committed 1\n") + `, 12) = 12`,
	}, "\n"))
	err := storetest.Replay(trace, "/ledger", nil, func(line string, d *storetest.Disk) error {
		if line != "" {
			fmt.Printf("%s: the disk has %q, %d changes could be lost\n", line, d.Synced, len(d.Pending))
		}
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// committed 0: the disk has "block 0", 0 changes could be lost
	// committed 1: the disk has "block 0", 1 changes could be lost
}
