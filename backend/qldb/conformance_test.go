package qldb_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/backend/qldb"
	"github.com/tallyledger/tally/ledger"
	"github.com/tallyledger/tally/ledger/conformance"
)

// The suite through the official driver and the AWS SDK against a Tally server.
func TestConformance(t *testing.T) {
	s := servertest.New(t)
	n := 0
	fresh := func(context.Context) (ledger.Ledger, error) {
		n++
		name := fmt.Sprintf("conformance-%d", n)
		s.CreateLedger(name)
		return qldb.New(name, s.Session, s.Control)
	}
	conformance.Run(t, conformance.Harness{
		Open:    fresh,
		Fresh:   fresh,
		Advance: func(_ context.Context, _ ledger.Ledger, d time.Duration) error { s.Advance(d); return nil },
		Gaps:    qldb.Gaps(),
	})
}

// The suite on a QLDB endpoint of one's own, such as the service itself:
// TALLY_QLDB_LEDGER names a ledger that only this suite uses, and the SDK's
// variables say where it is.
func TestConformanceOnEndpoint(t *testing.T) {
	name := os.Getenv("TALLY_QLDB_LEDGER")
	if name == "" {
		t.Skip("TALLY_QLDB_LEDGER does not name a ledger at a QLDB endpoint")
	}
	conformance.Run(t, conformance.Harness{
		Open: func(ctx context.Context) (ledger.Ledger, error) { return qldb.Open(ctx, name) },
		Gaps: qldb.Gaps(),
	})
}
