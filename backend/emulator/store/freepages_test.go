package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// image is a ledger file as it stands on disk at one moment, with what was
// acknowledged by then.
type image struct {
	name  string
	bytes []byte
	holds map[string]string // by space and key
}

// images are a file after a clean close, and one as a killed process leaves it.
func images(t *testing.T) []image {
	t.Helper()
	path := newPath(t)
	b := openBolt(t, path, store.BoltOptions{NoSync: true})
	holds := map[string]string{}
	for round := range uint32(12) {
		var ops []store.Op
		for s := range store.Spaces() {
			for i := range uint32(8) {
				key := binary.BigEndian.AppendUint32([]byte("a key that is not short at all "), i*4+round)
				ops = append(ops, store.Op{Space: s, Key: key, Value: []byte(strings.Repeat("value", 60+int(round)))})
			}
		}
		// A block on pages of its own, and one that takes the place of another.
		ops = append(ops, store.Op{Space: store.Journal, Key: fmt.Appendf(nil, "large %03d", round/2), Value: bytes.Repeat([]byte{byte(round + 1)}, 9000)})
		apply(t, b, holds, ops)
	}
	killed := contentOf(t, path)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return []image{{"closed", contentOf(t, path), holds}, {"killed", killed, holds}}
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func apply(t *testing.T, b *store.Bolt, holds map[string]string, ops []store.Op) {
	t.Helper()
	if err := b.Apply(ops); err != nil {
		t.Fatal(err)
	}
	note(holds, ops)
}

// note adds what ops put.
func note(holds map[string]string, ops []store.Op) {
	for _, op := range ops {
		at := op.Space.String() + string(op.Key)
		holds[at] = string(op.Value)
		if op.Delete {
			delete(holds, at)
		}
	}
}

// page numbers of an image.
func (m *image) size() int { return os.Getpagesize() }

func (m *image) number(page, at int) uint64 {
	return binary.NativeEndian.Uint64(m.bytes[page*m.size()+at:])
}

// meta is the page number of the meta page that counts.
func (m *image) meta() int {
	if m.number(1, 16+48) > m.number(0, 16+48) {
		return 1
	}
	return 0
}

// freeList is its page, and the numbers in it.
func (m *image) freeList() (page int, free []uint64) {
	page = int(m.number(m.meta(), 16+32))
	n := int(binary.NativeEndian.Uint16(m.bytes[page*m.size()+10:]))
	for i := range n {
		free = append(free, m.number(page, 16+8*i))
	}
	return page, free
}

// flipped is the image with one bit changed.
func (m *image) flipped(at, bit int) []byte {
	b := bytes.Clone(m.bytes)
	b[at+bit/8] ^= 1 << (bit % 8)
	return b
}

// survive opens a damaged file, writes to it, and opens it again. Either it says
// ErrDamaged before something is lost, or nothing is; said tells.
func (m *image) survive(t *testing.T, path string, damaged []byte) (said bool, err error) {
	t.Helper()
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := store.OpenBolt(path, store.BoltOptions{NoSync: true})
	if err != nil {
		if !errors.Is(err, store.ErrDamaged) {
			return true, err
		}
		if now := contentOf(t, path); !bytes.Equal(now, damaged) {
			return true, fmt.Errorf("the file that was refused (%w) was changed", err)
		}
		return true, has(path, m.holds)
	}
	holds := maps.Clone(m.holds)
	for i := range uint32(15) {
		var ops []store.Op
		for s := range store.Spaces() {
			key := binary.BigEndian.AppendUint32([]byte("a key that is not short at all "), i*3)
			ops = append(ops, store.Op{Space: s, Key: key, Value: []byte(strings.Repeat("later", 50)), Delete: s == store.Index},
				store.Op{Space: s, Key: fmt.Appendf(nil, "a key of group %d", i), Value: []byte("x")})
		}
		ops = append(ops, store.Op{Space: store.Journal, Key: fmt.Appendf(nil, "large %03d", i), Value: bytes.Repeat([]byte{0xaa}, 9000)})
		if i == 0 {
			ops = gap()
		}
		if err := b.Apply(ops); err != nil {
			said = true
			if !errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrUnknownOutcome) {
				return said, errors.Join(err, b.Close())
			}
			break
		}
		note(holds, ops)
	}
	if err := b.Close(); err != nil {
		return said, err
	}
	return said, has(path, holds)
}

