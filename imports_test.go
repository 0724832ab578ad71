package tally_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tallyledger/tally"

// policy says which packages of the project a package may import. It is a
// statement of policy, not to be changed to fix a build. It binds the files
// that are not tests; a test of another package (package x_test) may import
// anything. A package that is not listed may import nothing of the project.
var policy = map[string][]string{
	"hashchain/ion": {},
	"hashchain":     {"hashchain/ion"},
	"ledger":        {"hashchain", "hashchain/ion"},

	"ledger/conformance": {"ledger", "hashchain", "hashchain/ion"},
	"ledger/audit":       {"ledger", "hashchain", "hashchain/ion"},
	"ledger/example":     {"ledger", "hashchain", "hashchain/ion"},

	"backend/emulator/partiql":         {"hashchain", "hashchain/ion"},
	"backend/emulator/store":           {"hashchain", "hashchain/ion"},
	"backend/emulator/store/storetest": {"backend/emulator/store"},

	"backend/emulator/internal/hook": {},
	"backend/emulator": {"ledger", "backend/emulator/partiql", "backend/emulator/store", "hashchain", "hashchain/ion",
		"backend/emulator/internal/hook"},
	"backend/emulator/emulatortest": {"backend/emulator", "ledger", "hashchain/ion", "backend/emulator/internal/hook"},
	"backend/emulator/server":       {"backend/emulator", "ledger", "hashchain", "hashchain/ion", "backend/emulator/internal/hook"},
	"backend/emulator/server/servertest": {"backend/emulator/server", "backend/emulator", "backend/emulator/emulatortest", "ledger",
		"backend/emulator/internal/hook"},

	"backend/qldb": {"ledger", "hashchain", "hashchain/ion"},

	"infra":             {"infra/ledgerstack"},
	"infra/ledgerstack": {},

	"cmd/tally": {"*"},
}

// banned are modules that must not end up in a program that only embeds a
// ledger.
var banned = []string{"github.com/aws/", "github.com/awslabs/", "github.com/pulumi/", "github.com/spf13/", "github.com/prometheus/"}

func TestImportPolicy(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && name != ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		checkFile(t, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("looked at %d files only; the walk misses the tree", files)
	}
}

func checkFile(t *testing.T, file string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	from := path.Dir(filepath.ToSlash(file))
	allowed := policy[from]
	for _, spec := range f.Imports {
		to, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module+"/")
		if ok && !slices.Contains(allowed, to) && !slices.Contains(allowed, "*") {
			t.Errorf("%s: package %s may not import %s", file, from, to)
		}
		if strings.Trim(spec.Path.Value, `"`) == "go.etcd.io/bbolt" && from != "backend/emulator/store" {
			t.Errorf("%s: only backend/emulator/store may import bbolt", file)
		}
	}
}

// TestEmbeddedDependencies lists what an application gets that imports the
// interface and the engine.
func TestEmbeddedDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./ledger", "./backend/emulator", "./backend/emulator/emulatortest").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/hashchain") {
		t.Fatalf("go list names no package of this module:\n%s", out)
	}
	for _, d := range deps {
		for _, b := range banned {
			if strings.HasPrefix(d, b) {
				t.Errorf("an embedded ledger depends on %s", d)
			}
		}
	}
}
