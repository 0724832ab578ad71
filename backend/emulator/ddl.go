package emulator

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// This file is how a statement changes the catalog. Every DDL statement reads
// the whole catalog, so that of two at once one loses at commit.

var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

const maxFieldName = 128 // in characters

// begin reads the catalog for a change.
func (s *statement) beginDDL(names ...string) *catalog {
	s.t.reads.add(catalogItem(), s.v.seq)
	for _, n := range names {
		s.t.reads.add(nameItem(n), s.v.seq)
	}
	return s.catalog()
}

// store makes the changed table the transaction's own.
func (s *statement) storeTable(c *catalog, nextIx uint32, t *table) {
	s.t.cat = c.with(nextIx, s.t.l.serial.Add(1), t)
}

// noTable is the error for a table that is not there: err, or in STANDARD mode
// the one that a forbidden table gets too.
func (s *statement) noTable(err error) error {
	if s.t.l.Mode() == Standard {
		return errBad("%s", partiql.AccessDenied)
	}
	return err
}

// CreateTable makes an active table.
func (s *statement) CreateTable(name string, tags ion.Value) (string, error) {
	if !tableName.MatchString(name) {
		return "", errBad("Invalid table name: %s; a name has 1 to 128 characters of A-Z, a-z, 0-9 and _ and does not begin with a digit", name)
	}
	if strings.HasPrefix(name, "_ql_committed_") || name == "information_schema" {
		return "", errBad("Invalid table name: %s; names that begin with _ql_committed_, and information_schema, are the ledger's own", name)
	}
	if !tags.IsZero() && s.t.l.Mode() != Standard {
		return "", errBad("Table tags are supported only for ledgers in STANDARD permissions mode")
	}
	if _, err := tagsOf(tags); err != nil {
		return "", err
	}
	c := s.beginDDL(name)
	if _, ok := c.byName[name]; ok {
		return "", errState("Table with name: USER.%s already exists", name)
	}
	lim := s.t.l.limits
	if over(len(c.tables)+1, lim.TotalTables) {
		return "", errState("Exceeded tables limit: Ledger has %d total tables, and cannot create another.", len(c.tables))
	}
	if over(c.activeCount()+1, lim.ActiveTables) {
		return "", errState("Exceeded tables limit: Ledger has %d active tables, and cannot create another.", c.activeCount())
	}
	t := &table{no: uint32(len(c.tables)), id: s.t.l.ids.Next().String(), name: name, status: statusActive}
	if !tags.IsZero() {
		t.tags = tags.Clone()
	}
	s.storeTable(c, c.nextIx, t)
	return t.id, nil
}

// DropTable makes a table inactive. Its documents and indexes stay.
func (s *statement) DropTable(name string) (string, error) {
	c := s.beginDDL(name)
	t, ok := c.byName[name]
	if !ok {
		return "", s.noTable(errState("Table with name: USER.%s does not exist", name))
	}
	t = t.clone()
	t.status = statusInactive
	s.storeTable(c, c.nextIx, t)
	return t.id, nil
}

// UndropTable makes an inactive table active again.
func (s *statement) UndropTable(id string) (string, error) {
	c := s.beginDDL()
	t, ok := c.byID[id]
	if !ok {
		return "", s.noTable(errState("Table with id: %s does not exist", id))
	}
	s.t.reads.add(nameItem(t.name), s.v.seq)
	if t.active() {
		return "", errState("Table with id: %s is active; only an inactive table can be undropped", id)
	}
	if _, taken := c.byName[t.name]; taken {
		return "", errState("Table with name: USER.%s already exists", t.name)
	}
	if lim := s.t.l.limits.ActiveTables; over(c.activeCount()+1, lim) {
		return "", errState("Exceeded tables limit: Ledger has %d active tables, and cannot undrop another.", c.activeCount())
	}
	t = t.clone()
	t.status = statusActive
	s.storeTable(c, c.nextIx, t)
	return t.id, nil
}

// CreateIndex makes an index on a top-level field; the documents that are there
// get their entries at commit.
func (s *statement) CreateIndex(name, field string) (string, error) {
	c := s.beginDDL(name)
	t, ok := c.byName[name]
	if !ok {
		return "", s.noTable(errState("Table with name: USER.%s does not exist", name))
	}
	if len(field) == 0 || utf8.RuneCountInString(field) > maxFieldName {
		return "", errBad("Invalid index field: a field name has 1 to %d characters", maxFieldName)
	}
	if _, ok := t.index(field); ok {
		return "", errState("Index on [%s] already exists", field)
	}
	if over(len(t.indexes)+1, s.t.l.limits.IndexesPerTable) {
		return "", errState("Exceeded indexes limit: Table %s has %d indexes, and cannot have another.", name, len(t.indexes))
	}
	t = t.clone()
	x := index{no: c.nextIx, id: s.t.l.ids.Next().String(), field: field}
	t.indexes = append(t.indexes, x)
	s.t.indexing = append(s.t.indexing, indexBuild{table: t.no, index: x})
	s.storeTable(c, c.nextIx+1, t)
	return t.id, nil
}

// DropIndex removes an index.
func (s *statement) DropIndex(id, name string) (string, error) {
	c := s.beginDDL(name)
	t, ok := c.byName[name]
	if !ok {
		return "", s.noTable(errState("Table with name: USER.%s does not exist", name))
	}
	for i, x := range t.indexes {
		if x.id == id {
			t = t.clone()
			t.indexes = append(t.indexes[:i], t.indexes[i+1:]...)
			s.t.indexing = append(s.t.indexing, indexBuild{table: t.no, index: x, drop: true})
			s.storeTable(c, c.nextIx, t)
			return t.id, nil
		}
	}
	return "", errState("Index with id: %s does not exist on table %s", id, name)
}
