//lint:file-ignore SA1019 the service has ended; this package is for endpoints that speak its protocol

package qldb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsqldb "github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// answer is what the fake service says to one command.
type answer struct {
	status int
	typ    string // X-Amzn-ErrorType and __type; "" for none
	body   string // JSON; "" makes one of typ and msg
	msg    string
	drop   bool          // close the connection without an answer
	after  chan struct{} // wait for it before answering
}

// fakeService is the session API with canned answers: what a command gets is the
// next of its answers, or success where none is left.
type fakeService struct {
	t *testing.T

	mu       sync.Mutex
	answers  map[string][]answer // by command
	calls    []string            // commands in order of arrival
	sessions int                 // open now
	most     int                 // open at once
	txs      int
	digests  map[string]*hashchain.CommitDigest // by transaction id
	pages    [][]string                         // Ion text of the rows, page by page, of every statement
	control  func(w http.ResponseWriter, r *http.Request)
}

type request struct {
	SessionToken     string
	StartSession     *struct{ LedgerName string }
	StartTransaction *struct{}
	ExecuteStatement *struct {
		TransactionId, Statement string
		Parameters               []struct{ IonBinary []byte }
	}
	FetchPage         *struct{ TransactionId, NextPageToken string }
	CommitTransaction *struct {
		TransactionId string
		CommitDigest  []byte
	}
	AbortTransaction, EndSession *struct{}
}

func (c *request) name() string {
	switch {
	case c.StartSession != nil:
		return "StartSession"
	case c.StartTransaction != nil:
		return "StartTransaction"
	case c.ExecuteStatement != nil:
		return "ExecuteStatement"
	case c.FetchPage != nil:
		return "FetchPage"
	case c.CommitTransaction != nil:
		return "CommitTransaction"
	case c.AbortTransaction != nil:
		return "AbortTransaction"
	}
	return "EndSession"
}

// fake starts a fake service and opens a ledger on it.
func fake(t *testing.T, opts ...Option) (*fakeService, *Ledger) {
	t.Helper()
	f := &fakeService{t: t, answers: map[string][]answer{}, digests: map[string]*hashchain.CommitDigest{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	creds := credentials.NewStaticCredentialsProvider("test", "test", "")
	s := qldbsession.New(qldbsession.Options{Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Credentials: creds, HTTPClient: srv.Client()})
	c := awsqldb.New(awsqldb.Options{Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Credentials: creds, HTTPClient: srv.Client(), Retryer: aws.NopRetryer{}})
	l, err := New("books", s, c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return f, l
}

func (f *fakeService) on(command string, a ...answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[command] = append(f.answers[command], a...)
}

func (f *fakeService) count(command string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == command {
			n++
		}
	}
	return n
}

// wait waits until the command has come.
func (f *fakeService) wait(command string) {
	for f.count(command) == 0 {
		runtime.Gosched()
	}
}

func (f *fakeService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		f.control(w, r)
		return
	}
	var c request
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		f.t.Error(err)
	}
	a, ok := f.next(c.name())
	if c.ExecuteStatement != nil {
		f.extend(&c) // failed statements count too
	}
	if a.after != nil {
		<-a.after
	}
	switch {
	case ok && a.drop:
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			f.t.Error(err)
			return
		}
		conn.Close()
	case ok && a.status != 0:
		writeAnswer(w, a)
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		fmt.Fprint(w, f.succeed(&c))
	}
}

func writeAnswer(w http.ResponseWriter, a answer) {
	if a.typ != "" {
		w.Header().Set("X-Amzn-ErrorType", a.typ)
	}
	if a.body == "" {
		b, _ := json.Marshal(map[string]string{"__type": a.typ, "Message": a.msg})
		a.body = string(b)
	}
	w.WriteHeader(a.status)
	fmt.Fprint(w, a.body)
}

func (f *fakeService) next(command string) (answer, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, command)
	list := f.answers[command]
	if len(list) == 0 {
		return answer{}, false
	}
	f.answers[command] = list[1:]
	return list[0], true
}

func (f *fakeService) succeed(c *request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	const timing = `"TimingInformation":{"ProcessingTimeMilliseconds":3}`
	const ios = `"ConsumedIOs":{"ReadIOs":2,"WriteIOs":1},` + timing
	switch {
	case c.StartSession != nil:
		f.sessions++
		f.most = max(f.most, f.sessions)
		return fmt.Sprintf(`{"StartSession":{"SessionToken":"token%d",%s}}`, f.sessions, timing)
	case c.StartTransaction != nil:
		f.txs++
		id := fmt.Sprintf("Tx%020d", f.txs)
		d := hashchain.NewCommitDigest(id)
		f.digests[id] = &d
		return fmt.Sprintf(`{"StartTransaction":{"TransactionId":%q,%s}}`, id, timing)
	case c.ExecuteStatement != nil:
		return fmt.Sprintf(`{"ExecuteStatement":{"FirstPage":%s,%s}}`, f.page(0), ios)
	case c.FetchPage != nil:
		var n int
		fmt.Sscanf(c.FetchPage.NextPageToken, "page%d", &n)
		return fmt.Sprintf(`{"FetchPage":{"Page":%s,%s}}`, f.page(n), ios)
	case c.CommitTransaction != nil:
		id, sent := c.CommitTransaction.TransactionId, c.CommitTransaction.CommitDigest
		if want := f.digests[id].Hash(); string(want.Bytes()) != string(sent) {
			f.t.Errorf("the driver's commit digest is %x, want %s", sent, want)
		}
		return fmt.Sprintf(`{"CommitTransaction":{"TransactionId":%q,"CommitDigest":%q,%s}}`, id, base64.StdEncoding.EncodeToString(sent), ios)
	case c.AbortTransaction != nil:
		return `{"AbortTransaction":{}}`
	}
	f.sessions--
	return `{"EndSession":{}}`
}

func (f *fakeService) extend(c *request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var params []ion.Value
	for _, p := range c.ExecuteStatement.Parameters {
		v, err := ion.Parse(p.IonBinary)
		if err != nil {
			f.t.Error(err)
			return
		}
		params = append(params, v)
	}
	d, err := hashchain.StatementDigest(c.ExecuteStatement.Statement, params...)
	if err != nil {
		f.t.Error(err)
	}
	f.digests[c.ExecuteStatement.TransactionId].Extend(d)
}

func (f *fakeService) page(n int) string {
	type value struct{ IonBinary []byte }
	p := struct {
		Values        []value
		NextPageToken string `json:",omitempty"`
	}{Values: []value{}}
	if n < len(f.pages) {
		for _, text := range f.pages[n] {
			v, err := ion.ParseText(text)
			if err != nil {
				f.t.Error(err)
			}
			p.Values = append(p.Values, value{v.Encode()})
		}
	}
	if n+1 < len(f.pages) {
		p.NextPageToken = fmt.Sprintf("page%d", n+1)
	}
	b, _ := json.Marshal(p)
	return string(b)
}

// quick retries without waiting.
func quick(retries int) ledger.ExecuteOption {
	return ledger.WithRetry(ledger.RetryPolicy{Max: retries, Base: time.Nanosecond, Cap: time.Nanosecond})
}
