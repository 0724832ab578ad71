package conformance

import "fmt"

func selectCases() []Case {
	const section = "Selecting"
	return []Case{
		{Name: "select/star", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:{c:2}}", "{}")
			c.q("SELECT * FROM Plain").is("{a:1,b:{c:2}}", "{}")
		}},
		{Name: "select/fields", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:{c:2}}", "{a:3}")
			c.q("SELECT a, b.c FROM Plain").is("{a:1,c:2}", "{a:3}")
			c.q("SELECT p.b.c AS d, p.a x FROM Plain AS p WHERE p.a = 1").is("{d:2,x:1}")
		}},
		{Name: "select/names-of-expressions", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("SELECT a + 1, a, 'x' FROM Plain").is(`{_1:2,a:1,_3:"x"}`)
		}},
		{Name: "select/value", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", `{a:"x"}`, "{a:null.blob}", "{a:[1,{b:2}]}")
			c.q("SELECT VALUE a FROM Plain").is("1", `"x"`, "null.blob", "[1,{b:2}]")
		}},
		{Name: "select/value-of-missing", Section: section, Chosen: "null", run: func(c *C) {
			c.insert("Plain", "{b:1}")
			c.q("SELECT VALUE a FROM Plain").is("null")
		}},
		{Name: "select/splice", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:{x:1,y:2},b:3}")
			c.q("SELECT p.a.*, p.b FROM Plain AS p").is("{x:1,y:2,b:3}")
		}},
		{Name: "select/where", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}", "{a:null}", "{b:1}")
			c.q("SELECT VALUE a FROM Plain WHERE a > 1").is("2")
			c.q("SELECT VALUE a FROM Plain WHERE a <> 1").is("2")
			c.q("SELECT VALUE p FROM Plain AS p WHERE p.a IS MISSING").is("{b:1}")
			c.q("SELECT VALUE p FROM Plain AS p WHERE p.a IS NULL").is("{a:null}", "{b:1}")
			c.q("SELECT VALUE a FROM Plain WHERE NOT a = 1").is("2")
		}},
		{Name: "select/where-must-be-boolean", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.bad("", "", "SELECT * FROM Plain WHERE a")
		}},
		{Name: "select/parameters", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:'x'}", "{a:2,b:'y'}", "{a:3,b:'z'}")
			c.q("SELECT VALUE a FROM Plain WHERE a IN (?, ?)", 1, 3).is("1", "3")
			c.q("SELECT VALUE a FROM Plain WHERE a IN ?", c.ion("[2,3]")).is("2", "3")
			c.q("SELECT VALUE a FROM Plain WHERE a = ? OR b = ?", 1, "z").is("1", "3")
			c.q("SELECT ? AS p FROM Plain WHERE a=?AND b='x'", "q", 1).is(`{p:"q"}`)
		}},
		{Name: "select/by", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("SELECT * FROM Plain BY pid").is(`{a:1,pid:"` + id + `"}`)
			c.q("SELECT * FROM Plain BY pid WHERE pid = '" + id + "'").is(`{a:1,pid:"` + id + `"}`)
			c.q("SELECT pid, p.a FROM Plain AS p BY pid WHERE pid IN (?)", id).is(`{pid:"` + id + `",a:1}`)
			c.q("SELECT * FROM Plain BY pid WHERE pid = ?", "0000000000000000000000").is()
		}},
		{Name: "select/index-does-not-change-rows", Section: section, run: func(c *C) {
			docs := []string{"{k:1,n:1}", "{k:1.0,n:2}", "{k:1e0,n:3}", `{k:"1",n:4}`, "{k:'1',n:5}", "{k:null.int,n:6}", "{k:[1],n:7}", "{n:8}", "{k:{a:1},n:9}"}
			c.insert("Plain", docs...)
			c.insert("Keyed", docs...)
			for _, k := range []string{"1", "1.0", `"1"`, "null", "[1]", "{a:1.0}", "2"} {
				v := c.ion(k)
				plain := c.q("SELECT VALUE n FROM Plain WHERE k = ?", v)
				want := make([]string, len(plain.values))
				for i, row := range plain.values {
					want[i] = row.String()
				}
				c.q("SELECT VALUE n FROM Keyed WHERE k = ?", v).is(want...)
				c.q("SELECT VALUE n FROM Keyed WHERE k IN (?)", v).count(c.inCount(k, len(want)))
			}
		}},
		{Name: "select/range-over-list", Section: section, run: func(c *C) {
			c.insert("Plain", "{n:1,l:[10,20]}", "{n:2,l:[]}", "{n:3,l:5}")
			c.q("SELECT p.n, e FROM Plain AS p, p.l AS e").is("{n:1,e:10}", "{n:1,e:20}", "{n:3,e:5}")
			c.q("SELECT VALUE i FROM Plain AS p, p.l AS e AT i WHERE p.n = 1").is("0", "1")
			c.q("SELECT VALUE e FROM Plain AS p, @p.l AS e WHERE e > 10").is("20")
		}},
		{Name: "select/literal-source", Section: section, run: func(c *C) {
			c.q("SELECT VALUE x FROM << 1, 'a', {'b': 2} >> AS x").is("1", `"a"`, "{b:2}")
			c.q("SELECT VALUE x + i FROM [10, 20] AS x AT i").is("10", "21")
		}},
		{Name: "select/nested", Section: section, run: func(c *C) {
			c.insert("Plain", "{vin:'a',owners:[{id:1},{id:2}]}")
			c.q("SELECT p.vin, (SELECT o.id FROM @p.owners AS o WHERE o.id > 1) AS o FROM Plain AS p").is("{vin:'a',o:[{id:2}]}")
			c.q("SELECT VALUE p.vin FROM Plain AS p WHERE EXISTS(SELECT o.id FROM @p.owners AS o WHERE o.id = 3)").is()
		}},
		{Name: "select/nested-table-is-illegal", Section: section, run: func(c *C) {
			const text = "SELECT p.a, (SELECT o.b FROM Other AS o) AS x FROM Plain AS p"
			c.bad("432", "Semantic Error: at line 1, column 30: Global variable access is illegal in this context, variable name: 'Other'; Global variable access is illegal in this context…", text)
		}},
		{Name: "select/count", Section: section, run: func(c *C) {
			c.q("SELECT COUNT(*) FROM Plain").is("{_1:0}")
			c.insert("Plain", "{a:1}", "{a:null}", "{b:1}")
			c.q("SELECT COUNT(*) FROM Plain").is("{_1:3}")
			c.q("SELECT COUNT(a) AS n FROM Plain").is("{n:1}")
			c.q("SELECT count(*) as n FROM Plain WHERE a = 7").is("{n:0}")
		}},
		{Name: "select/aggregates", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}", "{a:4.5}", "{a:null}", "{b:7}")
			c.q("SELECT SUM(a) AS s, MIN(a) AS lo, MAX(a) AS hi FROM Plain").is("{s:7.5,lo:1,hi:4.5}")
			c.q("SELECT AVG(a) AS m FROM Plain").is("{m:2.5}")
			c.q("SELECT SUM(a) AS s, MAX(a) AS m FROM Plain WHERE a = 99").is("{s:null,m:null}")
		}},
		{Name: "select/distinct", Section: section, Chosen: "DISTINCT is evaluated, though QLDB did not document it", run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:1}", "{a:2}")
			c.q("SELECT DISTINCT a FROM Plain").is("{a:1}", "{a:2}")
		}},
		{Name: "select/case-expression", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}", "{a:3}")
			c.q("SELECT VALUE CASE WHEN a = 1 THEN 'one' WHEN a = 2 THEN 'two' ELSE 'many' END FROM Plain").is(`"one"`, `"two"`, `"many"`)
			c.q("SELECT VALUE CASE a WHEN 1 THEN 'one' END FROM Plain").is(`"one"`, "null", "null")
		}},
		{Name: "select/constructors", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("SELECT VALUE {'x': p.a, 'y': [p.a, 2], 'gone': p.b} FROM Plain AS p").is("{x:1,y:[1,2]}")
		}},
		{Name: "select/struct-as-path", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:{'two words':1},l:[1,2]}")
			c.q("SELECT VALUE p.a['two words'] + p.l[1] FROM Plain AS p").is("3")
			c.q("SELECT VALUE [p.l[9] IS MISSING, p.a.b IS MISSING, p.x.y IS MISSING] FROM Plain AS p").is("[true,true,true]")
		}},
		{Name: "select/no-metadata-on-user-view", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("SELECT * FROM Plain AS b WHERE b.metadata.id = ?", id).is()
		}},
		{Name: "select/unsupported-clauses", Section: section, run: func(c *C) {
			c.bad("432", "Parser Error: at line 1, column 21: unexpected token found, KEYWORD : order; Unexpected token after expression", "SELECT * FROM Plain ORDER BY x")
			for _, clause := range []string{"LIMIT 1", "GROUP BY a", "AS p LEFT JOIN Other AS o ON p.a = o.a"} {
				c.bad("", "", "SELECT a FROM Plain "+clause)
			}
		}},
		{Name: "select/insertion-order", Section: section, Chosen: "rows come in the order of insertion, with or without an index; QLDB promised none", run: func(c *C) {
			var docs []string
			for i := range 90 {
				docs = append(docs, fmt.Sprintf("{n:%d}", i))
			}
			c.insert("Plain", docs...)
			for i, v := range c.q("SELECT VALUE n FROM Plain").count(90).values {
				if n, _ := v.Int64(); n != int64(i) {
					c.fatal("row %d is %s", i, v)
				}
			}
		}},
	}
}

