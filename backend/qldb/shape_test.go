package qldb

import (
	"errors"
	"strings"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

// Answers in which members are missing are errors. The driver panics on them.
func TestAnswersWithHoles(t *testing.T) {
	for command, holes := range map[string][]string{
		"StartSession":      {`{}`, `{"StartSession":{}}`, `{"StartSession":{"SessionToken":""}}`, `{"StartTransaction":{}}`},
		"StartTransaction":  {`{}`, `{"StartTransaction":{}}`, `{"StartTransaction":{"TransactionId":null}}`},
		"ExecuteStatement":  {`{}`, `{"ExecuteStatement":{}}`, `{"ExecuteStatement":null}`},
		"FetchPage":         {`{}`, `{"FetchPage":{}}`},
		"CommitTransaction": {`{}`, `{"CommitTransaction":{}}`},
	} {
		for _, body := range holes {
			f, l := fake(t)
			f.pages = [][]string{{}, {"{n:1}"}}
			f.on(command, answer{status: 200, body: body})
			err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
				r, err := tx.Execute("SELECT * FROM T")
				if err != nil {
					return err
				}
				_, err = r.All()
				return err
			}, quick(1))
			if err == nil || !strings.Contains(err.Error(), command+".") {
				t.Errorf("%s answered with %s: %v; want an error that names what is missing", command, body, err)
			}
			if got := errors.Is(err, ledger.ErrOutcomeUnknown); got != (command == "CommitTransaction") {
				t.Errorf("%s answered with %s: %v; is the outcome unknown?", command, body, err)
			}
			if f.count(command) != 1 {
				t.Errorf("%s was repeated", command)
			}
		}
	}
	f, l := fake(t)
	f.on("AbortTransaction", answer{status: 200, body: `{}`})
	if err := l.Execute(t.Context(), func(tx ledger.Transaction) error { return tx.Abort() }); !errors.Is(err, ledger.ErrAborted) {
		t.Errorf("an abort answered with {}: %v", err)
	}
	f.on("EndSession", answer{status: 200, body: `{}`})
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
