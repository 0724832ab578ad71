package conformance

import (
	"slices"
	"strings"
)

func nameCases() []Case {
	const section = "Names"
	return []Case{
		{Name: "names/tables-are-case-sensitive", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.q("CREATE TABLE t")
			c.q("INSERT INTO t {'a': 1}")
			c.q("SELECT * FROM T").is()
			c.q("SELECT * FROM t").is("{a:1}")
		}},
		{Name: "names/quoted-table", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q(`SELECT a FROM "Plain"`).is("{a:1}")
			c.q(`UPDATE "Plain" SET a = 2`).ids(1)
			c.q(`SELECT "Plain"."a" FROM "Plain"`).is("{a:2}")
		}},
		{Name: "names/valid-tables", Section: section, Needs: ownLedger, run: func(c *C) {
			names := []string{"_T", "T_1", "A9", strings.Repeat("x", 128)}
			for _, name := range names {
				c.id(c.q("CREATE TABLE "+name).one(), "tableId")
			}
			c.tables(names...)
		}},
		{Name: "names/invalid-tables", Section: section, run: func(c *C) {
			for _, name := range []string{"1T", "T-1", `"T-1"`, `"1T"`, `""`, "'T'", "table", `"Ä"`, strings.Repeat("x", 129)} {
				c.bad("", "", "CREATE TABLE "+name)
			}
		}},
		{Name: "names/fields-are-case-sensitive", Section: section,
			Chosen: "unquoted field names match exactly, as QLDB's guide says; its parser's origin would ignore case",
			run: func(c *C) {
				c.insert("Plain", "{Name:1,name:2}")
				c.q("SELECT name FROM Plain").is("{name:2}")
				c.q("SELECT Name FROM Plain").is("{Name:1}")
				c.q("SELECT NAME FROM Plain").is("{}")
				c.q("SELECT p.Name FROM Plain AS p WHERE p.name = 2").is("{Name:1}")
			}},
		{Name: "names/aliases-ignore-case", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("SELECT X.a FROM Plain AS x").is("{a:1}")
		}},
		{Name: "names/quoted-field", Section: section, run: func(c *C) {
			c.insert("Plain", "{order:1,'two words':2,'7':3}")
			c.q(`SELECT p."order", p."two words", p."7" FROM Plain AS p`).is("{order:1,'two words':2,'7':3}")
		}},
		{Name: "names/reserved-words", Section: section, run: func(c *C) {
			c.bad("432", "Parser Error: at line 1, column 12: Invalid path component, expecting either an IDENTIFIER or STAR, got: KEYWORD with value: table; Invalid path dot component",
				"SELECT foo.table FROM Plain AS foo")
			c.bad("432", "Parser Error: at line 1, column 15: unexpected keyword found, KEYWORD : table…", "SELECT * FROM Table")
		}},
		{Name: "names/function-words-are-fields", Section: section,
			Chosen: "txid, utcnow, to_string, to_timestamp, date_add and date_diff are names unless a bracket follows",
			run: func(c *C) {
				c.insert("Plain", "{txid:1,utcnow:2,date_add:3}")
				c.q("SELECT txid, utcnow, date_add FROM Plain").is("{txid:1,utcnow:2,date_add:3}")
			}},
		{Name: "names/keywords-ignore-case", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}", "{a:2}")
			c.q("select VALUE a from Plain WhErE a In (1) aNd tRuE").is("1")
		}},
		{Name: "names/comments-and-line-ends", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("SELECT a -- the field\r\nFROM Plain /* the\ntable */ WHERE\ta = 1 -- end").is("{a:1}")
		}},
		{Name: "names/semicolon", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.q("SELECT a FROM Plain;").is("{a:1}")
			c.bad("432", "Parser Error: at line 1, column 22: unexpected token found, KEYWORD : select; Unexpected token after semicolon. (Only one query is allowed.)",
				"SELECT * FROM Plain; SELECT 1 FROM Plain")
		}},
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
