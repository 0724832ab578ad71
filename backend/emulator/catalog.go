package emulator

import (
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
)

// States of tables and indexes, as information_schema.user_tables shows them.
const (
	statusActive   = "ACTIVE"
	statusInactive = "INACTIVE"
	statusOnline   = "ONLINE"
)

// table is a row of the catalog. It is immutable; a change makes a copy.
type table struct {
	no      uint32 // place in the catalog and prefix of keys; never reused
	id      string
	name    string
	status  string
	indexes []index
	tags    ion.Value
}

// index is an index of a table on one top-level field.
type index struct {
	no    uint32
	id    string
	field string
}

func (t *table) active() bool { return t.status == statusActive }

func (t *table) index(field string) (index, bool) {
	for _, x := range t.indexes {
		if x.field == field {
			return x, true
		}
	}
	return index{}, false
}

func (t *table) clone() *table {
	c := *t
	c.indexes = slices.Clone(t.indexes)
	return &c
}

// catalog is the tables of a ledger at one sequence number. It is immutable.
type catalog struct {
	tables []*table // by number
	byName map[string]*table
	byID   map[string]*table
	nextIx uint32 // number of the next index
	serial uint64 // differs between catalogs of different content
}

func newCatalog(tables []*table, nextIx uint32, serial uint64) *catalog {
	c := &catalog{tables: tables, byName: map[string]*table{}, byID: map[string]*table{}, nextIx: nextIx, serial: serial}
	for _, t := range tables {
		c.byID[t.id] = t
		if t.active() {
			c.byName[t.name] = t
		}
	}
	return c
}

// with is c with the tables replaced or, if their number is new, added.
func (c *catalog) with(nextIx uint32, serial uint64, changed ...*table) *catalog {
	tables := slices.Clone(c.tables)
	for _, t := range changed {
		for int(t.no) >= len(tables) {
			tables = append(tables, nil)
		}
		tables[t.no] = t
	}
	return newCatalog(tables, nextIx, serial)
}

func (c *catalog) activeCount() int { return len(c.byName) }

// encode is the table as it is stored in the catalog space.
func (t *table) encode() ([]byte, error) {
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("id").String(t.id)
	w.Field("name").String(t.name)
	w.Field("status").String(t.status)
	if !t.tags.IsZero() {
		w.Field("tags").Value(t.tags)
	}
	w.Field("indexes").BeginList()
	for _, x := range t.indexes {
		w.BeginStruct()
		w.Field("no").Int(int64(x.no))
		w.Field("id").String(x.id)
		w.Field("field").String(x.field)
		w.End()
	}
	w.End()
	w.End()
	return w.Bytes()
}

func decodeTable(no uint32, b []byte) (*table, error) {
	v, err := ion.Parse(b)
	if err != nil {
		return nil, damaged("catalog entry %d: %v", no, err)
	}
	t := &table{no: no}
	text := func(v ion.Value, name string) string {
		f, _ := v.Field(name)
		s, ok := f.Text()
		if !ok {
			err = damaged("catalog entry %d has no %s", no, name)
		}
		return s
	}
	t.id, t.name, t.status = text(v, "id"), text(v, "name"), text(v, "status")
	if tags, ok := v.Field("tags"); ok {
		t.tags = tags.Clone()
	}
	list, _ := v.Field("indexes")
	for x := range list.Elements() {
		n, _ := x.Field("no")
		xno, ok := n.Int64()
		if !ok {
			err = damaged("catalog entry %d has an index without number", no)
		}
		t.indexes = append(t.indexes, index{no: uint32(xno), id: text(x, "id"), field: text(x, "field")})
	}
	return t, err
}

// row is the table as information_schema.user_tables shows it.
func (t *table) row(w *ion.Writer) {
	w.BeginStruct()
	w.Field("tableId").String(t.id)
	w.Field("name").String(t.name)
	w.Field("indexes").BeginList()
	for _, x := range t.indexes {
		w.BeginStruct()
		w.Field("indexId").String(x.id)
		w.Field("expr").String("[" + x.field + "]")
		w.Field("status").String(statusOnline)
		w.End()
	}
	w.End()
	w.Field("status").String(t.status)
	w.End()
}
