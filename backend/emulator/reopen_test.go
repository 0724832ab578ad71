package emulator_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// TestReopen: a ledger that is opened again is the same one, and its times and
// ids go on from where they were, though the clock was set back.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "again.tally")
	start := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	var strand, lastID string
	var kept ledger.Digest
	t.Run("first", func(t *testing.T) {
		l := withTable(t, emulatortest.WithFile(path), emulatortest.At(start))
		lastID = documentID(t, l.Exec(t, "INSERT INTO T {'k': 1}"))
		l.Exec(t, "CREATE TABLE Dropped")
		l.Exec(t, "DROP TABLE Dropped")
		strand, kept = l.StrandID(), digestOf(t, l.Ledger)
	})
	t.Run("second", func(t *testing.T) {
		l := emulatortest.New(t, emulatortest.WithFile(path), emulatortest.At(start.Add(-time.Hour)), emulatortest.With(emulator.WithName("another name")))
		if l.StrandID() != strand || l.Name() != "test" || !l.CreatedAt().Equal(start) || digestOf(t, l.Ledger) != kept {
			t.Errorf("ledger %s of %s, strand %s, digest %v", l.Name(), l.CreatedAt(), l.StrandID(), digestOf(t, l.Ledger))
		}
		before, err := hashchain.ParseID(lastID)
		if err != nil {
			t.Fatal(err)
		}
		id, err := hashchain.ParseID(documentID(t, l.Exec(t, "INSERT INTO T {'k': 2}")))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := before.SortKey(), id.SortKey(); bytes.Compare(a[:], b[:]) >= 0 {
			t.Errorf("id %s comes after %s and does not rise above it", id, before)
		}
		equalRows(t, l.Exec(t, "SELECT VALUE k FROM T"), "1", "2")
		equalRows(t, l.Exec(t, "SELECT VALUE metadata.txTime FROM _ql_committed_T WHERE data.k = 2"), "2025-06-01T12:00:00.000Z")
		equalRows(t, l.Exec(t, "SELECT VALUE status FROM information_schema.user_tables"), `"ACTIVE"`, `"INACTIVE"`)
		if _, err := ledger.FetchBlock(t.Context(), l, address(l.Ledger, 3), kept); err != nil {
			t.Errorf("under the digest kept from before: %v", err)
		}
	})
}

// TestOpenRefuses files that it must not write, and leaves them as they are.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.tally")
	t.Run("make", func(t *testing.T) {
		l := withTable(t, emulatortest.WithFile(good))
		l.Exec(t, "INSERT INTO T {'k': 1}")
	})
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		is      error
	}{
		"foreign": {[]byte("this is a letter to my sister"), store.ErrForeign},
		"cut off": {whole[:20_000], ledger.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "file")
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := emulator.Open(path); !errors.Is(err, c.is) {
				t.Errorf("opening it gives %v, want %v", err, c.is)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, c.content) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
	if _, err := emulator.Open(filepath.Join(dir, "none"), emulator.WithCreate(false)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there gives %v", err)
	}
	l, err := emulator.Open(good)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := emulator.Open(good); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a file that is open gives %v", err)
	}
}

// TestReadOnly: a file that is opened for reading can be read as a whole, and
// does not change.
func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "read.tally")
	t.Run("make", func(t *testing.T) {
		l := withTable(t, emulatortest.WithFile(path))
		l.Exec(t, "INSERT INTO T {'k': 1}")
	})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := emulator.Open(path, emulator.WithReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	second, err := emulator.Open(path, emulator.WithReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	x := begin(t, l)
	equalRows(t, x.q("SELECT k FROM T WHERE k = 1"), "{k:1}")
	if err := x.commit(); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("a commit gives %v", err)
	}
	checked(t, second)
	if err := errors.Join(l.Close(), second.Close()); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed: %v", err)
	}
}

// TestURLs that ledger.Open takes, and those that it does not.
func TestURLs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url.tally")
	for _, c := range []struct{ url, name, problem string }{
		{"memory:", "memory", ""},
		{"memory:mine", "mine", ""},
		{"bolt://" + path + "?create=false", "", "no such file"},
		{"bolt://" + path + "?name=orders", "orders", ""},
		{"bolt://" + path, "orders", ""}, // a ledger keeps its name
		{"bolt://" + path + "?sync=no", "", "parameter sync=no"},
		{"bolt://host" + path, "", "names no file"},
		{"bolt:", "", "names no file"},
	} {
		l, err := ledger.Open(t.Context(), c.url)
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v, want %s", c.url, err, c.problem)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		if l.Name() != c.name {
			t.Errorf("%s: the ledger is %s, want %s", c.url, l.Name(), c.name)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// zeros is a source of random bits that has none.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestRandom: without random bits two ledgers of one clock are the same.
func TestRandom(t *testing.T) {
	now := func() time.Time { return time.UnixMilli(1_700_000_000_000) }
	var strands [2]string
	for i := range strands {
		l, err := emulator.OpenMemory("random", emulator.WithClock(now), emulator.WithRandom(zeros{}))
		if err != nil {
			t.Fatal(err)
		}
		strands[i] = l.StrandID()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if strands[0] != strands[1] || strands[0][0] != '0' {
		t.Errorf("the strands are %v", strands)
	}
}
