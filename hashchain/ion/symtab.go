package ion

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

// importRange is a run of ids taken from a shared table. texts may be shorter
// than n: ids beyond it have unknown text. n comes from untrusted input and is
// never used to allocate.
type importRange struct {
	n     int
	texts []string
}

// SymbolTable maps symbol ids to text: the system symbols, then imported
// ranges, then local symbols. It is immutable.
type SymbolTable struct {
	imports  []importRange
	imported int // sum of the n of imports
	locals   []symbol
	// repeats is set where some text may stand at two ids, so that fields have
	// to be compared by text. Tables that this package writes have none.
	repeats bool
}

type symbol struct {
	text  string
	known bool
}

// MaxID is the largest id that the table defines.
func (t *SymbolTable) MaxID() int { return systemSymbols + t.imported + len(t.locals) }

// text returns the text of an id. known is false for id 0, for imported symbols
// whose shared table is missing and for local symbols without text.
func (t *SymbolTable) text(sid uint32) (text string, known bool) {
	id := int(sid)
	if i := id - systemSymbols - 1 - t.imported; i >= 0 {
		if i < len(t.locals) {
			return t.locals[i].text, t.locals[i].known
		}
		return "", false
	}
	if id <= systemSymbols {
		return systemTexts[id], id > 0
	}
	id -= systemSymbols + 1
	for _, r := range t.imports {
		if id < r.n {
			if id < len(r.texts) {
				return r.texts[id], true
			}
			return "", false
		}
		id -= r.n
	}
	return "", false
}

// find returns the lowest id with the text.
func (t *SymbolTable) find(text string) (sid uint32, ok bool) {
	for i := 1; i <= systemSymbols; i++ {
		if systemTexts[i] == text {
			return uint32(i), true
		}
	}
	base := systemSymbols + 1
	for _, r := range t.imports {
		for i, s := range r.texts {
			if s == text && i < r.n {
				return uint32(base + i), true
			}
		}
		base += r.n
	}
	for i := range t.locals {
		if t.locals[i].known && t.locals[i].text == text {
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
		switch it.nameSID {
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
		if sid, ok := v.symbolID(); ok && sid == sidSymbolTable && prev != nil {
			// Appending to the slice of prev keeps a chain of n appended tables at
			// O(n) memory: the older tables see their shorter length only.
			*t = SymbolTable{imports: prev.imports, imported: prev.imported, locals: prev.locals, repeats: true}
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
		switch it.nameSID {
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
				return syntaxErr(0, "import of shared symbol table %q has max_id that is not an int from 0 to %d", name, maxVar)
			}
			maxID = int(n)
		}
	}
	if name == "" || name == "$ion" {
		return nil
	}
	r := importRange{n: maxID}
	if cat != nil {
		if s := cat.FindSharedTable(name, version); s != nil {
			if maxID < 0 && s.Version == version {
				r.n = len(s.Symbols)
			}
			r.texts = s.Symbols
		}
	}
	if r.n < 0 {
		return syntaxErr(0, "import of shared symbol table %q version %d has no max_id and the table is not known", name, version)
	}
	if t.imported+r.n > maxVar {
		return syntaxErr(0, "symbol table imports more than %d symbols", maxVar)
	}
	t.repeats = true
	t.imports = append(t.imports[:len(t.imports):len(t.imports)], r)
	t.imported += r.n
	return nil
}

// readSymbols copies the texts out in one allocation: a table outlives the
// buffer it was read from (Decoder keeps it for the next document).
func (t *SymbolTable) readSymbols(list Value) {
	n := 0
	for it := list.Iter(); it.Next(); {
		n++
	}
	all := string(list.raw)
	base := t.locals
	out := base
	if cap(base)-len(base) < n {
		out = make([]symbol, len(base), len(base)+n+len(base)/2)
		copy(out, base)
	}
	it := list.Iter()
	for it.Next() {
		v := it.Value()
		s := symbol{}
		if v.Type() == StringType && !v.IsNull() {
			// The body of v lies inside list.raw, so its text is a substring of all.
			end := it.pos
			s = symbol{text: all[end-len(v.bodyBytes()) : end], known: true}
		}
		out = append(out, s)
	}
	t.locals = out
	t.repeats = t.repeats || repeated(out)
}

// repeated reports whether a text stands twice in the table or is also a system
// symbol.
func repeated(locals []symbol) bool {
	if len(locals) > 32 {
		seen := make(map[string]struct{}, len(locals))
		for _, s := range locals {
			seen[s.text] = struct{}{}
		}
		for _, s := range systemTexts[1:] {
			seen[s] = struct{}{}
		}
		return len(seen) != len(locals)+systemSymbols
	}
	for i, s := range locals {
		if len(s.text) > 0 && (s.text[0] == '$' || len(s.text) < 9) {
			for _, sys := range systemTexts[1:] {
				if s.text == sys {
					return true
				}
			}
		}
		for j := range i {
			if locals[j].text == s.text {
				return true
			}
		}
	}
	return false
}
