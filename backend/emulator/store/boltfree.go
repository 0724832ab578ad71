package store

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// bbolt writes to any page that the list of free pages names, and gives the list's
// own pages away with the next commit. One wrong bit there, and groups that
// were acknowledged are overwritten by those that follow. The list has no
// checksum of bbolt's: boltmark.go adds one, boltuse.go compares it with the
// pages that are in use.

// freeList is what reading the list found out.
type freeList struct {
	first uint64 // page of the list itself
	pages uint64 // that it takes
	sum   uint32 // the CRC-32C of all their bytes
}

// readFreeList reads the list of free pages and checks what can be seen from it
// alone: in order, each page once, within the file, on as many pages as bbolt
// takes for it. each, where it is not nil, gets every page listed.
func readFreeList(f io.ReaderAt, m metaPage, each func(id uint64)) (freeList, error) {
	size := uint64(m.pageSize)
	if m.free < 2 || m.free >= m.pages {
		return freeList{}, fmt.Errorf("it has no list of free pages: page %d of %d", m.free, m.pages)
	}
	head := make([]byte, pageHeaderSize)
	if _, err := f.ReadAt(head, int64(m.free*size)); err != nil {
		return freeList{}, err
	}
	more := morePages(head)
	if binary.NativeEndian.Uint64(head) != m.free || binary.NativeEndian.Uint16(head[8:]) != freePageFlag || more >= m.pages-m.free {
		return freeList{}, fmt.Errorf("page %d is not the list of free pages", m.free)
	}
	list := freeList{first: m.free, pages: more + 1}
	sum := crc32.New(castagnoli)
	_, _ = sum.Write(head)
	rest := io.NewSectionReader(f, int64(m.free*size)+pageHeaderSize, int64(list.pages*size)-pageHeaderSize)
	in := bufio.NewReaderSize(io.TeeReader(rest, sum), 64<<10)
	count, err := readFreePages(in, binary.NativeEndian.Uint16(head[10:]), m.pages, each)
	if err != nil {
		return freeList{}, err
	}
	// bbolt decides before it takes the pages, which may come out of the list.
	if want := freeListPages(count, size); list.pages != want && list.pages != freeListPages(count+list.pages, size) {
		return freeList{}, fmt.Errorf("the list of free pages has %d entries on %d pages, it should take %d", count, list.pages, want)
	}
	_, err = io.Copy(io.Discard, in)
	list.sum = sum.Sum32()
	return list, err
}

// freeListPages is how many pages bbolt takes for a list of count entries.
func freeListPages(count, pageSize uint64) uint64 {
	if count >= 0xffff {
		count++
	}
	return (pageHeaderSize+8*count)/pageSize + 1
}

func readFreePages(list io.Reader, short uint16, pages uint64, each func(id uint64)) (count uint64, err error) {
	next := func() (id uint64, err error) {
		var b [8]byte
		_, err = io.ReadFull(list, b[:])
		return binary.NativeEndian.Uint64(b[:]), err
	}
	count = uint64(short)
	if short == 0xffff { // then the real count comes first
		if count, err = next(); err != nil {
			return 0, err
		}
		if count < 0xffff || count > pages {
			return 0, fmt.Errorf("the list of free pages says that it has %d entries, of %d pages", count, pages)
		}
	}
	last := uint64(1)
	for i := range count {
		id, err := next()
		if err != nil {
			return 0, fmt.Errorf("the list of free pages has %d entries, of which %d can be read: %w", count, i, err)
		}
		if id <= last || id >= pages {
			return 0, fmt.Errorf("the list of free pages has page %d after %d, of %d", id, last, pages)
		}
		last = id
		if each != nil {
			each(id)
		}
	}
	return count, nil
}

// rescue is the remedy where only writing is at risk.
const rescue = "what it holds can still be read: open it for reading, check it, and compact it into a new file; or restore it from a backup"
