package ledgerstack

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// skipFlags turn off what an AWS provider does before its first useful call:
// asking STS who it is, asking the metadata address of a virtual machine, and
// checking the region's name against a list.
var skipFlags = []string{
	"aws:skipCredentialsValidation",
	"aws:skipRequestingAccountId",
	"aws:skipMetadataApiCheck",
	"aws:skipRegionValidation",
}

// Load reads a Config from the stack's configuration: the keys of the namespace
// "ledger" and, from the namespace "aws", region, endpoints, accessKey,
// secretKey and, for an emulator, the four flags that skip a provider's own
// lookups. The region may also come from AWS_REGION or AWS_DEFAULT_REGION. Its
// error joins a *ConfigError for each value that cannot be read; the values are
// judged by Validate, which New calls.
func Load(ctx *pulumi.Context) (Config, error) {
	l := loader{get: ctx.GetConfig}
	c := Config{
		Target:             Target(l.text("ledger:target")),
		Region:             firstOf(l.text("aws:region"), os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		Name:               l.text("ledger:name"),
		PermissionsMode:    PermissionsMode(l.text("ledger:permissionsMode")),
		DeletionProtection: l.flag("ledger:deletionProtection"),
		KmsKey:             l.text("ledger:kmsKey"),
		Endpoints:          l.endpoints("aws:endpoints"),
		AccessKey:          l.text("aws:accessKey"),
		SecretKey:          l.text("aws:secretKey"),
	}
	l.object("ledger:tags", &c.Tags)
	l.object("ledger:export", &c.Export)
	l.object("ledger:stream", &c.Stream)
	l.object("ledger:access", &c.Access)
	if c.Target == TargetEmulator {
		l.requireSkips()
	}
	return c, errors.Join(l.errs...)
}

// loader reads typed values and collects what it cannot read.
type loader struct {
	get  func(key string) (string, bool)
	errs refusals
}

func (l *loader) text(key string) string {
	value, _ := l.get(key)
	return value
}

func (l *loader) flag(key string) *bool {
	value, ok := l.get(key)
	if !ok {
		return nil
	}
	b := value == "true"
	if !b && value != "false" {
		l.errs.add(key, value, "the value is true or false", "leave it out for the default")
		return nil
	}
	return &b
}

// object decodes a structured value. A member that does not exist is refused: a
// misspelt one would otherwise silently give the default.
func (l *loader) object(key string, into any) {
	value, ok := l.get(key)
	if !ok {
		return
	}
	dec := json.NewDecoder(strings.NewReader(value))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = errors.New("there is text after the value")
		}
	}
	if err != nil {
		l.errs.add(key, value, "the value does not have the shape that docs/infra.md gives: "+err.Error(), "correct it, or leave it out")
	}
}

// endpoints reads the AWS provider's own setting, a list of objects. Services
// that the stack never uses may be in it.
func (l *loader) endpoints(key string) Endpoints {
	var e Endpoints
	value, ok := l.get(key)
	if !ok {
		return e
	}
	var list []json.RawMessage
	err := json.Unmarshal([]byte(value), &list)
	for i := 0; err == nil && i < len(list); i++ {
		err = json.Unmarshal(list[i], &e)
	}
	if err != nil {
		l.errs.add(key, value, "endpoints are a list of objects, service to URL",
			"run `pulumi config set --path 'aws:endpoints[0].qldb' "+DefaultEndpoint+"`")
	}
	return e
}

// requireSkips protects what is added to the program later: a resource outside
// the component uses the stack's default provider, which without these flags
// asks AWS's STS before anything else.
func (l *loader) requireSkips() {
	for _, key := range skipFlags {
		if value := l.text(key); value != "true" {
			l.errs.add(key, value, "in a stack for an emulator every lookup of the AWS provider is off", "run `pulumi config set "+key+" true`")
		}
	}
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
