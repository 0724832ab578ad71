package emulator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Check verifies the whole ledger and yields what is wrong: every block against
// its hashes and the block before it, the block tree, documents and history
// against the revisions in the journal, indexes against documents, and the pages
// of a file that are in use against those that are free. An error ends it: the
// ledger could not be read further. It reads one snapshot, and then the pages as
// they are by that time. It holds nobody up, but a large ledger keeps it busy;
// memory grows with the number of documents.
func (l *Ledger) Check(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := l.check(untilClosed{ctx, l}, yield); err != nil && err != errStopped {
			yield("", err)
		}
	}
}

func (l *Ledger) check(ctx context.Context, yield func(string, error) bool) error {
	if err := l.checkContents(ctx, yield); err != nil {
		return err
	}
	return l.checkPages(ctx, yield)
}

// checkContents checks what the ledger holds, in one snapshot.
func (l *Ledger) checkContents(ctx context.Context, yield func(string, error) bool) error {
	v, err := l.openReader()
	if err != nil {
		return err
	}
	c := &checker{l: l, ctx: ctx, snap: v.snap, seq: v.seq, cat: v.cat, yield: yield, docs: map[docKey]*replayed{}}
	defer func() {
		if !c.lent || l.readers.takeBack(c.snap) { // lent still: yield panicked
			l.closeReader(v)
		}
	}()
	for _, step := range []func() error{c.journal, c.documents, c.history, c.indexes} {
		if err := step(); err != nil {
			return err
		}
	}
	return v.snap.Err()
}

var errStopped = fmt.Errorf("stopped")

// checker replays the journal and compares everything else with it.
type checker struct {
	l     *Ledger
	ctx   context.Context
	snap  store.Snapshot
	seq   int64
	cat   *catalog
	yield func(string, error) bool
	lent  bool // the snapshot, for yield
	asked int  // calls of goOn
	docs  map[docKey]*replayed
	revs  int // revisions of documents in the journal
}

// replayed is what the journal says of a document.
type replayed struct {
	version int64
	seq     int64
	hash    hashchain.Hash
	deleted bool
}

// problem tells of one. Its error ends the check.
func (c *checker) problem(format string, args ...any) error {
	c.l.readers.lend(c.snap)
	c.lent = true
	more := c.yield(fmt.Sprintf(format, args...), nil)
	c.lent = !c.l.readers.takeBack(c.snap)
	switch {
	case !more:
		return errStopped // also where the ledger was closed: yield must not be called again
	case c.lent:
		return ledger.ErrClosed
	}
	return nil
}

// goOn is an error once the check has to end, asked in loops over what is stored.
func (c *checker) goOn() error {
	if c.asked++; c.asked&63 != 0 {
		return nil
	}
	return c.ctx.Err()
}

// damage notes an error of reading.
func (c *checker) damage(err error) error {
	var sum *checksumError
	if errors.As(err, &sum) {
		return c.problem("%s", sum.text(c.cat))
	}
	return c.problem("%v", err)
}

// open is a stored value without its checksum. If that is wrong the rest is
// looked at all the same: what is left may tell what was changed.
func (c *checker) open(s store.Space, key, sealed []byte) ([]byte, error) {
	b, err := unseal(s, key, sealed)
	if err != nil {
		return b, c.damage(err)
	}
	return b, nil
}

// journal checks blocks, chain and tree, and replays the revisions.
func (c *checker) journal() error {
	var edge hashchain.RightEdge
	var before hashchain.Hash
	whole := true // edge is the tree of all blocks so far
	for seq := int64(0); seq <= c.seq; seq++ {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		b, err := c.block(seq)
		if err != nil {
			return err
		}
		var hash hashchain.Hash
		if b != nil {
			hash = b.Hash
			if seq > 0 && !before.IsEmpty() && b.PreviousBlockHash != before {
				if err := c.problem("block %d: previousBlockHash is not the hash of block %d", seq, seq-1); err != nil {
					return err
				}
			}
		} else if hash, err = newNodes(c.snap).Node(0, uint64(seq)); err != nil {
			whole = false
		}
		before = hash
		if whole {
			if err := c.nodes(seq, edge.AppendNodes(nil, hash)); err != nil {
				return err
			}
		}
		if b == nil {
			continue
		}
		if err := c.replay(seq, b); err != nil {
			return err
		}
	}
	if root := c.l.state.Load(); whole && root.seq == c.seq && edge.Root() != root.digest() {
		return c.problem("the digest is not the root of the block hashes")
	}
	return nil
}

