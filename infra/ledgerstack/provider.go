package ledgerstack

import (
	"net/url"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// dummyKey signs the calls to an emulator that checks no signature.
const dummyKey = "test"

// emulatorProvider makes the provider of a stack for an emulator. It takes
// nothing from the stack's default provider, so a setting that is missing there
// cannot send a call to AWS.
func emulatorProvider(ctx *pulumi.Context, name string, c Config, parent pulumi.Resource) (*aws.Provider, error) {
	endpoints := aws.ProviderEndpointArgs{Qldb: pulumi.String(c.Endpoints.QLDB)}
	if c.Endpoints.S3 != "" {
		endpoints.S3 = pulumi.String(c.Endpoints.S3)
	}
	if c.Endpoints.IAM != "" {
		endpoints.Iam = pulumi.String(c.Endpoints.IAM)
	}
	if c.Endpoints.Kinesis != "" {
		endpoints.Kinesis = pulumi.String(c.Endpoints.Kinesis)
	}
	return aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region:                    pulumi.String(c.Region),
		AccessKey:                 pulumi.String(firstOf(c.AccessKey, dummyKey)),
		SecretKey:                 pulumi.String(firstOf(c.SecretKey, dummyKey)),
		SkipCredentialsValidation: pulumi.Bool(true),
		SkipRequestingAccountId:   pulumi.Bool(true),
		SkipMetadataApiCheck:      pulumi.Bool(true),
		SkipRegionValidation:      pulumi.Bool(true),
		// A local S3 server has no DNS name for each bucket.
		S3UsePathStyle: pulumi.Bool(true),
		Endpoints:      aws.ProviderEndpointArray{endpoints},
	}, pulumi.Parent(parent))
}

// endpoint is the base URL of the control plane.
func (c Config) endpoint() string {
	if c.Endpoints.QLDB != "" {
		return strings.TrimRight(c.Endpoints.QLDB, "/")
	}
	return "https://qldb." + c.Region + ".amazonaws.com"
}

// ledgerURL is the address of a ledger as a Go program opens it. AWS's own
// endpoints are left to the SDK: it has one for each of QLDB's two APIs.
func (c Config) ledgerURL(name string) string {
	u := "qldb://" + name + "?region=" + url.QueryEscape(c.Region)
	if c.Endpoints.QLDB != "" {
		u += "&endpoint=" + url.QueryEscape(c.endpoint())
	}
	return u
}
