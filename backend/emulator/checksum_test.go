package emulator

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// flip is a store that reads one byte of one value wrong.
type flip struct {
	store.Store
	space store.Space
	key   []byte
	at    int // of the value; -1 reads it as it is
	mask  byte
}

func (f *flip) View() (store.Snapshot, error) {
	s, err := f.Store.View()
	return &flipSnapshot{s, f}, err
}

// read is what f makes of a value.
func (f *flip) read(s store.Space, k, v []byte) []byte {
	if f.at < 0 || s != f.space || !bytes.Equal(k, f.key) {
		return v
	}
	v = bytes.Clone(v)
	v[f.at] ^= f.mask
	return v
}

type flipSnapshot struct {
	store.Snapshot
	f *flip
}

func (s *flipSnapshot) Get(space store.Space, key []byte) []byte {
	v := s.Snapshot.Get(space, key)
	if v == nil {
		return nil
	}
	return s.f.read(space, key, v)
}

func (s *flipSnapshot) Cursor(space store.Space) store.Cursor {
	return &flipCursor{s.Snapshot.Cursor(space), space, s.f}
}

type flipCursor struct {
	store.Cursor
	space store.Space
	f     *flip
}

func (c *flipCursor) Seek(key []byte) (k, v []byte) { return c.read(c.Cursor.Seek(key)) }
func (c *flipCursor) First() (k, v []byte)          { return c.read(c.Cursor.First()) }
func (c *flipCursor) Last() (k, v []byte)           { return c.read(c.Cursor.Last()) }
func (c *flipCursor) Next() (k, v []byte)           { return c.read(c.Cursor.Next()) }
func (c *flipCursor) Prev() (k, v []byte)           { return c.read(c.Cursor.Prev()) }

func (c *flipCursor) read(k, v []byte) (_, _ []byte) {
	if k == nil {
		return nil, nil
	}
	return k, c.f.read(c.space, k, v)
}

// flipped is a ledger in memory on such a store: a table T with an index on k,
// documents in blocks 3 and 4, the first of them updated in block 5.
type flipped struct {
	*Ledger
	f   *flip
	id  string // of the document of blocks 3 and 5
	key docKey
	old ledger.BlockAddress // block 3
	tip ledger.BlockAddress
}

