package emulator_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/ledger"
)

// TestCheckFindsPages: one changed bit in the list of free pages, or in how many
// pages belong to one, hurts nothing that is there. Check finds it before it does.
func TestCheckFindsPages(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.tally")
	l, err := emulator.Open(path, emulator.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	filled(t, l, 80, map[string]any{"n": 1})
	for range 3 {
		if err := execute(t.Context(), l, "INSERT INTO T {'n':1}"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := os.Getpagesize()
	number := func(at int) int { return int(binary.NativeEndian.Uint64(content[at:])) }
	meta := 0
	if number(size+16+48) > number(16+48) {
		meta = size
	}
	list, root := number(meta+16+32)*size, number(meta+16+16)*size
	for _, c := range []struct {
		name string
		at   int
		want string
	}{
		{"whole", -1, ""},
		{"an entry of the list", list + 16, "the list of free pages"},
		{"the length of the list", list + 10, "the list of free pages"},
		{"the pages of the list", list + 12, "the list of free pages"},
		{"the pages of another", root + 12, "it says that it has 3 pages, what it holds takes 1"},
	} {
		changed := append([]byte(nil), content...)
		if c.at >= 0 {
			changed[c.at] ^= 2
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		found := problems(t, path)
		if c.want == "" && len(found) > 0 || c.want != "" && !strings.Contains(strings.Join(found, "\n"), c.want) {
			t.Errorf("%s: found is %q, want %q", c.name, found, c.want)
		}
		if c.want != "" {
			closedAtFirst(t, path)
		}
	}
}

// closedAtFirst closes a ledger, opened for reading, at the first thing that Check
// says of it.
func closedAtFirst(t *testing.T, path string) {
	t.Helper()
	l, err := emulator.Open(path, emulator.WithReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	for _, last := range l.Check(t.Context()) {
		if err == nil {
			if cerr := l.Close(); cerr != nil {
				t.Errorf("Close in the loop: %v", cerr)
			}
		}
		err = last
	}
	if !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("the loop ended with %v, want %v", err, ledger.ErrClosed)
	}
}

// problems is what Check says of a file that is opened for reading.
func problems(t *testing.T, path string) (found []string) {
	t.Helper()
	l, err := emulator.Open(path, emulator.WithReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for problem, err := range l.Check(t.Context()) {
		if err != nil {
			t.Errorf("the check ends with %v", err)
			break
		}
		found = append(found, problem)
	}
	return found
}
