package emulator

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// This file is how a statement reads: the committed state at one sequence
// number with the transaction's own changes laid over it. Each read goes to the
// read set.

// catalog is the transaction's own catalog, or the committed one.
func (s *statement) catalog() *catalog {
	if s.t.cat != nil {
		return s.t.cat
	}
	return s.v.cat
}

// Table answers the resolver. The name is read, whether there is such a table
// or not.
func (s *statement) Table(name string) (partiql.TableInfo, bool) {
	s.t.reads.add(nameItem(name), s.v.seq)
	t, ok := s.catalog().byName[name]
	if !ok {
		return partiql.TableInfo{}, false
	}
	return partiql.TableInfo{ID: t.id, Name: t.name, Indexes: t.fields(), Ref: t}, true
}

func (t *table) fields() []string {
	var out []string
	for _, x := range t.indexes {
		out = append(out, x.field)
	}
	return out
}

// Version names the catalog that the statement is prepared with.
func (s *statement) Version() uint64 { return s.catalog().serial }

// table is the table that a plan names, which was prepared with the statement's
// catalog or one of the same content.
func (s *statement) table(info *partiql.TableInfo) *table { return info.Ref.(*table) }

// reading is the memory of one read. Reads of tables that are joined nest, so a
// statement can have several under way.
type reading struct {
	row partiql.Row
	key []byte // of an index
	doc docKey
}

func (t *Transaction) reading() *reading {
	n := len(t.spare)
	if n == 0 {
		return &reading{}
	}
	r := t.spare[n-1]
	t.spare = t.spare[:n-1]
	return r
}

func (t *Transaction) done(r *reading) {
	r.row = partiql.Row{}
	t.spare = append(t.spare, r)
}

func (s *statement) TxID() string { return s.t.id }

func (s *statement) Now() ion.Timestamp { return ion.NewTimestamp(s.start) }

func (s *statement) DocID(key partiql.RowKey) string {
	return hashchain.IDOfSortKey(key).String()
}

// Scan yields a table in order of document ids, which is that of insertion, the
// transaction's own documents among the others.
func (s *statement) Scan(ctx context.Context, info *partiql.TableInfo, vw partiql.View, yield func(*partiql.Row) error) error {
	t := s.table(info)
	s.t.reads.add(tableItem(t.no), s.v.seq)
	prefix := tableKey(t.no)
	own := s.ownOf(t.no)
	overlaid := len(own) > 0
	cur := s.v.snap.Cursor(store.Document)
	var row partiql.Row
	n := 0
	for k, v := cur.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = cur.Next() {
		if len(k) != docKeyLen {
			return damaged("a document key has %d bytes", len(k))
		}
		if n++; n&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if overlaid {
			var err error
			if own, err = s.yieldOwnUpTo(own, k, vw, &row, yield); err != nil {
				return err
			}
			if s.t.writes.get(docKey(k)) != nil {
				continue // came just now
			}
		}
		if err := s.stored(&row, k, v, vw); err != nil {
			return err
		}
		if err := yield(&row); err != nil {
			return err
		}
	}
	if err := s.v.snap.Err(); err != nil {
		return err
	}
	_, err := s.yieldOwnUpTo(own, nil, vw, &row, yield)
	return err
}

// ownOf lists the transaction's changes to a table in order of document ids.
func (s *statement) ownOf(no uint32) []*change {
	var out []*change
	for i := range s.t.writes.changes {
		if c := &s.t.writes.changes[i]; c.table.no == no {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *change) int { return bytes.Compare(a.key[:], b.key[:]) })
	return out
}

// ownBehind is ownOf for the documents that one key of an index stands for.
func (s *statement) ownBehind(no uint32, field string, key ion.Value) []*change {
	if len(s.t.writes.changes) == 0 {
		return nil
	}
	return slices.DeleteFunc(s.ownOf(no), func(c *change) bool {
		f, ok := c.data.Field(field)
		return !ok || !ion.Equal(f, key)
	})
}

