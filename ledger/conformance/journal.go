package conformance

import (
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// tipBlock is the last block.
func (c *C) tipBlock() ion.Value {
	c.Helper()
	b, err := c.l.Block(c.ctx, c.digest().Tip, nil)
	c.ok(err)
	return b.Value
}

func (c *C) at(v ion.Value, path ...string) ion.Value {
	c.Helper()
	f, ok := v.Path(path...)
	if !ok {
		c.fatal("%s has no field %v", v, path)
	}
	return f
}

func journalCases() []Case {
	const section = "Journal"
	return []Case{
		{Name: "journal/verifies", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			c.q("CREATE INDEX ON T (k)")
			c.insert("T", "{k:1}", "{k:2}")
			c.q("UPDATE T SET k = 3 WHERE k = 1")
			c.q("DELETE FROM T WHERE k = 2")
			c.q("SELECT * FROM T")
			d := c.digest()
			v := hashchain.NewVerifier(hashchain.VerifyOptions{})
			n := uint64(0)
			for b, err := range c.l.Journal(c.ctx, 0) {
				c.ok(err)
				v.Add(b)
				n++
			}
			if r := v.Finish(); !r.OK() || n != d.Tip.SequenceNo+1 {
				c.fatal("%d blocks up to %s; the verifier says %+v", n, d.Tip, r)
			}
		}},
		{Name: "journal/from", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.insert("Plain", "{a:2}")
			c.insert("Plain", "{a:3}")
			d := c.digest()
			var got []uint64
			for b, err := range c.l.Journal(c.ctx, int64(d.Tip.SequenceNo)-2) {
				c.ok(err)
				seq, _ := c.at(b, "blockAddress", "sequenceNo").Int64()
				got = append(got, uint64(seq))
			}
			if len(got) != 3 || got[0] != d.Tip.SequenceNo-2 || got[2] != d.Tip.SequenceNo {
				c.fatal("blocks %v, want the three up to %d", got, d.Tip.SequenceNo)
			}
			for range c.l.Journal(c.ctx, 0) {
				break // stopping early is fine
			}
			for b, err := range c.l.Journal(c.ctx, int64(d.Tip.SequenceNo)+1) {
				c.fatal("a block after the tip: %s, %v", b, err)
			}
		}},
		{Name: "journal/to-the-tip-of-the-call", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			tip := c.digest().Tip.SequenceNo
			blocks := c.l.Journal(c.ctx, int64(tip))
			c.insert("Plain", "{a:2}")
			for range 2 { // each time it is read
				n := 0
				for b, err := range blocks {
					c.ok(err)
					if seq, _ := c.at(b, "blockAddress", "sequenceNo").Int64(); uint64(seq) != tip {
						c.fatal("block %d, the tip at the time of the call was %d", seq, tip)
					}
					n++
				}
				if n != 1 {
					c.fatal("%d blocks, want the one of the time of the call", n)
				}
			}
		}},
		{Name: "journal/block-fields", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.shape(c.tipBlock(), "blockAddress", "transactionId", "blockTimestamp", "blockHash", "entriesHash", "previousBlockHash", "entriesHashList", "transactionInfo", "revisions")
		}},
		{Name: "journal/statements", Section: section, run: func(c *C) {
			var tx, id string
			c.in(func(t *txn) {
				tx = t.tx.ID()
				t.q("SELECT * FROM Other")
				id = t.q("INSERT INTO Plain ?", c.ion("{a:1}")).ids(1)[0]
				t.bad("", "", "SELEC")
				t.q("UPDATE Plain SET a = 2, b = 3").ids(1)
			})
			b := c.tipBlock()
			if got, _ := c.at(b, "transactionId").Text(); got != tx {
				c.fatal("the block is of transaction %s, want %s", got, tx)
			}
			statements := c.at(b, "transactionInfo", "statements")
			var texts []string
			for it := statements.Iter(); it.Next(); {
				c.shape(it.Value(), "statement", "startTime", "statementDigest")
				s, _ := c.at(it.Value(), "statement").Text()
				texts = append(texts, s)
			}
			// txn.bad asks something after the refused statement.
			want := []string{"SELECT * FROM Other", "INSERT INTO Plain ?", "SELECT VALUE 1 FROM << 0 >>", "UPDATE Plain SET a = 2, b = 3"}
			if list(texts) != list(want) {
				c.fatal("the block lists the statements %q, want %q", texts, want)
			}
			doc := c.at(b, "transactionInfo", "documents", id)
			c.shape(doc, "tableName", "tableId", "statements")
			if got := c.at(doc, "statements").String(); got != "[1,3,3]" {
				c.fatal("the document was changed by statements %s, want [1,3,3]: one for each change", got)
			}
		}},
		{Name: "journal/statement-digest", Section: section, run: func(c *C) {
			doc := c.ion("{a:1.50,b:x::[2]}")
			const text = "INSERT INTO Plain ?"
			c.q(text, doc).ids(1)
			first, _ := c.at(c.tipBlock(), "transactionInfo", "statements").Index(0)
			got, _ := c.at(first, "statementDigest").Bytes()
			want, err := hashchain.StatementDigest(text, doc)
			c.ok(err)
			if string(got) != string(want.Bytes()) {
				c.fatal("the digest of the statement is %x, want %s", got, want)
			}
		}},
		{Name: "journal/reads-write-blocks", Section: section, run: func(c *C) {
			before := c.digest()
			c.q("SELECT * FROM Plain")
			after := c.digest()
			if after.Tip.SequenceNo != before.Tip.SequenceNo+1 {
				c.fatal("a read-only transaction moved the tip from %s to %s, want one block", before.Tip, after.Tip)
			}
			if _, ok := c.tipBlock().Field("revisions"); ok {
				c.fatal("the block of a read has revisions: %s", c.tipBlock())
			}
		}},
		{Name: "journal/only-failed-statements", Section: section, Chosen: "a transaction without a successful statement writes no block", run: func(c *C) {
			before := c.digest()
			c.in(func(t *txn) {
				if _, err := t.tx.Execute("SELEC"); err == nil {
					c.fatal("SELEC was accepted")
				}
			})
			if after := c.digest(); after != before {
				c.fatal("the digest moved from %s to %s", before.Tip, after.Tip)
			}
		}},
		{Name: "journal/tables-write-revisions-without-content", Section: section, Needs: ownLedger, run: func(c *C) {
			c.q("CREATE TABLE T")
			list := c.at(c.tipBlock(), "revisions")
			if list.Len() == 0 {
				c.fatal("no revisions in %s", c.tipBlock())
			}
			for it := list.Iter(); it.Next(); {
				c.shape(it.Value(), "hash")
			}
		}},
		{Name: "journal/chain", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			c.insert("Plain", "{a:2}")
			tip := c.digest().Tip
			before, err := c.l.Block(c.ctx, ledger.BlockAddress{StrandID: tip.StrandID, SequenceNo: tip.SequenceNo - 1}, nil)
			c.ok(err)
			if a, b := c.at(before.Value, "blockHash").String(), c.at(c.tipBlock(), "previousBlockHash").String(); a != b {
				c.fatal("previousBlockHash is %s, the block before has %s", b, a)
			}
		}},
	}
}
