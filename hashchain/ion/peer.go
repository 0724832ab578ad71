package ion

import (
	"fmt"
	"time"

	iongo "github.com/amzn/ion-go/ion"
)

// MarshalIon writes v to a Writer of ion-go, so that a Value can be part of
// what ion-go's own Marshal functions are given. It fails for what ion-go's
// types cannot hold: fractions of a second beyond 9 digits and, except for $0,
// symbols of unknown text.
func (v Value) MarshalIon(out iongo.Writer) error {
	if w, ok := out.(*peerWriter); ok {
		w.w.Value(v)
		return w.w.Err()
	}
	return writePeer(out, v, 1)
}

func writePeer(out iongo.Writer, v Value, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("ion: nesting is deeper than %d", MaxDepth)
	}
	if v.IsZero() {
		return out.WriteNull()
	}
	for it := v.annotations(); it.next(); {
		t, err := peerToken(it.sid, it.text, it.known)
		if err != nil {
			return err
		}
		if err := out.Annotation(t); err != nil {
			return err
		}
	}
	switch {
	case v.null:
		return out.WriteNullType(iongo.Type(v.typ))
	case v.typ == ListType:
		return writePeerContainer(out, v, depth, out.BeginList, out.EndList)
	case v.typ == SexpType:
		return writePeerContainer(out, v, depth, out.BeginSexp, out.EndSexp)
	case v.typ == StructType:
		return writePeerContainer(out, v, depth, out.BeginStruct, out.EndStruct)
	}
	return writePeerScalar(out, v)
}

func writePeerContainer(out iongo.Writer, v Value, depth int, begin, end func() error) error {
	if err := begin(); err != nil {
		return err
	}
	it := v.Iter()
	for it.Next() {
		if it.isField {
			text, known := it.syms.text(it.nameSID)
			t, err := peerToken(it.nameSID, text, known)
			if err != nil {
				return err
			}
			if err := out.FieldName(t); err != nil {
				return err
			}
		}
		if err := writePeer(out, it.Value(), depth+1); err != nil {
			return err
		}
	}
	if it.Bad() {
		return errDamaged
	}
	return end()
}

func writePeerScalar(out iongo.Writer, v Value) error {
	switch v.typ {
	case BoolType:
		b, _ := v.Bool()
		return out.WriteBool(b)
	case IntType:
		if n, ok := v.Int64(); ok {
			return out.WriteInt(n)
		}
		n, _ := v.BigInt()
		return out.WriteBigInt(n)
	case FloatType:
		if f, ok := v.Float64(); ok {
			return out.WriteFloat(f)
		}
	case DecimalType:
		if d, ok := v.Decimal(); ok {
			return out.WriteDecimal(peerDecimal(d))
		}
	case TimestampType:
		t, ok := v.Timestamp()
		if ok && t.FractionDigits > 9 {
			return fmt.Errorf("ion: timestamp %s has more than the 9 digits of a second's fraction that ion-go holds", t)
		}
		if ok {
			return out.WriteTimestamp(peerTimestamp(t))
		}
	case SymbolType:
		if sid, ok := v.symbolID(); ok {
			text, known := v.syms.text(sid)
			t, err := peerToken(sid, text, known)
			if err != nil {
				return err
			}
			return out.WriteSymbol(t)
		}
	case StringType:
		return out.WriteString(string(v.bodyBytes()))
	case ClobType:
		return out.WriteClob(v.bodyBytes())
	case BlobType:
		return out.WriteBlob(v.bodyBytes())
	}
	return errDamaged
}

func peerToken(sid uint32, text string, known bool) (iongo.SymbolToken, error) {
	switch {
	case known:
		return iongo.NewSymbolTokenFromString(text), nil
	case sid == 0:
		return iongo.SymbolToken{LocalSID: 0}, nil
	}
	return iongo.SymbolToken{}, ErrUnknownSymbol
}

func peerDecimal(d Decimal) *iongo.Decimal {
	return iongo.NewDecimal(d.Coefficient(), d.exp, d.negZero)
}

// decimalOf converts a decimal of ion-go.
func decimalOf(d *iongo.Decimal) Decimal {
	if *d == (iongo.Decimal{}) {
		return Decimal{} // ion-go's zero Decimal has no coefficient
	}
	n, exp := d.CoEx()
	if n.Sign() == 0 && isNegativeZero(d) {
		return NegativeZero(exp)
	}
	return NewBigDecimal(n, exp)
}

// isNegativeZero asks the one method of ion-go that shows the sign of a zero.
func isNegativeZero(d *iongo.Decimal) bool {
	s := d.String()
	return len(s) > 0 && s[0] == '-'
}

var peerPrecisions = [...]iongo.TimestampPrecision{PrecisionYear: iongo.TimestampPrecisionYear,
	PrecisionMonth: iongo.TimestampPrecisionMonth, PrecisionDay: iongo.TimestampPrecisionDay,
	PrecisionMinute: iongo.TimestampPrecisionMinute, PrecisionSecond: iongo.TimestampPrecisionSecond}

// peerTimestamp converts to a timestamp of ion-go; digits of the fraction
// beyond nine are cut off.
func peerTimestamp(t Timestamp) iongo.Timestamp {
	p := peerPrecisions[t.Precision]
	kind := iongo.TimezoneLocal
	switch {
	case t.Precision <= PrecisionDay || !t.OffsetKnown:
		kind = iongo.TimezoneUnspecified
		t.OffsetKnown = false
	case t.Offset == 0:
		kind = iongo.TimezoneUTC
	}
	if t.FractionDigits > 0 {
		p = iongo.TimestampPrecisionNanosecond
	}
	return iongo.NewTimestampWithFractionalSeconds(t.Time(), p, kind, uint8(t.FractionDigits))
}

// timestampOf converts a timestamp of ion-go as its binary writer does.
func timestampOf(p iongo.Timestamp) Timestamp {
	at := p.GetDateTime()
	digits := int(p.GetNumberOfFractionalSeconds())
	if p.GetPrecision() < iongo.TimestampPrecisionNanosecond {
		digits = 0
	}
	t := TimestampOf(at, digits)
	if p.GetTimezoneKind() == iongo.TimezoneUnspecified {
		t.Offset, t.OffsetKnown = 0, false
	}
	switch p.GetPrecision() {
	case iongo.TimestampNoPrecision, iongo.TimestampPrecisionYear:
		return Timestamp{Year: t.Year, Precision: PrecisionYear}
	case iongo.TimestampPrecisionMonth:
		return Timestamp{Year: t.Year, Month: t.Month, Precision: PrecisionMonth}
	case iongo.TimestampPrecisionDay:
		return Timestamp{Year: t.Year, Month: t.Month, Day: t.Day, Precision: PrecisionDay}
	case iongo.TimestampPrecisionMinute:
		t.Precision, t.Second = PrecisionMinute, 0
	}
	return t
}

// timestampOfTime converts a time as ion-go does: nine digits, and no known
// offset where the location has no name.
func timestampOfTime(at time.Time) Timestamp {
	t := TimestampOf(at, 9)
	if name, _ := at.Zone(); name == "" {
		t.Offset, t.OffsetKnown = 0, false
	}
	return t
}
