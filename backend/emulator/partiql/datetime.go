package partiql

import (
	"fmt"
	"strings"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

// patternItem is a piece of a pattern of TO_STRING and TO_TIMESTAMP: a run of
// one letter, or literal text, for which letter is 0.
type patternItem struct {
	letter byte
	n      int
	text   string
}

// patternLengths are the letters of patterns and how often each may stand.
var patternLengths = map[byte][]int{'y': {1, 2, 4}, 'M': {1, 2, 3, 4, 5}, 'd': {1, 2}, 'a': {1}, 'h': {1, 2}, 'H': {1, 2}, 'm': {1, 2},
	's': {1, 2}, 'S': {1, 2, 3, 4, 5, 6, 7, 8, 9}, 'n': {1}, 'X': {1, 2, 3, 4, 5}, 'x': {1, 2, 3, 4, 5}}

// maxPattern bounds a pattern, in bytes: its items take many times its length.
const maxPattern = 64 << 10

// readPattern splits a pattern into its items.
func readPattern(m *machine, p string) ([]patternItem, error) {
	if len(p) > maxPattern {
		e := stateError(CodeOther, "The format pattern has %d bytes; a pattern may have at most %d", len(p), maxPattern)
		e.cause = ErrTooLarge
		return nil, e
	}
	var items []patternItem
	for i := 0; i < len(p); {
		if err := m.spend(opWork); err != nil {
			return nil, err
		}
		c := p[i]
		switch {
		case c == '\'':
			text, n := quotedText(p[i:])
			if n == 0 {
				return nil, errf("Timestamp format pattern contains unterminated token: '%s'.", clip(p[i:]))
			}
			items = append(items, patternItem{text: text})
			i += n
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for i+n < len(p) && p[i+n] == c {
				n++
			}
			if err := checkLetter(c, n, p[i:i+n]); err != nil {
				return nil, err
			}
			items = append(items, patternItem{letter: c, n: n, text: p[i : i+n]})
			i += n
		default:
			items = append(items, patternItem{text: p[i : i+1]})
			i++
		}
	}
	return items, nil
}

func checkLetter(c byte, n int, token string) error {
	lengths, ok := patternLengths[c]
	if !ok {
		return errf("Timestamp format pattern contains invalid symbol: '%c'.", c)
	}
	for _, l := range lengths {
		if l == n {
			return nil
		}
	}
	return errf("Timestamp format pattern contains invalid token: '%s'.", clip(token))
}

// quotedText reads text in single quotes; two of them stand for one. n is 0 if
// it does not end.
func quotedText(p string) (text string, n int) {
	if strings.HasPrefix(p, "''") {
		return "'", 2
	}
	var b strings.Builder
	for i := 1; i < len(p); i++ {
		if p[i] == '\'' {
			if i+1 == len(p) || p[i+1] != '\'' {
				return b.String(), i + 1
			}
			i++
		}
		b.WriteByte(p[i])
	}
	return "", 0
}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

func toStringCall(m *machine, _ string, args []datum) (datum, error) {
	t, err := timestampOf(&args[0])
	if err != nil {
		return datum{}, err
	}
	pattern, err := textOf(&args[1])
	if err != nil {
		return datum{}, err
	}
	items, err := readPattern(m, pattern)
	if err != nil {
		return datum{}, err
	}
	f := timeWriter{t: t, local: local(t), fraction: fractionDigits(t)}
	var b strings.Builder
	for _, it := range items {
		if err := m.spend(opWork); err != nil {
			return datum{}, err
		}
		b.WriteString(f.item(it))
	}
	return ionDatum(ion.NewString(b.String())), nil
}

// timeWriter writes a timestamp by the items of a pattern.
type timeWriter struct {
	t        ion.Timestamp
	local    time.Time
	fraction string // its digits, nine or more
}

func (f *timeWriter) item(it patternItem) string {
	l := f.local
	number := func(v int) string { return fmt.Sprintf("%0*d", it.n, v) }
	switch it.letter {
	case 'y':
		if it.n == 2 {
			return number(l.Year() % 100)
		}
		return number(l.Year())
	case 'M':
		name := monthNames[l.Month()-1]
		switch it.n {
		case 3:
			return name[:3]
		case 4:
			return name
		case 5:
			return name[:1]
		}
		return number(int(l.Month()))
	case 'd':
		return number(l.Day())
	case 'a':
		return [...]string{"AM", "PM"}[l.Hour()/12]
	case 'h':
		return number((l.Hour()+11)%12 + 1)
	case 'H':
		return number(l.Hour())
	case 'm':
		return number(l.Minute())
	case 's':
		return number(l.Second())
	case 'S':
		return f.fraction[:it.n]
	case 'n':
		return strings.TrimLeft(f.fraction[:8], "0") + f.fraction[8:9]
	case 'X', 'x':
		return formatOffset(f.t, it)
	}
	return it.text
}

// fractionDigits is the fraction of a second in at least nine digits.
func fractionDigits(t ion.Timestamp) string {
	digits := ""
	if t.FractionDigits > 0 {
		digits = fmt.Sprintf("%0*s", t.FractionDigits, t.Fraction.Coefficient().String())
	}
	return digits + "000000000"
}

// formatOffset writes an offset: X has Z for zero; one letter leaves minutes of
// zero out, an odd number above one has a colon.
func formatOffset(t ion.Timestamp, it patternItem) string {
	offset := t.Offset
	if !t.OffsetKnown {
		offset = 0
	}
	if offset == 0 && it.letter == 'X' {
		return "Z"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	h, m := offset/60, offset%60
	switch {
	case it.n == 1 && m == 0:
		return fmt.Sprintf("%s%02d", sign, h)
	case it.n == 1 || it.n%2 == 0:
		return fmt.Sprintf("%s%02d%02d", sign, h, m)
	}
	return fmt.Sprintf("%s%02d:%02d", sign, h, m)
}
