package ion

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// unindexed is the largest number of local symbols that are searched without an
// index. A block has about 45 symbols and is mostly read in order, so an index
// would not pay.
const unindexed = 64

// prepare makes what find needs, and notices repeated texts: one that stands
// twice, or is also a system symbol, makes field lookup compare texts.
func (t *SymbolTable) prepare() {
	switch {
	case t.index != nil && len(t.locals) > unindexed:
		t.repeats = t.index.extend(t.locals)
	default:
		t.repeats = repeated(t.locals)
	}
	t.repeats = t.repeats || t.imports.known()
}

// symbolIndex finds the local symbols of a table and of all tables that extend
// it: the shorter ones take no notice of places beyond their end. The first
// place of a text counts.
type symbolIndex struct {
	mu     sync.RWMutex
	places map[string]int
	n      int // locals[:n] are in places
	repeat int // the first local symbol whose text was there before
}

// extend takes in locals, whose beginning it knows already, and reports whether
// a text repeats in them.
func (x *symbolIndex) extend(locals []string) (repeats bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.places == nil {
		x.places, x.repeat = make(map[string]int), math.MaxInt
	}
	for ; x.n < len(locals); x.n++ {
		s := locals[x.n]
		if s == unknownText {
			continue
		}
		if _, ok := x.places[s]; ok || systemSID(s) != 0 {
			x.repeat = min(x.repeat, x.n)
			continue
		}
		x.places[s] = x.n
	}
	return x.repeat < len(locals)
}

func (x *symbolIndex) find(text string) (i int, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, ok = x.places[text]
	return i, ok
}

// repeated compares a text with the ones before it only where one of them has
// the same length, first and last byte, up to chance.
func repeated(locals []string) bool {
	var seen [4]uint64
	for i, s := range locals {
		if systemSID(s) != 0 {
			return true
		}
		h := byte(len(s))
		if len(s) > 0 {
			h = h*31 + s[0]*7 + s[len(s)-1]
		}
		if seen[h>>6]>>(h&63)&1 != 0 && slices.Contains(locals[:i], s) {
			return true
		}
		seen[h>>6] |= 1 << (h & 63)
	}
	return false
}

// imports are the ids that a table takes from shared tables, counted from 0.
// Their number comes from untrusted input and is never used to allocate.
type imports struct {
	n      int // ids so far
	runs   []importRun
	tables []*importedTable // in the order in which they were imported first
	byName map[*SharedTable]*importedTable
}

// importRun is a run of ids with the texts of a shared table. Ids in no run have
// unknown text.
type importRun struct {
	start int
	texts []string
}

// importedTable says where the texts of one shared table stand. A table that is
// imported again adds a place only for texts that the runs before were too
// short for.
type importedTable struct {
	*SharedTable
	places []importPlace
}

// importPlace is the id of a table's text 0 for texts below end that are not in
// the places before.
type importPlace struct{ end, base int }

// add appends a run of ids. The table may be nil or shorter than the run.
func (m *imports) add(table *SharedTable, ids int) {
	base := m.n
	m.n += ids
	if table == nil || min(ids, len(table.Symbols)) == 0 {
		return
	}
	texts := table.Symbols[:min(ids, len(table.Symbols))]
	m.runs = append(m.runs, importRun{base, texts})
	t := m.byName[table]
	if t == nil {
		if m.byName == nil {
			m.byName = make(map[*SharedTable]*importedTable)
		}
		t = &importedTable{SharedTable: table}
		m.byName[table] = t
		m.tables = append(m.tables, t)
	}
	if n := len(t.places); n == 0 || t.places[n-1].end < len(texts) {
		t.places = append(t.places, importPlace{len(texts), base})
	}
}

// known reports whether any id has text.
func (m *imports) known() bool { return m != nil && len(m.runs) > 0 }

func (m *imports) text(id int) (string, bool) {
	i, found := slices.BinarySearchFunc(m.runs, id, func(r importRun, id int) int { return cmp.Compare(r.start, id) })
	if !found {
		i--
	}
	if i < 0 || id-m.runs[i].start >= len(m.runs[i].texts) {
		return "", false
	}
	return m.runs[i].texts[id-m.runs[i].start], true
}

// find returns the lowest id with the text. It takes time in proportion to the
// number of different tables, which the catalog bounds.
func (m *imports) find(text string) (id int, ok bool) {
	id = math.MaxInt
	for _, t := range m.tables {
		i, ok := t.find(text)
		if !ok || i >= t.places[len(t.places)-1].end {
			continue
		}
		p, _ := slices.BinarySearchFunc(t.places, i, func(p importPlace, i int) int { return cmp.Compare(p.end, i+1) })
		id = min(id, t.places[p].base+i)
	}
	return id, id < math.MaxInt
}
