package storetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// Harness opens the store under test.
type Harness struct {
	// Open returns a new, empty store. Run closes it; whatever else has to be
	// cleaned up, Open leaves to t.Cleanup.
	Open func(t testing.TB) store.Store

	// Reopen, of a store that was closed, returns one with the same content.
	// It is nil for stores that keep nothing: then what a reopened store must
	// hold is not tested.
	Reopen func(t testing.TB, s store.Store) store.Store
}

// Run checks the store that h opens against the whole contract of store.Store.
func Run(t *testing.T, h Harness) {
	tests := []struct {
		name string
		run  func(t *testing.T, h Harness)
	}{
		{"Empty", testEmpty},
		{"PutGet", testPutGet},
		{"EmptyValue", testEmptyValue},
		{"BigValues", testBigValues},
		{"LongKeys", testLongKeys},
		{"Delete", testDelete},
		{"SameKeyTwice", testSameKeyTwice},
		{"NothingRetained", testNothingRetained},
		{"Refused", testRefused},
		{"Order", testOrder},
		{"CursorEnds", testCursorEnds},
		{"Seek", testSeek},
		{"Prefix", testPrefix},
		{"Isolation", testIsolation},
		{"ManySnapshots", testManySnapshots},
		{"Concurrent", testConcurrent},
		{"Close", testClose},
		{"CloseWithSnapshots", testCloseWithSnapshots},
		{"Stats", testStats},
		{"Reopen", testReopen},
		{"Model", testModel},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, h) })
	}
}

// open opens a store and closes it when the test ends.
func open(t *testing.T, h Harness) store.Store {
	t.Helper()
	s := h.Open(t)
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s store.Store) store.Snapshot {
	t.Helper()
	snap, err := s.View()
	check(t, err)
	return snap
}

// within runs f with a snapshot and closes it.
func within(t testing.TB, s store.Store, f func(snap store.Snapshot)) {
	t.Helper()
	snap := view(t, s)
	f(snap)
	check(t, snap.Close())
}

func put(s store.Space, key, value string) store.Op {
	return store.Op{Space: s, Key: []byte(key), Value: []byte(value)}
}

func del(s store.Space, key string) store.Op {
	return store.Op{Space: s, Key: []byte(key), Delete: true}
}

// expect checks that space s holds just the given key/value pairs, in order,
// read by cursor in both directions and key by key.
func expect(t testing.TB, snap store.Snapshot, s store.Space, pairs ...string) {
	t.Helper()
	var got, back []string
	c := snap.Cursor(s)
	for k, v := c.First(); k != nil; k, v = c.Next() {
		got = append(got, string(k), string(v))
		if direct := snap.Get(s, k); direct == nil || !bytes.Equal(direct, v) {
			t.Fatalf("%s: the cursor has %q at %q, Get has %q", s, v, k, direct)
		}
	}
	for k, v := c.Last(); k != nil; k, v = c.Prev() {
		back = append([]string{string(k), string(v)}, back...)
	}
	check(t, snap.Err())
	if want := fmt.Sprintf("%q", pairs); fmt.Sprintf("%q", got) != want || fmt.Sprintf("%q", back) != want {
		t.Fatalf("%s: got %.300q forwards and %.300q backwards, want %.300s", s, got, back, want)
	}
}
