package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// boltTree is one bucket: a B+tree of pages, or a single page that lies in the
// value by which its parent names it.
type boltTree struct {
	pages  boltPages
	root   uint64
	inline boltPage // where root is 0
	loaded bool     // inline is the root page of a tree that is read often
}

var (
	errElement  = errors.New("a page has a key or value that is not within it")
	errTooDeep  = errors.New("a page lies below itself, or the tree is deeper than any can be")
	errOrder    = errors.New("keys are not in order")
	errNoBucket = errors.New("a bucket is missing")
	errBucket   = errors.New("a bucket lies where a value belongs")
)

// bucket returns the tree of the bucket that t has under name.
func (t *boltTree) bucket(name []byte) (boltTree, error) {
	v, flags, err := t.find(name)
	if err != nil {
		return boltTree{}, err
	}
	if v == nil || flags&bucketFlag == 0 {
		return boltTree{}, fmt.Errorf("%w: %q", errNoBucket, name)
	}
	return t.nested(v)
}

// nested returns the tree of the bucket that has v as its value.
func (t *boltTree) nested(v []byte) (b boltTree, err error) {
	if len(v) < bucketValueSize {
		return boltTree{}, errElement
	}
	b = boltTree{pages: t.pages, root: binary.NativeEndian.Uint64(v)}
	if b.root != 0 {
		if len(v) != bucketValueSize {
			return boltTree{}, errElement
		}
		return b, nil
	}
	page := v[bucketValueSize:]
	if len(page) < pageHeaderSize {
		return boltTree{}, errElement
	}
	b.inline, err = parsePage(page, binary.NativeEndian.Uint16(page[8:]), 0)
	b.inline.inline = true
	if err == nil && !b.inline.leaf {
		err = errElement
	}
	return b, err
}

// large returns the value that lies in a bucket of its own, which has v as its
// value. See target.changeLarge.
func (t *boltTree) large(v []byte) ([]byte, error) {
	b, err := t.nested(v)
	if err != nil {
		return nil, err
	}
	p, err := b.top()
	if err != nil {
		return nil, err
	}
	if !p.leaf || p.count != 1 {
		return nil, errBucket
	}
	k, v, flags, ok := p.item(0)
	switch {
	case !ok:
		return nil, errElement
	case flags != 0 || !bytes.Equal(k, largeKey):
		return nil, errBucket
	}
	return v, nil
}

func (t *boltTree) top() (boltPage, error) {
	if t.root == 0 || t.loaded {
		return t.inline, nil
	}
	return t.pages.page(t.root)
}

// load keeps the root page, which every search begins with.
func (t *boltTree) load() (err error) {
	t.inline, err = t.top()
	t.loaded = true
	return err
}

// down returns the i-th child of page p. A tree's keys grow from left to right,
// so a child that begins before its place is not the one that belongs there;
// and only a root may be empty.
func (t *boltTree) down(p *boltPage, i int) (boltPage, error) {
	k, id, ok := p.child(i)
	if !ok {
		return boltPage{}, errElement
	}
	c, err := t.pages.page(id)
	if err != nil {
		return boltPage{}, err
	}
	if c.count == 0 {
		return boltPage{}, fmt.Errorf("page %d is empty", id)
	}
	first, ok := c.key(0)
	if !ok {
		return boltPage{}, errElement
	}
	if bytes.Compare(first, k) < 0 {
		return boltPage{}, fmt.Errorf("page %d: %w", id, errOrder)
	}
	return c, nil
}

// find returns the value at key with its flags, or nil.
func (t *boltTree) find(key []byte) (v []byte, flags uint32, err error) {
	p, err := t.top()
	for depth := 0; err == nil && depth < maxDepth; depth++ {
		at, exact, ok := p.search(key)
		if !ok {
			return nil, 0, errElement
		}
		if p.leaf {
			if !exact {
				return nil, 0, nil
			}
			_, v, flags, _ = p.item(at)
			return v, flags, nil
		}
		if !exact && at > 0 {
			at--
		}
		p, err = t.down(&p, at)
	}
	if err == nil {
		err = errTooDeep
	}
	return nil, 0, err
}

// get returns the value at key, or nil.
func (t *boltTree) get(key []byte) ([]byte, error) {
	v, flags, err := t.find(key)
	if err == nil && flags&bucketFlag != 0 {
		return t.large(v)
	}
	return v, err
}
