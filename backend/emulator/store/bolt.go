package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Bolt is the durable store: one bbolt file, one bucket a keyspace. A group is
// one bbolt transaction: its pages are written and synced, then the meta page
// that makes them count is written and synced.
//
// bbolt trusts its file. A damaged page can make it panic, or worse, and reading
// a mapped page that the file no longer has is a memory fault. Reading therefore
// goes around it (boltpage.go), the pages that it is to change are looked at
// before, and what it still panics at becomes ErrDamaged.
type Bolt struct {
	db     *bbolt.DB
	file   *os.File // bbolt's own handle, for its size and for releasing the lock when bbolt can't
	path   string
	page   int // page size in bytes
	header Header
	users  users

	readers readers

	apply   sync.Mutex // serialises Apply; held while its group is written
	order   order      // under apply
	reader  bool       // opened for reading only
	dense   bool       // fill pages to the brim: for a copy that is written once in order
	sound   bool       // the file is a whole ledger: Close may say so in it
	applies atomic.Int64

	// fatal is set once and never cleared: no call enters bbolt after that.
	fatal atomic.Pointer[error]
	// wedged: bbolt panicked where it holds its locks, its Close would hang.
	wedged atomic.Bool
}

// boltTx is bbolt's transaction, for the files that do not import it.
type boltTx = bbolt.Tx

// headerBucket holds the header, apart from the keyspaces.
const headerBucket = "tally"

var (
	headerName  = []byte(headerBucket)
	headerKey   = []byte("header")
	bucketNames = func() (names [spaces + 1][]byte) {
		for s := range Spaces() {
			names[s] = []byte(s.String())
		}
		return names
	}()
)

// fillPercent is how full bbolt leaves a page that it splits. Pages of a space
// that grows at its end are never inserted into again: leaving room there only
// makes the file larger. Index entries arrive in any order and need the room.
var fillPercent = [spaces + 1]float64{Meta: 0.5, Journal: 1, Tree: 0.9, Document: 0.9, History: 0.9, Index: 0.5, Catalog: 0.5}

// Growing the file costs a sync of its own, so it grows by an eighth at a time
// within these bounds.
const (
	minGrowth = 1 << 20
	maxGrowth = 64 << 20
)

// openDB opens path with bbolt. The errors are bbolt's, but for a panic, which
// becomes ErrDamaged.
func openDB(path string, opt BoltOptions, mmapSize int) (b *Bolt, err error) {
	b = &Bolt{path: path, reader: opt.ReadOnly}
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
		if err != nil && b.file != nil {
			_ = b.file.Close() // bbolt leaves it open, and locked, when it panics
		}
	}(debug.SetPanicOnFault(true))
	b.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		ReadOnly:        opt.ReadOnly,
		Timeout:         opt.LockTimeout,
		NoSync:          opt.NoSync,
		InitialMmapSize: mmapSize,
		FreelistType:    bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, mode)
			b.file = f
			return f, err
		},
	})
	if errors.Is(err, berrors.ErrTimeout) {
		err = fmt.Errorf("%w: no lock within %v; close it where it is open, in another process or in this one", ErrInUse, opt.LockTimeout)
	}
	if err == nil {
		b.page = b.db.Info().PageSize
	}
	return b, err
}

// format makes the buckets and the header of a new file.
func (b *Bolt) format(header []byte) error {
	err := b.db.Update(func(tx *bbolt.Tx) error {
		top, err := tx.CreateBucket(headerName)
		if err != nil {
			return err
		}
		for s := range Spaces() {
			if _, err := tx.CreateBucket(bucketNames[s]); err != nil {
				return err
			}
		}
		return top.Put(headerKey, header)
	})
	b.sound = err == nil
	return err
}

// inspect reads the header and checks that the buckets are there.
func (b *Bolt) inspect() (err error) {
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = b.broken(r)
		}
	}(debug.SetPanicOnFault(true))
	tx, err := b.begin()
	if err != nil {
		return err
	}
	defer b.rollback(tx)
	top := b.topTree(tx)
	t, err := top.bucket(headerName)
	if errors.Is(err, errNoBucket) {
		return fmt.Errorf("%w: it is a bbolt file of another application, without the bucket %q", ErrForeign, headerBucket)
	}
	var value []byte
	if err == nil {
		value, err = t.get(headerKey)
	}
	if err != nil {
		return fmt.Errorf("%w: its header cannot be read: %w", ErrDamaged, err)
	}
	if b.header, err = decodeHeader(value); err != nil {
		return err
	}
	for s := range Spaces() {
		if _, err := top.bucket(bucketNames[s]); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return nil
}

