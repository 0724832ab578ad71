package ion

import (
	"fmt"
	"math/big"
	"strconv"
	"time"
)

// Precision says which fields of a Timestamp are present.
type Precision uint8

// Precisions of timestamps. A fraction of a second is present with
// PrecisionSecond where FractionDigits is above 0.
const (
	PrecisionYear Precision = iota + 1
	PrecisionMonth
	PrecisionDay
	PrecisionMinute
	PrecisionSecond
)

// MaxFractionDigits is the longest fraction of a second that is read: 64
// digits.
const MaxFractionDigits = 64

// maxFractionBits is what the largest fraction of MaxFractionDigits takes.
const maxFractionBits = 213

// Timestamp is an Ion timestamp of any precision. Its fields are UTC, as in the
// binary encoding; Offset is how far local time is ahead of UTC. The year must be
// 1 to 9999 in UTC and in local time: 9999-12-31T23:59-00:01 is refused, as
// ion-java, which QLDB was built on, refuses it; ion-go accepts it. A binary date
// with an offset is read as the date alone, as both read it: a date has none.
type Timestamp struct {
	Year, Month, Day     int
	Hour, Minute, Second int
	Precision            Precision
	Offset               int  // minutes, -1439 to 1439; only with PrecisionMinute and finer
	OffsetKnown          bool // false for "-00:00" and for dates
	FractionDigits       int  // digits behind the second's point
	Fraction             Decimal
}

// NewTimestamp returns t in UTC with millisecond precision: the form of every
// timestamp in a journal.
func NewTimestamp(t time.Time) Timestamp {
	ts := TimestampOf(t.UTC(), 3)
	return ts
}

// TimestampOf returns t with the given number of fraction digits, 0 to 9, and
// the offset of its location. Further digits are cut off.
func TimestampOf(t time.Time, digits int) Timestamp {
	_, off := t.Zone()
	u := t.UTC()
	ts := Timestamp{Precision: PrecisionSecond, OffsetKnown: true, Offset: off / 60, FractionDigits: digits}
	ts.Year, ts.Month, ts.Day = u.Year(), int(u.Month()), u.Day()
	ts.Hour, ts.Minute, ts.Second = u.Hour(), u.Minute(), u.Second()
	frac := int64(u.Nanosecond())
	for i := digits; i < 9; i++ {
		frac /= 10
	}
	ts.Fraction = NewDecimal(frac, -int32(digits))
	return ts
}

// Time is the instant, with absent fields at their lowest value, an unknown
// offset taken as UTC and the fraction cut to nanoseconds. Its location is
// fixed at the offset.
func (t Timestamp) Time() time.Time {
	month, day := max(t.Month, 1), max(t.Day, 1)
	u := time.Date(t.Year, time.Month(month), day, t.Hour, t.Minute, t.Second, t.nanos(), time.UTC)
	if t.OffsetKnown && t.Offset != 0 {
		// The zone has a name: without one, Marshal takes the offset for unknown.
		return u.In(time.FixedZone(string(appendOffset(nil, t)), t.Offset*60))
	}
	return u
}

func (t Timestamp) nanos() int {
	if t.FractionDigits == 0 {
		return 0
	}
	if c, ok := t.Fraction.Coef64(); ok && t.FractionDigits <= 9 {
		for i := t.FractionDigits; i < 9; i++ {
			c *= 10
		}
		return int(c)
	}
	c := t.Fraction.Coefficient()
	c.Quo(c, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.FractionDigits-9)), nil))
	return int(c.Int64())
}

// String is the timestamp in Ion text.
func (t Timestamp) String() string { return string(t.appendText(nil)) }

