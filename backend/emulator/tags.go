package emulator

import (
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain/ion"
)

// The tags that CREATE TABLE gives a table, and the limits of tags in QLDB's API.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// TableTags are the tags that CREATE TABLE gave the table of that id. ok is false
// where there is no such table, dropped or not. Later changes to tags are no
// business of a ledger: TagResource and UntagResource belong to the control plane.
func (l *Ledger) TableTags(id string) (tags map[string]string, ok bool) {
	t, ok := l.state.Load().cat.byID[id]
	if !ok {
		return nil, false
	}
	tags, _ = tagsOf(t.tags) // those of a stored table were checked when it was made
	return tags, true
}

// tagsOf reads the struct behind aws_tags: names with a string, a symbol or null,
// which stands for "".
func tagsOf(v ion.Value) (map[string]string, error) {
	if v.IsZero() {
		return nil, nil
	}
	tags := map[string]string{}
	for k, f := range v.Fields() {
		text, ok := f.Text()
		switch n := utf8.RuneCountInString(k); {
		case n < 1 || n > maxTagKey:
			return nil, errBad("Table tags: the key of a tag has 1 to %d characters, %.64q has %d", maxTagKey, k, n)
		case !ok && !f.IsNull():
			return nil, errBad("Table tags: the value of a tag is text, that of %.64q is not", k)
		case utf8.RuneCountInString(text) > maxTagValue:
			return nil, errBad("Table tags: the value of a tag has at most %d characters, that of %.64q has %d", maxTagValue, k, utf8.RuneCountInString(text))
		}
		tags[k] = text
	}
	if len(tags) > maxTags {
		return nil, errBad("Table tags: a table has at most %d tags, there are %d", maxTags, len(tags))
	}
	return tags, nil
}
