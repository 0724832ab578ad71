package store_test

import (
	"path/filepath"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/backend/emulator/store/storetest"
)

func TestMemContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(testing.TB) store.Store { return store.OpenMem() }})
}

func TestBoltContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open:   func(t testing.TB) store.Store { return openBolt(t, newPath(t), store.BoltOptions{}) },
		Reopen: func(t testing.TB, s store.Store) store.Store { return reopen(t, s.(*store.Bolt)) },
	})
}

// TestFaultyContract: without a fault the wrapper behaves as what it wraps.
func TestFaultyContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(testing.TB) store.Store { return store.NewFaulty(store.OpenMem()) }})
}

func newPath(t testing.TB) string {
	return filepath.Join(t.TempDir(), "test.ledger")
}

func openBolt(t testing.TB, path string, opt store.BoltOptions) *store.Bolt {
	t.Helper()
	b, err := store.OpenBolt(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reopen(t testing.TB, b *store.Bolt) *store.Bolt {
	t.Helper()
	return openBolt(t, b.Path(), store.BoltOptions{MustExist: true})
}
