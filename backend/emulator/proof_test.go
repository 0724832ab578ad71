package emulator_test

import (
	"errors"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// TestProofsAtAnyTip: every block and every revision is proven under the digest
// of every tip not before it, and under no other.
func TestProofsAtAnyTip(t *testing.T) {
	l := emulatortest.New(t)
	digests := []ledger.Digest{digestOf(t, l.Ledger)}
	type place struct {
		seq uint64
		id  string
	}
	var places []place
	exec := func(s string) {
		for _, row := range l.Exec(t, s) {
			v := parse(t, row)
			if id, ok := v.Field("documentId"); ok {
				text, _ := id.Text()
				places = append(places, place{tip(t, l.Ledger), text})
			}
		}
		digests = append(digests, digestOf(t, l.Ledger))
	}
	for _, s := range []string{"CREATE TABLE T", "INSERT INTO T << {'a': 1}, {'a': 2}, {'a': 3} >>", "SELECT * FROM T", "UPDATE T SET a = 5",
		"CREATE INDEX ON T (a)", "INSERT INTO T {'a': 7}", "DELETE FROM T WHERE a = 5", "INSERT INTO T {}", "UPDATE T SET b = 1", "SELECT * FROM T"} {
		exec(s)
	}
	for _, d := range digests {
		wrong := d
		wrong.Hash = hashchain.Dot(d.Hash, d.Hash)
		for seq := range d.Tip.SequenceNo + 1 {
			b, err := l.Block(t.Context(), address(l.Ledger, seq), &d.Tip)
			if err == nil {
				err = b.Verify(d)
			}
			if err != nil {
				t.Errorf("block %d at tip %d: %v", seq, d.Tip.SequenceNo, err)
			}
			if err := b.Verify(wrong); !errors.Is(err, ledger.ErrNotVerified) {
				t.Errorf("block %d at tip %d and another digest: %v", seq, d.Tip.SequenceNo, err)
			}
		}
		for _, p := range places {
			if p.seq > d.Tip.SequenceNo {
				continue
			}
			r, err := l.Revision(t.Context(), address(l.Ledger, p.seq), p.id, &d.Tip)
			if err == nil {
				err = r.Verify(d)
			}
			if err != nil {
				t.Errorf("document %s in block %d at tip %d: %v", p.id, p.seq, d.Tip.SequenceNo, err)
			}
			if err := r.Verify(wrong); !errors.Is(err, ledger.ErrNotVerified) {
				t.Errorf("document %s in block %d and another digest: %v", p.id, p.seq, err)
			}
		}
	}
}

// TestNoProofWithoutTip: an answer has a proof if and only if a tip was given.
func TestNoProofWithoutTip(t *testing.T) {
	l := withTable(t)
	id := documentID(t, l.Exec(t, "INSERT INTO T {'k': 1}"))
	d := digestOf(t, l.Ledger)
	b, err := l.Block(t.Context(), d.Tip, nil)
	if err != nil || b.Proof != nil {
		t.Errorf("a block without a tip: %v, %v", b.Proof, err)
	}
	r, err := l.Revision(t.Context(), d.Tip, id, nil)
	if err != nil || r.Proof != nil {
		t.Errorf("a revision without a tip: %v, %v", r.Proof, err)
	}
	first, err := l.Block(t.Context(), address(l.Ledger, 0), &hashchain.BlockAddress{StrandID: l.StrandID()})
	if err != nil || first.Proof == nil {
		t.Errorf("the only block has the proof %v, %v; want an empty one that is there", first.Proof, err)
	}
}

// TestAddressErrors are checked in the service's order: each row breaks its own
// rule and those of the rows below it.
func TestAddressErrors(t *testing.T) {
	l := withTable(t)
	id := documentID(t, l.Exec(t, "INSERT INTO T {'k': 1}"))
	last := tip(t, l.Ledger)
	other := begin(t, l.Ledger).id // as good an id as that of a strand
	for _, c := range []struct {
		name            string
		at              hashchain.BlockAddress
		tip             *hashchain.BlockAddress
		document        string
		parameter, text string
	}{
		{"tip beyond", hashchain.BlockAddress{StrandID: other, SequenceNo: last + 9}, &hashchain.BlockAddress{StrandID: id, SequenceNo: last + 1}, other, "DigestTipAddress",
			"The sequence number of the provided digest tip address is beyond the strand's latest committed record."},
		{"strand", hashchain.BlockAddress{StrandID: other, SequenceNo: last + 9}, &hashchain.BlockAddress{StrandID: id, SequenceNo: last}, other, "BlockAddress",
			"The Strand ID of the provided block address is not valid."},
		{"block beyond", address(l.Ledger, last+1), &hashchain.BlockAddress{StrandID: other, SequenceNo: last}, other, "BlockAddress",
			"The sequence number of the provided block address is beyond the strand's latest committed record."},
		{"strands differ", address(l.Ledger, last), &hashchain.BlockAddress{StrandID: other, SequenceNo: last - 1}, other, "DigestTipAddress",
			"The Strand ID of the provided block address must match the Strand ID of the provided digest tip address."},
		{"block after tip", address(l.Ledger, last), &hashchain.BlockAddress{StrandID: l.StrandID(), SequenceNo: last - 1}, other, "BlockAddress",
			"The sequence number of the provided block address must not be greater than the sequence number of the provided digest tip address."},
		{"document", address(l.Ledger, last), nil, other, "DocumentId",
			"The provided Document ID was not found in the block at the specified block address."},
		{"document in an earlier block", address(l.Ledger, 0), nil, id, "DocumentId",
			"The provided Document ID was not found in the block at the specified block address."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := l.Revision(t.Context(), c.at, c.document, c.tip)
			isParameterError(t, err, c.parameter, c.text)
			if c.parameter == "DocumentId" {
				return
			}
			_, err = l.Block(t.Context(), c.at, c.tip)
			isParameterError(t, err, c.parameter, c.text)
		})
	}
	// The two texts before them are for whoever parses the addresses.
	if emulator.InvalidIon != "The provided Ion value is not valid and cannot be parsed." || emulator.InvalidAddress != "The provided block address is not valid." {
		t.Error("the texts for what is no address changed")
	}
}

func isParameterError(t *testing.T, err error, parameter, text string) {
	t.Helper()
	isError(t, err, "InvalidParameterException", "", text)
	var le *ledger.Error
	if errors.As(err, &le) && le.ParameterName != parameter {
		t.Errorf("the error is about the parameter %s, want %s", le.ParameterName, parameter)
	}
}
