package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// walkLimit is up to how many pages OpenBolt looks at all of them where it has
// no mark to compare with: 64 MiB of 4 KiB each, read in some ten milliseconds.
const walkLimit = 16384

// pageUse finds out what each page of a file is used for. A page that two places
// use, or that is used and listed as free, will be overwritten.
type pageUse struct {
	pages  boltPages
	used   pageSet
	free   pageSet
	report func(problem string) error // its error ends the walk
	hidden bool                       // what lies below some page could not be read
}

func newPageUse(pages boltPages, report func(problem string) error) *pageUse {
	n := pages.count()
	return &pageUse{pages: pages, used: newPageSet(n), free: newPageSet(n), report: report}
}

// tree walks one tree with the trees that lie in it. depth counts the pages above
// it, which are never many.
func (u *pageUse) tree(ctx context.Context, t *boltTree, depth int) error {
	p, err := t.top()
	if err != nil {
		return u.unreadable(t.root, err)
	}
	return u.page(ctx, t, &p, t.root, depth)
}

// page notes page id, p, and all that lies below it.
func (u *pageUse) page(ctx context.Context, t *boltTree, p *boltPage, id uint64, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if depth == maxDepth {
		return u.unreadable(id, errTooDeep)
	}
	size, err := p.size(u.pages)
	if err != nil {
		return u.unreadable(id, err)
	}
	if !p.inline {
		if again, err := u.use(id, u.pages.taken(size)); err != nil || again {
			return err
		}
	}
	if err := p.fits(u.pages, size); err != nil {
		if err := u.report(fmt.Sprintf("page %d: %v", id, err)); err != nil {
			return err
		}
	}
	for i := range p.count {
		if err := u.below(ctx, t, p, i, id, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// below notes what the i-th element of page id, p, leads to.
func (u *pageUse) below(ctx context.Context, t *boltTree, p *boltPage, i int, id uint64, depth int) error {
	if p.leaf {
		_, v, flags, _ := p.item(i)
		if flags&bucketFlag == 0 {
			return nil
		}
		own, err := t.nested(v)
		if err != nil {
			return u.unreadable(id, err)
		}
		return u.tree(ctx, &own, depth)
	}
	_, child, _ := p.child(i)
	c, err := t.down(p, i)
	if err != nil {
		return u.unreadable(child, err)
	}
	return u.page(ctx, t, &c, child, depth)
}

// unreadable reports a page whose use, or that of pages below it, stays unknown.
func (u *pageUse) unreadable(id uint64, err error) error {
	u.hidden = true
	return u.report(fmt.Sprintf("page %d: %v", id, err))
}

// use notes n pages from id on. again: the first one was in use, so that what
// lies below it is known.
func (u *pageUse) use(id, n uint64) (again bool, err error) {
	problem := ""
	for i := id; i < id+n; i++ {
		switch {
		case problem != "":
		case u.used.has(i):
			problem = fmt.Sprintf("page %d is used in two places", i)
			again = i == id
		case u.free.has(i):
			problem = fmt.Sprintf("page %d is in use, and the list of free pages has it", i)
		}
		u.used.add(i)
	}
	if problem != "" {
		err = u.report(problem)
	}
	return again, err
}

// rest reports the pages that nothing uses and that are not free either: what
// led to them was changed.
func (u *pageUse) rest() error {
	if u.hidden {
		return nil
	}
	n := u.pages.count()
	for i := uint64(2); i < n; i++ {
		from := i
		for i < n && !u.used.has(i) && !u.free.has(i) {
			i++
		}
		if i == from {
			continue
		}
		if err := u.report(fmt.Sprintf("pages %d to %d are not in use, and the list of free pages does not have them", from, i-1)); err != nil {
			return err
		}
	}
	return nil
}

// pageSet is a set of pages.
type pageSet []uint64

func newPageSet(pages uint64) pageSet { return make(pageSet, pages/64+1) }
func (s pageSet) add(id uint64)       { s[id/64] |= 1 << (id % 64) }
func (s pageSet) has(id uint64) bool  { return s[id/64]&(1<<(id%64)) != 0 }

// checkFree checks the list of free pages of a file that is to be written to.
func (b *Bolt) checkFree() error {
	m, err := b.meta()
	if err != nil {
		return err
	}
	known, err := listKnown(b.file, m)
	if err == nil && !known && m.pages <= walkLimit {
		err = b.CheckPages(context.Background(), func(problem string) error { return errors.New(problem) })
	}
	if err != nil {
		return fmt.Errorf("%w: %w; %s", ErrDamaged, err, rescue)
	}
	return nil
}

// CheckPages looks at every page of the file as it is now, and reports each that
// is used in two places, used and free, neither of the two, or that cannot be read;
// an error of report ends it and is returned. Apply may go on meanwhile. Other
// errors: ErrClosed, ErrDamaged where the file cannot be read at all, the
// context's.
func (b *Bolt) CheckPages(ctx context.Context, report func(problem string) error) (err error) {
	if !b.users.enter() {
		return fmt.Errorf("%w: %s", ErrClosed, b.path)
	}
	defer b.leave()
	if fatal := b.fatal.Load(); fatal != nil {
		return *fatal
	}
	tx, list, free, err := b.beginWithList()
	if tx == nil {
		return err
	}
	defer b.rollback(tx)
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = b.broken(r)
		}
	}(debug.SetPanicOnFault(true))
	top := b.topTree(tx)
	u := newPageUse(top.pages, report)
	if err == nil {
		err = u.list(list, free)
	} else {
		u.hidden = true
		err = u.report(err.Error())
	}
	if err == nil {
		err = u.tree(ctx, &top, 0)
	}
	if err == nil {
		err = u.rest()
	}
	return err
}

// list notes the list of free pages and what is in it.
func (u *pageUse) list(list freeList, free []uint64) error {
	for _, id := range free {
		u.free.add(id)
	}
	_, err := u.use(list.first, list.pages)
	return err
}

// beginWithList begins a read transaction and reads the list of free pages of
// the state that it sees. The next commit may overwrite the meta page, but not
// before this has returned. Where the list is damaged the transaction comes with
// the error.
func (b *Bolt) beginWithList() (tx *boltTx, list freeList, free []uint64, err error) {
	b.apply.Lock()
	defer b.apply.Unlock()
	if tx, err = b.begin(); err != nil {
		return nil, list, nil, err
	}
	m, err := b.meta()
	if err == nil {
		list, err = readFreeList(b.file, m, func(id uint64) { free = append(free, id) })
	}
	if err == nil {
		_, err = list.marked(b.file, m)
	}
	return tx, list, free, err
}

// meta reads the meta page that counts.
func (b *Bolt) meta() (metaPage, error) {
	info, err := b.file.Stat()
	if err != nil {
		return metaPage{}, err
	}
	return checkMetaPages(b.file, info.Size())
}
