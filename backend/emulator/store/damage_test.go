package store_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// branchy makes a ledger file whose trees have branch pages, and returns its
// bytes.
func branchy(t testing.TB) []byte {
	t.Helper()
	path := newPath(t)
	b := openBolt(t, path, store.BoltOptions{})
	for round := range uint32(2) {
		var ops []store.Op
		for s := range store.Spaces() {
			for i := range uint32(40) {
				key := binary.BigEndian.AppendUint32([]byte("a key that is not short at all "), i)
				ops = append(ops, store.Op{Space: s, Key: key, Value: []byte(strings.Repeat("value", 100+int(round)))})
			}
		}
		if err := b.Apply(ops); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimRight(content, "\x00") // what the file was grown by ahead of use comes back below
}

// TestDamageAnywhere changes the file in one place at a time, in the parts that
// give it its structure most of all, and uses it as an engine would. Nothing may
// panic, hang or kill the process; every error says ErrDamaged or ErrForeign.
func TestDamageAnywhere(t *testing.T) {
	content := branchy(t)
	page := os.Getpagesize()
	content = append(content, make([]byte, page-len(content)%page)...)
	path := filepath.Join(t.TempDir(), "damaged.ledger")
	r := rand.New(rand.NewPCG(7, 0))
	found, rounds := 0, 0
	try := func(at int, change func(b []byte)) {
		rounds++
		damaged := append([]byte(nil), content...)
		change(damaged[at:])
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		err := useAll(path)
		if err != nil {
			found++
			if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrForeign) && !errors.Is(err, store.ErrNewerFormat) {
				t.Errorf("a change at %d: %v", at, err)
			}
		}
	}
	const step = 9 // on the next page the next of nine places, so that all are met
	for start := 0; start < len(content); start += page {
		for at := start + start/page%step; at < start+64; at += step {
			if content[at] == 0 && r.IntN(8) > 0 {
				continue
			}
			try(at, func(b []byte) { b[0] ^= byte(1 + r.IntN(255)) })
		}
	}
	t.Logf("%d of %d changes were met", found, rounds)
}

// useAll opens a file, reads everything in it both ways and writes to it.
func useAll(path string) (err error) {
	b, err := store.OpenBolt(path, store.BoltOptions{NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	snap, err := b.View()
	if err != nil {
		return err
	}
	sum := 0
	for s := range store.Spaces() {
		for k, v := range store.Scan(snap, s, nil) {
			sum += len(k) + len(v) + int(v[len(v)-1])
			sum += len(snap.Get(s, k))
		}
		c := snap.Cursor(s)
		for k, v := c.Last(); k != nil; k, v = c.Prev() {
			sum += len(v)
		}
	}
	if err := snap.Close(); err != nil {
		return err
	}
	var ops []store.Op
	for s := range store.Spaces() {
		for i := range uint32(10) {
			key := binary.BigEndian.AppendUint32([]byte("a key that is not short at all "), i*4)
			ops = append(ops, store.Op{Space: s, Key: key, Value: []byte("changed")}, store.Op{Space: s, Key: key[:30], Delete: i%2 == 0})
		}
	}
	return b.Apply(ops)
}
