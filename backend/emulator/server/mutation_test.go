package server_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/hashchain/ion"
)

var mutationSeed = flag.Uint64("mutation.seed", 0, "seed of TestMutations; 0 takes the time")

// modelled are the errors that bad requests may get.
var modelled = map[string]bool{
	"": true, "BadRequestException": true, "InvalidSessionException": true, "OccConflictException": true, "LimitExceededException": true,
	"InvalidParameterException": true, "ResourceNotFoundException": true, "ResourceAlreadyExistsException": true, "ResourceInUseException": true,
	"ResourcePreconditionNotMetException": true, "UnknownOperationException": true, "SerializationException": true,
}

// target is a server under bad requests.
type target struct {
	s       *server.Server
	handler http.Handler
	token   string
	tx      string
}

func newTarget(t testing.TB) *target {
	s, err := server.New(server.Config{Exports: server.ExportTarget{Dir: t.TempDir()}, TestControls: true, Limits: server.Limits{Ledgers: 50}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	g := &target{s: s, handler: s}
	if err := s.CreateLedger("L", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	g.refresh(t)
	return g
}

// refresh makes a session with an open transaction.
func (g *target) refresh(t testing.TB) {
	if _, err := g.s.Ledger("L"); err != nil { // a request removed it
		if err := g.s.CreateLedger("L", "ALLOW_ALL"); err != nil {
			t.Fatal(err)
		}
	}
	if g.s.SessionCount() > 1000 {
		if err := g.s.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		g.s.Sweep()
	}
	var out struct {
		StartSession     struct{ SessionToken string }
		StartTransaction struct{ TransactionId string }
	}
	for _, body := range []string{`{"StartSession":{"LedgerName":"L"}}`, `{"SessionToken":"%s","StartTransaction":{}}`} {
		body = strings.Replace(body, "%s", out.StartSession.SessionToken, 1)
		res := g.send("POST", "/", "QLDBSession.SendCommand", []byte(body))
		if err := json.Unmarshal(res.Body.Bytes(), &out); err != nil || res.Code != http.StatusOK {
			t.Fatalf("%d %s: %v", res.Code, res.Body, err)
		}
	}
	g.token, g.tx = out.StartSession.SessionToken, out.StartTransaction.TransactionId
}

func (g *target) send(method, path, amzTarget string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "http://127.0.0.1/", strings.NewReader(string(body)))
	if i := strings.IndexByte(path, '?'); i >= 0 {
		r.URL.RawQuery = path[i+1:]
		path = path[:i]
	}
	r.Method, r.URL.Path, r.URL.RawPath = method, path, path
	if amzTarget != "" {
		r.Header.Set("X-Amz-Target", amzTarget)
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	return w
}

// check reports an answer that is neither a success nor a modelled error.
func check(w *httptest.ResponseRecorder) error {
	name := w.Header().Get("X-Amzn-ErrorType")
	switch {
	case w.Code >= 500 || w.Code < 200:
		return fmt.Errorf("status %d, %s: %s", w.Code, name, w.Body)
	case w.Code >= 300 && (name == "" || !modelled[name]):
		return fmt.Errorf("status %d with error %q: %s", w.Code, name, w.Body)
	case w.Code < 300 && name != "":
		return fmt.Errorf("status %d with error %q", w.Code, name)
	}
	if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) && w.Header().Get("Content-Type") != "text/xml" {
		return fmt.Errorf("an answer that is no JSON: %s", w.Body)
	}
	return nil
}

// good are requests that work; TOKEN and TX are put in.
func good() [][3]string {
	param := func(text string) string {
		v, err := ion.ParseText(text)
		if err != nil {
			panic(err)
		}
		return base64.StdEncoding.EncodeToString(v.Encode())
	}
	session := func(body string) [3]string { return [3]string{"POST", "/", body} }
	export := `{"InclusiveStartTime":1,"ExclusiveEndTime":1.5,"S3ExportConfiguration":{"Bucket":"bucket","Prefix":"p","EncryptionConfiguration":{"ObjectEncryptionType":"NO_ENCRYPTION"}},"RoleArn":"arn:aws:iam::000000000000:role/r","OutputFormat":"JSON"}`
	stream := `{"InclusiveStartTime":1,"StreamName":"s","RoleArn":"arn:aws:iam::000000000000:role/r","KinesisConfiguration":{"StreamArn":"arn:aws:kinesis:us-east-1:000000000000:stream/k"},"Tags":{"a":"b"}}`
	return [][3]string{
		session(`{"StartSession":{"LedgerName":"L"}}`),
		session(`{"SessionToken":"TOKEN","StartTransaction":{}}`),
		session(`{"SessionToken":"TOKEN","ExecuteStatement":{"TransactionId":"TX","Statement":"INSERT INTO T ?","Parameters":[{"IonBinary":"` + param(`{a:1,b:[2.50,"x",{{aGVsbG8=}}],c:d::true}`) + `"}]}}`),
		session(`{"SessionToken":"TOKEN","ExecuteStatement":{"TransactionId":"TX","Statement":"SELECT a, ? FROM T WHERE b = 'x'","Parameters":[{"IonText":"{a:1,b:[2.50,\"x\"]}"}]}}`),
		session(`{"SessionToken":"TOKEN","ExecuteStatement":{"TransactionId":"TX","Statement":"CREATE TABLE T","Parameters":[]}}`),
		session(`{"SessionToken":"TOKEN","FetchPage":{"TransactionId":"TX","NextPageToken":"AAAA"}}`),
		session(`{"SessionToken":"TOKEN","CommitTransaction":{"TransactionId":"TX","CommitDigest":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}`),
		session(`{"SessionToken":"TOKEN","AbortTransaction":{}}`),
		session(`{"SessionToken":"TOKEN","EndSession":{}}`),
		{"POST", "/ledgers", `{"Name":"other","PermissionsMode":"STANDARD","DeletionProtection":false,"Tags":{"a":"b"},"KmsKey":"alias/k"}`},
		{"GET", "/ledgers?max_results=5", ""},
		{"GET", "/ledgers/L", ""},
		{"PATCH", "/ledgers/L", `{"DeletionProtection":true,"KmsKey":"AWS_OWNED_KMS_KEY"}`},
		{"PATCH", "/ledgers/L/permissions-mode", `{"PermissionsMode":"ALLOW_ALL"}`},
		{"DELETE", "/ledgers/other", ""},
		{"POST", "/ledgers/L/digest", ""},
		{"POST", "/ledgers/L/block", `{"BlockAddress":{"IonText":"{strandId:\"x\",sequenceNo:0}"},"DigestTipAddress":{"IonText":"{strandId:\"x\",sequenceNo:0}"}}`},
		{"POST", "/ledgers/L/revision", `{"BlockAddress":{"IonText":"{strandId:\"x\",sequenceNo:0}"},"DocumentId":"0123456789012345678901"}`},
		{"POST", "/ledgers/L/journal-s3-exports", export},
		{"GET", "/ledgers/L/journal-s3-exports/0123456789012345678901", ""},
		{"POST", "/ledgers/L/journal-kinesis-streams", stream},
		{"DELETE", "/ledgers/L/journal-kinesis-streams/0123456789012345678901", ""},
		{"POST", "/tags/arn%3Aaws%3Aqldb%3Aus-east-1%3A000000000000%3Aledger%2FL", `{"Tags":{"a":"b"}}`},
		{"DELETE", "/tags/arn%3Aaws%3Aqldb%3Aus-east-1%3A000000000000%3Aledger%2FL?tagKeys=a", ""},
	}
}

// mutate changes a few bytes: single bits, pieces taken out, doubled, or put in
// from a list of what parsers dislike.
func mutate(r *rand.Rand, s string) string {
	dislike := []string{"\x00", "\xff", `"`, "{", "}", "[", "]", "null", "-1", "1e999", "..", "/", "%2F", "%00", "%", `\u0000`, `\ud800`, "😀", strings.Repeat("A", 2000), strings.Repeat("[", 20000), "true", "?", ";"}
	for range 1 + r.IntN(3) {
		i, j := r.IntN(len(s)+1), r.IntN(len(s)+1)
		i, j = min(i, j), max(i, j)
		j = min(j, i+20)
		switch r.IntN(5) {
		case 0:
			if i < len(s) {
				s = s[:i] + string([]byte{s[i] ^ 1<<r.IntN(8)}) + s[i+1:]
			}
		case 1:
			s = s[:i] + s[j:]
		case 2:
			s = s[:j] + s[i:]
		case 3:
			s = s[:i] + dislike[r.IntN(len(dislike))] + s[i:]
		case 4:
			s = s[:i] + dislike[r.IntN(len(dislike))] + s[j:]
		}
	}
	return s
}

// TestMutations sends 10,000 good requests that were made bad, over HTTP where
// that can carry them: all get an answer, and no answer is the server's fault.
func TestMutations(t *testing.T) {
	seed := *mutationSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("run again with -mutation.seed=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	g := newTarget(t)
	hs := httptest.NewServer(g.s)
	defer hs.Close()
	requests := good()
	for i := range 10_000 {
		if i%100 == 0 {
			g.refresh(t)
		}
		q := requests[r.IntN(len(requests))]
		method, path, body := q[0], q[1], strings.NewReplacer("TOKEN", g.token, "TX", g.tx).Replace(q[2])
		if body == "" || path != "/" && r.IntN(3) == 0 {
			path = "/" + mutate(r, path[1:])
		} else {
			body = mutate(r, body)
		}
		var err error
		if res, e := viaHTTP(hs, method, path, body); e == nil {
			err = check(res)
		} else {
			err = check(g.send(method, path, "QLDBSession.SendCommand", []byte(body)))
		}
		if err != nil {
			t.Errorf("request %d: %s %q %q: %v", i, method, path, body, err)
		}
	}
}

// TestWrongTypes gives every value in the bodies of good requests each other type
// of JSON.
func TestWrongTypes(t *testing.T) {
	g := newTarget(t)
	for _, q := range good() {
		if q[2] == "" {
			continue
		}
		var body any
		if err := json.Unmarshal([]byte(strings.NewReplacer("TOKEN", g.token, "TX", g.tx).Replace(q[2])), &body); err != nil {
			t.Fatal(err)
		}
		eachWrongType(body, func(v any) { body = v }, func() {
			b, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			w := g.send(q[0], q[1], "QLDBSession.SendCommand", b)
			if err := check(w); err != nil || w.Code < 400 || w.Header().Get("X-Amzn-ErrorType") != "SerializationException" {
				t.Errorf("%s %s %s: %d %s, %v", q[0], q[1], b, w.Code, w.Body, err)
			}
		})
	}
}

// eachWrongType sets v and everything in it to values of all other types, one at a
// time, and puts it back.
func eachWrongType(v any, set func(any), try func()) {
	for _, wrong := range []any{"text", 5, true, []any{}, []any{1, 2}, map[string]any{}, map[string]any{"a": 1}} {
		if kind(wrong) != kind(v) {
			set(wrong)
			try()
		}
	}
	set(v)
	switch v := v.(type) {
	case []any:
		for i := range v {
			eachWrongType(v[i], func(w any) { v[i] = w }, try)
		}
	case map[string]any:
		for name := range v {
			eachWrongType(v[name], func(w any) { v[name] = w }, try)
		}
	}
}

func kind(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case int, float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "array"
	}
	return "object"
}

// viaHTTP fails where the client refuses to send such a request, or net/http's
// server to read it: a space in the query, which the client sends as it is.
func viaHTTP(hs *httptest.Server, method, path, body string) (*httptest.ResponseRecorder, error) {
	req, err := http.NewRequest(method, hs.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Amz-Target", "QLDBSession.SendCommand")
	res, err := hs.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	w := httptest.NewRecorder()
	w.Code = res.StatusCode
	for k, v := range res.Header {
		w.Header()[k] = v
	}
	_, err = io.Copy(w.Body, res.Body)
	if err == nil && w.Code == http.StatusBadRequest && strings.HasPrefix(w.Body.String(), "400 Bad Request") {
		err = errors.New(w.Body.String())
	}
	return w, err
}

// TestPathTricks sends request lines that an HTTP client would not.
func TestPathTricks(t *testing.T) {
	g := newTarget(t)
	for _, path := range []string{
		"/ledgers/%zz", "/ledgers/%", "/ledgers/%2", "/ledgers/..", "/ledgers/../L", "//ledgers", "/ledgers//L", "/./ledgers/L", "/ledgers/L\x00", "/ledgers/L%00.tally",
		"/ledgers/..%2f..%2f..%2fetc%2fpasswd", "/ledgers/%2e%2e%2fserver.json", "/ledgers/" + strings.Repeat("a", 10000), "/tags/%", "/tags/", "/tags/%2e%2e", "/ledgers/L/journal-s3-exports/..%2f..", "*", "",
	} {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE", "BREW"} {
			w := g.send(method, path, "", nil)
			if err := check(w); err != nil || w.Code < 400 {
				t.Errorf("%s %q: %d, %v", method, path, w.Code, err)
			}
		}
	}
}
