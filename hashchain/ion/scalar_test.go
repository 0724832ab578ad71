package ion

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestDecimal(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for _, c := range []struct {
		d     Decimal
		text  string
		sign  int
		float float64
	}{
		{Decimal{}, "0.", 0, 0}, {NewDecimal(0, -2), "0.00", 0, 0}, {NegativeZero(-1), "-0.0", 0, 0}, {NewDecimal(15, -1), "1.5", 1, 1.5}, {NewDecimal(-15, 2), "-15d2", -1, -1500},
		{NewDecimal(1, -6), "0.000001", 1, 1e-6}, {NewDecimal(1, -7), "1d-7", 1, 1e-7}, {NewDecimal(12, -8), "12d-8", 1, 1.2e-7}, {NewBigDecimal(huge, -30), "0.123456789012345678901234567890", 1, 0.12345678901234568},
		{NewBigDecimal(huge, 0), huge.String() + ".", 1, 1.2345678901234568e29}, {NewDecimal(math.MinInt64, 0), "-9223372036854775808.", -1, math.MinInt64}, {NewDecimal(1, 1000), "1d1000", 1, math.Inf(1)}, {NewDecimal(1, -1000), "1d-1000", 1, 0},
	} {
		if c.d.String() != c.text || c.d.Sign() != c.sign || c.d.Float64() != c.float {
			t.Errorf("%s: sign %d, float %v; want %s %d %v", c.d, c.d.Sign(), c.d.Float64(), c.text, c.sign, c.float)
		}
		v := FromDecimal(c.d)
		d, ok := v.Decimal()
		if !ok || !d.identical(c.d) || d.Exponent() != c.d.Exponent() || d.Coefficient().Cmp(c.d.Coefficient()) != 0 || d.IsNegativeZero() != c.d.IsNegativeZero() {
			t.Errorf("%s comes back as %s", c.d, d)
		}
		if n, ok := c.d.Coef64(); ok && big.NewInt(n).Cmp(c.d.Coefficient()) != 0 {
			t.Errorf("%s: Coef64 %d", c.d, n)
		}
	}
	keep := NewBigDecimal(new(big.Int).Lsh(big.NewInt(1), 70), 0)
	keep.Coefficient().SetInt64(0)
	if keep.String() != "1180591620717411303424." {
		t.Error("the coefficient is shared")
	}
	for f, want := range map[float64]string{0.1: "0.1", 1e21: "1d21", -2.5: "-2.5", 123456.789: "123456.789", math.MaxFloat64: "17976931348623157d292"} {
		if got := DecimalOf(f).String(); got != want {
			t.Errorf("DecimalOf(%v) = %s, want %s", f, got, want)
		}
	}
}

func TestTimestampOf(t *testing.T) {
	at := time.Date(2020, 1, 1, 0, 30, 15, 123_456_789, time.FixedZone("X", 3600))
	for digits, want := range map[int]string{0: "2020-01-01T00:30:15+01:00", 3: "2020-01-01T00:30:15.123+01:00", 9: "2020-01-01T00:30:15.123456789+01:00"} {
		ts := TimestampOf(at, digits)
		if ts.String() != want || ts.Validate() != nil || ts.Year != 2019 {
			t.Errorf("%d digits: %s, %v", digits, ts, ts.Validate())
		}
	}
	ts := NewTimestamp(at)
	if ts.String() != "2019-12-31T23:30:15.123Z" || !ts.Time().Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("%s", ts)
	}
	long := mustTimestamp(t, "2020-01-01T00:00:00.123456789999999999999Z")
	if n := long.Time().Nanosecond(); n != 123456789 {
		t.Errorf("%d ns", n)
	}
	if got := mustTimestamp(t, "2020T").Time(); !got.Equal(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s", got)
	}
}

