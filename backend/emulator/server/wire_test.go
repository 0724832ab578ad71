package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// TestWire replays the conversations of testdata/wire. A file is one server
// with an ACTIVE ledger L. Commands:
//
//	send       one request of the session API; the input is its body
//	rest       any request; the first line of the input is METHOD PATH, lines
//	           that begin with "> " are headers, the rest is the body
//	advance D  moves the clock
//	faults     the input is the body of POST /_tally/faults
//
// Tokens and ids have names in the files by the order in which they come up,
// as in <session-1>, <tx-2> and <id-3>. <digest tx-1> stands for the right
// commit digest of a transaction, <ion TEXT> for TEXT as Ion binary in base64.
// Run with -rewrite to write the answers anew, and read the difference.
func TestWire(t *testing.T) {
	datadriven.Walk(t, "testdata/wire", func(t *testing.T, path string) {
		clock := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
		c := &conversation{
			t: t, real: map[string]string{}, names: map[string]string{}, count: map[string]int{}, digests: map[string]*hashchain.CommitDigest{},
			s: servertest.New(t, func(cfg *server.Config) {
				cfg.Clock = func() time.Time { return clock }
				cfg.CreateDelay = time.Minute
				cfg.DeleteDelay = time.Minute
				cfg.Exports.Dir = t.TempDir()
				cfg.FaithfulErrorCodes = strings.Contains(path, "faithful")
			}),
		}
		c.s.CreateLedger("L")
		datadriven.RunTest(t, path, c.command)
	})
}

// conversation is one file being replayed.
type conversation struct {
	t       *testing.T
	s       *servertest.Server
	real    map[string]string // by name
	names   map[string]string // by real value
	count   map[string]int
	digests map[string]*hashchain.CommitDigest
}

func (c *conversation) command(t *testing.T, d *datadriven.TestData) string {
	c.t = t
	switch d.Cmd {
	case "send":
		h := http.Header{"X-Amz-Target": {"QLDBSession.SendCommand"}, "Content-Type": {"application/x-amz-json-1.0"}}
		body := c.insert(d.Input)
		c.follow(body)
		return c.exchange("POST", "/", h, body)
	case "rest":
		line, body, _ := strings.Cut(c.insert(d.Input), "\n")
		h := http.Header{}
		for strings.HasPrefix(body, "> ") {
			var header string
			header, body, _ = strings.Cut(body[2:], "\n")
			k, v, _ := strings.Cut(header, ": ")
			h.Set(k, v)
		}
		method, path, _ := strings.Cut(line, " ")
		return c.exchange(method, path, h, body)
	case "advance":
		by, err := time.ParseDuration(d.CmdArgs[0].Key)
		if err != nil {
			t.Fatal(err)
		}
		c.s.Advance(by)
		return ""
	case "faults":
		return c.exchange("POST", "/_tally/faults", nil, d.Input)
	}
	t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
	return ""
}

var inserted = regexp.MustCompile(`<(digest )?([a-z]+-[0-9]+)>|<ion ((?:[^>]|>>)*)>`)

// insert puts real values in the place of their names.
func (c *conversation) insert(s string) string {
	return inserted.ReplaceAllStringFunc(s, func(m string) string {
		sub := inserted.FindStringSubmatch(m)
		switch {
		case sub[3] != "":
			v, err := ion.ParseText(sub[3])
			if err != nil {
				c.t.Fatalf("%s: %v", m, err)
			}
			return base64.StdEncoding.EncodeToString(v.Encode())
		case sub[1] != "":
			h := c.digests[c.real[sub[2]]].Hash()
			return h.Base64()
		}
		v, ok := c.real[sub[2]]
		if !ok {
			c.t.Fatalf("%s is not known yet", m)
		}
		return v
	})
}

// follow keeps the commit digest of the request's transaction, as drivers do.
func (c *conversation) follow(body string) {
	var in struct {
		ExecuteStatement *struct {
			TransactionId, Statement string
			Parameters               []struct{ IonBinary []byte }
		}
	}
	if json.Unmarshal([]byte(body), &in) != nil || in.ExecuteStatement == nil {
		return
	}
	d, ok := c.digests[in.ExecuteStatement.TransactionId]
	if !ok {
		return
	}
	var params []ion.Value
	for _, p := range in.ExecuteStatement.Parameters {
		v, err := ion.Parse(p.IonBinary)
		if err != nil {
			return
		}
		params = append(params, v)
	}
	h, err := hashchain.StatementDigest(in.ExecuteStatement.Statement, params...)
	if err != nil {
		c.t.Fatal(err)
	}
	d.Extend(h)
}

