package servertest

import (
	"bytes"
	"io"
	"net/http"
)

// WholeBodies is an HTTP client for aws-sdk-go-v2 that gives net/http each
// request's body as bytes in memory. No program needs it; one that reads results
// of many pages gets them a little sooner.
//
// The SDK's own body type makes net/http look for more after the body is sent, and
// an answer that overtakes this look is lost with its connection: "use of closed
// network connection". The server therefore holds long answers to that SDK back,
// for milliseconds, which leaves a small risk on a machine whose processors are
// all busy. With WholeBodies there is no look, no risk and no wait:
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
	whole.Header = r.Header.Clone()
	whole.Header.Set("X-Tally-Whole-Body", "1") // no answer is held back
	whole.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultClient.Do(whole)
}
