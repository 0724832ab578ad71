package emulator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// long is a statement that would run for hours on the table that filled makes.
const long = "SELECT COUNT(*) FROM T AS a, T AS b, T AS c, T AS d WHERE a.n + b.n = c.n + d.n + 1"

// filled puts n documents into a new table T.
func filled(t *testing.T, l *emulator.Ledger, n int, doc map[string]any) {
	t.Helper()
	if err := execute(t.Context(), l, "CREATE TABLE T"); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; i += 40 {
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			for range min(40, n-i) {
				if _, err := tx.Execute("INSERT INTO T ?", doc); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestStatementExpires: a statement that runs when the transaction's time is up
// ends with the transaction, whichever clock says so.
func TestStatementExpires(t *testing.T) {
	l := emulatortest.New(t, emulatortest.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)))
	filled(t, l.Ledger, 400, map[string]any{"n": 1})
	x := begin(t, l.Ledger)
	ended := make(chan error, 1)
	go func() {
		_, err := x.send(long)
		ended <- err
	}()
	for l.Stats().Transactions == 0 {
		runtime.Gosched()
	}
	l.Clock.Advance(31 * time.Second)
	want := "Transaction " + x.id + " has expired"
	if err := <-ended; !errors.Is(err, ledger.ErrTransactionExpired) || !strings.HasPrefix(textOf(err), want) {
		t.Errorf("the statement: %v, want %s", err, want)
	}
	if err := x.commit(); !errors.Is(err, ledger.ErrTransactionExpired) {
		t.Errorf("the commit: %v, want %s", err, want)
	}
	if s := l.Stats(); s.Expired != 1 || s.Transactions != 0 {
		t.Errorf("%d transactions expired and %d are open, want 1 and 0", s.Expired, s.Transactions)
	}
}

// textOf is the message of a service's error.
func textOf(err error) string {
	var e *ledger.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}

// TestCloseStopsStatements: Close does not wait for a statement's end, and the
// file is free afterwards.
func TestCloseStopsStatements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tally")
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	filled(t, l, 400, map[string]any{"n": 1})
	ended, begun := make(chan error, 1), make(chan struct{})
	go func() {
		ended <- l.Execute(context.Background(), func(tx ledger.Transaction) error {
			close(begun)
			_, err := tx.Execute(long)
			return err
		})
	}()
	<-begun
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-ended; !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("the statement: %v, want ErrClosed", err)
	}
	l, err = emulator.Open(path)
	if err != nil {
		t.Fatalf("opening it after Close: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestClosed: after Close every call returns ErrClosed, and results are gone.
func TestClosed(t *testing.T) {
	limits := emulator.DefaultLimits
	limits.ResultMemory = 1 << 18 // the rest is in a file
	l, err := emulator.OpenMemory("x", emulator.WithLimits(limits))
	if err != nil {
		t.Fatal(err)
	}
	filled(t, l, 300, map[string]any{"n": strings.Repeat("x", 3000)})
	reader, empty, idle := begin(t, l), begin(t, l), newSession(t, l)
	page, err := reader.send("SELECT n FROM T AS t")
	if err != nil || page.Token == "" {
		t.Fatalf("a page with %d rows and token %q, %v", len(page.Values), page.Token, err)
	}
	at := digestOf(t, l).Tip
	blocks := l.Journal(t.Context(), 0)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := l.Stats().ResultBytes; n != 0 {
		t.Errorf("results still take %d bytes", n)
	}
	if s := l.Stats(); s.Sessions != 0 || s.Transactions != 0 {
		t.Errorf("%d sessions and %d transactions are open", s.Sessions, s.Transactions)
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"FetchPage":               func() error { _, err := reader.s.FetchPage(ctx, reader.id, page.Token); return err },
		"ExecuteStatement":        func() error { _, err := reader.send("SELECT * FROM T"); return err },
		"CommitTransaction":       reader.commit,
		"CommitTransaction empty": empty.commit,
		"StartTransaction":        func() error { _, err := idle.StartTransaction(ctx); return err },
		"AbortTransaction":        func() error { return idle.AbortTransaction(ctx) },
		"EndSession":              func() error { return idle.EndSession(ctx) },
		"StartSession":            func() error { _, err := l.StartSession(ctx); return err },
		"Execute":                 func() error { return l.Execute(ctx, func(ledger.Transaction) error { return nil }) },
		"Digest":                  func() error { _, err := l.Digest(ctx); return err },
		"TableNames":              func() error { _, err := l.TableNames(ctx); return err },
		"Block":                   func() error { _, err := l.Block(ctx, at, nil); return err },
		"Revision":                func() error { _, err := l.Revision(ctx, at, "x", nil); return err },
		"Journal": func() (err error) {
			for _, err = range blocks {
			}
			return err
		},
		"Journal beyond the tip": func() (err error) {
			for _, err = range l.Journal(ctx, 1e6) {
			}
			return err
		},
		"Check": func() (err error) {
			for _, err = range l.Check(ctx) {
			}
			return err
		},
	} {
		if err := call(); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

// TestExpiredCounted: a transaction that expires is counted once, whoever finds
// out.
func TestExpiredCounted(t *testing.T) {
	l := emulatortest.New(t, emulatortest.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)))
	noticed, swept := begin(t, l.Ledger), begin(t, l.Ledger)
	l.Clock.Advance(31 * time.Second)
	if _, err := noticed.send("SELECT 1 FROM <<1>>"); !errors.Is(err, ledger.ErrTransactionExpired) {
		t.Fatal(err)
	}
	if n := l.Stats().Expired; n != 2 {
		t.Errorf("%d expired, want 2", n)
	}
	begin(t, l.Ledger)
	if err := swept.commit(); !errors.Is(err, ledger.ErrTransactionExpired) {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Expired != 2 || s.Failed != 0 {
		t.Errorf("%d expired and %d failed, want 2 and 0", s.Expired, s.Failed)
	}
}

// TestCapacityAtTheEnd: a request that fails for lack of capacity leaves neither
// session nor transaction of Execute behind.
func TestCapacityAtTheEnd(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	mine := errors.New("mine")
	err := l.Execute(t.Context(), func(ledger.Transaction) error {
		l.Faults.ExceedCapacity(2)
		return mine
	})
	if !errors.Is(err, mine) {
		t.Error(err)
	}
	l.Faults.Reset()
	if s := l.Stats(); s.Sessions != 0 || s.Transactions != 0 {
		t.Errorf("%d sessions and %d transactions are open", s.Sessions, s.Transactions)
	}
}

// TestURLsAreTakenWhole: what a URL says beyond its path is taken or refused, never left
// out.
func TestURLsAreTakenWhole(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for url, file := range map[string]string{
		"bolt:my%20file.tally":        "my file.tally",
		"bolt://" + dir + "/a%20b":    "a b",
		"bolt://" + dir + "/c%23d":    "c#d",
		"bolt:///" + dir + "/e#f":     "",
		"bolt:g#h":                    "",
		"memory:?foo=1":               "",
		"memory:x#y":                  "",
		"bolt:x.tally?foo=1":          "",
		"bolt:y.tally?create=perhaps": "",
	} {
		l, err := ledger.Open(t.Context(), url)
		if err == nil {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		if (err == nil) != (file != "") {
			t.Errorf("%s: %v", url, err)
		}
		if file == "" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files of URLs that were refused: %v %v", left, err)
	}
}
