//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestSameKeyAtOnce has two exports write the same key at once, again and again:
// both succeed, and the object is one of theirs, whole.
func TestSameKeyAtOnce(t *testing.T) {
	dir := t.TempDir()
	put, err := server.OpenExportDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	const size = 1 << 20
	for range 20 {
		var wg sync.WaitGroup
		for _, id := range []string{"a", "b"} {
			wg.Go(func() {
				if err := put(id, "archive", "p/object", bytes.Repeat([]byte(id), size)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := os.ReadFile(filepath.Join(dir, "archive/p/object"))
		if err != nil || len(got) != size || bytes.Count(got, got[:1]) != size {
			t.Fatalf("an object of %d bytes is torn: %v", len(got), err)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "archive/p")); len(left) != 1 {
		t.Errorf("there is more than the object: %v", left)
	}
}

// TestExportWaitsForCommit exports up to now while a commit of before now is on
// its way to the disk: its block is in the export.
func TestExportWaitsForCommit(t *testing.T) {
	clock := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	target, read := dirBucket(t)
	s := servertest.New(t, func(c *server.Config) { c.Exports, c.Clock = target, func() time.Time { return clock } })
	d := s.Driver("slow")
	insertNumbers(t, d, 1)
	held, letGo := s.Server.HoldCommits()
	release := sync.OnceFunc(letGo)
	defer release()
	done := make(chan struct{})
	go func() {
		defer close(done)
		exec(t, d, "INSERT INTO T VALUE {'late': 1}")
	}()
	<-held
	s.Advance(time.Second)
	out, err := s.Control.ExportJournalToS3(t.Context(), exportInput("slow", "p", clock.Add(-time.Hour), clock.Add(time.Second), types.OutputFormatJson))
	if err != nil {
		t.Fatal(err)
	}
	status := func() types.ExportStatus {
		x, err := s.Control.DescribeJournalS3Export(t.Context(), &qldb.DescribeJournalS3ExportInput{Name: str("slow"), ExportId: out.ExportId})
		if err != nil {
			t.Fatal(err)
		}
		return x.ExportDescription.Status
	}
	for range 20 { // an export that does not wait is complete by then
		if got := status(); got != types.ExportStatusInProgress {
			t.Fatalf("the export is %s while a commit is on its way", got)
		}
		time.Sleep(10 * time.Millisecond)
	}
	release()
	<-done
	s.Server.WaitForExports()
	if got := status(); got != types.ExportStatusCompleted {
		t.Fatalf("the export is %s", got)
	}
	l, err := s.Server.Ledger("slow")
	if err != nil {
		t.Fatal(err)
	}
	key := fmt.Sprintf("p/2026/03/04/05/%s.0-%d.json", l.StrandID(), l.Stats().Blocks-1)
	if data, err := read(key); err != nil || !bytes.Contains(data, []byte(`"late"`)) {
		t.Errorf("the late block is not in %s: %v", key, err)
	}
}

func str(s string) *string { return &s }
