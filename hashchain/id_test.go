package hashchain

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

func TestIDRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		s := id.String()
		back, err := ParseID(s)
		if err != nil || back != id || len(s) != IDLen {
			t.Fatalf("%x gives %q, which gives %x, %v", id, s, back, err)
		}
		if IDOfSortKey(id.SortKey()) != id {
			t.Fatalf("sort key of %s does not go back", id)
		}
	})
}

func TestIDAlphabetHasDAndEExchanged(t *testing.T) {
	for value, want := range map[byte]string{13: "D", 39: "e", 40: "d", 61: "z"} {
		if got := (ID{15: value}).String(); got != strings.Repeat("0", 21)+want {
			t.Errorf("digit %d is %q", value, got)
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	for _, s := range []string{
		"", "0", strings.Repeat("0", 21), strings.Repeat("0", 23), strings.Repeat("z", 22),
		"LygHa16AHYG" + "00000000000", // 2^64 in the high half
		"00000000000" + "M0000000000", // too large by its first digit
		"0000000000-00000000000", "0000000000é0000000000", strings.Repeat("x", 10_000),
	} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("ParseID(%.30q) = %s", s, id)
		}
	}
	if _, err := ParseID("LygHa16AHYF" + "LygHa16AHYF"); err != nil {
		t.Errorf("the largest id is refused: %v", err)
	}
}

func TestIDSourceRises(t *testing.T) {
	now := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		s := NewIDSource(func() time.Time { return now }, testRandom(1))
		var last [16]byte
		steps := rapid.SliceOfN(rapid.IntRange(-2000, 2000), 1, 50).Draw(t, "clock steps in µs")
		for _, step := range steps {
			now = now.Add(time.Duration(step) * time.Microsecond)
			for range 3 {
				id := s.Next()
				key := id.SortKey()
				if bytes.Compare(key[:15], last[:15]) <= 0 {
					t.Fatalf("id %s does not rise", id)
				}
				if id[1] != 0 {
					t.Fatalf("second byte of id %s is not zero", id)
				}
				last = key
			}
		}
	})
}

func TestIDSourceOutlivesOneTick(t *testing.T) {
	now := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	s := NewIDSource(func() time.Time { return now }, testRandom(2))
	var last [16]byte
	for range 3*maxCounter + 5 {
		key := s.Next().SortKey()
		if bytes.Compare(key[:15], last[:15]) <= 0 {
			t.Fatalf("id %s does not rise", IDOfSortKey(key))
		}
		last = key
	}
}

func TestIDTime(t *testing.T) {
	now := time.Date(2031, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	id := NewIDSource(func() time.Time { return now }, testRandom(3)).Next()
	if got := id.Time(); !got.Equal(now.Truncate(time.Second)) {
		t.Errorf("id %s was made at %s, not %s", id, got, now)
	}
	id = NewIDSource(func() time.Time { return time.Time{} }, testRandom(3)).Next()
	if got := id.Time(); got.Unix() != 0 {
		t.Errorf("a clock before 1970 gives %s", got)
	}
}

func TestIDSourceStartAfter(t *testing.T) {
	now := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	clock := func() time.Time { return now }
	old := NewIDSource(clock, testRandom(4)).Next()
	now = now.Add(-time.Hour)
	s := NewIDSource(clock, testRandom(5))
	s.StartAfter(old)
	was, is := old.SortKey(), s.Next().SortKey()
	if bytes.Compare(is[:], was[:]) <= 0 {
		t.Error("an id made after StartAfter does not rise above the old one")
	}
}

func TestIDSourceIsUniqueAcrossGoroutinesAndWithoutItsReader(t *testing.T) {
	s := NewIDSource(time.Now, iotest.ErrReader(errors.New("no randomness")))
	var mu sync.Mutex
	seen := map[ID]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				id := s.Next()
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 4000 {
		t.Errorf("%d different ids out of 4000", len(seen))
	}
	first := map[byte]bool{}
	for id := range seen {
		first[id[0]] = true
	}
	if len(first) < 100 {
		t.Errorf("first bytes take %d values only", len(first))
	}
}

// testRandom is a stream of bytes that is the same in each run.
func testRandom(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func BenchmarkIDSource(b *testing.B) {
	s := NewIDSource(time.Now, testRandom(1))
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Next().String()
	}
}
