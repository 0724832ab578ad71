package example_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"sync"
	"testing"

	_ "github.com/tallyledger/tally/backend/emulator" // memory: and bolt:
	_ "github.com/tallyledger/tally/backend/qldb"     // qldb:
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
	"github.com/tallyledger/tally/ledger/example"
)

// open gives the ledger of TALLY_LEDGER_URL, with the registry's table.
func open(t testing.TB) ledger.Ledger {
	t.Helper()
	url := cmp.Or(os.Getenv("TALLY_LEDGER_URL"), "memory:")
	l, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := example.Setup(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	return l
}

// register adds a drill with a serial number of its own, since the ledger may
// have the tools of earlier runs.
func register(t testing.TB, l ledger.Ledger) (serial string) {
	t.Helper()
	serial = rand.Text()
	if _, err := example.Register(t.Context(), l, example.Tool{Serial: serial, Kind: "drill", Holder: "workshop"}); err != nil {
		t.Fatal(err)
	}
	return serial
}

func TestSetupTwice(t *testing.T) {
	if err := example.Setup(t.Context(), open(t)); err != nil {
		t.Fatal(err)
	}
}

func TestRegister(t *testing.T) {
	l := open(t)
	serial := register(t, l)
	got, err := example.Find(t.Context(), l, serial)
	if want := (example.Tool{Serial: serial, Kind: "drill", Holder: "workshop"}); err != nil || got != want {
		t.Errorf("found %+v, %v; want %+v", got, err, want)
	}
	if _, err := example.Register(t.Context(), l, got); !errors.Is(err, example.ErrRegistered) {
		t.Errorf("registering it twice: %v", err)
	}
	if _, err := example.Find(t.Context(), l, rand.Text()); !errors.Is(err, example.ErrUnknown) {
		t.Errorf("finding nothing: %v", err)
	}
}

// Of clients that register one serial number at once, one succeeds.
func TestRegisterAtOnce(t *testing.T) {
	l := open(t)
	tool := example.Tool{Serial: rand.Text(), Kind: "saw", Holder: "workshop"}
	won := atOnce(t, 6, func(ctx context.Context) error {
		_, err := example.Register(ctx, l, tool)
		return err
	}, example.ErrRegistered)
	if won != 1 {
		t.Errorf("%d clients registered the same serial number", won)
	}
}

func TestLend(t *testing.T) {
	l := open(t)
	serial := register(t, l)
	if err := example.Lend(t.Context(), l, serial, "workshop", "Ada"); err != nil {
		t.Fatal(err)
	}
	if err := example.Lend(t.Context(), l, serial, "workshop", "Grace"); !errors.Is(err, example.ErrNotHolder) {
		t.Errorf("lending what Ada has: %v", err)
	}
	if err := example.Lend(t.Context(), l, rand.Text(), "workshop", "Grace"); !errors.Is(err, example.ErrUnknown) {
		t.Errorf("lending what is not there: %v", err)
	}
	list, err := example.History(t.Context(), l, serial)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Holder != "workshop" || list[1].Holder != "Ada" || !list[0].Since.Before(list[1].Since) {
		t.Errorf("the history is %+v", list)
	}
}

// Of clients that borrow one tool at once, one gets it.
func TestLendAtOnce(t *testing.T) {
	l := open(t)
	serial := register(t, l)
	won := atOnce(t, 6, func(ctx context.Context) error {
		return example.Lend(ctx, l, serial, "workshop", rand.Text())
	}, example.ErrNotHolder)
	if won != 1 {
		t.Errorf("%d clients got the tool", won)
	}
}

// atOnce runs fn in n goroutines and counts the successes; all others must fail
// with the error of the registry's rule.
func atOnce(t *testing.T, n int, fn func(context.Context) error, rule error) (won int) {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(t.Context()) })
	}
	wg.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, rule):
			t.Errorf("error %v, want %v", err, rule)
		}
	}
	return won
}

func TestCertify(t *testing.T) {
	l := open(t)
	serial := register(t, l)
	r, d, err := example.Certify(t.Context(), l, serial)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(d); err != nil {
		t.Errorf("the certificate does not hold: %v", err)
	}
	forged := d.Hash.Bytes()
	forged[0] ^= 1
	d.Hash, _ = hashchain.HashOf(forged)
	if err := r.Verify(d); !errors.Is(err, ledger.ErrNotVerified) {
		t.Errorf("the certificate holds for another ledger: %v", err)
	}
}
