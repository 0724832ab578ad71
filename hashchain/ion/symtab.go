package ion

import (
	"slices"
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

// SharedTable is a shared symbol table that local tables may import. It must not
// be changed or copied once a catalog has given it out.
type SharedTable struct {
	Name    string
	Version int
	Symbols []string

	once  sync.Once
	index map[string]int // place of a text in Symbols; the first where it repeats
}

func (t *SharedTable) find(text string) (i int, ok bool) {
	t.once.Do(func() {
		t.index = make(map[string]int, len(t.Symbols))
		for i, s := range t.Symbols {
			if _, ok := t.index[s]; !ok {
				t.index[s] = i
			}
		}
	})
	i, ok = t.index[text]
	return i, ok
}

// Catalog finds shared symbol tables by name and version. It returns nil where
// it has none; the symbols of a missing table have unknown text.
type Catalog interface {
	FindSharedTable(name string, version int) *SharedTable
}

// unknownText stands in a table for a symbol without text. It is not valid
// UTF-8, so no symbol has it as its text.
const unknownText = "\xff"

// SymbolTable maps symbol ids to text: the system symbols, then imported
// ranges, then local symbols. It is immutable.
//
// A table that extends another (imports:$ion_symbol_table) shares its memory and
// its index: a stream of n such tables takes time and memory in proportion to
// n, however its values are looked into.
type SymbolTable struct {
	imports  *imports // nil for none
	imported int      // how many ids the imports take
	locals   []string
	index    *symbolIndex // of the locals; nil where a few are searched in order
	size     int          // bytes in memory, but for what it shares with the table that it extends
	shared   int          // bytes of the tables that it extends
	chain    *byte        // the same in tables that extend one another; not a table, which would be kept; nil for none

	// What find needs is made at its first call: many values are only hashed or
	// copied.
	once sync.Once
	// repeats is set where some text may stand at two ids, so that fields have
	// to be compared by text. Tables that this package writes have none.
	repeats bool
}

// MaxID is the largest id that the table defines.
func (t *SymbolTable) MaxID() int { return systemSymbols + t.imported + len(t.locals) }

// Size is about how many bytes the table takes in memory, with the index that
// finds symbols. What it shares with a table that it extends is not counted again.
func (t *SymbolTable) Size() int { return t.size }

// Bytes of memory that a symbol takes, beside its text.
const (
	symbolBytes = 16 // its string
	indexBytes  = 40 // its entry in a symbolIndex
)

// grown counts symbols that are new to the table, room for symbols that was made
// and text.
func (t *SymbolTable) grown(symbols, room, text int) {
	t.size += symbolBytes*room + text
	if len(t.locals) > unindexed {
		t.size += indexBytes * symbols
	}
}

// text returns the text of an id. known is false for id 0, for imported symbols
// whose shared table is missing and for local symbols without text.
func (t *SymbolTable) text(sid uint32) (text string, known bool) {
	id := int(sid)
	if id <= systemSymbols {
		return systemTexts[id], id > 0
	}
	id -= systemSymbols + 1
	if id < t.imported {
		return t.imports.text(id)
	}
	if id -= t.imported; id < len(t.locals) && t.locals[id] != unknownText {
		return t.locals[id], true
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
	t.once.Do(t.prepare)
	if id := systemSID(text); id != 0 {
		return id, true
	}
	if t.imports != nil {
		if i, ok := t.imports.find(text); ok {
			return uint32(systemSymbols + 1 + i), true
		}
	}
	i, ok := 0, false
	if t.index != nil && len(t.locals) > unindexed {
		i, ok = t.index.find(text)
		ok = ok && i < len(t.locals)
	} else if text != unknownText {
		i = slices.Index(t.locals, text)
		ok = i >= 0
	}
	return uint32(systemSymbols + 1 + t.imported + i), ok
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
		if n := len(t.locals) + symbols.Len(); n > MaxSymbols {
			return nil, syntaxErr(0, "symbol table has %d symbols and must have %d at the most, more than QLDB needs for a file of an export", n, MaxSymbols)
		}
		t.readSymbols(symbols)
	}
	if t.index == nil && len(t.locals) > unindexed {
		t.index = &symbolIndex{}
	}
	if t.chain == nil {
		t.chain = new(byte)
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
			t.imports, t.imported, t.locals, t.index = prev.imports, prev.imported, prev.locals, prev.index
			t.chain, t.shared = prev.chain, prev.shared+prev.size
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
	if t.imports == nil {
		t.imports = &imports{}
	}
	t.imports.add(shared, maxID)
	t.imported += maxID
	return nil
}

// readSymbols copies the texts out in one allocation: a table outlives the
// buffer it was read from (Decoder keeps it for the next document).
func (t *SymbolTable) readSymbols(list Value) {
	n := list.Len()
	all := string(list.raw)
	out, room := t.locals, 0
	if cap(out)-len(out) < n {
		out = make([]string, len(t.locals), len(t.locals)+n+len(t.locals)/2)
		copy(out, t.locals)
		room = cap(out)
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
	t.grown(n, room, len(all))
}