func TestTimestampValidate(t *testing.T) {
	good := Timestamp{Year: 2020, Month: 2, Day: 29, Hour: 1, Minute: 2, Second: 3, Precision: PrecisionSecond, OffsetKnown: true, FractionDigits: 3, Fraction: NewDecimal(999, -3)}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for msg, change := range map[string]func(*Timestamp){
		"no precision":           func(t *Timestamp) { t.Precision = 0 },
		"year 0":                 func(t *Timestamp) { t.Year = 0 },
		"year 10000":             func(t *Timestamp) { t.Year = 10000 },
		"month 0":                func(t *Timestamp) { t.Month = 0 },
		"day 29 does not exist":  func(t *Timestamp) { t.Year = 2100 },
		"day 31 does not exist":  func(t *Timestamp) { t.Month, t.Day = 4, 31 },
		"hour 24":                func(t *Timestamp) { t.Hour = 24 },
		"minute -1":              func(t *Timestamp) { t.Minute = -1 },
		"second 60":              func(t *Timestamp) { t.Second = 60 },
		"offset of 1440":         func(t *Timestamp) { t.Offset = 1440 },
		"local year 10000":       func(t *Timestamp) { t.Year, t.Month, t.Day, t.Hour, t.Offset = 9999, 12, 31, 23, 60 },
		"longer than 64":         func(t *Timestamp) { t.FractionDigits = 65 },
		"not a fraction of 3":    func(t *Timestamp) { t.Fraction = NewDecimal(1000, -3) },
		"fraction -0.001 is not": func(t *Timestamp) { t.Fraction = NewDecimal(-1, -3) },
		"fraction -0.000 is not": func(t *Timestamp) { t.Fraction = NegativeZero(-3) },
		"not a fraction of 2":    func(t *Timestamp) { t.FractionDigits = 2 },
		"not a fraction of 20":   func(t *Timestamp) { t.FractionDigits = 20 },
	} {
		bad := good
		change(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), msg) {
			t.Errorf("%v, want %q", err, msg)
		}
	}
}

// A second's fraction of value 0 with no digits is no fraction.
func TestTimestampOddFractions(t *testing.T) {
	for hex, want := range map[string]string{
		"e00100ea 68 80 0fe4 81 81 80 80 80":             "2020-01-01T00:00:00Z",
		"e00100ea 69 80 0fe4 81 81 80 80 80 80":          "2020-01-01T00:00:00Z",
		"e00100ea 69 80 0fe4 81 81 80 80 80 85":          "2020-01-01T00:00:00Z",
		"e00100ea 69 80 0fe4 81 81 80 80 80 c3":          "2020-01-01T00:00:00.000Z",
		"e00100ea 6c 80 0fe4 81 81 80 80 80 c3 00 00 07": "2020-01-01T00:00:00.007Z",
		"e00100ea 6b 00 80 00 0fe4 81 81 00 80 80 80":    "2020-01-01T00:00:00Z",
		"e00100ea 63 81 0fe4":                            "2020T",
	} {
		v, err := Parse(mustHex(t, hex))
		if err != nil || v.String() != want {
			t.Errorf("%s: %s, %v; want %s", hex, v, err, want)
			continue
		}
		h1, _ := v.Hash()
		h2, _ := mustText(t, want).Hash()
		if h1 != h2 {
			t.Errorf("%s: the hash is not that of %s", hex, want)
		}
	}
}

// TestFloatOfManyDigits: a decimal whose exponent is far off and whose digits make
// up for it is an ordinary number.
func TestFloatOfManyDigits(t *testing.T) {
	digits := strings.Repeat("5", 120_000)
	for text, want := range map[string]float64{
		"0." + digits: 0.5555555555555556, "-0." + digits: -0.5555555555555556, "1234." + digits: 1234.5555555555557,
		"1" + strings.Repeat("0", 120_000) + "d-120000": 1, "1d-400000000": 0, "-1d400000000": math.Inf(-1), digits + ".": math.Inf(1),
	} {
		v, err := ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		if d, _ := v.Decimal(); d.Float64() != want {
			t.Errorf("%.20s… is %v, want %v", text, d.Float64(), want)
		}
	}
}
