package server_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession/types"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// noRetry makes the driver run a function once.
func noRetry(o *qldbdriver.DriverOptions) { o.RetryPolicy.MaxRetryLimit = 0 }

// TestDriverConflict lets a transaction lose and win at its second try. The
// loser only reads: that is enough.
func TestDriverConflict(t *testing.T) {
	s := servertest.New(t)
	d, other := s.Driver("conflict"), s.Driver("conflict")
	insertNumbers(t, d, 1)
	for _, statement := range []string{"SELECT VALUE n FROM T", "UPDATE T SET n = n + 100"} {
		runs := 0
		_, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
			if runs++; runs == 1 {
				defer exec(t, other, "UPDATE T SET n = n + 1")
			}
			return rows(txn, statement)
		})
		if err != nil || runs != 2 {
			t.Errorf("%s: %d runs and error %v, want two runs", statement, runs, err)
		}
	}
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 102 {
		t.Errorf("n = %d after all, want 102", n)
	}
	once := s.Driver("conflict", noRetry)
	_, err := once.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
		defer exec(t, other, "UPDATE T SET n = n + 1")
		return rows(txn, "SELECT VALUE n FROM T")
	})
	var occ *types.OccConflictException
	if !errors.As(err, &occ) {
		t.Errorf("without retries: %v, want an OccConflictException", err)
	}
}

// TestDriverPool has 50 sessions at work at once: all insert, and some of them
// fight for one document.
func TestDriverPool(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("pool", func(o *qldbdriver.DriverOptions) {
		o.MaxConcurrentTransactions = 50
		o.RetryPolicy = qldbdriver.RetryPolicy{MaxRetryLimit: 1000, Backoff: qldbdriver.ExponentialBackoffStrategy{SleepBase: 1, SleepCap: 20}}
	})
	insertNumbers(t, d, 1)
	exec(t, d, "CREATE TABLE U")
	var wg, together sync.WaitGroup
	together.Add(50)
	for i := range 50 {
		wg.Go(func() {
			once := sync.OnceFunc(together.Done)
			_, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
				once()
				together.Wait() // 50 transactions are open now
				return rows(txn, "INSERT INTO U ?", map[string]int{"m": i})
			})
			for range 3 {
				if err == nil && i < 5 {
					_, err = d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) { return rows(txn, "UPDATE T SET n = n + 1") })
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 15 {
		t.Errorf("n = %d, want 15", n)
	}
	if n := len(exec(t, d, "SELECT m FROM U")); n != 50 {
		t.Errorf("%d documents, want 50", n)
	}
}

// TestDriverExpiry moves the clock past the life of a transaction, then of the
// session that the driver keeps.
func TestDriverExpiry(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("expiry")
	insertNumbers(t, d, 1)
	runs := 0
	_, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
		runs++
		out, err := rows(txn, "UPDATE T SET n = 7")
		s.Advance(31 * time.Second)
		return out, err
	})
	var dead *types.InvalidSessionException
	if !errors.As(err, &dead) || !regexp.MustCompile(`^Transaction \w{22} has expired$`).MatchString(dead.ErrorMessage()) || runs != 1 {
		t.Errorf("after %d runs %v, want one and the transaction's expiry", runs, err)
	}
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 0 {
		t.Errorf("an expired transaction wrote n = %d", n)
	}
	s.Advance(20 * time.Minute)
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 0 {
		t.Errorf("n = %d with a new session", n)
	}
}

// TestDriverDroppedConnections breaks connections between and in requests.
func TestDriverDroppedConnections(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("dropped")
	insertNumbers(t, d, 1)
	s.DropConnections()
	// The driver for Go does not repeat what a broken connection swallowed.
	if _, err := d.GetTableNames(t.Context()); err != nil {
		t.Logf("the first call on a broken connection: %v", err)
	}
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 0 {
		t.Errorf("n = %d, want 0", n)
	}
	// The commit takes place and its answer is lost: the driver cannot know and
	// says so; it must not have been run twice.
	post(t, s.URL+"/_tally/faults", `{"LoseAnswers":1}`)
	runs := 0
	_, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
		runs++
		return rows(txn, "UPDATE T SET n = n + 1")
	})
	if err == nil || runs != 1 {
		t.Errorf("%d runs and error %v, want one run and an error", runs, err)
	}
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 1 {
		t.Errorf("n = %d, want 1", n)
	}
	// In the middle of a transaction, between two statements.
	_, err = d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
		if _, err := rows(txn, "UPDATE T SET n = n + 1"); err != nil {
			return nil, err
		}
		s.DropConnections()
		return rows(txn, "UPDATE T SET n = n + 1")
	})
	if _, err := d.GetTableNames(t.Context()); err != nil {
		t.Logf("the next call on a broken connection: %v", err)
	}
	if n := number(t, d, "SELECT VALUE n FROM T"); err == nil && n != 3 || err != nil && n != 1 {
		t.Errorf("n = %d after error %v: a transaction is whole or not at all", n, err)
	}
}

// TestDriverSessionLoss lets every session of the pool die: the driver goes on
// with new ones.
func TestDriverSessionLoss(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("loss")
	insertNumbers(t, d, 1)
	for range 3 {
		post(t, s.URL+"/_tally/faults", `{"ExpireSessions":true}`)
		exec(t, d, "UPDATE T SET n = n + 1")
	}
	if n := number(t, d, "SELECT VALUE n FROM T"); n != 3 {
		t.Errorf("n = %d, want 3", n)
	}
}

func post(t testing.TB, url, body string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", url, fmt.Sprint(res.Status))
	}
}
