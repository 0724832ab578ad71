package qldb

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/tallyledger/tally/ledger"
)

func init() { ledger.Register("qldb", openURL) }

// openURL opens qldb://name?region=…&endpoint=…&profile=…&max_sessions=….
func openURL(ctx context.Context, u *url.URL) (ledger.Ledger, error) {
	name, opts, err := parseURL(u)
	if err != nil {
		return nil, err
	}
	l, err := Open(ctx, name, opts...)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func parseURL(u *url.URL) (name string, opts []Option, err error) {
	if u.Hostname() == "" || u.Host != u.Hostname() || u.User != nil || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return "", nil, fmt.Errorf("qldb: %q is not of the form qldb://name?region=…&endpoint=…", u.Redacted())
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", nil, fmt.Errorf("qldb: the parameters of %q: %w", u.Redacted(), err)
	}
	for key, values := range q {
		opt, err := urlOption(key, values)
		if err != nil {
			return "", nil, err
		}
		opts = append(opts, opt)
	}
	return u.Host, opts, nil
}

func urlOption(key string, values []string) (Option, error) {
	if len(values) != 1 || values[0] == "" {
		return nil, fmt.Errorf("qldb: the URL's parameter %s must be given once and with a value", key)
	}
	v := values[0]
	switch key {
	case "region":
		return WithRegion(v), nil
	case "endpoint":
		return WithEndpoint(v), nil
	case "profile":
		return WithProfile(v), nil
	case "max_sessions":
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("qldb: max_sessions=%s is not a number of 1 or more", v)
		}
		return WithMaxSessions(n), nil
	}
	return nil, fmt.Errorf("qldb: unknown parameter %q in the URL; known are region, endpoint, profile and max_sessions", key)
}

// checkEndpoint refuses what the SDK would send requests elsewhere for, or take
// no notice of: it signs with credentials of its own, not those of a URL.
func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err == nil && u.User != nil {
		return fmt.Errorf("qldb: the endpoint %q has a user; credentials come from where the AWS SDK looks for them, such as AWS_ACCESS_KEY_ID", u.Redacted())
	}
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("qldb: the endpoint %q is not a URL such as http://127.0.0.1:7532", endpoint)
	}
	return nil
}
