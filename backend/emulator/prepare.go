package emulator

import (
	"context"
	"encoding/binary"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// prepare does all work of a commit that does not depend on the block: hashes
// of data, index entries, catalog entries, rewritten blocks. It runs in the
// session's goroutine, so that the committer has little left.
func (t *Transaction) prepare(ctx context.Context) (*commitRequest, error) {
	r := &commitRequest{tx: t, cat: t.cat}
	cat := t.cat
	if cat == nil {
		cat = t.l.state.Load().cat
	}
	for i := range t.writes.changes {
		d, err := prepareDoc(&t.writes.changes[i], cat)
		if err != nil {
			return nil, err
		}
		r.docs = append(r.docs, d)
	}
	if err := t.prepareCatalog(ctx, r); err != nil {
		return nil, err
	}
	for i := range t.redacted {
		red := &t.redacted[i]
		r.ops = append(r.ops, put(store.Journal, seqKey(red.seq), red.block),
			put(store.History, red.key.history(red.version), red.hist.append(nil)))
		r.items = append(r.items, redactionItem(red.seq), docItem(red.key), redactedItem(binary.BigEndian.Uint32(red.key[:4])))
		r.bytes += red.delta
	}
	return r, nil
}

func prepareDoc(c *change, cat *catalog) (preparedDoc, error) {
	t := cat.byID[c.table.id]
	d := preparedDoc{key: c.key, table: t, id: c.key.id().String(), version: c.version(), data: c.stream, stmts: c.stmts}
	d.rev = hashchain.RevisionParts{DocumentID: d.id, Version: d.version, Data: c.data}
	if !c.data.IsZero() {
		h, err := hashchain.IonHash(c.data)
		if err != nil {
			return d, errBad("Document cannot be hashed: %s", err)
		}
		d.rev.DataHash = h
	}
	if c.base != nil {
		d.prevTime = c.base.txTime
	}
	d.gone = c.base == nil && c.data.IsZero()
	d.items = append(d.items, docItem(c.key), tableItem(t.no))
	d.entries(c, t)
	return d, nil
}

// entries finds the index entries that come and go. Both the old and the new
// key of an index have changed for whoever reads them, also if they are equal:
// the document behind them is another.
func (d *preparedDoc) entries(c *change, t *table) {
	for _, x := range t.indexes {
		was, isNow := entryKey(c.old, x, c.key), entryKey(c.data, x, c.key)
		if was != nil {
			d.items = append(d.items, indexItem(was[:len(was)-sortKeyLen]))
		}
		if isNow != nil {
			d.items = append(d.items, indexItem(isNow[:len(isNow)-sortKeyLen]))
		}
		if string(was) == string(isNow) {
			continue
		}
		if was != nil {
			d.dels = append(d.dels, was)
		}
		if isNow != nil {
			d.puts = append(d.puts, isNow)
		}
	}
}

// entryKey is the key of a document in an index; nil if it has none: the field
// is absent or null, and no equality finds it.
func entryKey(data ion.Value, x index, k docKey) []byte {
	f, ok := data.Field(x.field)
	if !ok || f.IsNull() {
		return nil
	}
	key := indexPrefix(make([]byte, 0, 64), x.no, nil)
	key = ion.AppendIndexKey(key, f)
	return append(key, k[4:]...)
}

// prepareCatalog adds what DDL stores. Each changed table has a revision of the
// ledger's own in the block, of which only the hash is shown.
func (t *Transaction) prepareCatalog(ctx context.Context, r *commitRequest) error {
	if t.cat == nil {
		return nil
	}
	r.items = append(r.items, catalogItem())
	base := t.l.state.Load().cat
	for i, tbl := range t.cat.tables {
		if i < len(base.tables) && base.tables[i] == tbl {
			continue
		}
		b, err := tbl.encode()
		if err != nil {
			return err
		}
		v, err := ion.Parse(b)
		if err != nil {
			return err
		}
		h, err := hashchain.IonHash(v)
		if err != nil {
			return err
		}
		r.sys = append(r.sys, h)
		r.ops = append(r.ops, put(store.Catalog, tableKey(tbl.no), b))
		r.items = append(r.items, nameItem(tbl.name))
	}
	return t.buildIndexes(ctx, r)
}

// buildIndexes makes the entries of new indexes for the documents that are
// there, and removes those of dropped ones. It reads the whole table: a change
// of it by another transaction is a conflict.
func (t *Transaction) buildIndexes(ctx context.Context, r *commitRequest) error {
	if len(t.indexing) == 0 {
		return nil
	}
	v, err := t.l.openView()
	if err != nil {
		return err
	}
	defer v.snap.Close()
	var dec ion.Decoder
	for _, b := range t.indexing {
		t.reads.add(tableItem(b.table), v.seq)
		if b.drop {
			for k := range store.Scan(v.snap, store.Index, indexPrefix(nil, b.index.no, nil)) {
				r.ops = append(r.ops, store.Op{Space: store.Index, Key: append([]byte(nil), k...), Delete: true})
			}
			continue
		}
		if x, kept := t.cat.tables[b.table].index(b.index.field); !kept || x.no != b.index.no {
			continue // dropped again by a later statement
		}
		for k, doc := range store.Scan(v.snap, store.Document, tableKey(b.table)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			rec, err := readDoc(k, doc)
			if err != nil {
				return t.l.readFailure(err)
			}
			if c := t.writes.get(docKey(k)); c != nil {
				// An entry is made with the change where the key differs from the old
				// one, and here where it does not.
				if key := entryKey(c.data, b.index, c.key); key != nil {
					r.ops = append(r.ops, put(store.Index, key, nil))
				}
				continue
			}
			data, err := dec.Open(rec.data)
			if err != nil {
				return t.l.readFailure(damaged("document %s: %v", docKey(k).id(), err))
			}
			if key := entryKey(data, b.index, docKey(k)); key != nil {
				r.ops = append(r.ops, put(store.Index, key, nil))
			}
		}
	}
	if err := v.snap.Err(); err != nil {
		return t.l.readFailure(err)
	}
	return nil
}
