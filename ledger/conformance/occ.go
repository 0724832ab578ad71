package conformance

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tallyledger/tally/ledger"
)

func transactionCases() []Case {
	const section = "Transactions"
	return []Case{
		{Name: "transaction/id", Section: section, run: func(c *C) {
			var ids [2]string
			for i := range ids {
				c.in(func(t *txn) { ids[i] = t.tx.ID() })
			}
			if !isID(ids[0]) || !isID(ids[1]) || ids[0] == ids[1] {
				c.fatal("transaction ids %v", ids)
			}
		}},
		{Name: "transaction/empty", Section: section, Chosen: "a transaction without statements commits and writes no block", run: func(c *C) {
			before, err := c.l.Digest(c.ctx)
			c.ok(err)
			c.in(func(*txn) {})
			after, err := c.l.Digest(c.ctx)
			c.ok(err)
			if before != after {
				c.fatal("the digest went from %v to %v", before, after)
			}
		}},
		{Name: "transaction/no-text", Section: section, run: func(c *C) {
			c.in(func(t *txn) {
				t.bad("", "", "")
				t.bad("", "", "SELECT '\xff' FROM Plain")
			})
		}},
		{Name: "transaction/ledger-closed-inside", Section: section, Needs: ownLedger, run: func(c *C) {
			err := c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
				c.ok(c.l.Close())
				_, err := tx.Execute("CREATE TABLE T")
				c.is(err, ledger.ErrClosed)
				return nil
			})
			c.is(err, ledger.ErrClosed)
			_, err = c.l.Digest(c.ctx)
			c.is(err, ledger.ErrClosed)
			c.ok(c.l.Close())
		}},
		{Name: "transaction/sees-own-writes", Section: section, run: func(c *C) {
			c.in(func(t *txn) {
				t.insert("Keyed", "{k:1,n:0}")
				t.q("SELECT VALUE n FROM Keyed WHERE k = 1").is("0")
				t.q("UPDATE Keyed SET n = 5 WHERE k = 1").ids(1)
				t.q("SELECT VALUE n FROM Keyed").is("5")
				t.q("DELETE FROM Keyed WHERE k = 1").ids(1)
				t.q("SELECT VALUE n FROM Keyed WHERE k = 1").is()
			})
		}},
		{Name: "transaction/others-see-nothing-before-commit", Section: section, run: func(c *C) {
			c.in(func(t *txn) {
				t.insert("Plain", "{a:1}")
				c.q("SELECT * FROM Plain").is()
			})
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "transaction/abort", Section: section, run: func(c *C) {
			err := c.try(func(t *txn) {
				t.insert("Plain", "{a:1}")
				c.ok(t.tx.Abort())
			})
			c.is(err, ledger.ErrAborted)
			c.q("SELECT * FROM Plain").is()
		}},
		{Name: "transaction/no-use-after-abort", Section: section, run: func(c *C) {
			err := c.try(func(t *txn) {
				c.ok(t.tx.Abort())
				_, err := t.tx.Execute("SELECT * FROM Plain")
				c.badRequest("a statement after the abort", err, "405", "No open transaction")
			})
			c.is(err, ledger.ErrAborted)
		}},
		{Name: "transaction/no-use-after-commit", Section: section, run: func(c *C) {
			var kept *txn
			c.in(func(t *txn) { kept = t })
			_, err := kept.tx.Execute("SELECT * FROM Plain")
			c.badRequest("a statement after the commit", err, "405", "No open transaction")
		}},
		{Name: "transaction/error-of-the-function", Section: section, run: func(c *C) {
			own := errors.New("own")
			err := c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
				if _, err := tx.Execute("INSERT INTO Plain {'a': 1}"); err != nil {
					return err
				}
				return own
			})
			c.is(err, own)
			c.q("SELECT COUNT(*) AS n FROM Plain").is("{n:0}")
		}},
		{Name: "transaction/bad-statement-keeps-it-open", Section: section, run: func(c *C) {
			c.in(func(t *txn) {
				t.insert("Plain", "{a:1}")
				t.bad("", "", "SELEC * FROM Plain")
				t.bad("", "", "INSERT INTO Plain << {'a': 2}, 3 >>")
				t.insert("Plain", "{a:4}")
			})
			c.q("SELECT VALUE a FROM Plain").is("1", "4")
		}},
		{Name: "transaction/failed-statement-leaves-no-trace", Section: section, run: func(c *C) {
			c.in(func(t *txn) {
				t.insert("Plain", "{a:1}", "{a:0}")
				t.bad("", "", "UPDATE Plain SET a = 10 / a")
				t.q("SELECT VALUE a FROM Plain").is("1", "0")
			})
			c.q("SELECT VALUE a FROM Plain").is("1", "0")
		}},
		{Name: "transaction/expires", Section: section, Needs: []Capability{OwnLedger, Clock}, run: func(c *C) {
			c.q("CREATE TABLE T")
			for _, last := range []string{"statement", "commit"} {
				runs := 0
				err := c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
					runs++
					if _, err := tx.Execute("INSERT INTO T {'a': 1}"); err != nil {
						return err
					}
					c.ok(c.h.Advance(c.ctx, c.l, 31*time.Second))
					if last == "commit" {
						return nil
					}
					_, err := tx.Execute("SELECT * FROM T")
					return err
				})
				c.is(err, ledger.ErrTransactionExpired)
				c.is(err, ledger.ErrInvalidSession)
				if runs != 1 {
					c.fatal("an expired transaction was run %d times", runs)
				}
			}
			c.q("SELECT * FROM T").is()
		}},
		{Name: "transaction/lives-29-seconds", Section: section, Needs: []Capability{OwnLedger, Clock}, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.in(func(t *txn) {
				t.q("INSERT INTO T {'a': 1}")
				c.ok(c.h.Advance(c.ctx, c.l, 29*time.Second))
				t.q("SELECT a FROM T").is("{a:1}")
			})
			c.q("SELECT a FROM T").is("{a:1}")
		}},
		{Name: "transaction/session-is-replaced", Section: section, Needs: []Capability{OwnLedger, Clock}, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.ok(c.h.Advance(c.ctx, c.l, 20*time.Minute))
			c.ok(c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
				_, err := tx.Execute("INSERT INTO T {'a': 1}")
				return err
			}))
		}},
	}
}

