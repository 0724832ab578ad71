package ion

import (
	"bytes"
	"testing"

	iongo "github.com/amzn/ion-go/ion"
	"pgregory.net/rapid"
)

// However a value is spelled, it is the same value.
func TestOddEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		data := oddStream(t, v, false)
		got, err := Parse(data)
		if err != nil {
			t.Fatalf("%s as % x: %v", v, data, err)
		}
		if got.String() != v.String() || !Equal(got, v) || Compare(got, v) != 0 {
			t.Fatalf("%s as % x is read as %s", v, data, got)
		}
		h1, err1 := v.Hash()
		h2, err2 := got.Hash()
		if err1 != nil || err2 != nil || h1 != h2 {
			t.Fatalf("%s as % x: hash %x %v, was %x %v", v, data, h2, err2, h1, err1)
		}
		again, err := Parse(got.Encode())
		if err != nil || again.String() != v.String() || !Identical(got, again) {
			t.Fatalf("%s encoded again is %s, %v", v, again, err)
		}
	})
}

func TestOddEncodingsWithPeer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawPeerValue(t)
		data := oddStream(t, v, true)
		got, err := fromPeer(iongo.NewReaderBytes(data))
		if err != nil || len(got) != 1 {
			t.Fatalf("ion-go reads %s as % x: %v, %v", v, data, got, err)
		}
		if !bytes.Equal(AppendCompact(nil, got[0]), AppendCompact(nil, v)) {
			t.Fatalf("ion-go reads %s as % x: %s", v, data, got[0])
		}
	})
}
