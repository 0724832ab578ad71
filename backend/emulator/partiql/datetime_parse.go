package partiql

import (
	"strings"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

// The fields that the letters of a pattern stand for, from coarse to fine.
const (
	fieldYear = iota
	fieldMonth
	fieldDay
	fieldHour
	fieldMinute
	fieldSecond
	fieldFraction
	fieldAMPM
	fieldOffset
	fieldCount
)

var patternFields = map[byte]int{'y': fieldYear, 'M': fieldMonth, 'd': fieldDay, 'h': fieldHour, 'H': fieldHour, 'm': fieldMinute,
	's': fieldSecond, 'S': fieldFraction, 'n': fieldFraction, 'a': fieldAMPM, 'X': fieldOffset, 'x': fieldOffset}

var fieldNames = [...]string{"YEAR", "MONTH_OF_YEAR", "DAY_OF_MONTH", "HOUR_OF_DAY", "MINUTE_OF_HOUR", "SECOND_OF_MINUTE", "FRACTION_OF_SECOND", "AM_PM", "OFFSET"}

func toTimestampCall(m *machine, _ string, args []datum) (datum, error) {
	s, err := textOf(&args[0])
	if err != nil {
		return datum{}, err
	}
	if len(args) == 1 {
		v, ok := timestampOfText(s)
		if !ok {
			return datum{}, errBoth("Failed to parse Ion timestamp, <UNKNOWN> : <UNKNOWN>", "Timestamp was not a valid Ion timestamp.")
		}
		return ionDatum(v), nil
	}
	pattern, err := textOf(&args[1])
	if err != nil {
		return datum{}, err
	}
	items, err := readPattern(m, pattern)
	if err != nil {
		return datum{}, err
	}
	last, err := checkPattern(clip(pattern), items)
	if err != nil {
		return datum{}, err
	}
	t, ok := parseTimestamp(s, items, last)
	if !ok || t.Validate() != nil {
		return datum{}, errf("Failed to parse custom timestamp using the specified format pattern, <UNKNOWN> : <UNKNOWN>")
	}
	return ionDatum(ion.FromTimestamp(t)), nil
}

// checkPattern decides whether a pattern makes a timestamp, and returns its
// finest field.
func checkPattern(pattern string, items []patternItem) (last int, err error) {
	var letters [fieldCount]byte
	for _, it := range items {
		if it.letter == 0 {
			continue
		}
		if it.text == "MMMMM" {
			return 0, errf("The format pattern '%s' contains a valid format symbol that cannot be applied to timestamp parsing.", pattern)
		}
		f := patternFields[it.letter]
		if letters[f] != 0 {
			return 0, errf("The format pattern '%s' contains multiple format specifiers representing the timestamp field '%s'.", pattern, fieldNames[f])
		}
		letters[f] = it.letter
		if f <= fieldFraction {
			last = max(last, f)
		}
	}
	if letters[fieldOffset] != 0 || letters[fieldAMPM] != 0 {
		last = max(last, fieldHour)
	}
	var absent []string
	for f := range last + 1 {
		if letters[f] == 0 {
			absent = append(absent, fieldNames[f])
		}
	}
	switch {
	case len(absent) > 0:
		return 0, errf("Timestamp format pattern '%s' requires additional fields '%s'.", pattern, strings.Join(absent, ", "))
	case letters[fieldHour] == 'h' && letters[fieldAMPM] == 0, letters[fieldHour] == 'H' && letters[fieldAMPM] != 0:
		return 0, errf("The format pattern '%s' contains a 12-hour hour of day format symbol but doesn't also contain an AM/PM field, "+
			"or it contains a 24-hour hour of day format specifier and contains an AM/PM field.", pattern)
	}
	return last, nil
}

// patternReader takes a text apart by the items of a pattern.
type patternReader struct {
	s      string
	t      ion.Timestamp // in local time until the end
	pm     int           // 1 for AM, 2 for PM
	twelve bool
}

func parseTimestamp(s string, items []patternItem, last int) (ion.Timestamp, bool) {
	r := patternReader{s: s}
	for _, it := range items {
		if !r.item(it) {
			return r.t, false
		}
	}
	if r.s != "" {
		return r.t, false
	}
	return r.finish(last)
}

// finish turns local fields into those of UTC.
func (r *patternReader) finish(last int) (ion.Timestamp, bool) {
	t := r.t
	t.Precision = [...]ion.Precision{ion.PrecisionYear, ion.PrecisionMonth, ion.PrecisionDay, ion.PrecisionMinute, ion.PrecisionMinute,
		ion.PrecisionSecond, ion.PrecisionSecond}[last]
	if r.twelve {
		if t.Hour < 1 || t.Hour > 12 {
			return t, false
		}
		t.Hour = t.Hour%12 + 12*(r.pm-1)
	}
	offset, known := t.Offset, t.OffsetKnown
	t.Offset, t.OffsetKnown = 0, false
	if t.Validate() != nil || offset < -18*60 || offset > 18*60 {
		return t, false
	}
	if known {
		u := time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute-offset, t.Second, 0, time.UTC)
		t.Year, t.Month, t.Day, t.Hour, t.Minute = u.Year(), int(u.Month()), u.Day(), u.Hour(), u.Minute()
		t.Offset, t.OffsetKnown = offset, true
	}
	return t, true
}

