package store

import (
	"bytes"
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// Mem is a store in memory, for ledgers that live as long as a test. It keeps
// the contract of Store except that nothing survives Close.
type Mem struct {
	// tip is the newest state. A published tree is never changed again: Apply
	// works on a copy that shares all nodes it does not touch, and publishes
	// that. So a snapshot is one pointer.
	tip   atomic.Pointer[memState]
	users users

	apply sync.Mutex // serialises Apply
	order order
}

type memState struct {
	tree    *btree.BTreeG[memItem]
	applies int64
	size    int64 // bytes of keys and values
}

// memItem is one key with its value; both lie in one allocation.
type memItem struct {
	space      Space
	key, value []byte
}

// memDegree keeps nodes small, since every group copies each node it touches.
const memDegree = 12

// OpenMem returns a new, empty store in memory.
func OpenMem() *Mem {
	m := new(Mem)
	m.tip.Store(&memState{tree: btree.NewBTreeGOptions(lessItem, btree.Options{NoLocks: true, Degree: memDegree})})
	return m
}

func lessItem(a, b memItem) bool {
	if a.space != b.space {
		return cmp.Less(a.space, b.space)
	}
	return bytes.Compare(a.key, b.key) < 0
}

// View opens a snapshot. See Store.
func (m *Mem) View() (Snapshot, error) {
	if !m.users.enter() {
		return nil, ErrClosed
	}
	return &memSnapshot{store: m, tree: m.tip.Load().tree}, nil
}

// Apply applies a group. See Store.
func (m *Mem) Apply(ops []Op) error {
	m.apply.Lock()
	defer m.apply.Unlock()
	if m.users.isClosed() {
		return fmt.Errorf("%w: %w", ErrNotApplied, ErrClosed)
	}
	if err := checkOps(ops); err != nil || len(ops) == 0 {
		return err
	}
	old := m.tip.Load()
	next := &memState{tree: old.tree.Copy(), applies: old.applies + 1, size: old.size}
	for _, e := range m.order.sort(ops) {
		next.change(&ops[e.at])
	}
	m.tip.Store(next)
	return nil
}

func (s *memState) change(op *Op) {
	var old memItem
	if op.Delete {
		old, _ = s.tree.Delete(memItem{space: op.Space, key: op.Key})
	} else {
		old, _ = s.tree.Set(newItem(op))
		s.size += int64(len(op.Key) + len(op.Value))
	}
	s.size -= int64(len(old.key) + len(old.value))
}

// newItem copies what op points to, since the caller may reuse it.
func newItem(op *Op) memItem {
	buf := make([]byte, len(op.Key)+len(op.Value))
	k := copy(buf, op.Key)
	copy(buf[k:], op.Value)
	return memItem{space: op.Space, key: buf[:k:k], value: buf[k:]}
}

// Close closes the store and drops what it holds. See Store.
func (m *Mem) Close() error {
	m.apply.Lock()
	defer m.apply.Unlock()
	open, first := m.users.close()
	if first && open > 0 {
		return snapshotsOpen(open)
	}
	return nil
}

// Stats returns size and counters. Keys is exact.
func (m *Mem) Stats() Stats {
	s := m.tip.Load()
	return Stats{Size: s.size, Applies: s.applies, Keys: int64(s.tree.Len()), Snapshots: m.users.count()}
}

type memSnapshot struct {
	store *Mem
	tree  *btree.BTreeG[memItem] // nil once closed
	err   error
}

func (s *memSnapshot) Get(space Space, key []byte) []byte {
	if !s.usable() {
		return nil
	}
	item, _ := s.tree.Get(memItem{space: space, key: key})
	return item.value
}

func (s *memSnapshot) Cursor(space Space) Cursor {
	c := &memCursor{snap: s, space: space}
	if s.tree != nil {
		c.it = s.tree.Iter()
	}
	return &positioned{raw: c}
}

func (s *memSnapshot) Err() error { return s.err }

func (s *memSnapshot) Close() error {
	if s.tree != nil {
		s.tree = nil
		s.store.users.leave()
	}
	return s.err
}

func (s *memSnapshot) usable() bool {
	if s.tree == nil && s.err == nil {
		s.err = fmt.Errorf("snapshot was read after its Close: %w", ErrClosed)
	}
	return s.tree != nil
}

// memCursor walks one space of the common tree.
type memCursor struct {
	snap  *memSnapshot
	space Space
	it    btree.IterG[memItem]
}

func (c *memCursor) item(ok bool) (k, v []byte) {
	if !ok || c.it.Item().space != c.space {
		return nil, nil
	}
	return c.it.Item().key, c.it.Item().value
}

func (c *memCursor) seek(key []byte) (k, v []byte) {
	if !c.snap.usable() {
		return nil, nil
	}
	return c.item(c.it.Seek(memItem{space: c.space, key: key}))
}

func (c *memCursor) first() (k, v []byte) { return c.seek(nil) }

// last looks for the first key of the next space and steps back.
func (c *memCursor) last() (k, v []byte) {
	if !c.snap.usable() {
		return nil, nil
	}
	if c.it.Seek(memItem{space: c.space + 1}) {
		return c.item(c.it.Prev())
	}
	return c.item(c.it.Last())
}

func (c *memCursor) next() (k, v []byte) {
	if !c.snap.usable() {
		return nil, nil
	}
	return c.item(c.it.Next())
}

func (c *memCursor) prev() (k, v []byte) {
	if !c.snap.usable() {
		return nil, nil
	}
	return c.item(c.it.Prev())
}
