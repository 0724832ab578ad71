package ion

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	iongo "github.com/amzn/ion-go/ion"
	"pgregory.net/rapid"
)

// fromPeer reads all values that an ion-go Reader yields.
func fromPeer(r iongo.Reader) (out []Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("ion-go panics: %v", p)
		}
	}()
	for r.Next() {
		var w Writer
		if err := copyPeer(&peerWriter{&w}, r); err != nil {
			return out, err
		}
		v, err := w.Build()
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, r.Err()
}

func copyPeer(w *peerWriter, r iongo.Reader) error {
	if w.IsInStruct() {
		name, err := r.FieldName()
		if err != nil {
			return err
		}
		if err := w.FieldName(*name); err != nil {
			return err
		}
	}
	notes, err := r.Annotations()
	if err != nil {
		return err
	}
	if err := w.Annotations(notes...); err != nil {
		return err
	}
	if r.IsNull() {
		return w.WriteNullType(r.Type())
	}
	switch r.Type() {
	case iongo.ListType, iongo.SexpType, iongo.StructType:
		return copyPeerContainer(w, r)
	}
	return copyPeerScalar(w, r)
}

func copyPeerContainer(w *peerWriter, r iongo.Reader) error {
	w.w.beginContainer(codeOfType[r.Type()] << 4)
	if err := r.StepIn(); err != nil {
		return err
	}
	for r.Next() {
		if err := copyPeer(w, r); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	w.w.End()
	return errors.Join(r.StepOut(), w.w.Err())
}

func copyPeerScalar(w *peerWriter, r iongo.Reader) error {
	switch r.Type() {
	case iongo.BoolType:
		return given(r.BoolValue, w.WriteBool)
	case iongo.IntType:
		n, err := r.BigIntValue()
		if err != nil {
			return err
		}
		return w.WriteBigInt(n)
	case iongo.FloatType:
		return given(r.FloatValue, w.WriteFloat)
	case iongo.DecimalType:
		d, err := r.DecimalValue()
		if err != nil {
			return err
		}
		return w.WriteDecimal(d)
	case iongo.TimestampType:
		return given(r.TimestampValue, w.WriteTimestamp)
	case iongo.SymbolType:
		return given(r.SymbolValue, w.WriteSymbol)
	case iongo.StringType:
		return given(r.StringValue, w.WriteString)
	}
	b, err := r.ByteValue()
	if err != nil {
		return err
	}
	if r.Type() == iongo.ClobType {
		return w.WriteClob(b)
	}
	return w.WriteBlob(b)
}

func given[T any](read func() (*T, error), write func(T) error) error {
	x, err := read()
	if err != nil {
		return err
	}
	if x == nil {
		return errors.New("ion-go has no value")
	}
	return write(*x)
}

// peerCanRead reports whether ion-go v1.1.3 reads a value rightly: not an
// annotated true, which its binary reader refuses, and no fraction of a second
// beyond nine digits, which it rounds.
func peerCanRead(v Value) bool {
	if b, _ := v.Bool(); b && v.HasAnnotations() {
		return false
	}
	if t, ok := v.Timestamp(); ok && t.FractionDigits > 9 {
		return false
	}
	for it := v.Iter(); it.Next(); {
		if !peerCanRead(it.Value()) {
			return false
		}
	}
	return true
}

func drawPeerValue(t *rapid.T) Value {
	return rapid.Custom(drawValue).Filter(peerCanRead).Draw(t, "value")
}

func TestPeerReadsOurBinary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawPeerValue(t)
		got, err := fromPeer(iongo.NewReaderBytes(v.Encode()))
		if err != nil || len(got) != 1 || !Identical(got[0], v) {
			t.Fatalf("ion-go reads %s as %v, %v", v, got, err)
		}
	})
}

// writesAlike reports whether ion-go writes the bytes that this package writes:
// not a float that fits in four bytes, where Amazon's Java library, and so QLDB,
// writes eight, and not a symbol with a field name or annotations, to which
// ion-go gives an id before it gives one to those.
func writesAlike(v Value, inStruct bool) bool {
	if f, ok := v.Float64(); ok && math.Float64bits(f) != 0 && (float64(float32(f)) == f || f != f) {
		return false
	}
	if v.Type() == SymbolType && !v.IsNull() && (inStruct || v.HasAnnotations()) {
		return false
	}
	for it := v.Iter(); it.Next(); {
		if !writesAlike(it.Value(), it.isField) {
			return false
		}
	}
	return true
}

func TestPeerWritesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Custom(drawValue).Filter(func(v Value) bool { return peerCanRead(v) && writesAlike(v, false) }).Draw(t, "value")
		var buf bytes.Buffer
		w := iongo.NewBinaryWriter(&buf)
		if err := errors.Join(v.MarshalIon(w), w.Finish()); err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if want := v.Encode(); !bytes.Equal(buf.Bytes(), want) {
			t.Fatalf("%s\nion-go % x\nown    % x", v, buf.Bytes(), want)
		}
	})
}

