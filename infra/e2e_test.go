//lint:file-ignore SA1019 the SDK of a service that ended is what its remaining programs use.

package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	infra "github.com/tallyledger/tally/infra"
)

// localStack is the stack "local" of the real files, in a folder of the test's
// own, with the program in this process and its state in that folder too.
func localStack(t *testing.T, endpoint string) auto.Stack {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	for _, name := range []string{"Pulumi.yaml", "Pulumi.local.yaml"} {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	env := auto.EnvVars(map[string]string{
		"PULUMI_BACKEND_URL":       "file://" + filepath.ToSlash(dir),
		"PULUMI_CONFIG_PASSPHRASE": "test",
		"PULUMI_SKIP_UPDATE_CHECK": "true",
	})
	requireAWSPlugin(t, dir, env)
	stack, err := auto.UpsertStackInlineSource(ctx, "local", "ledger", infra.Program, auto.WorkDir(dir), env)
	if err != nil {
		t.Fatal(err)
	}
	set(t, stack, "aws:endpoints[0].qldb", endpoint)
	set(t, stack, "ledger:name", "infra-end-to-end")
	return stack
}

// requireAWSPlugin skips where the test would have to download the provider.
func requireAWSPlugin(t *testing.T, dir string, env auto.LocalWorkspaceOption) {
	t.Helper()
	w, err := auto.NewLocalWorkspace(t.Context(), auto.WorkDir(dir), env)
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := w.ListPlugins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plugins {
		if p.Name == "aws" && p.Version != nil && p.Version.Major == 6 {
			return
		}
	}
	t.Skip("skipped: Pulumi has no AWS provider plugin of version 6 here (pulumi plugin install resource aws 6.83.4)")
}

func set(t *testing.T, stack auto.Stack, key, value string) {
	t.Helper()
	if err := stack.SetConfigWithOptions(t.Context(), key, auto.ConfigValue{Value: value}, &auto.ConfigOptions{Path: true}); err != nil {
		t.Fatal(err)
	}
}

func up(t *testing.T, stack auto.Stack) auto.OutputMap {
	t.Helper()
	result, err := stack.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result.Outputs
}

// wantNoDrift refreshes the state from the server and asks for a plan.
func wantNoDrift(t *testing.T, stack auto.Stack) {
	t.Helper()
	if _, err := stack.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	plan, err := stack.Preview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for op, n := range plan.ChangeSummary {
		if op != apitype.OpSame && n != 0 {
			t.Errorf("the plan after an update has %d %s: %v", n, op, plan.StdOut)
		}
	}
}

// TestEndToEnd takes a ledger through its life with the real engine, the real
// AWS provider and a real server.
func TestEndToEnd(t *testing.T) {
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Skip("skipped: no pulumi binary on the PATH")
	}
	endpoint := servertest.New(t).URL
	stack := localStack(t, endpoint)
	client := qldb.New(qldb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	name := "infra-end-to-end"
	t.Cleanup(func() { removeLedger(t, client, name) })

	outputs := up(t, stack)
	if got, want := outputs["ledger_url"].Value, "qldb://"+name+"?region=us-east-1&endpoint="; !strings.HasPrefix(got.(string), want) {
		t.Errorf("ledger_url = %v, want it to begin with %s", got, want)
	}
	wantLedger(t, client, name, types.PermissionsModeAllowAll, false, map[string]string{"stack": "local"})
	wantNoDrift(t, stack)

	set(t, stack, "ledger:permissionsMode", "STANDARD")
	set(t, stack, "ledger:deletionProtection", "true")
	set(t, stack, "ledger:tags.stack", "changed")
	up(t, stack)
	wantLedger(t, client, name, types.PermissionsModeStandard, true, map[string]string{"stack": "changed"})
	wantNoDrift(t, stack)

	if _, err := stack.Destroy(t.Context()); err == nil || !strings.Contains(err.Error(), "ResourcePreconditionNotMetException") {
		t.Errorf("destroying a protected ledger: error %v, want ResourcePreconditionNotMetException", err)
	}
	set(t, stack, "ledger:deletionProtection", "false")
	up(t, stack)
	if _, err := stack.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	var gone *types.ResourceNotFoundException
	if _, err := client.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: &name}); !errors.As(err, &gone) {
		t.Errorf("after the stack is destroyed the ledger answers %v, want ResourceNotFoundException", err)
	}
}

func wantLedger(t *testing.T, client *qldb.Client, name string, mode types.PermissionsMode, protected bool, tags map[string]string) {
	t.Helper()
	ledger, err := client.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	if ledger.PermissionsMode != mode || awssdk.ToBool(ledger.DeletionProtection) != protected {
		t.Errorf("the ledger has %s and deletion protection %v, want %s and %v",
			ledger.PermissionsMode, awssdk.ToBool(ledger.DeletionProtection), mode, protected)
	}
	answer, err := client.ListTagsForResource(t.Context(), &qldb.ListTagsForResourceInput{ResourceArn: ledger.Arn})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tags, awssdk.ToStringMap(answer.Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// removeLedger cleans up after a test that failed half-way.
func removeLedger(t *testing.T, client *qldb.Client, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var gone *types.ResourceNotFoundException
	_, err := client.UpdateLedger(ctx, &qldb.UpdateLedgerInput{Name: &name, DeletionProtection: awssdk.Bool(false)})
	if err == nil {
		_, err = client.DeleteLedger(ctx, &qldb.DeleteLedgerInput{Name: &name})
	}
	if err != nil && !errors.As(err, &gone) {
		t.Errorf("the ledger %s is left behind: %v", name, err)
	}
}
