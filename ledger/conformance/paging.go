package conformance

import (
	"errors"
	"fmt"

	"github.com/tallyledger/tally/ledger"
)

func pagingCases() []Case {
	const section = "Results and pages"
	fill := func(c *C, n int) {
		docs := make([]string, n)
		for i := range docs {
			docs[i] = fmt.Sprintf("{n:%d}", i)
		}
		c.insert("Plain", docs...)
	}
	out := []Case{
		{Name: "paging/several-results-open", Section: section, run: func(c *C) {
			fill(c, 250)
			c.in(func(t *txn) {
				a, err := t.tx.Execute("SELECT VALUE n FROM Plain")
				c.ok(err)
				b, err := t.tx.Execute("SELECT VALUE n FROM Plain")
				c.ok(err)
				n := 0
				for a.Next() && b.Next() {
					if a.Value().String() != b.Value().String() {
						c.fatal("row %d is %s in one result and %s in the other", n, a.Value(), b.Value())
					}
					n++
				}
				c.ok(a.Err())
				c.ok(b.Err())
				if n != 250 {
					c.fatal("%d rows, want 250", n)
				}
			})
		}},
		{Name: "paging/later-writes-do-not-show", Section: section, run: func(c *C) {
			fill(c, 250)
			c.in(func(t *txn) {
				r, err := t.tx.Execute("SELECT VALUE n FROM Plain")
				c.ok(err)
				t.q("DELETE FROM Plain WHERE n >= 230").ids(20)
				all, err := r.All()
				c.ok(err)
				if len(all) != 250 {
					c.fatal("%d rows of the result from before the delete, want 250", len(all))
				}
			})
		}},
		{Name: "paging/unread-pages-do-no-harm", Section: section, run: func(c *C) {
			fill(c, 450)
			c.in(func(t *txn) {
				r, err := t.tx.Execute("SELECT VALUE n FROM Plain")
				c.ok(err)
				if !r.Next() {
					c.fatal("no row: %v", r.Err())
				}
			})
		}},
		{Name: "paging/pages-end-with-the-transaction", Section: section, run: func(c *C) {
			fill(c, 250)
			var kept *ledger.Result
			c.in(func(t *txn) {
				var err error
				kept, err = t.tx.Execute("SELECT VALUE n FROM Plain")
				c.ok(err)
				kept.Next()
			})
			n := 1
			for kept.Next() {
				n++
			}
			if kept.Err() == nil || n >= 250 {
				c.fatal("%d rows could be read after the commit, with error %v", n, kept.Err())
			}
			var e *ledger.Error
			if !errors.As(kept.Err(), &e) || e.Exception != "BadRequestException" {
				c.fatal("the error is %v, want a BadRequestException", kept.Err())
			}
		}},
		{Name: "paging/one-and-all", Section: section, run: func(c *C) {
			fill(c, 2)
			c.in(func(t *txn) {
				for statement, good := range map[string]bool{"SELECT VALUE n FROM Plain WHERE n = 1": true, "SELECT VALUE n FROM Plain": false, "SELECT VALUE n FROM Plain WHERE n = 9": false} {
					r, err := t.tx.Execute(statement)
					c.ok(err)
					if _, err := r.One(); (err == nil) != good {
						c.fatal("One of %s: error %v", statement, err)
					}
				}
			})
		}},
	}
	for _, n := range []int{0, 1, 199, 200, 201, 400, 800} {
		out = append(out, Case{Name: fmt.Sprintf("paging/%d-rows", n), Section: section, run: func(c *C) {
			fill(c, n)
			seen := map[int64]bool{}
			for _, v := range c.q("SELECT VALUE n FROM Plain").count(n).values {
				i, _ := v.Int64()
				seen[i] = true
			}
			if len(seen) != n {
				c.fatal("%d different rows, want %d", len(seen), n)
			}
			c.q("SELECT COUNT(*) AS n FROM Plain").is(fmt.Sprintf("{n:%d}", n))
		}})
	}
	return out
}
