package emulator_test

import (
	"context"
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

// The engine in process passes the whole suite, without a gap.
func TestConformance(t *testing.T) {
	open := func(context.Context) (ledger.Ledger, error) {
		c := &clocked{clock: emulatortest.NewClock(time.Time{})}
		l, err := emulator.OpenMemory("conformance", emulator.WithClock(c.clock.Now))
		c.Ledger = l
		return c, err
	}
	conformance.Run(t, conformance.Harness{
		Open:  open,
		Fresh: open,
		Advance: func(_ context.Context, l ledger.Ledger, d time.Duration) error {
			l.(*clocked).clock.Advance(d)
			return nil
		},
	})
}
