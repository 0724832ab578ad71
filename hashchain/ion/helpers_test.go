package ion

import "testing"

func mustText(t testing.TB, s string) Value {
	t.Helper()
	v, err := ParseText(s)
	if err != nil {
		t.Fatalf("%.100s: %v", s, err)
	}
	return v
}
