//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/aws/smithy-go"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// TestControlLedger goes through a ledger's life with the SDK.
func TestControlLedger(t *testing.T) {
	ctx := t.Context()
	s := servertest.New(t)
	c := s.Control
	name := aws.String("orders")
	made, err := c.CreateLedger(ctx, &qldb.CreateLedgerInput{Name: name, PermissionsMode: types.PermissionsModeAllowAll, Tags: map[string]*string{"env": aws.String("test")}})
	if err != nil {
		t.Fatal(err)
	}
	if made.State != types.LedgerStateCreating || !*made.DeletionProtection || *made.Arn != "arn:aws:qldb:us-east-1:000000000000:ledger/orders" {
		t.Errorf("CreateLedger answered %+v", made)
	}
	is, err := c.DescribeLedger(ctx, &qldb.DescribeLedgerInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if is.State != types.LedgerStateActive || is.EncryptionDescription != nil || !is.CreationDateTime.Equal(*made.CreationDateTime) {
		t.Errorf("DescribeLedger answered %+v", is)
	}
	_, err = c.CreateLedger(ctx, &qldb.CreateLedgerInput{Name: name, PermissionsMode: types.PermissionsModeAllowAll})
	var exists *types.ResourceAlreadyExistsException
	if !errors.As(err, &exists) || *exists.ResourceName != "orders" {
		t.Errorf("creating it again: %v", err)
	}
	_, err = c.DeleteLedger(ctx, &qldb.DeleteLedgerInput{Name: name})
	var unmet *types.ResourcePreconditionNotMetException
	if !errors.As(err, &unmet) {
		t.Errorf("deleting it while protected: %v", err)
	}
	if _, err = c.UpdateLedger(ctx, &qldb.UpdateLedgerInput{Name: name, DeletionProtection: aws.Bool(false)}); err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(ctx, &qldb.ListTagsForResourceInput{ResourceArn: made.Arn})
	if err != nil || *tags.Tags["env"] != "test" {
		t.Errorf("tags %v, error %v", tags, err)
	}
	if _, err = c.DeleteLedger(ctx, &qldb.DeleteLedgerInput{Name: name}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DescribeLedger(ctx, &qldb.DescribeLedgerInput{Name: name})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) || *gone.ResourceType != "Ledger" {
		t.Errorf("describing it afterwards: %v", err)
	}
	if _, err = c.CreateLedger(ctx, &qldb.CreateLedgerInput{Name: name, PermissionsMode: types.PermissionsModeStandard}); err != nil {
		t.Errorf("its name is not free again: %v", err)
	}
	_, err = c.CreateLedger(ctx, &qldb.CreateLedgerInput{Name: aws.String("bad--name"), PermissionsMode: types.PermissionsModeAllowAll})
	var invalid *types.InvalidParameterException
	if !errors.As(err, &invalid) || *invalid.ParameterName != "Name" {
		t.Errorf("a bad name: %v", err)
	}
}

// TestControlPaging lists 25 ledgers, 10 a page, while one comes and one goes.
func TestControlPaging(t *testing.T) {
	s := servertest.New(t)
	var want []string
	for i := range 25 {
		name := fmt.Sprintf("ledger-%02d", i)
		s.CreateLedger(name)
		want = append(want, name)
	}
	var got []string
	p := qldb.NewListLedgersPaginator(s.Control, &qldb.ListLedgersInput{MaxResults: aws.Int32(10)})
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range out.Ledgers {
			got = append(got, *l.Name)
		}
		if len(got) == 10 {
			s.CreateLedger("ledger-00a")
			if _, err := s.Control.DeleteLedger(t.Context(), &qldb.DeleteLedgerInput{Name: aws.String("ledger-24")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(got, want[:24]) {
		t.Errorf("listed %q, want %q", got, want[:24])
	}
}

// TestControlLimit fills the server up.
func TestControlLimit(t *testing.T) {
	s := servertest.New(t, func(c *server.Config) { c.Limits.Ledgers = 2 })
	s.CreateLedger("one")
	s.CreateLedger("two")
	_, err := s.Control.CreateLedger(t.Context(), &qldb.CreateLedgerInput{Name: aws.String("three"), PermissionsMode: types.PermissionsModeAllowAll})
	var full *types.LimitExceededException
	if !errors.As(err, &full) {
		t.Errorf("a third ledger: %v", err)
	}
}

// TestControlProofs checks digest, block and revision as an auditor would: from
// what the SDK returned alone.
func TestControlProofs(t *testing.T) {
	ctx := t.Context()
	s := servertest.New(t)
	d := s.Driver("proofs")
	insertNumbers(t, d, 3)
	exec(t, d, "UPDATE T SET n = 7 WHERE n = 2")
	digest, err := s.Control.GetDigest(ctx, &qldb.GetDigestInput{Name: aws.String("proofs")})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hashchain.HashOf(digest.Digest)
	if err != nil {
		t.Fatal(err)
	}
	tip, err := hashchain.ParseBlockAddress(*digest.DigestTipAddress.IonText)
	if err != nil {
		t.Fatal(err)
	}
	trusted := ledger.Digest{Hash: hash, Tip: tip}
	for _, row := range exec(t, d, "SELECT r.blockAddress, r.metadata.id FROM history(T) AS r") {
		v, err := ion.Parse(row)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := v.Field("blockAddress")
		id, _ := v.Field("id")
		idText, _ := id.Text()
		address := &types.ValueHolder{IonText: aws.String(at.String())}
		rev, err := s.Control.GetRevision(ctx, &qldb.GetRevisionInput{Name: aws.String("proofs"), BlockAddress: address, DocumentId: &idText, DigestTipAddress: digest.DigestTipAddress})
		if err != nil {
			t.Fatal(err)
		}
		if err := (ledger.Revision{Value: parseText(t, rev.Revision), Proof: parseProof(t, rev.Proof)}).Verify(trusted); err != nil {
			t.Error(err)
		}
		block, err := s.Control.GetBlock(ctx, &qldb.GetBlockInput{Name: aws.String("proofs"), BlockAddress: address, DigestTipAddress: digest.DigestTipAddress})
		if err != nil {
			t.Fatal(err)
		}
		if err := (ledger.Block{Value: parseText(t, block.Block), Proof: parseProof(t, block.Proof)}).Verify(trusted); err != nil {
			t.Error(err)
		}
	}
}

func parseText(t *testing.T, h *types.ValueHolder) ion.Value {
	t.Helper()
	v, err := ion.ParseText(*h.IonText)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseProof(t *testing.T, h *types.ValueHolder) hashchain.Proof {
	t.Helper()
	p, err := hashchain.ParseProof(*h.IonText)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestControlTableTags tags a table by its ARN.
func TestControlTableTags(t *testing.T) {
	ctx := t.Context()
	s := servertest.New(t)
	d := s.Driver("tables")
	v, err := ion.Parse(exec(t, d, "CREATE TABLE T")[0])
	if err != nil {
		t.Fatal(err)
	}
	f, _ := v.Field("tableId")
	id, _ := f.Text()
	arn := aws.String("arn:aws:qldb:us-east-1:000000000000:ledger/tables/table/" + id)
	if _, err := s.Control.TagResource(ctx, &qldb.TagResourceInput{ResourceArn: arn, Tags: map[string]*string{"a": aws.String("b")}}); err != nil {
		t.Fatal(err)
	}
	out, err := s.Control.ListTagsForResource(ctx, &qldb.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil || len(out.Tags) != 1 || *out.Tags["a"] != "b" {
		t.Errorf("tags %v, error %v", out, err)
	}
	if _, err := s.Control.UntagResource(ctx, &qldb.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
		t.Error(err)
	}
}

// TestControlTableTagsAtCreation gives a table its tags in CREATE TABLE: they are
// shown, changed and removed like any others, also after a restart.
func TestControlTableTagsAtCreation(t *testing.T) {
	ctx := t.Context()
	cfg := server.Config{DataDir: t.TempDir()}
	first, url := startURL(t, cfg)
	if err := first.CreateLedger("tagged", "STANDARD"); err != nil {
		t.Fatal(err)
	}
	c, _ := servertest.Clients(url, "test", "test")
	v, err := ion.Parse(exec(t, driverAt(t, url, "tagged"), "CREATE TABLE T WITH (aws_tags = `{'env':'test', 'team':'a', empty:''}`)")[0])
	if err != nil {
		t.Fatal(err)
	}
	f, _ := v.Field("tableId")
	id, _ := f.Text()
	arn := aws.String("arn:aws:qldb:us-east-1:000000000000:ledger/tagged/table/" + id)
	tags := func() string {
		out, err := c.ListTagsForResource(ctx, &qldb.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		plain := map[string]string{}
		for k, v := range out.Tags {
			plain[k] = *v
		}
		return fmt.Sprint(plain)
	}
	if got := tags(); got != "map[empty: env:test team:a]" {
		t.Errorf("after CREATE TABLE: %s", got)
	}
	if _, err := c.UntagResource(ctx, &qldb.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"team", "empty"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagResource(ctx, &qldb.TagResourceInput{ResourceArn: arn, Tags: map[string]*string{"env": aws.String("live"), "b": aws.String("c")}}); err != nil {
		t.Fatal(err)
	}
	if got := tags(); got != "map[b:c env:live]" {
		t.Errorf("after changes: %s", got)
	}
	if _, err := c.UntagResource(ctx, &qldb.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"env", "b"}}); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_, url = startURL(t, cfg)
	c, _ = servertest.Clients(url, "test", "test")
	if got := tags(); got != "map[]" {
		t.Errorf("after a restart: %s", got)
	}
}

// TestControlStream follows a stream by its states.
func TestControlStream(t *testing.T) {
	ctx := t.Context()
	s := servertest.New(t)
	s.CreateLedger("streams")
	start := time.Date(2021, 1, 1, 0, 0, 0, 123e6, time.UTC)
	made, err := s.Control.StreamJournalToKinesis(ctx, &qldb.StreamJournalToKinesisInput{
		LedgerName: aws.String("streams"), StreamName: aws.String("s"), RoleArn: aws.String("arn:aws:iam::000000000000:role/r"), InclusiveStartTime: &start,
		KinesisConfiguration: &types.KinesisConfiguration{StreamArn: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/k")},
	})
	if err != nil {
		t.Fatal(err)
	}
	is, err := s.Control.DescribeJournalKinesisStream(ctx, &qldb.DescribeJournalKinesisStreamInput{LedgerName: aws.String("streams"), StreamId: made.StreamId})
	if err != nil {
		t.Fatal(err)
	}
	if is.Stream.Status != types.StreamStatusActive || !is.Stream.InclusiveStartTime.Equal(start) || !*is.Stream.KinesisConfiguration.AggregationEnabled {
		t.Errorf("DescribeJournalKinesisStream answered %+v", is.Stream)
	}
	cancel := &qldb.CancelJournalKinesisStreamInput{LedgerName: aws.String("streams"), StreamId: made.StreamId}
	if _, err := s.Control.CancelJournalKinesisStream(ctx, cancel); err != nil {
		t.Fatal(err)
	}
	_, err = s.Control.CancelJournalKinesisStream(ctx, cancel)
	var unmet *types.ResourcePreconditionNotMetException
	if !errors.As(err, &unmet) {
		t.Errorf("cancelling it again: %v", err)
	}
}

// code is the exception's name as any SDK sees it.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}