// yieldOwnUpTo yields the changes up to document k, all of them for nil, and
// returns those that are left.
func (s *statement) yieldOwnUpTo(own []*change, k []byte, vw partiql.View, row *partiql.Row, yield func(*partiql.Row) error) ([]*change, error) {
	for len(own) > 0 && (k == nil || bytes.Compare(own[0].key[:], k) <= 0) {
		if err := s.yieldOwn(own[0], vw, row, yield); err != nil {
			return nil, err
		}
		own = own[1:]
	}
	return own, nil
}

func (s *statement) yieldOwn(c *change, vw partiql.View, row *partiql.Row, yield func(*partiql.Row) error) error {
	if c.data.IsZero() {
		return nil
	}
	copy(row.Key[:], c.key[4:])
	row.Value, row.Stream = c.data, c.stream
	if vw == partiql.Committed {
		row.Stream = nil
		v, err := s.provisional(c)
		if err != nil {
			return err
		}
		row.Value = v
	}
	return yield(row)
}

// stored makes the row of a stored document.
func (s *statement) stored(row *partiql.Row, k, v []byte, vw partiql.View) error {
	rec, err := readDoc(k, v)
	if err != nil {
		return err
	}
	data, err := s.t.dec.Open(rec.data)
	if err != nil {
		return damaged("document %s: %v", docKey(k).id(), err)
	}
	copy(row.Key[:], k[4:])
	row.Value, row.Stream = data, rec.data
	if vw == partiql.Committed {
		row.Stream = nil
		row.Value, err = s.committedRow(docKey(k).id().String(), &rec, data)
	}
	return err
}

// committedRow is a document as the committed view shows it.
func (s *statement) committedRow(id string, rec *docRecord, data ion.Value) (ion.Value, error) {
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("blockAddress")
	hashchain.BlockAddress{StrandID: s.t.l.strand, SequenceNo: uint64(rec.seq)}.WriteIon(w)
	w.Field("hash").Blob(rec.hash.Bytes())
	w.Field("data").Value(data)
	w.Field("metadata")
	writeMetadata(w, id, rec.version, rec.txTime, rec.txID.String())
	w.End()
	return w.Build()
}

func writeMetadata(w *ion.Writer, id string, version, txTime int64, txID string) {
	w.BeginStruct()
	w.Field("id").String(id)
	w.Field("version").Int(version)
	w.Field("txTime").Timestamp(ion.NewTimestamp(msTime(txTime)))
	w.Field("txId").String(txID)
	w.End()
}

// provisional is a document that this transaction changed, as the committed
// view shows it before the commit: with the block that would come next, the
// statement's time and the hash that goes with them.
func (s *statement) provisional(c *change) (ion.Value, error) {
	w := ion.NewWriter()
	writeMetadata(w, c.key.id().String(), c.version(), s.start.UnixMilli(), s.t.id)
	meta, err := w.Build()
	if err != nil {
		return ion.Value{}, err
	}
	h, err := hashchain.RevisionHash(meta, c.data)
	if err != nil {
		return ion.Value{}, err
	}
	rec := docRecord{version: c.version(), seq: s.v.seq + 1, txTime: s.start.UnixMilli(), txID: s.t.rawID, hash: h}
	return s.committedRow(c.key.id().String(), &rec, c.data)
}

// version is the version that the change gives its document.
func (c *change) version() int64 {
	if c.base == nil {
		return 0
	}
	return c.base.version + 1
}

// ByID yields one document. An id that is no id is that of no document.
func (s *statement) ByID(_ context.Context, info *partiql.TableInfo, vw partiql.View, docID string, yield func(*partiql.Row) error) error {
	t := s.table(info)
	id, err := hashchain.ParseID(docID)
	if err != nil {
		return nil
	}
	r := s.t.reading()
	defer s.t.done(r)
	r.doc = makeDocKey(t.no, id)
	if c := s.t.writes.get(r.doc); c != nil {
		return s.yieldOwn(c, vw, &r.row, yield)
	}
	_, err = s.byKey(r, vw, yield)
	return err
}

// byKey yields the committed document r.doc, and reports whether there is one.
func (s *statement) byKey(r *reading, vw partiql.View, yield func(*partiql.Row) error) (found bool, err error) {
	s.t.reads.add(docItem(r.doc), s.v.seq)
	v := s.v.snap.Get(store.Document, r.doc[:])
	if v == nil {
		return false, s.v.snap.Err()
	}
	if err := s.stored(&r.row, r.doc[:], v, vw); err != nil {
		return true, err
	}
	return true, yield(&r.row)
}

