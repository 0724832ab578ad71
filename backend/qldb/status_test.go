package qldb

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/ledger"
)

// Answers that a load balancer gives in the place of the service.
func TestAnswersWithoutException(t *testing.T) {
	tests := []struct {
		status    int
		exception string
		sentinel  error
		again     bool // may be run again
	}{
		{500, "InternalFailure", ledger.ErrInternal, true},
		{502, "ServiceUnavailable", ledger.ErrUnavailable, true},
		{503, "ServiceUnavailable", ledger.ErrUnavailable, true},
		{504, "ServiceUnavailable", ledger.ErrUnavailable, true},
		{429, "RateExceededException", ledger.ErrRateExceeded, true},
		{403, "UnknownError", nil, false},
		{404, "UnknownError", nil, false},
	}
	for _, tt := range tests {
		for _, body := range []string{"{}", "<html>Bad Gateway</html>", " ", `"down"`} {
			name := fmt.Sprint(tt.status, " ", body)
			for _, command := range []string{"StartSession", "StartTransaction", "ExecuteStatement"} {
				f, l := fake(t)
				f.on(command, slices.Repeat([]answer{{status: tt.status, body: body}}, 2)...)
				runs := 0
				err := l.Execute(t.Context(), insert(&runs), quick(1))
				checkStatus(t, name+" "+command, err, tt.status, tt.exception, tt.sentinel)
				want := 1
				if tt.again {
					want = 2
				}
				if n := f.count(command); n != want || ledger.Retryable(err) != tt.again {
					t.Errorf("%s: %s was sent %d times, want %d", name, command, n, want)
				}
			}
			f, l := fake(t)
			f.on("CommitTransaction", answer{status: tt.status, body: body})
			runs := 0
			err := l.Execute(t.Context(), insert(&runs), quick(3))
			if !errors.Is(err, ledger.ErrOutcomeUnknown) || runs != 1 {
				t.Errorf("%s: commit: %v after %d runs; want %v, and no retry", name, err, runs, ledger.ErrOutcomeUnknown)
			}
			f.control = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				fmt.Fprint(w, body)
			}
			_, err = l.Digest(t.Context())
			checkStatus(t, name+" Digest", err, tt.status, tt.exception, tt.sentinel)
		}
	}
}

func checkStatus(t *testing.T, name string, err error, status int, exception string, sentinel error) {
	t.Helper()
	var e *ledger.Error
	if !errors.As(err, &e) || e.Exception != exception || !strings.Contains(e.Message, fmt.Sprint("HTTP ", status)) {
		t.Errorf("%s: %v; want %s that names HTTP %d", name, err, exception, status)
	}
	if sentinel != nil && !errors.Is(err, sentinel) {
		t.Errorf("%s: %v is not %v", name, err, sentinel)
	}
}
