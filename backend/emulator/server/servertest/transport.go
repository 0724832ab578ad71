package servertest

import (
	"bytes"
	"io"
	"net/http"
)

// WholeBodies is an HTTP client for aws-sdk-go-v2 that gives net/http each
// request's body as bytes in memory.
//
// The SDK's own body type makes net/http look for more after the body is sent. A
// server on the same machine answers before that look; the SDK then closes the
// body, the look fails, and net/http closes the connection while a long answer
// is being read: "use of closed network connection". Programs that read results
// of many pages through the SDK from a server nearby should use it too:
//
//	qldbsession.NewFromConfig(cfg, func(o *qldbsession.Options) { o.HTTPClient = servertest.WholeBodies{} })
type WholeBodies struct{}

// Do sends the request with http.DefaultClient.
func (WholeBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return http.DefaultClient.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	whole := r.WithContext(r.Context())
	whole.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	whole.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultClient.Do(whole)
}
