//lint:file-ignore SA1019 the SDK of a service that ended is what its remaining programs use.

package ledgerstack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
)

// sdkProvider does with the AWS SDK what the AWS provider of Pulumi and
// Terraform does with a ledger and a journal stream: the same calls in the same
// order, and the same reading back.
type sdkProvider struct {
	t      *testing.T
	client *qldb.Client
	mu     sync.Mutex
	calls  []string
}

// maxPolls bounds each wait for a state. The waits are not slept through: a
// server that needs time needs requests.
const maxPolls = 1000

func newSDKProvider(t *testing.T, endpoint string) *sdkProvider {
	p := &sdkProvider{t: t}
	p.client = qldb.New(qldb.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  &http.Client{Transport: p},
	})
	return p
}

// RoundTrip notes method, escaped path, query and body of each request.
func (p *sdkProvider) RoundTrip(r *http.Request) (*http.Response, error) {
	call := r.Method + " " + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		call += "?" + r.URL.RawQuery
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) > 0 {
			call += " " + sorted(body)
		}
	}
	p.mu.Lock()
	p.calls = append(p.calls, call)
	p.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// sorted spells a JSON text with its keys in order.
func sorted(text []byte) string {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return string(text)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

func (p *sdkProvider) takeCalls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = nil
	return calls
}

func (p *sdkProvider) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// text gives an optional property, nil where it is not set.
func text(in map[string]any, key string) *string {
	if s, ok := in[key].(string); ok {
		return &s
	}
	return nil
}

func tagsOf(in map[string]any) map[string]string {
	tags := map[string]string{}
	if m, ok := in["tags"].(map[string]any); ok {
		for k, v := range m {
			tags[k] = v.(string)
		}
	}
	return tags
}

// setTags gives read tags the shape that properties have: none is no property.
func setTags(out map[string]any, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	m := map[string]any{}
	for k, v := range tags {
		m[k] = v
	}
	out["tags"] = m
}

func (p *sdkProvider) createLedger(in map[string]any) {
	p.t.Helper()
	req := &qldb.CreateLedgerInput{
		Name: text(in, "name"), PermissionsMode: types.PermissionsMode(in["permissionsMode"].(string)),
		DeletionProtection: awssdk.Bool(in["deletionProtection"].(bool)), KmsKey: text(in, "kmsKey"),
	}
	if tags := tagsOf(in); len(tags) > 0 {
		req.Tags = awssdk.StringMap(tags)
	}
	_, err := p.client.CreateLedger(p.t.Context(), req)
	p.must(err)
	for range maxPolls {
		ledger, err := p.client.DescribeLedger(p.t.Context(), &qldb.DescribeLedgerInput{Name: req.Name})
		p.must(err)
		if ledger.State == types.LedgerStateActive {
			return
		}
		if ledger.State != types.LedgerStateCreating {
			p.t.Fatalf("ledger %s is %s after its creation, want CREATING and then ACTIVE", *req.Name, ledger.State)
		}
	}
	p.t.Fatalf("ledger %s is not ACTIVE after %d polls", *req.Name, maxPolls)
}

// readLedger gives the properties as the server has them, nil for a ledger that
// is gone.
func (p *sdkProvider) readLedger(name string) map[string]any {
	p.t.Helper()
	ledger, err := p.client.DescribeLedger(p.t.Context(), &qldb.DescribeLedgerInput{Name: &name})
	var gone *types.ResourceNotFoundException
	if errors.As(err, &gone) {
		return nil
	}
	p.must(err)
	answer, err := p.client.ListTagsForResource(p.t.Context(), &qldb.ListTagsForResourceInput{ResourceArn: ledger.Arn})
	p.must(err)
	out := map[string]any{
		"name": awssdk.ToString(ledger.Name), "permissionsMode": string(ledger.PermissionsMode),
		"deletionProtection": awssdk.ToBool(ledger.DeletionProtection),
	}
	if e := ledger.EncryptionDescription; e != nil {
		out["kmsKey"] = awssdk.ToString(e.KmsKeyArn)
	}
	setTags(out, awssdk.ToStringMap(answer.Tags))
	return out
}

// updateLedger sends what has changed: the permissions mode, then the rest, then
// the tags.
func (p *sdkProvider) updateLedger(old, in map[string]any) {
	p.t.Helper()
	name := text(in, "name")
	if old["permissionsMode"] != in["permissionsMode"] {
		_, err := p.client.UpdateLedgerPermissionsMode(p.t.Context(), &qldb.UpdateLedgerPermissionsModeInput{
			Name: name, PermissionsMode: types.PermissionsMode(in["permissionsMode"].(string)),
		})
		p.must(err)
	}
	if old["deletionProtection"] != in["deletionProtection"] || old["kmsKey"] != in["kmsKey"] {
		req := &qldb.UpdateLedgerInput{Name: name, DeletionProtection: awssdk.Bool(in["deletionProtection"].(bool))}
		if old["kmsKey"] != in["kmsKey"] {
			req.KmsKey = text(in, "kmsKey")
		}
		_, err := p.client.UpdateLedger(p.t.Context(), req)
		p.must(err)
	}
	ledger, err := p.client.DescribeLedger(p.t.Context(), &qldb.DescribeLedgerInput{Name: name})
	p.must(err)
	p.updateTags(ledger.Arn, tagsOf(old), tagsOf(in))
}

