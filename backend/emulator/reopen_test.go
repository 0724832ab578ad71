package emulator_test

import (
	"bytes"
	"context"
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

// damage is one change of a ledger file below the ledger.
type damage struct {
	name    string
	ops     func(snap store.Snapshot) []store.Op
	problem string // what Check says of it
}

// first is the first key of a space from a key on, copied.
func first(snap store.Snapshot, s store.Space, from []byte) (k, v []byte) {
	k, v = snap.Cursor(s).Seek(from)
	return bytes.Clone(k), bytes.Clone(v)
}

// change replaces a part of a value.
func change(s store.Space, from []byte, was, now string) func(store.Snapshot) []store.Op {
	return func(snap store.Snapshot) []store.Op {
		k, v := first(snap, s, from)
		return []store.Op{{Space: s, Key: k, Value: bytes.Replace(v, []byte(was), []byte(now), 1)}}
	}
}

func remove(s store.Space, from []byte) func(store.Snapshot) []store.Op {
	return func(snap store.Snapshot) []store.Op {
		k, _ := first(snap, s, from)
		return []store.Op{{Space: s, Key: k, Delete: true}}
	}
}

// double stores what is at the first key at one more.
func double(s store.Space) func(store.Snapshot) []store.Op {
	return func(snap store.Snapshot) []store.Op {
		k, v := first(snap, s, []byte{0})
		k[len(k)-3]++
		return []store.Op{{Space: s, Key: k, Value: v}}
	}
}

var (
	block3 = []byte{0, 0, 0, 0, 0, 0, 0, 3}
	leaf3  = []byte{0, 0, 0, 0, 0, 0, 0, 0, 3}
)

var damages = []damage{
	{"data in a block", change(store.Journal, block3, "Adam", "Eve!"), "block 3"},
	{"a statement in a block", change(store.Journal, block3, "INSERT", "insert"), "block 3"},
	{"a block is gone", remove(store.Journal, block3), "block 3 is not there"},
	{"a block is cut short", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.Journal, block3)
		return []store.Op{{Space: store.Journal, Key: k, Value: v[:len(v)/2]}}
	}, "block 3"},
	{"a block in the place of another", func(snap store.Snapshot) []store.Op {
		_, v := first(snap, store.Journal, []byte{0, 0, 0, 0, 0, 0, 0, 4})
		return []store.Op{{Space: store.Journal, Key: block3, Value: v}}
	}, "previousBlockHash is not the hash of block 2"},
	{"a tree node", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.Tree, leaf3)
		v[7]++
		return []store.Op{{Space: store.Tree, Key: k, Value: v}}
	}, "block 3: tree node 3 at level 0 does not hold its hash"},
	{"a tree node is gone", remove(store.Tree, leaf3), "block 3: tree node 3 at level 0"},
	{"data of a document", change(store.Document, []byte{0}, "Adam", "Eve!"), "does not have the hash of its revision"},
	{"a document is gone", remove(store.Document, []byte{0}), "documents are stored"},
	{"a document too many", double(store.Document), "is not the last revision of the journal"},
	{"a history record is gone", remove(store.History, []byte{0}), "history has no right record of version 0"},
	{"a history record too many", double(store.History), "history has "},
	{"an index entry is gone", remove(store.Index, []byte{0}), "has no entry in the index on k"},
	{"an index entry too many", double(store.Index), "has an entry for document"},
}

// TestCheckFinds each kind of damage, and names what is wrong.
func TestCheckFinds(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			path := damagedFile(t, d)
			l, err := emulator.Open(path)
			if err != nil {
				t.Fatalf("older damage keeps the ledger from opening: %v", err)
			}
			defer l.Close()
			var found []string
			for problem, err := range l.Check(context.Background()) {
				if err != nil {
					t.Errorf("the check ends with %v", err)
					break
				}
				found = append(found, problem)
			}
			if !strings.Contains(strings.Join(found, "\n"), d.problem) {
				t.Errorf("found is %q, want %q", found, d.problem)
			}
			for range l.Check(context.Background()) {
				break // stopping early is fine
			}
		})
	}
}

// damagedFile makes a ledger of some blocks and damages it.
func damagedFile(t *testing.T, d damage) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.tally")
	t.Run("make", func(t *testing.T) {
		l := withTable(t, emulatortest.WithFile(path))
		l.Exec(t, "INSERT INTO T {'k': 1, 'name': 'Adam'}")
		l.Exec(t, "INSERT INTO T {'k': 2}")
		l.Exec(t, "SELECT * FROM T")
		l.Exec(t, "SELECT * FROM T")
	})
	b, err := store.OpenBolt(path, store.BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := b.View()
	if err != nil {
		t.Fatal(err)
	}
	ops := d.ops(snap)
	if err := errors.Join(snap.Close(), b.Apply(ops), b.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDamagedTip: damage of the last block, of what leads to the digest or of
// the ledger's own records is found by opening.
func TestDamagedTip(t *testing.T) {
	last := []byte{0, 0, 0, 0, 0, 0, 0, 6}
	for _, d := range []damage{
		{"last block", change(store.Journal, last, "SELECT", "select"), ""},
		{"hash of the last block", func(snap store.Snapshot) []store.Op {
			b := snap.Get(store.Journal, last)
			v := bytes.Clone(b)
			i := bytes.LastIndexByte(v[:200], 0xae) // of a blob of 32 bytes
			v[i+5]++
			return []store.Op{{Space: store.Journal, Key: last, Value: v}}
		}, ""},
		{"last block is gone", remove(store.Journal, last), ""},
		{"right edge of the tree", remove(store.Tree, []byte{2}), ""},
		{"tip record", remove(store.Meta, []byte("tip")), ""},
		{"tip record of another block", func(snap store.Snapshot) []store.Op {
			k, v := first(snap, store.Meta, []byte("tip"))
			v[7]--
			return []store.Op{{Space: store.Meta, Key: k, Value: v}}
		}, ""},
		{"record of the ledger", change(store.Meta, []byte("ledger"), "test", "\xff\xff\xff\xff"), ""},
		{"catalog", change(store.Catalog, []byte{0}, "ACTIVE", "\xff\xff\xff\xff\xff\xff"), ""},
	} {
		t.Run(d.name, func(t *testing.T) {
			path := damagedFile(t, d)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := emulator.Open(path)
			if err == nil {
				_ = l.Close()
			}
			if !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("opening it gives %v, want ledger.ErrDamaged", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

// TestDamageMetByReading: whatever reads a damaged block says which one it is,
// and from then on nothing is written.
func TestDamageMetByReading(t *testing.T) {
	var cut damage
	for _, d := range damages {
		if d.name == "a block is cut short" {
			cut = d
		}
	}
	for name, read := range map[string]func(l *emulator.Ledger) error{
		"block": func(l *emulator.Ledger) error {
			_, err := l.Block(t.Context(), address(l, 3), nil)
			return err
		},
		"journal": func(l *emulator.Ledger) error {
			for _, err := range l.Journal(t.Context(), 0) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"history": func(l *emulator.Ledger) error {
			_, err := begin(t, l).try("SELECT * FROM history(T)")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := emulator.Open(damagedFile(t, cut))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			once(t, l, "INSERT INTO T {'k': 3}", nil) // nobody knows yet
			if err := read(l); !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "block 3") {
				t.Errorf("reading gives %v", err)
			}
			once(t, l, "INSERT INTO T {'k': 4}", ledger.ErrReadOnly)
			equalRows(t, begin(t, l).q("SELECT VALUE k FROM T"), "1", "2", "3")
		})
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
