package emulator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/ledger"
)

// Every value in the store ends with the CRC-32C of its space, its key and of
// what comes before: 4 bytes, big-endian. So what the disk changed is an error
// where it is read, and a value that came under another key is one too. It is no
// protection from somebody who changes a block and its checksum: that is what
// the hash chain and a kept digest are for.
//
// A key that was changed can make an entry disappear: nobody looks for it where
// it went. Block numbers have no gaps, so that a lost block is an error; lost
// documents, history records and index entries are found by Check.

const checksumLen = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(s store.Space, key, value []byte) uint32 {
	return crc32.Update(crc32.Update(uint32(s), castagnoli, key), castagnoli, value)
}

// seal appends its checksum to a value.
func seal(s store.Space, key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(value, checksum(s, key, value))
}

// put is the operation that stores a value, which must not be used afterwards.
func put(s store.Space, key, value []byte) store.Op {
	return store.Op{Space: s, Key: key, Value: seal(s, key, value)}
}

// unseal is a stored value without its checksum. Where that does not fit the
// value is returned too, for who wants to know what is left of it. The error is
// a *checksumError.
func unseal(s store.Space, key, sealed []byte) ([]byte, error) {
	n := len(sealed) - checksumLen
	if n < 0 {
		return nil, badChecksum(s, key, sealed, 0, 0)
	}
	value := sealed[:n:n]
	stated, computed := binary.BigEndian.Uint32(sealed[n:]), checksum(s, key, value)
	if stated != computed {
		return value, badChecksum(s, key, sealed, stated, computed)
	}
	return value, nil
}

// get reads a value. It is nil if there is none and nothing was wrong.
func get(snap store.Snapshot, s store.Space, key []byte) ([]byte, error) {
	sealed := snap.Get(s, key)
	if sealed == nil {
		return nil, snap.Err()
	}
	return unseal(s, key, sealed)
}

// checksumError is a stored value that does not have its checksum. It is
// [ledger.ErrDamaged].
type checksumError struct {
	space            store.Space
	key              []byte
	size             int
	stated, computed uint32
}

func badChecksum(s store.Space, key, sealed []byte, stated, computed uint32) error {
	return &checksumError{space: s, key: append([]byte(nil), key...), size: len(sealed), stated: stated, computed: computed}
}

func (e *checksumError) Error() string { return e.text(nil) }

func (e *checksumError) Unwrap() error { return ledger.ErrDamaged }

// text says what is damaged, with the names that the catalog gives.
func (e *checksumError) text(cat *catalog) string {
	what := describe(cat, e.space, e.key)
	if e.size < checksumLen {
		return fmt.Sprintf("%s is cut short: %d bytes, a checksum alone has %d", what, e.size, checksumLen)
	}
	return fmt.Sprintf("%s was changed on disk: its checksum is %08x, and what was read of it has %08x", what, e.stated, e.computed)
}

// describe names what is stored at a key.
func describe(cat *catalog, s store.Space, key []byte) string {
	switch n := len(key); {
	case s == store.Meta:
		return fmt.Sprintf("the record %q", key)
	case s == store.Journal && n == 8:
		return fmt.Sprintf("block %d", binary.BigEndian.Uint64(key))
	case s == store.Tree && n == 8:
		return fmt.Sprintf("the record of block %d in the block tree", binary.BigEndian.Uint64(key))
	case s == store.Catalog && n == 4:
		return "the catalog's record of " + tableText(cat, binary.BigEndian.Uint32(key))
	case s == store.Document && n == docKeyLen:
		return documentText(cat, docKey(key))
	case s == store.History && n == docKeyLen+4:
		return fmt.Sprintf("the history record of version %d of %s", versionOf(key), documentText(cat, docKey(key[:docKeyLen])))
	case s == store.Index && n > 4+sortKeyLen:
		return indexText(cat, key)
	}
	return fmt.Sprintf("the %s entry at key %x", s, key)
}

func documentText(cat *catalog, k docKey) string {
	return fmt.Sprintf("document %s of %s", k.id(), tableText(cat, k.table()))
}

func tableText(cat *catalog, no uint32) string {
	if cat != nil && int(no) < len(cat.tables) && cat.tables[no] != nil {
		return "table " + cat.tables[no].name
	}
	return fmt.Sprintf("table number %d", no)
}

func indexText(cat *catalog, key []byte) string {
	no := binary.BigEndian.Uint32(key)
	entry := fmt.Sprintf("an entry of index number %d", no)
	table := uint32(0)
	if cat != nil {
		for _, t := range cat.tables {
			for _, x := range t.indexes {
				if x.no == no {
					entry, table = fmt.Sprintf("an entry of the index on %s of table %s", x.field, t.name), t.no
				}
			}
		}
	}
	var k docKey
	binary.BigEndian.PutUint32(k[:], table)
	copy(k[4:], key[len(key)-sortKeyLen:])
	return fmt.Sprintf("%s, for document %s,", entry, k.id())
}

// locatedError is damage with the file that has it and what to do.
type locatedError struct {
	text string
	err  error
}

func (e *locatedError) Error() string { return e.text }
func (e *locatedError) Unwrap() error { return e.err }

// locate adds to an error about damage what the ledger knows: names, its file,
// and the remedy.
func (l *Ledger) locate(err error) error {
	var done *locatedError
	if errors.As(err, &done) {
		return err
	}
	var cat *catalog
	if st := l.state.Load(); st != nil {
		cat = st.cat
	}
	text := err.Error()
	var sum *checksumError
	var op *store.OpError
	switch {
	case errors.As(err, &sum):
		text = ledger.ErrDamaged.Error() + ": " + sum.text(cat)
	case errors.As(err, &op):
		text = fmt.Sprintf("%v where %s is to be written; nothing was committed: %v", ledger.ErrDamaged, describe(cat, op.Space, op.Key), op.Err)
	}
	if l.path == "" {
		text += fmt.Sprintf("; ledger %s is in memory only", l.name)
	} else {
		text += fmt.Sprintf("; ledger file %s: run tally verify %s to see all that is damaged, and restore a copy", l.path, l.path)
	}
	return &locatedError{text: text, err: err}
}
