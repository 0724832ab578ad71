package conformance

import (
	"fmt"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

func limitCases() []Case {
	const section = "Limits"
	const text = "the text of this limit's error is not known"
	return []Case{
		{Name: "limits/documents-in-a-transaction", Section: section, Chosen: text, run: func(c *C) {
			c.in(func(t *txn) {
				for i := range 40 {
					t.insert("Plain", fmt.Sprintf("{n:%d}", i))
				}
				t.bad("", "", "INSERT INTO Plain {'n': 40}")
				t.q("UPDATE Plain SET m = 1 WHERE n = 7").ids(1) // a document that counts already
			})
			c.q("SELECT COUNT(*) FROM Plain").is("{_1:40}")
			c.bad("", "", "INSERT INTO Plain << {}"+strings.Repeat(", {}", 40)+" >>")
			c.q("SELECT COUNT(*) FROM Plain").is("{_1:40}")
		}},
		{Name: "limits/update-of-many-documents", Section: section, Chosen: text, run: func(c *C) {
			docs := make([]string, 41)
			for i := range docs {
				docs[i] = "{a:1}"
			}
			c.insert("Plain", docs...)
			c.bad("", "", "UPDATE Plain SET a = 2")
			c.bad("", "", "DELETE FROM Plain")
			c.q("SELECT COUNT(*) FROM Plain WHERE a = 1").is("{_1:41}")
		}},
		{Name: "limits/document-size", Section: section, Chosen: text, run: func(c *C) {
			half := ion.NewString(strings.Repeat("x", 66_000))
			c.q("INSERT INTO Plain {'a': ?}", half).ids(1)
			c.bad("", "", "INSERT INTO Plain {'a': ?, 'b': ?}", half, half)
			c.bad("", "", "UPDATE Plain SET b = ?", half)
			c.q("SELECT COUNT(*) FROM Plain WHERE b IS MISSING").is("{_1:1}")
		}},
		{Name: "limits/parameter-size", Section: section, Chosen: text, run: func(c *C) {
			c.bad("", "", "SELECT * FROM Plain WHERE a = ?", ion.NewString(strings.Repeat("x", 131_100)))
			c.q("SELECT * FROM Plain WHERE a = ?", ion.NewString(strings.Repeat("x", 131_000))).is()
		}},
		{Name: "limits/statement-length", Section: section, Chosen: text, run: func(c *C) {
			const q = "SELECT VALUE 1 FROM << 0 >>"
			c.q(q + strings.Repeat(" ", 100_000-len(q))).is("1")
			c.bad("", "", q+strings.Repeat(" ", 100_001-len(q)))
		}},
		{Name: "limits/transaction-size", Section: section, Chosen: text, run: func(c *C) {
			doc := ion.NewString(strings.Repeat("x", 120_000))
			refused := false
			c.in(func(t *txn) {
				for range 39 {
					if _, err := t.tx.Execute("INSERT INTO Plain {'a': ?}", doc); err != nil {
						c.badRequest("the insert beyond 4 MB", err, "", "")
						refused = true
						break
					}
				}
			})
			if !refused {
				c.fatal("39 documents of 120,000 bytes went into one transaction; its limit is 4 MB")
			}
		}},
		{Name: "limits/active-tables", Section: section, Needs: ownLedger, Chosen: text, run: func(c *C) {
			for i := range 20 {
				c.q(fmt.Sprintf("CREATE TABLE T%d", i))
			}
			c.bad("", "", "CREATE TABLE T20")
			c.q("DROP TABLE T0")
			c.q("CREATE TABLE T20").count(1)
		}},
		{Name: "limits/total-tables", Section: section, Needs: ownLedger, run: func(c *C) {
			for i := range 40 {
				c.in(func(t *txn) {
					t.q(fmt.Sprintf("CREATE TABLE T%d", i))
					t.q(fmt.Sprintf("DROP TABLE T%d", i))
				})
			}
			c.bad("412", "Exceeded tables limit: Ledger has 40 total tables, and cannot create another.", "CREATE TABLE T40")
		}},
		{Name: "limits/indexes-of-a-table", Section: section, Needs: ownLedger, Chosen: text, run: func(c *C) {
			c.q("CREATE TABLE T")
			for i := range 5 {
				c.q(fmt.Sprintf("CREATE INDEX ON T (f%d)", i)).count(1)
			}
			c.bad("", "", "CREATE INDEX ON T (f5)")
		}},
		{Name: "limits/length-of-index-field", Section: section, Needs: ownLedger, Chosen: text, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.q("CREATE INDEX ON T (" + strings.Repeat("f", 128) + ")").count(1)
			c.bad("", "", "CREATE INDEX ON T ("+strings.Repeat("f", 129)+")")
		}},
		{Name: "limits/long-index-keys", Section: section, run: func(c *C) {
			long := strings.Repeat("y", 100_000)
			c.q("INSERT INTO Keyed {'k': ?, 'n': 1}", long).ids(1)
			c.q("INSERT INTO Keyed {'k': ?, 'n': 2}", long+"z").ids(1)
			c.q("SELECT VALUE n FROM Keyed WHERE k = ?", long).is("1")
		}},
	}
}
