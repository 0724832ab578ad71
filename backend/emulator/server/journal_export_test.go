//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// bucketReader reads an object of the bucket "archive".
type bucketReader func(key string) ([]byte, error)

func dirBucket(t *testing.T) (server.ExportTarget, bucketReader) {
	dir := t.TempDir()
	return server.ExportTarget{Dir: dir}, func(key string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, "archive", filepath.FromSlash(key)))
	}
}

func s3Bucket(t *testing.T) (server.ExportTarget, bucketReader) {
	backend := s3mem.New()
	if err := backend.CreateBucket("archive"); err != nil {
		t.Fatal(err)
	}
	hs := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(hs.Close)
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &hs.URL, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	return server.ExportTarget{S3Endpoint: hs.URL}, func(key string) ([]byte, error) {
		out, err := client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("archive"), Key: &key})
		if err != nil {
			return nil, err
		}
		defer out.Body.Close()
		return io.ReadAll(out.Body)
	}
}

func exportInput(ledger, prefix string, from, to time.Time, format types.OutputFormat) *qldb.ExportJournalToS3Input {
	return &qldb.ExportJournalToS3Input{
		Name: &ledger, InclusiveStartTime: &from, ExclusiveEndTime: &to, OutputFormat: format, RoleArn: aws.String("arn:aws:iam::000000000000:role/export"),
		S3ExportConfiguration: &types.S3ExportConfiguration{
			Bucket: aws.String("archive"), Prefix: &prefix,
			EncryptionConfiguration: &types.S3EncryptionConfiguration{ObjectEncryptionType: types.S3ObjectEncryptionTypeNoEncryption},
		},
	}
}

// threeHours makes a ledger with blocks in three hours and returns the time
// after the last.
func threeHours(t *testing.T, s *servertest.Server, clock time.Time, name string) time.Time {
	d := s.Driver(name)
	insertNumbers(t, d, 2)
	s.Advance(time.Hour)
	exec(t, d, "INSERT INTO T VALUE {'d': 8.70, 's': `sym`, 't': `2020T`, 'b': `{{aGVsbG8=}}`}")
	exec(t, d, "UPDATE T SET n = n + 1 WHERE n = 1")
	s.Advance(time.Hour)
	exec(t, d, "DELETE FROM T WHERE n = 2")
	s.Advance(time.Second)
	return clock.Add(2*time.Hour + time.Second)
}

// TestExports writes exports in every format to both kinds of bucket, reads
// them as the service's readers do, and verifies them against the digest.
func TestExports(t *testing.T) {
	for kind, make := range map[string]func(*testing.T) (server.ExportTarget, bucketReader){"directory": dirBucket, "S3": s3Bucket} {
		for _, format := range []types.OutputFormat{"", types.OutputFormatIonText, types.OutputFormatIonBinary, types.OutputFormatJson} {
			t.Run(kind+" "+string(format), func(t *testing.T) {
				clock := time.Date(2026, 3, 4, 5, 59, 59, 0, time.UTC)
				target, read := make(t)
				s := servertest.New(t, func(c *server.Config) { c.Exports, c.Clock = target, func() time.Time { return clock } })
				end := threeHours(t, s, clock, "archive-me")
				e := exported{t: t, s: s, read: read, format: format}
				e.run("archive-me", "some/prefix", clock.Add(-time.Hour), end)
				e.checkStarted(clock, end)
				if want := []string{"2026/03/04/05", "2026/03/04/06", "2026/03/04/07"}; fmt.Sprint(e.hours) != fmt.Sprint(want) {
					t.Errorf("objects in the hours %v, want %v", e.hours, want)
				}
				e.verify("archive-me")
			})
		}
	}
}

// exported is an export being read.
type exported struct {
	t      *testing.T
	s      *servertest.Server
	read   bucketReader
	format types.OutputFormat
	about  *types.JournalS3ExportDescription
	hours  []string
	blocks bytes.Buffer
	ranges [][2]int
	sizes  []int // of the objects, in bytes
	firsts []int // of the first block in each
}

var dataKey = regexp.MustCompile(`^some/prefix/(\d{4}/\d\d/\d\d/\d\d)/([0-9A-Za-z]{22})\.(\d+)-(\d+)\.(ion|10n|json)$`)

