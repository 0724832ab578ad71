package emulator

import (
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain/ion"
)

// This file is how a statement changes documents. The changes wait until the
// statement has succeeded.

// Touch counts a document that is about to be changed.
func (s *statement) Touch(info *partiql.TableInfo, key partiql.RowKey) error {
	if s.t.writes.get(s.key(info, key)) != nil {
		return nil
	}
	return s.countDocument()
}

// countDocument takes one more document into the transaction. The first one too
// many ends the statement, however many would follow.
func (s *statement) countDocument() error {
	s.touched++
	n, most := len(s.t.writes.changes)+s.touched, s.t.l.limits.DocumentsPerTx
	if over(n, most) {
		return errState("Exceeded documents limit: Transaction has %d documents, the limit is %d", n, most)
	}
	return nil
}

// key is the key of a row's document.
func (s *statement) key(info *partiql.TableInfo, key partiql.RowKey) (k docKey) {
	copy(k[:], tableKey(s.table(info).no))
	copy(k[4:], key[:])
	return k
}

// Insert makes a new document.
func (s *statement) Insert(info *partiql.TableInfo, doc ion.Value) (string, error) {
	if err := s.countDocument(); err != nil {
		return "", err
	}
	t := s.table(info)
	id := s.t.l.ids.Next()
	c := change{key: makeDocKey(t.no, id), table: t}
	c.set(doc)
	s.effects = append(s.effects, effect{c: c, changes: 1})
	return id.String(), nil
}

// set gives the change new data, in bytes of its own.
func (c *change) set(doc ion.Value) {
	c.stream = doc.Encode()
	var d ion.Decoder
	c.data, _ = d.Open(c.stream)
}

// Replace gives a document new content.
func (s *statement) Replace(info *partiql.TableInfo, key partiql.RowKey, doc ion.Value, changes int) error {
	c, err := s.current(info, key)
	if err != nil {
		return err
	}
	c.set(doc)
	s.effects = append(s.effects, effect{c: c, changes: changes})
	return nil
}

// Delete removes a document from the views of its table.
func (s *statement) Delete(info *partiql.TableInfo, key partiql.RowKey) error {
	c, err := s.current(info, key)
	if err != nil {
		return err
	}
	c.data, c.stream = ion.Value{}, nil
	s.effects = append(s.effects, effect{c: c, changes: 1})
	return nil
}

// current is a document as it stands before the statement, ready to be changed.
func (s *statement) current(info *partiql.TableInfo, key partiql.RowKey) (change, error) {
	c := change{table: s.table(info), key: s.key(info, key)}
	if own := s.t.writes.get(c.key); own != nil {
		c.base, c.old = own.base, own.old
		return c, nil
	}
	s.t.reads.add(docItem(c.key), s.v.seq)
	v := s.v.snap.Get(store.Document, c.key[:])
	if v == nil {
		return c, damaged("document %s is not there", c.key.id())
	}
	rec, err := readDoc(c.key[:], append([]byte(nil), v...))
	if err != nil {
		return c, err
	}
	c.base = &rec
	var d ion.Decoder
	c.old, err = d.Open(rec.data)
	return c, err
}
