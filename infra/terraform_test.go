package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// terraform runs the guide's configuration in a folder of its own.
type terraform struct {
	t             *testing.T
	dir, endpoint string
}

// newTerraform takes the configuration out of docs/terraform.md, so that what
// users copy is what is tested.
func newTerraform(t *testing.T, endpoint string) *terraform {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("skipped: no terraform binary on the PATH")
	}
	plugins := os.Getenv("TALLY_TERRAFORM_PLUGINS")
	if plugins == "" {
		t.Skip("skipped: TALLY_TERRAFORM_PLUGINS names no folder with the AWS provider, as `terraform init -plugin-dir` takes it")
	}
	guide, err := os.ReadFile(filepath.Join("..", "docs", "terraform.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(guide), "```hcl\n")
	config, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("docs/terraform.md has no block of hcl")
	}
	tf := &terraform{t: t, dir: t.TempDir(), endpoint: endpoint}
	if err := os.WriteFile(filepath.Join(tf.dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := tf.run("init", "-input=false", "-plugin-dir="+plugins); err != nil {
		t.Fatalf("terraform init: %v\n%s", err, out)
	}
	return tf
}

// run gives what a command prints; of output, which is read on, without what it
// warns of.
func (tf *terraform) run(args ...string) (string, error) {
	tf.t.Helper()
	cmd := exec.CommandContext(tf.t.Context(), "terraform", args...)
	cmd.Dir = tf.dir
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_VAR_endpoint="+tf.endpoint)
	var out bytes.Buffer
	cmd.Stdout = &out
	if args[0] != "output" {
		cmd.Stderr = &out
	}
	err := cmd.Run()
	return out.String(), err
}

func (tf *terraform) apply(vars ...string) {
	tf.t.Helper()
	if out, err := tf.run(append([]string{"apply", "-no-color", "-input=false", "-auto-approve"}, vars...)...); err != nil {
		tf.t.Fatalf("terraform apply: %v\n%s", err, out)
	}
}

// wantNoDrift asks for a plan, which has to be empty. With -detailed-exitcode a
// plan that changes something fails.
func (tf *terraform) wantNoDrift(vars ...string) {
	tf.t.Helper()
	if out, err := tf.run(append([]string{"plan", "-no-color", "-input=false", "-detailed-exitcode"}, vars...)...); err != nil {
		tf.t.Errorf("the plan after an apply is not empty: %v\n%s", err, out)
	}
}

// TestTerraformGuide takes the guide's ledger and stream through their life
// with the real Terraform and the real AWS provider. Each command loads the
// provider anew, which takes minutes in all on a slow machine.
func TestTerraformGuide(t *testing.T) {
	tf := newTerraform(t, servertest.New(t).URL)
	tf.apply()
	tf.wantNoDrift()
	if out, err := tf.run("output", "-raw", "ledger_url"); err != nil || !strings.HasPrefix(out, "qldb://vehicle-registration?region=us-east-1&endpoint=http%3A%2F%2F127.0.0.1%3A") {
		t.Errorf("ledger_url %q, error %v", out, err)
	}
	changed := []string{"-var", "permissions_mode=ALLOW_ALL", "-var", `tags={"stack"="changed","other"=""}`}
	tf.apply(changed...)
	tf.wantNoDrift(changed...)
	out, err := tf.run("destroy", "-no-color", "-input=false", "-auto-approve", "-target=aws_qldb_ledger.vehicles")
	if err == nil || !strings.Contains(out, "ResourcePreconditionNotMetException") {
		t.Errorf("destroying a protected ledger: error %v, want ResourcePreconditionNotMetException\n%s", err, out)
	}
	tf.apply("-var", "deletion_protection=false")
	if out, err := tf.run("destroy", "-no-color", "-input=false", "-auto-approve", "-var", "deletion_protection=false"); err != nil {
		t.Fatalf("terraform destroy: %v\n%s", err, out)
	}
}
