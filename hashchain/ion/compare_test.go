package ion

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Values in rising order; those in one group are equal.
var ordered = [][]string{
	{"null", "null.int", "null.struct", "a::null"},
	{"false"}, {"true", "a::true"},
	{"nan"}, {"-inf"}, {"-1d2147483647"}, {"-18446744073709551616"}, {"-1.5", "-1.50", "-15d-1", "-1.5e0"}, {"-1d-2147483647"},
	{"0", "0.", "-0.", "0.00", "0e0", "-0e0", "0d2147483647", "-0d-2147483647"},
	{"1d-2147483647"}, {"0.1", "0.1e0", "1d-1", "0.10"}, {"0.2e0", "0.2"}, {"1", "1.", "1.000", "1e0", "0x1"}, {"100", "1d2", "100.0", "1e2"},
	{"123456789012345678901234567890"}, {"123456789012345678901234567891", "123456789012345678901234567891.00"}, {"1.5e300"}, {"1d2147483647"}, {"10d2147483647"}, {"100d2147483647"}, {"+inf"},
	{"0001T"}, {"2007T", "2007-01T", "2007-01-01", "2007-01-01T00:00Z", "2007-01-01T00:00:00.000-00:00", "2007-01-01T01:00+01:00"},
	{"2007-01-01T00:00:00.1Z", "2007-01-01T00:00:00.100000000000Z"}, {"2007-01-01T00:00:00.12Z"}, {"2007-01-01T00:00:01Z"},
	{"$0", "x::$0"}, {`""`, "''"}, {`"a"`, "a", "x::a"}, {`"a "`}, {`"aa"`}, {`"b"`}, {`"é"`}, {`"😀"`},
	{"{{}}", `{{""}}`}, {"{{AA==}}", `{{"\x00"}}`}, {"{{AAA=}}"}, {"{{/w==}}"},
	{"[]"}, {"[null]"}, {"[1]", "[1.0]", "a::[b::1]"}, {"[1,1]"}, {"[1,2]"}, {"[2]"}, {"[$0]"}, {"['']", `[""]`}, {"[[]]"},
	{"()"}, {"(1)"},
	{"{}"}, {"{$0:1}", "{$0:1.0}"}, {"{$0:1,$0:2}", "{$0:2,$0:1}"}, {"{$0:1,'':2}", "{'':2,$0:1}"}, {"{$0:2}"}, {"{$0:2,'':1}", "{'':1,$0:2}"}, {"{'':1}"}, {"{a:1}", "{a:1.0}", "{'a':x::1}"}, {"{a:1,a:2}", "{a:2,a:1}"}, {"{a:1,b:2,c:{d:[3]}}", "{c:{d:[3.0]},b:2,a:1}"}, {"{a:2}"}, {"{b:0}"},
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func TestOrder(t *testing.T) {
	for i, group := range ordered {
		for _, s := range group {
			a := mustText(t, s)
			for j, other := range ordered {
				for _, u := range other {
					b := mustText(t, u)
					want := sign(i - j)
					if got := sign(Compare(a, b)); got != want {
						t.Errorf("Compare(%s, %s) = %d, want %d", s, u, got, want)
					}
					if got := Equal(a, b); got != (want == 0) {
						t.Errorf("Equal(%s, %s) = %v", s, u, got)
					}
					if got := bytes.Equal(AppendKey(nil, a), AppendKey(nil, b)); got != (want == 0) {
						t.Errorf("keys of %s and %s are equal: %v", s, u, got)
					}
				}
			}
		}
	}
}

func TestComparable(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"1", "2.5", true}, {"1", "nan", true}, {"a", `"b"`, true}, {"1", `"1"`, false}, {"null", "null", false}, {"null.int", "1", false}, {"2007T", "2007-01-01", true}, {"[]", "()", false}} {
		if got := Comparable(mustText(t, c.a), mustText(t, c.b)); got != c.want {
			t.Errorf("Comparable(%s, %s) = %v", c.a, c.b, got)
		}
	}
}