// exchange sends a request and shows the answer.
func (c *conversation) exchange(method, path string, h http.Header, body string) string {
	req, err := http.NewRequest(method, c.s.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if h != nil {
		req.Header = h
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "no answer\n"
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if strings.HasPrefix(path, "/_tally/") {
		return fmt.Sprintf("%d\n", res.StatusCode)
	}
	if len(res.Header.Get("X-Amzn-RequestId")) != 22 {
		c.t.Errorf("request id %q has not 22 characters", res.Header.Get("X-Amzn-RequestId"))
	}
	c.learn(out)
	var show bytes.Buffer
	fmt.Fprintf(&show, "%d %s\n", res.StatusCode, res.Header.Get("Content-Type"))
	if e := res.Header.Get("X-Amzn-ErrorType"); e != "" {
		fmt.Fprintf(&show, "X-Amzn-ErrorType: %s\n", e)
	}
	if len(out) > 0 {
		show.WriteString(c.hide(string(out)) + "\n")
	}
	return show.String()
}

// learn names the tokens and transactions of an answer.
func (c *conversation) learn(out []byte) {
	var in struct {
		StartSession     struct{ SessionToken string }
		StartTransaction struct{ TransactionId string }
		ExecuteStatement struct {
			FirstPage struct{ NextPageToken string }
		}
		FetchPage struct {
			Page struct{ NextPageToken string }
		}
		NextToken string
	}
	if json.Unmarshal(out, &in) != nil {
		return
	}
	c.name("session", in.StartSession.SessionToken)
	c.name("page", in.ExecuteStatement.FirstPage.NextPageToken)
	c.name("page", in.FetchPage.Page.NextPageToken)
	c.name("page", in.NextToken)
	if id := in.StartTransaction.TransactionId; id != "" {
		c.name("tx", id)
		d := hashchain.NewCommitDigest(id)
		c.digests[id] = &d
	}
}

func (c *conversation) name(kind, value string) string {
	if value == "" {
		return ""
	}
	if n, ok := c.names[value]; ok {
		return n
	}
	c.count[kind]++
	n := fmt.Sprintf("%s-%d", kind, c.count[kind])
	c.names[value], c.real[n] = n, value
	return n
}

var (
	times    = regexp.MustCompile(`"ProcessingTimeMilliseconds":[1-9][0-9]*`)
	rowsOf   = regexp.MustCompile(`"IonBinary":"([A-Za-z0-9+/=]*)"`)
	someIDs  = regexp.MustCompile(`\b[0-9A-Za-z]{22}\b`)
	hashes   = regexp.MustCompile(`\{\{[A-Za-z0-9+/]{43}=\}\}`)
	digests  = regexp.MustCompile(`"(Commit)?Digest":"[A-Za-z0-9+/]{43}="`)
	quotedID = regexp.MustCompile(`'<(id-[0-9]+)>':`)
	many     = regexp.MustCompile(`(\{"IonBinary":[^{}]*\},){20,}`)
)

// hide puts names in the place of what differs from run to run.
func (c *conversation) hide(s string) string {
	s = times.ReplaceAllString(s, `"ProcessingTimeMilliseconds":1`)
	s = rowsOf.ReplaceAllStringFunc(s, func(m string) string {
		b, err := base64.StdEncoding.DecodeString(rowsOf.FindStringSubmatch(m)[1])
		if err != nil {
			return m
		}
		v, err := ion.Parse(b)
		if err != nil {
			return m
		}
		return `"IonBinary":<ion ` + v.String() + `>`
	})
	s = many.ReplaceAllStringFunc(s, func(m string) string { return fmt.Sprintf("[%d more],", strings.Count(m, "IonBinary")) })
	s = digests.ReplaceAllString(s, `"${1}Digest":"<digest>"`)
	s = hashes.ReplaceAllString(s, "{{hash}}")
	for value, n := range c.names {
		s = strings.ReplaceAll(s, value, "<"+n+">")
	}
	s = someIDs.ReplaceAllStringFunc(s, func(id string) string {
		if !strings.ContainsAny(id, "0123456789") {
			return id // a word that happens to be as long as an id
		}
		return "<" + c.name("id", id) + ">"
	})
	s = quotedID.ReplaceAllString(s, "<$1>:") // quoted where it begins with a digit
	return s
}
