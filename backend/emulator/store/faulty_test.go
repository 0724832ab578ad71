package store_test

import (
	"errors"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/store"
)

var (
	opA = []store.Op{{Space: store.Meta, Key: []byte("a"), Value: []byte("1")}}
	opB = []store.Op{{Space: store.Meta, Key: []byte("b"), Value: []byte("2")}}
)

func TestFaultyApply(t *testing.T) {
	tests := []struct {
		how   store.Fault
		want  error
		kept  bool // is the group in the store after all?
		fatal bool
	}{
		{store.FailNotApplied, store.ErrNotApplied, false, false},
		{store.FailLost, store.ErrUnknownOutcome, false, true},
		{store.FailKept, store.ErrUnknownOutcome, true, true},
	}
	for _, test := range tests {
		f := store.NewFaulty(store.OpenMem())
		f.FailApply(2, test.how)
		if err := f.Apply(opA); err != nil {
			t.Fatal(err)
		}
		if err := f.Apply(opB); !errors.Is(err, test.want) || !errors.Is(err, store.ErrInjected) {
			t.Errorf("fault %d: Apply = %v, want %v", test.how, err, test.want)
		}
		_, viewErr := f.View()
		if applyErr := f.Apply(nil); test.fatal != errors.Is(applyErr, store.ErrUnknownOutcome) || test.fatal != errors.Is(viewErr, store.ErrUnknownOutcome) {
			t.Errorf("fault %d: afterwards Apply = %v, View = %v", test.how, applyErr, viewErr)
		}
		f.Heal()
		want := `meta "a" "1"` + "\n"
		if test.kept {
			want += `meta "b" "2"` + "\n"
		}
		if got := contents(t, f); got != want {
			t.Errorf("fault %d leaves %q, want %q", test.how, got, want)
		}
		if n := f.Applies(); n != 3 {
			t.Errorf("%d calls counted, want 3", n)
		}
	}
}

func TestFaultyView(t *testing.T) {
	f := store.NewFaulty(store.OpenMem())
	f.FailView(2)
	for i := range 3 {
		snap, err := f.View()
		if (err != nil) != (i == 1) || (i == 1 && !errors.Is(err, store.ErrDamaged)) {
			t.Errorf("View %d = %v", i, err)
		}
		if snap != nil {
			_ = snap.Close()
		}
	}
}

func TestFaultyRead(t *testing.T) {
	f := store.NewFaulty(store.OpenMem())
	if err := f.Apply(append(opA, opB...)); err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= 4; k++ {
		f.FailRead(k)
		snap, err := f.View()
		if err != nil {
			t.Fatal(err)
		}
		v := snap.Get(store.Meta, []byte("a"))
		n := 0
		for range store.Scan(snap, store.Meta, nil) {
			n++
		}
		if (v == nil) != (k == 1) || (k > 1 && n != k-2) {
			t.Errorf("fault at read %d: Get = %q, %d keys scanned", k, v, n)
		}
		if err := snap.Close(); !errors.Is(err, store.ErrDamaged) || !errors.Is(snap.Err(), store.ErrInjected) {
			t.Errorf("fault at read %d: Close = %v, Err = %v, want ErrDamaged", k, err, snap.Err())
		}
	}
}