// drawSimilar draws from few values, so that equal ones meet.
func drawSimilar(t *rapid.T, label string) Value {
	var w Writer
	var write func(levels int)
	write = func(levels int) {
		switch rapid.IntRange(0, 5+levels).Draw(t, label) {
		case 0:
			w.Int(rapid.Int64Range(-1, 1).Draw(t, label))
		case 1:
			w.Decimal(NewDecimal(rapid.Int64Range(-10, 10).Draw(t, label), rapid.Int32Range(-1, 1).Draw(t, label)))
		case 2:
			w.Float(rapid.SampledFrom([]float64{-1, 0, math.Copysign(0, -1), 0.1, 1, 10, math.NaN(), math.Inf(1)}).Draw(t, label))
		case 3:
			w.String(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, label))
		case 4:
			w.Symbol(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, label))
		case 5:
			w.Null(Type(rapid.IntRange(1, 13).Draw(t, label)))
		default:
			struct_ := rapid.Bool().Draw(t, label)
			if struct_ {
				w.BeginStruct()
			} else {
				w.BeginList()
			}
			for range rapid.IntRange(0, 3).Draw(t, label) {
				if struct_ {
					w.Field(rapid.SampledFrom([]string{"a", "b"}).Draw(t, label))
				}
				write(levels - 1)
			}
			w.End()
		}
	}
	write(3)
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrderProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) Value {
			if rapid.IntRange(0, 3).Draw(t, "any") == 0 {
				return drawValue(t)
			}
			return drawSimilar(t, "similar")
		})
		vs := []Value{draw.Draw(t, "a"), draw.Draw(t, "b"), draw.Draw(t, "c")}
		for _, a := range vs {
			if Compare(a, a) != 0 || !Equal(a, a) || !Identical(a, a) {
				t.Fatalf("%s is not equal to itself", a)
			}
			for _, b := range vs {
				c := Compare(a, b)
				if sign(c) != -sign(Compare(b, a)) {
					t.Fatalf("%s and %s: Compare is not antisymmetric", a, b)
				}
				ka, kb := AppendKey(nil, a), AppendKey(nil, b)
				if eq := Equal(a, b); eq != (c == 0) || eq != bytes.Equal(ka, kb) || eq && !bytes.Equal(AppendIndexKey(nil, a), AppendIndexKey(nil, b)) {
					t.Fatalf("%s and %s: Equal %v, Compare %d, keys % x and % x", a, b, eq, c, ka, kb)
				}
				if !bytes.Equal(ka, kb) && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
					t.Fatalf("%s and %s: a key is a prefix of the other: % x, % x", a, b, ka, kb)
				}
				if Identical(a, b) && c != 0 {
					t.Fatalf("%s and %s are identical and not equal", a, b)
				}
			}
		}
		slices.SortFunc(vs, Compare)
		if Compare(vs[0], vs[1]) > 0 || Compare(vs[1], vs[2]) > 0 || Compare(vs[0], vs[2]) > 0 {
			t.Fatalf("%v: Compare is not transitive", vs)
		}
	})
}

// Nested structs of repeated names must not cost more with every level.
func TestCompareRepeatedFields(t *testing.T) {
	text := "1"
	for range 9 {
		text = "{a:" + text + ",a:[" + text + "],a:{a:" + text + "}}"
	}
	a := mustText(t, text)
	b := mustText(t, "{a:{a:1},"+text[1:])
	if Compare(a, a.Clone()) != 0 || Compare(a, b) == 0 || Equal(a, b) {
		t.Error("wrong")
	}
}

// TestIndexKeysOfUnknownText are those that files have: keys of the empty text.
func TestIndexKeysOfUnknownText(t *testing.T) {
	for _, c := range [][2]string{{"$0", "''"}, {"{$0:$0,a:1}", `{'':"",a:1}`}, {"[($0)]", "[('')]"}} {
		if a, b := AppendIndexKey(nil, mustText(t, c[0])), AppendIndexKey(nil, mustText(t, c[1])); !bytes.Equal(a, b) {
			t.Errorf("index keys of %s and %s: % x and % x", c[0], c[1], a, b)
		}
	}
	if got := AppendIndexKey(nil, mustText(t, "$0")); !bytes.Equal(got, []byte{4, 0}) {
		t.Errorf("the index key of $0 is % x; files have 04 00", got)
	}
}

func TestIndexKeyIsShort(t *testing.T) {
	long := NewString(string(bytes.Repeat([]byte("x"), 5000)))
	if n := len(AppendIndexKey(nil, long)); n > maxIndexKey {
		t.Errorf("%d bytes", n)
	}
	prefix := []byte("prefix")
	if got := AppendIndexKey(prefix, long); !bytes.HasPrefix(got, prefix) || bytes.Equal(got[len(prefix):], AppendIndexKey(nil, NewString("x"))) {
		t.Errorf("% x", got)
	}
}

func TestIdentical(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1", "1", true}, {"1", "1.", false}, {"1.0", "1.00", false}, {"0.", "-0.", false}, {"0e0", "-0e0", false}, {"nan", "nan", true}, {"null", "null.int", false}, {"true", "false", false}, {"1", "-1", false},
		{"a", `"a"`, false}, {"a::1", "1", false}, {"a::b::1", "b::a::1", false}, {"{a:1,b:2}", "{b:2,a:1}", false}, {"{a:x,b:y}", "{a:x,b:y}", true}, {"[a]", "(a)", false},
		{"2007T", "2007-01T", false}, {"2007-01-01T00:00Z", "2007-01-01T00:00-00:00", false}, {"2007-01-01T00:00:00.0Z", "2007-01-01T00:00:00.00Z", false}, {"2007-01-01T00:00Z", "2007-01-01T01:00+01:00", false},
		{"{{AA==}}", `{{"\0"}}`, false}, {"18446744073709551616", "18446744073709551616", true}, {"18446744073709551616.", "18446744073709551617.", false}, {"$0", "''", false},
	} {
		if got := Identical(mustText(t, c.a), mustText(t, c.b)); got != c.want {
			t.Errorf("Identical(%s, %s) = %v", c.a, c.b, got)
		}
	}
}