// behind yields the document r.doc, which an entry of an index stands for.
func (s *statement) behind(r *reading, entry, sealed []byte, vw partiql.View, yield func(*partiql.Row) error) error {
	if _, err := unseal(store.Index, entry, sealed); err != nil {
		return err
	}
	found, err := s.byKey(r, vw, yield)
	if err == nil && !found {
		err = damaged("%s is not there, but %s", documentText(s.v.cat, r.doc), indexText(s.v.cat, entry))
	}
	return err
}

// ByIndex yields the documents behind one key of an index, in the order of Scan.
// The key is read, also if there are none.
func (s *statement) ByIndex(ctx context.Context, info *partiql.TableInfo, vw partiql.View, field string, key ion.Value, yield func(*partiql.Row) error) error {
	t := s.table(info)
	x, ok := t.index(field)
	if !ok {
		return damaged("table %s has no index on %s", t.name, field)
	}
	r := s.t.reading()
	defer s.t.done(r)
	r.key = ion.AppendIndexKey(indexPrefix(r.key[:0], x.no, nil), key)
	prefix := r.key
	s.t.reads.add(indexItem(prefix), s.v.seq)
	own := s.ownBehind(t.no, field, key)
	if s.building(x.no) {
		return s.scanFor(ctx, t, field, key, vw, own, yield)
	}
	cur := s.v.snap.Cursor(store.Index)
	for k, v := cur.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = cur.Next() {
		if len(k) != len(prefix)+sortKeyLen {
			continue // a longer key value
		}
		binary.BigEndian.PutUint32(r.doc[:], t.no)
		copy(r.doc[4:], k[len(prefix):])
		if s.t.writes.get(r.doc) != nil {
			continue // among own, if it is behind the key still
		}
		var err error
		if own, err = s.yieldOwnUpTo(own, r.doc[:], vw, &r.row, yield); err != nil {
			return err
		}
		if err := s.behind(r, k, v, vw, yield); err != nil {
			return err
		}
	}
	if err := s.v.snap.Err(); err != nil {
		return err
	}
	_, err := s.yieldOwnUpTo(own, nil, vw, &r.row, yield)
	return err
}

// building reports whether the index was created by this transaction and so
// has no entries yet.
func (s *statement) building(no uint32) bool {
	for _, b := range s.t.indexing {
		if b.index.no == no && !b.drop {
			return true
		}
	}
	return false
}

// scanFor does by a scan what an index without entries cannot do.
func (s *statement) scanFor(ctx context.Context, t *table, field string, key ion.Value, vw partiql.View, own []*change, yield func(*partiql.Row) error) error {
	s.t.reads.add(tableItem(t.no), s.v.seq)
	var row partiql.Row
	n := 0
	for k, v := range store.Scan(s.v.snap, store.Document, tableKey(t.no)) {
		if n++; n&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.stored(&row, k, v, partiql.User); err != nil {
			return err
		}
		if s.t.writes.get(docKey(k)) != nil {
			continue
		}
		if f, ok := row.Value.Field(field); !ok || !ion.Equal(f, key) {
			continue
		}
		var err error
		if own, err = s.yieldOwnUpTo(own, k, vw, &row, yield); err != nil {
			return err
		}
		if err := s.stored(&row, k, v, vw); err != nil {
			return err
		}
		if err := yield(&row); err != nil {
			return err
		}
	}
	if err := s.v.snap.Err(); err != nil {
		return err
	}
	_, err := s.yieldOwnUpTo(own, nil, vw, &row, yield)
	return err
}

// UserTables yields the rows of information_schema.user_tables.
func (s *statement) UserTables(_ context.Context, yield func(ion.Value) error) error {
	s.t.reads.add(catalogItem(), s.v.seq)
	for _, t := range s.catalog().tables {
		w := ion.NewWriter()
		t.row(w)
		v, err := w.Build()
		if err == nil {
			err = yield(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
