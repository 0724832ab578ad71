package emulator_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// TestLastTime: Ion's years end with 9999. What would be committed later is
// refused for good, once, and everything else goes on.
func TestLastTime(t *testing.T) {
	var ms atomic.Int64
	end := time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	clock := func() time.Time { return end.Add(time.Duration(ms.Load()) * time.Millisecond) }
	l := emulatortest.New(t, emulatortest.With(emulator.WithClock(clock)))
	l.Exec(t, "CREATE TABLE T")
	l.Exec(t, "INSERT INTO T {'k': 1}")
	late := func(statement string) {
		t.Helper()
		runs := 0
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			runs++
			_, err := tx.Execute(statement)
			return err
		})
		isError(t, err, "BadRequestException", "412", textOf(err))
		if !strings.Contains(textOf(err), "would be 10000-01-01T00:00:00.000Z") || !strings.Contains(textOf(err), "last one that Ion can write is 9999-12-31T23:59:59.999Z") || runs != 1 {
			t.Errorf("%s: %v after %d runs", statement, err, runs)
		}
	}
	late("UPDATE T SET k = 2") // a document's revisions have different times
	late("DELETE FROM T")
	l.Exec(t, "INSERT INTO T {'k': 3}")
	ms.Store(1)
	late("INSERT INTO T {'k': 4}")
	ms.Store(0)
	equalRows(t, l.Exec(t, "SELECT VALUE t.k FROM T AS t"), "1", "3")
	checked(t, l.Ledger)
}

// TestCreatedInTime: so is a ledger that would begin before or after Ion's years.
func TestCreatedInTime(t *testing.T) {
	for year, want := range map[int]string{0: "year 0;", 1: "", 9999: "", 10_000: "year 10000;"} {
		clock := func() time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
		l, err := emulator.OpenMemory("x", emulator.WithClock(clock))
		if err == nil {
			err = l.Close()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("year %d: %v", year, err)
		}
	}
}
