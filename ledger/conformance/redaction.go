package conformance

import "github.com/tallyledger/tally/ledger"

func redactionCases() []Case {
	const section = "Redaction"
	// tableID is the id of the table Plain.
	tableID := func(c *C) string {
		id, _ := c.q("SELECT VALUE tableId FROM information_schema.user_tables WHERE name = 'Plain'").one().Text()
		return id
	}
	// old writes two versions of a document and gives its id and where version 0 is.
	old := func(c *C) (string, ledger.BlockAddress) {
		id := c.insert("Plain", `{name:"Ada",secret:"s3cret"}`)[0]
		at := c.addressOf("Plain", id)
		c.q("UPDATE Plain BY id SET secret = NULL WHERE id = ?", id).ids(1)
		return id, at
	}
	const exec = "EXEC REDACT_REVISION ?, ?, ?"
	needs := []Capability{Redaction}
	return []Case{
		{Name: "redaction/result", Section: section, Needs: needs, run: func(c *C) {
			id, at := old(c)
			table := tableID(c)
			c.q(exec, at.Value(), table, id).is(`{blockAddress:` + at.String() + `,tableId:"` + table + `",documentId:"` + id + `",version:0}`)
		}},
		{Name: "redaction/literals", Section: section, Needs: needs, run: func(c *C) {
			id, at := old(c)
			c.q("exec redact_revision `" + at.String() + "`, '" + tableID(c) + "', '" + id + "'").count(1)
			c.q("SELECT data FROM history(Plain) AS h WHERE h.metadata.id = ? AND h.metadata.version = 0", id).is("{}")
		}},
		{Name: "redaction/effect", Section: section, Needs: needs, run: func(c *C) {
			id, at := old(c)
			before, err := c.l.Revision(c.ctx, at, id, nil)
			c.ok(err)
			c.q(exec, at.Value(), tableID(c), id)
			after, err := c.l.Revision(c.ctx, at, id, nil)
			c.ok(err)
			c.shape(after.Value, "blockAddress", "hash", "dataHash", "metadata")
			for _, same := range []string{"hash", "metadata", "blockAddress"} {
				if a, b := c.at(before.Value, same).String(), c.at(after.Value, same).String(); a != b {
					c.fatal("%s changed from %s to %s", same, a, b)
				}
			}
			c.q("SELECT VALUE data.name FROM history(Plain) AS h WHERE h.metadata.id = ? AND h.metadata.version = 1", id).is(`"Ada"`)
			c.q("SELECT COUNT(dataHash) AS n FROM history(Plain) AS h WHERE h.metadata.id = ?", id).is("{n:1}")
		}},
		{Name: "redaction/proofs-still-hold", Section: section, Needs: needs, run: func(c *C) {
			id, at := old(c)
			kept := c.digest()
			c.q(exec, at.Value(), tableID(c), id)
			for _, d := range []ledger.Digest{kept, c.digest()} {
				_, err := ledger.FetchRevision(c.ctx, c.l, at, id, d)
				c.ok(err)
				_, err = ledger.FetchBlock(c.ctx, c.l, at, d)
				c.ok(err)
			}
		}},
		{Name: "redaction/block-tells", Section: section, Needs: needs, Chosen: "redactionInfo stands after transactionInfo", run: func(c *C) {
			id, at := old(c)
			table := tableID(c)
			c.q(exec, at.Value(), table, id)
			got := c.at(c.tipBlock(), "redactionInfo").String()
			if want := `{revisions:[{blockAddress:` + at.String() + `,tableId:"` + table + `",documentId:"` + id + `",version:0}]}`; got != want {
				c.fatal("redactionInfo is\n\t%s\nwant\n\t%s", got, want)
			}
		}},
		{Name: "redaction/current-revision-is-refused", Section: section, Needs: needs, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.bad("", "", exec, c.addressOf("Plain", id).Value(), tableID(c), id)
			c.q("SELECT * FROM Plain").is("{a:1}")
		}},
		{Name: "redaction/deleted-document", Section: section, Needs: needs, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			at := c.addressOf("Plain", id)
			c.q("DELETE FROM Plain")
			c.q(exec, at.Value(), tableID(c), id).count(1)
			c.q("SELECT VALUE data FROM history(Plain) AS h WHERE h.metadata.id = ? AND dataHash IS NOT MISSING", id).is("null")
		}},
		{Name: "redaction/twice-is-refused", Section: section, Needs: needs, Chosen: "a bad request", run: func(c *C) {
			id, at := old(c)
			c.q(exec, at.Value(), tableID(c), id)
			c.bad("", "", exec, at.Value(), tableID(c), id)
		}},
		{Name: "redaction/one-a-transaction", Section: section, Needs: needs, run: func(c *C) {
			id, at := old(c)
			id2, at2 := old(c)
			table := tableID(c)
			c.in(func(t *txn) {
				t.q(exec, at.Value(), table, id)
				t.bad("", "", exec, at2.Value(), table, id2)
			})
		}},
		{Name: "redaction/bad-arguments", Section: section, Needs: needs, run: func(c *C) {
			id, at := old(c)
			table := tableID(c)
			c.bad("", "", exec, at.Value(), table, "0000000000000000000000")
			c.bad("", "", exec, at.Value(), "0000000000000000000000", id)
			c.bad("", "", exec, c.ion("{strandId:\"0000000000000000000000\",sequenceNo:0}"), table, id)
			c.bad("", "", exec, c.ion("{}"), table, id)
			c.bad("", "", "EXEC REDACT_REVISION ?, ?", at.Value(), table)
			c.bad("", "", "EXEC SOMETHING 1")
		}},
	}
}
