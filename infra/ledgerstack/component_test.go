package ledgerstack_test

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

const (
	keyARN     = "arn:aws:kms:us-east-1:123456789012:key/0d0b5c4e-1111-4222-8333-444455556666"
	kinesisARN = "arn:aws:kinesis:us-east-1:123456789012:stream/given"
	roleARN    = "arn:aws:iam::123456789012:role/given"
	appARN     = "arn:aws:iam::123456789012:role/app"
	ledgerARN  = "arn:aws:qldb:us-east-1:123456789012:ledger/vehicles"
	tableID    = "4o5Uk09OcjC6PpJpLahceE"
)

func off() *bool { return new(bool) }

// onAWS is a Config with nothing but what is required.
func onAWS() ledgerstack.Config {
	return ledgerstack.Config{Target: ledgerstack.TargetAWS, Region: "us-east-1", Name: "vehicles"}
}

func onEmulator() ledgerstack.Config {
	c := onAWS()
	c.Target = ledgerstack.TargetEmulator
	c.Endpoints.QLDB = ledgerstack.DefaultEndpoint
	return c
}

// full asks for everything there is.
func full() ledgerstack.Config {
	c := onAWS()
	c.Tags = map[string]string{"env": "test"}
	c.Export = &ledgerstack.Export{Bucket: "acme-exports", Prefix: "journal"}
	c.Stream = &ledgerstack.Stream{Name: "journal"}
	c.Access = &ledgerstack.Access{
		Writer:  &ledgerstack.WriterGrant{Grant: ledgerstack.Grant{Principals: []string{appARN}}},
		Reader:  &ledgerstack.Grant{},
		Auditor: &ledgerstack.Grant{Tables: []string{tableID}},
	}
	return c
}

// wantInputs compares all inputs of a resource, so that one too many shows too.
func wantInputs(t *testing.T, got registration, want map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, got.inputs); diff != "" {
		t.Errorf("inputs of %s %s (-want +got):\n%s", got.typ, got.name, diff)
	}
}

