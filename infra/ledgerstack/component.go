package ledgerstack

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/qldb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Type is the component's type in a stack's state.
const Type = "tally:ledger:LedgerStack"

// LedgerStack is a ledger and what belongs to it. What its Config did not ask
// for is absent from the maps and from Outputs.
type LedgerStack struct {
	pulumi.ResourceState

	// LedgerID is the resource's id, which is the ledger's name.
	LedgerID pulumi.StringOutput
	// LedgerArn is the ledger's ARN.
	LedgerArn pulumi.StringOutput
	// Endpoint is the base URL of the control plane.
	Endpoint pulumi.StringOutput
	// LedgerURL opens the ledger from Go: qldb://NAME?region=…&endpoint=…,
	// without the endpoint where it is AWS's own.
	LedgerURL pulumi.StringOutput
	// RoleArns and PolicyArns are by purpose: "export", "stream", "writer",
	// "reader", "auditor". A role that was given is listed like one made here.
	RoleArns, PolicyArns map[string]pulumi.StringOutput

	extra pulumi.Map
}

// builder carries what each part of the component needs while it is made.
type builder struct {
	ctx   *pulumi.Context
	name  string
	cfg   Config
	stack *LedgerStack
	opts  []pulumi.ResourceOption
	// bucketArn is set once the export bucket is registered.
	bucketArn pulumi.StringOutput
}

// New registers the component and its resources. It validates cfg first and
// registers nothing where it is refused; the error then joins a *ConfigError
// for each refused value. With TargetEmulator the resources use a provider that
// New makes from cfg, whatever opts say; with TargetAWS they use the provider
// of opts, or the stack's default one.
func New(ctx *pulumi.Context, name string, cfg Config, opts ...pulumi.ResourceOption) (*LedgerStack, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("the configuration is refused, nothing was changed:\n%w", err)
	}
	s := &LedgerStack{
		RoleArns: map[string]pulumi.StringOutput{}, PolicyArns: map[string]pulumi.StringOutput{},
		extra: pulumi.Map{},
	}
	if err := ctx.RegisterComponentResource(Type, name, s, opts...); err != nil {
		return nil, err
	}
	b := &builder{ctx: ctx, name: name, cfg: cfg, stack: s, opts: []pulumi.ResourceOption{pulumi.Parent(s)}}
	for _, step := range []func() error{b.provider, b.ledger, b.export, b.stream, b.access} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s, ctx.RegisterResourceOutputs(s, s.Outputs())
}

// Outputs is what a program exports: ledger_id, ledger_arn, endpoint and
// ledger_url always; export_bucket, kinesis_arn, stream_id, stream_arn,
// PURPOSE_role_arn and PURPOSE_policy_arn where there is one.
func (s *LedgerStack) Outputs() pulumi.Map {
	out := pulumi.Map{
		"ledger_id":  s.LedgerID,
		"ledger_arn": s.LedgerArn,
		"endpoint":   s.Endpoint,
		"ledger_url": s.LedgerURL,
	}
	for purpose, arn := range s.RoleArns {
		out[purpose+"_role_arn"] = arn
	}
	for purpose, arn := range s.PolicyArns {
		out[purpose+"_policy_arn"] = arn
	}
	for key, value := range s.extra {
		out[key] = value
	}
	return out
}

func (b *builder) provider() error {
	if b.cfg.Target != TargetEmulator {
		return nil
	}
	p, err := emulatorProvider(b.ctx, b.name+"-emulator", b.cfg, b.stack)
	if err != nil {
		return err
	}
	b.opts = append(b.opts, pulumi.Provider(p))
	return nil
}

func (b *builder) ledger() error {
	args := &qldb.LedgerArgs{
		Name:               pulumi.String(b.cfg.Name),
		PermissionsMode:    pulumi.String(string(b.cfg.mode())),
		DeletionProtection: pulumi.Bool(b.cfg.protected()),
		Tags:               b.tags(),
	}
	if b.cfg.KmsKey != "" {
		args.KmsKey = pulumi.String(b.cfg.KmsKey)
	}
	ledger, err := qldb.NewLedger(b.ctx, b.name, args, b.opts...)
	if err != nil {
		return err
	}
	b.stack.LedgerID = ledger.ID().ToStringOutput()
	b.stack.LedgerArn = ledger.Arn
	// Derived from the ledger, so that a program waits for it like for the others.
	endpoint := b.cfg.endpoint()
	b.stack.Endpoint = ledger.Name.ApplyT(func(string) string { return endpoint }).(pulumi.StringOutput)
	b.stack.LedgerURL = ledger.Name.ApplyT(b.cfg.ledgerURL).(pulumi.StringOutput)
	return nil
}

// tags are nil where there are none, so that the request has no member for them.
func (b *builder) tags() pulumi.StringMapInput {
	if len(b.cfg.Tags) == 0 {
		return nil
	}
	return pulumi.ToStringMap(b.cfg.Tags)
}

// fromLedger makes a policy document out of the ledger's ARN, once it is known.
func (b *builder) fromLedger(make func(a ledgerARN) document) pulumi.StringOutput {
	return b.stack.LedgerArn.ApplyT(func(text string) (string, error) {
		a, err := parseLedgerARN(text)
		if err != nil {
			return "", err
		}
		return make(a).text()
	}).(pulumi.StringOutput)
}

// fromARN makes a policy document out of one resource's ARN.
func fromARN(arn pulumi.StringOutput, make func(arn string) document) pulumi.StringOutput {
	return arn.ApplyT(func(text string) (string, error) { return make(text).text() }).(pulumi.StringOutput)
}
