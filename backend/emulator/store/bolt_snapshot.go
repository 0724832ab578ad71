package store

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// View opens a snapshot. See Store.
func (b *Bolt) View() (Snapshot, error) {
	if !b.users.enter() {
		return nil, fmt.Errorf("%w: %s", ErrClosed, b.path)
	}
	var tx *boltTx
	var err error
	if fatal := b.fatal.Load(); fatal != nil {
		err = *fatal
	} else {
		tx, err = b.begin()
	}
	if err != nil {
		b.leave()
		return nil, err
	}
	return &boltSnapshot{store: b, tx: tx, base: b.mapped(), size: uintptr(tx.Size())}, nil
}

// leave ends one snapshot, and the store with the last one after Close.
func (b *Bolt) leave() {
	if b.users.leave() {
		_ = b.release()
	}
}

// boltSnapshot is one bbolt read transaction. What it returns points into the
// mapped file.
type boltSnapshot struct {
	store      *Bolt
	tx         *boltTx // nil once closed
	base, size uintptr // the mapped bytes that this transaction may see
	buckets    [spaces + 1]*boltBucket
	err        error
}

func (s *boltSnapshot) Get(space Space, key []byte) (v []byte) {
	defer s.guard(&v, debug.SetPanicOnFault(true))
	bucket := s.bucket(space)
	if bucket == nil {
		return nil
	}
	v = bucket.Get(key)
	if !s.inside(bucket, nil, v) {
		panic(outside)
	}
	return v
}

func (s *boltSnapshot) Cursor(space Space) Cursor {
	c := &boltWalk{snap: s}
	c.open(space)
	return &positioned{raw: c}
}

func (s *boltSnapshot) Err() error { return s.err }

func (s *boltSnapshot) Close() error {
	if s.tx != nil {
		s.store.rollback(s.tx)
		s.tx = nil
		s.buckets = [spaces + 1]*boltBucket{}
		s.store.leave()
	}
	return s.err
}

// bucket returns the bucket of space, or nil when there is none to read.
func (s *boltSnapshot) bucket(space Space) *boltBucket {
	if s.tx == nil {
		if s.err == nil {
			s.err = fmt.Errorf("snapshot was read after its Close: %w", ErrClosed)
		}
		return nil
	}
	if !space.valid() {
		return nil
	}
	if s.buckets[space] == nil {
		if s.buckets[space] = s.tx.Bucket(bucketNames[space]); s.buckets[space] == nil {
			panic(fmt.Sprintf("bucket %q is gone", space))
		}
	}
	return s.buckets[space]
}

// guard, deferred, turns a panic of bbolt or a fault on the mapped file into
// the snapshot's error and a nil result. Old is the goroutine's setting to
// restore.
func (s *boltSnapshot) guard(v *[]byte, old bool) {
	debug.SetPanicOnFault(old)
	if r := recover(); r != nil {
		*v = nil
		s.damaged(r)
	}
}

func (s *boltSnapshot) damaged(r any) {
	if s.err == nil {
		s.err = s.store.broken(r)
	}
}

const outside = "a page is not what it should be: a key or value lies outside of the file"

// inside reports whether k and v lie within the file: a damaged page can say
// otherwise, and touching such a slice later would end the process. A bucket
// without a page of its own lies in its parent's page, or in a copy of it.
func (s *boltSnapshot) inside(bucket *boltBucket, k, v []byte) bool {
	if bucket.Root() == 0 {
		return len(k)+len(v) <= s.store.page
	}
	return s.holds(k) && s.holds(v)
}

func (s *boltSnapshot) holds(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b))) - s.base
	return at < s.size && uintptr(len(b)) <= s.size-at
}

// boltWalk is a guarded bbolt cursor.
type boltWalk struct {
	snap   *boltSnapshot
	bucket *boltBucket
	cursor *boltCursor // nil when there is nothing to walk, or the walk met damage
}

func (c *boltWalk) open(space Space) {
	var none []byte
	defer c.snap.guard(&none, debug.SetPanicOnFault(true))
	if bucket := c.snap.bucket(space); bucket != nil {
		c.bucket, c.cursor = bucket, bucket.Cursor()
	}
}

func (c *boltWalk) seek(key []byte) (k, v []byte) {
	if len(key) == 0 {
		return c.first()
	}
	defer c.guard(&k, &v, debug.SetPanicOnFault(true))
	if c.usable() {
		k, v = c.cursor.Seek(key)
	}
	return k, v
}

func (c *boltWalk) first() (k, v []byte) {
	defer c.guard(&k, &v, debug.SetPanicOnFault(true))
	if c.usable() {
		k, v = c.cursor.First()
	}
	return k, v
}

func (c *boltWalk) last() (k, v []byte) {
	defer c.guard(&k, &v, debug.SetPanicOnFault(true))
	if c.usable() {
		k, v = c.cursor.Last()
	}
	return k, v
}

func (c *boltWalk) next() (k, v []byte) {
	defer c.guard(&k, &v, debug.SetPanicOnFault(true))
	if c.usable() {
		k, v = c.cursor.Next()
	}
	return k, v
}

func (c *boltWalk) prev() (k, v []byte) {
	defer c.guard(&k, &v, debug.SetPanicOnFault(true))
	if c.usable() {
		k, v = c.cursor.Prev()
	}
	return k, v
}

// usable reports whether the cursor can be asked. After Close of the snapshot
// it notes the misuse as the snapshot's error.
func (c *boltWalk) usable() bool {
	if c.snap.tx == nil {
		c.snap.bucket(0)
		return false
	}
	return c.cursor != nil
}

// guard, deferred, checks what a step found, and ends the walk when that is
// damaged. A nil value is a bucket where none belongs.
func (c *boltWalk) guard(k, v *[]byte, old bool) {
	debug.SetPanicOnFault(old)
	r := recover()
	if r == nil && *k != nil && (*v == nil || !c.snap.inside(c.bucket, *k, *v)) {
		r = outside
	}
	if r != nil {
		*k, *v, c.cursor = nil, nil, nil
		c.snap.damaged(r)
	}
}
