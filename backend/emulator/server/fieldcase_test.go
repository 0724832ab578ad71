package server_test

import (
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestIgnoreFieldCase: the server's setting is that of its ledgers.
func TestIgnoreFieldCase(t *testing.T) {
	for want, ignore := range []bool{false, true} {
		d := servertest.New(t, func(c *server.Config) { c.IgnoreFieldCase = ignore }).Driver("fields")
		exec(t, d, "CREATE TABLE T")
		exec(t, d, "INSERT INTO T {'VIN': 1}")
		if rows := exec(t, d, "SELECT * FROM T WHERE vin = 1"); len(rows) != want {
			t.Errorf("ignoring case %t: %d rows, want %d", ignore, len(rows), want)
		}
	}
}