// item takes one item off the front of the text.
func (r *patternReader) item(it patternItem) (ok bool) {
	width := 2
	switch it.letter {
	case 0:
		r.s, ok = strings.CutPrefix(r.s, it.text)
		return ok
	case 'y':
		return r.year(it.n)
	case 'M':
		if it.n >= 3 {
			return r.month(it.n == 3)
		}
		r.t.Month, ok = r.number(it.n, width)
	case 'd':
		r.t.Day, ok = r.number(it.n, width)
	case 'h', 'H':
		r.twelve = it.letter == 'h'
		r.t.Hour, ok = r.number(it.n, width)
	case 'm':
		r.t.Minute, ok = r.number(it.n, width)
	case 's':
		r.t.Second, ok = r.number(it.n, width)
	case 'S', 'n':
		return r.fraction(it)
	case 'a':
		r.pm = 1
		if len(r.s) >= 2 && strings.EqualFold(r.s[:2], "pm") {
			r.pm = 2
		} else if len(r.s) < 2 || !strings.EqualFold(r.s[:2], "am") {
			return false
		}
		r.s = r.s[2:]
		return true
	default:
		return r.offset(it)
	}
	return ok
}

// number takes a number: exactly n digits for a run of n letters, up to most
// for a single letter.
func (r *patternReader) number(n, most int) (int, bool) {
	least := n
	if n > 1 {
		most = n
	}
	v, i := 0, 0
	for i < most && i < len(r.s) && r.s[i] >= '0' && r.s[i] <= '9' {
		v = v*10 + int(r.s[i]-'0')
		i++
	}
	r.s = r.s[i:]
	return v, i >= least
}

func (r *patternReader) year(n int) (ok bool) {
	r.t.Year, ok = r.number(n, 4)
	if n == 2 {
		if r.t.Year < 70 {
			r.t.Year += 100
		}
		r.t.Year += 1900
	}
	return ok
}

func (r *patternReader) month(short bool) bool {
	for i, name := range monthNames {
		if short {
			name = name[:3]
		}
		if len(r.s) >= len(name) && strings.EqualFold(r.s[:len(name)], name) {
			r.s, r.t.Month = r.s[len(name):], i+1
			return true
		}
	}
	return false
}

// fraction takes the digits behind the second's point, or nanoseconds.
func (r *patternReader) fraction(it patternItem) bool {
	digits, most := it.n, it.n
	if it.letter == 'n' {
		digits, most = 9, 9
	}
	v, ok := r.number(it.n, most)
	r.t.FractionDigits = digits
	r.t.Fraction = ion.NewDecimal(int64(v), -int32(digits))
	return ok
}

func (r *patternReader) offset(it patternItem) bool {
	r.t.OffsetKnown = true
	if it.letter == 'X' && strings.HasPrefix(r.s, "Z") {
		r.s = r.s[1:]
		return true
	}
	if r.s == "" || r.s[0] != '+' && r.s[0] != '-' {
		return false
	}
	neg := r.s[0] == '-'
	r.s = r.s[1:]
	h, ok := r.number(2, 2)
	m := 0
	switch {
	case !ok:
		return false
	case it.n == 1:
		if r.s != "" && r.s[0] >= '0' && r.s[0] <= '9' {
			m, ok = r.number(2, 2)
		}
	default:
		if it.n%2 == 1 {
			if !strings.HasPrefix(r.s, ":") {
				return false
			}
			r.s = r.s[1:]
		}
		m, ok = r.number(2, 2)
	}
	r.t.Offset = h*60 + m
	if neg {
		r.t.Offset = -r.t.Offset
	}
	return ok && m < 60
}
