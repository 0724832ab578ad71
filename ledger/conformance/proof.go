package conformance

import (
	"errors"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// addressOf is where the current revision of a document is.
func (c *C) addressOf(table, id string) ledger.BlockAddress {
	c.Helper()
	v := c.q("SELECT VALUE blockAddress FROM _ql_committed_"+table+" WHERE metadata.id = ?", id).one()
	at, err := hashchain.BlockAddressOf(v)
	c.ok(err)
	return at
}

func (c *C) digest() ledger.Digest {
	c.Helper()
	d, err := c.l.Digest(c.ctx)
	c.ok(err)
	return d
}

// refusedParameter checks one of the errors of addresses and ids.
func (c *C) refusedParameter(err error, message string) {
	c.Helper()
	var e *ledger.Error
	if !errors.As(err, &e) || !errors.Is(err, ledger.ErrInvalidParameter) {
		c.fatal("the error is %v, want an InvalidParameterException", err)
	}
	if message != "" && e.Message != message {
		c.fatal("the message is\n\t%s\nwant\n\t%s", e.Message, message)
	}
}

func proofCases() []Case {
	const section = "Digests and proofs"
	return []Case{
		{Name: "proof/digest", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			a := c.digest()
			if a.Hash.IsEmpty() || !isID(a.Tip.StrandID) {
				c.fatal("the digest is %s at %s", a.Hash, a.Tip)
			}
			c.insert("Plain", "{a:2}")
			b := c.digest()
			if b.Tip.StrandID != a.Tip.StrandID || b.Tip.SequenceNo != a.Tip.SequenceNo+1 || a.Hash == b.Hash {
				c.fatal("one transaction moved the digest from %s to %s", a.Tip, b.Tip)
			}
		}},
		{Name: "proof/revision", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			at := c.addressOf("Plain", id)
			for range 3 {
				c.insert("Plain", "{b:1}")
			}
			d := c.digest()
			r, err := ledger.FetchRevision(c.ctx, c.l, at, id, d)
			c.ok(err)
			c.shape(r.Value, "blockAddress", "hash", "data", "metadata")
			if data, _ := r.Value.Field("data"); data.String() != "{a:1}" {
				c.fatal("the revision's data is %s", data)
			}
		}},
		{Name: "proof/same-as-committed-view", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1.50,b:[x::2020T]}")[0]
			row := c.q("SELECT * FROM _ql_committed_Plain WHERE metadata.id = ?", id).one()
			r, err := c.l.Revision(c.ctx, c.addressOf("Plain", id), id, nil)
			c.ok(err)
			if r.Value.String() != row.String() || r.Proof != nil {
				c.fatal("the revision is\n\t%s\nthe committed view says\n\t%s", r.Value, row)
			}
		}},
		{Name: "proof/every-revision-of-a-block", Section: section, run: func(c *C) {
			docs := []string{"{n:0}", "{n:1}", "{n:2}", "{n:3}", "{n:4}"}
			ids := c.insert("Plain", docs...)
			at := c.addressOf("Plain", ids[0])
			d := c.digest()
			for i, id := range ids {
				r, err := ledger.FetchRevision(c.ctx, c.l, at, id, d)
				c.ok(err)
				if data, _ := r.Value.Field("data"); data.String() != docs[i] {
					c.fatal("document %d is %s", i, data)
				}
			}
		}},
		{Name: "proof/deleted-document", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			c.q("DELETE FROM Plain").ids(1)
			d := c.digest()
			r, err := ledger.FetchRevision(c.ctx, c.l, d.Tip, id, d)
			if err != nil { // reads write blocks too: find the delete's own
				v := c.q("SELECT VALUE blockAddress FROM history(Plain) AS h WHERE h.metadata.id = ? AND h.metadata.version = 1", id).one()
				at, err := hashchain.BlockAddressOf(v)
				c.ok(err)
				r, err = ledger.FetchRevision(c.ctx, c.l, at, id, d)
				c.ok(err)
			}
			c.shape(r.Value, "blockAddress", "hash", "metadata")
		}},
		{Name: "proof/block", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			at := c.addressOf("Plain", id)
			d := c.digest()
			for seq := range d.Tip.SequenceNo + 1 {
				if seq > 20 && seq+20 < d.Tip.SequenceNo {
					continue
				}
				_, err := ledger.FetchBlock(c.ctx, c.l, ledger.BlockAddress{StrandID: at.StrandID, SequenceNo: seq}, d)
				c.ok(err)
			}
		}},
		{Name: "proof/old-digest-still-holds", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			at := c.addressOf("Plain", id)
			d := c.digest()
			for range 5 {
				c.q("UPDATE Plain SET a = a + 1")
			}
			_, err := ledger.FetchRevision(c.ctx, c.l, at, id, d)
			c.ok(err)
		}},
		{Name: "proof/wrong-digest-fails", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{a:1}")[0]
			at := c.addressOf("Plain", id)
			d := c.digest()
			b := d.Hash.Bytes()
			b[7] ^= 1
			wrong, err := hashchain.HashOf(b)
			c.ok(err)
			_, err = ledger.FetchRevision(c.ctx, c.l, at, id, ledger.Digest{Hash: wrong, Tip: d.Tip})
			c.is(err, ledger.ErrNotVerified)
			_, err = ledger.FetchBlock(c.ctx, c.l, at, ledger.Digest{Hash: wrong, Tip: d.Tip})
			c.is(err, ledger.ErrNotVerified)
		}},
		{Name: "proof/changed-content-fails", Section: section, run: func(c *C) {
			id := c.insert("Plain", "{amount:100}")[0]
			d := c.digest()
			r, err := ledger.FetchRevision(c.ctx, c.l, c.addressOf("Plain", id), id, d)
			c.ok(err)
			r.Value = c.replaceData(r.Value, "{amount:999}")
			c.is(r.Verify(d), ledger.ErrNotVerified)
		}},
		{Name: "proof/no-proof-without-tip", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			d := c.digest()
			b, err := c.l.Block(c.ctx, d.Tip, nil)
			c.ok(err)
			if b.Proof != nil {
				c.fatal("a proof came without a digest tip address")
			}
			c.is(b.Verify(d), ledger.ErrNotVerified)
		}},
		{Name: "proof/tip-beyond-the-journal", Section: section, run: func(c *C) {
			d := c.digest()
			beyond := ledger.BlockAddress{StrandID: d.Tip.StrandID, SequenceNo: d.Tip.SequenceNo + 1000}
			_, err := c.l.Block(c.ctx, d.Tip, &beyond)
			c.refusedParameter(err, "The sequence number of the provided digest tip address is beyond the strand's latest committed record.")
			_, err = c.l.Block(c.ctx, beyond, nil)
			c.refusedParameter(err, "The sequence number of the provided block address is beyond the strand's latest committed record.")
		}},
		{Name: "proof/other-strand", Section: section, run: func(c *C) {
			d := c.digest()
			other := ledger.BlockAddress{StrandID: "0000000000000000000000", SequenceNo: 0}
			_, err := c.l.Block(c.ctx, other, nil)
			c.refusedParameter(err, "The Strand ID of the provided block address is not valid.")
			_, err = c.l.Block(c.ctx, d.Tip, &other)
			c.refusedParameter(err, "The Strand ID of the provided block address must match the Strand ID of the provided digest tip address.")
		}},
		{Name: "proof/block-after-tip", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			d := c.digest()
			tip := ledger.BlockAddress{StrandID: d.Tip.StrandID, SequenceNo: d.Tip.SequenceNo - 1}
			_, err := c.l.Block(c.ctx, d.Tip, &tip)
			c.refusedParameter(err, "The sequence number of the provided block address must not be greater than the sequence number of the provided digest tip address.")
		}},
		{Name: "proof/document-not-in-block", Section: section, run: func(c *C) {
			c.insert("Plain", "{a:1}")
			d := c.digest()
			_, err := c.l.Revision(c.ctx, d.Tip, "0000000000000000000000", nil)
			c.refusedParameter(err, "The provided Document ID was not found in the block at the specified block address.")
			_, err = c.l.Revision(c.ctx, d.Tip, "short", nil)
			c.refusedParameter(err, "")
		}},
	}
}

// replaceData returns the revision with other data.
func (c *C) replaceData(rev ion.Value, data string) ion.Value {
	c.Helper()
	var w ion.Writer
	w.BeginStruct()
	for it := rev.Iter(); it.Next(); {
		w.Field(it.Name())
		if it.Name() == "data" {
			w.Value(c.ion(data))
		} else {
			w.Value(it.Value())
		}
	}
	w.End()
	v, err := w.Build()
	c.ok(err)
	return v
}
