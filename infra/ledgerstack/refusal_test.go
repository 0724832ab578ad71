package ledgerstack_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

// refusal is one Config that is refused, for exactly one value.
type refusal struct {
	name       string
	spoil      func(*ledgerstack.Config)
	key, value string
	rule       string // part of the rule's text
}

func refusals() []refusal {
	type config = ledgerstack.Config
	tooMany := map[string]string{}
	var ids []string
	for i := range 51 {
		tooMany[fmt.Sprint("k", i)] = "v"
		ids = append(ids, fmt.Sprintf("%022d", i))
	}
	long := strings.Repeat("x", 33)
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	return []refusal{
		{"no target", func(c *config) { c.Target = "" }, "ledger:target", "", "emulator or aws"},
		{"other target", func(c *config) { c.Target = "azure" }, "ledger:target", "azure", "emulator or aws"},
		{"no region", func(c *config) { c.Region = "" }, "aws:region", "", "us-east-1"},
		{"odd region", func(c *config) { c.Region = "us-east-1.evil.example" }, "aws:region", "us-east-1.evil.example", "us-east-1"},
		{"no name", func(c *config) { c.Name = "" }, "ledger:name", "", "required"},
		{"long name", func(c *config) { c.Name = long }, "ledger:name", long, "at most 32"},
		{"name with _", func(c *config) { c.Name = "a_b" }, "ledger:name", "a_b", "letters"},
		{"name with --", func(c *config) { c.Name = "a--b" }, "ledger:name", "a--b", "two hyphens"},
		{"name with - first", func(c *config) { c.Name = "-a" }, "ledger:name", "-a", "begins nor ends"},
		{"name with - last", func(c *config) { c.Name = "a-" }, "ledger:name", "a-", "begins nor ends"},
		{"name of digits", func(c *config) { c.Name = "2025" }, "ledger:name", "2025", "digits alone"},
		{"permissions mode", func(c *config) { c.PermissionsMode, c.Access = "OPEN", nil }, "ledger:permissionsMode", "OPEN", "STANDARD or ALLOW_ALL"},
		{"key alias", func(c *config) { c.KmsKey = "alias/ledger" }, "ledger:kmsKey", "alias/ledger", "ARN of a KMS key"},
		{"51 tags", func(c *config) { c.Tags = tooMany }, "ledger:tags", "51 tags", "at most 50"},
		{"empty tag key", func(c *config) { c.Tags = map[string]string{"": "v"} }, "ledger:tags", "", "1 to 128"},
		{"long tag key", func(c *config) { c.Tags = map[string]string{strings.Repeat("é", 129): "v"} }, "ledger:tags", strings.Repeat("é", 129), "1 to 128"},
		{"tag key of AWS", func(c *config) { c.Tags = map[string]string{"AWS:x": "v"} }, "ledger:tags", "AWS:x", "belong to the service"},
		{"tag key not UTF-8", func(c *config) { c.Tags = map[string]string{"\xff": "v"} }, "ledger:tags", "\xff", "UTF-8"},
		{"long tag value", func(c *config) { c.Tags = map[string]string{"k": strings.Repeat("é", 257)} }, "ledger:tags[k]", strings.Repeat("é", 257), "at most 256"},
		{"tag value not UTF-8", func(c *config) { c.Tags = map[string]string{"k": "\xff"} }, "ledger:tags[k]", "\xff", "UTF-8"},
		{"bucket capitals", func(c *config) { c.Export.Bucket = "Acme" }, "ledger:export.bucket", "Acme", "lower-case"},
		{"bucket too short", func(c *config) { c.Export.Bucket = "ab" }, "ledger:export.bucket", "ab", "3 to 63"},
		{"bucket dots", func(c *config) { c.Export.Bucket = "a.b.c" }, "ledger:export.bucket", "a.b.c", "no dots"},
		{"prefix slash", func(c *config) { c.Export.Prefix = "/x" }, "ledger:export.prefix", "/x", "not begin with /"},
		{"prefix wildcard", func(c *config) { c.Export.Prefix = "x*" }, "ledger:export.prefix", "x*", "letters, digits"},
		{"prefix too long", func(c *config) { c.Export.Prefix = strings.Repeat("x", 128) }, "ledger:export.prefix", strings.Repeat("x", 128), "at most 128"},
		{"export key", func(c *config) { c.Export.KmsKey = "mine" }, "ledger:export.kmsKey", "mine", "ARN of a KMS key"},
		{"export days", func(c *config) { c.Export.NoncurrentDays = -1 }, "ledger:export.noncurrentDays", "-1", "between 1 and"},
		{"archive days", func(c *config) { c.Export.ArchiveAfterDays = 40000 }, "ledger:export.archiveAfterDays", "40000", "between 1 and"},
		{"stream name", func(c *config) { c.Stream.Name = "7" }, "ledger:stream.name", "7", "digits alone"},
		{"stream start", func(c *config) { c.Stream.StartTime = "yesterday" }, "ledger:stream.startTime", "yesterday", "RFC 3339"},
		{"stream start with an offset", func(c *config) { c.Stream.StartTime = "2020-01-01T00:00:00+01:00" }, "ledger:stream.startTime", "2020-01-01T00:00:00+01:00", "UTC"},
		{"stream start with a fraction", func(c *config) { c.Stream.StartTime = "2020-01-01T00:00:00.5Z" }, "ledger:stream.startTime", "2020-01-01T00:00:00.5Z", "whole seconds"},
		{"stream start in the future", func(c *config) { c.Stream.StartTime = tomorrow }, "ledger:stream.startTime", tomorrow, "future"},
		{"stream start too early", func(c *config) { c.Stream.StartTime = "1969-12-31T23:59:59Z" }, "ledger:stream.startTime", "1969-12-31T23:59:59Z", "1970 to 2261"},
		{"stream end too late", func(c *config) { c.Stream.EndTime = "2262-01-01T00:00:00Z" }, "ledger:stream.endTime", "2262-01-01T00:00:00Z", "1970 to 2261"},
		{"stream end", func(c *config) { c.Stream.EndTime = "2020" }, "ledger:stream.endTime", "2020", "RFC 3339"},
		{"stream end before start", func(c *config) { c.Stream.EndTime = ledgerstack.DefaultStreamStart }, "ledger:stream.endTime", ledgerstack.DefaultStreamStart, "after it starts"},
		{"stream role", func(c *config) { c.Stream.RoleArn = "role/x" }, "ledger:stream.roleArn", "role/x", "ARN of an IAM role"},
		{"Kinesis ARN", func(c *config) { c.Stream.KinesisArn = roleARN }, "ledger:stream.kinesisArn", roleARN, "ARN of a Kinesis stream"},
		{"Kinesis twice", func(c *config) {
			c.Stream.KinesisArn, c.Stream.Kinesis = kinesisARN, &ledgerstack.Kinesis{}
		}, "ledger:stream.kinesis", kinesisARN, "names one that exists"},
		{"Kinesis key", func(c *config) { c.Stream.KinesisKmsKey = "alias/x" }, "ledger:stream.kinesisKmsKey", "alias/x", "ARN of a KMS key"},
		{"shards", func(c *config) { c.Stream.Kinesis = &ledgerstack.Kinesis{Shards: -2} }, "ledger:stream.kinesis.shards", "-2", "between 1 and"},
		{"retention", func(c *config) { c.Stream.Kinesis = &ledgerstack.Kinesis{RetentionHours: 1} }, "ledger:stream.kinesis.retentionHours", "1", "between 24 and 8760"},
		{"access in ALLOW_ALL", func(c *config) { c.PermissionsMode = ledgerstack.AllowAll }, "ledger:access", "ALLOW_ALL", "no effect"},
		{"access for nobody", func(c *config) { c.Access = &ledgerstack.Access{} }, "ledger:access", "", "at least one"},
		{"writer by table name", func(c *config) { c.Access.Writer.Tables = []string{"Vehicle"} }, "ledger:access.writer.tables", "Vehicle", "not by its name"},
		{"reader by wildcard", func(c *config) { c.Access.Reader.Tables = []string{"*"} }, "ledger:access.reader.tables", "*", "22 letters and digits"},
		{"auditor of 51 tables", func(c *config) { c.Access.Auditor.Tables = ids }, "ledger:access.auditor.tables", "51 tables", "at most 40"},
		{"everybody", func(c *config) { c.Access.Reader.Principals = []string{"*"} }, "ledger:access.reader.principals", "*", "root, a user or a role"},
	}
}

