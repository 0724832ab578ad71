package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTornMark: power fails while bbolt writes the meta page, when its first disk
// sector is written and the next one, with the mark of an earlier Close, is not.
func TestTornMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.tally")
	b, err := OpenBolt(path, BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string) {
		t.Helper()
		if err := b.Apply([]Op{{Space: Document, Key: []byte(key), Value: []byte("v")}}); err != nil {
			t.Fatal(err)
		}
	}
	put("1")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	marked := wholeFile(t, path)
	if b, err = OpenBolt(path, BoltOptions{}); err != nil {
		t.Fatal(err)
	}
	put("2")
	put("3") // over the meta page with the mark
	m, err := b.meta()
	if err != nil {
		t.Fatal(err)
	}
	torn := wholeFile(t, path)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	mark := torn[m.at+markOffset:][:markSize]
	copy(mark, marked[m.at+markOffset:])
	if string(mark[:len(markName)]) != markName {
		t.Fatal("the meta page had no mark: nothing is tested")
	}
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := OpenBolt(path, BoltOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.View()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Get(Document, []byte("3")); string(got) != "v" {
		t.Errorf("what was written last is %q", got)
	}
}

func wholeFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
