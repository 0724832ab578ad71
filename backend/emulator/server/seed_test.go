package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain/ion"
)

func TestSeed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	statements := write("schema.sql", "-- tables; first\nCREATE TABLE A;\n\nCREATE INDEX ON A (n);\nINSERT INTO A <<{'n': 1, 's': ';'}, {'n': 2}>>;\n/* done; */")
	documents := write("B.ion", strings.Repeat("{x:1} ", 50)+"C::{y:2.50}")
	var binary []byte
	for _, text := range []string{"{z:1}", "{z:2}"} {
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		binary = append(binary, v.Encode()...)
	}
	s := servertest.New(t)
	if err := s.Server.Seed(t.Context(), "seeded", "ALLOW_ALL", statements, documents, write("D.10n", string(binary))); err != nil {
		t.Fatal(err)
	}
	d := s.Driver("seeded")
	for table, want := range map[string]int{"A": 2, "B": 50, "C": 1, "D": 2} {
		if n := len(exec(t, d, "SELECT * FROM "+table)); n != want {
			t.Errorf("%d documents in %s, want %d", n, table, want)
		}
	}
	for file, want := range map[string]string{
		write("bad.sql", "CREATE TABLE X;\n\nCREATE TABEL Y;"): "bad.sql: line 3: ", write("bad.ion", "{a:1} 7"): "document 2 is of type int, documents are structs", write("null.ion", "null.struct"): "document 1 is null, documents are structs", write("worse.ion", "{"): "not closed", filepath.Join(dir, "none"): "none",
	} {
		err := s.Server.Seed(t.Context(), "failed", "ALLOW_ALL", file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
		if _, err := s.Server.Ledger("failed"); err == nil {
			t.Errorf("%s: the ledger of a seed that failed is there", file)
		}
	}
}

// TestSeedLargeDocuments seeds documents that together exceed what a transaction
// may have, each one alone does not.
func TestSeedLargeDocuments(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "Large.ion")
	text := strings.Repeat("{a:\""+strings.Repeat("x", 115_000)+"\"}\n", 45)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(dir, "index.sql")
	if err := os.WriteFile(index, []byte("CREATE TABLE Large; CREATE INDEX ON Large (a);"), 0o644); err != nil {
		t.Fatal(err)
	}
	limits := emulator.DefaultLimits
	limits.TransactionSize = 250_000
	for name, cfg := range map[string]server.Config{"default": {}, "small transactions": {LedgerLimits: &limits}} {
		s, url := startURL(t, cfg)
		if err := s.Seed(t.Context(), "seeded", "ALLOW_ALL", index, file); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := len(exec(t, driverAt(t, url, "seeded"), "SELECT 1 AS n FROM Large")); n != 45 {
			t.Errorf("%s: %d documents, want 45", name, n)
		}
	}
	if err := os.WriteFile(file, []byte("{a:1} {a:\""+strings.Repeat("x", 140_000)+"\"}"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, server.Config{})
	if err := s.Seed(t.Context(), "seeded", "ALLOW_ALL", file); err == nil || !strings.Contains(err.Error(), "document 2: BadRequestException: Exceeded parameter limit") {
		t.Errorf("a document that is too large: %v", err)
	}
}

// TestSeedByteOrderMark reads files as editors of Windows write them.
func TestSeedByteOrderMark(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.sql": "CREATE TABLE A; INSERT INTO A {'n': 1};", "A.ion": "{n:2}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("\ufeff"+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := servertest.New(t)
	if err := s.Server.Seed(t.Context(), "seeded", "ALLOW_ALL", filepath.Join(dir, "a.sql"), filepath.Join(dir, "A.ion")); err != nil {
		t.Fatal(err)
	}
	if n := len(exec(t, s.Driver("seeded"), "SELECT * FROM A")); n != 2 {
		t.Errorf("%d documents, want 2", n)
	}
	wide := filepath.Join(dir, "wide.sql")
	if err := os.WriteFile(wide, []byte("\xff\xfeC\x00R\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Server.Seed(t.Context(), "other", "ALLOW_ALL", wide); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("a file in UTF-16: %v", err)
	}
}

func TestSplitStatements(t *testing.T) {
	got := server.SplitStatements("a ;b';'c\n;-- x;\n d`;` \"e;\" /*;*/ ;; 'f")
	if want := []string{"a", "b';'c", "-- x;\n d`;` \"e;\" /*;*/", "'f"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDownConversion(t *testing.T) {
	for text, want := range map[string]string{
		"null.int": "null", "true": "true", "-5": "-5", "123456789012345678901234567890": "123456789012345678901234567890",
		"1.5e0": "1.5", "1e300": "1e+300", "1e-7": "1e-07", "nan": "null", "+inf": "null", "0e0": "0",
		"1.50": "1.50", "-0.05": "-0.05", "5d3": "5E3", "1d-50": "1E-50", "-0.0": "-0.0", "0.": "0", "-0.": "-0",
		"2020-02-29T12:00:01.5Z": `"2020-02-29T12:00:01.5Z"`, "2020T": `"2020T"`, "sym": `"sym"`, `"a\"b\n"`: `"a\"b\n"`,
		"{{aGVsbG8=}}": `"aGVsbG8="`, `{{"a\xff"}}`: `"aÿ"`, "(a 1)": `["a",1]`, "x::[y::{a:null.list,b:[]}]": `[{"a":null,"b":[]}]`,
	} {
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := string(server.AppendJSON(nil, v)); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}
