package ledgerstack_test

import (
	"slices"
	"testing"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

func TestExportBucket(t *testing.T) {
	r := mustDeploy(t, full())
	const name, bucket = "ledger-export", "acme-exports"
	wantInputs(t, r.find(t, "aws:s3/bucketV2:BucketV2", name), map[string]any{
		"bucket": bucket, "forceDestroy": false, "tags": map[string]any{"env": "test"},
	})
	wantInputs(t, r.find(t, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", name), map[string]any{
		"bucket": bucket, "blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true,
	})
	wantInputs(t, r.find(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", name), map[string]any{
		"bucket": bucket, "rules": []any{map[string]any{
			"bucketKeyEnabled":                   false,
			"applyServerSideEncryptionByDefault": map[string]any{"sseAlgorithm": "AES256"},
		}},
	})
	wantInputs(t, r.find(t, "aws:s3/bucketVersioningV2:BucketVersioningV2", name), map[string]any{
		"bucket": bucket, "versioningConfiguration": map[string]any{"status": "Enabled"},
	})
	wantInputs(t, r.find(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", name), map[string]any{
		"bucket": bucket, "rules": []any{leftovers(90)},
	})
	policy := r.find(t, "aws:s3/bucketPolicy:BucketPolicy", name)
	wantPolicy(t, policy.inputs["policy"], `{"Version":"2012-10-17","Statement":[{
		"Sid":"RefuseUnencrypted","Effect":"Deny","Principal":{"AWS":["*"]},"Action":["s3:*"],
		"Resource":["arn:aws:s3:::acme-exports","arn:aws:s3:::acme-exports/*"],
		"Condition":{"Bool":{"aws:SecureTransport":["false"]}}}]}`)
	wantDependency(t, policy, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock "+name)
	wantDependency(t, r.find(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", name),
		"aws:s3/bucketVersioningV2:BucketVersioningV2 "+name)
}

// leftovers is the lifecycle rule that every bucket has.
func leftovers(days float64) map[string]any {
	return map[string]any{
		"id": "leftovers", "status": "Enabled", "filter": map[string]any{"prefix": ""},
		"noncurrentVersionExpiration":    map[string]any{"noncurrentDays": days},
		"abortIncompleteMultipartUpload": map[string]any{"daysAfterInitiation": 7.0},
	}
}

func wantDependency(t *testing.T, r registration, on string) {
	t.Helper()
	if !slices.Contains(r.dependsOn, on) {
		t.Errorf("%s %s depends on %v, want %s among them", r.typ, r.name, r.dependsOn, on)
	}
}

func TestExportBucketOptions(t *testing.T) {
	c := full()
	c.Export.KmsKey, c.Export.NoncurrentDays, c.Export.ArchiveAfterDays = keyARN, 30, 60
	r := mustDeploy(t, c)
	const name, bucket = "ledger-export", "acme-exports"
	wantInputs(t, r.find(t, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", name), map[string]any{
		"bucket": bucket, "rules": []any{map[string]any{
			"bucketKeyEnabled":                   true,
			"applyServerSideEncryptionByDefault": map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": keyARN},
		}},
	})
	wantInputs(t, r.find(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", name), map[string]any{
		"bucket": bucket, "rules": []any{leftovers(30), map[string]any{
			"id": "archive", "status": "Enabled", "filter": map[string]any{"prefix": ""},
			"transitions": []any{map[string]any{"days": 60.0, "storageClass": "GLACIER_IR"}},
		}},
	})
}

func TestExportRole(t *testing.T) {
	c := full()
	c.Export.KmsKey = keyARN
	r := mustDeploy(t, c)
	wantPolicy(t, r.find(t, "aws:iam/role:Role", "ledger-export").inputs["assumeRolePolicy"], `{"Version":"2012-10-17","Statement":[{
		"Sid":"QLDB","Effect":"Allow","Principal":{"Service":["qldb.amazonaws.com"]},"Action":["sts:AssumeRole"],
		"Condition":{"StringEquals":{"aws:SourceAccount":["123456789012"]},"ArnLike":{"aws:SourceArn":["arn:aws:qldb:us-east-1:123456789012:*"]}}}]}`)
	policy := r.find(t, "aws:iam/rolePolicy:RolePolicy", "ledger-export")
	if policy.inputs["role"] != "ledger-export-1234567" {
		t.Errorf("the policy belongs to the role %v, want ledger-export-1234567", policy.inputs["role"])
	}
	wantPolicy(t, policy.inputs["policy"], `{"Version":"2012-10-17","Statement":[
		{"Sid":"WriteExports","Effect":"Allow","Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":["arn:aws:s3:::acme-exports/journal/*"]},
		{"Sid":"Encrypt","Effect":"Allow","Action":["kms:GenerateDataKey"],"Resource":["`+keyARN+`"]}]}`)
}

// The local way: what a journal stream needs is given, nothing but QLDB is called.
func TestStreamWithGivenARNs(t *testing.T) {
	c := onEmulator()
	c.Stream = &ledgerstack.Stream{
		Name: "journal", KinesisArn: kinesisARN, RoleArn: roleARN, Aggregation: off(),
		StartTime: "2020-01-01T00:00:00Z", EndTime: "2021-01-01T00:00:00Z",
	}
	r := mustDeploy(t, c)
	wantResources(t, r, ledgerstack.Type+" ledger", "pulumi:providers:aws ledger-emulator",
		"aws:qldb/ledger:Ledger ledger", "aws:qldb/stream:Stream ledger-stream")
	wantInputs(t, r.find(t, "aws:qldb/stream:Stream", "ledger-stream"), map[string]any{
		"ledgerName": "vehicles", "streamName": "journal", "roleArn": roleARN,
		"inclusiveStartTime": "2020-01-01T00:00:00Z", "exclusiveEndTime": "2021-01-01T00:00:00Z",
		"kinesisConfiguration": map[string]any{"streamArn": kinesisARN, "aggregationEnabled": false},
	})
	for name, want := range map[string]any{"stream_role_arn": roleARN, "kinesis_arn": kinesisARN} {
		if r.outputs[name] != want {
			t.Errorf("output %s = %v, want %v", name, r.outputs[name], want)
		}
	}
}

func TestStreamWithItsOwnKinesisAndRole(t *testing.T) {
	r := mustDeploy(t, full())
	made := "arn:aws:kinesis:us-east-1:123456789012:stream/ledger-stream-1234567"
	wantInputs(t, r.find(t, "aws:kinesis/stream:Stream", "ledger-stream"), map[string]any{
		"encryptionType": "KMS", "kmsKeyId": "alias/aws/kinesis", "retentionPeriod": 24.0,
		"streamModeDetails": map[string]any{"streamMode": "ON_DEMAND"}, "tags": map[string]any{"env": "test"},
	})
	stream := r.find(t, "aws:qldb/stream:Stream", "ledger-stream")
	wantInputs(t, stream, map[string]any{
		"ledgerName": "vehicles", "streamName": "journal", "roleArn": "arn:aws:iam::123456789012:role/ledger-stream-1234567",
		"inclusiveStartTime":   ledgerstack.DefaultStreamStart,
		"kinesisConfiguration": map[string]any{"streamArn": made, "aggregationEnabled": true},
		"tags":                 map[string]any{"env": "test"},
	})
	wantDependency(t, stream, "aws:iam/rolePolicy:RolePolicy ledger-stream")
	wantPolicy(t, r.find(t, "aws:iam/role:Role", "ledger-stream").inputs["assumeRolePolicy"], `{"Version":"2012-10-17","Statement":[{
		"Sid":"QLDB","Effect":"Allow","Principal":{"Service":["qldb.amazonaws.com"]},"Action":["sts:AssumeRole"],
		"Condition":{"StringEquals":{"aws:SourceAccount":["123456789012"]},"ArnLike":{"aws:SourceArn":["arn:aws:qldb:us-east-1:123456789012:stream/vehicles/*"]}}}]}`)
	wantPolicy(t, r.find(t, "aws:iam/rolePolicy:RolePolicy", "ledger-stream").inputs["policy"], `{"Version":"2012-10-17","Statement":[{
		"Sid":"WriteStream","Effect":"Allow","Action":["kinesis:PutRecord","kinesis:PutRecords","kinesis:DescribeStream","kinesis:ListShards"],
		"Resource":["`+made+`"]}]}`)
}

func TestKinesisOptions(t *testing.T) {
	c := full()
	c.Stream.Kinesis = &ledgerstack.Kinesis{Shards: 2, RetentionHours: 48}
	c.Stream.KinesisKmsKey = keyARN
	r := mustDeploy(t, c)
	wantInputs(t, r.find(t, "aws:kinesis/stream:Stream", "ledger-stream"), map[string]any{
		"encryptionType": "KMS", "kmsKeyId": keyARN, "retentionPeriod": 48.0, "shardCount": 2.0,
		"streamModeDetails": map[string]any{"streamMode": "PROVISIONED"}, "tags": map[string]any{"env": "test"},
	})
	wantPolicy(t, r.find(t, "aws:iam/rolePolicy:RolePolicy", "ledger-stream").inputs["policy"], `{"Version":"2012-10-17","Statement":[
		{"Sid":"WriteStream","Effect":"Allow","Action":["kinesis:PutRecord","kinesis:PutRecords","kinesis:DescribeStream","kinesis:ListShards"],
		 "Resource":["arn:aws:kinesis:us-east-1:123456789012:stream/ledger-stream-1234567"]},
		{"Sid":"Encrypt","Effect":"Allow","Action":["kms:GenerateDataKey"],"Resource":["`+keyARN+`"]}]}`)
}

// A given role with a Kinesis stream made here, and the other way round.
func TestStreamWithHalfGiven(t *testing.T) {
	c := onAWS()
	c.Stream = &ledgerstack.Stream{Name: "journal", RoleArn: roleARN}
	wantResources(t, mustDeploy(t, c), ledgerstack.Type+" ledger", "aws:qldb/ledger:Ledger ledger",
		"aws:kinesis/stream:Stream ledger-stream", "aws:qldb/stream:Stream ledger-stream")
	c.Stream = &ledgerstack.Stream{Name: "journal", KinesisArn: kinesisARN}
	wantResources(t, mustDeploy(t, c), ledgerstack.Type+" ledger", "aws:qldb/ledger:Ledger ledger",
		"aws:iam/role:Role ledger-stream", "aws:iam/rolePolicy:RolePolicy ledger-stream", "aws:qldb/stream:Stream ledger-stream")
}

func TestAccessPoliciesAndRoles(t *testing.T) {
	r := mustDeploy(t, full())
	session := `{"Sid":"Session","Effect":"Allow","Action":["qldb:SendCommand"],"Resource":["` + ledgerARN + `"]}`
	catalog := `{"Sid":"Catalog","Effect":"Allow","Action":["qldb:PartiQLSelect"],"Resource":["` + ledgerARN + `/information_schema/user_tables"]}`
	wantPolicy(t, r.find(t, "aws:iam/policy:Policy", "ledger-writer").inputs["policy"], `{"Version":"2012-10-17","Statement":[`+session+`,`+catalog+`,
		{"Sid":"Tables","Effect":"Allow","Action":["qldb:PartiQLSelect","qldb:PartiQLInsert","qldb:PartiQLUpdate","qldb:PartiQLDelete"],"Resource":["`+ledgerARN+`/table/*"]}]}`)
	wantPolicy(t, r.find(t, "aws:iam/policy:Policy", "ledger-reader").inputs["policy"], `{"Version":"2012-10-17","Statement":[`+session+`,`+catalog+`,
		{"Sid":"Tables","Effect":"Allow","Action":["qldb:PartiQLSelect"],"Resource":["`+ledgerARN+`/table/*"]}]}`)
	wantPolicy(t, r.find(t, "aws:iam/policy:Policy", "ledger-auditor").inputs["policy"], `{"Version":"2012-10-17","Statement":[`+session+`,`+catalog+`,
		{"Sid":"Tables","Effect":"Allow","Action":["qldb:PartiQLSelect","qldb:PartiQLHistoryFunction"],"Resource":["`+ledgerARN+`/table/`+tableID+`"]},
		{"Sid":"Proofs","Effect":"Allow","Action":["qldb:DescribeLedger","qldb:GetDigest","qldb:GetBlock","qldb:GetRevision"],"Resource":["`+ledgerARN+`"]},
		{"Sid":"Exports","Effect":"Allow","Action":["qldb:DescribeJournalS3Export","qldb:ListJournalS3ExportsForLedger"],"Resource":["`+ledgerARN+`"]},
		{"Sid":"ListExportedObjects","Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::acme-exports"],"Condition":{"StringLike":{"s3:prefix":["journal/*"]}}},
		{"Sid":"ReadExportedObjects","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::acme-exports/journal/*"]}]}`)
	wantPolicy(t, r.find(t, "aws:iam/role:Role", "ledger-writer").inputs["assumeRolePolicy"], `{"Version":"2012-10-17","Statement":[{
		"Sid":"Principals","Effect":"Allow","Principal":{"AWS":["`+appARN+`"]},"Action":["sts:AssumeRole"]}]}`)
	wantInputs(t, r.find(t, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "ledger-writer"), map[string]any{
		"role": "ledger-writer-1234567", "policyArn": "arn:aws:iam::123456789012:policy/ledger-writer-1234567",
	})
}

// Without a bucket an auditor's policy says nothing about exports.
func TestAuditorWithoutExport(t *testing.T) {
	c := onAWS()
	c.Access = &ledgerstack.Access{Auditor: &ledgerstack.Grant{Principals: []string{appARN}}}
	r := mustDeploy(t, c)
	wantPolicy(t, r.find(t, "aws:iam/policy:Policy", "ledger-auditor").inputs["policy"], `{"Version":"2012-10-17","Statement":[
		{"Sid":"Session","Effect":"Allow","Action":["qldb:SendCommand"],"Resource":["`+ledgerARN+`"]},
		{"Sid":"Catalog","Effect":"Allow","Action":["qldb:PartiQLSelect"],"Resource":["`+ledgerARN+`/information_schema/user_tables"]},
		{"Sid":"Tables","Effect":"Allow","Action":["qldb:PartiQLSelect","qldb:PartiQLHistoryFunction"],"Resource":["`+ledgerARN+`/table/*"]},
		{"Sid":"Proofs","Effect":"Allow","Action":["qldb:DescribeLedger","qldb:GetDigest","qldb:GetBlock","qldb:GetRevision"],"Resource":["`+ledgerARN+`"]}]}`)
	if r.outputs["auditor_role_arn"] != "arn:aws:iam::123456789012:role/ledger-auditor-1234567" {
		t.Errorf("auditor_role_arn = %v", r.outputs["auditor_role_arn"])
	}
}
