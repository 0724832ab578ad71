package store

import (
	"bytes"
	"iter"
	"time"
)

// Space names one of a store's keyspaces. The numbers are part of the contract
// between store and engine, the file holds the names.
type Space uint8

// The keyspaces. What their keys and values look like is the engine's business;
// the store uses the names only to choose a layout that suits how each grows.
const (
	Meta     Space = iota + 1 // few small values: counters, the tip
	Journal                   // blocks, appended in order
	Tree                      // nodes of the Merkle tree, appended level by level
	Document                  // current revisions, mostly appended
	History                   // all revisions by document and version
	Index                     // index entries, in no order of time
	Catalog                   // tables and indexes
)

// spaces is the number of keyspaces; valid ones are 1 to spaces.
const spaces = int(Catalog)

var spaceNames = [spaces + 1]string{"", "meta", "journal", "tree", "document", "history", "index", "catalog"}

// Spaces yields all keyspaces in their order.
func Spaces() iter.Seq[Space] {
	return func(yield func(Space) bool) {
		for s := Meta; s <= Catalog; s++ {
			if !yield(s) {
				return
			}
		}
	}
}

// String returns the name of s as it stands in files and messages.
func (s Space) String() string {
	if !s.valid() {
		return "unknown space"
	}
	return spaceNames[s]
}

func (s Space) valid() bool { return s >= Meta && int(s) <= spaces }

// Limits of one operation, in bytes. An operation beyond them makes Apply
// refuse its whole group with ErrNotApplied.
const (
	MaxKeySize   = 32 << 10
	MaxValueSize = 1 << 30
)

// Store is an ordered key/value store with snapshots. All methods may be called
// concurrently; calls of Apply run one after the other.
type Store interface {
	// View opens a read snapshot: everything applied before the call, nothing
	// after. It is cheap, and many may be open at once. The caller closes it,
	// soon: pages that a snapshot can still see are not reused. Errors:
	// ErrClosed, ErrUnknownOutcome after a failed Apply, ErrDamaged.
	View() (Snapshot, error)

	// Apply makes one group of operations durable and visible as a whole. Of
	// several operations on one key the last one counts. Deleting an absent
	// key does nothing, an empty group does nothing. Neither ops nor the bytes
	// they point to are retained or changed. On error nothing is visible, and
	// the error wraps ErrNotApplied (nothing reached the store; it goes on) or
	// ErrUnknownOutcome (fatal: close, reopen and look).
	Apply(ops []Op) error

	// Close waits for a running Apply, refuses what comes later with ErrClosed
	// and releases the store. Where snapshots are open it does not wait for
	// them: it returns an error that wraps ErrSnapshotsOpen and says how many,
	// they stay readable, and the last one to be closed releases the store.
	// Closing again does nothing.
	Close() error

	// Stats says how large and how busy the store is. It is cheap.
	Stats() Stats
}

// Op is one change of a group: put Value at Key, or delete Key (Value is then
// ignored).
type Op struct {
	Space  Space
	Delete bool
	Key    []byte
	Value  []byte
}

// Snapshot is an unchanging view of a store. One goroutine at a time may use a
// snapshot and its cursors. What it returns is valid until it is closed and
// must not be modified.
type Snapshot interface {
	// Get returns the value at key, or nil where there is none. It returns nil
	// too when that part of the store cannot be read: Err tells.
	Get(s Space, key []byte) []byte

	// Cursor returns a new cursor on s, not yet at any key.
	Cursor(s Space) Cursor

	// Err returns the first error met while reading, or nil. It wraps
	// ErrDamaged, or ErrClosed when the snapshot was used after Close. A nil
	// result of Get or of a cursor means "no such key" only while Err is nil.
	Err() error

	// Close ends the snapshot and returns what Err returns, so that a reader
	// that looks at one error only looks at this one. Closing again does
	// nothing and returns the same.
	Close() error
}

// Cursor walks the keys of one space in order, both ways. Its methods return
// (nil, nil) where there is no further key, or where the store cannot be read
// (Snapshot.Err). Past the last key Prev returns the last one; before the first
// key Next returns the first one. A new cursor is before the first key for Next
// and past the last one for Prev.
type Cursor interface {
	// Seek moves to the first key at or after key.
	Seek(key []byte) (k, v []byte)
	// First moves to the first key.
	First() (k, v []byte)
	// Last moves to the last key.
	Last() (k, v []byte)
	// Next moves one key on.
	Next() (k, v []byte)
	// Prev moves one key back.
	Prev() (k, v []byte)
}

// Stats describes a store at one moment.
type Stats struct {
	Size      int64         // bytes on disk (for a store in memory: of keys and values)
	Free      int64         // bytes of Size that hold nothing live and will be reused
	Applies   int64         // groups applied since the store was opened
	WriteTime time.Duration // time Apply spent in writing to disk and waiting for its syncs, since opened
	Keys      int64         // number of keys, -1 where counting them is not cheap
	Snapshots int           // snapshots open now
}

// Scan yields the keys of s that begin with prefix, in order, with their
// values. After the loop snap.Err says whether it ended early.
func Scan(snap Snapshot, s Space, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := snap.Cursor(s)
		for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}