// block reads a block and checks it by itself. It is nil if there is none that
// can be read.
func (c *checker) block(seq int64) (*hashchain.Block, error) {
	key := seqKey(seq)
	sealed := c.snap.Get(store.Journal, key)
	if sealed == nil {
		err := c.snap.Err()
		if err == nil {
			err = damaged("block %d is not there", seq)
		}
		return nil, c.damage(err)
	}
	body, err := c.open(store.Journal, key, sealed)
	if err != nil {
		return nil, err
	}
	raw, err := ion.Parse(body)
	if err != nil {
		return nil, c.problem("block %d: %v", seq, err)
	}
	_, failures := hashchain.CheckBlock(raw)
	for _, f := range failures {
		if err := c.problem("%v", f); err != nil {
			return nil, err
		}
	}
	b, err := hashchain.BlockOf(raw)
	if err != nil {
		return nil, nil // CheckBlock said so
	}
	return b, nil
}

// nodes compares the nodes that are complete by a block with the stored ones.
func (c *checker) nodes(seq int64, nodes []hashchain.Node) error {
	r := newNodes(c.snap)
	for _, n := range nodes {
		h, err := r.Node(n.Level, n.Index)
		if err != nil {
			return c.damage(err)
		}
		if h != n.Hash {
			if err := c.problem("block %d: tree node %d at level %d does not hold its hash", seq, n.Index, n.Level); err != nil {
				return err
			}
		}
	}
	return nil
}

