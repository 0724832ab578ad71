package conformance

import "github.com/tallyledger/tally/ledger"

var ownLedger = []Capability{OwnLedger}

func ddlCases() []Case {
	const section = "Data definition"
	return []Case{
		{Name: "ddl/create-table", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("SELECT tableId, name, status FROM information_schema.user_tables").is(`{tableId:"` + id + `",name:"T",status:"ACTIVE"}`)
		}},
		{Name: "ddl/create-table-twice", Section: section, run: func(c *C) {
			c.bad("412", "Table with name: USER.Plain already exists", "CREATE TABLE Plain")
		}},
		{Name: "ddl/create-use-in-one-transaction", Section: section, Needs: ownLedger, run: func(c *C) {
			c.in(func(t *txn) {
				c.id(t.q("CREATE TABLE T").one(), "tableId")
				c.id(t.q("CREATE INDEX ON T (k)").one(), "tableId")
				t.q("INSERT INTO T {'k': 1}").ids(1)
				t.q("SELECT k FROM T WHERE k = 1").is("{k:1}")
			})
			c.q("SELECT k FROM T").is("{k:1}")
		}},
		{Name: "ddl/abort-leaves-nothing", Section: section, Needs: ownLedger, run: func(c *C) {
			err := c.try(func(t *txn) {
				t.q("CREATE TABLE T")
				_ = t.tx.Abort()
			})
			c.is(err, ledger.ErrAborted)
			c.q("SELECT * FROM information_schema.user_tables").is()
			c.id(c.q("CREATE TABLE T").one(), "tableId")
		}},
		{Name: "ddl/drop-table", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("DROP TABLE T").is(`{tableId:"` + id + `"}`)
			c.q("SELECT VALUE status FROM information_schema.user_tables").is(`"INACTIVE"`)
			c.bad("432", "Semantic Error: at line 1, column 15: No such variable named 'T'; No such variable named 'T'", "SELECT * FROM T")
			c.tables()
		}},
		{Name: "ddl/drop-table-twice", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.q("DROP TABLE T")
			c.bad("", "", "DROP TABLE T")
		}},
		{Name: "ddl/name-of-dropped-table-is-free", Section: section, Needs: ownLedger, run: func(c *C) {
			first := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("INSERT INTO T {'a': 1}")
			c.q("DROP TABLE T")
			second := c.id(c.q("CREATE TABLE T").one(), "tableId")
			if first == second {
				c.fatal("both tables have id %s", first)
			}
			c.q("SELECT * FROM T").is()
			c.tables("T")
		}},
		{Name: "ddl/undrop-table", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("CREATE INDEX ON T (k)")
			c.q("INSERT INTO T {'k': 1}")
			c.q("DROP TABLE T")
			c.q(`UNDROP TABLE "` + id + `"`).is(`{tableId:"` + id + `"}`)
			c.q("SELECT k FROM T WHERE k = 1").is("{k:1}")
			c.tables("T")
		}},
		{Name: "ddl/undrop-active-table", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.bad("", "", `UNDROP TABLE "`+id+`"`)
		}},
		{Name: "ddl/undrop-name-taken", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("DROP TABLE T")
			c.q("CREATE TABLE T")
			c.bad("", "", `UNDROP TABLE "`+id+`"`)
		}},
		{Name: "ddl/undrop-unknown-table", Section: section, run: func(c *C) {
			c.bad("", "", `UNDROP TABLE "0000000000000000000000"`)
		}},
		{Name: "ddl/create-index", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("CREATE INDEX ON T (k)").is(`{tableId:"` + id + `"}`)
			c.q("SELECT VALUE i.expr FROM information_schema.user_tables AS t, t.indexes AS i").is(`"[k]"`)
		}},
		{Name: "ddl/create-index-spelling", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("create table T")
			c.q(`CREATE INDEX on T("k")`).count(1)
			c.q("CREATE INDEX ON T (K);").count(1) // names are case-sensitive: another field
			c.q("SELECT VALUE i.expr FROM information_schema.user_tables AS t, t.indexes AS i").is(`"[k]"`, `"[K]"`)
		}},
		{Name: "ddl/create-index-on-documents", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.insert("T", "{k:1,n:1}", "{k:2,n:2}", "{n:3}", "{k:null,n:4}", "{k:[1],n:5}")
			c.q("CREATE INDEX ON T (k)")
			c.q("SELECT VALUE n FROM T WHERE k = 2").is("2")
			c.q("SELECT VALUE n FROM T WHERE k = [1]").is("5")
			c.q("SELECT VALUE n FROM T WHERE k IS NULL").is("3", "4")
		}},
		{Name: "ddl/create-index-twice", Section: section, Chosen: "a second index on a field is a bad request with code 412; the text is not known", run: func(c *C) {
			c.bad("412", "", "CREATE INDEX ON Keyed (k)")
		}},
		{Name: "ddl/create-index-nested-field", Section: section, run: func(c *C) {
			c.bad("", "", "CREATE INDEX ON Plain (a.b)")
		}},
		{Name: "ddl/create-index-unknown-table", Section: section, run: func(c *C) {
			c.bad("", "", "CREATE INDEX ON Nowhere (k)")
		}},
		{Name: "ddl/drop-index", Section: section, Needs: ownLedger, run: func(c *C) {
			id := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("CREATE INDEX ON T (k)")
			index, _ := c.q("SELECT VALUE i.indexId FROM information_schema.user_tables AS t, t.indexes AS i").one().Text()
			c.q(`DROP INDEX "` + index + `" ON T WITH (purge = true)`).is(`{tableId:"` + id + `"}`)
			c.q("SELECT i.* FROM information_schema.user_tables AS t, t.indexes AS i WHERE i.status = 'ONLINE'").is()
			c.insert("T", "{k:1}")
			c.q("SELECT k FROM T WHERE k = 1").is("{k:1}")
		}},
		{Name: "ddl/drop-index-needs-purge", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.q("CREATE INDEX ON T (k)")
			index, _ := c.q("SELECT VALUE i.indexId FROM information_schema.user_tables AS t, t.indexes AS i").one().Text()
			c.bad("", "", `DROP INDEX "`+index+`" ON T`)
			c.bad("", "", `DROP INDEX "`+index+`" ON T WITH (purge = false)`)
		}},
		{Name: "ddl/drop-unknown", Section: section, run: func(c *C) {
			c.bad("", "", "DROP TABLE Nowhere")
			c.bad("", "", `DROP INDEX "0000000000000000000000" ON Plain WITH (purge = true)`)
		}},
	}
}

// tables checks the names of the active tables.
func (c *C) tables(want ...string) {
	c.Helper()
	names, err := c.l.TableNames(c.ctx)
	c.ok(err)
	if !sameSet(names, want) {
		c.fatal("the active tables are %v, want %v", names, want)
	}
}
