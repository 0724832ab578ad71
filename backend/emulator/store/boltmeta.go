package store

import (
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
	at       int64 // where in the file the page begins
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

// checkMetaPages looks at both meta pages of a file of the given size and returns
// the newer one, the one that counts. An error wraps ErrForeign (no sign of
// bbolt) or ErrDamaged.
func checkMetaPages(f io.ReaderAt, size int64) (metaPage, error) {
	if size == 0 {
		return metaPage{}, fmt.Errorf("%w: it is empty; a new ledger needs a name that is not taken", ErrDamaged)
	}
	first, err := readMetaPage(f, 0)
	if err != nil {
		return metaPage{}, metaError(f, size, err)
	}
	second, err := readMetaPage(f, int64(first.pageSize))
	if err != nil {
		return metaPage{}, fmt.Errorf("%w: meta page 1: %w", ErrDamaged, err)
	}
	if second.pageSize != first.pageSize {
		return metaPage{}, fmt.Errorf("%w: its meta pages name page sizes %d and %d", ErrDamaged, first.pageSize, second.pageSize)
	}
	newest := first
	if second.txid > first.txid {
		newest = second
	}
	if want := newest.pages * uint64(newest.pageSize); uint64(size) < want {
		return metaPage{}, fmt.Errorf("%w: it has %d bytes and should have at least %d; it was cut off: take a copy of it", ErrDamaged, size, want)
	}
	return newest, nil
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
	m, err := decodeMetaPage(buf[metaOffset:])
	m.at = at
	return m, err
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
