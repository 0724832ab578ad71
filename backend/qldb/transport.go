package qldb

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// httpClient is what the SDK sends requests with.
type httpClient interface {
	Do(*http.Request) (*http.Response, error)
}

// wholeBody gives net/http the request's body as bytes in memory.
//
// The SDK's own body type is unknown to net/http, which therefore sends the
// headers first, then the body, and then looks whether there is more of it. A
// server nearby answers before that look; the SDK then closes the body, the look
// fails, and net/http closes the connection while a long answer is being read
// ("use of closed network connection"). A commit answered in such a way would be
// of unknown outcome. Bytes in memory go out with the headers in one write.
type wholeBody struct{ next httpClient }

func (c wholeBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return c.next.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("qldb: reading the request's body: %w", err)
	}
	copied := r.WithContext(r.Context())
	copied.Header = r.Header.Clone()
	copied.Header.Set("X-Tally-Whole-Body", "1") // tally serve need not hold its answer back
	copied.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	copied.Body, _ = copied.GetBody()
	return c.next.Do(copied)
}
