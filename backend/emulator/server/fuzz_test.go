package server_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server"
)

// FuzzSendCommand sends any body to the session API. TOKEN and TX stand for
// those of an open transaction.
func FuzzSendCommand(f *testing.F) {
	for _, q := range good() {
		if q[1] == "/" {
			f.Add(q[2])
		}
	}
	g := newTarget(f)
	f.Fuzz(func(t *testing.T, body string) {
		g.refresh(t)
		body = strings.NewReplacer("TOKEN", g.token, "TX", g.tx).Replace(body)
		if err := check(g.send("POST", "/", "QLDBSession.SendCommand", []byte(body))); err != nil {
			t.Error(err)
		}
	})
}

// FuzzDecodeFast decodes any body in both ways: what the fast one takes has to
// be the same in the other.
func FuzzDecodeFast(f *testing.F) {
	for _, q := range good() {
		if q[1] == "/" {
			f.Add([]byte(q[2]))
		}
	}
	for _, s := range []string{
		`{"EndSession":{},"EndSession":{}}`, `{"EndSession":null}`, `{"endsession":{}}`, `{"EndSession":{"x":1}}`, `{"EndSession":{}} x`, `{"EndSession":{},}`,
		`{"StartSession":{"LedgerName":"\u004c\n\ud800"}}`, `{"StartSession":{"LedgerName":"\x"}}`, `{"StartSession":{"LedgerName":"é"}}`, "{\"StartSession\":{\"LedgerName\":\"\x00\"}}",
		`{"CommitTransaction":{"CommitDigest":"AAA"}}`, `{"CommitTransaction":{"CommitDigest":""}}`, `{"CommitTransaction":{"CommitDigest":"AA=="}}`, `{"CommitTransaction":{"CommitDigest":"A\nA=="}}`,
		`{"ExecuteStatement":{"Parameters":[]}}`, `{"ExecuteStatement":{"Parameters":[{}, {"IonText":"\""}]}}`, `{"ExecuteStatement":{"Parameters":[{"IonBinary":""},]}}`, ` { } `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fast, slow, ok, err := server.DecodeBoth(body)
		if !ok {
			return
		}
		if err != nil || !reflect.DeepEqual(fast, slow) {
			a, _ := json.Marshal(fast)
			b, _ := json.Marshal(slow)
			t.Errorf("%q is %s in the fast way, %s in the other, error %v", body, a, b, err)
		}
	})
}

// TestDecodeFast decodes what SDKs send: it has to be for the fast way.
func TestDecodeFast(t *testing.T) {
	for _, q := range good() {
		if _, _, ok, _ := server.DecodeBoth([]byte(q[2])); q[1] == "/" && strings.Contains(q[2], "Transaction") && !ok {
			t.Errorf("%s is not decoded in the fast way", q[2])
		}
	}
}

// FuzzControl sends any method, path and body to the control plane.
func FuzzControl(f *testing.F) {
	for _, q := range good() {
		if q[1] != "/" {
			f.Add(q[0], q[1], q[2])
		}
	}
	g := newTarget(f)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if err := check(g.send(method, path, "", []byte(body))); err != nil {
			t.Error(err)
		}
	})
}

// FuzzStates reads any server.json.
func FuzzStates(f *testing.F) {
	f.Add([]byte(`{"Format":1,"Ledgers":{"a":{"Name":"a","Created":"2026-01-02T03:04:05Z","Mode":"STANDARD","Protected":true,"Tags":{"ledger/a":{"k":"v"}},"Exports":[{"ID":"x"}],"Streams":[{"ID":"y"}]}}}`))
	f.Add([]byte(`{"Format":1,"Ledgers":{"../a":{"Name":"../a","Mode":"STANDARD"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := server.DecodeStates(data)
		if err == nil && strings.Contains(string(data), `"Name":"../`) && strings.Count(string(data), "Name") == 1 {
			t.Errorf("accepted %s", data)
		}
	})
}

// FuzzSplitStatements cuts any text: nothing but space, comments and
// semicolons is lost.
func FuzzSplitStatements(f *testing.F) {
	for _, s := range []string{"a; b", "SELECT ';' FROM \"a;b\"; -- c;\nINSERT `{a:\";\"}`; /* ; */", "'", "--", "/*", ";;", "`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest := text
		for _, st := range server.SplitStatements(text) {
			i := strings.Index(rest, st)
			if i < 0 {
				t.Fatalf("%q is not in %q in its order", st, text)
			}
			rest = rest[i+len(st):]
		}
	})
}