// conflict is one case of two transactions: the first reads (or writes), then
// another commits, then the first commits.
type conflict struct {
	name, chosen string
	first        func(t *txn)
	other        func(t *txn)
	lost         bool // whether the first one loses
}

func occCases() []Case {
	const section = "Conflicts"
	q := func(statement string, params ...any) func(*txn) {
		return func(t *txn) { t.q(statement, params...) }
	}
	insertPlain := q("INSERT INTO Plain {'a': 9}")
	list := []conflict{
		{"scan-and-insert", "", q("SELECT * FROM Plain"), insertPlain, true},
		{"scan-and-update-of-another-document", "", q("SELECT * FROM Plain WHERE a = 1"), q("UPDATE Plain SET b = 1 WHERE a = 2"), true},
		{"count-and-insert", "", q("SELECT COUNT(*) FROM Plain"), insertPlain, true},
		{"scan-and-delete", "", q("SELECT * FROM Plain WHERE a > 1"), q("DELETE FROM Plain WHERE a = 1"), true},
		{"scan-of-another-table", "", q("SELECT * FROM Other"), insertPlain, false},
		{"blind-inserts", "", insertPlain, insertPlain, false},
		{"blind-inserts-of-one-key", "", q("INSERT INTO Keyed {'k': 7}"), q("INSERT INTO Keyed {'k': 7}"), false},
		{"key-and-same-document", "", q("SELECT * FROM Keyed WHERE k = 1"), q("UPDATE Keyed SET n = 5 WHERE k = 1"), true},
		{"key-and-other-key", "", q("SELECT * FROM Keyed WHERE k = 1"), q("UPDATE Keyed SET n = 5 WHERE k = 2"), false},
		{"key-and-insert-of-other-key", "", q("SELECT * FROM Keyed WHERE k = 1"), q("INSERT INTO Keyed {'k': 3}"), false},
		{"phantom-on-a-key", "", q("SELECT * FROM Keyed WHERE k = 8"), q("INSERT INTO Keyed {'k': 8}"), true},
		{"phantom-by-in", "", q("SELECT * FROM Keyed WHERE k IN (8, 9)"), q("INSERT INTO Keyed {'k': 9}"), true},
		{"document-moves-to-the-key", "", q("SELECT * FROM Keyed WHERE k = 8"), q("UPDATE Keyed SET k = 8 WHERE k = 2"), true},
		{"document-leaves-the-key", "", q("SELECT * FROM Keyed WHERE k = 2"), q("UPDATE Keyed SET k = 8 WHERE k = 2"), true},
		{"like-on-an-indexed-field-scans", "", q("SELECT * FROM Keyed WHERE k > 100"), q("INSERT INTO Keyed {'k': 3}"), true},
		{"updates-of-one-document", "", q("UPDATE Keyed SET n = 1 WHERE k = 1"), q("UPDATE Keyed SET n = 2 WHERE k = 1"), true},
		{"updates-of-two-documents-by-key", "", q("UPDATE Keyed SET n = 1 WHERE k = 1"), q("UPDATE Keyed SET n = 2 WHERE k = 2"), false},
		{"updates-of-two-documents-by-scan", "", q("UPDATE Plain SET n = 1 WHERE a = 1"), q("UPDATE Plain SET n = 2 WHERE a = 2"), true},
		{"committed-view-scan", "", q("SELECT * FROM _ql_committed_Plain"), insertPlain, true},
		{"history-scan", "a scan of the history reads the whole table", q("SELECT * FROM history(Plain)"), insertPlain, true},
		{"catalog-and-create-table", "reading the catalog conflicts with a change of it", q("SELECT * FROM information_schema.user_tables"), q("CREATE TABLE T"), true},
		{"two-creates-of-one-table", "the second creation of a table conflicts at its commit", q("CREATE TABLE T"), q("CREATE TABLE T"), true},
		{"write-into-dropped-table", "", q("INSERT INTO Other {'a': 1}"), q("DROP TABLE Other"), true},
	}
	var out []Case
	for _, cf := range list {
		out = append(out, cf.toCase(section))
	}
	return append(out, []Case{
		{Name: "occ/document-id-and-other-document", Section: section, run: func(c *C) {
			ids := c.insert("Plain", "{a:1}", "{a:2}")
			c.conflict(func(t *txn) { t.q("SELECT * FROM Plain BY id WHERE id = ?", ids[0]).count(1) },
				func(t *txn) { t.q("UPDATE Plain BY id SET a = 5 WHERE id = ?", ids[1]).ids(1) }, false)
			c.conflict(func(t *txn) { t.q("SELECT * FROM Plain BY id WHERE id = ?", ids[0]).count(1) },
				func(t *txn) { t.q("UPDATE Plain BY id SET a = 5 WHERE id = ?", ids[0]).ids(1) }, true)
			c.conflict(func(t *txn) { t.q("SELECT * FROM _ql_committed_Plain WHERE metadata.id = ?", ids[0]).count(1) },
				func(t *txn) { t.q("DELETE FROM Plain BY id WHERE id = ?", ids[0]).ids(1) }, true)
		}},
		{Name: "occ/message", Section: section, run: func(c *C) {
			err := c.try(func(t *txn) {
				t.q("SELECT * FROM Plain")
				c.insert("Plain", "{a:1}")
			})
			var e *ledger.Error
			const want = "Optimistic concurrency control (OCC) failure encountered while committing the transaction"
			if !errors.As(err, &e) || e.Exception != "OccConflictException" || e.Message != want {
				c.fatal("the error is %v, want OccConflictException: %s", err, want)
			}
		}},
		{Name: "occ/loser-writes-nothing", Section: section, run: func(c *C) {
			c.is(c.try(func(t *txn) {
				t.q("SELECT * FROM Plain")
				t.insert("Other", "{a:1}")
				c.insert("Plain", "{a:1}")
			}), ledger.ErrConflict)
			c.q("SELECT * FROM Other").is()
		}},
		{Name: "occ/execute-retries", Section: section, run: func(c *C) {
			runs := 0
			c.ok(c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
				runs++
				t := &txn{c, tx}
				t.q("SELECT * FROM Plain")
				if runs == 1 {
					c.insert("Plain", "{a:1}")
				}
				t.insert("Other", fmt.Sprintf("{run:%d}", runs))
				return nil
			}))
			c.q("SELECT * FROM Other").is("{run:2}")
		}},
		{Name: "occ/retries-end", Section: section, run: func(c *C) {
			runs := 0
			err := c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
				runs++
				(&txn{c, tx}).q("SELECT * FROM Plain")
				c.insert("Plain", "{a:1}")
				return nil
			}, ledger.WithRetry(ledger.RetryPolicy{Max: 2, Base: time.Millisecond, Cap: time.Millisecond}))
			c.is(err, ledger.ErrConflict)
			if runs != 3 {
				c.fatal("the function ran %d times, want 3", runs)
			}
		}},
		{Name: "occ/counter", Section: section, run: func(c *C) {
			c.insert("Keyed", "{k:1,n:0}")
			c.ok(c.increments(8, 5))
			c.q("SELECT VALUE n FROM Keyed WHERE k = 1").is("40")
		}},
	}...)
}

