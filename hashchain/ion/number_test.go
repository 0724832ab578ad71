package ion

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// largeInt is the bytes of an int with a magnitude of so many bytes, behind
// some zero bytes.
func largeInt(code byte, zeros, size int) []byte {
	body := append(make([]byte, zeros), bytes.Repeat([]byte{0xfe}, size)...)
	return append(appendHead(nil, code, len(body)), body...)
}

// largeDecimal is the bytes of a decimal with such a coefficient.
func largeDecimal(exp int, size int) []byte {
	body := appendVarInt(nil, exp < 0, uint64(max(exp, -exp)))
	body = append(append(body, 0), bytes.Repeat([]byte{0xfe}, size)...)
	return append(appendHead(nil, 0x50, len(body)), body...)
}

func TestNumbersAreBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  []byte
		ok   bool
	}{
		{"int", largeInt(0x20, 0, MaxNumberSize), true},
		{"negative int", largeInt(0x30, 0, MaxNumberSize), true},
		{"int behind zeros", largeInt(0x20, 1000, MaxNumberSize), true},
		{"decimal", largeDecimal(-3, MaxNumberSize), true},
		{"too large an int", largeInt(0x20, 0, MaxNumberSize+1), false},
		{"too large a negative int", largeInt(0x30, 7, MaxNumberSize+1), false},
		{"16 MB", largeInt(0x20, 0, 16<<20), false},
		{"too large a decimal", largeDecimal(-3, MaxNumberSize+1), false},
		{"a decimal of 16 MB", largeDecimal(5, 16<<20), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := append(append([]byte(nil), versionMarker...), c.raw...)
			v, err := Parse(data)
			if c.ok {
				if err != nil {
					t.Fatal(err)
				}
				checkSame(t, v, v.Encode())
				if again := mustText(t, v.String()); !Identical(again, v) {
					t.Errorf("the text of it is read as %.40s", again)
				}
				return
			}
			for _, word := range []string{"131072", "131073"} {
				if err == nil || offsetOf(t, err, len(data)) != 4 || !strings.Contains(err.Error(), word) && len(data) < 1<<20 {
					t.Errorf("error is %v", err)
				}
			}
			var d Decoder // does not check: such bytes are damaged ones
			if v, err = d.Open(data); err != nil {
				t.Fatal(err)
			}
			useAll(v)
		})
	}
	n := new(big.Int).Lsh(big.NewInt(1), 8*MaxNumberSize)
	for _, x := range []any{n, new(big.Int).Neg(n), NewBigDecimal(n, 0)} {
		if v, err := Marshal(x); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%T: %.20v, %v", x, v, err)
		}
	}
	if !NewBigInt(n).IsZero() || !FromDecimal(NewBigDecimal(n, 0)).IsZero() {
		t.Error("too large a number is a Value")
	}
	most := n.Sub(n, big.NewInt(1))
	if v, err := ParseText(most.String()); err != nil || !Identical(v, NewBigInt(most)) {
		t.Errorf("the largest int in text: %v", err)
	}
}

func TestDigitsAreBounded(t *testing.T) {
	for _, c := range []struct {
		text, msg string
	}{
		{strings.Repeat("6", 315_653), ""}, {strings.Repeat("7", 315_653), "131073"}, {strings.Repeat("1", 315_654), "315653 digits"},
		{"0x" + strings.Repeat("f", 262_144), ""}, {"0x" + strings.Repeat("f", 262_145), "262144 digits"},
		{"0b" + strings.Repeat("1", 1<<20), ""}, {"0b" + strings.Repeat("1", 1<<20+1), "1048576 digits"},
		{"0." + strings.Repeat("6", 315_652), ""}, {"1." + strings.Repeat("7", 315_653), "315653 digits"},
		{"0." + strings.Repeat("6", 315_652) + "e0", ""},
	} {
		v, err := ParseText(c.text)
		if c.msg == "" && err != nil || c.msg != "" && (err == nil || offsetOf(t, err, len(c.text)) != 0 || !strings.Contains(err.Error(), c.msg)) {
			t.Errorf("%.10s…, %d characters: %s, %v", c.text, len(c.text), v.Type(), err)
		}
	}
}

