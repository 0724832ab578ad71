//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestObjectsEnd exports blocks of very different sizes with limits that are
// small: no object has more blocks or bytes, unless it is one block, and none ends
// before it has to.
func TestObjectsEnd(t *testing.T) {
	const blocks, most = 4, 6000
	for _, format := range []types.OutputFormat{types.OutputFormatIonText, types.OutputFormatIonBinary, types.OutputFormatJson} {
		t.Run(string(format), func(t *testing.T) {
			clock := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
			target, read := dirBucket(t)
			s := servertest.New(t, func(c *server.Config) {
				c.Exports, c.Clock = server.SmallExports(target, blocks, most), func() time.Time { return clock }
			})
			d := s.Driver("sizes")
			exec(t, d, "CREATE TABLE T")
			for _, n := range []int{10, 1500, 1500, 1500, 9000, 10, 10, 10, 10, 10, 10, 9000, 3000, 3000, 10, 3000} {
				exec(t, d, "INSERT INTO T ?", map[string]string{"text": strings.Repeat("x", n)})
			}
			s.Advance(time.Second)
			e := exported{t: t, s: s, read: read, format: format}
			e.run("sizes", "some/prefix", clock, clock.Add(time.Second))
			e.verify("sizes")
			alone, byBlocks, bySize := 0, 0, 0
			for i, r := range e.ranges {
				n, size := r[1]-r[0]+1, e.sizes[i]
				if n > blocks || n > 1 && size > most {
					t.Errorf("an object has %d blocks and %d bytes", n, size)
				}
				switch {
				case size > most:
					alone++
				case n == blocks:
					byBlocks++
				case i < len(e.ranges)-1 && size+e.firsts[i+1] > most:
					bySize++
				case i < len(e.ranges)-1:
					t.Errorf("the object of %d to %d ends with %d blocks and %d bytes, before a block of %d", r[0], r[1], n, size, e.firsts[i+1])
				}
			}
			if alone < 2 || byBlocks < 1 || bySize < 2 {
				t.Errorf("%d objects of one large block, %d ended by the number of blocks, %d by their size: %v", alone, byBlocks, bySize, e.sizes)
			}
		})
	}
}

// silentS3 takes what it is sent and never answers, but for keys with the suffix.
func silentS3(t *testing.T, answers string) (url string, silent *atomic.Int32) {
	silent = new(atomic.Int32)
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if answers == "" || !strings.HasSuffix(r.URL.Path, answers) {
			silent.Add(1)
			<-r.Context().Done()
		}
	}))
	t.Cleanup(hs.Close)
	return hs.URL, silent
}

// TestSilentS3AtOnce exports to a service that never answers: the request gets an
// error, and there is no export.
func TestSilentS3AtOnce(t *testing.T) {
	url, _ := silentS3(t, "")
	s := servertest.New(t, func(c *server.Config) {
		c.Exports = server.ImpatientExports(server.ExportTarget{S3Endpoint: url}, 200*time.Millisecond, time.Hour)
	})
	insertNumbers(t, s.Driver("silent"), 1)
	now := time.Now().Truncate(time.Millisecond).Add(time.Second) // later than the ledger's creation
	s.Advance(time.Minute)
	_, err := s.Control.ExportJournalToS3(t.Context(), exportInput("silent", "", now.Add(-time.Hour), now, ""))
	if code(err) != "InvalidParameterException" || !strings.Contains(fmt.Sprint(err), "validating S3 configuration: RequestTimeout the service of --export-s3-endpoint did not answer within 200ms") {
		t.Errorf("error %v", err)
	}
	list, err := s.Control.ListJournalS3Exports(t.Context(), &qldb.ListJournalS3ExportsInput{})
	if err != nil || len(list.JournalS3Exports) != 0 {
		t.Errorf("exports %+v, error %v", list, err)
	}
}

// TestSilentS3Later has a service that falls silent after the first manifest: the
// export ends after three tries of each object, CANCELLED, also one that a restart
// took up again. The log says why.
func TestSilentS3Later(t *testing.T) {
	url, silent := silentS3(t, ".started.manifest")
	var log bytes.Buffer
	cfg := server.Config{DataDir: t.TempDir(), Logger: slogTo(&log), Exports: server.ImpatientExports(server.ExportTarget{S3Endpoint: url}, time.Minute, time.Hour)}
	first, c := start(t, cfg)
	if err := first.CreateLedger("silent", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	// The export ends after the first block: without one it has nothing to put.
	created := time.Now()
	now := created
	for !now.After(created) {
		now = time.Now().Truncate(time.Millisecond)
	}
	out, err := c.ExportJournalToS3(t.Context(), exportInput("silent", "", now.Add(-time.Hour), now, ""))
	if err != nil {
		t.Fatal(err)
	}
	for silent.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	// A try would last an hour; a server that stops does not wait for it.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	silent.Store(0)
	cfg.Exports = server.ImpatientExports(server.ExportTarget{S3Endpoint: url}, time.Minute, 50*time.Millisecond)
	second, c := start(t, cfg)
	second.WaitForExports()
	is, err := c.DescribeJournalS3Export(t.Context(), &qldb.DescribeJournalS3ExportInput{Name: aws.String("silent"), ExportId: out.ExportId})
	if err != nil || is.ExportDescription.Status != types.ExportStatusCancelled {
		t.Errorf("the export is %+v, error %v", is, err)
	}
	if n := silent.Load(); n != 3 {
		t.Errorf("%d tries, want 3", n)
	}
	if text := log.String(); !strings.Contains(text, "export cancelled") || !strings.Contains(text, "did not answer within 50ms") {
		t.Errorf("the log says %s", text)
	}
}
