//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/amzn/ion-go/ion"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestReports holds what users of drivers and of the control plane had working
// on QLDB and missed in another emulator, by the numbers of their public
// reports. Those about statements alone are in the engine's tests.
func TestReports(t *testing.T) {
	t.Run("2054 a ledger without AWS", report2054)
	t.Run("4334 the driver's quick start", report4334)
	t.Run("4383 the driver lists tables", report4383)
	t.Run("4400 a ledger without protection is deleted", report4400)
	t.Run("7002 two parameters of the driver", report7002)
	t.Run("7120 the driver's timestamps", report7120)
	t.Run("7390 journal streams", report7390)
}

// report2054 asked for an emulator at all: control plane, driver and proofs.
func report2054(t *testing.T) {
	s := servertest.New(t)
	name := aws.String("local")
	if _, err := s.Control.CreateLedger(t.Context(), &qldb.CreateLedgerInput{Name: name, PermissionsMode: types.PermissionsModeAllowAll}); err != nil {
		t.Fatal(err)
	}
	is, err := s.Control.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: name})
	if err != nil || is.State != types.LedgerStateActive {
		t.Fatalf("the ledger is %v, %v", is, err)
	}
	d := driverAt(t, s.URL, *name)
	exec(t, d, "CREATE TABLE T")
	exec(t, d, "INSERT INTO T ?", map[string]int{"a": 1})
	if n := number(t, d, "SELECT VALUE a FROM T"); n != 1 {
		t.Errorf("read %d, wrote 1", n)
	}
	digest, err := s.Control.GetDigest(t.Context(), &qldb.GetDigestInput{Name: name})
	if err != nil || len(digest.Digest) != 32 {
		t.Errorf("the digest is %v, %v", digest, err)
	}
}

func report4334(t *testing.T) {
	d := servertest.New(t).Driver("quick-start")
	exec(t, d, "CREATE TABLE People")
	exec(t, d, "INSERT INTO People ?", map[string]any{"firstName": "John", "age": 54})
	exec(t, d, "INSERT INTO People ?", map[string]any{"firstName": "Jane", "age": 21})
	if r := exec(t, d, "UPDATE People SET age = ? WHERE firstName = ?", 44, "John"); len(r) != 1 {
		t.Errorf("%d documents are changed, want 1", len(r))
	}
	for name, age := range map[string]int{"John": 44, "Jane": 21} {
		if n := number(t, d, "SELECT VALUE age FROM People WHERE firstName = ?", name); n != age {
			t.Errorf("%s is %d, want %d", name, n, age)
		}
	}
}

func report4383(t *testing.T) {
	d := servertest.New(t).Driver("names")
	for _, table := range []string{"A", "B", "C"} {
		exec(t, d, "CREATE TABLE "+table)
	}
	exec(t, d, "DROP TABLE B")
	names, err := d.GetTableNames(t.Context())
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"A", "C"}) {
		t.Errorf("the names are %q, %v", names, err)
	}
}

func report4400(t *testing.T) {
	s := servertest.New(t)
	name := aws.String("short-lived")
	create := &qldb.CreateLedgerInput{Name: name, PermissionsMode: types.PermissionsModeAllowAll, DeletionProtection: aws.Bool(true)}
	if _, err := s.Control.CreateLedger(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	_, err := s.Control.DeleteLedger(t.Context(), &qldb.DeleteLedgerInput{Name: name})
	var unmet *types.ResourcePreconditionNotMetException
	if !errors.As(err, &unmet) {
		t.Errorf("deleting it while it is protected: %v", err)
	}
	if _, err := s.Control.UpdateLedger(t.Context(), &qldb.UpdateLedgerInput{Name: name, DeletionProtection: aws.Bool(false)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Control.DeleteLedger(t.Context(), &qldb.DeleteLedgerInput{Name: name}); err != nil {
		t.Errorf("deleting it without protection: %v", err)
	}
	_, err = s.Control.DescribeLedger(t.Context(), &qldb.DescribeLedgerInput{Name: name})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		t.Errorf("describing it afterwards: %v", err)
	}
}

func report7002(t *testing.T) {
	d := servertest.New(t).Driver("accounts")
	exec(t, d, "CREATE TABLE account")
	var inserted struct {
		DocumentID string `ion:"documentId"`
	}
	r := exec(t, d, "INSERT INTO account ?", map[string]*ion.Decimal{"balance": ion.MustParseDecimal("10.50")})
	if err := ion.Unmarshal(r[0], &inserted); err != nil {
		t.Fatal(err)
	}
	exec(t, d, "UPDATE account\n   BY  account_id\n  SET  balance    = balance + ?\nWHERE  account_id = ?", ion.MustParseDecimal("1.25"), inserted.DocumentID)
	var balance *ion.Decimal
	if err := ion.Unmarshal(exec(t, d, "SELECT VALUE balance FROM account")[0], &balance); err != nil {
		t.Fatal(err)
	}
	if want := ion.MustParseDecimal("11.75"); !balance.Equal(want) {
		t.Errorf("the balance is %s, want %s", balance, want)
	}
}

func report7120(t *testing.T) {
	d := servertest.New(t).Driver("times")
	exec(t, d, "CREATE TABLE dummy")
	type document struct {
		Time ion.Timestamp `ion:"time"`
	}
	want := document{ion.NewTimestamp(time.Date(2022, 11, 1, 10, 11, 12, 0, time.UTC), ion.TimestampPrecisionSecond, ion.TimezoneUTC)}
	exec(t, d, "INSERT INTO dummy ?", want)
	var got document
	if err := ion.Unmarshal(exec(t, d, "SELECT * FROM dummy")[0], &got); err != nil {
		t.Fatal(err)
	}
	if !got.Time.Equal(want.Time) {
		t.Errorf("the time is %v, want %v", got.Time, want.Time)
	}
}

// report7390 missed journal streams. Here a stream is made, listed and
// described; that no record is delivered is a known difference.
func report7390(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("streams")
	name, start := aws.String("streams"), time.Date(2022, 12, 1, 0, 0, 0, 0, time.UTC)
	made, err := s.Control.StreamJournalToKinesis(t.Context(), &qldb.StreamJournalToKinesisInput{
		LedgerName: name, StreamName: aws.String("journal"), RoleArn: aws.String("arn:aws:iam::000000000000:role/r"), InclusiveStartTime: &start,
		KinesisConfiguration: &types.KinesisConfiguration{StreamArn: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/k")},
	})
	if err != nil || len(*made.StreamId) != 22 {
		t.Fatalf("%v, %v", made, err)
	}
	list, err := s.Control.ListJournalKinesisStreamsForLedger(t.Context(), &qldb.ListJournalKinesisStreamsForLedgerInput{LedgerName: name})
	if err != nil || len(list.Streams) != 1 || *list.Streams[0].StreamId != *made.StreamId || list.Streams[0].Status != types.StreamStatusActive {
		t.Errorf("the ledger's streams are %+v, %v", list, err)
	}
	is, err := s.Control.DescribeJournalKinesisStream(t.Context(), &qldb.DescribeJournalKinesisStreamInput{LedgerName: name, StreamId: made.StreamId})
	if err != nil || *is.Stream.StreamName != "journal" || !is.Stream.InclusiveStartTime.Equal(start) {
		t.Errorf("the stream is %+v, %v", is, err)
	}
}
