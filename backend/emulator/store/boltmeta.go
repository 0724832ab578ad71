package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// A bbolt file begins with two meta pages. Each commit overwrites the older one
// of them, so the newer one says which state holds. When that one is unreadable
// bbolt quietly falls back to the other, the state before the last commit: for
// a ledger that is the loss of an acknowledged transaction. A crash does not
// cause it, since the 80 bytes that count lie in one disk sector. So both pages
// have to be whole here, and the file as long as the newer one says.

// metaPage is the part of a bbolt meta page that is checked, in its layout: 16
// bytes of page header, then these fields in the machine's byte order, then the
// FNV-1a hash of the first 56 bytes of them.
type metaPage struct {
	pageSize uint32
	free     uint64 // page with the list of free pages
	pages    uint64 // pages in use: the file has at least so many
	txid     uint64
}

const (
	metaOffset   = 16
	metaLength   = 56
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	minPageSize  = 1 << 10
	maxPageSize  = 16 << 20
	metaReadSize = metaOffset + metaLength + 8
)

var errNoMagic = errors.New("no bbolt magic")

// checkMetaPages looks at both meta pages of a file of the given size. It
// returns an error that wraps ErrForeign (no sign of bbolt) or ErrDamaged.
func checkMetaPages(f io.ReaderAt, size int64) error {
	if size == 0 {
		return fmt.Errorf("%w: it is empty; a new ledger needs a name that is not taken", ErrDamaged)
	}
	first, err := readMetaPage(f, 0)
	if err != nil {
		return metaError(f, size, err)
	}
	second, err := readMetaPage(f, int64(first.pageSize))
	if err != nil {
		return fmt.Errorf("%w: meta page 1: %w", ErrDamaged, err)
	}
	if second.pageSize != first.pageSize {
		return fmt.Errorf("%w: its meta pages name page sizes %d and %d", ErrDamaged, first.pageSize, second.pageSize)
	}
	newest := first
	if second.txid > first.txid {
		newest = second
	}
	if want := newest.pages * uint64(newest.pageSize); uint64(size) < want {
		return fmt.Errorf("%w: it has %d bytes and should have at least %d; it was cut off: take a copy of it", ErrDamaged, size, want)
	}
	if err := checkFreeList(f, newest); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// checkFreeList reads the list of free pages and checks it.
func checkFreeList(f io.ReaderAt, m metaPage) error {
	size := uint64(m.pageSize)
	if m.free < 2 || m.free >= m.pages {
		return fmt.Errorf("it has no list of free pages: page %d of %d", m.free, m.pages)
	}
	head := make([]byte, pageHeaderSize)
	if _, err := f.ReadAt(head, int64(m.free*size)); err != nil {
		return err
	}
	more := uint64(binary.NativeEndian.Uint32(head[12:]))
	if binary.NativeEndian.Uint64(head) != m.free || binary.NativeEndian.Uint16(head[8:]) != freePageFlag || more >= m.pages-m.free {
		return fmt.Errorf("page %d is not the list of free pages", m.free)
	}
	rest := io.NewSectionReader(f, int64(m.free*size)+pageHeaderSize, int64((more+1)*size)-pageHeaderSize)
	return checkFreePages(rest, binary.NativeEndian.Uint16(head[10:]), m.pages)
}

// checkFreePages checks the list itself: in order, each page once, within the
// file. bbolt would take any number in it for a page to write to.
func checkFreePages(list io.Reader, short uint16, pages uint64) error {
	in := bufio.NewReaderSize(list, 64<<10)
	next := func() (id uint64, err error) {
		var b [8]byte
		_, err = io.ReadFull(in, b[:])
		return binary.NativeEndian.Uint64(b[:]), err
	}
	count := uint64(short)
	if short == 0xffff { // then the real count comes first
		var err error
		if count, err = next(); err != nil {
			return err
		}
	}
	last := uint64(1)
	for i := range count {
		id, err := next()
		if err != nil {
			return fmt.Errorf("the list of free pages has %d entries, of which %d can be read: %w", count, i, err)
		}
		if id <= last || id >= pages {
			return fmt.Errorf("the list of free pages has page %d after %d, of %d", id, last, pages)
		}
		last = id
	}
	return nil
}

// metaError tells a damaged first meta page from a file that never had one, by
// looking for the second at every place where it can be.
func metaError(f io.ReaderAt, size int64, first error) error {
	if !errors.Is(first, errNoMagic) && !errors.Is(first, io.EOF) {
		return fmt.Errorf("%w: meta page 0: %w", ErrDamaged, first)
	}
	for at := int64(minPageSize); at <= maxPageSize && at < size; at *= 2 {
		if _, err := readMetaPage(f, at); err == nil {
			return fmt.Errorf("%w: meta page 0: %w", ErrDamaged, first)
		}
	}
	return fmt.Errorf("%w: it does not look like a bbolt file", ErrForeign)
}

func readMetaPage(f io.ReaderAt, at int64) (metaPage, error) {
	var buf [metaReadSize]byte
	if n, err := f.ReadAt(buf[:], at); n < len(buf) {
		if n >= metaOffset+4 && binary.NativeEndian.Uint32(buf[metaOffset:]) == metaMagic {
			err = errors.New("the file ends in it")
		}
		return metaPage{}, fmt.Errorf("reading %d bytes at %d: %w", len(buf), at, err)
	}
	return decodeMetaPage(buf[metaOffset:])
}

func decodeMetaPage(b []byte) (metaPage, error) {
	order := binary.NativeEndian
	if len(b) < metaLength+8 || order.Uint32(b) != metaMagic {
		return metaPage{}, errNoMagic
	}
	h := fnv.New64a()
	_, _ = h.Write(b[:metaLength])
	if got, sum := h.Sum64(), order.Uint64(b[metaLength:]); got != sum {
		return metaPage{}, fmt.Errorf("its checksum is %016x and should be %016x", got, sum)
	}
	if v := order.Uint32(b[4:]); v != metaVersion {
		return metaPage{}, fmt.Errorf("it has bbolt version %d, this program knows %d", v, metaVersion)
	}
	m := metaPage{pageSize: order.Uint32(b[8:]), free: order.Uint64(b[32:]), pages: order.Uint64(b[40:]), txid: order.Uint64(b[48:])}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return metaPage{}, fmt.Errorf("it names a page size of %d", m.pageSize)
	}
	if m.pages > 1<<48/uint64(m.pageSize) {
		return metaPage{}, fmt.Errorf("it counts %d pages", m.pages)
	}
	return m, nil
}