// Apply applies a group. See Store.
func (b *Bolt) Apply(ops []Op) error {
	b.apply.Lock()
	defer b.apply.Unlock()
	switch {
	case b.users.isClosed():
		return fmt.Errorf("%w: %w", ErrNotApplied, ErrClosed)
	case b.fatal.Load() != nil:
		return b.refused()
	case b.reader:
		return fmt.Errorf("%w: %w: %s", ErrNotApplied, ErrReadOnly, b.path)
	}
	if err := checkOps(ops); err != nil || len(ops) == 0 {
		return err
	}
	b.retire(true)
	defer b.retire(false)
	tx, err := b.stage(ops)
	if err != nil {
		return err
	}
	if err := b.commit(tx); err != nil {
		return err
	}
	b.applies.Add(1)
	return nil
}

// stage puts the group into a transaction. Nothing is written yet, so that an
// error here leaves the store as it was.
func (b *Bolt) stage(ops []Op) (tx *bbolt.Tx, err error) {
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			b.wedged.CompareAndSwap(false, tx == nil) // Begin itself panicked
			err = fmt.Errorf("%w: %w", ErrNotApplied, b.broken(r))
		}
		if err != nil {
			b.rollback(tx)
		}
	}(debug.SetPanicOnFault(true))
	if tx, err = b.db.Begin(true); err != nil {
		return nil, b.fail(fmt.Errorf("%w: %w: %s; reopen the ledger", ErrUnknownOutcome, err, b.path))
	}
	b.db.AllocSize = int(min(max(tx.Size()/8, minGrowth), maxGrowth))
	top := b.topTree(tx)
	var target target
	for _, e := range b.order.sort(ops) {
		op := &ops[e.at]
		if op.Space != target.space {
			if target, err = b.target(tx, top, op.Space); err != nil {
				return tx, fmt.Errorf("%w: %w", ErrNotApplied, b.broken(err))
			}
		}
		if err := target.change(op); err != nil {
			return tx, &OpError{Space: op.Space, Key: bytes.Clone(op.Key), Err: err}
		}
	}
	return tx, nil
}

// target is the bucket that a group's operations go to, with the look at its
// pages that comes before.
type target struct {
	space  Space
	bucket *bbolt.Bucket
	check  pathCheck
}

func (b *Bolt) target(tx *bbolt.Tx, top boltTree, s Space) (target, error) {
	way := pathCheck{tree: top}
	if err := way.covers(bucketNames[s], false); err != nil {
		return target{}, err
	}
	tree, err := top.bucket(bucketNames[s])
	if err != nil {
		return target{}, err
	}
	t := target{space: s, bucket: tx.Bucket(bucketNames[s]), check: pathCheck{tree: tree}}
	t.bucket.FillPercent = fillPercent[s]
	if b.dense {
		t.bucket.FillPercent = 1
	}
	return t, nil
}

func (t *target) change(op *Op) error {
	if err := t.check.covers(op.Key, op.Delete); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	switch {
	case t.space == Journal:
		return t.changeLarge(op)
	case op.Delete:
		return t.bucket.Delete(op.Key)
	}
	return t.bucket.Put(op.Key, op.Value)
}

// A value of the journal that is longer than largeValue lies in a bucket of its
// own, under largeKey. bbolt splits no page with fewer than five elements, so that
// each group would write the last few blocks again, with all their bytes; of
// such a block it writes the 16 bytes that name its page.
const largeValue = 8 << 10

var largeKey = []byte("v")

// changeLarge is change where values can be large. The old value is that of
// before the group, which has one operation for a key.
func (t *target) changeLarge(op *Op) error {
	old, flags, err := t.check.tree.find(op.Key)
	nested := flags&bucketFlag != 0
	if err == nil && nested {
		err = t.checkLarge(old)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	large := !op.Delete && len(op.Value) > largeValue
	if nested || old != nil && large {
		if err := t.check.covers(op.Key, true); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	switch {
	case nested:
		err = t.bucket.DeleteBucket(op.Key)
	case old != nil && (op.Delete || large):
		err = t.bucket.Delete(op.Key)
	}
	if err != nil || op.Delete {
		return err
	}
	if !large {
		return t.bucket.Put(op.Key, op.Value)
	}
	own, err := t.bucket.CreateBucket(op.Key)
	if err != nil {
		return err
	}
	return own.Put(largeKey, op.Value)
}

// checkLarge looks at the page of a large value, which bbolt is about to free.
func (t *target) checkLarge(v []byte) error {
	if _, err := t.check.tree.large(v); err != nil {
		return err
	}
	own, err := t.check.tree.nested(v)
	if err != nil {
		return err
	}
	way := pathCheck{tree: own}
	return way.covers(largeKey, false)
}

// commit writes and syncs the transaction, and finds out what an error means.
func (b *Bolt) commit(tx *bbolt.Tx) (err error) {
	id := tx.ID()
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			err = b.fail(fmt.Errorf("%w: %w", ErrUnknownOutcome, b.broken(r)))
			b.rollback(tx)
		}
	}(debug.SetPanicOnFault(true))
	if err := tx.Commit(); err != nil {
		return b.explain(err, id)
	}
	return nil
}

