package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/ledger"
)

// conform runs the command on a new server.
func conform(t *testing.T, s *servertest.Server, args ...string) (status int, out string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"conformance", "--endpoint", s.URL}, args...), nil, &stdout, &stderr)
	return status, stdout.String() + stderr.String()
}

func TestConformancePasses(t *testing.T) {
	s := servertest.New(t)
	status, out := conform(t, s, "--ledger", "suite", "--create", "--test-controls", "--run", "^(ddl|transaction|proof|types/bool)")
	if status != 0 || !strings.Contains(out, ", 0 failed, 0 gaps\n") || !strings.Contains(out, "pass    transaction/expires") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	if _, err := s.Server.Ledger("suite-1"); err == nil {
		t.Error("a ledger that was made for a case is still there")
	}
	status, out = conform(t, s, "--ledger", "suite", "--run", "^(ddl/create-table|select/star|types/annotated-true)$")
	if status != 0 || !strings.Contains(out, "1 passed, 0 failed, 2 gaps\n") || !strings.Contains(out, "1 case: the QLDB driver for Go v3.0.1 cannot hash") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
}

// A ledger in STANDARD mode answers an unknown table with another text, so cases
// about that text fail on it.
func TestConformanceFails(t *testing.T) {
	s := servertest.New(t)
	if err := s.Server.CreateLedger("strict", "STANDARD"); err != nil {
		t.Fatal(err)
	}
	status, out := conform(t, s, "--ledger", "strict", "--run", "^(errors/unknown-table|select/star)$")
	if status != 1 || !strings.Contains(out, "FAIL    errors/unknown-table") || !strings.Contains(out, "Access denied.") || !strings.Contains(out, "1 passed, 1 failed, 0 gaps\n") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
}

func TestConformanceRefuses(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("mine")
	l, err := s.Server.Ledger("mine")
	if err != nil {
		t.Fatal(err)
	}
	err = l.Execute(t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute("CREATE TABLE Customers")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		status int
		says   string
		args   []string
	}{
		{2, "needs --ledger", nil},
		{2, "no argument", []string{"--ledger", "x", "y"}},
		{2, "matches no case", []string{"--ledger", "x", "--run", "^no such case$"}},
		{2, "error parsing regexp", []string{"--ledger", "x", "--run", "("}},
		{1, "is not found", []string{"--ledger", "nowhere"}},
		{1, `"Customers"`, []string{"--ledger", "mine"}},
	} {
		if status, out := conform(t, s, tt.args...); status != tt.status || !strings.Contains(out, tt.says) {
			t.Errorf("%v: exit status %d, want %d and %q:\n%s", tt.args, status, tt.status, tt.says, out)
		}
	}
}

func TestConformanceList(t *testing.T) {
	var out bytes.Buffer
	status := run(t.Context(), []string{"conformance", "--list", "--run", "^ddl/drop-table$"}, nil, &out, &out)
	if status != 0 || strings.Join(strings.Fields(out.String()), " ") != "ddl/drop-table Data definition own-ledger" {
		t.Errorf("exit status %d: %s", status, out.String())
	}
}
