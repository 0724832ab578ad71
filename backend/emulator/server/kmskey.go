package server

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
)

// Forms of a key, as the Key Management Service has them.
var (
	keyID    = regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`)
	keyAlias = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)
	keyARN   = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key/[A-Za-z0-9-]{1,128}|alias/[A-Za-z0-9/_-]{1,250})$`)
)

// kmsKey is the ARN of a key given in any of its forms. Keys are not used for
// anything: files are not encrypted. An empty one counts as not given.
func (s *Server) kmsKey(key *string) (string, error) {
	if key == nil || *key == "" {
		return "", nil
	}
	k := *key
	prefix := "arn:aws:kms:" + s.cfg.Region + ":" + s.cfg.Account + ":"
	switch {
	case k == ownedKey:
		return k, nil
	case keyAlias.MatchString(k):
		return prefix + "key/" + keyOfAlias(k), nil
	case keyARN.MatchString(k):
		if arn, alias, ok := strings.Cut(k, ":alias/"); ok {
			return arn + ":key/" + keyOfAlias("alias/"+alias), nil
		}
		return k, nil
	case keyID.MatchString(k):
		return prefix + "key/" + k, nil
	}
	return "", errInvalid("KmsKey", "KmsKey is AWS_OWNED_KMS_KEY, a key id of at most 128 letters, digits and hyphens, alias/NAME, or the ARN of a key or alias (arn:aws:kms:REGION:ACCOUNT:key/ID), not %s", quote(k))
}

// keyARNProblem checks the ARN of a key where nothing but one is taken; shape.go.
func keyARNProblem(s string) string {
	if why := arnProblem(s); why != "" {
		return why
	}
	if !keyARN.MatchString(s) {
		return "the ARN of a key or alias has the form arn:aws:kms:REGION:ACCOUNT:key/ID or :alias/NAME, which " + quote(s) + " has not"
	}
	return ""
}

// keyOfAlias makes up the id of the key behind an alias, always the same one.
func keyOfAlias(alias string) string {
	h := sha256.Sum256([]byte(alias))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
