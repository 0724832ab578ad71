package conformance

import (
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

func insertCases() []Case {
	const section = "Inserting"
	return []Case{
		{Name: "insert/value", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain VALUE {'a': 1, 'b': 'x'}").ids(1)
			c.q("SELECT * FROM Plain").is(`{a:1,b:"x"}`)
		}},
		{Name: "insert/bag", Section: section, run: func(c *C) {
			ids := c.q("INSERT INTO Plain << {'a': 1}, {'a': 2}, {'a': 1} >>").ids(3)
			if ids[0] == ids[1] || ids[1] == ids[2] || ids[0] == ids[2] {
				c.fatal("ids repeat: %v", ids)
			}
			c.q("SELECT VALUE a FROM Plain").is("1", "2", "1")
		}},
		{Name: "insert/struct-without-value", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain {'a': 1}").ids(1)
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "insert/ion-literal", Section: section, run: func(c *C) {
			c.q("insert into Plain `{rate:5.00d-2,date1:2020-07-17T14:29:42.909Z,nullable:null,small:1.06800d-5}`").ids(1)
			c.q("SELECT * FROM Plain").is("{rate:5.00d-2,date1:2020-07-17T14:29:42.909Z,nullable:null,small:1.06800d-5}")
		}},
		{Name: "insert/parameter", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain ?", struct {
				Name string `ion:"name"`
				Age  int    `ion:"age"`
			}{"Ada", 36}).ids(1)
			c.q("SELECT * FROM Plain").is(`{name:"Ada",age:36}`)
		}},
		{Name: "insert/bag-of-parameters", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain <<?, ?>>", c.ion("{a:1}"), c.ion("{a:2}")).ids(2)
			c.q("SELECT VALUE a FROM Plain").is("1", "2")
		}},
		{Name: "insert/list-parameter", Section: section, Chosen: "a list gives one document for each element", run: func(c *C) {
			c.q("INSERT INTO Plain ?", c.ion("[{a:1},{a:2}]")).ids(2)
			c.q("SELECT VALUE a FROM Plain").is("1", "2")
		}},
		{Name: "insert/forty-documents", Section: section, run: func(c *C) {
			params := make([]any, 40)
			for i := range params {
				params[i] = map[string]int{"n": i}
			}
			c.q("INSERT INTO Plain << ?"+strings.Repeat(", ?", 39)+" >>", params...).ids(40)
			c.q("SELECT COUNT(*) FROM Plain").is("{_1:40}")
		}},
		{Name: "insert/only-structs", Section: section, Chosen: "a document that is not a struct is a bad request; the text is not known", run: func(c *C) {
			for _, doc := range []string{"1", "'x'", "<< {'a': 1}, 2 >>", "NULL", "`null.struct`"} {
				c.bad("", "", "INSERT INTO Plain "+doc)
			}
			c.q("SELECT * FROM Plain").is()
		}},
		{Name: "insert/unknown-table", Section: section, run: func(c *C) {
			c.bad("432", "Semantic Error: at line 1, column 13: No such variable named 'Nowhere'; No such variable named 'Nowhere'", "INSERT INTO Nowhere {'a': 1}")
		}},
		{Name: "insert/views-are-read-only", Section: section, run: func(c *C) {
			for _, target := range []string{"_ql_committed_Plain", "information_schema.user_tables"} {
				c.bad("", "", "INSERT INTO "+target+" VALUE {'a': 1}")
			}
		}},
		{Name: "insert/missing-fields-are-dropped", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain {'a': 1, 'b': MISSING, 'c': NULL}").ids(1)
			c.q("SELECT * FROM Plain").is("{a:1,c:null}")
		}},
		{Name: "insert/field-order-and-repeats", Section: section, run: func(c *C) {
			c.insert("Plain", "{z:1,a:2,m:3,a:4}")
			c.q("SELECT VALUE p FROM Plain AS p").is("{z:1,a:2,m:3,a:4}")
			c.q("SELECT VALUE p.a FROM Plain AS p").is("2")
		}},
		{Name: "insert/first-version-is-0", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("SELECT VALUE metadata.version FROM _ql_committed_Plain WHERE metadata.id = ?", id).is("0")
		}},
		{Name: "insert/empty-document", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain {}").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{}")
		}},
	}
}

