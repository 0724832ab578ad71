package ion

import (
	"math/big"
	"time"
)

// atTimestamp reports whether four digits and a - or T are next.
func (p *textParser) atTimestamp() bool {
	for i := range 4 {
		if !isDigit(p.in.peekAt(i), 10) {
			return false
		}
	}
	c := p.in.peekAt(4)
	return c == '-' || c == 'T'
}

// timestamp reads a timestamp of any precision and writes it.
func (p *textParser) timestamp(start int64) {
	t, ok := p.readTimestamp(start)
	if !ok || p.in.err != nil {
		p.in.fail(start, "timestamp is not of the form yyyyT, yyyy-mmT, yyyy-mm-dd, yyyy-mm-ddThh:mmZ or yyyy-mm-ddThh:mm:ss.fffZ")
		return
	}
	p.stop(start)
	offset := t.Offset
	t.Offset = 0
	err := t.Validate() // of the fields as written
	if t.Precision >= PrecisionMinute && offset != 0 && err == nil {
		t = t.shiftMinutes(-offset)
		t.Offset = offset
		err = t.Validate()
	}
	if err != nil {
		p.in.fail(start, "%s", err)
	}
	if p.in.err != nil {
		return
	}
	p.w.Timestamp(t)
}

// readTimestamp reads the fields as they are written: local time.
func (p *textParser) readTimestamp(start int64) (t Timestamp, ok bool) {
	t.Precision = PrecisionYear
	if t.Year, ok = p.twoDigits(2); !ok {
		return t, false
	}
	if p.in.accept('T') {
		return t, true
	}
	t.Precision = PrecisionMonth
	if t.Month, ok = p.field('-'); !ok {
		return t, false
	}
	if p.in.accept('T') {
		return t, true
	}
	t.Precision = PrecisionDay
	if t.Day, ok = p.field('-'); !ok {
		return t, false
	}
	if !p.in.accept('T') || !isDigit(p.in.peek(), 10) {
		return t, true
	}
	t.Precision = PrecisionMinute
	if t.Hour, ok = p.twoDigits(1); !ok {
		return t, false
	}
	if t.Minute, ok = p.field(':'); !ok {
		return t, false
	}
	if p.in.peek() == ':' {
		t.Precision = PrecisionSecond
		if t.Second, ok = p.field(':'); !ok {
			return t, false
		}
		if p.in.accept('.') && !p.fraction(start, &t) {
			return t, false
		}
	}
	return t, p.timeOffset(&t)
}

// field reads a separator and two digits.
func (p *textParser) field(separator byte) (int, bool) {
	if !p.in.accept(separator) {
		return 0, false
	}
	return p.twoDigits(1)
}

// twoDigits reads pairs of digits.
func (p *textParser) twoDigits(pairs int) (n int, ok bool) {
	for range 2 * pairs {
		c := p.in.peek()
		if !isDigit(c, 10) {
			return 0, false
		}
		p.in.skip(1)
		n = n*10 + c - '0'
	}
	return n, true
}

func (p *textParser) fraction(start int64, t *Timestamp) bool {
	p.scratch = p.scratch[:0]
	for isDigit(p.in.peek(), 10) {
		if len(p.scratch) == MaxFractionDigits {
			p.in.fail(start, "timestamp fraction is longer than %d digits", MaxFractionDigits)
			return false
		}
		p.scratch = append(p.scratch, byte(p.in.peek()))
		p.in.skip(1)
	}
	if len(p.scratch) == 0 {
		return false
	}
	t.FractionDigits = len(p.scratch)
	n, _ := new(big.Int).SetString(string(p.scratch), 10)
	t.Fraction = NewBigDecimal(n, -int32(t.FractionDigits))
	return true
}

func (p *textParser) timeOffset(t *Timestamp) bool {
	t.OffsetKnown = true
	if p.in.accept('Z') {
		return true
	}
	neg := p.in.accept('-')
	if !neg && !p.in.accept('+') {
		return false
	}
	hours, ok := p.twoDigits(1)
	if !ok {
		return false
	}
	minutes, ok := p.field(':')
	if !ok || hours > 23 || minutes > 59 {
		return false
	}
	t.Offset = hours*60 + minutes
	if neg {
		t.Offset = -t.Offset
		t.OffsetKnown = t.Offset != 0
	}
	return true
}

// shiftMinutes moves the fields of a timestamp, and leaves its offset.
func (t Timestamp) shiftMinutes(by int) Timestamp {
	u := time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute+by, 0, 0, time.UTC)
	t.Year, t.Month, t.Day, t.Hour, t.Minute = u.Year(), int(u.Month()), u.Day(), u.Hour(), u.Minute()
	return t
}