func (e *exported) run(ledger, prefix string, from, to time.Time) {
	e.t.Helper()
	out, err := e.s.Control.ExportJournalToS3(e.t.Context(), exportInput(ledger, prefix, from, to, e.format))
	if err != nil {
		e.t.Fatal(err)
	}
	e.s.Server.WaitForExports()
	is, err := e.s.Control.DescribeJournalS3Export(e.t.Context(), &qldb.DescribeJournalS3ExportInput{Name: &ledger, ExportId: out.ExportId})
	if err != nil {
		e.t.Fatal(err)
	}
	e.about = is.ExportDescription
	if e.about.Status != types.ExportStatusCompleted || *e.about.S3ExportConfiguration.Prefix != prefix+"/" || e.about.OutputFormat != e.format {
		e.t.Fatalf("DescribeJournalS3Export answered %+v", e.about)
	}
	l, err := e.s.Server.Ledger(ledger)
	if err != nil {
		e.t.Fatal(err)
	}
	keys, _ := e.value(*out.ExportId + "." + l.StrandID() + ".completed.manifest").Field("keys")
	for k := range keys.Elements() {
		key, _ := k.Text()
		e.object(key)
	}
}

func (e *exported) get(key string) []byte {
	e.t.Helper()
	b, err := e.read(key)
	if err != nil {
		e.t.Fatal(err)
	}
	return b
}

// value reads a manifest, which is in the format of the export.
func (e *exported) value(name string) ion.Value {
	e.t.Helper()
	parse := ion.Parse
	if b := e.get("some/prefix/" + name); !ion.IsBinary(b) {
		parse = func(b []byte) (ion.Value, error) { return ion.ParseText(string(b)) }
	}
	v, err := parse(e.get("some/prefix/" + name))
	if err != nil {
		e.t.Fatal(err)
	}
	return v
}

// object checks a data object against its name and keeps its blocks.
func (e *exported) object(key string) {
	e.t.Helper()
	m := dataKey.FindStringSubmatch(key)
	if m == nil {
		e.t.Fatalf("key %q is not that of a data object", key)
	}
	first, _ := strconv.Atoi(m[3])
	last, _ := strconv.Atoi(m[4])
	b := e.get(key)
	read := ion.ParseTextAll
	if ion.IsBinary(b) {
		read = ion.ParseAll
	}
	blocks, err := read(b)
	if err != nil || len(blocks) != last-first+1 {
		e.t.Fatalf("%s: %d blocks, error %v", key, len(blocks), err)
	}
	for i, v := range blocks {
		seq, _ := v.Path("blockAddress", "sequenceNo")
		if n, _ := seq.Int64(); int(n) != first+i {
			e.t.Errorf("%s: block %d stands at place %d", key, n, i)
		}
		if e.format == types.OutputFormatJson && bytes.Count(b, []byte("\n")) != len(blocks) {
			e.t.Errorf("%s: not one block a line", key)
		}
	}
	e.hours = append(e.hours, m[1])
	e.ranges = append(e.ranges, [2]int{first, last})
	e.blocks.Write(b)
	e.sizes = append(e.sizes, len(b))
	e.firsts = append(e.firsts, e.firstSize(b, blocks))
}

// firstSize is how many bytes of an object its first block takes.
func (e *exported) firstSize(b []byte, blocks []ion.Value) int {
	if ion.IsBinary(b) {
		return len(blocks[0].Encode())
	}
	return bytes.IndexByte(b, '\n') + 1
}

func (e *exported) checkStarted(from, to time.Time) {
	e.t.Helper()
	v := e.value(*e.about.ExportId + ".started.manifest")
	var names []string
	for name := range v.Fields() {
		names = append(names, name)
	}
	want := "ledgerName exportId inclusiveStartTime exclusiveEndTime bucket prefix objectEncryptionType"
	if e.format != "" {
		want += " outputFormat"
	}
	if got := strings.Join(names, " "); got != want {
		e.t.Errorf("started manifest has %s, want %s", got, want)
	}
	start, _ := v.Field("inclusiveStartTime")
	text := start.String()
	if s, ok := start.Text(); ok {
		text = s
	}
	if want := ion.NewTimestamp(from).String(); text != want {
		e.t.Errorf("inclusiveStartTime %s, want the ledger's creation, %s", text, want)
	}
}

func (e *exported) verify(ledger string) {
	e.t.Helper()
	out, err := e.s.Control.GetDigest(e.t.Context(), &qldb.GetDigestInput{Name: &ledger})
	if err != nil {
		e.t.Fatal(err)
	}
	hash, _ := hashchain.HashOf(out.Digest)
	tip, err := hashchain.ParseBlockAddress(*out.DigestTipAddress.IonText)
	if err != nil {
		e.t.Fatal(err)
	}
	rep, err := hashchain.VerifyJournal(&e.blocks, hashchain.VerifyOptions{Digest: &hashchain.Digest{Hash: hash, Tip: tip}})
	if err != nil || !rep.OK() || !rep.DigestChecked {
		e.t.Errorf("the export does not verify: %+v, error %v", rep, err)
	}
}