// gap deletes enough keys in a row for pages to be joined with their neighbours.
func gap() (ops []store.Op) {
	for i := range uint32(16) {
		key := binary.BigEndian.AppendUint32([]byte("a key that is not short at all "), 12+i)
		ops = append(ops, store.Op{Space: store.Document, Key: key, Delete: true}, store.Op{Space: store.History, Key: key, Delete: true})
	}
	return ops
}

// TestPagesOfAllSizes: what bbolt writes passes, whatever the size of a page: groups
// that change, delete and grow, files that are closed and compacted.
func TestPagesOfAllSizes(t *testing.T) {
	for _, size := range []int{1 << 10, 4 << 10, 16 << 10, 64 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			path := newPath(t)
			withPageSize(t, path, size)
			r := rand.New(rand.NewPCG(3, uint64(size)))
			holds := map[string]string{}
			for round := range 12 {
				b := openBolt(t, path, store.BoltOptions{NoSync: true})
				for range 6 {
					apply(t, b, holds, randomGroup(r))
					sound(t, b)
				}
				if err := errors.Join(b.Close(), has(path, holds)); err != nil {
					t.Fatal(err)
				}
				if round%4 == 3 {
					if err := store.CompactBolt(path, path); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// sound checks that all pages are used as they should be.
func sound(t *testing.T, b *store.Bolt) {
	t.Helper()
	if err := b.CheckPages(t.Context(), func(problem string) error { t.Error(problem); return nil }); err != nil {
		t.Error(err)
	}
}

// withPageSize makes an empty ledger file with pages of that size.
func withPageSize(t *testing.T, path string, size int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: size})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for s := range store.Spaces() {
			if _, err := tx.CreateBucket([]byte(s.String())); err != nil {
				return err
			}
		}
		top, err := tx.CreateBucket([]byte("tally"))
		if err != nil {
			return err
		}
		return top.Put([]byte("header"), header("TALLYLDG", store.FormatVersion, "x"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// randomGroup puts and deletes keys of few and of many bytes, with values that
// fit on a page and values that do not.
func randomGroup(r *rand.Rand) (ops []store.Op) {
	for range r.IntN(150) {
		op := store.Op{Space: store.Space(1 + r.IntN(7)), Key: fmt.Appendf(nil, "%0*d", 1+r.IntN(40), r.IntN(60)), Delete: r.IntN(3) == 0}
		switch n := r.IntN(40); {
		case op.Delete:
		case n == 0:
			op.Value = make([]byte, r.IntN(100_000))
		case n == 1:
			op.Key = bytes.Repeat([]byte{'k'}, 1+r.IntN(6000))
			fallthrough
		default:
			op.Value = make([]byte, r.IntN(600))
		}
		ops = append(ops, op)
	}
	return ops
}

// has compares what is in a file with what should be.
func has(path string, holds map[string]string) error {
	b, err := store.OpenBolt(path, store.BoltOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer b.Close()
	snap, err := b.View()
	if err != nil {
		return err
	}
	found := 0
	for s := range store.Spaces() {
		for k, v := range store.Scan(snap, s, nil) {
			found++
			if want, ok := holds[s.String()+string(k)]; !ok || want != string(v) {
				err = errors.Join(err, fmt.Errorf("%s key %q is not what was acknowledged", s, k))
			}
		}
	}
	if found != len(holds) {
		err = errors.Join(err, fmt.Errorf("%d keys are there, %d were acknowledged", found, len(holds)))
	}
	return errors.Join(err, snap.Close())
}

// TestFreeListFlips changes one bit of the list of free pages: of an entry, of
// how many there are, and of how many pages the list takes.
func TestFreeListFlips(t *testing.T) {
	for _, m := range images(t) {
		t.Run(m.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "damaged.ledger")
			page, free := m.freeList()
			if len(free) < 5 {
				t.Fatalf("there are %d free pages, too few to test with", len(free))
			}
			try := func(at, bit int) {
				said, err := m.survive(t, path, m.flipped(page*m.size()+at, bit))
				if err != nil || !said {
					t.Errorf("bit %d at %d: said is %v, %v", bit, at, said, err)
				}
			}
			for bit := range 32 {
				try(12, bit)
			}
			for bit := range 16 {
				try(10, bit)
			}
			for i := range free {
				for bit := range 16 {
					try(16+8*i, bit)
				}
			}
		})
	}
}

// TestPageCountFlips changes one bit of how many pages belong to a page in use.
func TestPageCountFlips(t *testing.T) {
	for _, m := range images(t) {
		t.Run(m.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "damaged.ledger")
			found, rounds := 0, 0
			for _, page := range m.inUse() {
				for bit := range 10 {
					said, err := m.survive(t, path, m.flipped(page*m.size()+12, bit))
					if fewer := m.bytes[page*m.size()+12]>>bit&1 == 1; fewer && errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrUnknownOutcome) {
						err = nil // what lies on the pages that it no longer has cannot be read
					}
					if err != nil {
						t.Errorf("bit %d of page %d: %v", bit, page, err)
					}
					rounds++
					if said {
						found++
					}
				}
			}
			if m.name == "killed" && found != rounds {
				t.Errorf("%d of %d changes were met", found, rounds)
			}
			t.Logf("%d of %d changes were met", found, rounds)
		})
	}
}

// inUse are the branch and leaf pages that count.
func (m *image) inUse() (pages []int) {
	list, free := m.freeList()
	isFree := map[int]bool{list: true}
	for _, id := range free {
		isFree[int(id)] = true
	}
	for page := 2; page < int(m.number(m.meta(), 16+40)); page++ {
		if isFree[page] {
			continue
		}
		pages = append(pages, page)
		page += int(binary.NativeEndian.Uint32(m.bytes[page*m.size()+12:]))
	}
	return pages
}

// TestCleanClose: the mark of a Close is there until the next commit, is damage
// where it was changed, and is missed by nobody in files of before.
func TestCleanClose(t *testing.T) {
	both := images(t)
	closed, killed := both[0], both[1]
	mark := closed.meta()*closed.size() + 512
	if bytes.Equal(closed.bytes[mark:mark+24], make([]byte, 24)) {
		t.Fatal("a clean close leaves no mark")
	}
	if !bytes.Equal(killed.bytes[mark:mark+24], make([]byte, 24)) {
		t.Fatal("there is a mark while the file is open")
	}
	unmarked := bytes.Clone(closed.bytes)
	clear(unmarked[mark : mark+24])
	if !bytes.Equal(unmarked, killed.bytes) {
		t.Error("Close changes more than the mark")
	}
	path := filepath.Join(t.TempDir(), "a.ledger")
	for bit := range 24 * 8 {
		if said, err := closed.survive(t, path, closed.flipped(mark, bit)); err != nil || !said {
			t.Errorf("bit %d of the mark: said is %v, %v", bit, said, err)
		}
	}
	for _, m := range both {
		if said, err := m.survive(t, path, m.bytes); err != nil || said {
			t.Errorf("%s: said is %v, %v", m.name, said, err)
		}
	}
}

// TestRescue: a file whose free pages are damaged can be read and compacted.
func TestRescue(t *testing.T) {
	for _, m := range images(t) {
		page, _ := m.freeList()
		path := newPath(t)
		if err := os.WriteFile(path, m.flipped(page*m.size()+16, 1), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := store.OpenBolt(path, store.BoltOptions{})
		if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "compact it into a new file") {
			t.Errorf("%s: opening it = %v, want ErrDamaged and the remedy", m.name, err)
		}
		if err := has(path, m.holds); err != nil {
			t.Errorf("%s: reading it: %v", m.name, err)
		}
		fresh := filepath.Join(t.TempDir(), "fresh.ledger")
		if err := store.CompactBolt(path, fresh); err != nil {
			t.Errorf("%s: compacting it: %v", m.name, err)
		}
		b := openBolt(t, fresh, store.BoltOptions{})
		sound(t, b)
		if err := errors.Join(b.Close(), has(fresh, m.holds)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}
