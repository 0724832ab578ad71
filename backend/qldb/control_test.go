package qldb

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

const strand = "KmA3ZZca7vAIiJAK9S5Iwl"

// reply answers every request of the control plane with one body and notes what
// was asked.
func reply(f *fakeService, status int, typ, body string, asked *string) {
	f.control = func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*asked = r.Method + " " + r.URL.Path + " " + string(b)
		w.Header().Set("Content-Type", "application/json")
		if typ != "" {
			w.Header().Set("X-Amzn-ErrorType", typ)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestDigest(t *testing.T) {
	f, l := fake(t)
	var asked string
	reply(f, 200, "", `{"Digest":"`+strings.Repeat("A", 43)+`=","DigestTipAddress":{"IonText":"{strandId:\"`+strand+`\", sequenceNo:7}"}}`, &asked)
	d, err := l.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.Hash.IsEmpty() || d.Tip != (ledger.BlockAddress{StrandID: strand, SequenceNo: 7}) || asked != "POST /ledgers/books/digest " {
		t.Errorf("asked %q and got %s at %s", asked, d.Hash, d.Tip)
	}
}

func TestBlockAndRevisionAsk(t *testing.T) {
	f, l := fake(t)
	var asked string
	at, tip := ledger.BlockAddress{StrandID: strand, SequenceNo: 2}, ledger.BlockAddress{StrandID: strand, SequenceNo: 7}
	reply(f, 200, "", `{"Block":{"IonText":"{blockAddress:{strandId:\"x\",sequenceNo:2}}"},"Proof":{"IonText":"[]"}}`, &asked)
	if b, err := l.Block(t.Context(), at, &tip); !errors.Is(err, ledger.ErrNotVerified) {
		t.Errorf("half a block: %s, %v", b.Value, err)
	}
	if !strings.Contains(asked, `"BlockAddress":{"IonText":"{strandId:\"`+strand+`\",sequenceNo:2}"}`) || !strings.Contains(asked, `sequenceNo:7}`) {
		t.Errorf("asked %s", asked)
	}
	if _, err := l.Block(t.Context(), at, nil); err == nil || strings.Contains(asked, "DigestTipAddress") {
		t.Errorf("without a tip: asked %s, %v", asked, err)
	}
	reply(f, 200, "", `{"Revision":{"IonText":"{hash:{{}}}"},"Proof":{"IonText":"[]"}}`, &asked)
	r, err := l.Revision(t.Context(), at, "8F0TPCmdNQ6JTRpiLj2TmW", &tip)
	if !errors.Is(err, ledger.ErrNotVerified) || !strings.Contains(asked, `"DocumentId":"8F0TPCmdNQ6JTRpiLj2TmW"`) {
		t.Errorf("asked %s, got %s, %v", asked, r.Value, err)
	}
}

// What the service sends is not trusted.
func TestControlAnswersThatAreWrong(t *testing.T) {
	tip := &ledger.BlockAddress{StrandID: strand, SequenceNo: 7}
	for name, body := range map[string]string{
		"nothing":           `{}`,
		"no proof":          `{"Block":{"IonText":"{}"},"Revision":{"IonText":"{}"},"Digest":"AAAA","DigestTipAddress":{"IonText":"{}"}}`,
		"proof is no Ion":   `{"Block":{"IonText":"{}"},"Revision":{"IonText":"{}"},"Proof":{"IonText":"[{{"}}`,
		"proof is no list":  `{"Block":{"IonText":"{}"},"Revision":{"IonText":"{}"},"Proof":{"IonText":"5"}}`,
		"short node":        `{"Block":{"IonText":"{}"},"Revision":{"IonText":"{}"},"Proof":{"IonText":"[{{AAAA}}]"}}`,
		"block is no Ion":   `{"Block":{"IonText":"{{{"},"Revision":{"IonText":"{{{"},"Proof":{"IonText":"[]"}}`,
		"tip is no address": `{"Digest":"` + strings.Repeat("A", 43) + `=","DigestTipAddress":{"IonText":"{strandId:5}"}}`,
	} {
		f, l := fake(t)
		var asked string
		reply(f, 200, "", body, &asked)
		if d, err := l.Digest(t.Context()); err == nil {
			t.Errorf("%s: digest %v", name, d)
		}
		if b, err := l.Block(t.Context(), *tip, tip); err == nil {
			t.Errorf("%s: block %v", name, b)
		}
		if r, err := l.Revision(t.Context(), *tip, "8F0TPCmdNQ6JTRpiLj2TmW", tip); err == nil {
			t.Errorf("%s: revision %v", name, r)
		}
	}
	f, l := fake(t)
	var asked string
	reply(f, 200, "", `{"Block":{"IonText":"{}"}}`, &asked)
	if _, err := l.Block(t.Context(), *tip, tip); !errors.Is(err, ledger.ErrNotVerified) {
		t.Errorf("a missing proof gives %v, want %v", err, ledger.ErrNotVerified)
	}
}

func TestControlErrors(t *testing.T) {
	tests := []struct {
		status   int
		typ      string
		body     string
		sentinel error
		want     ledger.Error
	}{
		{400, "InvalidParameterException", `{"Message":"The provided block address is not valid.","ParameterName":"BlockAddress"}`, ledger.ErrInvalidParameter,
			ledger.Error{Message: "The provided block address is not valid.", ParameterName: "BlockAddress"}},
		{404, "ResourceNotFoundException", `{"Message":"gone","ResourceType":"Ledger","ResourceName":"books"}`, ledger.ErrNotFound,
			ledger.Error{Message: "gone", ResourceType: "Ledger", ResourceName: "books"}},
		{412, "ResourcePreconditionNotMetException", `{"Message":"creating","ResourceType":"Ledger","ResourceName":"books"}`, ledger.ErrPreconditionNotMet,
			ledger.Error{Message: "creating", ResourceType: "Ledger", ResourceName: "books"}},
	}
	for _, tt := range tests {
		f, l := fake(t)
		var asked string
		reply(f, tt.status, tt.typ, tt.body, &asked)
		_, err := l.Block(t.Context(), ledger.BlockAddress{StrandID: strand}, nil)
		var got *ledger.Error
		if !errors.Is(err, tt.sentinel) || !errors.As(err, &got) {
			t.Errorf("%s: error %v of type %T", tt.typ, err, err)
			continue
		}
		if got.Message != tt.want.Message || got.ParameterName != tt.want.ParameterName || got.ResourceType != tt.want.ResourceType || got.ResourceName != tt.want.ResourceName {
			t.Errorf("%s: got %+v, want %+v", tt.typ, got, tt.want)
		}
	}
}
