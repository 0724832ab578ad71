package emulator_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/ledger"
)

// damage is one change of a ledger file below the ledger.
type damage struct {
	name    string
	ops     func(snap store.Snapshot) []store.Op
	changed string // what Check says of it where the checksum is left as it was
	forged  string // what Check says of it where the checksum fits
}

// forge gives the values of ops the checksums that they should have.
func forge(ops []store.Op) {
	for i := range ops {
		if op := &ops[i]; !op.Delete {
			op.Value = emulator.Seal(op.Space, op.Key, op.Value[:len(op.Value)-4])
		}
	}
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
	block1 = []byte{0, 0, 0, 0, 0, 0, 0, 1}
	block3 = []byte{0, 0, 0, 0, 0, 0, 0, 3}
)

var damages = []damage{
	{"data in a block", change(store.Journal, block3, "Adam", "Eve!"), "block 3 was changed on disk", "block 3"},
	{"a statement in a block", change(store.Journal, block3, "INSERT", "insert"), "block 3 was changed on disk", "block 3"},
	{"a block is gone", remove(store.Journal, block3), "block 3 is not there", "block 3 is not there"},
	{"a block is cut short", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.Journal, block3)
		return []store.Op{{Space: store.Journal, Key: k, Value: v[:len(v)/2]}}
	}, "block 3 was changed on disk", "block 3"},
	{"a block in the place of another", func(snap store.Snapshot) []store.Op {
		_, v := first(snap, store.Journal, []byte{0, 0, 0, 0, 0, 0, 0, 4})
		return []store.Op{{Space: store.Journal, Key: block3, Value: v}}
	}, "block 3 was changed on disk", "previousBlockHash is not the hash of block 2"},
	{"a leaf of the tree", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.Tree, block1)
		v[7]++
		return []store.Op{{Space: store.Tree, Key: k, Value: v}}
	}, "the record of block 1 in the block tree was changed on disk", "block 1: tree node 1 at level 0 does not hold its hash"},
	{"a node of the tree", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.Tree, block1)
		v[35]++
		return []store.Op{{Space: store.Tree, Key: k, Value: v}}
	}, "the record of block 1 in the block tree was changed on disk", "block 1: tree node 0 at level 1 does not hold its hash"},
	{"a tree record is gone", remove(store.Tree, []byte{0, 0, 0, 0, 0, 0, 0, 2}), "the record of block 2 in the block tree is not there", "the record of block 2 in the block tree is not there"},
	{"a tree record is cut short", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.Tree, block1)
		return []store.Op{{Space: store.Tree, Key: k, Value: v[:32+4]}}
	}, "the record of block 1 in the block tree was changed on disk", "the record of block 1 in the block tree has 32 bytes instead of 64"},
	{"data of a document", change(store.Document, []byte{0}, "Adam", "Eve!"), "of table T was changed on disk", "does not have the hash of its revision"},
	{"a document is gone", remove(store.Document, []byte{0}), "documents are stored", "documents are stored"},
	{"a document too many", double(store.Document), "of table T was changed on disk", "is not the last revision of the journal"},
	{"time of a history record", func(snap store.Snapshot) []store.Op {
		k, v := first(snap, store.History, []byte{0})
		v[len(v)-5]++
		return []store.Op{{Space: store.History, Key: k, Value: v}}
	}, "the history record of version 0 of document", "history has no right record of version 0"},
	{"a history record is gone", remove(store.History, []byte{0}), "history has no right record of version 0", "history has no right record of version 0"},
	{"a history record too many", double(store.History), "history has ", "history has "},
	{"an index entry is gone", remove(store.Index, []byte{0}), "has no entry in the index on k", "has no entry in the index on k"},
	{"an index entry too many", double(store.Index), "an entry of the index on k of table T, for document", "has an entry for document"},
}

// byName is the damage of that name.
func byName(name string) damage {
	i := slices.IndexFunc(damages, func(d damage) bool { return d.name == name })
	return damages[i]
}

// TestCheckFinds each kind of damage, and names what is wrong: as the disk does
// it, which leaves the checksum as it was, and as a forger does it.
func TestCheckFinds(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) { checkFinds(t, d, false, d.changed) })
		t.Run(d.name+", forged", func(t *testing.T) { checkFinds(t, d, true, d.forged) })
	}
}