func (t Timestamp) appendText(dst []byte) []byte {
	l := t
	if t.Precision >= PrecisionMinute && t.OffsetKnown && t.Offset != 0 {
		u := time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute+t.Offset, 0, 0, time.UTC)
		l.Year, l.Month, l.Day, l.Hour, l.Minute = u.Year(), int(u.Month()), u.Day(), u.Hour(), u.Minute()
	}
	dst = appendPadded(dst, l.Year, 4)
	if l.Precision == PrecisionYear {
		return append(dst, 'T')
	}
	dst = appendPadded(append(dst, '-'), l.Month, 2)
	if l.Precision == PrecisionMonth {
		return append(dst, 'T')
	}
	dst = appendPadded(append(dst, '-'), l.Day, 2)
	if l.Precision == PrecisionDay {
		return dst
	}
	dst = appendPadded(append(dst, 'T'), l.Hour, 2)
	dst = appendPadded(append(dst, ':'), l.Minute, 2)
	if l.Precision == PrecisionSecond {
		dst = appendPadded(append(dst, ':'), l.Second, 2)
		if l.FractionDigits > 0 {
			dst = l.appendFraction(append(dst, '.'))
		}
	}
	return appendOffset(dst, l)
}

func (t Timestamp) appendFraction(dst []byte) []byte {
	var b [MaxFractionDigits]byte
	digits := b[:0]
	if n, ok := t.Fraction.Coef64(); ok {
		digits = strconv.AppendInt(digits, n, 10)
	} else {
		digits = t.Fraction.big.Append(digits, 10)
	}
	for i := len(digits); i < t.FractionDigits; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func appendOffset(dst []byte, t Timestamp) []byte {
	switch {
	case !t.OffsetKnown:
		return append(dst, "-00:00"...)
	case t.Offset == 0:
		return append(dst, 'Z')
	case t.Offset < 0:
		dst = append(dst, '-')
		t.Offset = -t.Offset
	default:
		dst = append(dst, '+')
	}
	dst = appendPadded(dst, t.Offset/60, 2)
	return appendPadded(append(dst, ':'), t.Offset%60, 2)
}

func appendPadded(dst []byte, n, width int) []byte {
	for d := pow10(width - 1); d > 0; d /= 10 {
		dst = append(dst, byte('0'+n/d%10))
	}
	return dst
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// Validate reports which field of t is out of range.
func (t Timestamp) Validate() error {
	switch {
	case t.Precision < PrecisionYear || t.Precision > PrecisionSecond:
		return fmt.Errorf("timestamp has no precision")
	case t.Year < 1 || t.Year > 9999:
		if t.Offset != 0 {
			return fmt.Errorf("timestamp is in year %d in UTC, which is not 1 to 9999", t.Year)
		}
		return fmt.Errorf("timestamp year %d is not 1 to 9999", t.Year)
	case t.Precision >= PrecisionMonth && (t.Month < 1 || t.Month > 12):
		return fmt.Errorf("timestamp month %d is not 1 to 12", t.Month)
	case t.Precision >= PrecisionDay && (t.Day < 1 || t.Day > daysIn(t.Year, t.Month)):
		return fmt.Errorf("timestamp day %d does not exist in %04d-%02d", t.Day, t.Year, t.Month)
	case t.Hour < 0 || t.Hour > 23:
		return fmt.Errorf("timestamp hour %d is not 0 to 23", t.Hour)
	case t.Minute < 0 || t.Minute > 59:
		return fmt.Errorf("timestamp minute %d is not 0 to 59", t.Minute)
	case t.Second < 0 || t.Second > 59:
		return fmt.Errorf("timestamp second %d is not 0 to 59", t.Second)
	case t.Offset < -1439 || t.Offset > 1439:
		return fmt.Errorf("timestamp offset of %d minutes is not within a day", t.Offset)
	case t.FractionDigits < 0 || t.FractionDigits > MaxFractionDigits:
		return fmt.Errorf("timestamp fraction of %d digits is longer than %d", t.FractionDigits, MaxFractionDigits)
	}
	if t.Precision >= PrecisionMinute && t.Offset != 0 {
		local := time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute+t.Offset, 0, 0, time.UTC)
		if y := local.Year(); y < 1 || y > 9999 {
			return fmt.Errorf("timestamp's local year %d is not 1 to 9999", y)
		}
	}
	return t.validateFraction()
}

func (t Timestamp) validateFraction() error {
	f := t.Fraction
	if t.FractionDigits == 0 {
		return nil
	}
	ok := int(-f.exp) == t.FractionDigits && !f.negZero && f.Sign() >= 0
	if ok && f.big == nil && t.FractionDigits <= 18 {
		ok = f.coef < int64(pow10(t.FractionDigits))
	} else if ok {
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.FractionDigits)), nil)
		ok = f.Coefficient().Cmp(limit) < 0
	}
	if !ok {
		return fmt.Errorf("timestamp fraction %.80s is not a fraction of %d digits", f, t.FractionDigits)
	}
	return nil
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// decodeTimestamp decodes and checks the representation of a timestamp.
func decodeTimestamp(b []byte) (Timestamp, error) {
	var t Timestamp
	off, neg, p := varInt(b, 0)
	if p == 0 {
		return t, fmt.Errorf("timestamp offset is cut short")
	}
	t.Offset, t.OffsetKnown = int(off), off != 0 || !neg
	fields := [...]*int{&t.Year, &t.Month, &t.Day, &t.Hour, &t.Minute, &t.Second}
	n := 0
	for ; n < len(fields) && p < len(b); n++ {
		x, next := varUint(b, p)
		if next == 0 {
			return t, fmt.Errorf("timestamp field is cut short")
		}
		*fields[n], p = int(x), next
	}
	switch n {
	case 0:
		return t, fmt.Errorf("timestamp has no year")
	case 4:
		return t, fmt.Errorf("timestamp has an hour but no minute")
	case 1, 2, 3:
		t.Precision = Precision(n)
		// A date has no offset; what stands in its place says nothing.
		t.Offset, t.OffsetKnown = 0, false
	default:
		t.Precision = Precision(n - 1)
	}
	if p < len(b) {
		if err := t.decodeFraction(b[p:]); err != nil {
			return t, err
		}
	}
	return t, t.Validate()
}

