package ion

import (
	"slices"
	"sort"
	"sync"
)

// System symbols of Ion 1.0 have ids 1 to 9.
const (
	sidIon = iota + 1
	sidIon10
	sidSymbolTable
	sidName
	sidVersion
	sidImports
	sidSymbols
	sidMaxID
	sidSharedSymbolTable
	systemSymbols = iota
)

var systemTexts = [...]string{"", "$ion", "$ion_1_0", "$ion_symbol_table", "name", "version", "imports", "symbols", "max_id", "$ion_shared_symbol_table"}

// systemTable is the symbol table in force after a version marker.
var systemTable = &SymbolTable{}

// SharedTable is a shared symbol table that local tables may import.
type SharedTable struct {
	Name    string
	Version int
	Symbols []string
}

// Catalog finds shared symbol tables by name and version. It returns nil where
// it has none; the symbols of a missing table have unknown text.
type Catalog interface {
	FindSharedTable(name string, version int) *SharedTable
}

// importRange is a run of ids taken from a shared table, up to and without end
// when the system symbols are not counted. The table may be shorter than the
// run, or nil: ids beyond it have unknown text. Lengths come from untrusted
// input and are never used to allocate.
type importRange struct {
	end   int
	table *SharedTable
}

func (r importRange) texts() []string {
	if r.table == nil {
		return nil
	}
	return r.table.Symbols
}

// unknownText stands in a table for a symbol without text. It is not valid
// UTF-8, so no symbol has it as its text.
const unknownText = "\xff"

// SymbolTable maps symbol ids to text: the system symbols, then imported
// ranges, then local symbols. It is immutable.
type SymbolTable struct {
	imports  []importRange
	imported int // how many ids the imports take
	locals   []string
	// What find needs is made at its first call: many values are only hashed or
	// copied.
	once sync.Once
	// index finds the locals of a large table; nil for a small one and where
	// repeats is set.
	index map[string]uint32
	// repeats is set where some text may stand at two ids, so that fields have
	// to be compared by text. Tables that this package writes have none.
	repeats bool
}

// MaxID is the largest id that the table defines.
func (t *SymbolTable) MaxID() int { return systemSymbols + t.imported + len(t.locals) }

// text returns the text of an id. known is false for id 0, for imported symbols
// whose shared table is missing and for local symbols without text.
func (t *SymbolTable) text(sid uint32) (text string, known bool) {
	id := int(sid)
	if id <= systemSymbols {
		return systemTexts[id], id > 0
	}
	id -= systemSymbols + 1
	if id < t.imported {
		return t.importedText(id)
	}
	if id -= t.imported; id < len(t.locals) && t.locals[id] != unknownText {
		return t.locals[id], true
	}
	return "", false
}

func (t *SymbolTable) importedText(id int) (string, bool) {
	i := sort.Search(len(t.imports), func(i int) bool { return id < t.imports[i].end })
	if i > 0 {
		id -= t.imports[i-1].end
	}
	if texts := t.imports[i].texts(); id < len(texts) {
		return texts[id], true
	}
	return "", false
}

// systemSID is the id of a system symbol, 0 for any other text.
func systemSID(text string) uint32 {
	switch text {
	case "$ion":
		return sidIon
	case "$ion_1_0":
		return sidIon10
	case "$ion_symbol_table":
		return sidSymbolTable
	case "name":
		return sidName
	case "version":
		return sidVersion
	case "imports":
		return sidImports
	case "symbols":
		return sidSymbols
	case "max_id":
		return sidMaxID
	case "$ion_shared_symbol_table":
		return sidSharedSymbolTable
	}
	return 0
}

// find returns the lowest id with the text.
func (t *SymbolTable) find(text string) (sid uint32, ok bool) {
	t.once.Do(t.buildIndex)
	if id := systemSID(text); id != 0 {
		return id, true
	}
	base := systemSymbols + 1
	for _, r := range t.imports {
		texts := r.texts()
		for i, s := range texts[:min(len(texts), r.end-(base-systemSymbols-1))] {
			if s == text {
				return uint32(base + i), true
			}
		}
		base = systemSymbols + 1 + r.end
	}
	if t.index != nil {
		i, ok := t.index[text]
		return uint32(base) + i, ok
	}
	if text == unknownText {
		return 0, false
	}
	for i := range t.locals {
		if t.locals[i] == text {
			return uint32(base + i), true
		}
	}
	return 0, false
}

func (t *SymbolTable) matches(sid uint32, text string) bool {
	s, ok := t.text(sid)
	return ok && s == text
}

