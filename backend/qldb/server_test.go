package qldb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/backend/qldb"
	"github.com/tallyledger/tally/ledger"
)

func start(t *testing.T) (*servertest.Server, *qldb.Ledger) {
	t.Helper()
	s := servertest.New(t)
	s.CreateLedger("orders")
	l, err := qldb.New("orders", s.Session, s.Control)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := run(t, l, "CREATE TABLE T"); err != nil {
		t.Fatal(err)
	}
	return s, l
}

func run(t *testing.T, l ledger.Ledger, statements ...string) error {
	t.Helper()
	return l.Execute(t.Context(), func(tx ledger.Transaction) error {
		for _, s := range statements {
			if _, err := tx.Execute(s); err != nil {
				return err
			}
		}
		return nil
	})
}

func count(t *testing.T, l ledger.Ledger, statement string) (n int) {
	t.Helper()
	err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
		r, err := tx.Execute(statement)
		if err != nil {
			return err
		}
		rows, err := r.All()
		n = len(rows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func fault(t *testing.T, s *servertest.Server, body string) {
	t.Helper()
	resp, err := http.Post(s.URL+"/_tally/faults", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("fault %s: %s", body, resp.Status)
	}
}

// A commit that takes place while its answer is lost is told as unknown, and is
// not repeated.
func TestLostAnswer(t *testing.T) {
	s, l := start(t)
	fault(t, s, `{"LoseAnswers":1}`)
	if err := run(t, l, "INSERT INTO T {'a': 1}"); !errors.Is(err, ledger.ErrOutcomeUnknown) {
		t.Errorf("error %v, want %v", err, ledger.ErrOutcomeUnknown)
	}
	if n := count(t, l, "SELECT * FROM T"); n != 1 {
		t.Errorf("%d documents, want the one whose commit was not answered", n)
	}
}

func TestFaultsAreRetried(t *testing.T) {
	for _, body := range []string{`{"Conflicts":2}`, `{"Capacity":2}`, `{"ExpireSessions":true}`} {
		s, l := start(t)
		fault(t, s, body)
		if err := run(t, l, "INSERT INTO T {'a': 1}"); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if n := count(t, l, "SELECT * FROM T"); n != 1 {
			t.Errorf("%s: %d documents, want 1", body, n)
		}
	}
}

// A statement that is refused before it is sent leaves the transaction whole.
func TestStatementsThatAreNoText(t *testing.T) {
	_, l := start(t)
	for text, says := range map[string]string{"": "empty", "SELECT '\xff' FROM T": "0xFF at offset 8"} {
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			if _, err := tx.Execute(text); !errors.Is(err, ledger.ErrBadRequest) || !strings.Contains(err.Error(), says) {
				t.Errorf("%q: %v, want a bad request that says %q", text, err, says)
			}
			_, err := tx.Execute("SELECT '\uFFFD' FROM T")
			return err
		})
		if err != nil {
			t.Errorf("the commit after %q: %v", text, err)
		}
	}
}

// Many pages, each longer than what fits into one packet.
func TestLongResults(t *testing.T) {
	_, l := start(t)
	doc := ", {'text': '" + strings.Repeat("x", 200) + "'}"
	for range 50 {
		if err := run(t, l, "INSERT INTO T << {}"+strings.Repeat(doc, 39)+" >>"); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if n := count(t, l, "SELECT * FROM T"); n != 2000 {
			t.Fatalf("%d rows, want 2000", n)
		}
	}
}

func Example() {
	srv, err := server.New(server.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	if err := srv.CreateLedger("orders", "ALLOW_ALL"); err != nil {
		log.Fatal(err)
	}
	endpoint := httptest.NewServer(srv)
	defer endpoint.Close()
	os.Setenv("AWS_ACCESS_KEY_ID", "test") // a Tally server takes any, unless told otherwise
	os.Setenv("AWS_SECRET_ACCESS_KEY", "test")

	ctx := context.Background()
	l, err := ledger.Open(ctx, "qldb://orders?endpoint="+endpoint.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		if _, err := tx.Execute("CREATE TABLE Orders"); err != nil {
			return err
		}
		_, err := tx.Execute("INSERT INTO Orders ?", map[string]string{"item": "drill"})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	names, err := l.TableNames(ctx)
	fmt.Println(names, err)
	// Output: [Orders] <nil>
}
