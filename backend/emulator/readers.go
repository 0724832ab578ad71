package emulator

import (
	"context"
	"sync"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/ledger"
)

// readers are the calls under way that read the store outside of sessions: of
// blocks, revisions, pieces of the journal and Check. Close waits for them, since
// a snapshot would keep the file locked.
//
// It cannot wait for code of the caller that a reader calls: that may be what
// closes the ledger. So a reader lends its snapshot for that time, and Close
// closes what is lent. The reader hears of it when it takes the snapshot back.
type readers struct {
	mu   sync.Mutex // held for a few instructions only
	shut bool
	busy int
	idle sync.Cond // busy is 0
	lent map[store.Snapshot]struct{}
}

// enter begins a reader, or returns ErrClosed.
func (r *readers) enter() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return ledger.ErrClosed
	}
	r.busy++
	return nil
}

// leave ends a reader, whose snapshot is closed.
func (r *readers) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.less()
}

func (r *readers) less() {
	if r.busy--; r.busy == 0 && r.shut {
		r.idle.Signal()
	}
}

// lend lets go of a snapshot that is not used until takeBack.
func (r *readers) lend(snap store.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.less()
	if r.shut {
		_ = snap.Close()
		return
	}
	if r.lent == nil {
		r.lent = make(map[store.Snapshot]struct{})
	}
	r.lent[snap] = struct{}{}
}

// takeBack reports whether the reader may go on. If not, neither snapshot nor
// reader is its own any more.
func (r *readers) takeBack(snap store.Snapshot) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return false
	}
	delete(r.lent, snap)
	r.busy++
	return true
}

// shutDown refuses new readers and closes the snapshots that are lent. It comes
// before the wait for commits, since a commit may wait for a snapshot to end.
func (r *readers) shutDown() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut = true
	r.idle.L = &r.mu
	for snap := range r.lent {
		_ = snap.Close()
	}
	r.lent = nil
}

// wait ends when the readers under way have.
func (r *readers) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.busy > 0 {
		r.idle.Wait()
	}
}

// openReader is openView for a reader; closeReader ends it.
func (l *Ledger) openReader() (view, error) {
	if err := l.readers.enter(); err != nil {
		return view{}, err
	}
	v, err := l.openView()
	if err != nil {
		l.readers.leave()
	}
	return v, err
}

func (l *Ledger) closeReader(v view) {
	v.snap.Close()
	l.readers.leave()
}

// untilClosed is a context that ends also with the ledger.
type untilClosed struct {
	context.Context
	l *Ledger
}

func (c untilClosed) Err() error {
	if c.l.ending.Load() {
		return ledger.ErrClosed
	}
	return c.Context.Err()
}