// updateTags removes keys first, and then sends the added and changed ones.
func (p *sdkProvider) updateTags(arn *string, old, in map[string]string) {
	p.t.Helper()
	var removed []string
	for key := range old {
		if _, kept := in[key]; !kept {
			removed = append(removed, key)
		}
	}
	slices.Sort(removed)
	set := maps.Clone(in)
	maps.DeleteFunc(set, func(key, value string) bool { before, had := old[key]; return had && before == value })
	if len(removed) > 0 {
		_, err := p.client.UntagResource(p.t.Context(), &qldb.UntagResourceInput{ResourceArn: arn, TagKeys: removed})
		p.must(err)
	}
	if len(set) > 0 {
		_, err := p.client.TagResource(p.t.Context(), &qldb.TagResourceInput{ResourceArn: arn, Tags: awssdk.StringMap(set)})
		p.must(err)
	}
}

// deleteLedger deletes and waits until the ledger is gone; the error is the
// server's refusal.
func (p *sdkProvider) deleteLedger(name string) error {
	p.t.Helper()
	if _, err := p.client.DeleteLedger(p.t.Context(), &qldb.DeleteLedgerInput{Name: &name}); err != nil {
		return err
	}
	var gone *types.ResourceNotFoundException
	for range maxPolls {
		_, err := p.client.DescribeLedger(p.t.Context(), &qldb.DescribeLedgerInput{Name: &name})
		if errors.As(err, &gone) {
			return nil
		}
		p.must(err)
	}
	return errors.New("the deleted ledger is still there")
}

func (p *sdkProvider) createStream(in map[string]any) string {
	p.t.Helper()
	kinesis := in["kinesisConfiguration"].(map[string]any)
	req := &qldb.StreamJournalToKinesisInput{
		LedgerName: text(in, "ledgerName"), StreamName: text(in, "streamName"), RoleArn: text(in, "roleArn"),
		InclusiveStartTime: p.time(in, "inclusiveStartTime"), ExclusiveEndTime: p.time(in, "exclusiveEndTime"),
		KinesisConfiguration: &types.KinesisConfiguration{
			StreamArn: text(kinesis, "streamArn"), AggregationEnabled: awssdk.Bool(kinesis["aggregationEnabled"].(bool)),
		},
		Tags: awssdk.StringMap(tagsOf(in)),
	}
	made, err := p.client.StreamJournalToKinesis(p.t.Context(), req)
	p.must(err)
	stream := p.describeStream(*req.LedgerName, *made.StreamId)
	if stream == nil || stream.Status != types.StreamStatusActive {
		p.t.Fatalf("the stream is %+v right after its creation, want ACTIVE", stream)
	}
	return *made.StreamId
}

func (p *sdkProvider) time(in map[string]any, key string) *time.Time {
	p.t.Helper()
	s := text(in, key)
	if s == nil {
		return nil
	}
	t, err := time.Parse(time.RFC3339, *s)
	p.must(err)
	return &t
}

func (p *sdkProvider) describeStream(ledger, id string) *types.JournalKinesisStreamDescription {
	p.t.Helper()
	answer, err := p.client.DescribeJournalKinesisStream(p.t.Context(), &qldb.DescribeJournalKinesisStreamInput{LedgerName: &ledger, StreamId: &id})
	var gone *types.ResourceNotFoundException
	if errors.As(err, &gone) {
		return nil
	}
	p.must(err)
	return answer.Stream
}

// readStream gives the properties as the server has them, nil for a stream that
// has ended in any way.
func (p *sdkProvider) readStream(ledger, id string) map[string]any {
	p.t.Helper()
	stream := p.describeStream(ledger, id)
	if stream == nil || slices.Contains([]types.StreamStatus{types.StreamStatusCanceled, types.StreamStatusCompleted, types.StreamStatusFailed}, stream.Status) {
		return nil
	}
	answer, err := p.client.ListTagsForResource(p.t.Context(), &qldb.ListTagsForResourceInput{ResourceArn: stream.Arn})
	p.must(err)
	out := map[string]any{
		"ledgerName": awssdk.ToString(stream.LedgerName), "streamName": awssdk.ToString(stream.StreamName),
		"roleArn": awssdk.ToString(stream.RoleArn), "inclusiveStartTime": stream.InclusiveStartTime.UTC().Format(time.RFC3339),
		"kinesisConfiguration": map[string]any{
			"streamArn":          awssdk.ToString(stream.KinesisConfiguration.StreamArn),
			"aggregationEnabled": awssdk.ToBool(stream.KinesisConfiguration.AggregationEnabled),
		},
	}
	if stream.ExclusiveEndTime != nil {
		out["exclusiveEndTime"] = stream.ExclusiveEndTime.UTC().Format(time.RFC3339)
	}
	setTags(out, awssdk.ToStringMap(answer.Tags))
	return out
}

func (p *sdkProvider) updateStreamTags(id string, old, in map[string]any) {
	p.t.Helper()
	stream := p.describeStream(*text(in, "ledgerName"), id)
	p.updateTags(stream.Arn, tagsOf(old), tagsOf(in))
}

func (p *sdkProvider) deleteStream(ledger, id string) {
	p.t.Helper()
	_, err := p.client.CancelJournalKinesisStream(p.t.Context(), &qldb.CancelJournalKinesisStreamInput{LedgerName: &ledger, StreamId: &id})
	p.must(err)
}
