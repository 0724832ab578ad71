package emulator_test

import (
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
)

// TestIgnoreFieldCase: the case of fields counts unless the ledger is opened
// otherwise. Documents of the transaction itself and of others are found the same
// way, with the index on VIN or without.
func TestIgnoreFieldCase(t *testing.T) {
	for _, c := range []struct {
		opts               []emulatortest.Option
		VIN, quoted, lower []string
	}{
		{nil, []string{"{VIN:1}"}, []string{"{VIN:1}"}, nil},
		{[]emulatortest.Option{emulatortest.With(emulator.WithIgnoreFieldCase())},
			[]string{"{VIN:1,n:5}", "{Vin:1,n:5}"}, []string{"{VIN:1,n:5}"}, []string{"{VIN:1,n:5}", "{Vin:1,n:5}"}},
	} {
		l := emulatortest.New(t, c.opts...)
		l.Exec(t, "CREATE TABLE T")
		l.Exec(t, "CREATE INDEX ON T (VIN)")
		l.Exec(t, "INSERT INTO T {'VIN': 1}")
		x := begin(t, l.Ledger)
		x.q("INSERT INTO T {'Vin': 1}")
		x.q("UPDATE T SET n = 5 WHERE vin = 1")
		look := func(q func(testing.TB, string, ...any) []string) {
			t.Helper()
			equalRows(t, q(t, "SELECT * FROM T WHERE VIN = 1"), c.VIN...)
			equalRows(t, q(t, `SELECT * FROM T WHERE "VIN" = 1`), c.quoted...)
			equalRows(t, q(t, "SELECT * FROM T WHERE vin = 1"), c.lower...)
		}
		look(func(_ testing.TB, s string, p ...any) []string { return x.q(s, p...) })
		x.mustCommit()
		look(l.Exec)
	}
}
