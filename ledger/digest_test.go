package ledger_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// sample is a ledger with one document, its id, its address and a later digest.
func sample(t *testing.T) (l ledger.Ledger, id string, at ledger.BlockAddress, d ledger.Digest) {
	t.Helper()
	l, err := ledger.Open(t.Context(), "memory:sample")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	run := func(statement string, params ...any) ion.Value {
		var v ion.Value
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			r, err := tx.Execute(statement, params...)
			if err != nil {
				return err
			}
			v, err = r.One()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	run("CREATE TABLE T")
	f, _ := run("INSERT INTO T {'amount': 100}").Field("documentId")
	id, _ = f.Text()
	f, _ = run("SELECT blockAddress FROM _ql_committed_T").Field("blockAddress")
	if at, err = hashchain.BlockAddressOf(f); err != nil {
		t.Fatal(err)
	}
	if d, err = l.Digest(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, id, at, d
}

func TestFetchVerifies(t *testing.T) {
	l, id, at, d := sample(t)
	r, err := ledger.FetchRevision(t.Context(), l, at, id, d)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ledger.FetchBlock(t.Context(), l, at, d)
	if err != nil {
		t.Fatal(err)
	}
	other := d
	other.Hash = hashchain.NewHash([32]byte{1})
	for i := range r.Proof { // each node of the proof counts
		p := append(hashchain.Proof(nil), r.Proof...)
		p[i] = other.Hash
		notVerified(t, ledger.Revision{Value: r.Value, Proof: p}.Verify(d))
	}
	notVerified(t, r.Verify(other))
	notVerified(t, b.Verify(other))
	notVerified(t, r.Verify(ledger.Digest{}))
	notVerified(t, ledger.Revision{Value: r.Value}.Verify(d))
	notVerified(t, ledger.Block{Value: b.Value}.Verify(d))
	notVerified(t, ledger.Revision{}.Verify(d))
	notVerified(t, ledger.Block{}.Verify(d))
	notVerified(t, ledger.Revision{Value: b.Value, Proof: r.Proof}.Verify(d))
	notVerified(t, ledger.Block{Value: r.Value, Proof: b.Proof}.Verify(d))
	if _, err := ledger.FetchRevision(t.Context(), l, at, id, other); !errors.Is(err, ledger.ErrNotVerified) {
		t.Errorf("FetchRevision with another digest: %v", err)
	}
	if _, err := ledger.FetchBlock(t.Context(), l, ledger.BlockAddress{StrandID: at.StrandID, SequenceNo: 999}, d); !errors.Is(err, ledger.ErrInvalidParameter) {
		t.Errorf("FetchBlock beyond the journal: %v", err)
	}
}

// Every change of a byte of a revision's content is noticed.
func TestVerifyNoticesEveryChange(t *testing.T) {
	l, id, at, d := sample(t)
	r, err := ledger.FetchRevision(t.Context(), l, at, id, d)
	if err != nil {
		t.Fatal(err)
	}
	good := r.Value.Encode()
	address, _ := r.Value.Field("blockAddress")
	noticed := 0
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x01
		v, err := ion.Parse(bad)
		if err != nil {
			noticed++
			continue
		}
		if err := (ledger.Revision{Value: v, Proof: r.Proof}).Verify(d); err != nil {
			noticed++
			continue
		}
		// The block address is the one field that no hash covers.
		if a, _ := v.Field("blockAddress"); ion.Identical(a, address) {
			t.Errorf("byte %d changed and %s still verifies", i, v)
		}
	}
	if noticed < len(good)/2 {
		t.Errorf("only %d of %d changes were noticed", noticed, len(good))
	}
}

// What has the right hash and is not what it is shown as does not verify.
func TestVerifyRefusesForgeries(t *testing.T) {
	l, id, at, d := sample(t)
	r, err := ledger.FetchRevision(t.Context(), l, at, id, d)
	if err != nil {
		t.Fatal(err)
	}
	part := func(name string) string {
		v, _ := r.Value.Field(name)
		return v.String()
	}
	for name, c := range map[string]struct {
		text  string
		proof hashchain.Proof
	}{
		"data and metadata exchanged": {fmt.Sprintf("{blockAddress:%s,hash:%s,data:%s,metadata:%s}", part("blockAddress"), part("hash"), part("metadata"), part("data")), r.Proof},
		"the digest as a revision":    {"{hash:{{" + d.Hash.Base64() + "}}}", hashchain.Proof{}},
		"another strand":              {fmt.Sprintf(`{blockAddress:{strandId:"x",sequenceNo:%d},hash:%s,data:%s,metadata:%s}`, at.SequenceNo, part("hash"), part("data"), part("metadata")), r.Proof},
		"a block behind the tip":      {fmt.Sprintf(`{blockAddress:{strandId:%q,sequenceNo:%d},hash:%s,data:%s,metadata:%s}`, at.StrandID, d.Tip.SequenceNo+1, part("hash"), part("data"), part("metadata")), r.Proof},
	} {
		v, err := ion.ParseText(c.text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { notVerified(t, ledger.Revision{Value: v, Proof: c.proof}.Verify(d)) })
	}
}

func notVerified(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ledger.ErrNotVerified) {
		t.Errorf("error %v, want %v", err, ledger.ErrNotVerified)
	}
}
