package server

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain"
)

// Rules for the parameters of both APIs; docs/clients.md, "Shapes of parameters".
// Each function returns what is wrong, "" for nothing.

// nameProblem checks a ledger's or stream's name. It is what keeps names
// inside the data directory too: no dot, no slash, no letter beyond ASCII.
func nameProblem(s string) string {
	if len(s) < 1 || len(s) > 32 {
		return fmt.Sprintf("a name has 1 to 32 characters, %s has %d", quote(s), utf8.RuneCountInString(s))
	}
	digits := true
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' {
			return "a name has only letters A-Z and a-z, digits and hyphens, which " + quote(s) + " does not"
		}
		digits = digits && s[i] >= '0' && s[i] <= '9'
	}
	switch {
	case digits:
		return "a name cannot be all digits, which " + quote(s) + " is"
	case s[0] == '-' || s[len(s)-1] == '-':
		return "a name cannot begin or end with a hyphen, which " + quote(s) + " does"
	case strings.Contains(s, "--"):
		return "a name cannot have two hyphens in a row, which " + quote(s) + " has"
	}
	return ""
}

// idProblem checks an id of a transaction, document, export or stream.
func idProblem(s string) string {
	if len(s) != hashchain.IDLen {
		return fmt.Sprintf("an id has 22 characters, %s has %d", quote(s), utf8.RuneCountInString(s))
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' {
			return "an id has only letters A-Z and a-z, digits and hyphens, which " + quote(s) + " does not"
		}
	}
	return ""
}

// validToken checks the shape of a session's or page's token.
func validToken(s string) bool {
	if len(s) < 4 || len(s) > 1024 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return true
}

func arnProblem(s string) string {
	if n := utf8.RuneCountInString(s); n < 20 || n > 1600 {
		return fmt.Sprintf("an ARN has 20 to 1600 characters, %s has %d", quote(s), n)
	}
	if !strings.HasPrefix(s, "arn:") || strings.Count(s, ":") < 5 {
		return "an ARN has the form arn:partition:service:region:account:resource, which " + quote(s) + " has not"
	}
	return ""
}

func bucketProblem(s string) string {
	if len(s) < 3 || len(s) > 255 {
		return fmt.Sprintf("a bucket's name has 3 to 255 characters, %s has %d", quote(s), utf8.RuneCountInString(s))
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '_' && c != '.' {
			return "a bucket's name has only letters, digits, hyphens, underscores and dots, which " + quote(s) + " does not"
		}
	}
	return ""
}

// tagsProblem checks the tags of one request.
func tagsProblem(tags map[string]*string) string {
	if len(tags) > maxTags {
		return fmt.Sprintf("a resource has at most %d tags, there are %d", maxTags, len(tags))
	}
	for k, v := range tags {
		if why := tagKeyProblem(k); why != "" {
			return why
		}
		if v != nil && utf8.RuneCountInString(*v) > 256 {
			return fmt.Sprintf("the value of a tag has at most 256 characters, that of %s has %d", quote(k), utf8.RuneCountInString(*v))
		}
	}
	return ""
}

func tagKeyProblem(k string) string {
	if n := utf8.RuneCountInString(k); n < 1 || n > 128 {
		return fmt.Sprintf("the key of a tag has 1 to 128 characters, %s has %d", quote(k), n)
	}
	return ""
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// quote shows a value in an error, cut where it is long.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
