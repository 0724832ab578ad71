package partiql

import (
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

func timestampOf(d *datum) (ion.Timestamp, error) {
	t, ok := d.v.Timestamp()
	if !ok {
		return t, errf("Expected timestamp: %s", d.ionText())
	}
	return t, nil
}

// local is the instant in the timestamp's own offset, without its fraction.
func local(t ion.Timestamp) time.Time {
	u := time.Date(t.Year, time.Month(max(t.Month, 1)), max(t.Day, 1), t.Hour, t.Minute, t.Second, 0, time.UTC)
	if t.OffsetKnown {
		return u.In(time.FixedZone("", t.Offset*60))
	}
	return u
}

// withLocal is t with the fields of another local time; precision, offset and
// fraction stay.
func withLocal(t ion.Timestamp, l time.Time) ion.Timestamp {
	u := l.UTC()
	t.Year, t.Month, t.Day = u.Year(), int(u.Month()), u.Day()
	t.Hour, t.Minute, t.Second = u.Hour(), u.Minute(), u.Second()
	switch t.Precision {
	case ion.PrecisionYear:
		t.Month, t.Day = 0, 0
	case ion.PrecisionMonth:
		t.Day = 0
	}
	return t
}

// addedPrecision is the least precision that a result has after adding a part.
var addedPrecision = map[string]ion.Precision{"year": ion.PrecisionYear, "month": ion.PrecisionMonth, "day": ion.PrecisionDay,
	"hour": ion.PrecisionMinute, "minute": ion.PrecisionMinute, "second": ion.PrecisionSecond}

func dateAdd(_ *machine, part string, args []datum) (datum, error) {
	precision, ok := addedPrecision[part]
	if !ok {
		return datum{}, errf("invalid date part for date_add: %s", part)
	}
	n, ok := args[0].v.Int64()
	if !ok {
		if args[0].v.Type() == ion.IntType {
			return datum{}, errOverflow()
		}
		what := "number"
		if args[0].v.Type().IsNumber() {
			what = "int" // it is a number, which is not enough
		}
		return datum{}, errf("Expected %s: %s", what, args[0].ionText())
	}
	t, err := timestampOf(&args[1])
	if err != nil {
		return datum{}, err
	}
	if t.Precision < precision {
		if t.Precision < ion.PrecisionMinute && precision >= ion.PrecisionMinute {
			t.Offset, t.OffsetKnown = 0, false
		}
		t.Precision = precision
		t.Month, t.Day = max(t.Month, 1), max(t.Day, 1)
	}
	l, ok := addPart(local(t), part, n)
	if ok {
		t = withLocal(t, l)
		ok = t.Validate() == nil
	}
	if !ok {
		return datum{}, errf("Date field out of range.")
	}
	return ionDatum(ion.FromTimestamp(t)), nil
}

// addPart adds to a local time. Months and years keep the day where the month
// has it, else they end at its last day.
func addPart(t time.Time, part string, n int64) (time.Time, bool) {
	const span = 10_000 * 366 * 24 * 3600 // seconds; more leaves the range of years
	if n > span || n < -span {
		return t, false
	}
	switch part {
	case "year", "month":
		if part == "year" {
			n *= 12
		}
		months := int64(t.Year())*12 + int64(t.Month()) - 1 + n
		year, month := int(months/12), time.Month(months%12+1)
		if months < 12 || year > 9999 {
			return t, false
		}
		day := min(t.Day(), time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day())
		return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), 0, t.Location()), true
	case "day":
		if n > span/86400 || n < -span/86400 {
			return t, false
		}
		return t.AddDate(0, 0, int(n)), true
	}
	unit := map[string]int64{"hour": 3600, "minute": 60, "second": 1}[part]
	if n > span/unit || n < -span/unit {
		return t, false
	}
	return time.Unix(t.Unix()+n*unit, 0).In(t.Location()), true
}

func dateDiff(_ *machine, part string, args []datum) (datum, error) {
	var l [2]time.Time
	for i := range l {
		t, err := timestampOf(&args[i])
		if err != nil {
			return datum{}, err
		}
		l[i] = local(t)
	}
	seconds := l[1].Unix() - l[0].Unix()
	var n int64
	switch part {
	case "year":
		n = monthsBetween(l[0], l[1]) / 12
	case "month":
		n = monthsBetween(l[0], l[1])
	case "day":
		n = seconds / 86400
	case "hour":
		n = seconds / 3600
	case "minute":
		n = seconds / 60
	case "second":
		n = seconds
	default:
		return datum{}, errf("invalid date part for date_diff: %s", part)
	}
	return ionDatum(ion.NewInt(n)), nil
}

// monthsBetween counts whole months between two local dates.
func monthsBetween(a, b time.Time) int64 {
	months := int64(b.Year()-a.Year())*12 + int64(b.Month()) - int64(a.Month())
	days := b.Day() - a.Day()
	if months > 0 && days < 0 {
		months--
	} else if months < 0 && days > 0 {
		months++
	}
	return months
}

func extract(_ *machine, part string, args []datum) (datum, error) {
	t, err := timestampOf(&args[0])
	if err != nil {
		return datum{}, err
	}
	l := local(t)
	offset := 0
	if t.OffsetKnown {
		offset = t.Offset
	}
	n := map[string]int{"year": l.Year(), "month": int(l.Month()), "day": l.Day(), "hour": l.Hour(), "minute": l.Minute(),
		"second": l.Second(), "timezone_hour": offset / 60, "timezone_minute": offset % 60}[part]
	return intDatum(n), nil
}
