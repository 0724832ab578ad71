//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// start runs a server on a configuration and returns it with a client.
func start(t testing.TB, cfg server.Config) (*server.Server, *qldb.Client) {
	t.Helper()
	s, url := startURL(t, cfg)
	c, _ := servertest.Clients(url, "test", "test")
	return s, c
}

func startURL(t testing.TB, cfg server.Config) (*server.Server, string) {
	t.Helper()
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewServer(s)
	t.Cleanup(func() {
		hs.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, hs.URL
}

func driverAt(t testing.TB, url, ledger string) *qldbdriver.QLDBDriver {
	t.Helper()
	_, session := servertest.Clients(url, "test", "test")
	d, err := qldbdriver.New(ledger, session, func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRestart stops a server and starts another on its directory: the control
// plane and the ledgers are what they were.
func TestRestart(t *testing.T) {
	ctx := t.Context()
	cfg := server.Config{DataDir: t.TempDir(), Exports: server.ExportTarget{Dir: t.TempDir()}}
	first, url := startURL(t, cfg)
	c, _ := servertest.Clients(url, "test", "test")
	_, err := c.CreateLedger(ctx, &qldb.CreateLedgerInput{Name: aws.String("kept"), PermissionsMode: types.PermissionsModeStandard, Tags: map[string]*string{"a": aws.String("b")}, KmsKey: aws.String("alias/k")})
	if err != nil {
		t.Fatal(err)
	}
	insertNumbers(t, driverAt(t, url, "kept"), 50)
	now := time.Now().Truncate(time.Millisecond)
	if _, err := c.ExportJournalToS3(ctx, exportInput("kept", "x", now.Add(-time.Hour), now, "")); err != nil {
		t.Fatal(err)
	}
	first.WaitForExports()
	before := picture(t, c)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_, url = startURL(t, cfg)
	c, _ = servertest.Clients(url, "test", "test")
	after := picture(t, c)
	for i := range before {
		if !reflect.DeepEqual(before[i], after[i]) {
			t.Errorf("before the restart %+v\nafter it %+v", before[i], after[i])
		}
	}
	d := driverAt(t, url, "kept")
	if n := len(exec(t, d, "SELECT n FROM T")); n != 50 {
		t.Errorf("%d documents after the restart, want 50", n)
	}
	_, err = d.Execute(ctx, func(txn qldbdriver.Transaction) (any, error) { return rows(txn, "SELECT * FROM Nothing") })
	if err == nil || !strings.Contains(err.Error(), "Access denied") {
		t.Errorf("an unknown table of a STANDARD ledger: %v", err)
	}
}

// picture is what the control plane answers about the ledger "kept".
func picture(t *testing.T, c *qldb.Client) []any {
	t.Helper()
	ctx := t.Context()
	name := aws.String("kept")
	describe, err := c.DescribeLedger(ctx, &qldb.DescribeLedgerInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(ctx, &qldb.ListTagsForResourceInput{ResourceArn: describe.Arn})
	if err != nil {
		t.Fatal(err)
	}
	exports, err := c.ListJournalS3Exports(ctx, &qldb.ListJournalS3ExportsInput{})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := c.GetDigest(ctx, &qldb.GetDigestInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	describe.ResultMetadata = middleware.Metadata{} // request ids
	return []any{*describe, tags.Tags, exports.JournalS3Exports, digest.Digest, *digest.DigestTipAddress.IonText}
}

// TestDataDir has files in the directory that the server did not make, and
// looks at the names of those that it did.
func TestDataDir(t *testing.T) {
	dir := t.TempDir()
	l, err := emulator.Open(filepath.Join(dir, "imported.tally"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"damaged.tally": "not a ledger", "bad--name.tally": "x", "notes.txt": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, url := startURL(t, server.Config{DataDir: dir})
	c, _ := servertest.Clients(url, "test", "test")
	if err := s.CreateLedger("fresh", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	out, err := c.ListLedgers(t.Context(), &qldb.ListLedgersInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range out.Ledgers {
		names = append(names, *l.Name)
	}
	if got := strings.Join(names, " "); got != "fresh imported" {
		t.Errorf("ledgers %s, want fresh and imported", got)
	}
	if _, err := c.GetDigest(t.Context(), &qldb.GetDigestInput{Name: aws.String("damaged")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("a file that is no ledger: %v", err)
	}
	if _, err := c.GetDigest(t.Context(), &qldb.GetDigestInput{Name: aws.String("imported")}); err != nil {
		t.Errorf("a ledger from a file: %v", err)
	}
	if _, err := server.New(server.Config{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "in use by another server") {
		t.Errorf("a second server on the directory: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "fresh.tally")); err != nil {
		t.Error(err)
	}
}

// TestAdoptDamaged: a file that is no ledger is not said to be taken in as one.
func TestAdoptDamaged(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.tally"), []byte("no ledger"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s, err := server.New(server.Config{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if text := log.String(); !strings.Contains(text, "ledger cannot be opened") || strings.Contains(text, "taken in") {
		t.Errorf("the log says %s", text)
	}
}

// TestHalfCreated finds the mark of a creation that was never acknowledged.
func TestHalfCreated(t *testing.T) {
	dir := t.TempDir()
	s, err := server.New(server.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateLedger("half", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, server.StateFile)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.Replace(string(data), `"Name": "half"`, `"Pending": true, "Name": "half"`, 1))
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err = server.New(server.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Ledger("half"); err == nil {
		t.Error("a creation that was not acknowledged has left a ledger")
	}
	if err := s.CreateLedger("half", "ALLOW_ALL"); err != nil {
		t.Errorf("its name is not free: %v", err)
	}
}

// TestRestartWhileDeleting restarts a server that has a ledger in the state
// DELETING, whose file a crash has left behind: the ledger is still DELETING, the
// server is ready, and nothing of it comes back.
func TestRestartWhileDeleting(t *testing.T) {
	dir := t.TempDir()
	cfg := server.Config{DataDir: dir, DeleteDelay: time.Hour, TestControls: true}
	s, url := startURL(t, cfg)
	if err := s.CreateLedger("going", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "going.tally")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := servertest.Clients(url, "test", "test")
	if _, err := c.DeleteLedger(t.Context(), &qldb.DeleteLedgerInput{Name: aws.String("going")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []bool{false, true} {
		if left {
			if err := os.WriteFile(file, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s, url := startURL(t, cfg)
		c, _ := servertest.Clients(url, "test", "test")
		is, err := c.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: aws.String("going")})
		if err != nil || is.State != types.LedgerStateDeleting {
			t.Errorf("file left %t: %+v, error %v", left, is, err)
		}
		res, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("file left %t: /readyz answers %s", left, res.Status)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("file left %t: the file is there, error %v", left, err)
		}
	}
	s, url = startURL(t, cfg)
	if err := s.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	s.Sweep()
	c, _ = servertest.Clients(url, "test", "test")
	if _, err := c.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: aws.String("going")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("after its time: %v", err)
	}
}

// TestStateFile refuses files that it cannot trust and leaves them alone.
func TestStateFile(t *testing.T) {
	for _, content := range []string{
		"", "{", "[]", `{"Format":2,"Ledgers":{}}`, `{"Format":1,"Ledgers":{"../x":{"Name":"../x","Mode":"STANDARD"}}}`,
		`{"Format":1,"Ledgers":{"a":null}}`, `{"Format":1,"Ledgers":{"a":{"Name":"b","Mode":"STANDARD"}}}`, `{"Format":1,"Ledgers":{"a":{"Name":"a","Mode":"?"}}}`,
		`{"Format":1,"Ledgers":{}} {}`, `{"Format":1,"Surprise":1}`,
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, server.StateFile)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if s, err := server.New(server.Config{DataDir: dir}); err == nil {
			t.Errorf("%s: accepted", content)
			s.Close()
		} else if !strings.Contains(err.Error(), file) {
			t.Errorf("%s: error %v does not name the file", content, err)
		}
		if after, err := os.ReadFile(file); err != nil || string(after) != content {
			t.Errorf("%s: became %s, error %v", content, after, err)
		}
	}
}
