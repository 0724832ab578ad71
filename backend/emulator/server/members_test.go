package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// send sends a body to the session API ("/") or another path and returns status
// and answer.
func send(t testing.TB, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "QLDBSession.SendCommand")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, out)
}

func openSession(t testing.TB, s *servertest.Server, name string) (token string) {
	t.Helper()
	_, rest, ok := strings.Cut(send(t, "POST", s.URL+"/", `{"StartSession":{"LedgerName":"`+name+`"}}`), `"SessionToken":"`)
	if !ok {
		t.Fatal(rest)
	}
	token, _, _ = strings.Cut(rest, `"`)
	return token
}

// TestMembers sends members in another spelling, which are unknown ones, and
// twice.
func TestMembers(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("L")
	token := openSession(t, s, "L")
	for _, test := range []struct{ body, want string }{
		{`{"SessionToken":"` + token + `","starttransaction":{}}`, "400 A request has exactly one command, this one has 0"},
		{`{"sessiontoken":"` + token + `","AbortTransaction":{}}`, "400 The parameter SessionToken is not valid"},
		{`{"StartSession":{"ledgerName":"L"}}`, "400 The parameter LedgerName is not valid: it is missing"},
		{`{"SessionToken":"` + token + `","SessionToken":"` + token + `","AbortTransaction":{}}`, "400 the member SessionToken is there twice"},
		{`{"SessionToken":"` + token + `","AbortTransaction":{},"AbortTransaction":{}}`, "400 the member AbortTransaction is there twice"},
		{`{"StartSession":{"LedgerName":"L","LedgerName":"M"}}`, "400 the member StartSession.LedgerName is there twice"},
		{`{"SessionToken":"` + token + `","Other":1,"Other":2,"AbortTransaction":{"é":[]}}`, "200 "},
		{`{"SessionToken":"` + token + `","ExecuteStatement":null,"AbortTransaction":{}}`, "200 "},
		{`{"SessionToken":7}`, "400 the member SessionToken is of type number, it has to be a string"},
		{`{"ExecuteStatement":{"Parameters":[{"IonText":[]}]}}`, "400 the member ExecuteStatement.Parameters.IonText is of type array, it has to be a string"},
		{`{"ExecuteStatement":{"Parameters":{}}}`, "400 the member ExecuteStatement.Parameters is of type object, it has to be an array"},
		{`{"ExecuteStatement":[]}`, "400 the member ExecuteStatement is of type array, it has to be an object"},
		{`{"ExecuteStatement":{"Parameters":[{"IonBinary":[224,1,0,234,33,5]}]}}`, "400 the member ExecuteStatement.Parameters.IonBinary is of type array, it has to be a string of base64"},
		{`{"ExecuteStatement":{"Parameters":[{"IonBinary":7}]}}`, "400 the member ExecuteStatement.Parameters.IonBinary is of type number, it has to be a string of base64"},
		{`{"ExecuteStatement":{"Parameters":[{"IonBinary":"4AEA\n6iEF"}]}}`, "400 the member ExecuteStatement.Parameters.IonBinary is not base64: illegal base64 data at input byte 4"},
		{`{"CommitTransaction":{"CommitDigest":"*"}}`, "400 the member CommitTransaction.CommitDigest is not base64: illegal base64 data at input byte 0"},
		{`[]`, "400 the body is of type array, it has to be an object"},
		{`{} {}`, "400 invalid character"},
	} {
		got := send(t, "POST", s.URL+"/", test.body)
		status, text, _ := strings.Cut(test.want, " ")
		if !strings.HasPrefix(got, status) || !strings.Contains(got, text) {
			t.Errorf("%s: %s, want %s", test.body, got, test.want)
		}
	}
	for _, test := range []struct{ body, want string }{
		{`{"name":"M","PermissionsMode":"ALLOW_ALL"}`, "Name is missing"},
		{`{"Name":"M","Name":"N","PermissionsMode":"ALLOW_ALL"}`, "the member Name is there twice"},
	} {
		if got := send(t, "POST", s.URL+"/ledgers", test.body); !strings.HasPrefix(got, "400") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", test.body, got, test.want)
		}
	}
}

// TestKmsKey gives keys in each of their forms, and in none.
func TestKmsKey(t *testing.T) {
	s := servertest.New(t)
	const arn = "arn:aws:kms:us-east-1:000000000000:"
	for i, test := range []struct{ key, want string }{
		{"1234abcd-12ab-34cd-56ef-1234567890ab", `"KmsKeyArn":"` + arn + `key/1234abcd-12ab-34cd-56ef-1234567890ab"`},
		{"mrk-1234abcd12ab34cd56ef1234567890ab", `"KmsKeyArn":"` + arn + `key/mrk-`},
		{arn + "key/mine", `"KmsKeyArn":"` + arn + `key/mine"`},
		{"arn:aws-cn:kms:cn-north-1:123456789012:key/mine", `"KmsKeyArn":"arn:aws-cn:kms:cn-north-1:123456789012:key/mine"`},
		{"alias/a/b_c", `"KmsKeyArn":"` + arn + `key/`},
		{arn + "alias/x", `"KmsKeyArn":"` + arn + `key/`},
		{"AWS_OWNED_KMS_KEY", `"State"`},
		{"", `"State"`},
		{"alias/", ""},
		{"alias/a b", ""},
		{"arn::alias/", ""},
		{"arn:aws:kms:::alias/x", ""},
		{"arn:aws:s3:us-east-1:000000000000:key/x", ""},
		{"arn:aws:kms:us-east-1:000000000000:key/", ""},
		{strings.Repeat("a", 1600), ""},
		{"a key", ""},
		{"ключ", ""},
	} {
		got := send(t, "POST", s.URL+"/ledgers", fmt.Sprintf(`{"Name":"k%d","PermissionsMode":"ALLOW_ALL","KmsKey":%q}`, i, test.key))
		if test.want == "" {
			if !strings.HasPrefix(got, "400") || !strings.Contains(got, `"ParameterName":"KmsKey"`) {
				t.Errorf("%q: %s", test.key, got)
			}
		} else if !strings.HasPrefix(got, "200") || !strings.Contains(got, test.want) {
			t.Errorf("%q: %s, want %s", test.key, got, test.want)
		}
	}
}

// TestEndSessionAgain ends a session while the server has no capacity: its token
// is good for another try.
func TestEndSessionAgain(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("L")
	token := openSession(t, s, "L")
	end := `{"SessionToken":"` + token + `","EndSession":{}}`
	post(t, s.URL+"/_tally/faults", `{"Capacity":1}`)
	for i, want := range []string{"503 ", "200 ", "400 "} {
		if got := send(t, "POST", s.URL+"/", end); !strings.HasPrefix(got, want) {
			t.Errorf("EndSession %d: %s, want %s", i+1, got, want)
		}
	}
	if n := s.Server.SessionCount(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// TestWrongFaults asks for faults that there are not: the answer names them.
func TestWrongFaults(t *testing.T) {
	s := servertest.New(t)
	for body, want := range map[string]string{
		`{"Capacitty":1}`:            "Capacitty",
		`{"Capacity":-1}`:            "Capacity is -1",
		`{"LoseAnswers":-2}`:         "LoseAnswers is -2",
		`{"Conflicts":-3}`:           "Conflicts is -3",
		`{"DelayCommits":"-4s"}`:     "DelayCommits is -4s",
		`{"Capacity":1}{"Other":12}`: "after it",
	} {
		if got := send(t, "POST", s.URL+"/_tally/faults", body); !strings.HasPrefix(got, "400") || !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