// inCount is how many rows IN finds where = finds n: IN takes null for equal to
// null, as the list's own equality does.
func (c *C) inCount(k string, n int) int {
	if k == "null" {
		return 2
	}
	return n
}

func joinCases() []Case {
	const section = "Joins"
	two := func(c *C) {
		c.insert("Plain", "{a:1,x:'p1'}", "{a:2,x:'p2'}")
		c.insert("Keyed", "{k:1,y:'q1'}", "{k:1,y:'q2'}", "{k:3,y:'q3'}")
	}
	return []Case{
		{Name: "join/inner", Section: section, run: func(c *C) {
			two(c)
			c.q("SELECT p.x, q.y FROM Plain AS p INNER JOIN Keyed AS q ON p.a = q.k").is("{x:'p1',y:'q1'}", "{x:'p1',y:'q2'}")
			c.q("SELECT p.x, q.y FROM Plain AS p JOIN Keyed AS q ON q.k = p.a WHERE q.y = 'q2'").is("{x:'p1',y:'q2'}")
		}},
		{Name: "join/comma", Section: section, run: func(c *C) {
			two(c)
			c.q("SELECT p.x, q.y FROM Plain AS p, Keyed AS q WHERE p.a = q.k AND q.y = 'q1'").is("{x:'p1',y:'q1'}")
		}},
		{Name: "join/star-keeps-repeated-names", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:2}")
			c.insert("Other", "{a:1,b:3}")
			c.q("SELECT * FROM Plain AS p, Other AS o").is("{a:1,b:2,a:1,b:3}")
		}},
		{Name: "join/whole-rows", Section: section, run: func(c *C) {
			two(c)
			c.q("SELECT p, q FROM Plain AS p JOIN Keyed AS q ON p.a = q.k WHERE q.y = 'q1'").is("{p:{a:1,x:'p1'},q:{k:1,y:'q1'}}")
		}},
		{Name: "join/committed-with-user-view", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.insert("Other", `{ref:"`+id+`"}`)
			c.q("SELECT VALUE d.data.a FROM Other AS o JOIN _ql_committed_Plain AS d ON o.ref = d.metadata.id").is("1")
		}},
		{Name: "join/unqualified-name", Section: section, run: func(c *C) {
			c.bad("432", "Semantic Error: at line 1, column 8: No such variable named 'x'; No such variable named 'x'", "SELECT x FROM Plain AS t, Other AS u")
		}},
		{Name: "join/same-alias", Section: section, run: func(c *C) {
			c.bad("432", "Semantic Error: at line 1, column 22: A variable named 'Plain' was already defined in this scope; A variable named 'Plain' was already defined in this scope", "SELECT * FROM Plain, Plain")
		}},
		{Name: "join/needs-on", Section: section, run: func(c *C) {
			c.bad("432", "Parser Error: …; Expected 'ON'", "SELECT * FROM Plain AS a JOIN Other AS b WHERE a.x = b.x")
		}},
		{Name: "join/read-ios", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}", "{a:3}")
			c.in(func(t *txn) {
				r, err := t.tx.Execute("SELECT * FROM Plain AS a, Plain AS b, Plain AS c, Plain AS d, Plain AS e, Plain AS f")
				c.ok(err)
				if r.IO().ReadIOs <= 0 {
					c.fatal("no read IOs before the first row")
				}
				n := 0
				for r.Next() {
					n++
				}
				c.ok(r.Err())
				if n != 729 || r.IO().ReadIOs != 1092 {
					c.fatal("%d rows and %d read IOs, want 729 and 1092", n, r.IO().ReadIOs)
				}
				if r.Timing().Processing <= 0 {
					c.fatal("no processing time")
				}
			})
		}},
		{Name: "join/read-ios-of-lookups", Section: section, Chosen: "one read for each document found, none for the index", run: func(c *C) {
			ids := c.insert("Keyed", "{k:1}", "{k:2}", "{k:3}")
			for _, s := range []string{"SELECT * FROM Keyed WHERE k = 2", "SELECT * FROM Keyed BY id WHERE id = '" + ids[0] + "'"} {
				c.in(func(t *txn) {
					r, err := t.tx.Execute(s)
					c.ok(err)
					if _, err = r.All(); err != nil || r.IO().ReadIOs != 1 {
						c.fatal("%s: %d read IOs and error %v, want 1 and none", s, r.IO().ReadIOs, err)
					}
				})
			}
		}},
	}
}
