package store

import "sync"

// users counts a store's open snapshots and knows whether the store is closed,
// so that Close need not wait for them and the last one can release the store.
type users struct {
	mu     sync.Mutex // held for a few instructions only
	open   int
	closed bool
}

// enter counts one more snapshot, unless the store is closed.
func (u *users) enter() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return false
	}
	u.open++
	return true
}

// leave counts one less. It reports whether that was the last one of a closed
// store.
func (u *users) leave() (last bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.open--
	return u.closed && u.open == 0
}

// close marks the store closed. It returns how many snapshots are open, and
// whether this was the first call.
func (u *users) close() (open int, first bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	first = !u.closed
	u.closed = true
	return u.open, first
}

func (u *users) isClosed() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.closed
}

func (u *users) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.open
}
