package ledgerstack

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/qldb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stream makes the journal stream, after whatever of its Kinesis stream and its
// role is not given.
func (b *builder) stream() error {
	if b.cfg.Stream == nil {
		return nil
	}
	s := *b.cfg.Stream
	target, err := b.kinesisStream(s)
	if err != nil {
		return err
	}
	opts, err := b.streamRole(s, target)
	if err != nil {
		return err
	}
	args := &qldb.StreamArgs{
		LedgerName:         b.stack.LedgerID,
		StreamName:         pulumi.String(s.Name),
		InclusiveStartTime: pulumi.String(s.startTime()),
		RoleArn:            b.stack.RoleArns["stream"],
		KinesisConfiguration: qldb.StreamKinesisConfigurationArgs{
			StreamArn: target, AggregationEnabled: pulumi.Bool(s.aggregation()),
		},
		Tags: b.tags(),
	}
	if s.EndTime != "" {
		args.ExclusiveEndTime = pulumi.String(s.EndTime)
	}
	stream, err := qldb.NewStream(b.ctx, b.name+"-stream", args, opts...)
	if err != nil {
		return err
	}
	b.stack.extra["kinesis_arn"] = target
	b.stack.extra["stream_id"] = stream.ID().ToStringOutput()
	b.stack.extra["stream_arn"] = stream.Arn
	return nil
}

// minRetentionHours is the shortest time Kinesis keeps records.
const minRetentionHours = 24

// kinesisStream gives the ARN of the given Kinesis stream, or makes one.
func (b *builder) kinesisStream(s Stream) (pulumi.StringOutput, error) {
	if s.KinesisArn != "" {
		return pulumi.String(s.KinesisArn).ToStringOutput(), nil
	}
	args := &kinesis.StreamArgs{
		EncryptionType:    pulumi.String("KMS"),
		KmsKeyId:          pulumi.String(firstOf(s.KinesisKmsKey, "alias/aws/kinesis")),
		RetentionPeriod:   pulumi.Int(minRetentionHours),
		StreamModeDetails: kinesis.StreamStreamModeDetailsArgs{StreamMode: pulumi.String("ON_DEMAND")},
		Tags:              b.tags(),
	}
	if k := s.Kinesis; k != nil {
		if k.RetentionHours != 0 {
			args.RetentionPeriod = pulumi.Int(k.RetentionHours)
		}
		if k.Shards != 0 {
			args.ShardCount = pulumi.Int(k.Shards)
			args.StreamModeDetails = kinesis.StreamStreamModeDetailsArgs{StreamMode: pulumi.String("PROVISIONED")}
		}
	}
	made, err := kinesis.NewStream(b.ctx, b.name+"-stream", args, b.opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return made.Arn, nil
}

// streamRole lists the given role, or makes one, and gives the options of the
// journal stream: QLDB tries the role when the stream is created, so the
// stream waits for the role's policy.
func (b *builder) streamRole(s Stream, target pulumi.StringOutput) ([]pulumi.ResourceOption, error) {
	if s.RoleArn != "" {
		b.stack.RoleArns["stream"] = pulumi.String(s.RoleArn).ToStringOutput()
		return b.opts, nil
	}
	policy, err := b.serviceRole("stream", ledgerARN.streams,
		fromARN(target, func(arn string) document { return streamPolicy(arn, s.KinesisKmsKey) }))
	if err != nil {
		return nil, err
	}
	return b.with(pulumi.DependsOn([]pulumi.Resource{policy})), nil
}
