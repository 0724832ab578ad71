package ion

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// The hash of a string that QLDB's drivers test with.
func TestHashText(t *testing.T) {
	const want = "82c4010bfc9cace7f645c0a951243b9b122cb5ba21b60b3f71ea79c513c39342"
	if h := HashText("hello world"); hex.EncodeToString(h[:]) != want {
		t.Errorf("%x", h)
	}
	for _, s := range []string{"", "\x0b", "a\x0b\x0c\x0d\x0e", strings.Repeat("x", 100) + "\x0e", strings.Repeat("\x0c", 5000)} {
		h, err := NewString(s).Hash()
		if err != nil || h != HashText(s) || h == sha256.Sum256([]byte(s)) {
			t.Errorf("%q: %x, %v", s, h, err)
		}
	}
}

func TestHashAsTheSpecificationWordsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		var n naiveHasher
		want := n.hash(v)
		if got, err := v.Hash(); err != nil || !bytes.Equal(got[:], want) {
			t.Fatalf("%s: %x, %v; want %x", v, got, err, want)
		}
	})
}

// Structs of every width sort their fields' hashes the same way.
func TestHashOfWideStructs(t *testing.T) {
	for _, width := range []int{1, 2, 23, 24, 25, 26, 300} {
		var w, back Writer
		w.BeginStruct()
		back.BeginStruct()
		for i := range width {
			w.Field(fmt.Sprint("f", i)).Int(int64(i))
			back.Field(fmt.Sprint("f", width-1-i)).Int(int64(width - 1 - i))
		}
		w.End()
		back.End()
		v, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		u, err := back.Build()
		if err != nil {
			t.Fatal(err)
		}
		var n naiveHasher
		a, _ := v.Hash()
		b, _ := u.Hash()
		if want := n.hash(v); a != b || !bytes.Equal(a[:], want) {
			t.Errorf("%d fields: %x and, in reverse, %x; want %x", width, a, b, want)
		}
	}
}

// What a value is counts, how its fields are ordered does not.
func TestHashTellsApart(t *testing.T) {
	seen := map[[32]byte]string{}
	for _, s := range []string{"1", "1.", "1.0", "1e0", "-1", `"1"`, "'1'", "null", "null.int", "a", `"a"`, `{{"a"}}`, "{{YQ==}}", "x::a", "x::y::a", "y::x::a", "[a]", "(a)", "[[a]]", "[a,a]",
		"{a:1}", "{a:1,a:1}", "{'':1}", "{a:1,b:2}", "{a:2,b:1}", "0.", "-0.", "0.0", "0e0", "-0e0", "true", "false", "2020T", "2020-01T", "2020-01-01", "2020-01-01T00:00Z",
		"2020-01-01T00:00-00:00", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.0Z", "2020-01-01T00:00:00.00Z", "2020-01-01T01:00+01:00", "$0", "''", "[]", "()", "{}", `""`} {
		h, err := mustText(t, s).Hash()
		if err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if other := seen[h]; other != "" {
			t.Errorf("%s and %s have one hash", s, other)
		}
		seen[h] = s
	}
	a, _ := mustText(t, "{a:1,b:{c:2,d:3}}").Hash()
	b, _ := mustText(t, "{b:{d:3,c:2},a:1}").Hash()
	if a != b {
		t.Error("the order of fields counts")
	}
}

func TestHashIsSafeForManyGoroutines(t *testing.T) {
	v := mustText(t, nestedText)
	want, err := v.Hash()
	if err != nil {
		t.Fatal(err)
	}
	big := NewString(strings.Repeat("x", 2*maxPooled))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got, err := v.Hash(); err != nil || got != want {
					t.Errorf("%x, %v", got, err)
				}
			}
			if _, err := big.Hash(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestHashAllocatesNothing(t *testing.T) {
	for _, doc := range benchDocuments {
		v := mustText(t, doc.text)
		if n := testing.AllocsPerRun(200, func() {
			if _, err := v.Hash(); err != nil {
				t.Fatal(err)
			}
		}); n > 2 {
			t.Errorf("%s: %v allocations", doc.name, n)
		}
	}
}

// Hashes of fields of which any byte may be a marker, which chance does not bring.
func TestHashStructEscapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytesOf := rapid.SampledFrom([]byte{0x00, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x80, 0x8b, 0xff})
		digests := rapid.SliceOfN(rapid.SliceOfN(bytesOf, 32, 32), 0, 5).Draw(t, "digests")
		fields := make([][32]byte, len(digests))
		for i := range digests {
			fields[i] = [32]byte(digests[i])
		}
		slices.SortFunc(digests, bytes.Compare)
		var in []byte
		for _, d := range digests {
			in = append(in, naiveEscape(d)...)
		}
		if got, want := AppendHashStruct([]byte("x"), fields), append([]byte("x"), naiveWrap(0xd0, in)...); !bytes.Equal(got, want) {
			t.Fatalf("% x, want % x", got, want)
		}
	})
}