func (cf *conflict) toCase(section string) Case {
	cs := Case{Name: "occ/" + cf.name, Section: section, Chosen: cf.chosen, run: func(c *C) {
		c.insert("Plain", "{a:1}", "{a:2}")
		c.insert("Keyed", "{k:1,n:1}", "{k:2,n:2}")
		c.conflict(cf.first, cf.other, cf.lost)
	}}
	switch cf.name { // these change the catalog
	case "catalog-and-create-table", "two-creates-of-one-table", "write-into-dropped-table":
		cs.Needs = ownLedger
		cs.run = func(c *C) {
			c.q("CREATE TABLE Other")
			c.conflict(cf.first, cf.other, cf.lost)
		}
	}
	return cs
}

func (c *C) conflict(first, other func(*txn), lost bool) {
	c.Helper()
	err := c.try(func(t *txn) {
		first(t)
		c.in(other)
	})
	if lost {
		c.is(err, ledger.ErrConflict)
		return
	}
	c.ok(err)
}

// increments counts up a document from several goroutines, with retries.
func (c *C) increments(workers, each int) error {
	var wg sync.WaitGroup
	errs := make([]error, workers)
	patient := ledger.WithRetry(ledger.RetryPolicy{Max: 200, Base: time.Millisecond, Cap: 20 * time.Millisecond})
	for w := range workers {
		wg.Go(func() {
			for range each {
				errs[w] = errors.Join(errs[w], c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
					_, err := tx.Execute("UPDATE Keyed SET n = n + 1 WHERE k = 1")
					return err
				}, patient))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