func updateCases() []Case {
	const section = "Updating"
	return append(fromCases(), []Case{
		{Name: "update/set", Section: section, run: func(c *C) {
			ids := c.insert("Plain", "{a:1,b:2}", "{a:2,b:3}")
			if got := c.q("UPDATE Plain SET b = 9 WHERE a = 1").ids(1); got[0] != ids[0] {
				c.fatal("the update names document %s, want %s", got[0], ids[0])
			}
			c.q("SELECT * FROM Plain").is("{a:1,b:9}", "{a:2,b:3}")
		}},
		{Name: "update/nothing-matches", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("UPDATE Plain SET a = 2 WHERE a = 7").is()
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "update/parameters", Section: section, run: func(c *C) {
			c.insert("Plain", `{firstName:"John",age:54}`)
			c.q("UPDATE Plain SET age = ? WHERE firstName = ?", 55, "John").ids(1)
			c.q("SELECT age FROM Plain WHERE firstName = ?", "John").is("{age:55}")
		}},
		{Name: "update/new-field-goes-last", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:2}")
			c.q("UPDATE Plain SET c = 3").ids(1)
			c.q("UPDATE Plain AS p SET p.a = 'x'").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is(`{a:"x",b:2,c:3}`)
		}},
		{Name: "update/arithmetic", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{balance:10.50}")[0]
			c.q("UPDATE Plain BY account_id\nSET balance = balance + ?\nWHERE account_id = ?", c.ion("0.25"), id).ids(1)
			c.q("SELECT balance FROM Plain").is("{balance:10.75}")
		}},
		{Name: "update/assignments-see-the-old-document", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:2}")
			c.q("UPDATE Plain SET a = b, b = a").ids(1)
			c.q("SELECT * FROM Plain").is("{a:2,b:1}")
		}},
		{Name: "update/whole-document", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("UPDATE Plain AS tblrow BY id SET tblrow = ? WHERE id = ?", c.ion("{b:2}"), id).ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{b:2}")
			c.q("UPDATE Plain AS p BY pid SET p = {} WHERE pid = '" + id + "'").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{}")
		}},
		{Name: "update/document-stays-a-struct", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.bad("", "", "UPDATE Plain AS p SET p = 1")
			c.bad("", "", "UPDATE Plain AS p SET p = NULL")
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "update/table-name-as-alias", Section: section, run: func(c *C) {
			c.insert("Plain", `{id:"b1",name:"x"}`)
			c.q("UPDATE Plain SET name = ? WHERE Plain.id = ?", "y", "b1").ids(1)
			c.q("SELECT name FROM Plain").is(`{name:"y"}`)
		}},
		{Name: "update/nested-path", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:{b:{c:1}},l:[1,2,3]}")
			c.q("UPDATE Plain AS p SET p.a.b.c = 2, p.l[1] = 9").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{a:{b:{c:2}},l:[1,9,3]}")
		}},
		{Name: "update/path-through-missing-struct", Section: section, Chosen: "a bad request", run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.bad("", "", "UPDATE Plain SET x.y = 1")
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "update/statement-is-atomic", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", `{a:"x"}`, "{a:3}")
			c.in(func(t *txn) {
				t.bad("", "", "UPDATE Plain SET a = a + 1")
				t.q("SELECT VALUE a FROM Plain").is("1", `"x"`, "3")
			})
			c.q("SELECT VALUE a FROM Plain").is("1", `"x"`, "3")
			c.q("SELECT VALUE metadata.version FROM _ql_committed_Plain").is("0", "0", "0")
		}},
		{Name: "update/remove-field", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:2}")
			c.q("UPDATE Plain REMOVE b WHERE a = 1").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{a:1}")
			c.q("UPDATE Plain AS p REMOVE p.nowhere").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{a:1}")
		}},
		{Name: "update/every-version-counts", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:0}")[0]
			for i := 1; i <= 3; i++ {
				c.q("UPDATE Plain SET a = ?", i).ids(1)
			}
			c.q("SELECT metadata.version, data.a FROM _ql_committed_Plain WHERE metadata.id = ?", id).is("{version:3,a:3}")
		}},
		{Name: "update/one-revision-a-transaction", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:0}")[0]
			c.in(func(t *txn) {
				t.q("UPDATE Plain SET a = 1").ids(1)
				t.q("UPDATE Plain SET a = a + 1").ids(1)
				t.q("SELECT VALUE a FROM Plain").is("2")
			})
			c.q("SELECT metadata.version, data.a FROM history(Plain) AS h WHERE h.metadata.id = ?", id).is("{version:0,a:0}", "{version:1,a:2}")
		}},
		{Name: "update/insert-and-update-is-one-revision", Section: section, run: func(c *C) {
			var id string
			c.in(func(t *txn) {
				id = t.insert("Plain", "{a:1}")[0]
				t.q("UPDATE Plain SET a = 2").ids(1)
			})
			c.q("SELECT metadata.version, data.a FROM history(Plain) AS h WHERE h.metadata.id = ?", id).is("{version:0,a:2}")
		}},
		{Name: "update/index-follows", Section: section, run: func(c *C) {
			c.insert("Keyed", "{k:1,n:1}", "{k:2,n:2}")
			c.q("UPDATE Keyed SET k = 5 WHERE k = 1").ids(1)
			c.q("SELECT VALUE n FROM Keyed WHERE k = 1").is()
			c.q("SELECT VALUE n FROM Keyed WHERE k = 5").is("1")
			c.in(func(t *txn) {
				t.q("UPDATE Keyed SET k = 6 WHERE k = 5").ids(1)
				t.q("SELECT VALUE n FROM Keyed WHERE k = 5").is()
				t.q("SELECT VALUE n FROM Keyed WHERE k = 6").is("1")
			})
		}},
		{Name: "update/string-is-never-parsed", Section: section, run: func(c *C) {
			for _, s := range []string{"company::843f7222", `it's "quoted"`, "`x`", "{a:1}", "-- no comment", "\\n", "?", "null"} {
				c.insert("Other", "{s:"+ion.NewString(s).String()+"}")
				c.q("SELECT VALUE s FROM Other WHERE s = ?", s).is(ion.NewString(s).String())
			}
		}},
	}...)
}