func checkFinds(t *testing.T, d damage, forged bool, want string) {
	l, err := emulator.Open(damagedFile(t, d, forged))
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
	if !strings.Contains(strings.Join(found, "\n"), want) {
		t.Errorf("found is %q, want %q", found, want)
	}
	if strings.Contains(d.name, "tree") && len(found) != 1 {
		t.Errorf("found is %q, want one problem", found)
	}
	for range l.Check(context.Background()) {
		break // stopping early is fine
	}
}

// damagedFile makes a ledger of some blocks and damages it.
func damagedFile(t *testing.T, d damage, forged bool) string {
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
	if forged {
		forge(ops)
	}
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
		{"last block", change(store.Journal, last, "SELECT", "select"), "", ""},
		{"hash of the last block", func(snap store.Snapshot) []store.Op {
			b := snap.Get(store.Journal, last)
			v := bytes.Clone(b)
			i := bytes.LastIndexByte(v[:200], 0xae) // of a blob of 32 bytes
			v[i+5]++
			return []store.Op{{Space: store.Journal, Key: last, Value: v}}
		}, "", ""},
		{"last block is gone", remove(store.Journal, last), "", ""},
		{"right edge of the tree", remove(store.Tree, []byte{0, 0, 0, 0, 0, 0, 0, 6}), "", ""},
		{"tip record", remove(store.Meta, []byte("tip")), "", ""},
		{"tip record of another block", func(snap store.Snapshot) []store.Op {
			k, v := first(snap, store.Meta, []byte("tip"))
			v[7]--
			return []store.Op{{Space: store.Meta, Key: k, Value: v}}
		}, "", ""},
		{"record of the ledger", change(store.Meta, []byte("ledger"), "test", "\xff\xff\xff\xff"), "", ""},
		{"catalog", change(store.Catalog, []byte{0}, "ACTIVE", "\xff\xff\xff\xff\xff\xff"), "", ""},
	} {
		t.Run(d.name, func(t *testing.T) { openFinds(t, d, false) })
		t.Run(d.name+", forged", func(t *testing.T) { openFinds(t, d, true) })
	}
}

func openFinds(t *testing.T, d damage, forged bool) {
	path := damagedFile(t, d, forged)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := emulator.Open(path)
	if err == nil {
		_ = l.Close()
	}
	if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "run tally verify "+path) {
		t.Errorf("opening it gives %v, want ledger.ErrDamaged with the remedy", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed: %v", err)
	}
}

// TestDamageMetByReading: whatever reads a damaged block or document names it,
// its file and the remedy; from then on nothing is written, and the rest can
// still be read. See TestFlippedBytes too.
func TestDamageMetByReading(t *testing.T) {
	for _, c := range []struct {
		name, damage, text string
		read               func(l *emulator.Ledger) error
	}{
		{"block", "data in a block", "block 3 was changed on disk", func(l *emulator.Ledger) error {
			_, err := l.Block(t.Context(), address(l, 3), nil)
			return err
		}},
		{"journal", "a block is cut short", "block 3 was changed on disk", func(l *emulator.Ledger) error {
			for _, err := range l.Journal(t.Context(), 0) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"history", "a block is gone", "block 3 is not there", func(l *emulator.Ledger) error {
			_, err := begin(t, l).try("SELECT * FROM history(T)")
			return err
		}},
		{"document", "data of a document", "of table T was changed on disk", func(l *emulator.Ledger) error {
			_, err := begin(t, l).try("SELECT * FROM T WHERE k = 1")
			return err
		}},
		// Not a document less.
		{"index", "a document is gone", "of table T is not there, but an entry of the index on k", func(l *emulator.Ledger) error {
			_, err := begin(t, l).try("SELECT * FROM T WHERE k = 1")
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := damagedFile(t, byName(c.damage), false)
			l, err := emulator.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			once(t, l, "INSERT INTO T {'k': 3}", nil) // nobody knows yet
			remedy := "ledger file " + path + ": run tally verify " + path
			err = c.read(l)
			if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), c.text) || strings.Count(err.Error(), remedy) != 1 {
				t.Errorf("reading gives %v", err)
			}
			x := begin(t, l)
			x.q("INSERT INTO T {'k': 4}")
			err = x.commit()
			if !errors.Is(err, ledger.ErrReadOnly) || !strings.Contains(err.Error(), c.text) || strings.Count(err.Error(), remedy) != 1 {
				t.Errorf("a write gives %v", err)
			}
			equalRows(t, begin(t, l).q("SELECT VALUE k FROM T WHERE k = 2"), "2")
		})
	}
}