func (t *Timestamp) decodeFraction(b []byte) error {
	d, ok := decodeDecimal(b)
	switch {
	case !ok:
		return fmt.Errorf("timestamp fraction is cut short")
	case d.exp >= 0:
		// Readers of Ion take a zero with exponent 0 or more as no fraction.
		if d.Sign() != 0 || d.negZero {
			return fmt.Errorf("timestamp fraction %.40s is not below 1", d)
		}
	case d.exp < -MaxFractionDigits:
		return fmt.Errorf("timestamp fraction is longer than %d digits", MaxFractionDigits)
	default:
		if d.big != nil && d.big.BitLen() > maxFractionBits {
			return fmt.Errorf("timestamp fraction is not below 1")
		}
		t.Fraction, t.FractionDigits = d, int(-d.exp)
	}
	return nil
}

// appendBody appends the representation of t.
func (t Timestamp) appendBody(dst []byte) []byte {
	if t.Precision < PrecisionMinute || !t.OffsetKnown {
		dst = append(dst, 0xc0)
	} else {
		mag := t.Offset
		if mag < 0 {
			mag = -mag
		}
		dst = appendVarInt(dst, t.Offset < 0, uint64(mag))
	}
	fields := [...]int{t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second}
	n := int(t.Precision)
	if t.Precision >= PrecisionMinute {
		n++
	}
	for _, f := range fields[:n] {
		dst = appendVarUint(dst, uint64(f))
	}
	if t.Precision == PrecisionSecond && t.FractionDigits > 0 {
		dst = appendVarInt(dst, true, uint64(t.FractionDigits))
		dst = t.Fraction.appendCoef(dst)
	}
	return dst
}

// Compare orders timestamps by instant: precision and offset do not count.
func (t Timestamp) Compare(u Timestamp) int {
	a := [...]int{t.Year, max(t.Month, 1), max(t.Day, 1), t.Hour, t.Minute, t.Second}
	b := [...]int{u.Year, max(u.Month, 1), max(u.Day, 1), u.Hour, u.Minute, u.Second}
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	if t.FractionDigits == 0 && u.FractionDigits == 0 {
		return 0
	}
	return compareDecimals(t.Fraction, u.Fraction)
}
