//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

const testKey, testSecret = "AKIDEXAMPLE", "a secret of the test"

// TestSignedClients has the SDK sign: paths with escapes, queries, bodies and
// none.
func TestSignedClients(t *testing.T) {
	ctx := t.Context()
	_, url := startURL(t, server.Config{AccessKeys: map[string]string{testKey: testSecret}})
	c, session := servertest.Clients(url, testKey, testSecret)
	made, err := c.CreateLedger(ctx, &qldb.CreateLedgerInput{Name: aws.String("signed"), PermissionsMode: types.PermissionsModeAllowAll})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagResource(ctx, &qldb.TagResourceInput{ResourceArn: made.Arn, Tags: map[string]*string{"a b": aws.String("c")}}); err != nil {
		t.Error(err)
	}
	if _, err := c.UntagResource(ctx, &qldb.UntagResourceInput{ResourceArn: made.Arn, TagKeys: []string{"a b", "ü/~+*", "c&d=e"}}); err != nil {
		t.Error(err)
	}
	if _, err := c.GetDigest(ctx, &qldb.GetDigestInput{Name: aws.String("signed")}); err != nil {
		t.Error(err)
	}
	d, err := qldbdriver.New("signed", session, func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff })
	if err != nil {
		t.Fatal(err)
	}
	insertNumbers(t, d, 50)

	for name, keys := range map[string][2]string{"UnrecognizedClientException": {"AKIDOTHER", testSecret}, "InvalidSignatureException": {testKey, "wrong"}} {
		c, session := servertest.Clients(url, keys[0], keys[1])
		if _, err := c.ListLedgers(ctx, &qldb.ListLedgersInput{}); code(err) != name {
			t.Errorf("control plane with %q: %v, want %s", keys, err, name)
		}
		d, err := qldbdriver.New("signed", session, func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.GetTableNames(ctx); code(err) != name {
			t.Errorf("session API with %q: %v, want %s", keys, err, name)
		}
	}
}

// TestSignature signs requests by hand and breaks them.
func TestSignature(t *testing.T) {
	_, url := startURL(t, server.Config{AccessKeys: map[string]string{testKey: testSecret}})
	const body = `{"StartSession":{"LedgerName":"nobody"}}`
	request := func(at time.Time, service string) *http.Request {
		r, err := http.NewRequest(http.MethodPost, url+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", "QLDBSession.SendCommand")
		hash := sha256.Sum256([]byte(body))
		creds := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}
		if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hex.EncodeToString(hash[:]), service, "us-east-1", at); err != nil {
			t.Fatal(err)
		}
		return r
	}
	now := time.Now()
	for _, test := range []struct {
		name, want string
		service    string
		at         time.Time
		change     func(*http.Request)
	}{
		{name: "good", want: "BadRequestException"},
		{name: "4 minutes early", want: "BadRequestException", at: now.Add(-4 * time.Minute)},
		{name: "6 minutes early", want: "InvalidSignatureException", at: now.Add(-6 * time.Minute)},
		{name: "6 minutes late", want: "InvalidSignatureException", at: now.Add(6 * time.Minute)},
		{name: "other service", want: "InvalidSignatureException", service: "s3"},
		{name: "the token service's signature", want: "InvalidSignatureException", service: "sts"},
		{name: "no signature", want: "MissingAuthenticationTokenException", change: func(r *http.Request) { r.Header.Del("Authorization") }},
		{name: "another body", want: "InvalidSignatureException", change: func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader([]byte(strings.Replace(body, "nobody", "person", 1))))
		}},
		{name: "another target", want: "InvalidSignatureException", change: func(r *http.Request) { r.Header.Set("X-Amz-Target", "QLDBSession.Other") }},
		{name: "another date", want: "InvalidSignatureException", change: func(r *http.Request) {
			r.Header.Set("X-Amz-Date", now.Add(time.Second).UTC().Format("20060102T150405Z"))
		}},
		{name: "no date", want: "IncompleteSignatureException", change: func(r *http.Request) { r.Header.Del("X-Amz-Date") }},
		{name: "a wrong hash", want: "InvalidSignatureException", change: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64)) }},
		{name: "another host", want: "InvalidSignatureException", change: func(r *http.Request) { r.Host = "example.com" }},
		{name: "other algorithm", want: "IncompleteSignatureException", change: func(r *http.Request) { r.Header.Set("Authorization", "Basic eDp5") }},
		{name: "half a header", want: "IncompleteSignatureException", change: func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x") }},
		{name: "short signature", want: "IncompleteSignatureException", change: func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-2])
		}},
	} {
		if test.at.IsZero() {
			test.at = now
		}
		if test.service == "" {
			test.service = "qldb"
		}
		r := request(test.at, test.service)
		if test.change != nil {
			test.change(r)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if got := res.Header.Get("X-Amzn-ErrorType"); got != test.want {
			t.Errorf("%s: %s %s, want %s", test.name, got, out, test.want)
		}
	}
	// What is not part of the APIs needs no signature.
	if res, err := http.Get(url + "/ping"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("/ping: %v, error %v", res, err)
	}
}
