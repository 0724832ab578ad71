package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// What is planned for a seeded document in a transaction beside its content: its
// metadata, address and hash, and the statement.
const seedOverhead = 512

// Seed creates a ledger like CreateLedger and fills it from files. A file with
// the extension .ion or .10n holds documents: each is a struct whose first
// annotation names its table, or the file's name without extension does;
// tables are made as they come. Any other file holds PartiQL statements that
// end with a semicolon and run one after the other, each in a transaction of
// its own. A byte order mark of UTF-8 is skipped.
//
// Where one fails, or the program ends in between, there is no such ledger: its
// file has another name until all is in it, and the next start removes that.
func (s *Server) Seed(ctx context.Context, name, mode string, files ...string) error {
	return s.createFilled(name, mode, func(l *emulator.Ledger) error {
		for _, file := range files {
			if err := s.seedFrom(ctx, l, file); err != nil {
				return fmt.Errorf("seed %s: %w", file, err)
			}
		}
		return nil
	})
}

// HasLedger reports whether there is a ledger of that name, in whatever state.
func (s *Server) HasLedger(name string) bool {
	e, _ := s.registry.get(name)
	return e != nil
}

func (s *Server) seedFrom(ctx context.Context, l *emulator.Ledger, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return errors.New("the text is in UTF-16; save it as UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	ext := filepath.Ext(file)
	if ext == ".ion" || ext == ".10n" || ion.IsBinary(data) {
		return seedDocuments(ctx, l, s.ledgerLimits, strings.TrimSuffix(filepath.Base(file), ext), data)
	}
	if ext == ".json" {
		return errors.New("documents are read from files named .ion; JSON objects one after the other are Ion, so give the file that name")
	}
	return seedStatements(ctx, l, string(data))
}

func seedDocuments(ctx context.Context, l *emulator.Ledger, lim emulator.Limits, table string, data []byte) error {
	read := ion.ParseTextAll
	if ion.IsBinary(data) {
		read = ion.ParseAll
	}
	docs, err := read(data)
	if err != nil {
		return err
	}
	known, err := l.TableNames(ctx)
	if err != nil {
		return err
	}
	tables := map[string]bool{}
	for _, t := range known {
		tables[t] = true
	}
	for i := 0; i < len(docs); {
		batch := docs[i : i+seedBatch(docs[i:], lim)]
		err := l.Execute(ctx, func(tx ledger.Transaction) error { return insertDocuments(tx, table, tables, batch, i) })
		if err != nil {
			return err
		}
		i += len(batch)
	}
	return nil
}

// seedBatch is how many of docs go into one transaction: one at least.
func seedBatch(docs []ion.Value, lim emulator.Limits) int {
	size := 0
	for i, d := range docs {
		// Index entries repeat fields of the document, together all of it at most.
		size += 2*len(d.Encode()) + seedOverhead
		if i > 0 && (lim.TransactionSize > 0 && size > lim.TransactionSize || lim.DocumentsPerTx > 0 && i >= lim.DocumentsPerTx) {
			return i
		}
	}
	return len(docs)
}

func insertDocuments(tx ledger.Transaction, table string, tables map[string]bool, docs []ion.Value, before int) error {
	for i, d := range docs {
		to := table
		if a := d.Annotations(); len(a) > 0 {
			to = a[0]
		}
		if d.Type() != ion.StructType || d.IsNull() {
			kind := "of type " + d.Type().String()
			if d.IsNull() {
				kind = "null"
			}
			return fmt.Errorf("document %d is %s, documents are structs", before+i+1, kind)
		}
		quoted := `"` + strings.ReplaceAll(to, `"`, `""`) + `"`
		if !tables[to] {
			if _, err := tx.Execute("CREATE TABLE " + quoted); err != nil {
				return fmt.Errorf("table %s of document %d: %w", to, before+i+1, err)
			}
			tables[to] = true
		}
		if _, err := tx.Execute("INSERT INTO "+quoted+" ?", d.WithoutAnnotations()); err != nil {
			return fmt.Errorf("document %d: %w", before+i+1, err)
		}
	}
	return nil
}

func seedStatements(ctx context.Context, l *emulator.Ledger, text string) error {
	for _, st := range splitStatements(text) {
		err := l.Execute(ctx, func(tx ledger.Transaction) error {
			r, err := tx.Execute(st.text)
			if err != nil {
				return err
			}
			for r.Next() {
			}
			return r.Err()
		})
		if err != nil {
			return fmt.Errorf("line %d: %w", st.line, err)
		}
	}
	return nil
}

type seedStatement struct {
	text string
	line int
}

// splitStatements cuts a text at its semicolons, but for those in quotes,
// Ion literals and comments.
func splitStatements(text string) []seedStatement {
	var out []seedStatement
	start, line, startLine := 0, 1, 1
	add := func(end int) {
		if st := text[start:end]; !blank(st) {
			lead := len(st) - len(strings.TrimLeft(st, " \t\r\n"))
			out = append(out, seedStatement{strings.TrimSpace(st), startLine + strings.Count(st[:lead], "\n")})
		}
	}
	for i := 0; i < len(text); {
		n := tokenLen(text[i:])
		if text[i] == ';' {
			add(i)
			start, startLine = i+1, line
		}
		line += strings.Count(text[i:i+n], "\n")
		i += n
	}
	add(len(text))
	return out
}

// tokenLen is the length of the quoted text, literal or comment that s begins
// with, 1 for anything else.
func tokenLen(s string) int {
	end := ""
	switch {
	case strings.HasPrefix(s, "--"):
		end = "\n"
	case strings.HasPrefix(s, "/*"):
		end = "*/"
	case s[0] == '\'' || s[0] == '"' || s[0] == '`':
		end = s[:1]
	default:
		return 1
	}
	from := min(2, len(s))
	if len(end) == 1 && end != "\n" {
		from = 1
	}
	if n := strings.Index(s[from:], end); n >= 0 {
		return from + n + len(end)
	}
	return len(s)
}

// blank reports whether a text has nothing but space and comments.
func blank(s string) bool {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if !strings.HasPrefix(s, "--") && !strings.HasPrefix(s, "/*") {
			return false
		}
		s = s[tokenLen(s):]
	}
	return true
}