// wantRefusal checks an error for one ConfigError whose text says everything.
func wantRefusal(t *testing.T, err error, key, value, rule string) {
	t.Helper()
	var refused *ledgerstack.ConfigError
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a ConfigError", err)
	}
	if refused.Key != key || refused.Value != value || !strings.Contains(refused.Rule, rule) || refused.Remedy == "" {
		t.Errorf("refused %+v, want key %s, value %q, a rule with %q and a remedy", *refused, key, value, rule)
	}
	for _, part := range []string{refused.Key, fmt.Sprintf("%q", refused.Value), refused.Rule, refused.Remedy} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the message %q lacks %q", err, part)
		}
	}
	if n := strings.Count(err.Error(), ` = "`); n != 1 {
		t.Errorf("%d values are refused, want 1: %v", n, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range refusals() {
		t.Run(tc.name, func(t *testing.T) {
			c := full()
			tc.spoil(&c)
			r, err := deploy(c)
			wantRefusal(t, err, tc.key, tc.value, tc.rule)
			if len(r.made) != 0 {
				t.Errorf("%v were registered before the refusal", r.list())
			}
		})
	}
}

// Everything that is wrong is said at once.
func TestRefusalsTogether(t *testing.T) {
	c := full()
	c.Name, c.Export.Bucket, c.Stream.Name = "a--b", "X", "9"
	err := c.Validate()
	for _, part := range []string{`"a--b"`, `"X"`, `"9"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
}

// A stack for an emulator is refused before any call as long as a service that
// it uses has no endpoint.
func TestServicesWithoutEndpoint(t *testing.T) {
	stream := func(s ledgerstack.Stream) func(*ledgerstack.Config) {
		return func(c *ledgerstack.Config) { s.Name = "journal"; c.Stream = &s }
	}
	for _, tc := range []struct {
		name  string
		add   func(*ledgerstack.Config)
		wants []string // services, each with what needs it
	}{
		{"ledger", func(c *ledgerstack.Config) { c.Endpoints.QLDB = "" }, []string{"qldb:the ledger"}},
		{"bucket", func(c *ledgerstack.Config) { c.Export = &ledgerstack.Export{Bucket: "acme-exports"} },
			[]string{"s3:the bucket", "iam:the role of ledger:export"}},
		{"stream's role", stream(ledgerstack.Stream{KinesisArn: kinesisARN}), []string{"iam:the role of ledger:stream"}},
		{"Kinesis stream", stream(ledgerstack.Stream{RoleArn: roleARN}), []string{"kinesis:the Kinesis stream"}},
		{"policies", func(c *ledgerstack.Config) { c.Access = &ledgerstack.Access{Reader: &ledgerstack.Grant{}} },
			[]string{"iam:the policies"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := onEmulator()
			tc.add(&c)
			r, err := deploy(c)
			if err == nil || len(r.made) != 0 {
				t.Fatalf("error %v, and %v were registered; want a refusal before any call", err, r.list())
			}
			if n := strings.Count(err.Error(), "would go to AWS"); n != len(tc.wants) {
				t.Errorf("%d services are refused, want %d: %v", n, len(tc.wants), err)
			}
			for _, want := range tc.wants {
				service, need, _ := strings.Cut(want, ":")
				if !strings.Contains(err.Error(), "aws:endpoints."+service) || !strings.Contains(err.Error(), need) {
					t.Errorf("%v does not say that %s is needed for %s", err, service, need)
				}
			}
		})
	}
}

// A ledger at an endpoint of its own and a bucket in AWS would be two halves.
func TestHalfAnEndpointOnAWS(t *testing.T) {
	c := onAWS()
	c.Endpoints.QLDB = "https://ledger.example"
	if err := c.Validate(); err != nil {
		t.Errorf("a ledger alone is refused: %v", err)
	}
	if u := mustDeploy(t, c).outputs["ledger_url"]; u != "qldb://vehicles?region=us-east-1&endpoint=https%3A%2F%2Fledger.example" {
		t.Errorf("ledger_url = %v, want the endpoint in it", u)
	}
	c.Export = &ledgerstack.Export{Bucket: "acme-exports"}
	c.Endpoints.IAM = "https://iam.example"
	_, err := deploy(c)
	wantRefusal(t, err, "aws:endpoints.s3", "", "would go to AWS")
}

func TestEndpoints(t *testing.T) {
	for endpoint, rule := range map[string]string{
		"127.0.0.1:7532":                           "URL with http or https",
		"ftp://127.0.0.1":                          "URL with http or https",
		"http://":                                  "URL with http or https",
		"http://u:p@127.0.0.1":                     "no user name",
		"http://127.0.0.1/path":                    "no path",
		"http://127.0.0.1?x=y":                     "no path or query",
		"https://qldb.us-east-1.amazonaws.com":     "not one of AWS's",
		"https://QLDB.us-east-1.AmazonAWS.com.":    "not one of AWS's",
		"https://qldb.cn-north-1.amazonaws.com.cn": "not one of AWS's",
		"https://qldb.us-east-1.api.aws":           "not one of AWS's",
	} {
		c := onEmulator()
		c.Endpoints.QLDB = endpoint
		wantRefusal(t, c.Validate(), "aws:endpoints.qldb", endpoint, rule)
	}
	for _, endpoint := range []string{"http://127.0.0.1:7532", "http://127.0.0.1:7532/", "http://[::1]:7532", "https://tally.example", "http://notamazonaws.com"} {
		c := onEmulator()
		c.Endpoints.QLDB = endpoint
		if err := c.Validate(); err != nil {
			t.Errorf("%s is refused: %v", endpoint, err)
		}
	}
}

// The limits themselves are allowed.
func TestLimitsAreAllowed(t *testing.T) {
	c := full()
	c.Name = strings.Repeat("x", 32)
	c.Tags = map[string]string{strings.Repeat("é", 128): strings.Repeat("é", 256)}
	for i := range 49 {
		c.Tags[fmt.Sprint(i)] = ""
	}
	c.Export = &ledgerstack.Export{Bucket: strings.Repeat("b", 63), Prefix: strings.Repeat("p", 127), NoncurrentDays: 36500, ArchiveAfterDays: 1}
	c.Stream.Kinesis = &ledgerstack.Kinesis{Shards: 1, RetentionHours: 8760}
	for i := range 40 {
		c.Access.Auditor.Tables = append(c.Access.Auditor.Tables[:i:i], fmt.Sprintf("%022d", i))
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}