func wantOutputs(t *testing.T, r *recorder, want map[string]any) {
	t.Helper()
	got := map[string]any{}
	for name, value := range r.outputs {
		if id, ok := value.(pulumi.ID); ok {
			value = string(id)
		}
		got[name] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func wantResources(t *testing.T, r *recorder, want ...string) {
	t.Helper()
	got := r.list()
	sort.Strings(got)
	sort.Strings(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestLedgerDefaultsAreSafe(t *testing.T) {
	r := mustDeploy(t, onAWS())
	wantResources(t, r, ledgerstack.Type+" ledger", "aws:qldb/ledger:Ledger ledger")
	wantInputs(t, r.find(t, "aws:qldb/ledger:Ledger", "ledger"), map[string]any{
		"name": "vehicles", "permissionsMode": "STANDARD", "deletionProtection": true,
	})
	wantOutputs(t, r, map[string]any{
		"ledger_id": "vehicles", "ledger_arn": ledgerARN,
		"endpoint": "https://qldb.us-east-1.amazonaws.com", "ledger_url": "qldb://vehicles?region=us-east-1",
	})
}

func TestLedgerProperties(t *testing.T) {
	c := onAWS()
	c.PermissionsMode = ledgerstack.AllowAll
	c.DeletionProtection = off()
	c.Tags = map[string]string{"env": "test", "empty": ""}
	for _, key := range []string{keyARN, ledgerstack.AWSOwnedKey} {
		c.KmsKey = key
		wantInputs(t, mustDeploy(t, c).find(t, "aws:qldb/ledger:Ledger", "ledger"), map[string]any{
			"name": "vehicles", "permissionsMode": "ALLOW_ALL", "deletionProtection": false,
			"kmsKey": key, "tags": map[string]any{"env": "test", "empty": ""},
		})
	}
}

func TestEmulatorProvider(t *testing.T) {
	r := mustDeploy(t, onEmulator())
	wantResources(t, r, ledgerstack.Type+" ledger", "pulumi:providers:aws ledger-emulator", "aws:qldb/ledger:Ledger ledger")
	p := r.find(t, "pulumi:providers:aws", "ledger-emulator")
	wantInputs(t, p, map[string]any{
		"region": "us-east-1", "accessKey": "test", "secretKey": "test",
		"skipCredentialsValidation": true, "skipRequestingAccountId": true,
		"skipMetadataApiCheck": true, "skipRegionValidation": true, "s3UsePathStyle": true,
		"endpoints": []any{map[string]any{"qldb": "http://127.0.0.1:7532"}},
	})
	if got := r.find(t, "aws:qldb/ledger:Ledger", "ledger").provider; !strings.Contains(got, "pulumi:providers:aws::ledger-emulator") {
		t.Errorf("the ledger uses the provider %q, want the emulator's", got)
	}
	wantOutputs(t, r, map[string]any{
		"ledger_id": "vehicles", "ledger_arn": ledgerARN, "endpoint": "http://127.0.0.1:7532",
		"ledger_url": "qldb://vehicles?region=us-east-1&endpoint=http%3A%2F%2F127.0.0.1%3A7532",
	})
}

// Whatever provider a program hands over, an emulator's stack keeps to its own.
func TestEmulatorKeepsToItsProvider(t *testing.T) {
	c := full()
	c.Target = ledgerstack.TargetEmulator
	c.Endpoints = ledgerstack.Endpoints{QLDB: "http://q:1", S3: "http://s:2", IAM: "http://i:3", Kinesis: "http://k:4"}
	c.AccessKey, c.SecretKey = "key", "secret"
	r, err := deploy(c, func(ctx *pulumi.Context) pulumi.ResourceOption {
		p, err := aws.NewProvider(ctx, "foreign", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")})
		if err != nil {
			t.Fatal(err)
		}
		return pulumi.Providers(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	p := r.find(t, "pulumi:providers:aws", "ledger-emulator").inputs
	want := []any{map[string]any{"iam": "http://i:3", "kinesis": "http://k:4", "qldb": "http://q:1", "s3": "http://s:2"}}
	if diff := cmp.Diff(want, p["endpoints"]); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	if p["accessKey"] != "key" || p["secretKey"] != "secret" {
		t.Errorf("credentials %v and %v, want those of the configuration", p["accessKey"], p["secretKey"])
	}
	checked := 0
	for _, reg := range r.made {
		if strings.HasPrefix(reg.typ, "aws:") {
			checked++
			if !strings.Contains(reg.provider, "::ledger-emulator") {
				t.Errorf("%s %s uses the provider %q, want the emulator's", reg.typ, reg.name, reg.provider)
			}
		}
	}
	if checked != 18 {
		t.Errorf("%d resources of AWS, want 18: %v", checked, r.list())
	}
}

// With TargetAWS the program's own provider is used.
func TestAWSUsesTheProgramsProvider(t *testing.T) {
	r, err := deploy(full(), func(ctx *pulumi.Context) pulumi.ResourceOption {
		p, err := aws.NewProvider(ctx, "own", &aws.ProviderArgs{Region: pulumi.String("us-east-1")})
		if err != nil {
			t.Fatal(err)
		}
		return pulumi.Providers(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, reg := range r.made {
		if strings.HasPrefix(reg.typ, "aws:") && !strings.Contains(reg.provider, "::own") {
			t.Errorf("%s %s uses the provider %q, want the program's own", reg.typ, reg.name, reg.provider)
		}
	}
}

func TestFullStack(t *testing.T) {
	r := mustDeploy(t, full())
	wantResources(t, r, ledgerstack.Type+" ledger",
		"aws:qldb/ledger:Ledger ledger",
		"aws:s3/bucketV2:BucketV2 ledger-export",
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock ledger-export",
		"aws:s3/bucketPolicy:BucketPolicy ledger-export",
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2 ledger-export",
		"aws:s3/bucketVersioningV2:BucketVersioningV2 ledger-export",
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2 ledger-export",
		"aws:iam/role:Role ledger-export",
		"aws:iam/rolePolicy:RolePolicy ledger-export",
		"aws:kinesis/stream:Stream ledger-stream",
		"aws:iam/role:Role ledger-stream",
		"aws:iam/rolePolicy:RolePolicy ledger-stream",
		"aws:qldb/stream:Stream ledger-stream",
		"aws:iam/policy:Policy ledger-writer",
		"aws:iam/role:Role ledger-writer",
		"aws:iam/rolePolicyAttachment:RolePolicyAttachment ledger-writer",
		"aws:iam/policy:Policy ledger-reader",
		"aws:iam/policy:Policy ledger-auditor",
	)
	iam := "arn:aws:iam::" + account
	wantOutputs(t, r, map[string]any{
		"ledger_id": "vehicles", "ledger_arn": ledgerARN,
		"endpoint": "https://qldb.us-east-1.amazonaws.com", "ledger_url": "qldb://vehicles?region=us-east-1",
		"export_bucket": "acme-exports", "export_role_arn": iam + ":role/ledger-export-1234567",
		"kinesis_arn": "arn:aws:kinesis:us-east-1:" + account + ":stream/ledger-stream-1234567",
		"stream_id":   "IiPT4brpZCqCq3f4MTHbYy", "stream_role_arn": iam + ":role/ledger-stream-1234567",
		"stream_arn":         "arn:aws:qldb:us-east-1:" + account + ":stream/vehicles/IiPT4brpZCqCq3f4MTHbYy",
		"writer_role_arn":    iam + ":role/ledger-writer-1234567",
		"writer_policy_arn":  iam + ":policy/ledger-writer-1234567",
		"reader_policy_arn":  iam + ":policy/ledger-reader-1234567",
		"auditor_policy_arn": iam + ":policy/ledger-auditor-1234567",
	})
}

// Every resource that can carry tags carries them.
func TestTagsEverywhere(t *testing.T) {
	tagged := []string{"Ledger", "BucketV2", "Role", "Stream", "Policy"}
	for _, reg := range mustDeploy(t, full()).made {
		short := reg.typ[strings.LastIndex(reg.typ, ":")+1:]
		if !slices.Contains(tagged, short) || !strings.HasPrefix(reg.typ, "aws:") {
			continue
		}
		if diff := cmp.Diff(map[string]any{"env": "test"}, reg.inputs["tags"]); diff != "" {
			t.Errorf("tags of %s %s (-want +got):\n%s", reg.typ, reg.name, diff)
		}
	}
}

// wantPolicy compares a policy document as IAM reads it.
func wantPolicy(t *testing.T, got any, want string) {
	t.Helper()
	var g, w any
	text, _ := got.(string)
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		t.Fatalf("the policy %v is no JSON: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}
