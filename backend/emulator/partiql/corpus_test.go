package partiql_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/partiql"
)

const corpusFile = "../../../../shared/corpus/statements.tsv"

// corpusRow is one statement of the corpus with its tag.
type corpusRow struct{ id, text, tag string }

func readCorpus(t testing.TB) []corpusRow {
	b, err := os.ReadFile(corpusFile)
	if err != nil {
		t.Skip("the corpus of statements is not present beside the repository: ", err)
	}
	var rows []corpusRow
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 4 {
			continue
		}
		row := corpusRow{id: f[0], text: strings.ReplaceAll(f[2], `\n`, "\n")}
		if strings.HasPrefix(f[3], "[") {
			row.tag, _, _ = strings.Cut(f[3][1:], "]")
		}
		rows = append(rows, row)
	}
	if len(rows) < 200 {
		t.Fatalf("the corpus has only %d rows", len(rows))
	}
	return rows
}

// TestCorpus parses every statement that public applications sent to QLDB; the
// engine's test of this name runs them.
func TestCorpus(t *testing.T) {
	for _, row := range readCorpus(t) {
		t.Run(row.id, func(t *testing.T) {
			stmt, err := partiql.Parse(row.text)
			switch {
			case strings.HasPrefix(row.tag, "expect-parse-error"):
				var e *partiql.Error
				if !errors.As(err, &e) || e.Category != partiql.Parser {
					t.Errorf("%s\nparses, or fails as no parser error: %v", row.text, err)
				}
				return
			case err != nil:
				t.Fatalf("%s\n%v", row.text, err)
			}
			again, err := partiql.Parse(partiql.Format(stmt))
			if err != nil || partiql.Format(again) != partiql.Format(stmt) {
				t.Errorf("%s\nis formatted as %s, which gives %v", row.text, partiql.Format(stmt), err)
			}
		})
	}
}
