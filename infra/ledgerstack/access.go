package ledgerstack

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// access makes the policies of writer, reader and auditor, and their roles.
func (b *builder) access() error {
	a := b.cfg.Access
	if a == nil {
		return nil
	}
	if g := a.Writer; g != nil {
		policy := b.fromLedger(func(arn ledgerARN) document { return writerPolicy(arn, *g) })
		if err := b.grant("writer", g.Grant, policy); err != nil {
			return err
		}
	}
	if g := a.Reader; g != nil {
		policy := b.fromLedger(func(arn ledgerARN) document { return readerPolicy(arn, *g) })
		if err := b.grant("reader", *g, policy); err != nil {
			return err
		}
	}
	if g := a.Auditor; g != nil {
		return b.grant("auditor", *g, b.auditorDocument(*g))
	}
	return nil
}

// auditorDocument needs the bucket's ARN too where there is a bucket.
func (b *builder) auditorDocument(g Grant) pulumi.StringOutput {
	e := b.cfg.Export
	if e == nil {
		return b.fromLedger(func(a ledgerARN) document { return auditorPolicy(a, g, nil, "") })
	}
	return pulumi.All(b.stack.LedgerArn, b.bucketArn).ApplyT(func(arns []any) (string, error) {
		a, err := parseLedgerARN(arns[0].(string))
		if err != nil {
			return "", err
		}
		return auditorPolicy(a, g, e, arns[1].(string)).text()
	}).(pulumi.StringOutput)
}

// grant makes one policy and, where principals are named, a role with it.
func (b *builder) grant(purpose string, g Grant, policy pulumi.StringOutput) error {
	name := b.name + "-" + purpose
	made, err := iam.NewPolicy(b.ctx, name, &iam.PolicyArgs{
		Description: pulumi.String("What the " + purpose + " of the ledger " + b.cfg.Name + " may do"),
		Policy:      policy,
		Tags:        b.tags(),
	}, b.opts...)
	if err != nil {
		return err
	}
	b.stack.PolicyArns[purpose] = made.Arn
	if len(g.Principals) == 0 {
		return nil
	}
	trust, err := principalTrust(g.Principals).text()
	if err != nil {
		return err
	}
	role, err := iam.NewRole(b.ctx, name, &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trust), Tags: b.tags()}, b.opts...)
	if err != nil {
		return err
	}
	b.stack.RoleArns[purpose] = role.Arn
	_, err = iam.NewRolePolicyAttachment(b.ctx, name, &iam.RolePolicyAttachmentArgs{Role: role.ID(), PolicyArn: made.Arn}, b.opts...)
	return err
}