func TestPeerReadsOurText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawPeerValue(t)
		for _, text := range []string{v.String(), string(AppendPretty(nil, v))} {
			got, err := fromPeer(iongo.NewReaderString(text))
			if err != nil || len(got) != 1 || !Identical(got[0], v) {
				t.Fatalf("ion-go reads %s as %v, %v", text, got, err)
			}
		}
	})
}

func TestOursReadsPeerText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawPeerValue(t)
		for _, opts := range []iongo.TextWriterOpts{0, iongo.TextWriterPretty} {
			var buf strings.Builder
			w := iongo.NewTextWriterOpts(&buf, opts)
			if err := errors.Join(v.MarshalIon(w), w.Finish()); err != nil {
				t.Fatalf("%s: %v", v, err)
			}
			got, err := ParseText(buf.String())
			if err != nil || !Identical(got, v) {
				t.Fatalf("%s, by ion-go %s, is read as %s, %v", v, buf.String(), got, err)
			}
		}
	})
}

func TestPeerHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawPeerValue(t)
		own, err := v.Hash()
		if err != nil {
			t.Fatal(err)
		}
		peer, err := peerHash(v.Encode())
		if err != nil || !bytes.Equal(own[:], peer) {
			t.Fatalf("%s: own %x, ion-hash-go %x, %v", v, own, peer, err)
		}
	})
}

// Years are 1 to 9999 in UTC and in local time. ion-go, unlike ion-java, has no
// such rule.
func TestTimestampsBeyondTheYears(t *testing.T) {
	for _, c := range []struct{ text, binary string }{
		{"9999-12-31T23:59:59.999-00:01", "e00100ea 6b c1 4e90 81 81 80 80 bb c3 03e7"},
		{"0001-01-01T00:00:00+00:01", "e00100ea 67 81 80 8c 9f 97 bb 80"},
	} {
		data := mustHex(t, c.binary)
		if got, err := fromPeer(iongo.NewReaderString(c.text)); err == nil {
			t.Errorf("%s: ion-go reads it as a value that can be written: %v", c.text, got)
		}
		if _, err := ParseText(c.text); err == nil || offsetOf(t, err, len(c.text)) != 0 || !strings.Contains(err.Error(), "in UTC, which is not 1 to 9999") {
			t.Errorf("%s: %v", c.text, err)
		}
		if _, err := Parse(data); err == nil || offsetOf(t, err, len(data)) != 5 || !strings.Contains(err.Error(), "not 1 to 9999") {
			t.Errorf("% x: %v", data, err)
		}
		r := iongo.NewReaderBytes(data)
		if !r.Next() {
			t.Fatal(r.Err())
		}
		if p, err := r.TimestampValue(); err != nil || p.String() != c.text {
			t.Errorf("% x: ion-go reads it as %v, %v", data, p, err)
		}
	}
	for _, text := range []string{"9999-12-31T23:59:59.999Z", "9999-12-31T23:58:59-00:01", "0001-01-01T00:00Z", "0001-01-01T00:01+00:01", "9999-12-31T23:59+23:59"} {
		if got := mustText(t, text).String(); got != text {
			t.Errorf("%s is read as %s", text, got)
		}
	}
}

// A binary date may state an offset, which means nothing. Both libraries read
// the date, and hash it alike.
func TestDatesHaveNoOffset(t *testing.T) {
	for binary, want := range map[string]string{
		"e00100ea 65 81 0fe4 82 83": "2020-02-03", "e00100ea 65 80 0fe4 82 83": "2020-02-03", "e00100ea 65 c0 0fe4 82 83": "2020-02-03",
		"e00100ea 66 43bc 0fe4 82 83": "2020-02-03", "e00100ea 64 bc 0fe4 82": "2020-02T", "e00100ea 63 bc 0fe4": "2020T",
	} {
		data := mustHex(t, binary)
		v, err := Parse(data)
		if err != nil || v.String() != want {
			t.Fatalf("%s: %v, %v", binary, v, err)
		}
		got, err := fromPeer(iongo.NewReaderBytes(data))
		if err != nil || len(got) != 1 || !Identical(got[0], v) {
			t.Errorf("%s: ion-go reads %v, %v", binary, got, err)
		}
		own, err := v.Hash()
		peer, perr := peerHash(data)
		plain, _ := mustText(t, want).Hash()
		if err != nil || perr != nil || !bytes.Equal(own[:], peer) || own != plain {
			t.Errorf("%s: own %x, ion-hash-go %x, in text %x", binary, own, peer, plain)
		}
	}
}
