package emulator

import (
	"container/list"
	"encoding/binary"
	"hash/maphash"
)

// item is something that transactions read and change: a document, a key of an
// index, a table as a whole, an entry of the catalog. It is the hash of its
// name; two names with one hash would make a conflict where there is none, and
// never hide one.
type item uint64

// Kinds of items.
const (
	itemDoc = iota
	itemIndexKey
	itemTable
	itemTableName  // what a table name stands for
	itemCatalog    // the catalog as a whole
	itemRedactions // redactions in a block
	itemRedacted   // what was redacted in a table as a whole
	itemKinds
)

// itemSeeds keep names of different kinds apart.
var itemSeeds = func() (seeds [itemKinds]maphash.Seed) {
	for i := range seeds {
		seeds[i] = maphash.MakeSeed()
	}
	return seeds
}()

func makeItem(kind int, name []byte) item { return item(maphash.Bytes(itemSeeds[kind], name)) }

func docItem(k docKey) item { return makeItem(itemDoc, k[:]) }

func tableItem(no uint32) item {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], no)
	return makeItem(itemTable, b[:])
}

// redactedItem is what a scan of a table's history reads beside the table: a
// redaction changes no document that a scan of the table sees.
func redactedItem(table uint32) item {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], table)
	return makeItem(itemRedacted, b[:])
}

func nameItem(table string) item { return item(maphash.String(itemSeeds[itemTableName], table)) }

func indexItem(prefix []byte) item { return makeItem(itemIndexKey, prefix) }

func catalogItem() item { return makeItem(itemCatalog, nil) }

func redactionItem(seq int64) item { return makeItem(itemRedactions, seqKey(seq)) }

// readSet is what a transaction has read: each item with the sequence number
// that was committed when it was read first.
type readSet map[item]int64

func (r readSet) add(i item, at int64) {
	if _, ok := r[i]; !ok {
		r[i] = at
	}
}

// changes remembers which block changed an item last, back to the oldest
// transaction that is open. Nothing else decides conflicts. It belongs to the
// committer.
type changes struct {
	last  map[item]int64
	queue []changed // in order of seq, to forget them
}

type changed struct {
	seq  int64
	item item
}

func newChanges() *changes { return &changes{last: make(map[item]int64)} }

func (c *changes) add(i item, seq int64) {
	if c.last[i] == seq {
		return
	}
	c.last[i] = seq
	c.queue = append(c.queue, changed{seq, i})
}

// conflicts reports whether something in the read set changed after it was
// read.
func (c *changes) conflicts(r readSet) bool {
	if len(c.last) == 0 {
		return false
	}
	if len(c.last) < len(r) {
		for i, seq := range c.last {
			if at, ok := r[i]; ok && seq > at {
				return true
			}
		}
		return false
	}
	for i, at := range r {
		if c.last[i] > at {
			return true
		}
	}
	return false
}

// forget drops what no open transaction can conflict with: changes in blocks up
// to and including horizon.
func (c *changes) forget(horizon int64) {
	n := 0
	for n < len(c.queue) && c.queue[n].seq <= horizon {
		if q := c.queue[n]; c.last[q.item] == q.seq {
			delete(c.last, q.item)
		}
		n++
	}
	if n == len(c.queue) {
		c.queue = c.queue[:0]
		return
	}
	c.queue = c.queue[n:]
}

// undo forgets the blocks behind seq, which were not written. What an item
// changed last before them is lost; seq stands in for it, which at worst makes
// a conflict for a transaction that is open.
func (c *changes) undo(seq int64) {
	for i, at := range c.last {
		if at > seq {
			c.last[i] = seq
		}
	}
	for i := range c.queue {
		c.queue[i].seq = min(c.queue[i].seq, seq)
	}
}

// openTxs are the transactions that are open, in the order they began.
type openTxs struct{ l list.List }

func (o *openTxs) add(t *Transaction) { t.place = o.l.PushBack(t) }

func (o *openTxs) remove(t *Transaction) {
	if t.place != nil {
		o.l.Remove(t.place)
		t.place = nil
	}
}

func (o *openTxs) oldest() *Transaction {
	if f := o.l.Front(); f != nil {
		return f.Value.(*Transaction)
	}
	return nil
}
