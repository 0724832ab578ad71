package qldb

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

func TestURL(t *testing.T) {
	u, err := url.Parse("qldb://orders?region=eu-west-1&endpoint=http://127.0.0.1:7532&max_sessions=7&profile=dev")
	if err != nil {
		t.Fatal(err)
	}
	name, opts, err := parseURL(u)
	if err != nil {
		t.Fatal(err)
	}
	want := options{region: "eu-west-1", endpoint: "http://127.0.0.1:7532", profile: "dev", maxSessions: 7}
	if got := collect(opts); name != "orders" || got != want {
		t.Errorf("got %q, %+v; want orders, %+v", name, got, want)
	}
}

func TestBadURLs(t *testing.T) {
	for raw, says := range map[string]string{
		"qldb:orders":                          "not of the form",
		"qldb:///orders":                       "not of the form",
		"qldb://orders/table":                  "not of the form",
		"qldb://orders:7532":                   "not of the form",
		"qldb://me:secret@orders":              "not of the form",
		"qldb://orders?colour=red":             "unknown parameter",
		"qldb://orders?region=a&region=b":      "must be given once",
		"qldb://orders?region=":                "must be given once",
		"qldb://orders?endpoint=nowhere":       "not a URL",
		"qldb://orders?endpoint=ftp://h":       "not a URL",
		"qldb://o?endpoint=localhost:7532":     "not a URL",
		"qldb://o?endpoint=http://:7532":       "not a URL",
		"qldb://o?endpoint=http://h%3Fx=1":     "not a URL",
		"qldb://o?endpoint=http://h%23x":       "not a URL",
		"qldb://o?endpoint=http://me:secret@h": "has a user",
		"qldb://orders?max_sessions=0":         "1 or more",
		"qldb://orders?max_sessions=many":      "1 or more",
		"qldb://orders?%zz":                    "parameters",
	} {
		_, err := ledger.Open(t.Context(), raw)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want one that says %q", raw, err, says)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", raw, err)
		}
	}
}

func TestBadEndpoint(t *testing.T) {
	if _, err := Open(t.Context(), "orders", WithEndpoint("localhost:7532")); err == nil || !strings.Contains(err.Error(), `"localhost:7532" is not a URL`) {
		t.Errorf("an endpoint without scheme: %v", err)
	}
}

func FuzzURL(f *testing.F) {
	f.Add("qldb://orders?region=eu-west-1&endpoint=http://127.0.0.1:7532")
	f.Add("qldb://orders?max_sessions=-1")
	f.Add("qldb://a/b?%zz")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil {
			return
		}
		name, opts, err := parseURL(u)
		if err == nil && (name == "" || collect(opts).maxSessions < 1) {
			t.Errorf("%q gave ledger %q with %+v", raw, name, collect(opts))
		}
	})
}

func TestNewRefuses(t *testing.T) {
	_, l := fake(t)
	session, control := l.pool.session, l.control
	if _, err := New("", session, control); err == nil {
		t.Error("an empty name was taken")
	}
	if _, err := New("books", nil, control); err == nil {
		t.Error("a nil session client was taken")
	}
	if _, err := New("books", session, nil); err == nil {
		t.Error("a nil control plane client was taken")
	}
	if _, err := New("books", session, control, WithMaxSessions(0)); err == nil {
		t.Error("no sessions were taken")
	}
}
