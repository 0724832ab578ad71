package emulatortest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// exampleT stands for the *testing.T of a test.
type exampleT struct{ fakeT }

func (e *exampleT) Context() context.Context { return context.Background() }

func newT() (t *exampleT, end func()) {
	t = &exampleT{}
	return t, func() {
		t.run(func(testing.TB) {})
		for _, f := range t.failed {
			fmt.Println(f)
		}
	}
}

// In a test t is its *testing.T, and the ledger is checked and closed when the
// test ends.
func ExampleNew() {
	t, end := newT()
	defer end()

	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE Vehicle")
	l.Exec(t, "CREATE INDEX ON Vehicle (vin)")
	l.Exec(t, "INSERT INTO Vehicle ?", map[string]any{"vin": "1C4RJFAG0FC625797", "owner": "Ada"})
	l.Exec(t, "UPDATE Vehicle SET owner = ? WHERE vin = ?", "Eve", "1C4RJFAG0FC625797")
	for _, row := range l.Exec(t, "SELECT data.owner, metadata.version FROM history(Vehicle)") {
		fmt.Println(row)
	}
	// Output:
	// {owner:"Ada",version:0}
	// {owner:"Eve",version:1}
}

// With a seed all ids and times are the same in every run, so a test can compare
// whole blocks.
func ExampleWithSeed() {
	t, end := newT()
	defer end()

	l := emulatortest.New(t, emulatortest.WithSeed(42))
	l.Exec(t, "CREATE TABLE T")
	fmt.Println(l.StrandID())
	fmt.Println(l.Exec(t, "INSERT INTO T {'a': 1}")[0])
	fmt.Println(l.Exec(t, "SELECT VALUE metadata.txTime FROM _ql_committed_T")[0])
	// Output:
	// 9movPcdDnH6000E3qOg9KU
	// {documentId:"11sQBkvcl7o00BhDf46JcS"}
	// 2024-01-01T00:00:00.000Z
}

// A test moves the clock instead of waiting.
func ExampleClock() {
	t, end := newT()
	defer end()

	l := emulatortest.New(t, emulatortest.At(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)))
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		l.Clock.Advance(31 * time.Second) // longer than a transaction may take
		_, err := tx.Execute("CREATE TABLE T")
		return err
	})
	fmt.Println(errors.Is(err, ledger.ErrTransactionExpired))
	fmt.Println(l.Clock.Now().Format(time.TimeOnly))
	// Output:
	// true
	// 12:00:31
}

// The first two commits conflict: does the code under test run its function
// again from the start?
func ExampleFaults_FailCommits() {
	t, end := newT()
	defer end()

	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	l.Faults.FailCommits(2)
	runs := 0
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		runs++
		_, err := tx.Execute("INSERT INTO T {'a': 1}")
		return err
	})
	fmt.Println(runs, err)
	fmt.Println(l.Exec(t, "SELECT COUNT(*) AS n FROM T")[0])
	// Output:
	// 3 <nil>
	// {n:1}
}

// The transaction is committed, and the caller never hears of it. Who repeats
// it without a look writes it twice.
func ExampleFaults_LoseAnswers() {
	t, end := newT()
	defer end()

	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE Payment")
	l.Faults.LoseAnswers(1)
	pay := func(tx ledger.Transaction) error {
		_, err := tx.Execute("INSERT INTO Payment {'order': 17, 'amount': 9.90}")
		return err
	}
	err := l.Execute(t.Context(), pay)
	fmt.Println(errors.Is(err, ledger.ErrOutcomeUnknown))
	_ = l.Execute(t.Context(), pay) // the mistake
	fmt.Println(l.Exec(t, "SELECT COUNT(*) AS n FROM Payment")[0])
	// Output:
	// true
	// {n:2}
}

// Sessions that were open expire; Execute goes on with a new one.
func ExampleFaults_ExpireSessions() {
	t, end := newT()
	defer end()

	l := emulatortest.New(t)
	s, err := l.StartSession(t.Context())
	if err != nil {
		fmt.Println(err)
		return
	}
	l.Faults.ExpireSessions()
	_, err = s.StartTransaction(t.Context())
	fmt.Println(errors.Is(err, ledger.ErrInvalidSession))
	l.Exec(t, "CREATE TABLE T")
	names, _ := l.TableNames(t.Context())
	fmt.Println(names)
	// Output:
	// true
	// [T]
}