// explain turns an error of Commit into what is known about transaction id.
// Pages of a transaction go to free places only, so until its meta page is
// written the store is what it was. A failed sync is different: what the system
// still holds in memory need no longer be what is on disk.
func (b *Bolt) explain(err error, id int) error {
	err = fmt.Errorf("writing %s: %w", b.path, err)
	if syncFailed(err) {
		return b.fail(fmt.Errorf("%w: %w; reopen the ledger", ErrUnknownOutcome, err))
	}
	tx, viewErr := b.begin()
	if viewErr == nil {
		defer b.rollback(tx)
	}
	if viewErr != nil || tx.ID() >= id {
		return b.fail(fmt.Errorf("%w: %w; reopen the ledger", ErrUnknownOutcome, err))
	}
	return fmt.Errorf("%w: %w", ErrNotApplied, err)
}

// syncFailed tells errors of syncing from errors of writing and growing, which
// bbolt does not name: the bare errno of fdatasync, os.File.Sync's error with
// the operation "sync", or that one as text.
func syncFailed(err error) bool {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Op != "write" && path.Op != "truncate"
	}
	var errno syscall.Errno
	return errors.As(err, &errno) || strings.Contains(err.Error(), "sync")
}

// fail makes err the store's last word: every later call returns it.
func (b *Bolt) fail(err error) error {
	b.fatal.CompareAndSwap(nil, &err)
	return err
}

// refused is the error of Apply after a fatal one.
func (b *Bolt) refused() error {
	err := *b.fatal.Load()
	if !errors.Is(err, ErrUnknownOutcome) {
		err = fmt.Errorf("%w: %w", ErrNotApplied, err)
	}
	return err
}

// broken turns a recovered panic into an error.
func (b *Bolt) broken(r any) error {
	return fmt.Errorf("%w: %s: %v; restore it from a backup", ErrDamaged, b.path, r)
}

// begin starts a read transaction.
func (b *Bolt) begin() (tx *bbolt.Tx, err error) {
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			b.wedged.Store(true)
			err = b.fail(b.broken(r))
		}
	}(debug.SetPanicOnFault(true))
	return b.db.Begin(false)
}

// topTree is the tree of buckets as it was when tx began. It is good for reading
// while tx is open, and until tx itself is committed.
func (b *Bolt) topTree(tx *bbolt.Tx) boltTree {
	info := b.db.Info()
	start := *(*unsafe.Pointer)(unsafe.Pointer(&info.Data)) // mapped by bbolt, not moved while tx is open
	data := unsafe.Slice((*byte)(start), tx.Size())
	return boltTree{pages: boltPages{data, b.page}, root: uint64(tx.Cursor().Bucket().Root())}
}

// rollback gives up a transaction. When even that panics, bbolt keeps its locks
// and must not be called again.
func (b *Bolt) rollback(tx *bbolt.Tx) {
	if tx == nil {
		return
	}
	defer func(old bool) {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			b.wedged.Store(true)
			_ = b.fail(fmt.Errorf("%w: %w", ErrUnknownOutcome, b.broken(r)))
		}
	}(debug.SetPanicOnFault(true))
	_ = tx.Rollback()
}

// Close closes the file. See Store.
func (b *Bolt) Close() error {
	b.apply.Lock()
	defer b.apply.Unlock()
	open, first := b.users.close()
	switch {
	case !first:
		return nil
	case open > 0:
		return fmt.Errorf("%s: %w", b.path, snapshotsOpen(open))
	default:
		return b.release()
	}
}

// release unmaps and unlocks the file. No snapshot is open.
func (b *Bolt) release() error {
	if b.wedged.Load() {
		return b.file.Close()
	}
	b.retire(true)
	b.markClosed()
	return b.db.Close()
}

// Stats returns sizes and counters. Keys is -1.
func (b *Bolt) Stats() Stats {
	s := Stats{Applies: b.applies.Load(), Keys: -1, Snapshots: b.users.count()}
	if info, err := b.file.Stat(); err == nil {
		s.Size = info.Size()
	}
	bs := b.db.Stats()
	s.Free = int64(bs.FreePageN+bs.PendingPageN) * int64(b.page)
	s.WriteTime = bs.TxStats.GetWriteTime()
	return s
}

// Header returns what the file says of itself.
func (b *Bolt) Header() Header { return b.header }

// Path returns the name the file was opened by.
func (b *Bolt) Path() string { return b.path }
