package ledgerstack

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Each rule below answers with the rule that its argument breaks, in words, or
// with the empty string.

const (
	maxName       = 32
	maxARN        = 1600
	minARN        = 20
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256
	maxPrefix     = 128
	maxTables     = 40 // a ledger's total of tables, dropped ones included
	tableIDLength = 22
)

var (
	regionShape    = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$`)
	bucketShape    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	prefixShape    = regexp.MustCompile(`^[A-Za-z0-9!_.'()-][A-Za-z0-9/!_.'()-]*$`)
	kmsShape       = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$`)
	kinesisShape   = regexp.MustCompile(`^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[A-Za-z0-9_.-]{1,128}$`)
	roleShape      = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$`)
	principalShape = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[A-Za-z0-9+=,.@_/-]+)$`)
)

// nameRule holds for ledgers and journal streams. The service states it as one
// expression with look-ahead, which Go's regexp does not have.
func nameRule(name string) string {
	switch {
	case name == "":
		return "a name is required, of 1 to 32 characters"
	case len(name) > maxName:
		return fmt.Sprintf("a name has at most 32 characters, this one has %d", utf8.RuneCountInString(name))
	case strings.ContainsFunc(name, func(r rune) bool { return !alphanumeric(r) && r != '-' }):
		return "a name has only letters A-Z and a-z, digits and hyphens"
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return "a name neither begins nor ends with a hyphen"
	case strings.Contains(name, "--"):
		return "a name has no two hyphens in a row"
	case strings.Trim(name, "0123456789") == "":
		return "a name is not made of digits alone"
	}
	return ""
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

func tableIDRule(id string) string {
	if len(id) != tableIDLength || strings.ContainsFunc(id, func(r rune) bool { return !alphanumeric(r) }) {
		return "IAM knows a table by its id, 22 letters and digits, not by its name"
	}
	return ""
}

// arnRule checks the length that the service sets for every ARN, and a shape.
func arnRule(arn string, shape *regexp.Regexp, what string) string {
	if len(arn) < minARN || len(arn) > maxARN || !shape.MatchString(arn) {
		return "not the ARN of " + what
	}
	return ""
}

func tagKeyRule(key string) string {
	switch n := utf8.RuneCountInString(key); {
	case !utf8.ValidString(key):
		return "a tag key is UTF-8 text"
	case n == 0 || n > maxTagKey:
		return fmt.Sprintf("a tag key has 1 to 128 characters, this one has %d", n)
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return `tag keys that begin with "aws:" belong to the service`
	}
	return ""
}

func tagValueRule(value string) string {
	switch n := utf8.RuneCountInString(value); {
	case !utf8.ValidString(value):
		return "a tag value is UTF-8 text"
	case n > maxTagValue:
		return fmt.Sprintf("a tag value has at most 256 characters, this one has %d", n)
	}
	return ""
}

func endpointRule(endpoint string) string {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "an endpoint is a URL with http or https and a host"
	case u.User != nil:
		return "an endpoint carries no user name or password"
	case u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return "an endpoint is scheme, host and port, with no path or query"
	}
	return ""
}

// isAWS reports whether an endpoint is one of AWS's own.
func isAWS(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, domain := range []string{"amazonaws.com", "amazonaws.com.cn", "api.aws", "aws.dev"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// timeRule asks for the one spelling that comes back unchanged on a refresh, and
// for a year that the AWS SDK can count nanoseconds to: beyond, it reads back
// another time than it sent.
func timeRule(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil || t.UTC().Format(time.RFC3339) != text:
		return "a time is RFC 3339 in UTC and whole seconds"
	case t.Year() < 1970 || t.Year() > 2261:
		return "a time lies in the years 1970 to 2261"
	}
	return ""
}

func prefixRule(e Export) string {
	switch {
	case e.Prefix == "":
		return ""
	case !prefixShape.MatchString(e.Prefix):
		return "a prefix has letters, digits and / ! - _ . ' ( ) and does not begin with /"
	case len(e.prefix()) > maxPrefix:
		return fmt.Sprintf("a prefix has at most 128 characters with its final /, this one has %d", len(e.prefix()))
	}
	return ""
}
