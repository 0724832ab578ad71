package bench

import (
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
		f := syncedFile(b, pages*int64(len(page)))
		for i := 0; b.Loop(); i++ {
			for k := range 16 {
				at := (i*16+k)*7919%(pages-1) + 1
				if _, err := f.WriteAt(page, int64(at)*int64(len(page))); err != nil {
					b.Fatal(err)
				}
			}
			if err := datasync(f); err != nil {
				b.Fatal(err)
			}
			if _, err := f.WriteAt(page, 0); err != nil {
				b.Fatal(err)
			}
			if err := datasync(f); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// syncedFile is a new file of size bytes that are on disk.
func syncedFile(b *testing.B, size int64) *os.File {
	f, err := os.Create(filepath.Join(b.TempDir(), "sync"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros, at); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	return f
}
