package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tallyledger/tally/backend/emulator/store"
)

// One group changes several keyspaces at once; a snapshot opened before does not
// see it.
func Example() {
	s := store.OpenMem()
	defer s.Close()
	before, err := s.View()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer before.Close()
	err = s.Apply([]store.Op{
		{Space: store.Journal, Key: []byte{0, 0, 0, 1}, Value: []byte("block 1")},
		{Space: store.Meta, Key: []byte("tip"), Value: []byte{1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := s.View()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer after.Close()
	fmt.Println("before:", before.Get(store.Meta, []byte("tip")))
	fmt.Println("after:", after.Get(store.Meta, []byte("tip")))
	for k, v := range store.Scan(after, store.Journal, nil) {
		fmt.Printf("%x %s\n", k, v)
	}
	// Output:
	// before: []
	// after: [1]
	// 00000001 block 1
}

func ExampleOpenBolt() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "orders.ledger")
	s, err := store.OpenBolt(path, store.BoltOptions{CreatedBy: "example 1.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("format %d, created by %s\n", s.Header().Format, s.Header().CreatedBy)
	_, err = store.OpenBolt(path, store.BoltOptions{})
	fmt.Println("opening it twice:", errors.Is(err, store.ErrInUse))
	fmt.Println("closing it:", s.Close())
	// Output:
	// format 2, created by example 1.0
	// opening it twice: true
	// closing it: <nil>
}

func ExampleFaulty() {
	s := store.NewFaulty(store.OpenMem())
	s.FailApply(1, store.FailKept)
	err := s.Apply([]store.Op{{Space: store.Meta, Key: []byte("tip"), Value: []byte{1}}})
	fmt.Println(errors.Is(err, store.ErrUnknownOutcome))
	s.Heal() // as closing and reopening would
	snap, err := s.View()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(snap.Get(store.Meta, []byte("tip")))
	fmt.Println(snap.Close())
	// Output:
	// true
	// [1]
	// <nil>
}

func ExampleCompactBolt() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "orders.ledger")
	s, err := store.OpenBolt(path, store.BoltOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Close(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.CompactBolt(path, path))
	// Output: <nil>
}