// readLocalTable builds the table that a $ion_symbol_table struct defines. prev
// is the table in force, which imports:$ion_symbol_table extends.
func readLocalTable(v Value, prev *SymbolTable, cat Catalog) (*SymbolTable, error) {
	t := &SymbolTable{}
	var symbols Value
	seenImports, seenSymbols := false, false
	for it := v.Iter(); it.Next(); {
		switch systemSID(it.Name()) {
		case sidImports:
			if seenImports {
				return nil, syntaxErr(0, "symbol table has two imports fields")
			}
			seenImports = true
			if err := t.readImports(it.Value(), prev, cat); err != nil {
				return nil, err
			}
		case sidSymbols:
			if seenSymbols {
				return nil, syntaxErr(0, "symbol table has two symbols fields")
			}
			seenSymbols = true
			symbols = it.Value()
		}
	}
	if symbols.Type() == ListType && !symbols.IsNull() {
		t.readSymbols(symbols)
	}
	if t.MaxID() > maxVar {
		return nil, syntaxErr(0, "symbol table defines more than %d symbols", maxVar)
	}
	return t, nil
}

func (t *SymbolTable) readImports(v Value, prev *SymbolTable, cat Catalog) error {
	if v.Type() == SymbolType {
		if v.TextIs("$ion_symbol_table") && prev != nil {
			// Appending to the slice of prev keeps a chain of n appended tables at
			// O(n) memory. The older tables see their shorter length only, and no
			// slot is written twice: a stream moves on to the new table, so each
			// table is extended at most once.
			t.imports, t.imported, t.locals, t.repeats = prev.imports, prev.imported, prev.locals, true
		}
		return nil
	}
	if v.Type() != ListType || v.IsNull() {
		return nil
	}
	for it := v.Iter(); it.Next(); {
		if err := t.addImport(it.Value(), cat); err != nil {
			return err
		}
	}
	return nil
}

func (t *SymbolTable) addImport(v Value, cat Catalog) error {
	if v.Type() != StructType || v.IsNull() {
		return nil
	}
	name, version, maxID := "", 1, -1
	for it := v.Iter(); it.Next(); {
		f := it.Value()
		switch systemSID(it.Name()) {
		case sidName:
			if s, ok := f.Text(); ok && f.Type() == StringType {
				name = s
			}
		case sidVersion:
			if n, ok := f.Int64(); ok && n >= 1 && n <= maxVar {
				version = int(n)
			}
		case sidMaxID:
			if f.IsNull() {
				continue
			}
			n, ok := f.Int64()
			if !ok || n < 0 || n > maxVar {
				return syntaxErr(0, "import of shared symbol table %.80q has max_id that is not an int from 0 to %d", name, maxVar)
			}
			maxID = int(n)
		}
	}
	if name == "" || name == "$ion" {
		return nil
	}
	var shared *SharedTable
	if cat != nil {
		shared = cat.FindSharedTable(name, version)
		if shared != nil && maxID < 0 && shared.Version == version {
			maxID = len(shared.Symbols)
		}
	}
	if maxID < 0 {
		return syntaxErr(0, "import of shared symbol table %.80q version %d has no max_id and the table is not known", name, version)
	}
	if t.imported+maxID > maxVar {
		return syntaxErr(0, "symbol table imports more than %d symbols", maxVar)
	}
	t.repeats = true
	t.imported += maxID
	t.imports = append(t.imports, importRange{end: t.imported, table: shared})
	return nil
}

// readSymbols copies the texts out in one allocation: a table outlives the
// buffer it was read from (Decoder keeps it for the next document).
func (t *SymbolTable) readSymbols(list Value) {
	n := list.Len()
	all := string(list.raw)
	out := t.locals
	if cap(out)-len(out) < n {
		out = make([]string, len(t.locals), len(t.locals)+n+len(t.locals)/2)
		copy(out, t.locals)
	}
	for it := list.Iter(); it.Next(); {
		v := it.Value()
		text := unknownText
		if v.Type() == StringType && !v.IsNull() {
			// The body of v ends where the iterator stands, inside list.raw.
			text = all[it.pos-len(v.bodyBytes()) : it.pos]
		}
		out = append(out, text)
	}
	t.locals = out
}

// buildIndex prepares find, and notices repeated texts. Text that stands twice,
// or is also a system symbol, makes field lookup compare texts.
func (t *SymbolTable) buildIndex() {
	if t.repeats {
		return
	}
	if len(t.locals) <= unindexed {
		t.repeats = repeated(t.locals)
		return
	}
	index := make(map[string]uint32)
	for i, s := range t.locals {
		if s == unknownText {
			continue
		}
		if _, ok := index[s]; ok || systemSID(s) != 0 {
			t.repeats = true
			return
		}
		index[s] = uint32(i)
	}
	t.index = index
}

// unindexed is the largest table without an index. A block has about 45
// symbols and is mostly read in order, so an index would not pay.
const unindexed = 64

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
