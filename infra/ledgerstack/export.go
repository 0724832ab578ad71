package ledgerstack

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// export makes the bucket and the role of journal exports.
func (b *builder) export() error {
	if b.cfg.Export == nil {
		return nil
	}
	e := *b.cfg.Export
	bucket, err := s3.NewBucketV2(b.ctx, b.name+"-export", &s3.BucketV2Args{
		Bucket: pulumi.String(e.Bucket),
		// A journal's archive is not thrown away with the stack: a bucket that
		// holds objects fails to be deleted.
		ForceDestroy: pulumi.Bool(false),
		Tags:         b.tags(),
	}, b.opts...)
	if err != nil {
		return err
	}
	b.bucketArn = bucket.Arn
	b.stack.extra["export_bucket"] = bucket.Bucket
	for _, step := range []func(*s3.BucketV2, Export) error{
		b.bucketAccess, b.bucketEncryption, b.bucketVersions,
	} {
		if err := step(bucket, e); err != nil {
			return err
		}
	}
	_, err = b.serviceRole("export", ledgerARN.anything,
		fromARN(bucket.Arn, func(arn string) document { return exportPolicy(e, arn) }))
	return err
}

// bucketAccess closes the bucket to the public and to unencrypted connections.
func (b *builder) bucketAccess(bucket *s3.BucketV2, _ Export) error {
	block, err := s3.NewBucketPublicAccessBlock(b.ctx, b.name+"-export", &s3.BucketPublicAccessBlockArgs{
		Bucket:                bucket.ID(),
		BlockPublicAcls:       pulumi.Bool(true),
		BlockPublicPolicy:     pulumi.Bool(true),
		IgnorePublicAcls:      pulumi.Bool(true),
		RestrictPublicBuckets: pulumi.Bool(true),
	}, b.opts...)
	if err != nil {
		return err
	}
	// S3 refuses to change a bucket's policy and its access block at once.
	_, err = s3.NewBucketPolicy(b.ctx, b.name+"-export", &s3.BucketPolicyArgs{
		Bucket: bucket.ID(),
		Policy: fromARN(bucket.Arn, bucketPolicy),
	}, b.with(pulumi.DependsOn([]pulumi.Resource{block}))...)
	return err
}

func (b *builder) bucketEncryption(bucket *s3.BucketV2, e Export) error {
	byDefault := s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
		SseAlgorithm: pulumi.String("AES256"),
	}
	if e.KmsKey != "" {
		byDefault.SseAlgorithm = pulumi.String("aws:kms")
		byDefault.KmsMasterKeyId = pulumi.String(e.KmsKey)
	}
	_, err := s3.NewBucketServerSideEncryptionConfigurationV2(b.ctx, b.name+"-export", &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{
			s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
				ApplyServerSideEncryptionByDefault: byDefault,
				BucketKeyEnabled:                   pulumi.Bool(e.KmsKey != ""),
			},
		},
	}, b.opts...)
	return err
}

// bucketVersions keeps what an overwrite or a deletion would lose, for a while.
func (b *builder) bucketVersions(bucket *s3.BucketV2, e Export) error {
	versioning, err := s3.NewBucketVersioningV2(b.ctx, b.name+"-export", &s3.BucketVersioningV2Args{
		Bucket: bucket.ID(),
		VersioningConfiguration: s3.BucketVersioningV2VersioningConfigurationArgs{
			Status: pulumi.String("Enabled"),
		},
	}, b.opts...)
	if err != nil {
		return err
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(b.ctx, b.name+"-export", &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules:  lifecycleRules(e),
	}, b.with(pulumi.DependsOn([]pulumi.Resource{versioning}))...)
	return err
}

// abandonedUploadDays is when the parts of an unfinished upload are removed.
const abandonedUploadDays = 7

func lifecycleRules(e Export) s3.BucketLifecycleConfigurationV2RuleArray {
	all := s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")}
	rules := s3.BucketLifecycleConfigurationV2RuleArray{
		s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("leftovers"), Status: pulumi.String("Enabled"), Filter: all,
			NoncurrentVersionExpiration: s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{
				NoncurrentDays: pulumi.Int(e.noncurrentDays()),
			},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
				DaysAfterInitiation: pulumi.Int(abandonedUploadDays),
			},
		},
	}
	if e.ArchiveAfterDays == 0 {
		return rules
	}
	return append(rules, s3.BucketLifecycleConfigurationV2RuleArgs{
		Id: pulumi.String("archive"), Status: pulumi.String("Enabled"), Filter: all,
		Transitions: s3.BucketLifecycleConfigurationV2RuleTransitionArray{
			s3.BucketLifecycleConfigurationV2RuleTransitionArgs{
				Days: pulumi.Int(e.ArchiveAfterDays), StorageClass: pulumi.String("GLACIER_IR"),
			},
		},
	})
}

// with adds options to those that every resource has, in a slice of its own.
func (b *builder) with(opts ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{}, b.opts...), opts...)
}

// serviceRole makes a role that QLDB takes on for the given sources, with one
// inline policy, and lists it. It gives the policy too: who uses the role has
// to wait for it.
func (b *builder) serviceRole(purpose string, sources func(ledgerARN) string, policy pulumi.StringOutput) (*iam.RolePolicy, error) {
	role, err := iam.NewRole(b.ctx, b.name+"-"+purpose, &iam.RoleArgs{
		AssumeRolePolicy: b.fromLedger(func(a ledgerARN) document { return serviceTrust(a, sources(a)) }),
		Tags:             b.tags(),
	}, b.opts...)
	if err != nil {
		return nil, err
	}
	b.stack.RoleArns[purpose] = role.Arn
	return iam.NewRolePolicy(b.ctx, b.name+"-"+purpose, &iam.RolePolicyArgs{
		Role: role.ID(), Policy: policy,
	}, b.opts...)
}
