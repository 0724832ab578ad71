package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// s3Target puts objects into a service with S3's API.
type s3Target struct{ client *s3.Client }

// openS3Target takes the credentials of the environment, or "test" where there
// are none: what local services accept. A try that has no answer within the time
// given is over; the SDK makes three, with pauses between them.
func openS3Target(endpoint, region string, within time.Duration) (*s3Target, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, invalid("S3 endpoint %q is not a URL such as http://127.0.0.1:9000", endpoint)
	}
	creds := credentials.NewStaticCredentialsProvider(
		cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "test"), cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "test"), os.Getenv("AWS_SESSION_TOKEN"))
	return &s3Target{s3.New(s3.Options{
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(within),
		Region:     region, Credentials: creds, BaseEndpoint: &endpoint, UsePathStyle: true,
		// Not every service with S3's API knows the newer checksums.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})}, nil
}

func (t *s3Target) check(string, string) error { return nil }

func (t *s3Target) close() error { return nil }

func (t *s3Target) put(ctx context.Context, x *exportState, key string, data []byte) error {
	in := &s3.PutObjectInput{Bucket: &x.Bucket, Key: &key, Body: bytes.NewReader(data)}
	switch x.Encryption {
	case "SSE_S3":
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	case "SSE_KMS":
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &x.KmsKey
	}
	_, err := t.client.PutObject(ctx, in)
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("%s %s", api.ErrorCode(), api.ErrorMessage())
	}
	return err
}
