package conformance

func catalogCases() []Case {
	const section = "Catalog"
	return []Case{
		{Name: "catalog/fields", Section: section, Needs: ownLedger, run: func(c *C) {
			table := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.q("CREATE INDEX ON T (k)")
			index, _ := c.q("SELECT VALUE i.indexId FROM information_schema.user_tables AS t, t.indexes AS i").one().Text()
			if !isID(index) {
				c.fatal("index id %q has not 22 letters and digits", index)
			}
			c.q("SELECT VALUE t FROM information_schema.user_tables AS t").is(
				`{tableId:"` + table + `",name:"T",indexes:[{indexId:"` + index + `",expr:"[k]",status:"ONLINE"}],status:"ACTIVE"}`)
		}},
		{Name: "catalog/as-drivers-ask", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE A")
			c.q("CREATE TABLE B")
			c.q("DROP TABLE A")
			c.q("SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'").is(`"B"`)
			c.q("SELECT name FROM information_schema.user_tables WHERE status = 'ACTIVE'").is(`{name:"B"}`)
			c.q("select name from information_schema.user_tables where status='ACTIVE'AND name = 'A'").is()
			c.tables("B")
		}},
		{Name: "catalog/unnest-indexes", Section: section, run: func(c *C) {
			const q = "SELECT VALUE indexes.expr FROM information_schema.user_tables info, info.indexes indexes WHERE info.name = 'Keyed'"
			c.q(q).is(`"[k]"`)
		}},
		{Name: "catalog/sees-own-changes", Section: section, Needs: ownLedger, run: func(c *C) {
			c.in(func(t *txn) {
				t.q("CREATE TABLE T")
				t.q("SELECT VALUE name FROM information_schema.user_tables").is(`"T"`)
			})
		}},
		{Name: "catalog/read-only", Section: section, run: func(c *C) {
			c.bad("", "", "DELETE FROM information_schema.user_tables")
			c.bad("", "", "UPDATE information_schema.user_tables SET name = 'x'")
		}},
		{Name: "catalog/unknown-schema", Section: section, run: func(c *C) {
			c.bad("", "", "SELECT * FROM information_schema.other")
		}},
	}
}
