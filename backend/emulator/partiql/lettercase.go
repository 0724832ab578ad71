package partiql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// UPPER and LOWER map as Java's String.toUpperCase and toLowerCase do in a
// locale without rules of its own, since the engine behind QLDB called them: by
// Unicode's full mappings, under which a character can become several, and with
// the form of sigma that ends a word. Single characters map by Go's tables.

// longUpper has the characters whose upper case is several: the unconditional
// entries of SpecialCasing.txt of Unicode 14.0. 15.0, Go's version, has the same.
var longUpper = map[rune]string{
	'\u00df': "\u0053\u0053", '\u0149': "\u02bc\u004e", '\u01f0': "\u004a\u030c", '\u0390': "\u0399\u0308\u0301",
	'\u03b0': "\u03a5\u0308\u0301", '\u0587': "\u0535\u0552", '\u1e96': "\u0048\u0331", '\u1e97': "\u0054\u0308",
	'\u1e98': "\u0057\u030a", '\u1e99': "\u0059\u030a", '\u1e9a': "\u0041\u02be", '\u1f50': "\u03a5\u0313",
	'\u1f52': "\u03a5\u0313\u0300", '\u1f54': "\u03a5\u0313\u0301", '\u1f56': "\u03a5\u0313\u0342",
	'\u1f80': "\u1f08\u0399", '\u1f81': "\u1f09\u0399", '\u1f82': "\u1f0a\u0399", '\u1f83': "\u1f0b\u0399",
	'\u1f84': "\u1f0c\u0399", '\u1f85': "\u1f0d\u0399", '\u1f86': "\u1f0e\u0399", '\u1f87': "\u1f0f\u0399",
	'\u1f88': "\u1f08\u0399", '\u1f89': "\u1f09\u0399", '\u1f8a': "\u1f0a\u0399", '\u1f8b': "\u1f0b\u0399",
	'\u1f8c': "\u1f0c\u0399", '\u1f8d': "\u1f0d\u0399", '\u1f8e': "\u1f0e\u0399", '\u1f8f': "\u1f0f\u0399",
	'\u1f90': "\u1f28\u0399", '\u1f91': "\u1f29\u0399", '\u1f92': "\u1f2a\u0399", '\u1f93': "\u1f2b\u0399",
	'\u1f94': "\u1f2c\u0399", '\u1f95': "\u1f2d\u0399", '\u1f96': "\u1f2e\u0399", '\u1f97': "\u1f2f\u0399",
	'\u1f98': "\u1f28\u0399", '\u1f99': "\u1f29\u0399", '\u1f9a': "\u1f2a\u0399", '\u1f9b': "\u1f2b\u0399",
	'\u1f9c': "\u1f2c\u0399", '\u1f9d': "\u1f2d\u0399", '\u1f9e': "\u1f2e\u0399", '\u1f9f': "\u1f2f\u0399",
	'\u1fa0': "\u1f68\u0399", '\u1fa1': "\u1f69\u0399", '\u1fa2': "\u1f6a\u0399", '\u1fa3': "\u1f6b\u0399",
	'\u1fa4': "\u1f6c\u0399", '\u1fa5': "\u1f6d\u0399", '\u1fa6': "\u1f6e\u0399", '\u1fa7': "\u1f6f\u0399",
	'\u1fa8': "\u1f68\u0399", '\u1fa9': "\u1f69\u0399", '\u1faa': "\u1f6a\u0399", '\u1fab': "\u1f6b\u0399",
	'\u1fac': "\u1f6c\u0399", '\u1fad': "\u1f6d\u0399", '\u1fae': "\u1f6e\u0399", '\u1faf': "\u1f6f\u0399",
	'\u1fb2': "\u1fba\u0399", '\u1fb3': "\u0391\u0399", '\u1fb4': "\u0386\u0399", '\u1fb6': "\u0391\u0342",
	'\u1fb7': "\u0391\u0342\u0399", '\u1fbc': "\u0391\u0399", '\u1fc2': "\u1fca\u0399", '\u1fc3': "\u0397\u0399",
	'\u1fc4': "\u0389\u0399", '\u1fc6': "\u0397\u0342", '\u1fc7': "\u0397\u0342\u0399", '\u1fcc': "\u0397\u0399",
	'\u1fd2': "\u0399\u0308\u0300", '\u1fd3': "\u0399\u0308\u0301", '\u1fd6': "\u0399\u0342",
	'\u1fd7': "\u0399\u0308\u0342", '\u1fe2': "\u03a5\u0308\u0300", '\u1fe3': "\u03a5\u0308\u0301",
	'\u1fe4': "\u03a1\u0313", '\u1fe6': "\u03a5\u0342", '\u1fe7': "\u03a5\u0308\u0342", '\u1ff2': "\u1ffa\u0399",
	'\u1ff3': "\u03a9\u0399", '\u1ff4': "\u038f\u0399", '\u1ff6': "\u03a9\u0342", '\u1ff7': "\u03a9\u0342\u0399",
	'\u1ffc': "\u03a9\u0399", '\ufb00': "\u0046\u0046", '\ufb01': "\u0046\u0049", '\ufb02': "\u0046\u004c",
	'\ufb03': "\u0046\u0046\u0049", '\ufb04': "\u0046\u0046\u004c", '\ufb05': "\u0053\u0054", '\ufb06': "\u0053\u0054",
	'\ufb13': "\u0544\u0546", '\ufb14': "\u0544\u0535", '\ufb15': "\u0544\u053b", '\ufb16': "\u054e\u0546",
	'\ufb17': "\u0544\u053d",
}

