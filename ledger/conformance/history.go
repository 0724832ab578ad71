package conformance

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// versions writes three versions of one document, and gives its id and the times
// of the versions as Ion text.
func (c *C) versions(table string) (id string, times []string) {
	c.Helper()
	id = c.insert(table, "{v:0}")[0]
	c.q("UPDATE "+table+" BY id SET v = 1 WHERE id = ?", id)
	c.q("UPDATE "+table+" BY id SET v = 2 WHERE id = ?", id)
	for v := range 3 {
		ts := c.q("SELECT VALUE metadata.txTime FROM history("+table+") AS h WHERE h.metadata.id = ? AND h.metadata.version = ?", id, v).one()
		times = append(times, ts.String())
	}
	return id, times
}

func historyCases() []Case {
	const section = "Committed view and history"
	return []Case{
		{Name: "committed/shape", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			v := c.q("SELECT * FROM _ql_committed_Plain WHERE metadata.id = ?", id).one()
			c.shape(v, "blockAddress", "hash", "data", "metadata")
			for _, part := range []struct {
				name  string
				names []string
			}{{"blockAddress", []string{"strandId", "sequenceNo"}}, {"metadata", []string{"id", "version", "txTime", "txId"}}} {
				f, _ := v.Field(part.name)
				c.shape(f, part.names...)
			}
			if h, _ := v.Field("hash"); h.Type() != ion.BlobType || !is32(h) {
				c.fatal("the hash is %s, want 32 bytes", h)
			}
			if ts, _ := v.Path("metadata", "txTime"); !isMillis(ts) {
				c.fatal("txTime is %s, want milliseconds and Z", ts)
			}
		}},
		{Name: "committed/predicates", Section: section, run: func(c *C) {
			c.insert("Keyed", "{k:1,n:1}", "{k:2,n:2}")
			c.q("SELECT VALUE d.data.n FROM _ql_committed_Keyed AS d WHERE d.data.k = ?", 2).is("2")
			c.q("SELECT data.n FROM _ql_committed_Keyed WHERE data.n > 1").is("{n:2}")
			c.q(`SELECT VALUE data.n FROM "_ql_committed_Keyed" WHERE data.k IN (1, 2)`).is("1", "2")
		}},
		{Name: "committed/by", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("SELECT VALUE id FROM _ql_committed_Plain AS t BY id WHERE t.metadata.id = ?", id).is(`"` + id + `"`)
		}},
		{Name: "committed/sum-after-a-time", Section: section, run: func(c *C) {
			c.insert("Plain", "{amount:1}", "{amount:2}")
			c.q("SELECT SUM(data.amount) as total\nFROM _ql_committed_Plain\nWHERE metadata.txTime >= `2020-01-01T00:00:00.000Z`").is("{total:3}")
		}},
		{Name: "committed/own-writes-show", Section: section, Chosen: "with the address that the transaction's block is expected to get", run: func(c *C) {
			c.in(func(t *txn) {
				id := t.insert("Plain", "{a:1}")[0]
				t.q("SELECT data.a, metadata.version FROM _ql_committed_Plain WHERE metadata.id = ?", id).is("{a:1,version:0}")
			})
		}},
		{Name: "history/all-versions", Section: section, run: func(c *C) {
			id, _ := c.versions("Plain")
			c.q("SELECT h.metadata.version, h.data.v FROM history(Plain) AS h WHERE h.metadata.id = ?", id).is("{version:0,v:0}", "{version:1,v:1}", "{version:2,v:2}")
			c.q("SELECT data.v FROM history( Plain ) WHERE metadata.id = ? AND data.v = 1", id).is("{v:1}")
			c.q("SELECT data.* FROM history (Plain) AS h WHERE h.metadata.id = '" + id + "' AND h.metadata.version = 2").is("{v:2}")
		}},
		{Name: "history/without-predicate", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.versions("T")
			c.insert("T", "{v:9}")
			c.q("SELECT VALUE data.v FROM history(T)").is("0", "1", "2", "9")
			c.q("SELECT COUNT(*) FROM history(T)").is("{_1:4}")
		}},
		{Name: "history/delete-has-no-data", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("DELETE FROM Plain")
			v := c.q("SELECT * FROM history(Plain) AS h WHERE h.metadata.id = ? AND h.metadata.version = 1", id).one()
			c.shape(v, "blockAddress", "hash", "metadata")
		}},
		{Name: "history/range", Section: section, run: func(c *C) {
			id, at := c.versions("Plain")
			for _, tt := range []struct {
				from, to string
				want     []string
			}{
				{"2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z", nil},
				{"2000T", at[0], []string{"0"}},
				{at[0], at[0], []string{"0"}},
				{at[0], at[1], []string{"0", "1"}},
				{at[1], at[2], []string{"1", "2"}},
				{"2000T", at[2], []string{"0", "1", "2"}},
			} {
				q := fmt.Sprintf("SELECT VALUE data.v FROM history(Plain, `%s`, `%s`) AS h WHERE h.metadata.id = ?", tt.from, tt.to)
				c.q(q, id).is(tt.want...)
			}
		}},
		{Name: "history/open-range", Section: section, run: func(c *C) {
			id, at := c.versions("Plain")
			c.q("SELECT VALUE data.v FROM history(Plain, `2000-01-01`) AS h WHERE h.metadata.id = ?", id).is("0", "1", "2")
			c.q("SELECT VALUE data.v FROM history(Plain, `"+at[2]+"`) AS h WHERE h.metadata.id = ?", id).is("2")
		}},
		{Name: "history/range-boundary", Section: section, Chosen: "a revision whose successor begins at the start of the range is outside", run: func(c *C) {
			id, at := c.versions("Plain")
			c.q("SELECT VALUE data.v FROM history(Plain, `"+at[1]+"`, `"+at[1]+"`) AS h WHERE h.metadata.id = ?", id).is("1")
		}},
		{Name: "history/range-as-parameters", Section: section, Chosen: "parameters are accepted as the ends of the range", run: func(c *C) {
			id, at := c.versions("Plain")
			c.q("SELECT VALUE data.v FROM history(Plain, ?, ?) AS h WHERE h.metadata.id = ?", c.ion(at[0]), c.ion(at[0]), id).is("0")
		}},
		{Name: "history/bad-range", Section: section, run: func(c *C) {
			c.bad("", "", "SELECT * FROM history(Plain, `2021T`, `2020T`)")
			c.bad("", "", "SELECT * FROM history(Plain, `2021T`, `9999T`)")
			c.bad("", "", "SELECT * FROM history(Plain, 5)")
		}},
		{Name: "history/by-table-id", Section: section, Needs: ownLedger, run: func(c *C) {
			table := c.id(c.q("CREATE TABLE T").one(), "tableId")
			c.insert("T", "{a:1}")
			c.q("SELECT VALUE data.a FROM history('" + table + "')").is("1")
			c.q("DROP TABLE T")
			c.q("SELECT VALUE data.a FROM history('" + table + "')").is("1")
			c.bad("", "", "SELECT * FROM history(T)")
		}},
		{Name: "history/unknown-table", Section: section, run: func(c *C) {
			c.bad("", "", "SELECT * FROM history(Nowhere)")
			c.bad("", "", "SELECT * FROM history('0000000000000000000000')")
		}},
		{Name: "history/times-rise", Section: section, run: func(c *C) {
			_, at := c.versions("Plain")
			for i := 1; i < len(at); i++ {
				a, _ := c.ion(at[i-1]).Timestamp()
				b, _ := c.ion(at[i]).Timestamp()
				if a.Compare(b) >= 0 {
					c.fatal("version %d is of %s, version %d of %s", i-1, at[i-1], i, at[i])
				}
			}
		}},
		{Name: "history/transaction-id", Section: section, run: func(c *C) {
			var id, tx string
			c.in(func(t *txn) {
				tx = t.tx.ID()
				id = t.insert("Plain", "{a:1}")[0]
			})
			c.q("SELECT VALUE metadata.txId FROM history(Plain) AS h WHERE h.metadata.id = ?", id).is(`"` + tx + `"`)
		}},
	}
}

// shape checks the names and the order of a struct's fields.
func (c *C) shape(v ion.Value, want ...string) {
	c.Helper()
	var got []string
	for it := v.Iter(); it.Next(); {
		got = append(got, it.Name())
	}
	if v.Type() != ion.StructType || fmt.Sprint(got) != fmt.Sprint(want) {
		c.fatal("%s has fields %v, want %v", v, got, want)
	}
}

func is32(v ion.Value) bool {
	b, ok := v.Bytes()
	return ok && len(b) == 32
}

func isMillis(v ion.Value) bool {
	ts, ok := v.Timestamp()
	return ok && ts.FractionDigits == 3 && ts.OffsetKnown && ts.Offset == 0
}
