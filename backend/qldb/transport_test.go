package qldb

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestWholeBodyOutlivesTheOriginal(t *testing.T) {
	pr, pw := io.Pipe()
	go func() { _, _ = io.WriteString(pw, "statement"); pw.Close() }()
	r, err := http.NewRequest(http.MethodPost, "http://localhost/", pr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = wholeBody{doFunc(func(sent *http.Request) (*http.Response, error) {
		pr.Close() // as the SDK does when an answer comes early
		for _, get := range []func() (io.ReadCloser, error){func() (io.ReadCloser, error) { return sent.Body, nil }, sent.GetBody} {
			body, err := get()
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(body); err != nil || string(b) != "statement" {
				t.Errorf("body %q, error %v", b, err)
			}
		}
		return nil, nil
	})}.Do(r)
	if r.Body != io.ReadCloser(pr) {
		t.Error("the caller's request was changed")
	}
}

func TestWholeBodyErrors(t *testing.T) {
	broken := errors.New("broken")
	r, _ := http.NewRequest(http.MethodPost, "http://localhost/", io.MultiReader(strings.NewReader("a"), failing{broken}))
	_, err := wholeBody{doFunc(func(*http.Request) (*http.Response, error) {
		t.Error("a request without its whole body was sent")
		return nil, nil
	})}.Do(r)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	passed := false
	r, _ = http.NewRequest(http.MethodGet, "http://localhost/", nil)
	_, _ = wholeBody{doFunc(func(sent *http.Request) (*http.Response, error) { passed = sent == r; return nil, nil })}.Do(r)
	if !passed {
		t.Error("a request without a body was changed")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