func newFlipped(t *testing.T) *flipped {
	t.Helper()
	l := &flipped{f: &flip{at: -1}}
	var err error
	l.Ledger, err = OpenMemory("flipped", withStore(func(s store.Store) store.Store {
		l.f.Store = s
		return l.f
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, s := range []string{"CREATE TABLE T", "CREATE INDEX ON T (k)", "INSERT INTO T {'k': 1, 'name': 'Ada'}", "INSERT INTO T {'k': 2}",
		"UPDATE T SET name = 'Eve' WHERE k = 1", "SELECT * FROM T", "SELECT * FROM T"} {
		if err := l.run(s); err != nil {
			t.Fatal(err)
		}
	}
	b, err := l.Block(t.Context(), l.address(3), nil)
	if err != nil {
		t.Fatal(err)
	}
	rev, _ := revisionAt(b.Value, 0)
	id, _ := rev.Path("metadata", "id")
	l.id, _ = id.Text()
	raw, err := hashchain.ParseID(l.id)
	if err != nil {
		t.Fatal(err)
	}
	l.key = makeDocKey(0, raw)
	l.old, l.tip = l.address(3), l.address(l.state.Load().seq)
	return l
}

// run runs one statement in a transaction and reads all rows.
func (l *flipped) run(statement string, params ...any) error {
	return l.Execute(context.Background(), func(tx ledger.Transaction) error {
		r, err := tx.Execute(statement, params...)
		if err == nil {
			_, err = r.All()
		}
		return err
	})
}

// sql is a read path that runs a statement.
func sql(statement string, params ...any) func(*flipped) error {
	return func(l *flipped) error { return l.run(statement, params...) }
}

func byID(statement string) func(*flipped) error {
	return func(l *flipped) error { return l.run(statement, l.id) }
}

func proveBlock(l *flipped) error {
	_, err := l.Block(context.Background(), l.old, &l.tip)
	return err
}

func readRevision(l *flipped) error {
	_, err := l.Revision(context.Background(), l.old, l.id, nil)
	return err
}

func proveRevision(l *flipped) error {
	_, err := l.Revision(context.Background(), l.old, l.id, &l.tip)
	return err
}

func readJournal(l *flipped) error {
	for _, err := range l.Journal(context.Background(), 0) {
		if err != nil {
			return err
		}
	}
	return nil
}

func redactOld(l *flipped) error {
	return l.run("EXEC REDACT_REVISION ?, ?, ?", l.old.Value(), l.state.Load().cat.tables[0].id, l.id)
}

// flips are stored values with what reads them.
var flips = []struct {
	name  string
	space store.Space
	key   func(l *flipped) []byte
	text  string // how the error names it; %s is the document
	reads map[string]func(*flipped) error
}{
	{"block", store.Journal, func(*flipped) []byte { return seqKey(3) }, "block 3 was changed on disk", map[string]func(*flipped) error{
		"Block":               func(l *flipped) error { _, err := l.Block(context.Background(), l.old, nil); return err },
		"Block with proof":    proveBlock,
		"Revision":            readRevision,
		"Revision with proof": proveRevision,
		"Journal":             readJournal,
		"history":             sql("SELECT * FROM history(T)"),
		"history by id":       byID("SELECT * FROM history(T) AS h WHERE h.metadata.id = ?"),
		"redaction":           redactOld,
	}},
	{"document", store.Document, func(l *flipped) []byte { return l.key[:] }, "document %s of table T was changed on disk", map[string]func(*flipped) error{
		"scan":           sql("SELECT * FROM T"),
		"committed view": sql("SELECT * FROM _ql_committed_T"),
		"count":          sql("SELECT COUNT(*) FROM T"),
		"by id":          byID("SELECT * FROM T BY id WHERE id = ?"),
		"by index":       sql("SELECT * FROM T WHERE k = 1"),
		"update":         sql("UPDATE T SET k = 3 WHERE k = 1"),
		"delete":         byID("DELETE FROM T BY id WHERE id = ?"),
		"new index":      sql("CREATE INDEX ON T (name)"),
	}},
	{"history record", store.History, func(l *flipped) []byte { return l.key.history(0) }, "the history record of version 0 of document %s of table T was changed on disk", map[string]func(*flipped) error{
		"history":       sql("SELECT * FROM history(T)"),
		"history by id": byID("SELECT * FROM history(T) AS h WHERE h.metadata.id = ?"),
		"redaction":     redactOld,
	}},
	{"index entry", store.Index, func(l *flipped) []byte {
		data, _ := ion.ParseText("{k: 1}")
		return entryKey(data, l.state.Load().cat.tables[0].indexes[0], l.key)
	}, "an entry of the index on k of table T, for document %s, was changed on disk", map[string]func(*flipped) error{
		"by index": sql("SELECT * FROM T WHERE k = 1"),
		"update":   sql("UPDATE T SET k = 3 WHERE k = 1"),
	}},
	{"tree record", store.Tree, func(*flipped) []byte { return seqKey(1) }, "the record of block 1 in the block tree was changed on disk", map[string]func(*flipped) error{
		"Block with proof":    proveBlock,
		"Revision with proof": proveRevision,
	}},
	{"tip", store.Meta, func(*flipped) []byte { return keyTip }, `the record "tip" was changed on disk`, map[string]func(*flipped) error{
		"scan":  sql("SELECT * FROM T"),
		"Block": func(l *flipped) error { _, err := l.Block(context.Background(), l.old, nil); return err },
	}},
}

// TestFlippedBytes changes each byte of a stored value, one at a time. Whatever
// reads the value gives an error that names it, never data, and from then on
// the ledger is read-only and says why.
func TestFlippedBytes(t *testing.T) {
	for _, c := range flips {
		t.Run(c.name, func(t *testing.T) {
			l := newFlipped(t)
			l.f.space, l.f.key = c.space, c.key(l)
			want := strings.ReplaceAll(c.text, "%s", l.id)
			n := l.lengthOf(t, c.space, l.f.key)
			for at := range n {
				l.f.mask = 1 << (at & 7)
				for name, read := range c.reads {
					l.f.at = at
					err := read(l)
					if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), want) {
						t.Fatalf("byte %d of %d, %s: %v, want %s", at, n, name, err, want)
					}
					l.f.at = -1
					err = l.run("INSERT INTO T {'k': 9}")
					if !errors.Is(err, ledger.ErrReadOnly) || !strings.Contains(err.Error(), want) {
						t.Fatalf("byte %d of %d, %s: a write gives %v", at, n, name, err)
					}
					l.broken.Store(nil)
				}
			}
			for name, read := range c.reads {
				if name == "redaction" || name == "update" || name == "delete" {
					continue // what it would do is not undone
				}
				if err := read(l); err != nil {
					t.Errorf("%s of what is whole gives %v", name, err)
				}
			}
		})
	}
}

// lengthOf is how many bytes a stored value has.
func (l *flipped) lengthOf(t *testing.T, s store.Space, key []byte) int {
	t.Helper()
	snap, err := l.store.View()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	v := snap.Get(s, key)
	if len(v) < checksumLen {
		t.Fatalf("%s at key %x has %d bytes", s, key, len(v))
	}
	return len(v)
}

// TestCheckFindsFlips: Check names each of the values too, and reads on.
func TestCheckFindsFlips(t *testing.T) {
	for _, c := range flips {
		if c.space == store.Meta {
			continue // no view of the ledger can be opened
		}
		t.Run(c.name, func(t *testing.T) {
			l := newFlipped(t)
			l.f.space, l.f.key = c.space, c.key(l)
			want := strings.ReplaceAll(c.text, "%s", l.id)
			l.f.mask = 0x40
			for l.f.at = range l.lengthOf(t, c.space, l.f.key) {
				var found []string
				for problem, err := range l.Check(t.Context()) {
					if err != nil {
						t.Fatalf("byte %d: the check ends with %v", l.f.at, err)
					}
					found = append(found, problem)
				}
				if !slices.ContainsFunc(found, func(p string) bool { return strings.HasPrefix(p, want) }) {
					t.Errorf("byte %d: found is %q, want %s", l.f.at, found, want)
				}
			}
		})
	}
}

// TestMisplacedValue: a value that came under another key does not pass for the
// one that belongs there.
func TestMisplacedValue(t *testing.T) {
	v := seal(store.Journal, seqKey(3), []byte("block"))
	if b, err := unseal(store.Journal, seqKey(3), v); err != nil || string(b) != "block" {
		t.Errorf("the value is %q, %v", b, err)
	}
	for s, key := range map[store.Space][]byte{store.Journal: seqKey(4), store.Tree: seqKey(3)} {
		if _, err := unseal(s, key, v); !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("%s, key %x: %v", s, key, err)
		}
	}
	for n := range checksumLen {
		if _, err := unseal(store.Journal, seqKey(3), v[:n]); err == nil || !strings.Contains(err.Error(), "block 3 is cut short") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestDescribe names what is stored at any key, whatever its length.
func TestDescribe(t *testing.T) {
	for s := range store.Spaces() {
		for n := range 40 {
			if text := describe(nil, s, make([]byte, n)); text == "" {
				t.Errorf("%s, %d bytes: no text", s, n)
			}
		}
	}
}
