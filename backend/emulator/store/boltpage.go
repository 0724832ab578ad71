package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Reading goes through this file, not through bbolt's own cursor. bbolt trusts
// every page: one changed bit can send its cursor round in circles, past the
// end of the file or into a recursion that ends the process. Here each number
// that comes from a page is checked before it is used, so that a damaged file
// gives an error whatever it holds; and a Get allocates nothing.
//
// A page begins with 16 bytes: its number (8), flags (2), how many elements it
// has (2), how many further pages belong to it (4). Elements of 16 bytes follow,
// then keys and values. A leaf's element has flags, the distance from itself to
// its key, and the lengths of key and value, 4 bytes each; the value follows the
// key. A branch's has distance and length of a key (4 each) and the number of
// the page below (8). All in the machine's byte order.
const (
	pageHeaderSize  = 16
	elementSize     = 16
	branchPageFlag  = 0x01
	leafPageFlag    = 0x02
	freePageFlag    = 0x10
	bucketFlag      = 0x01 // of a leaf's element: the value is a bucket
	bucketValueSize = 16   // root page (8), counter (8); a page of its own follows where root is 0
	maxDepth        = 32   // no tree is deeper: a page has two children at least
)

// boltPages is the part of a mapped file that one transaction may see.
type boltPages struct {
	data []byte
	size int // of a page
}

// boltPage is a branch or leaf page with the pages that belong to it.
type boltPage struct {
	data   []byte
	count  int
	leaf   bool
	inline bool // it lies in the value by which a bucket is named
}

// page returns page id, which is a branch with at least one element or a leaf.
func (p boltPages) page(id uint64) (boltPage, error) {
	data, flags, err := p.raw(id)
	if err != nil {
		return boltPage{}, err
	}
	return parsePage(data, flags, id)
}

// raw returns the bytes of page id with those that belong to it, and its flags.
func (p boltPages) raw(id uint64) ([]byte, uint16, error) {
	pages := uint64(len(p.data) / p.size)
	if id < 2 || id >= pages {
		return nil, 0, fmt.Errorf("page %d does not exist, the pages are 2 to %d", id, pages-1)
	}
	data := p.data[id*uint64(p.size):]
	if is := binary.NativeEndian.Uint64(data); is != id {
		return nil, 0, fmt.Errorf("page %d says it is page %d", id, is)
	}
	more := min(morePages(data), pages-id-1) // a wrong number is found by check, before it does harm
	return data[:(more+1)*uint64(p.size)], binary.NativeEndian.Uint16(data[8:]), nil
}

// morePages is how many further pages the header of a page says belong to it.
func morePages(header []byte) uint64 { return uint64(binary.NativeEndian.Uint32(header[12:])) }

func parsePage(data []byte, flags uint16, id uint64) (boltPage, error) {
	p := boltPage{data: data, count: int(binary.NativeEndian.Uint16(data[10:])), leaf: flags == leafPageFlag}
	switch {
	case flags != leafPageFlag && flags != branchPageFlag:
		return p, fmt.Errorf("page %d is neither branch nor leaf, its flags are %#x", id, flags)
	case pageHeaderSize+p.count*elementSize > len(data), !p.leaf && p.count == 0:
		return p, fmt.Errorf("page %d cannot have %d elements", id, p.count)
	}
	return p, nil
}

// item returns a leaf's i-th element; ok is false when it is not within the
// page. i is below count.
func (p *boltPage) item(i int) (k, v []byte, flags uint32, ok bool) {
	at := pageHeaderSize + i*elementSize
	e := p.data[at : at+elementSize]
	start := uint64(at) + uint64(binary.NativeEndian.Uint32(e[4:]))
	mid := start + uint64(binary.NativeEndian.Uint32(e[8:]))
	end := mid + uint64(binary.NativeEndian.Uint32(e[12:]))
	if end > uint64(len(p.data)) {
		return nil, nil, 0, false
	}
	return p.data[start:mid:mid], p.data[mid:end:end], binary.NativeEndian.Uint32(e), true
}

// child returns a branch's i-th element, as item does.
func (p *boltPage) child(i int) (k []byte, id uint64, ok bool) {
	at := pageHeaderSize + i*elementSize
	e := p.data[at : at+elementSize]
	start := uint64(at) + uint64(binary.NativeEndian.Uint32(e))
	end := start + uint64(binary.NativeEndian.Uint32(e[4:]))
	if end > uint64(len(p.data)) {
		return nil, 0, false
	}
	return p.data[start:end:end], binary.NativeEndian.Uint64(e[8:]), true
}

func (p *boltPage) key(i int) (k []byte, ok bool) {
	if p.leaf {
		k, _, _, ok = p.item(i)
	} else {
		k, _, ok = p.child(i)
	}
	return k, ok
}

// search returns the place of the first key at or after key, and whether it is
// that key.
func (p *boltPage) search(key []byte) (at int, exact, ok bool) {
	low, high := 0, p.count
	for low < high {
		mid := int(uint(low+high) / 2)
		k, ok := p.key(mid)
		if !ok {
			return 0, false, false
		}
		switch c := bytes.Compare(k, key); {
		case c == 0:
			return mid, true, true
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false, true
}

// below returns the place of the child under which key would be.
func (p *boltPage) below(key []byte) (at int, ok bool) {
	at, exact, ok := p.search(key)
	if !exact && at > 0 {
		at--
	}
	return at, ok
}
