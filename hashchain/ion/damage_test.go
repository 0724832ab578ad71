package ion

import (
	"bytes"
	"errors"
	"testing"
)

// useAll calls every accessor on v and on what is inside, as far as it goes.
func useAll(v Value) {
	budget := 2000
	useWithin(v, &budget)
	_, _ = v.Hash()
	_ = v.HasSymbols()
	_ = v.Encode()
	_ = v.Clone()
	_ = v.String()
	_ = AppendPretty(nil, v)
	_ = AppendKey(nil, v)
	_ = AppendIndexKey(nil, v)
	_ = Equal(v, v)
	_ = Compare(v, v)
	_ = Identical(v, v.WithoutAnnotations())
	var x any
	_ = v.Unmarshal(&x)
}

func useWithin(v Value, budget *int) {
	if *budget--; *budget < 0 {
		return
	}
	_, _ = v.Type(), v.IsNull()
	v.Bool()
	v.Int64()
	v.BigInt()
	v.Float64()
	if d, ok := v.Decimal(); ok {
		_, _, _, _ = d.String(), d.Float64(), d.Sign(), d.Coefficient()
	}
	if ts, ok := v.Timestamp(); ok {
		_, _ = ts.String(), ts.Time()
	}
	v.Text()
	v.TextIs("a")
	v.AppendText(nil)
	v.Bytes()
	_, _ = v.Annotations(), v.HasAnnotation("a")
	v.Field("int")
	v.Path("nested", "a", "b")
	v.Index(1)
	v.Len()
	ref := NewFieldRef("list")
	ref.Of(v)
	for it := v.Iter(); it.Next(); {
		_, _ = it.Name(), it.NameKnown()
		useWithin(it.Value(), budget)
	}
	for _, e := range v.Fields() {
		_ = e.Type()
	}
	for e := range v.Elements() {
		_ = e.Type()
	}
}

// Stored bytes may rot. A Decoder does not look inside; nothing may panic there,
// and a hash of damage must be an error or the hash of some other value.
func TestAccessorsOnDamagedBytes(t *testing.T) {
	sample := mustText(t, sampleText)
	want, err := sample.Hash()
	if err != nil {
		t.Fatal(err)
	}
	good := sample.Encode()
	opened := 0
	for i := range good {
		for _, bits := range []byte{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff, 0x0f, 0xf0} {
			data := bytes.Clone(good)
			data[i] ^= bits
			var d Decoder
			v, err := d.Open(data)
			if err != nil {
				continue
			}
			opened++
			useAll(v)
			useAll(v.WithoutAnnotations())
			// A NaN has many spellings, and an unordered struct says nothing of order.
			if h, err := v.Hash(); err == nil && h == want && v.String() != sample.String() {
				t.Errorf("byte %d changed by %02x: the hash is the same, the value is %s", i, bits, v)
			}
		}
	}
	if opened < len(good) {
		t.Errorf("only %d damaged streams could be opened: the test says little", opened)
	}
}

// What Parse accepts has no damage that an accessor could meet.
func TestParseFindsDamage(t *testing.T) {
	good := mustText(t, sampleText).Encode()
	for i := range good {
		for bits := 1; bits < 256; bits += 1 + bits/8 {
			data := bytes.Clone(good)
			data[i] ^= byte(bits)
			v, err := Parse(data)
			if err != nil {
				continue
			}
			if _, err := v.Hash(); err != nil && !errors.Is(err, ErrUnknownSymbol) {
				t.Errorf("byte %d changed by %02x parses but does not hash: %v", i, bits, err)
			}
			if again, err := Parse(v.Encode()); err != nil || !Identical(again, v) {
				t.Errorf("byte %d changed by %02x parses, encoded again it is %v, %v", i, bits, again, err)
			}
		}
	}
}
