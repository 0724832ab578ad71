package store

import (
	"errors"
	"fmt"
)

// Errors of opening a file. In all these cases the file is left as it was, to
// the byte.
var (
	// ErrForeign: the file is no Tally ledger: not a bbolt file at all, or one
	// of another application.
	ErrForeign = errors.New("not a Tally ledger file")

	// ErrNewerFormat: the file was written by a newer Tally, in a format that
	// this one does not know.
	ErrNewerFormat = errors.New("ledger file has a newer format")

	// ErrOlderFormat: the file was written by an older Tally, in a format that
	// this one no longer reads.
	ErrOlderFormat = errors.New("ledger file has an older format")

	// ErrInUse: another process (or another Store in this one) holds the file.
	ErrInUse = errors.New("ledger file is in use")
)

// ErrDamaged: the file is a Tally ledger, but cut off or changed by something
// else. It comes from opening, and later from the call that met the damage.
var ErrDamaged = errors.New("ledger file is damaged")

// Errors of Apply: what is known about the group.
var (
	// ErrNotApplied: nothing of the group reached the store. It is as it was,
	// and the next group may go ahead.
	ErrNotApplied = errors.New("group was not applied")

	// ErrUnknownOutcome: all, some or nothing of the group may be on disk. The
	// store refuses further work with this error; reopening it shows either
	// the whole group or nothing of it.
	ErrUnknownOutcome = errors.New("outcome of the group is unknown")
)

// OpError is a group that was not applied for one of its operations. It wraps
// ErrNotApplied and Err.
type OpError struct {
	Space Space
	Key   []byte
	Err   error // ErrDamaged where the store cannot be read at the key
}

func (e *OpError) Error() string {
	return fmt.Sprintf("%v: %s key %x: %v", ErrNotApplied, e.Space, e.Key, e.Err)
}

func (e *OpError) Unwrap() []error { return []error{ErrNotApplied, e.Err} }

// Errors of using a store or snapshot at the wrong time.
var (
	// ErrReadOnly: Apply on a store that was opened for reading.
	ErrReadOnly = errors.New("store is open for reading only")

	// ErrClosed: the store or the snapshot is closed.
	ErrClosed = errors.New("store is closed")

	// ErrSnapshotsOpen: Close found open snapshots; the last one of them will
	// release the store.
	ErrSnapshotsOpen = errors.New("snapshots are still open")
)

// checkOps reports the first operation that no store would take.
func checkOps(ops []Op) error {
	for i := range ops {
		op := &ops[i]
		switch {
		case !op.Space.valid():
			return fmt.Errorf("%w: operation %d: space %d does not exist, the spaces are 1 to %d", ErrNotApplied, i, op.Space, spaces)
		case len(op.Key) == 0:
			return fmt.Errorf("%w: operation %d: the key is empty, it needs at least 1 byte", ErrNotApplied, i)
		case len(op.Key) > MaxKeySize:
			return fmt.Errorf("%w: operation %d: the key has %d bytes, the limit is %d", ErrNotApplied, i, len(op.Key), MaxKeySize)
		case len(op.Value) > MaxValueSize:
			return fmt.Errorf("%w: operation %d: the value has %d bytes, the limit is %d", ErrNotApplied, i, len(op.Value), MaxValueSize)
		}
	}
	return nil
}

func snapshotsOpen(n int) error {
	return fmt.Errorf("%w: %d of them; the store is released when the last one is closed", ErrSnapshotsOpen, n)
}
