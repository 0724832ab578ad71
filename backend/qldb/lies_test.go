package qldb

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// source is a control plane with a genuine journal behind it, whose answers a
// test can change.
type source struct {
	t     *testing.T
	l     *emulatortest.Ledger
	id    string   // of the document in blocks 2 to 4
	asked []string // operation and sequence number
	as    string   // the document that is looked for instead, if not ""
	// at changes what is asked for, lie the members of the answer as Ion text; the
	// digest is base64.
	at  func(operation string, at *ledger.BlockAddress)
	lie func(operation string, answer map[string]string)
}

// journal is a fake service that has a journal of five blocks, and a ledger on it.
func journal(t *testing.T) (*source, *Ledger) {
	t.Helper()
	s := &source{t: t, l: emulatortest.New(t)}
	s.l.Exec(t, "CREATE TABLE T")
	s.id = strings.Split(s.l.Exec(t, "INSERT INTO T {'n': 1}")[0], `"`)[1]
	for range 2 {
		s.l.Exec(t, "UPDATE T SET n = n + 1")
	}
	f, l := fake(t)
	f.control = s.serve
	return s, l
}

func (s *source) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		BlockAddress, DigestTipAddress struct{ IonText string }
		DocumentID                     string `json:"DocumentId"`
	}
	_ = json.NewDecoder(r.Body).Decode(&in) // GetDigest has no body
	at, _ := hashchain.ParseBlockAddress(in.BlockAddress.IonText)
	var tip *ledger.BlockAddress
	if t, err := hashchain.ParseBlockAddress(in.DigestTipAddress.IonText); err == nil {
		tip = &t
	}
	operation := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	s.asked = append(s.asked, fmt.Sprint(operation, " ", at.SequenceNo))
	if s.at != nil {
		s.at(operation, &at)
	}
	answer, err := s.answer(r.Context(), operation, at, cmp.Or(s.as, in.DocumentID), tip)
	var e *ledger.Error
	if errors.As(err, &e) {
		w.Header().Set("X-Amzn-ErrorType", e.Exception)
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"Message":%q}`, e.Message)
		return
	}
	if s.lie != nil {
		s.lie(operation, answer)
	}
	out := map[string]any{}
	for name, text := range answer {
		out[name] = map[string]string{"IonText": text}
		if name == "Digest" {
			out[name] = text
		}
	}
	if err := json.NewEncoder(w).Encode(out); err != nil {
		s.t.Error(err)
	}
}

func (s *source) answer(ctx context.Context, operation string, at ledger.BlockAddress, id string, tip *ledger.BlockAddress) (map[string]string, error) {
	out := map[string]string{}
	var err error
	var proof hashchain.Proof
	switch operation {
	case "digest":
		var d ledger.Digest
		d, err = s.l.Digest(ctx)
		out["Digest"], out["DigestTipAddress"] = d.Hash.Base64(), d.Tip.String()
	case "block":
		var b ledger.Block
		b, err = s.l.Block(ctx, at, tip)
		out["Block"], proof = b.Value.String(), b.Proof
	case "revision":
		var r ledger.Revision
		r, err = s.l.Revision(ctx, at, id, tip)
		out["Revision"], proof = r.Value.String(), r.Proof
	}
	if tip != nil {
		out["Proof"] = proof.String()
	}
	return out, err
}

func (s *source) block(seq uint64) ledger.BlockAddress {
	return ledger.BlockAddress{StrandID: s.l.StrandID(), SequenceNo: seq}
}

// with is a value with another field of that name.
func with(t *testing.T, v ion.Value, name, text string) ion.Value {
	t.Helper()
	var w ion.Writer
	w.BeginStruct()
	for field, f := range v.Fields() {
		if field == name {
			f = parse(t, text)
		}
		w.Field(field).Value(f)
	}
	w.End()
	out, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGenuineAnswers(t *testing.T) {
	s, l := journal(t)
	d, err := l.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old := s.block(2)
	for _, tip := range []*ledger.BlockAddress{nil, &d.Tip, &old} {
		for seq := range uint64(3) {
			b, err := l.Block(t.Context(), s.block(seq), tip)
			if err != nil || (b.Proof == nil) != (tip == nil) {
				t.Errorf("block %d for tip %v: %v, proof %v", seq, tip, err, b.Proof)
			}
		}
		r, err := l.Revision(t.Context(), s.block(2), s.id, tip)
		if data, _ := r.Value.Path("data", "n"); err != nil || data.String() != "1" || (r.Proof == nil) != (tip == nil) {
			t.Errorf("revision for tip %v: %s, %v, proof %v", tip, r.Value, err, r.Proof)
		}
	}
	if _, err := ledger.FetchBlock(t.Context(), l, s.block(1), d); err != nil {
		t.Error(err)
	}
	if _, err := ledger.FetchRevision(t.Context(), l, s.block(2), s.id, d); err != nil {
		t.Error(err)
	}
}

// Whatever an endpoint changes in an answer is an error.
func TestLies(t *testing.T) {
	const hash = "{{AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}}"
	for name, lie := range map[string]func(t *testing.T, operation string, answer map[string]string){
		"a number":        func(_ *testing.T, _ string, a map[string]string) { a["Block"], a["Revision"] = "5", "5" },
		"an empty struct": func(_ *testing.T, _ string, a map[string]string) { a["Block"], a["Revision"] = "{}", "{}" },
		"altered content": func(t *testing.T, _ string, a map[string]string) {
			a["Block"] = strings.Replace(a["Block"], "n:1", "n:9", 1)
			a["Revision"] = strings.Replace(a["Revision"], "n:1", "n:9", 1)
		},
		"another address": func(t *testing.T, op string, a map[string]string) {
			for _, name := range []string{"Block", "Revision"} {
				a[name] = strings.Replace(a[name], "sequenceNo:2", "sequenceNo:1", -1)
			}
		},
		"another strand": func(t *testing.T, op string, a map[string]string) {
			for _, name := range []string{"Block", "Revision"} {
				a[name] = strings.Replace(a[name], `strandId:"`, `strandId:"x`, -1)
			}
		},
		"another hash": func(t *testing.T, op string, a map[string]string) {
			if op == "block" {
				a["Block"] = with(t, parse(t, a["Block"]), "blockHash", hash).String()
			} else {
				a["Revision"] = with(t, parse(t, a["Revision"]), "hash", hash).String()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := journal(t)
			d, err := l.Digest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.lie = func(op string, a map[string]string) { lie(t, op, a) }
			for _, tip := range []*ledger.BlockAddress{nil, &d.Tip} {
				if b, err := l.Block(t.Context(), s.block(2), tip); !errors.Is(err, ledger.ErrNotVerified) || !b.Value.IsZero() {
					t.Errorf("block, tip %v: %s, %v", tip, b.Value, err)
				}
				if r, err := l.Revision(t.Context(), s.block(2), s.id, tip); !errors.Is(err, ledger.ErrNotVerified) || !r.Value.IsZero() {
					t.Errorf("revision, tip %v: %s, %v", tip, r.Value, err)
				}
			}
		})
	}
}

// Genuine answers to another request, and proofs that lead elsewhere.
func TestLiesThatAreGenuine(t *testing.T) {
	s, l := journal(t)
	d, err := l.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, tip := s.block(2), d.Tip
	check := func(name, says string) {
		t.Helper()
		if b, err := l.Block(t.Context(), at, &tip); !errors.Is(err, ledger.ErrNotVerified) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: block %s, %v; want an error that says %q", name, b.Value, err, says)
		}
		if r, err := l.Revision(t.Context(), at, s.id, &tip); !errors.Is(err, ledger.ErrNotVerified) {
			t.Errorf("%s: revision %s, %v", name, r.Value, err)
		}
	}
	s.at = func(_ string, at *ledger.BlockAddress) { at.SequenceNo = 3 }
	check("another block", "sequenceNo:3}")
	s.at = nil
	s.lie = func(_ string, a map[string]string) {
		a["Proof"] = "[" + strings.Repeat("{{"+strings.Repeat("A", 43)+"=}},", 3) + "]"
	}
	check("a proof that leads elsewhere", "does not lead to the digest")
	s.lie = func(_ string, a map[string]string) { a["Proof"] = "[]" }
	check("a proof without nodes", "has 0 nodes, it needs 3")
	tip = s.block(3) // its digest was never asked for
	check("a proof without nodes for another tip", "has 0 nodes, it needs 2")
	s.lie = func(_ string, a map[string]string) { delete(a, "Proof") }
	check("no proof", "sent no proof")

	s.lie, s.as, tip = nil, s.id, d.Tip
	r, err := l.Revision(t.Context(), at, "0123456789abcdefghijkl", &tip)
	if !errors.Is(err, ledger.ErrNotVerified) || !strings.Contains(err.Error(), "got document "+s.id) {
		t.Errorf("another document: revision %s, %v", r.Value, err)
	}
}

func TestDigestLies(t *testing.T) {
	for name, lie := range map[string]map[string]string{
		"no bytes":         {"Digest": ""},
		"31 bytes":         {"Digest": strings.Repeat("A", 40) + "AA=="},
		"no strand":        {"DigestTipAddress": `{strandId:"",sequenceNo:4}`},
		"no number":        {"DigestTipAddress": `{strandId:"x"}`},
		"a negative block": {"DigestTipAddress": `{strandId:"x",sequenceNo:-1}`},
		"a tip of no Ion":  {"DigestTipAddress": "{{{"},
	} {
		s, l := journal(t)
		s.lie = func(_ string, a map[string]string) {
			for k, v := range lie {
				a[k] = v
			}
		}
		if d, err := l.Digest(t.Context()); !errors.Is(err, ledger.ErrNotVerified) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
		for v, err := range l.Journal(t.Context(), 0) {
			if !errors.Is(err, ledger.ErrNotVerified) {
				t.Errorf("%s: the journal begins with %s, %v", name, v, err)
			}
		}
	}
}

// read reads a journal to its end.
func read(t *testing.T, l *Ledger, from int64) (blocks []string, failed error) {
	t.Helper()
	for v, err := range l.Journal(t.Context(), from) {
		if failed != nil {
			t.Errorf("after the error %v came %s, %v", failed, v, err)
		}
		if failed = err; err == nil {
			seq, _ := v.Path("blockAddress", "sequenceNo")
			blocks = append(blocks, seq.String())
		}
	}
	return blocks, failed
}

func TestJournalAsksBlockByBlock(t *testing.T) {
	s, l := journal(t)
	blocks, err := read(t, l, 2)
	if want := []string{"2", "3", "4"}; err != nil || !slices.Equal(blocks, want) {
		t.Errorf("blocks %v, %v; want %v", blocks, err, want)
	}
	if want := []string{"digest 0", "block 2", "block 3", "block 4"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked %v, want %v: one digest, and each block once", s.asked, want)
	}
	if blocks, err = read(t, l, -3); err != nil || len(blocks) != 5 {
		t.Errorf("from a negative number: %v, %v", blocks, err)
	}
	if blocks, err = read(t, l, 5); err != nil || len(blocks) != 0 {
		t.Errorf("beyond the tip: %v, %v", blocks, err)
	}
	s.at = func(op string, at *ledger.BlockAddress) {
		if op == "block" && at.SequenceNo == 4 {
			at.SequenceNo = 99
		}
	}
	if blocks, err = read(t, l, 3); len(blocks) != 1 || !errors.Is(err, ledger.ErrInvalidParameter) {
		t.Errorf("blocks %v and error %v; want block 3 and the service's error", blocks, err)
	}
}

func TestJournalLies(t *testing.T) {
	for name, tt := range map[string]struct {
		at     func(op string, at *ledger.BlockAddress)
		lie    func(op string, a map[string]string)
		blocks int // that are yielded before the error
	}{
		"block 0 for each": {at: func(_ string, at *ledger.BlockAddress) { at.SequenceNo = 0 }, blocks: 1},
		"an altered block": {lie: func(_ string, a map[string]string) { a["Block"] = strings.Replace(a["Block"], "n:1", "n:9", 1) }, blocks: 2},
		"another digest": {lie: func(op string, a map[string]string) {
			if op == "digest" {
				a["Digest"] = strings.Repeat("A", 43) + "="
			}
		}},
		"a number for a block": {lie: func(_ string, a map[string]string) { a["Block"] = "5" }},
	} {
		s, l := journal(t)
		s.at, s.lie = tt.at, tt.lie
		blocks, err := read(t, l, 0)
		if !errors.Is(err, ledger.ErrNotVerified) || len(blocks) != tt.blocks {
			t.Errorf("%s: blocks %v, %v; want %d and %v", name, blocks, err, tt.blocks, ledger.ErrNotVerified)
		}
	}
}

// Two journals that are each consistent: a block of one does not name a block of
// the other.
func TestLink(t *testing.T) {
	var of [2]*hashchain.Block
	for i := range of {
		s, _ := journal(t)
		b, err := s.l.Block(t.Context(), s.block(uint64(i)+1), nil)
		if err != nil {
			t.Fatal(err)
		}
		if of[i], err = hashchain.BlockOf(b.Value); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkLink(of[0], of[1]); !errors.Is(err, ledger.ErrNotVerified) || !strings.Contains(err.Error(), "previousBlockHash") {
		t.Errorf("a block that names another one before it: %v", err)
	}
}