func fromCases() []Case {
	const section = "Updating"
	return []Case{
		{Name: "from/set", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,b:1}", "{a:2,b:1}")
			c.q("FROM Plain AS p WHERE p.a = 2 SET p.b = 5").ids(1)
			c.q("SELECT * FROM Plain").is("{a:1,b:1}", "{a:2,b:5}")
		}},
		{Name: "from/remove-deletes", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}")
			c.q("FROM Plain AS p WHERE p.a = 2 REMOVE p").ids(1)
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "from/insert-into-list", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1,l:[1]}")
			c.q("FROM Plain AS p WHERE p.a = 1 INSERT INTO p.l VALUE ?", 2).ids(1)
			c.q("FROM Plain AS p WHERE p.a = 1 INSERT INTO p.l VALUE 0 AT 0").ids(1)
			c.q("SELECT VALUE l FROM Plain").is("[0,1,2]")
		}},
		{Name: "from/insert-into-struct", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("FROM Plain AS p WHERE p.a = 1 INSERT INTO p VALUE 26500 AT 'Mileage'").ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is("{a:1,Mileage:26500}")
		}},
		{Name: "from/nested-elements", Section: section, run: func(c *C) {
			c.insert("Plain", "{items:[{k:'x',v:0},{k:'y',v:0}]}")
			c.q("FROM Plain AS t, t.items AS i WHERE i.k = 'x' SET i.v = 1").ids(1)
			c.q("SELECT VALUE p.items FROM Plain AS p").is("[{k:'x',v:1},{k:'y',v:0}]")
		}},
	}
}

func deleteCases() []Case {
	const section = "Deleting"
	return []Case{
		{Name: "delete/where", Section: section, run: func(c *C) {
			ids := c.insert("Plain", "{a:1}", "{a:2}")
			if got := c.q("DELETE FROM Plain WHERE a = 1").ids(1); got[0] != ids[0] {
				c.fatal("the delete names document %s, want %s", got[0], ids[0])
			}
			c.q("SELECT * FROM Plain").is("{a:2}")
		}},
		{Name: "delete/all", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}", "{a:3}")
			c.q("DELETE FROM Plain").ids(3)
			c.q("SELECT COUNT(*) FROM Plain").is("{_1:0}")
			c.q("DELETE FROM Plain").is()
		}},
		{Name: "delete/by-id", Section: section, run: func(c *C) {
			ids := c.insert("Plain", "{a:1}", "{a:2}")
			c.q("DELETE FROM Plain BY id WHERE id = ?", ids[1]).ids(1)
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "delete/unknown-table", Section: section, run: func(c *C) {
			c.bad("432", "Semantic Error: at line 1, column 13: No such variable named 'NonExistentTable'; No such variable named 'NonExistentTable'", "DELETE FROM NonExistentTable")
		}},
		{Name: "delete/leaves-views", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("DELETE FROM Plain").ids(1)
			c.q("SELECT * FROM _ql_committed_Plain").is()
			h := c.q("SELECT VALUE h FROM history(Plain) AS h WHERE h.metadata.id = ? AND h.metadata.version = 1", id).one()
			if _, ok := h.Field("data"); ok {
				c.fatal("the revision of a delete has data: %s", h)
			}
			c.q("SELECT VALUE h.data FROM history(Plain) AS h WHERE h.metadata.id = ? AND h.metadata.version = 0", id).is("{a:1}")
		}},
		{Name: "delete/index-follows", Section: section, run: func(c *C) {
			c.insert("Keyed", "{k:1}", "{k:1}", "{k:2}")
			c.q("DELETE FROM Keyed WHERE k = 1").ids(2)
			c.q("SELECT * FROM Keyed WHERE k = 1").is()
			c.q("SELECT * FROM Keyed").is("{k:2}")
		}},
		{Name: "delete/insert-and-delete-in-one-transaction", Section: section,
			Chosen: "one revision of version 0 without data, so that the id stays accounted for",
			run: func(c *C) {
				var id string
				c.in(func(t *txn) {
					id = t.insert("Plain", "{a:1}")[0]
					t.q("DELETE FROM Plain").ids(1)
					t.q("SELECT * FROM Plain").is()
				})
				c.q("SELECT metadata.version, data FROM history(Plain) AS h WHERE h.metadata.id = ?", id).is("{version:0}")
			}},
	}
}