// TestExportsTile exports [a,b) and [b,c): together every block once.
func TestExportsTile(t *testing.T) {
	clock := time.Date(2026, 3, 4, 5, 59, 59, 0, time.UTC)
	target, read := dirBucket(t)
	s := servertest.New(t, func(c *server.Config) { c.Exports, c.Clock = target, func() time.Time { return clock } })
	end := threeHours(t, s, clock, "tiles")
	all := exported{t: t, s: s, read: read}
	middle := clock.Add(time.Hour) // the time of two blocks, to the millisecond
	all.run("tiles", "some/prefix", clock, middle)
	all.run("tiles", "some/prefix", middle, end)
	next := 0
	for _, r := range all.ranges {
		if r[0] != next {
			t.Errorf("objects cover %v", all.ranges)
		}
		next = r[1] + 1
	}
	all.verify("tiles")
	none := exported{t: t, s: s, read: read}
	none.run("tiles", "some/prefix", middle.Add(time.Minute), middle.Add(2*time.Minute))
	if len(none.ranges) != 0 {
		t.Errorf("an export of a time without blocks has %v", none.ranges)
	}
}

// TestExportErrors has buckets that are not there, and too many exports.
func TestExportErrors(t *testing.T) {
	target, _ := s3Bucket(t)
	s := servertest.New(t, func(c *server.Config) { c.Exports = target })
	insertNumbers(t, s.Driver("errors"), 1)
	now := time.Now().Truncate(time.Millisecond).Add(time.Second) // later than any ledger's creation here
	s.Advance(time.Minute)
	in := exportInput("errors", "", now.Add(-time.Hour), now, "")
	in.S3ExportConfiguration.Bucket = aws.String("nobody")
	_, err := s.Control.ExportJournalToS3(t.Context(), in)
	if code(err) != "InvalidParameterException" || !strings.Contains(err.Error(), "QLDB encountered an error validating S3 configuration: NoSuchBucket") {
		t.Errorf("a bucket that is not there: %v", err)
	}
	bare := servertest.New(t)
	bare.CreateLedger("errors")
	bare.Advance(time.Minute)
	_, err = bare.Control.ExportJournalToS3(t.Context(), exportInput("errors", "", now.Add(-time.Hour), now, ""))
	if code(err) != "InvalidParameterException" || !strings.Contains(err.Error(), "--export-dir") {
		t.Errorf("a server without a target: %v", err)
	}
}

// stuckS3 takes manifests and holds data objects up until open is closed.
func stuckS3(open chan struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".manifest") {
			select {
			case <-open:
			case <-r.Context().Done():
			}
		}
	})
}

// TestExportOverRestart stops a server in the middle of exports: they run to
// their end at the next start. A third one at once is refused.
func TestExportOverRestart(t *testing.T) {
	open := make(chan struct{})
	bucket := httptest.NewServer(stuckS3(open))
	defer bucket.Close()
	defer func() {
		select {
		case <-open:
		default:
			close(open)
		}
	}()
	cfg := server.Config{DataDir: t.TempDir(), Exports: server.ExportTarget{S3Endpoint: bucket.URL}}
	first, c := start(t, cfg)
	if err := first.CreateLedger("big", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	// The exports end at a later millisecond than that of the ledger's first block:
	// without a block they would be complete at once.
	created := time.Now()
	now := created
	for !now.After(created) {
		now = time.Now().Truncate(time.Millisecond)
	}
	var ids []*string
	for i := range 3 {
		out, err := c.ExportJournalToS3(t.Context(), exportInput("big", "", now.Add(-time.Hour), now, ""))
		switch {
		case i < 2 && err != nil:
			t.Fatal(err)
		case i == 2 && (code(err) != "LimitExceededException" || !strings.Contains(err.Error(), "Exceeded the limit of 2 concurrently running Journal export jobs")):
			t.Errorf("a third export: %v", err)
		case i < 2:
			ids = append(ids, out.ExportId)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, c := start(t, cfg)
	for _, want := range []types.ExportStatus{types.ExportStatusInProgress, types.ExportStatusCompleted} {
		for _, id := range ids {
			is, err := c.DescribeJournalS3Export(t.Context(), &qldb.DescribeJournalS3ExportInput{Name: aws.String("big"), ExportId: id})
			if err != nil || is.ExportDescription.Status != want {
				t.Errorf("export %s is %+v, error %v, want %s", *id, is, err, want)
			}
		}
		if want == types.ExportStatusInProgress {
			close(open)
			second.WaitForExports()
		}
	}
	var none *types.ResourceNotFoundException
	_, err := c.DescribeJournalS3Export(t.Context(), &qldb.DescribeJournalS3ExportInput{Name: aws.String("big"), ExportId: aws.String("0123456789012345678901")})
	if !errors.As(err, &none) {
		t.Errorf("an export that is not there: %v", err)
	}
}
