package ledgerstack_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

const account = "123456789012"

// registration is one resource as the program asks for it.
type registration struct {
	typ, name, provider string
	inputs              map[string]any
	dependsOn           []string
}

// recorder stands for the engine and the AWS provider: it records what it is
// asked for and answers with the attributes that AWS would add.
type recorder struct {
	mu      sync.Mutex
	made    []registration
	outputs map[string]any
}

func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("the program calls %s, it should only register resources", args.Token)
}

func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	reg := registration{
		typ: args.TypeToken, name: args.Name, provider: args.Provider,
		inputs: plain(resource.NewProperty(args.Inputs)).(map[string]any),
	}
	for _, dep := range args.RegisterRPC.GetDependencies() {
		u := urn.URN(dep)
		reg.dependsOn = append(reg.dependsOn, string(u.Type())+" "+u.Name())
	}
	r.mu.Lock()
	r.made = append(r.made, reg)
	r.mu.Unlock()
	id, added := attributes(reg)
	state := args.Inputs.Copy()
	for k, v := range added {
		state[resource.PropertyKey(k)] = resource.NewProperty(v)
	}
	return id, state, nil
}

// attributes are the id and the computed attributes that AWS gives a resource.
func attributes(r registration) (id string, added map[string]string) {
	named := func(key string) string {
		if s, ok := r.inputs[key].(string); ok {
			return s
		}
		return r.name + "-1234567"
	}
	switch r.typ {
	case "aws:qldb/ledger:Ledger":
		id = named("name")
		return id, map[string]string{"arn": "arn:aws:qldb:us-east-1:" + account + ":ledger/" + id}
	case "aws:qldb/stream:Stream":
		id = "IiPT4brpZCqCq3f4MTHbYy"
		return id, map[string]string{"arn": "arn:aws:qldb:us-east-1:" + account + ":stream/" + named("ledgerName") + "/" + id}
	case "aws:s3/bucketV2:BucketV2":
		id = named("bucket")
		return id, map[string]string{"arn": "arn:aws:s3:::" + id}
	case "aws:kinesis/stream:Stream":
		id = "arn:aws:kinesis:us-east-1:" + account + ":stream/" + named("name")
		return id, map[string]string{"arn": id}
	case "aws:iam/role:Role", "aws:iam/policy:Policy":
		id = named("name")
		kind := strings.ToLower(r.typ[strings.LastIndex(r.typ, ":")+1:])
		return id, map[string]string{"arn": "arn:aws:iam::" + account + ":" + kind + "/" + id}
	}
	return r.name + "-id", nil
}

// plain turns property values into Go values, secrets into their contents.
func plain(v resource.PropertyValue) any {
	switch {
	case v.IsSecret():
		return plain(v.SecretValue().Element)
	case v.IsObject():
		m := map[string]any{}
		for k, member := range v.ObjectValue() {
			m[string(k)] = plain(member)
		}
		return m
	case v.IsArray():
		list := []any{}
		for _, member := range v.ArrayValue() {
			list = append(list, plain(member))
		}
		return list
	default:
		return v.V
	}
}

// find gives the one resource of a type, and of a name where one is given.
func (r *recorder) find(t *testing.T, typ, name string) registration {
	t.Helper()
	var found []registration
	for _, reg := range r.made {
		if reg.typ == typ && reg.name == name {
			found = append(found, reg)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d resources %s named %s, want 1; the program made %v", len(found), typ, name, r.list())
	}
	return found[0]
}

// list names everything that was made, sorted by nothing: for messages.
func (r *recorder) list() []string {
	var all []string
	for _, reg := range r.made {
		all = append(all, reg.typ+" "+reg.name)
	}
	return all
}

// deploy runs New with a Config and gives what it registered and put out.
func deploy(cfg ledgerstack.Config, opts ...func(*pulumi.Context) pulumi.ResourceOption) (*recorder, error) {
	return run(nil, func(ctx *pulumi.Context) (ledgerstack.Config, error) { return cfg, nil }, opts...)
}

// run runs New with what load gives, under the given stack configuration.
func run(config map[string]string, load func(*pulumi.Context) (ledgerstack.Config, error), opts ...func(*pulumi.Context) pulumi.ResourceOption) (*recorder, error) {
	r := &recorder{outputs: map[string]any{}}
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		cfg, err := load(ctx)
		if err != nil {
			return err
		}
		var options []pulumi.ResourceOption
		for _, opt := range opts {
			options = append(options, opt(ctx))
		}
		stack, err := ledgerstack.New(ctx, "ledger", cfg, options...)
		if err != nil {
			return err
		}
		for name, value := range stack.Outputs() {
			// A program waits for what comes of its resources, not for constants.
			pulumi.All(value, stack.LedgerArn).ApplyT(func(v []any) any {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.outputs[name] = v[0]
				return v
			})
		}
		return nil
	}, pulumi.WithMocks("ledger", "test", r), func(info *pulumi.RunInfo) { info.Config = config })
	return r, err
}

// mustDeploy is deploy for a Config that has to be accepted.
func mustDeploy(t *testing.T, cfg ledgerstack.Config) *recorder {
	t.Helper()
	r, err := deploy(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
