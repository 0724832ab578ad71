package emulator_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
	"github.com/tallyledger/tally/ledger/conformance"
)

// clocked is a ledger whose clock the suite moves.
type clocked struct {
	*emulator.Ledger
	clock *emulatortest.Clock
}

// The engine in process passes the whole suite, without a gap, on both stores.
func TestConformance(t *testing.T) {
	conform(t, func(clock emulator.Option) (*emulator.Ledger, error) {
		return emulator.OpenMemory("conformance", clock)
	})
}

func TestConformanceOnFile(t *testing.T) {
	dir, n := t.TempDir(), 0
	conform(t, func(clock emulator.Option) (*emulator.Ledger, error) {
		n++
		return emulator.Open(filepath.Join(dir, fmt.Sprintf("%d.tally", n)), clock, emulator.WithoutSync())
	})
}

func conform(t *testing.T, open func(emulator.Option) (*emulator.Ledger, error)) {
	fresh := func(context.Context) (ledger.Ledger, error) {
		c := &clocked{clock: emulatortest.NewClock(time.Time{})}
		l, err := open(emulator.WithClock(c.clock.Now))
		c.Ledger = l
		return c, err
	}
	conformance.Run(t, conformance.Harness{
		Open:  fresh,
		Fresh: fresh,
		Advance: func(_ context.Context, l ledger.Ledger, d time.Duration) error {
			l.(*clocked).clock.Advance(d)
			return nil
		},
	})
}
