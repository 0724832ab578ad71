package server_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/server"
)

// TestModesAtOnce changes the permissions mode twice at once, again and again:
// what Describe says is what statements meet.
func TestModesAtOnce(t *testing.T) {
	// The time is asked for between the steps of a change: it takes a while to
	// come, so that the two changes meet in all ways.
	s, err := server.New(server.Config{Clock: func() time.Time {
		time.Sleep(rand.N(100 * time.Microsecond))
		return time.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.CreateLedger("L", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	l, err := s.Ledger("L")
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, path, body string) string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body)))
		if w.Code != http.StatusOK {
			t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	for range 200 {
		var wg sync.WaitGroup
		for _, mode := range []string{"ALLOW_ALL", "STANDARD"} {
			wg.Go(func() { call("PATCH", "/ledgers/L/permissions-mode", `{"PermissionsMode":"`+mode+`"}`) })
		}
		wg.Wait()
		says := strings.Contains(call("GET", "/ledgers/L", ""), `"PermissionsMode":"STANDARD"`)
		if is := l.Mode() == emulator.Standard; says != is {
			t.Fatalf("Describe says STANDARD: %v; statements meet STANDARD: %v", says, is)
		}
	}
}
