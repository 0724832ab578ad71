package bench

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// syncs measures what a durable group is made of, on the file system that the
// ledgers are on: an fsync of 4 KiB appended, and what bbolt does for a group of
// one insert, 16 pages written and synced, then the meta page written and synced.
func syncs(b *testing.B) {
	page := make([]byte, 4096)
	b.Run("append-4KiB-fsync", func(b *testing.B) {
		f := syncedFile(b, 0)
		for b.Loop() {
			if _, err := f.Write(page); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write-16-pages-fdatasync-write-1-fdatasync", func(b *testing.B) {
		const pages = 16 << 10
		f := syncedFile(b, pages<<12)
		for i := 0; b.Loop(); i++ {
			if err := writeGroup(f, pages, i); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// writeGroup makes durable what the i-th group of one insert would, all over a
// file of so many pages.
func writeGroup(f *os.File, pages, i int) error {
	var page [4096]byte
	for k := range 16 {
		at := (i*16+k)*7919%(pages-1) + 1
		if _, err := f.WriteAt(page[:], int64(at)*int64(len(page))); err != nil {
			return err
		}
	}
	if err := datasync(f); err != nil {
		return err
	}
	if _, err := f.WriteAt(page[:], 0); err != nil {
		return err
	}
	return datasync(f)
}

// syncedFile is a new file of size bytes that are on disk.
func syncedFile(b *testing.B, size int64) *os.File {
	f, err := newFile(filepath.Join(b.TempDir(), "sync"), size)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	return f
}

func newFile(path string, size int64) (*os.File, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros, at); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, f.Sync()
}