// replay notes the revisions of a block and finds each in history.
func (c *checker) replay(seq int64, b *hashchain.Block) error {
	i := -1
	tables := b.TransactionInfo
	for it := b.Revisions.Iter(); it.Next(); {
		i++
		r, err := hashchain.RevisionOf(it.Value())
		if err != nil || r.Kind() == hashchain.HashOnly {
			continue
		}
		c.revs++
		id := r.DocumentID()
		docs, _ := tables.Path("documents", id, "tableId")
		tableID, _ := docs.Text()
		t, ok := c.cat.byID[tableID]
		rawID, perr := hashchain.ParseID(id)
		if !ok || perr != nil {
			if err := c.problem("block %d: document %s is in table %q, which the catalog does not have", seq, id, tableID); err != nil {
				return err
			}
			continue
		}
		if err := c.replayOne(seq, i, makeDocKey(t.no, rawID), &r); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) replayOne(seq int64, i int, k docKey, r *hashchain.Revision) error {
	d := c.docs[k]
	if d == nil {
		d = &replayed{version: -1}
		c.docs[k] = d
	}
	version := r.Version()
	if version != d.version+1 {
		if err := c.problem("block %d: document %s has version %d after version %d", seq, k.id(), version, d.version); err != nil {
			return err
		}
	}
	d.version, d.seq, d.hash, d.deleted = version, seq, r.Hash, r.Kind() == hashchain.Deleted
	key := k.history(version)
	var b []byte
	if sealed := c.snap.Get(store.History, key); sealed != nil {
		var err error
		if b, err = c.open(store.History, key, sealed); err != nil {
			return err
		}
	}
	rec, err := decodeHist(b)
	f, _ := r.Metadata.Field("txTime")
	at, _ := f.Timestamp()
	want := byte(histData)
	switch r.Kind() {
	case hashchain.Deleted:
		want = histDeleted
	case hashchain.Redacted:
		want = histRedacted
	}
	if err != nil || rec.seq != seq || rec.index != i || rec.kind != want || rec.txTime != at.Time().UnixMilli() {
		return c.problem("block %d: history has no right record of version %d of document %s", seq, version, k.id())
	}
	return nil
}

// documents compares current revisions with the last ones of the journal.
func (c *checker) documents() error {
	found := 0
	var dec ion.Decoder
	for k, v := range store.Scan(c.snap, store.Document, nil) {
		if err := c.goOn(); err != nil {
			return err
		}
		if len(k) != docKeyLen {
			if err := c.problem("%s is no document's", describe(nil, store.Document, k)); err != nil {
				return err
			}
			continue
		}
		b, err := c.open(store.Document, k, v)
		if err != nil {
			return err
		}
		rec, err := decodeDoc(b)
		d := c.docs[docKey(k)]
		if err != nil || d == nil || d.deleted || d.version != rec.version || d.seq != rec.seq || d.hash != rec.hash {
			if err := c.problem("document %s: what is stored is not the last revision of the journal", docKey(k).id()); err != nil {
				return err
			}
			continue
		}
		found++
		if err := c.document(docKey(k), &rec, &dec); err != nil {
			return err
		}
	}
	live := 0
	for _, d := range c.docs {
		if !d.deleted {
			live++
		}
	}
	if found != live {
		return c.problem("%d documents are stored, the journal has %d", found, live)
	}
	return nil
}

// document checks the hash of the stored data and the document's index entries.
func (c *checker) document(k docKey, rec *docRecord, dec *ion.Decoder) error {
	data, err := ion.Parse(rec.data)
	if err != nil {
		return c.problem("document %s: %v", k.id(), err)
	}
	w := ion.NewWriter()
	writeMetadata(w, k.id().String(), rec.version, rec.txTime, rec.txID.String())
	meta, err := w.Build()
	if err != nil {
		return err
	}
	if h, err := hashchain.RevisionHash(meta, data); err != nil || h != rec.hash {
		return c.problem("document %s: the stored data does not have the hash of its revision in block %d", k.id(), rec.seq)
	}
	t := c.tableNo(k.table())
	if t == nil {
		return c.problem("document %s is in table number %d, which the catalog does not have", k.id(), k.table())
	}
	for _, x := range t.indexes {
		key := entryKey(data, x, k)
		if key != nil && c.snap.Get(store.Index, key) == nil && c.snap.Err() == nil {
			if err := c.problem("document %s has no entry in the index on %s", k.id(), x.field); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) tableNo(no uint32) *table {
	if int(no) >= len(c.cat.tables) {
		return nil
	}
	return c.cat.tables[no]
}

// history checks that there are no records beyond those of the journal.
func (c *checker) history() error {
	n := 0
	for range store.Scan(c.snap, store.History, nil) {
		if err := c.goOn(); err != nil {
			return err
		}
		n++
	}
	if n != c.revs {
		return c.problem("history has %d records, the journal has %d revisions", n, c.revs)
	}
	return nil
}

// indexes checks that each entry is that of a document with that value.
func (c *checker) indexes() error {
	var dec ion.Decoder
	for _, t := range c.cat.tables {
		for _, x := range t.indexes {
			prefix := indexPrefix(nil, x.no, nil)
			for k, v := range store.Scan(c.snap, store.Index, prefix) {
				if err := c.goOn(); err != nil {
					return err
				}
				if _, err := c.open(store.Index, k, v); err != nil {
					return err
				}
				if len(k) < len(prefix)+sortKeyLen {
					if err := c.problem("%s is no entry of an index", describe(nil, store.Index, k)); err != nil {
						return err
					}
					continue
				}
				dk := docKey(append(tableKey(t.no), k[len(k)-sortKeyLen:]...))
				rec, err := readDoc(dk[:], c.snap.Get(store.Document, dk[:]))
				if err == nil {
					var data ion.Value
					if data, err = dec.Open(rec.data); err == nil && !bytes.Equal(entryKey(data, x, dk), k) {
						err = errStopped
					}
				}
				if err != nil {
					if err := c.problem("the index on %s of table %s has an entry for document %s that does not fit", x.field, t.name, dk.id()); err != nil {
						return err
					}
				}
			}
		}
	}
	return c.orphans()
}

// orphans finds entries of indexes that no table has: they would outlive what
// they were made of.
func (c *checker) orphans() error {
	known := map[uint32]bool{}
	for _, t := range c.cat.tables {
		for _, x := range t.indexes {
			known[x.no] = true
		}
	}
	cur := c.snap.Cursor(store.Index)
	for k, _ := cur.First(); k != nil; {
		if err := c.goOn(); err != nil {
			return err
		}
		if len(k) < 4 {
			return c.problem("%s is no entry of an index", describe(nil, store.Index, k))
		}
		no := binary.BigEndian.Uint32(k)
		if !known[no] {
			if err := c.problem("there are entries of an index number %d, which no table has", no); err != nil {
				return err
			}
		}
		if no == math.MaxUint32 {
			break
		}
		k, _ = cur.Seek(binary.BigEndian.AppendUint32(nil, no+1))
	}
	return nil
}
