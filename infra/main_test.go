package main

import (
	"os"
	"sort"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// recorder stands for the engine and the AWS provider.
type recorder struct {
	mu     sync.Mutex
	inputs map[string]resource.PropertyMap // by type and name
}

func (r *recorder) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, nil
}

func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inputs[args.TypeToken+" "+args.Name] = args.Inputs
	state := args.Inputs.Copy()
	arn := "arn:aws:iam::123456789012:role/" + args.Name
	if args.TypeToken == "aws:qldb/ledger:Ledger" {
		arn = "arn:aws:qldb:us-east-1:123456789012:ledger/" + args.Inputs["name"].StringValue()
	}
	state["arn"] = resource.NewProperty(arn)
	return args.Name, state, nil
}

// stackFile gives a stack's configuration as the CLI hands it to the program.
func stackFile(t *testing.T, stack string) map[string]string {
	t.Helper()
	project, err := workspace.LoadProject("Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := "Pulumi." + stack + ".yaml"
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	settings, err := workspace.LoadProjectStack(nil, project, path)
	if err != nil {
		t.Fatal(err)
	}
	values, err := settings.Config.Decrypt(config.NopDecrypter)
	if err != nil {
		t.Fatal(err)
	}
	flat := map[string]string{}
	for key, value := range values {
		flat[key.String()] = value
	}
	return flat
}

// runStack runs the program with a configuration.
func runStack(stack string, values map[string]string) (*recorder, error) {
	r := &recorder{inputs: map[string]resource.PropertyMap{}}
	err := pulumi.RunErr(program, pulumi.WithMocks("ledger", stack, r), func(info *pulumi.RunInfo) { info.Config = values })
	return r, err
}

func mustRun(t *testing.T, stack string) *recorder {
	t.Helper()
	r, err := runStack(stack, stackFile(t, stack))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func names(m map[string]resource.PropertyMap) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}

func TestLocalStackFile(t *testing.T) {
	r := mustRun(t, "local")
	want := []string{
		"aws:qldb/ledger:Ledger ledger",
		"pulumi:providers:aws ledger-emulator",
		"tally:ledger:LedgerStack ledger",
	}
	if diff := cmp.Diff(want, names(r.inputs)); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	ledger := map[string]any{
		"name": "local-ledger", "permissionsMode": "ALLOW_ALL", "deletionProtection": false,
		"tags": map[string]any{"stack": "local"},
	}
	if diff := cmp.Diff(ledger, r.inputs["aws:qldb/ledger:Ledger ledger"].Mappable()); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
}

func TestStagingStackFile(t *testing.T) {
	r := mustRun(t, "staging")
	ledger := map[string]any{
		"name": "staging-ledger", "permissionsMode": "STANDARD", "deletionProtection": true,
		"tags": map[string]any{"stack": "staging"},
	}
	if diff := cmp.Diff(ledger, r.inputs["aws:qldb/ledger:Ledger ledger"].Mappable()); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	for _, name := range []string{
		"aws:s3/bucketV2:BucketV2 ledger-export", "aws:iam/role:Role ledger-export",
		"aws:kinesis/stream:Stream ledger-stream", "aws:qldb/stream:Stream ledger-stream", "aws:iam/role:Role ledger-stream",
		"aws:iam/policy:Policy ledger-writer", "aws:iam/policy:Policy ledger-reader", "aws:iam/policy:Policy ledger-auditor",
	} {
		if r.inputs[name] == nil {
			t.Errorf("%s is not made, only %v", name, names(r.inputs))
		}
	}
	if p := r.inputs["pulumi:providers:aws ledger-emulator"]; p != nil {
		t.Errorf("an emulator's provider %v in an account's stack", p)
	}
}

// The two stack files differ in values alone: exchanging the targets is refused
// or harmless, never half of both.
func TestStagingOnAnEmulatorIsRefused(t *testing.T) {
	values := stackFile(t, "staging")
	for key, value := range stackFile(t, "local") {
		if key == "ledger:target" || key[:4] == "aws:" {
			values[key] = value
		}
	}
	r, err := runStack("staging", values)
	if err == nil || len(r.inputs) != 0 {
		t.Fatalf("error %v with %v registered, want a refusal before any call", err, names(r.inputs))
	}
}