// What only compares magnitudes takes linear time. By way of decimal digits,
// this would take more than a minute.
func TestLargeNumbersAreComparedByTheirBytes(t *testing.T) {
	small, large := largeInt(0x20, 0, MaxNumberSize-1), largeInt(0x20, 0, MaxNumberSize)
	large[len(large)-1] = 0xff // odd: no factor of ten
	values := func(raws ...[]byte) (out []Value) {
		for _, raw := range raws {
			v, err := Parse(append(append([]byte(nil), versionMarker...), raw...))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		return out
	}
	vs := values(small, large, largeDecimal(200_000, MaxNumberSize), largeDecimal(400_000, MaxNumberSize), []byte{0x54, 0x3f, 0x7f, 0xff, 0x01})
	var key []byte
	for range 40 {
		for i := range vs {
			for j := range vs {
				if got := Compare(vs[i], vs[j]); got != cmp.Compare(i, j) {
					t.Fatalf("values %d and %d: %d", i, j, got)
				}
			}
		}
		key = AppendKey(key[:0], vs[1])
		if len(key) < MaxNumberSize {
			t.Fatal(len(key))
		}
	}
}

// drawBigDecimal draws decimals that are often close to each other, or equal.
func drawBigDecimal(t *rapid.T) Decimal {
	n := new(big.Int)
	n.SetString(rapid.StringMatching(`-?[1-9][0-9]{0,60}0{0,30}[0-9]{0,2}`).Draw(t, "digits"), 10)
	return NewBigDecimal(n, int32(rapid.IntRange(-60, 60).Draw(t, "exponent")))
}

func ratOf(d Decimal) *big.Rat {
	r := new(big.Rat).SetInt(d.Coefficient())
	p := new(big.Rat).SetInt(powerOf10(int64(max(d.exp, -d.exp))))
	if d.exp < 0 {
		return r.Quo(r, p)
	}
	return r.Mul(r, p)
}

func TestCompareDecimalsIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBigDecimal(t), drawBigDecimal(t)
		if rapid.Bool().Draw(t, "scaled") {
			k := rapid.IntRange(0, 40).Draw(t, "by")
			b = NewBigDecimal(new(big.Int).Mul(a.Coefficient(), powerOf10(int64(k))), a.exp-int32(k))
			if rapid.Bool().Draw(t, "one more") {
				b = NewBigDecimal(new(big.Int).Add(b.Coefficient(), big.NewInt(1)), b.exp)
			}
		}
		want := ratOf(a).Cmp(ratOf(b))
		if got := compareDecimals(a, b); got != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		}
		x, y := AppendKey(nil, FromDecimal(a)), AppendKey(nil, FromDecimal(b))
		if bytes.Equal(x, y) != (want == 0) {
			t.Fatalf("%s and %s: keys % x and % x", a, b, x, y)
		}
	})
}

func TestCompareIntsIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() *big.Int {
			n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(t, "bytes"))
			if rapid.Bool().Draw(t, "negative") {
				n.Neg(n)
			}
			return n
		}
		x, y := draw(), draw()
		if got := Compare(NewBigInt(x), NewBigInt(y)); got != x.Cmp(y) {
			t.Fatalf("%s and %s: %d", x, y, got)
		}
	})
}

func TestBigOf(t *testing.T) {
	for base, digit := range map[int]string{2: "1", 10: "7", 16: "e"} {
		for _, n := range []int{1, 1023, 1024, 1025, 2048, 2049, 3000, 4096, 5000, 8193, 20_000} {
			s := strings.Repeat(digit+"0", n)[:n]
			want, _ := new(big.Int).SetString(s, base)
			if got := bigOf([]byte(s), base); got.Cmp(want) != 0 {
				t.Errorf("%d digits of base %d: %.20s…", n, base, fmt.Sprint(got))
			}
		}
	}
}
