package ion

import (
	"math"
	"math/big"
	"time"

	"pgregory.net/rapid"
)

// drawValue draws any value of any type.
func drawValue(t *rapid.T) Value { return drawSized(t, 4) }

func drawSized(t *rapid.T, levels int) Value {
	var w Writer
	draw(t, &w, levels)
	v, err := w.Build()
	if err != nil {
		t.Fatalf("drawn value: %v", err)
	}
	return v
}

// draw writes one value.
func draw(t *rapid.T, w *Writer, levels int) {
	for rapid.IntRange(0, 5).Draw(t, "annotated") == 0 {
		w.Annotate(drawSymbol(t))
	}
	kinds := 13
	if levels <= 0 {
		kinds = 10
	}
	if rapid.IntRange(0, 12).Draw(t, "null") == 0 {
		w.Null(Type(rapid.IntRange(int(NullType), int(StructType)).Draw(t, "nullType")))
		return
	}
	switch Type(rapid.IntRange(int(BoolType), kinds).Draw(t, "type")) {
	case ListType:
		w.BeginList()
		drawElements(t, w, levels, false)
	case SexpType:
		w.BeginSexp()
		drawElements(t, w, levels, false)
	case StructType:
		w.BeginStruct()
		drawElements(t, w, levels, true)
	case BoolType:
		w.Bool(rapid.Bool().Draw(t, "bool"))
	case IntType:
		w.BigInt(drawBigInt(t))
	case FloatType:
		w.Float(drawFloat(t))
	case DecimalType:
		w.Decimal(drawDecimal(t))
	case TimestampType:
		w.Timestamp(drawTimestamp(t))
	case SymbolType:
		w.Symbol(drawSymbol(t))
	case StringType:
		w.String(drawString(t))
	case ClobType:
		w.Clob(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "clob"))
	default:
		w.Blob(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "blob"))
	}
}

func drawElements(t *rapid.T, w *Writer, levels int, named bool) {
	for range rapid.IntRange(0, 4).Draw(t, "elements") {
		if named {
			w.Field(drawSymbol(t))
		}
		draw(t, w, levels-1)
	}
	w.End()
}

// drawSymbol draws from few texts, so that fields repeat.
func drawSymbol(t *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(t, "fresh") == 0 {
		return drawString(t)
	}
	return rapid.SampledFrom([]string{"a", "b", "c", "name", "symbols", "a b", "", "null", "nan", "true", "$ion", "+", "é",
		"\x0b\x0c\x0e", "it's", "_x", "$dollar", "longer_than_thirteen_bytes"}).Draw(t, "symbol")
}

func drawString(t *rapid.T) string {
	return rapid.OneOf(rapid.StringN(0, 20, -1), rapid.StringMatching(`[\x00-\x1f"'\\/a-c\x7f-\xa1]{0,10}`)).Draw(t, "text")
}

func drawBigInt(t *rapid.T) *big.Int {
	n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "magnitude"))
	if rapid.Bool().Draw(t, "negative") {
		n.Neg(n)
	}
	return n
}

func drawFloat(t *rapid.T) float64 {
	return rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -2.5, 0.1, 1e7, 1e-3, 9.999e-4,
		math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 0.2, 1e21, 123456.789})).Draw(t, "float")
}

func drawDecimal(t *rapid.T) Decimal {
	exp := rapid.OneOf(rapid.Int32Range(-12, 12), rapid.Int32Range(-math.MaxInt32, math.MaxInt32)).Draw(t, "exponent")
	n := drawBigInt(t)
	if n.Sign() == 0 && rapid.Bool().Draw(t, "negativeZero") {
		return NegativeZero(exp)
	}
	return NewBigDecimal(n, exp)
}

func drawTimestamp(t *rapid.T) Timestamp {
	const first, last = -62135510400, 253402214400 // a day inside years 1 and 9999
	at := time.Unix(rapid.Int64Range(first, last).Draw(t, "seconds"), 0).UTC()
	ts := TimestampOf(at, 0)
	ts.Precision = Precision(rapid.IntRange(int(PrecisionYear), int(PrecisionSecond)).Draw(t, "precision"))
	if ts.Precision < PrecisionSecond {
		ts.Second = 0
	}
	if ts.Precision < PrecisionMinute {
		ts.Hour, ts.Minute, ts.OffsetKnown = 0, 0, false
	}
	if ts.Precision < PrecisionDay {
		ts.Day = 0
	}
	if ts.Precision < PrecisionMonth {
		ts.Month = 0
	}
	if ts.Precision >= PrecisionMinute && rapid.Bool().Draw(t, "offset") {
		ts.Offset = rapid.IntRange(-1439, 1439).Draw(t, "minutes")
	} else if ts.Precision >= PrecisionMinute {
		ts.OffsetKnown = rapid.Bool().Draw(t, "known")
	}
	if ts.Precision == PrecisionSecond {
		ts.FractionDigits = rapid.OneOf(rapid.Just(0), rapid.Just(3), rapid.IntRange(1, 9), rapid.IntRange(10, MaxFractionDigits)).Draw(t, "digits")
		ts.Fraction = drawFraction(t, ts.FractionDigits)
	}
	return ts
}

func drawFraction(t *rapid.T, digits int) Decimal {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 28).Draw(t, "fraction"))
	return NewBigDecimal(n.Mod(n, limit), -int32(digits))
}
