package ledgerstack

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// FuzzNameRule holds the rule against the service's expression, its look-aheads
// written out one by one.
func FuzzNameRule(f *testing.F) {
	for _, seed := range []string{"", "a", "vehicles", "a-b-1", "-a", "a-", "a--b", "123", "1-2", "a_b", "é", "a\n", "\xff", strings.Repeat("x", 32), strings.Repeat("x", 33)} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(`\A[A-Za-z0-9-]{1,32}\z`)
	not := regexp.MustCompile(`--|\A[0-9]+\z|\A-|-\z`)
	f.Fuzz(func(t *testing.T, name string) {
		want := shape.MatchString(name) && !not.MatchString(name)
		if rule := nameRule(name); (rule == "") != want {
			t.Errorf("nameRule(%q) = %q, allowed should be %v", name, rule, want)
		}
	})
}

// FuzzParseLedgerARN: what is taken apart puts itself together again.
func FuzzParseLedgerARN(f *testing.F) {
	for _, seed := range []string{"", "arn:aws:qldb:us-east-1:123456789012:ledger/vehicles", "arn:aws:qldb:::ledger/a", "arn:aws:s3:::ledger/a", "arn:aws:qldb:r:a:stream/x/y", "arn:aws:qldb:r:a:ledger/x/table/y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseLedgerARN(text)
		if err == nil && a.ledger() != text {
			t.Errorf("%q was taken apart to %q", text, a.ledger())
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
			t.Errorf("the error %q does not name %q", err, text)
		}
	})
}

// FuzzLoader: no configuration text panics, and each gives a value or an error.
func FuzzLoader(f *testing.F) {
	for _, seed := range []string{"", "null", "{}", "[]", `[{"qldb":"http://q"}]`, `{"name":"x"}`, `{"writer":{"tables":null}}`, `[null]`, "{} {}", "true"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := loader{get: func(string) (string, bool) { return text, true }}
		c := Config{Target: TargetEmulator, Endpoints: l.endpoints("aws:endpoints"), DeletionProtection: l.flag("flag")}
		l.object("stream", &c.Stream)
		l.object("access", &c.Access)
		l.object("export", &c.Export)
		if err := c.Validate(); err == nil {
			t.Errorf("a Config without a name is accepted after %q", text)
		}
		if !json.Valid([]byte(text)) && len(l.errs) < 4 {
			t.Errorf("%q is no JSON, yet only %d values are refused", text, len(l.errs))
		}
	})
}

func testARN(t *testing.T) ledgerARN {
	t.Helper()
	a, err := parseLedgerARN("arn:aws:qldb:us-east-1:123456789012:ledger/" + strings.Repeat("x", maxName))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// maxPolicy is IAM's limit for a managed policy, in characters.
const maxPolicy = 6144

// The largest policies that a Config allows fit into IAM's limit.
func TestLargestPoliciesFit(t *testing.T) {
	var g Grant
	for i := range maxTables {
		g.Tables = append(g.Tables, fmt.Sprintf("%022d", i))
	}
	e := Export{Bucket: strings.Repeat("b", 63), Prefix: strings.Repeat("p", 127), KmsKey: "arn:aws:kms:us-east-1:123456789012:key/0d0b5c4e-1111-4222-8333-444455556666"}
	a := testARN(t)
	for name, d := range map[string]document{
		"writer":  writerPolicy(a, WriterGrant{Grant: g, Schema: true}),
		"reader":  readerPolicy(a, g),
		"auditor": auditorPolicy(a, g, &e, "arn:aws:s3:::"+e.Bucket),
	} {
		text, err := d.text()
		if err != nil || len(text) > maxPolicy {
			t.Errorf("%s: %d characters, error %v; at most %d fit", name, len(text), err, maxPolicy)
		}
	}
}

// With Schema a writer may create tables and indexes, and nothing may ever drop
// or redact.
func TestWriterSchema(t *testing.T) {
	a := testARN(t)
	id := strings.Repeat("7", tableIDLength)
	d := writerPolicy(a, WriterGrant{Grant: Grant{Tables: []string{id}}, Schema: true})
	text, _ := d.text()
	for _, want := range []string{
		`{"Sid":"CreateTables","Effect":"Allow","Action":["qldb:PartiQLCreateTable"],"Resource":["` + a.ledger() + `/table/*"]}`,
		`"Action":["qldb:PartiQLSelect","qldb:PartiQLInsert","qldb:PartiQLUpdate","qldb:PartiQLDelete","qldb:PartiQLCreateIndex"],"Resource":["` + a.ledger() + `/table/` + id + `"]`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the policy %s lacks %s", text, want)
		}
	}
}

// No grant reaches beyond its ledger, and none is made of wildcards.
func TestGrantsAreNarrow(t *testing.T) {
	a := testARN(t)
	e := Export{Bucket: "bbb", KmsKey: "arn:aws:kms:us-east-1:123456789012:key/k"}
	all := map[string]document{
		"writer":  writerPolicy(a, WriterGrant{Schema: true}),
		"reader":  readerPolicy(a, Grant{}),
		"auditor": auditorPolicy(a, Grant{}, &e, "arn:aws:s3:::bbb"),
		"export":  exportPolicy(e, "arn:aws:s3:::bbb"),
		"stream":  streamPolicy("arn:aws:kinesis:us-east-1:123456789012:stream/k", e.KmsKey),
	}
	never := regexp.MustCompile(`\*|Drop|Undrop|Redact|DeleteLedger|Update(Ledger|LedgerPermissionsMode)|PassRole|ExportJournal`)
	for name, d := range all {
		for _, s := range d.Statement {
			for _, action := range s.Action {
				if never.MatchString(action) {
					t.Errorf("%s: the action %s is granted", name, action)
				}
			}
			for _, resource := range s.Resource {
				isLedger := resource == a.ledger() || strings.HasPrefix(resource, a.ledger()+"/")
				if strings.Contains(resource, ":qldb:") && !isLedger {
					t.Errorf("%s: the resource %s is outside the ledger", name, resource)
				}
				if resource == "*" {
					t.Errorf("%s: %s is granted on everything", name, s.Sid)
				}
			}
		}
	}
	if actions := all["reader"].Statement[2].Action; len(actions) != 1 || actions[0] != "qldb:PartiQLSelect" {
		t.Errorf("a reader may do %v on tables, want qldb:PartiQLSelect alone", actions)
	}
}

// Without a prefix an auditor lists the whole bucket, and KMS is used by key.
func TestAuditorReadsExports(t *testing.T) {
	e := Export{Bucket: "bbb", KmsKey: "arn:aws:kms:us-east-1:123456789012:key/k"}
	text, _ := auditorPolicy(testARN(t), Grant{}, &e, "arn:aws:s3:::bbb").text()
	for _, want := range []string{
		`{"Sid":"ListExportedObjects","Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::bbb"]}`,
		`{"Sid":"ReadExportedObjects","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::bbb/*"]}`,
		`{"Sid":"DecryptExportedObjects","Effect":"Allow","Action":["kms:Decrypt"],"Resource":["` + e.KmsKey + `"]}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the policy %s lacks %s", text, want)
		}
	}
}
