package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

const demoLong = `Demo makes a ledger file and shows what a ledger is for: it records a few events,
changes one, shows its history, takes the digest, proves one revision, and then
changes one byte in a copy of the file and verifies that. Everything it prints
comes from that ledger.

Without a file it works in a temporary folder, which it removes.`

func newDemoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo [FILE]",
		Short: "Make a ledger, prove a revision, and find a byte that was changed",
		Long:  demoLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("demo takes one file at most")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), args)
		},
	}
}

func runDemo(ctx context.Context, w io.Writer, args []string) error {
	dir, err := os.MkdirTemp("", "tally-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "demo.tally")
	if len(args) == 1 {
		file = args[0]
		if _, err := os.Stat(file); err == nil {
			return fmt.Errorf("%s exists; demo makes a new ledger, so give a name that is free", file)
		}
	}
	d := &demo{ctx: ctx, w: w, file: file}
	if err := d.run(); err != nil {
		return err
	}
	if len(args) == 1 {
		d.say("The ledger is in %s: tally verify %s", file, file)
	}
	return nil
}

// demo is one run: a ledger and what was learned of it.
type demo struct {
	ctx  context.Context
	w    io.Writer
	file string
	l    *emulator.Ledger
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.w, format+"\n", args...) }

// event is what the demo records.
type event struct {
	OrderID string `ion:"orderId"`
	State   string `ion:"state"`
}

func (d *demo) run() error {
	var err error
	if d.l, err = emulator.Open(d.file); err != nil {
		return err
	}
	defer func() { _ = d.l.Close() }()
	d.say("A new ledger. Each line is a transaction, and each transaction a block.\n")
	if err := d.record(); err != nil {
		return err
	}
	if err := d.history(); err != nil {
		return err
	}
	digest, err := d.prove()
	if err != nil {
		return err
	}
	if err := d.l.Close(); err != nil {
		return err
	}
	return d.tamper(digest)
}

// execute runs one statement in a transaction and prints it.
func (d *demo) execute(statement string, params ...any) ([]ion.Value, error) {
	var rows []ion.Value
	err := d.l.Execute(d.ctx, func(tx ledger.Transaction) error {
		r, err := tx.Execute(statement, params...)
		if err == nil {
			rows, err = r.All()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	d.say("  %s", statement)
	for _, p := range params {
		v, err := ion.Marshal(p)
		if err == nil {
			d.say("      ? = %s", v)
		}
	}
	return rows, nil
}

func (d *demo) record() error {
	steps := []struct {
		statement string
		params    []any
	}{
		{"CREATE TABLE Orders", nil},
		{"CREATE INDEX ON Orders (orderId)", nil},
		{"INSERT INTO Orders ?", []any{event{OrderID: "A-1001", State: "received"}}},
		{"INSERT INTO Orders ?", []any{event{OrderID: "A-1002", State: "received"}}},
		{"UPDATE Orders AS o SET o.state = ? WHERE o.orderId = ?", []any{"shipped", "A-1001"}},
	}
	for _, s := range steps {
		if _, err := d.execute(s.statement, s.params...); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) history() error {
	d.say("\nThe history of order A-1001: nothing that was recorded is ever overwritten.\n")
	rows, err := d.execute(`SELECT h.metadata.version, h.metadata.txTime, h.data.state, h.blockAddress.sequenceNo AS block FROM history(Orders) AS h WHERE h.data.orderId = ?`, "A-1001")
	for _, r := range rows {
		d.say("      %s", r)
	}
	return err
}

// prove takes the digest and proves the order's current revision with it.
func (d *demo) prove() (ledger.Digest, error) {
	digest, err := d.l.Digest(d.ctx)
	if err != nil {
		return digest, err
	}
	d.say("\nThe digest stands for the whole journal. Whoever keeps these 32 bytes can check everything before them.\n")
	d.say("  digest  %s", digest.Hash)
	d.say("  tip     %s\n", digest.Tip)
	rows, err := d.execute(`SELECT c.blockAddress, c.metadata.id FROM _ql_committed_Orders AS c WHERE c.data.orderId = ?`, "A-1001")
	if err != nil {
		return digest, err
	}
	at, id, err := addressAndID(rows)
	if err != nil {
		return digest, err
	}
	rev, err := ledger.FetchRevision(d.ctx, d.l, at, id, digest)
	if err != nil {
		return digest, err
	}
	d.say("\nThe revision, and a proof of %d hashes that leads from it to the digest: verified.\n", len(rev.Proof))
	d.say("  %s", rev.Value)
	return digest, nil
}

func addressAndID(rows []ion.Value) (at ledger.BlockAddress, id string, err error) {
	if len(rows) != 1 {
		return at, "", fmt.Errorf("the order has %d rows instead of 1", len(rows))
	}
	seq, _ := rows[0].Path("blockAddress", "sequenceNo")
	strand, _ := rows[0].Path("blockAddress", "strandId")
	idField, _ := rows[0].Field("id")
	n, ok := seq.Int64()
	at.StrandID, _ = strand.Text()
	at.SequenceNo = uint64(n)
	id, ok2 := idField.Text()
	if !ok || !ok2 {
		return at, id, fmt.Errorf("the order's row %s has no address and id", rows[0])
	}
	return at, id, nil
}

// tamper changes one byte of a block in a copy of the file and verifies that.
func (d *demo) tamper(digest ledger.Digest) error {
	data, err := os.ReadFile(d.file)
	if err != nil {
		return err
	}
	// In a folder of its own: beside the ledger the name may be taken.
	dir, err := os.MkdirTemp("", "tally-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	forged := filepath.Join(dir, "forged-"+filepath.Base(d.file))
	state := []byte("received")
	for at := bytes.Index(data, state); at >= 0; {
		data[at] = 'R'
		if err := os.WriteFile(forged, data, 0o600); err != nil {
			return err
		}
		res := ledgerFileResult(d.ctx, forged, &digest, keepFailures)
		if res.settle(); res.Verdict == refused && strings.HasPrefix(res.Failures[0].Detail, "block ") {
			d.say("\nSomebody changes one byte in a copy of the file: byte %d, %q becomes \"R\". Verification finds it.\n", at, state[:1])
			for _, f := range res.Failures {
				d.say("  REFUSED  %s", f.Detail)
			}
			d.say("")
			return nil
		}
		// Not in the journal: what is shown is the table's copy of the document, or
		// a free page that nobody reads.
		data[at] = state[0]
		next := bytes.Index(data[at+1:], state)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return errors.New("no byte of the recorded state could be changed in the file")
}
