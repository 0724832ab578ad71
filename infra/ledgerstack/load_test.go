package ledgerstack_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

// load reads a Config from a stack's configuration, without making anything.
func load(t *testing.T, config map[string]string) (ledgerstack.Config, error) {
	t.Helper()
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	var c ledgerstack.Config
	err := pulumi.RunErr(func(ctx *pulumi.Context) (err error) {
		c, err = ledgerstack.Load(ctx)
		return err
	}, pulumi.WithMocks("ledger", "test", &recorder{}), func(info *pulumi.RunInfo) { info.Config = config })
	return c, err
}

// stackConfig is a valid configuration with every key.
func stackConfig() map[string]string {
	return map[string]string{
		"ledger:target": "emulator", "ledger:name": "vehicles", "ledger:permissionsMode": "STANDARD",
		"ledger:deletionProtection": "false", "ledger:kmsKey": keyARN, "ledger:tags": `{"env":"test"}`,
		"ledger:export": `{"bucket":"acme-exports","prefix":"journal/","kmsKey":"k","noncurrentDays":30,"archiveAfterDays":60}`,
		"ledger:stream": `{"name":"journal","startTime":"s","endTime":"e","aggregation":false,"kinesisArn":"k","roleArn":"r","kinesis":{"shards":2,"retentionHours":48},"kinesisKmsKey":"m"}`,
		"ledger:access": `{"writer":{"tables":["a"],"principals":["b"],"schema":true},"reader":{},"auditor":{"tables":["c"]}}`,
		"aws:region":    "eu-west-1", "aws:accessKey": "key", "aws:secretKey": "secret",
		"aws:endpoints":                 `[{"qldb":"http://q:1","ec2":"http://x:9"},{"s3":"http://s:2","iam":"http://i:3","kinesis":"http://k:4"}]`,
		"aws:skipCredentialsValidation": "true", "aws:skipRequestingAccountId": "true",
		"aws:skipMetadataApiCheck": "true", "aws:skipRegionValidation": "true",
	}
}

func TestLoadEveryKey(t *testing.T) {
	got, err := load(t, stackConfig())
	if err != nil {
		t.Fatal(err)
	}
	want := ledgerstack.Config{
		Target: ledgerstack.TargetEmulator, Region: "eu-west-1", Name: "vehicles", PermissionsMode: ledgerstack.Standard,
		DeletionProtection: off(), KmsKey: keyARN, Tags: map[string]string{"env": "test"},
		Endpoints: ledgerstack.Endpoints{QLDB: "http://q:1", S3: "http://s:2", IAM: "http://i:3", Kinesis: "http://k:4"},
		AccessKey: "key", SecretKey: "secret",
		Export: &ledgerstack.Export{Bucket: "acme-exports", Prefix: "journal/", KmsKey: "k", NoncurrentDays: 30, ArchiveAfterDays: 60},
		Stream: &ledgerstack.Stream{
			Name: "journal", StartTime: "s", EndTime: "e", Aggregation: off(), KinesisArn: "k", RoleArn: "r",
			Kinesis: &ledgerstack.Kinesis{Shards: 2, RetentionHours: 48}, KinesisKmsKey: "m",
		},
		Access: &ledgerstack.Access{
			Writer:  &ledgerstack.WriterGrant{Grant: ledgerstack.Grant{Tables: []string{"a"}, Principals: []string{"b"}}, Schema: true},
			Reader:  &ledgerstack.Grant{},
			Auditor: &ledgerstack.Grant{Tables: []string{"c"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Config (-want +got):\n%s", diff)
	}
}

func TestLoadRegionFromEnvironment(t *testing.T) {
	for _, name := range []string{"AWS_DEFAULT_REGION", "AWS_REGION"} {
		t.Setenv(name, "ap-south-1")
		err := pulumi.RunErr(func(ctx *pulumi.Context) error {
			c, err := ledgerstack.Load(ctx)
			if c.Region != "ap-south-1" {
				t.Errorf("region %q from %s, want ap-south-1", c.Region, name)
			}
			return err
		}, pulumi.WithMocks("ledger", "test", &recorder{}))
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, "")
	}
}

func TestLoadRefusals(t *testing.T) {
	for _, tc := range []struct{ name, key, value, rule string }{
		{"flag", "ledger:deletionProtection", "no", "true or false"},
		{"misspelt member", "ledger:export", `{"bucket":"b","prefixx":"p"}`, "prefixx"},
		{"wrong type", "ledger:stream", `{"name":7}`, "string"},
		{"tags as a list", "ledger:tags", `["a"]`, "shape"},
		{"text after the value", "ledger:access", `{} {}`, "after the value"},
		{"half a value", "ledger:access", `{`, "shape"},
		{"empty value", "ledger:stream", "", "shape"},
		{"endpoints as an object", "aws:endpoints", `{"qldb":"http://q:1"}`, "list of objects"},
		{"endpoints of numbers", "aws:endpoints", `[{"qldb":1}]`, "list of objects"},
		{"credentials checked", "aws:skipCredentialsValidation", "false", "lookup of the AWS provider"},
		{"account asked for", "aws:skipRequestingAccountId", "", "lookup of the AWS provider"},
		{"metadata asked for", "aws:skipMetadataApiCheck", "yes", "lookup of the AWS provider"},
		{"region checked", "aws:skipRegionValidation", "false", "lookup of the AWS provider"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := stackConfig()
			config[tc.key] = tc.value
			_, err := load(t, config)
			wantRefusal(t, err, tc.key, tc.value, tc.rule)
		})
	}
}

// In an account the provider's own lookups are wanted.
func TestLoadOnAWSNeedsNoSkips(t *testing.T) {
	config := stackConfig()
	config["ledger:target"] = "aws"
	maps.DeleteFunc(config, func(key, _ string) bool { return len(key) > 8 && key[:8] == "aws:skip" })
	if _, err := load(t, config); err != nil {
		t.Error(err)
	}
}

// What is loaded goes through the same checks as what is written in Go.
func TestLoadedConfigIsValidated(t *testing.T) {
	config := map[string]string{"ledger:target": "aws", "aws:region": "us-east-1", "ledger:name": "bad--name"}
	r, err := run(config, ledgerstack.Load)
	wantRefusal(t, err, "ledger:name", "bad--name", "two hyphens")
	if len(r.made) != 0 {
		t.Errorf("%v were registered before the refusal", r.list())
	}
}
