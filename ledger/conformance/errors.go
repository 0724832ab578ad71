package conformance

import (
	"context"
	"errors"

	"github.com/tallyledger/tally/ledger"
)

func errorCases() []Case {
	const section = "Errors"
	type refusal struct{ name, code, message, statement string }
	list := []refusal{
		{"unknown-table", "432", "Semantic Error: at line 1, column 15: No such variable named 'Nowhere'; No such variable named 'Nowhere'", "SELECT * FROM Nowhere"},
		{"position-counts-lines", "432", "Semantic Error: at line 3, column 6: No such variable named 'Nowhere'; No such variable named 'Nowhere'", "SELECT *\n\nFROM Nowhere"},
		{"no-from", "432", "Parser Error: at line 1, column 9: missing FROM after SELECT list, EOF : EOF; Expected FROM after SELECT list", "SELECT a"},
		{"no-list", "432", "Parser Error: at line 1, column 8: unexpected keyword found, KEYWORD : from; …", "SELECT FROM Plain"},
		{"order-by", "432", "Parser Error: at line 1, column 21: unexpected token found, KEYWORD : order; Unexpected token after expression", "SELECT * FROM Plain ORDER BY x"},
		{"unfinished-operator", "432", "Parser Error: at line 3, column 1: expected expression, OPERATOR : and; Missing right-hand side expression of infix operator", "SELECT * FROM Plain\nWHERE a = 1\nAND"},
		{"no-statement", "432", "Unsupported PartiQL Statement, Errors at:\nline 1, column 1", "Plain"},
		{"update-without-set", "432", "Parser Error: at line 1, column …: expected DML or SELECT operation after FROM, …; Expected data manipulation", "UPDATE Plain x = 1"},
		{"set-without-equals", "432", "Parser Error: at line 1, column 20: expected assignment for SET, …; Expected '='", "UPDATE Plain SET a 1"},
		{"delete-without-from", "432", "Parser Error: at line 1, column 8: unexpected token found, IDENTIFIER : Plain; Expected FROM after DELETE", "DELETE Plain"},
		{"create-table-of-string", "432", "Parser Error: at line 1, column 14: unexpected token found, LITERAL : \"x\"; Expected identifier!", "CREATE TABLE 'x'"},
		{"unterminated-string", "432", "Lexer Error: at line 1, column …", "SELECT 'abc FROM Plain"},
		{"bad-ion-literal", "432", "", "SELECT `{a:` FROM Plain"},
		{"double-equals", "432", "Parser Error: at line 1, column 30: unexpected operator, OPERATOR : '='; Unexpected operator", "SELECT * FROM Plain WHERE a == 1"},
		{"unknown-function", "", "Evaluator Error: at line 1, column 14: No such function: foo…", "SELECT VALUE foo(1) FROM << 0 >>"},
		{"empty", "", "", " "},
		{"no-characters", "", "", ""},
		{"only-a-comment", "", "", "-- nothing"},
	}
	var out []Case
	for _, r := range list {
		out = append(out, Case{Name: "errors/" + r.name, Section: section, run: func(c *C) { c.bad(r.code, r.message, r.statement) }})
	}
	return append(out, []Case{
		{Name: "errors/parameter-count", Section: section, run: func(c *C) {
			c.bad("", "Query expects 1 parameters, but statement has 2", "SELECT * FROM Plain WHERE a = ?", 1, 2)
			c.bad("", "Query expects 2 parameters, but statement has 0", "SELECT * FROM Plain WHERE a = ? AND b = ?")
			c.bad("", "Query expects 0 parameters, but statement has 1", "SELECT * FROM Plain", 1)
		}},
		{Name: "errors/question-mark-in-text-is-no-parameter", Section: section, run: func(c *C) {
			c.q("SELECT VALUE '?' FROM << 0 >> WHERE \"?\" IS MISSING -- ?").is(`"?"`)
		}},
		{Name: "errors/context-cancelled", Section: section, run: func(c *C) {
			ctx, cancel := context.WithCancel(c.ctx)
			cancel()
			err := c.l.Execute(ctx, func(ledger.Transaction) error { return nil })
			c.is(err, context.Canceled)
			ctx, cancel = context.WithCancel(c.ctx)
			err = c.l.Execute(ctx, func(tx ledger.Transaction) error {
				_, err := tx.Execute("INSERT INTO Plain {'a': 1}")
				cancel()
				return err
			})
			c.is(err, context.Canceled)
			c.q("SELECT * FROM Plain").is()
		}},
		{Name: "errors/closed", Section: section, Needs: ownLedger, run: func(c *C) {
			other, err := c.h.Fresh(c.ctx) // the case's own ledger is closed by the suite
			c.ok(err)
			c.ok(other.Close())
			c.is(other.Execute(c.ctx, func(ledger.Transaction) error { return nil }), ledger.ErrClosed)
			_, err = other.Digest(c.ctx)
			c.is(err, ledger.ErrClosed)
			_, err = other.TableNames(c.ctx)
			c.is(err, ledger.ErrClosed)
			for _, err := range other.Journal(c.ctx, 0) {
				c.is(err, ledger.ErrClosed)
			}
			c.ok(other.Close()) // closing again does nothing
			_, err = c.l.Digest(c.ctx)
			c.ok(err)
		}},
		{Name: "errors/parameter-of-no-ion-type", Section: section, run: func(c *C) {
			c.in(func(t *txn) {
				if _, err := t.tx.Execute("SELECT * FROM Plain WHERE a = ?", make(chan int)); err == nil || errors.Is(err, ledger.ErrBadRequest) {
					c.fatal("a channel as parameter: error %v, want one that is not the service's", err)
				}
				t.q("SELECT VALUE 1 FROM << 0 >>").is("1")
			})
		}},
	}...)
}
