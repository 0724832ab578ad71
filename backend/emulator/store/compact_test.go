package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// TestCompact: after many changes and deletions the compacted file holds the
// same, is smaller, and has none of the bytes that are gone, in free pages neither.
func TestCompact(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		t.Run(fmt.Sprint("elsewhere ", elsewhere), func(t *testing.T) {
			src := newPath(t)
			want := worn(t, src)
			dst := src
			if elsewhere {
				dst = filepath.Join(filepath.Dir(src), "new.ledger")
			}
			if err := os.Chmod(src, 0o640); err != nil {
				t.Fatal(err)
			}
			before, old := fingerprint(t, src)
			if err := store.CompactBolt(src, dst); err != nil {
				t.Fatal(err)
			}
			if after, _ := fingerprint(t, src); elsewhere && before != after {
				t.Error("compacting to another file changed the first one")
			}
			content, err := os.ReadFile(dst)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte("SECRET")) || bytes.Contains(content, []byte("OUTDATED")) {
				t.Error("the new file has bytes that were deleted or overwritten")
			}
			info, err := os.Stat(dst)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() > old.Size()/2 || info.Mode().Perm() != 0o640 {
				t.Errorf("the new file has %d bytes and mode %v, the old one had %d and 0640", info.Size(), info.Mode(), old.Size())
			}
			again := openBolt(t, dst, store.BoltOptions{MustExist: true})
			if got := contents(t, again); got != want {
				t.Error("the new file holds something else")
			}
			if got := again.Header().CreatedBy; got != "test of compacting" {
				t.Errorf("the header says %q", got)
			}
			if err := again.Apply([]store.Op{{Space: store.Meta, Key: []byte("more")}}); err != nil {
				t.Errorf("Apply to the new file: %v", err)
			}
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
			if left, _ := filepath.Glob(src + ".*"); len(left) > 0 {
				t.Errorf("temporary files are left: %q", left)
			}
		})
	}
}

// worn makes a ledger file with a history of changes and returns its contents.
func worn(t *testing.T, path string) string {
	t.Helper()
	b := openBolt(t, path, store.BoltOptions{CreatedBy: "test of compacting"})
	for round := range 4 {
		for s := range store.Spaces() {
			var ops []store.Op
			for i := range 200 {
				text := fmt.Sprintf("OUTDATED %d", round)
				if round == 3 {
					text = "current"
				}
				ops = append(ops,
					store.Op{Space: s, Key: fmt.Appendf(nil, "%05d", i), Value: bytes.Repeat([]byte(text), i%90)},
					store.Op{Space: s, Key: fmt.Appendf(nil, "SECRET %05d", i), Value: []byte("SECRET"), Delete: round == 3})
			}
			if err := b.Apply(ops); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := contents(t, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return got
}

// contents is all that a store holds, as text.
func contents(t testing.TB, s store.Store) string {
	t.Helper()
	snap, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for space := range store.Spaces() {
		for k, v := range store.Scan(snap, space, nil) {
			fmt.Fprintf(&b, "%s %q %q\n", space, k, v)
		}
	}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompactRefuses(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	small(t, src)
	small(t, dst)
	before, _ := fingerprint(t, dst)
	if err := store.CompactBolt(src, dst); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto another file: %v, want fs.ErrExist", err)
	}
	if after, _ := fingerprint(t, dst); before != after {
		t.Error("the other file was changed")
	}
	if err := store.CompactBolt(filepath.Join(dir, "absent"), filepath.Join(dir, "c")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v, want fs.ErrNotExist", err)
	}
	if err := store.CompactBolt(src, filepath.Join(dir, "absent", "c")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v, want fs.ErrNotExist", err)
	}
}

// TestCompactLink: the name stays a link, the file behind it is replaced.
func TestCompactLink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	worn(t, file)
	if err := os.Symlink("file", link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	before, _ := os.Stat(file)
	if err := store.CompactBolt(link, link); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if after, err := os.Stat(file); err != nil || after.Size() >= before.Size() {
		t.Errorf("the file behind the link was not compacted: %v", err)
	}
}

// TestCompactDamaged: what cannot be read whole is not replaced.
func TestCompactDamaged(t *testing.T) {
	path := newPath(t)
	worn(t, path)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	refused := 0
	for at := 2 * page; at < len(content); at += 11 * page {
		damaged := bytes.Clone(content)
		copy(damaged[at:], bytes.Repeat([]byte{0xee}, 32))
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		before, _ := fingerprint(t, path)
		err := store.CompactBolt(path, path)
		if err == nil {
			continue // that page was free
		}
		refused++
		if !errors.Is(err, store.ErrDamaged) {
			t.Errorf("page %d: %v, want ErrDamaged", at/page, err)
		}
		if after, _ := fingerprint(t, path); before != after {
			t.Errorf("page %d: the file was changed", at/page)
		}
		onlyFile(t, path)
	}
	if refused < 2 {
		t.Errorf("only %d damaged pages were met", refused)
	}
}
