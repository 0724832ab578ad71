package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// check looks at everything in the page that bbolt relies on when it changes it,
// pages being the file's. How many pages belong to it matters most: those bbolt
// frees, whatever they hold.
func (p *boltPage) check(pages boltPages) error {
	size, err := p.size(pages)
	if err != nil {
		return err
	}
	return p.fits(pages, size)
}

// size looks at each element and returns how many bytes the page takes. bbolt
// writes keys and values one after the other, without gaps.
func (p *boltPage) size(pages boltPages) (int, error) {
	size := pageHeaderSize + p.count*elementSize
	for i := range p.count {
		at := pageHeaderSize + i*elementSize
		e := p.data[at : at+elementSize]
		var k, v []byte
		var ok bool
		distance := binary.NativeEndian.Uint32(e)
		if p.leaf {
			k, v, _, ok = p.item(i)
			distance = binary.NativeEndian.Uint32(e[4:])
		} else {
			var id uint64
			k, id, ok = p.child(i)
			ok = ok && id >= 2 && id < pages.count()
		}
		if !ok || len(k) == 0 || at+int(distance) != size {
			return 0, errElement
		}
		size += len(k) + len(v)
	}
	return size, nil
}

// fits compares what the page says of its place with what it takes, which is
// what bbolt gave it.
func (p *boltPage) fits(pages boltPages, size int) error {
	if !p.inline {
		if has, takes := morePages(p.data)+1, pages.taken(size); has != takes {
			return fmt.Errorf("it says that it has %d pages, what it holds takes %d", has, takes)
		}
		return nil
	}
	// bbolt frees the page that it says it is once it gets one of its own.
	id, more := binary.NativeEndian.Uint64(p.data), morePages(p.data)
	if id != 0 || more != 0 || size != len(p.data) {
		return fmt.Errorf("a bucket within it says that it is page %d with %d more and has %d bytes, it should be 0 with 0 and have %d", id, more, len(p.data), size)
	}
	return nil
}

// count is how many pages there are.
func (p boltPages) count() uint64 { return uint64(len(p.data) / p.size) }

// taken is how many pages bbolt takes for size bytes.
func (p boltPages) taken(size int) uint64 { return uint64((size + p.size - 1) / p.size) }

// pathCheck looks at the pages that bbolt will go through to change keys of one
// tree, before it does. Keys come in order, so most need no new look.
type pathCheck struct {
	tree    boltTree
	limit   []byte // the leaf that was looked at last holds the keys below limit
	started bool
	around  bool             // the neighbours of that way were looked at too
	seen    [maxDepth]uint64 // by depth, the page that was looked at last
}

// covers checks the way to key. A deletion can make bbolt join a page with the
// one before or after it, on every level: they are checked where around is set.
func (c *pathCheck) covers(key []byte, around bool) error {
	if c.started && (c.limit == nil || bytes.Compare(key, c.limit) < 0) && (c.around || !around) {
		return nil
	}
	c.started, c.around, c.limit = true, around, nil
	p, err := c.tree.top()
	id := c.tree.root
	for depth := 0; err == nil && depth < maxDepth; depth++ {
		if c.seen[depth] != id || id == 0 {
			if err := p.check(c.tree.pages); err != nil {
				return fmt.Errorf("page %d: %w", id, err)
			}
			c.seen[depth] = id
		}
		if err := c.within(&p, id); err != nil {
			return err
		}
		if p.leaf {
			return nil
		}
		at, _ := p.below(key) // check has seen all keys
		if around {
			if err := c.neighbours(&p, at); err != nil {
				return err
			}
		}
		if at+1 < p.count {
			c.limit, _ = p.key(at + 1)
		}
		_, id, _ = p.child(at)
		p, err = c.tree.down(&p, at)
	}
	if err == nil {
		err = errTooDeep
	}
	return err
}

// within finds a page that is not where it belongs: its keys go beyond those of
// its place.
func (c *pathCheck) within(p *boltPage, id uint64) error {
	if c.limit == nil || p.count == 0 {
		return nil
	}
	if last, _ := p.key(p.count - 1); bytes.Compare(last, c.limit) >= 0 {
		return fmt.Errorf("page %d: %w", id, errOrder)
	}
	return nil
}

// neighbours checks the children of p before and after the one at at.
func (c *pathCheck) neighbours(p *boltPage, at int) error {
	for _, i := range [2]int{at - 1, at + 1} {
		if i < 0 || i >= p.count {
			continue
		}
		next, err := c.tree.down(p, i)
		if err == nil {
			err = next.check(c.tree.pages)
		}
		if err != nil {
			_, id, _ := p.child(i)
			return fmt.Errorf("page %d: %w", id, err)
		}
	}
	return nil
}
