package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
		write("bad.sql", "CREATE TABLE X;\n\nCREATE TABEL Y;"): "bad.sql: line 3: ", write("bad.ion", "{a:1} 7"): "document 2 is a int", write("worse.ion", "{"): "not closed", filepath.Join(dir, "none"): "none",
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
