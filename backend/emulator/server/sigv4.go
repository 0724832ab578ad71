package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tallyledger/tally/ledger"
)

// Signature Version 4, as AWS's documentation "Create a signed AWS API request"
// describes it. Both APIs sign for the service qldb.

const (
	signAlgorithm = "AWS4-HMAC-SHA256"
	signService   = "qldb"
	signTime      = "20060102T150405Z"
	// maxSkew is how far a request's time may be from the server's.
	maxSkew = 5 * time.Minute
	// maxSigned bounds the list of signed headers.
	maxSigned = 64
)

// authorization is the header of that name, taken apart.
type authorization struct {
	key, date, region, service string
	headers                    []string
	signature                  []byte
}

func errSignature(exception, format string, args ...any) error {
	return ledger.NewError(exception, "", fmt.Sprintf(format, args...))
}

// verify checks the request's signature where access keys are configured.
func (s *Server) verify(r *http.Request, body []byte) error {
	if len(s.cfg.AccessKeys) == 0 {
		return nil
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return errSignature("MissingAuthenticationTokenException", "The request is not signed; this server wants a signature with one of its access keys")
	}
	a, err := parseAuthorization(header)
	if err != nil {
		return errSignature("IncompleteSignatureException", "The Authorization header cannot be used: %s", err)
	}
	secret, ok := s.cfg.AccessKeys[a.key]
	if !ok {
		return errSignature("UnrecognizedClientException", "The security token included in the request is invalid: access key %s is not known", quote(a.key))
	}
	// The real clock: a clock that tests move must not lock them out.
	if err := a.checkTime(r.Header.Get("X-Amz-Date"), time.Now()); err != nil {
		return err
	}
	target := r.Header.Get("X-Amz-Target")
	if a.service != signService && (a.service != "sts" || target != "" || r.URL.Path != "/") {
		return errSignature("InvalidSignatureException", "The credential is for the service %s, it should be for %s", quote(a.service), signService)
	}
	if target != "" && !slices.Contains(a.headers, "x-amz-target") {
		return errSignature("InvalidSignatureException", "The header X-Amz-Target is not among the signed ones")
	}
	hash := sha256.Sum256(body)
	payload := hex.EncodeToString(hash[:])
	if h := r.Header.Get("X-Amz-Content-Sha256"); h != "" && h != payload {
		return errSignature("InvalidSignatureException", "The header X-Amz-Content-Sha256 is not the hash of the request's body")
	}
	request := canonicalRequest(r, a.headers, payload)
	if subtle.ConstantTimeCompare(a.sign(secret, r.Header.Get("X-Amz-Date"), request), a.signature) != 1 {
		return errSignature("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.")
	}
	return nil
}

func parseAuthorization(header string) (a authorization, err error) {
	rest, ok := strings.CutPrefix(header, signAlgorithm+" ")
	if !ok {
		return a, fmt.Errorf("its algorithm is not %s", signAlgorithm)
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[k] = v
	}
	scope := strings.Split(fields["Credential"], "/")
	if n := len(scope); n < 5 || scope[n-1] != "aws4_request" {
		return a, fmt.Errorf("its Credential is not key/date/region/service/aws4_request")
	}
	n := len(scope)
	a.key = strings.Join(scope[:n-4], "/")
	a.date, a.region, a.service = scope[n-4], scope[n-3], scope[n-2]
	a.headers = strings.Split(fields["SignedHeaders"], ";")
	if len(a.headers) > maxSigned || !slices.Contains(a.headers, "host") || !slices.Contains(a.headers, "x-amz-date") {
		return a, fmt.Errorf("its SignedHeaders must have host and x-amz-date, and at most %d headers", maxSigned)
	}
	if a.signature, err = hex.DecodeString(fields["Signature"]); err != nil || len(a.signature) != sha256.Size {
		return a, fmt.Errorf("its Signature is not 64 hexadecimal digits")
	}
	return a, nil
}

func (a *authorization) checkTime(date string, now time.Time) error {
	t, err := time.Parse(signTime, date)
	if err != nil || !strings.HasPrefix(date, a.date) || len(a.date) != 8 {
		return errSignature("IncompleteSignatureException", "The header X-Amz-Date is not the time of the signature, as in 20060102T150405Z")
	}
	switch d := now.Sub(t); {
	case d > maxSkew:
		return errSignature("InvalidSignatureException", "Signature expired: %s is now earlier than %s (%s - 5 min.)", date, now.Add(-maxSkew).UTC().Format(signTime), now.UTC().Format(signTime))
	case d < -maxSkew:
		return errSignature("InvalidSignatureException", "Signature not yet current: %s is still later than %s (%s + 5 min.)", date, now.Add(maxSkew).UTC().Format(signTime), now.UTC().Format(signTime))
	}
	return nil
}

// canonicalRequest is the request in the form that is signed. The path is
// escaped once more than it was sent.
func canonicalRequest(r *http.Request, headers []string, payload string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + escapePath(r.URL.EscapedPath()) + "\n" + canonicalQuery(r.URL.RawQuery) + "\n")
	for _, h := range headers {
		b.WriteString(h + ":" + headerValue(r, h) + "\n")
	}
	b.WriteString("\n" + strings.Join(headers, ";") + "\n" + payload)
	return b.String()
}

func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length": // net/http takes it out of the header
		return fmt.Sprint(max(r.ContentLength, 0))
	}
	values := r.Header.Values(name)
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(out, ",")
}

func canonicalQuery(raw string) string {
	var parts []string
	for p := range strings.SplitSeq(raw, "&") {
		if p == "" {
			continue
		}
		k, v, _ := strings.Cut(p, "=")
		parts = append(parts, escapeQuery(k)+"="+escapeQuery(v))
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// escapeQuery brings one part of a query into the form that is signed, however
// the client escaped it.
func escapeQuery(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		s = u
	}
	return escape(s, false)
}

func escapePath(p string) string {
	if p == "" {
		return "/"
	}
	return escape(p, true)
}

// escape is URI encoding: all but A-Z a-z 0-9 - . _ ~ becomes %XX.
func escape(s string, slash bool) string {
	const hexDigits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case isAlnum(c) || strings.IndexByte("-._~", c) >= 0 || slash && c == '/':
			b = append(b, c)
		default:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(b)
}

func (a *authorization) sign(secret, date, request string) []byte {
	hash := sha256.Sum256([]byte(request))
	scope := a.date + "/" + a.region + "/" + a.service + "/aws4_request"
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request"} {
		key = mac(key, part)
	}
	return mac(key, signAlgorithm+"\n"+date+"\n"+scope+"\n"+hex.EncodeToString(hash[:]))
}

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}
