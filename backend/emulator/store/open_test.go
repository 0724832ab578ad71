package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// header is a ledger file's header as the doc comment of store.Header gives it.
func header(magic string, format uint32, createdBy string) []byte {
	b := binary.BigEndian.AppendUint32([]byte(magic), format)
	b = append(b, byte(len(createdBy)))
	b = append(b, createdBy...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// tinker opens a file with bbolt itself and changes it.
func tinker(t *testing.T, path string, change func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func setHeader(t *testing.T, path string, value []byte) {
	tinker(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("tally")).Put([]byte("header"), value) })
}

// overwrite puts b at off into the file; a negative off counts from its end.
func overwrite(t *testing.T, path string, off int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(b, off)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// TestRefusedFiles: a file that is no whole ledger of a format we know is
// refused with the right error, and not touched.
func TestRefusedFiles(t *testing.T) {
	page := int64(os.Getpagesize())
	bad := []byte{0xff, 0xff, 0xff, 0xff}
	tests := []struct {
		name string
		make func(t *testing.T, path string) // from a ledger file with 50 groups
		want error
	}{
		{"text", replaceBy(strings.Repeat("not a ledger\n", 5000)), store.ErrForeign},
		{"short text", replaceBy("hello"), store.ErrForeign},
		{"zeros", replaceBy(string(make([]byte, 1<<20))), store.ErrForeign},
		{"a bbolt file of another application", func(t *testing.T, path string) {
			truncate(t, path, 0)
			tinker(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("journal")); return err })
		}, store.ErrForeign},
		{"header of another kind", func(t *testing.T, path string) { setHeader(t, path, header("TALLYXXX", 1, "x")) }, store.ErrForeign},
		{"no header", func(t *testing.T, path string) {
			tinker(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("tally")).Delete([]byte("header")) })
		}, store.ErrForeign},
		{"newer format", func(t *testing.T, path string) {
			setHeader(t, path, header("TALLYLDG", store.FormatVersion+1, "tally 9"))
		}, store.ErrNewerFormat},
		{"much newer format, other layout", func(t *testing.T, path string) { setHeader(t, path, []byte("TALLYLDG\x00\x01\x00\x00other")) }, store.ErrNewerFormat},
		{"older format", func(t *testing.T, path string) {
			setHeader(t, path, header("TALLYLDG", store.FormatVersion-1, "tally 0"))
		}, store.ErrOlderFormat},
		{"header too long", func(t *testing.T, path string) {
			setHeader(t, path, append(header("TALLYLDG", store.FormatVersion, "x"), 0))
		}, store.ErrDamaged},
		{"header cut off", func(t *testing.T, path string) {
			h := header("TALLYLDG", store.FormatVersion, "x")
			setHeader(t, path, h[:len(h)-1])
		}, store.ErrDamaged},
		{"header changed", func(t *testing.T, path string) {
			h := header("TALLYLDG", store.FormatVersion, "x")
			h[13] ^= 1
			setHeader(t, path, h)
		}, store.ErrDamaged},
		{"a space is missing", func(t *testing.T, path string) {
			tinker(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("tree")) })
		}, store.ErrDamaged},
		{"empty", func(t *testing.T, path string) { truncate(t, path, 0) }, store.ErrDamaged},
		{"cut off in the first page", func(t *testing.T, path string) { truncate(t, path, 50) }, store.ErrDamaged},
		{"cut off after the first page", func(t *testing.T, path string) { truncate(t, path, page) }, store.ErrDamaged},
		{"cut off after the meta pages", func(t *testing.T, path string) { truncate(t, path, 2*page) }, store.ErrDamaged},
		{"cut off", func(t *testing.T, path string) { truncate(t, path, 20*page) }, store.ErrDamaged},
		{"meta page 0 changed", func(t *testing.T, path string) { overwrite(t, path, 16+40, bad) }, store.ErrDamaged},
		{"meta page 1 changed", func(t *testing.T, path string) { overwrite(t, path, page+16+40, bad) }, store.ErrDamaged},
		{"meta page 0 erased", func(t *testing.T, path string) { overwrite(t, path, 0, make([]byte, page)) }, store.ErrDamaged},
		{"meta page 1 erased", func(t *testing.T, path string) { overwrite(t, path, page, make([]byte, page)) }, store.ErrDamaged},
		{"both meta pages changed", func(t *testing.T, path string) {
			overwrite(t, path, 16+40, bad)
			overwrite(t, path, page+16+40, bad)
		}, store.ErrDamaged},
		{"all pages but the meta pages erased", func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, path, 2*page, make([]byte, info.Size()-2*page))
		}, store.ErrDamaged},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := newPath(t)
			small(t, path)
			test.make(t, path)
			for _, opt := range []store.BoltOptions{{}, {ReadOnly: true}, {MustExist: true}} {
				refuses(t, path, opt, test.want)
			}
			if err := store.CompactBolt(path, path); !errors.Is(err, test.want) {
				t.Errorf("CompactBolt = %v, want %v", err, test.want)
			}
			onlyFile(t, path)
		})
	}
}