func isLongUpper(r rune) bool { return r > unicode.MaxASCII && longUpper[r] != "" }

func upper(m *machine, s string) (string, error) {
	i := strings.IndexFunc(s, isLongUpper)
	if i < 0 {
		return strings.ToUpper(s), nil
	}
	var b strings.Builder
	for i >= 0 {
		if err := m.spend(opWork + i); err != nil {
			return "", err
		}
		b.WriteString(strings.ToUpper(s[:i]))
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(longUpper[r])
		s = s[i+size:]
		i = strings.IndexFunc(s, isLongUpper)
	}
	b.WriteString(strings.ToUpper(s))
	return b.String(), nil
}

const (
	dottedI    = '\u0130' // İ, lower case i with a dot above it
	sigma      = '\u03a3'
	smallSigma = '\u03c3'
	finalSigma = '\u03c2'
)

func lower(m *machine, s string) (string, error) {
	if !strings.ContainsRune(s, dottedI) && !strings.ContainsRune(s, sigma) {
		return strings.ToLower(s), nil
	}
	var b strings.Builder
	inWord := false // a cased letter is before, with nothing but ignorable characters in between
	for i, r := range s {
		if err := m.spend(opWork); err != nil {
			return "", err
		}
		switch r {
		case dottedI:
			b.WriteString("i\u0307")
		case sigma:
			if inWord && !casedNext(s[i+utf8.RuneLen(sigma):]) {
				b.WriteRune(finalSigma)
			} else {
				b.WriteRune(smallSigma)
			}
		default:
			b.WriteRune(unicode.ToLower(r))
		}
		inWord = cased(r) || inWord && caseIgnorable(r)
	}
	return b.String(), nil
}

// casedNext reports whether a cased letter follows, behind nothing but ignorable
// characters.
func casedNext(s string) bool {
	for _, r := range s {
		switch {
		case cased(r):
			return true
		case !caseIgnorable(r):
			return false
		}
	}
	return false
}

// cased and caseIgnorable are Unicode's definitions D135 and D136.
func cased(r rune) bool {
	if r <= unicode.MaxASCII {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

func caseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', '\u00b7', '\u0387', '\u055f', '\u05f4', '\u2018', '\u2019', '\u2024', '\u2027', '\ufe13', '\ufe52',
		'\ufe55', '\uff07', '\uff0e', '\uff1a': // word breaks that are within words: MidLetter, MidNumLet, Single_Quote
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}