func replaceBy(content string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// small makes a ledger file of some hundred KB in several groups.
func small(t testing.TB, path string) {
	t.Helper()
	b := openBolt(t, path, store.BoltOptions{CreatedBy: "test"})
	for i := range uint32(50) {
		var ops []store.Op
		for s := range store.Spaces() {
			key := binary.BigEndian.AppendUint32(nil, i)
			ops = append(ops, store.Op{Space: s, Key: key, Value: []byte(strings.Repeat(s.String(), 100))})
		}
		if err := b.Apply(ops); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

// refuses checks that opening fails with want and changes nothing.
func refuses(t *testing.T, path string, opt store.BoltOptions, want error) {
	t.Helper()
	before, info := fingerprint(t, path)
	b, err := store.OpenBolt(path, opt)
	if b != nil {
		_ = b.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("OpenBolt with %+v = %v, want %v", opt, err, want)
		return
	}
	for _, other := range []error{store.ErrForeign, store.ErrNewerFormat, store.ErrOlderFormat, store.ErrDamaged, store.ErrInUse} {
		if other != want && errors.Is(err, other) {
			t.Errorf("OpenBolt with %+v: %v is also %v", opt, err, other)
		}
	}
	if !strings.Contains(err.Error(), path) {
		t.Errorf("the error does not name the file: %v", err)
	}
	after, now := fingerprint(t, path)
	if before != after || !info.ModTime().Equal(now.ModTime()) || info.Size() != now.Size() {
		t.Errorf("OpenBolt with %+v changed the file it refused", opt)
	}
}

func fingerprint(t *testing.T, path string) ([32]byte, os.FileInfo) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b), info
}

// onlyFile checks that nothing else is left in path's folder.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(path) {
			t.Errorf("%s is left over", e.Name())
		}
	}
}

func TestRefusedPaths(t *testing.T) {
	dir := t.TempDir()
	if _, err := store.OpenBolt(dir, store.BoltOptions{}); !errors.Is(err, store.ErrForeign) {
		t.Errorf("a folder: %v, want ErrForeign", err)
	}
	for _, opt := range []store.BoltOptions{{MustExist: true}, {ReadOnly: true}} {
		if _, err := store.OpenBolt(filepath.Join(dir, "absent"), opt); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no file, %+v: %v, want fs.ErrNotExist", opt, err)
		}
	}
	if _, err := store.OpenBolt(filepath.Join(dir, "absent", "file"), store.BoltOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v, want fs.ErrNotExist", err)
	}
	onlyFile(t, filepath.Join(dir, "none"))
}

func TestInUse(t *testing.T) {
	path := newPath(t)
	short := 60 * time.Millisecond
	writer := openBolt(t, path, store.BoltOptions{})
	refuses(t, path, store.BoltOptions{LockTimeout: short}, store.ErrInUse)
	refuses(t, path, store.BoltOptions{LockTimeout: short, ReadOnly: true}, store.ErrInUse)
	if err := store.CompactBolt(path, path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("CompactBolt of a file in use = %v, want ErrInUse", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	one := openBolt(t, path, store.BoltOptions{ReadOnly: true})
	two := openBolt(t, path, store.BoltOptions{ReadOnly: true})
	refuses(t, path, store.BoltOptions{LockTimeout: short}, store.ErrInUse)
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Fatal(err)
	}
	if err := openBolt(t, path, store.BoltOptions{}).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnly(t *testing.T) {
	path := newPath(t)
	small(t, path)
	before, _ := fingerprint(t, path)
	b := openBolt(t, path, store.BoltOptions{ReadOnly: true})
	err := b.Apply([]store.Op{{Space: store.Meta, Key: []byte("a")}})
	if !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, store.ErrNotApplied) {
		t.Errorf("Apply = %v, want ErrReadOnly and ErrNotApplied", err)
	}
	snap, err := b.View()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range store.Scan(snap, store.Journal, nil) {
		n++
	}
	if err := errors.Join(snap.Close(), b.Close()); err != nil || n != 50 {
		t.Errorf("read %d of 50 keys, %v", n, err)
	}
	if after, _ := fingerprint(t, path); before != after {
		t.Error("reading changed the file")
	}
}

func TestNewFile(t *testing.T) {
	path := newPath(t)
	b := openBolt(t, path, store.BoltOptions{CreatedBy: "tally test " + strings.Repeat("x", 300)})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("a new file has mode %v, want 0600", info.Mode().Perm())
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path)
	again := reopen(t, b)
	h := again.Header()
	if h.Format != store.FormatVersion || len(h.CreatedBy) != 255 || !strings.HasPrefix(h.CreatedBy, "tally test xxx") {
		t.Errorf("Header = %+v", h)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
