package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// settableClock is a clock that tests move forward. It goes on by itself.
type settableClock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds ahead of base
}

func (c *settableClock) now() time.Time { return c.base().Add(time.Duration(c.offset.Load())) }

// maxAdvance is how far the clock can be ahead in all: within the years that Ion
// can write.
const maxAdvance = 100 * 365 * 24 * time.Hour

// advance moves the clock forward, or not at all and says false.
func (c *settableClock) advance(d time.Duration) bool {
	for {
		old := c.offset.Load()
		if d < 0 || d > maxAdvance-time.Duration(old) {
			return false
		}
		if c.offset.CompareAndSwap(old, old+int64(d)) {
			return true
		}
	}
}

// control is the body of a POST below /_tally/; each has its own members.
type control struct {
	Advance duration // clock: how far it moves forward

	Ledger         *string  // faults: whose; all ledgers share them where it is left out
	Conflicts      *int     // faults: so many commits fail with a conflict
	LoseAnswers    *int     // faults: so many commits take place and are not answered
	Capacity       *int     // faults: so many requests fail with CapacityExceeded
	ExpireSessions bool     // faults: every session open now has expired
	DelayCommits   duration // faults: how long each commit waits; 0 ends it
}

// duration is a time as Go writes it, such as "31s".
type duration struct{ time.Duration }

func (d *duration) UnmarshalJSON(b []byte) (err error) {
	var s string
	if err = json.Unmarshal(b, &s); err == nil {
		d.Duration, err = time.ParseDuration(s)
	}
	return err
}

// serveTestControls answers callers on this machine only, whatever the server
// listens on.
func (s *Server) serveTestControls(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method != http.MethodPost || !loopbackCaller(r) {
		plain(w, http.StatusForbidden, "test controls are for POST requests of programs on the loopback interface\n")
		return
	}
	var in control
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	s.conns.begin(r)
	if err == nil && len(body) > 0 {
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields() // a fault that is misspelt would never come
		if err = dec.Decode(&in); err == nil && dec.More() {
			err = errors.New("there is something after it")
		}
	}
	if err != nil {
		plain(w, http.StatusBadRequest, "the body is not the JSON of a test control: "+err.Error()+"\n")
		return
	}
	switch path {
	case "/_tally/clock":
		if !s.clock.advance(in.Advance.Duration) {
			plain(w, http.StatusBadRequest, "the clock moves forward only, by at most 100 years in all\n")
			return
		}
		plain(w, http.StatusOK, s.clock.now().UTC().Format(time.RFC3339Nano)+"\n")
	case "/_tally/faults":
		s.serveFaults(w, &in)
	case "/_tally/reset":
		s.serveReset(w)
	default:
		plain(w, http.StatusNotFound, "test controls are /_tally/clock, /_tally/faults and /_tally/reset\n")
	}
}

// serveFaults makes failures due: to one ledger, or to whichever ledger's
// requests come first.
func (s *Server) serveFaults(w http.ResponseWriter, in *control) {
	faults := s.faults
	if in.Ledger != nil {
		e, st := s.registry.get(*in.Ledger)
		if e == nil || e.faults == nil || st.status == stateDeleting {
			plain(w, http.StatusNotFound, "there is no ledger "+quote(*in.Ledger)+"; without Ledger faults are for all ledgers of the server\n")
			return
		}
		faults = e.faults
	}
	for _, n := range []struct {
		name string
		n    *int
	}{{"Conflicts", in.Conflicts}, {"LoseAnswers", in.LoseAnswers}, {"Capacity", in.Capacity}} {
		if n.n != nil && *n.n < 0 {
			plain(w, http.StatusBadRequest, fmt.Sprintf("%s is %d; a number of faults is 0 or more\n", n.name, *n.n))
			return
		}
	}
	if in.DelayCommits.Duration < 0 {
		plain(w, http.StatusBadRequest, fmt.Sprintf("DelayCommits is %s; a delay is 0 or more\n", in.DelayCommits.Duration))
		return
	}
	if in.Conflicts != nil {
		faults.FailCommits(*in.Conflicts)
	}
	if in.LoseAnswers != nil {
		faults.LoseAnswers(*in.LoseAnswers)
	}
	if in.Capacity != nil {
		faults.ExceedCapacity(*in.Capacity)
	}
	if in.ExpireSessions {
		faults.ExpireSessions()
	}
	faults.DelayCommits(nil)
	if d := min(in.DelayCommits.Duration, time.Minute); d > 0 {
		faults.DelayCommits(func() { time.Sleep(d) })
	}
	plain(w, http.StatusOK, "ok\n")
}

// serveReset removes all ledgers, sessions and faults, and sets the clock
// right. Ledgers in files are safe from it.
func (s *Server) serveReset(w http.ResponseWriter) {
	if s.cfg.DataDir != "" {
		plain(w, http.StatusConflict, "only a server in memory can be reset\n")
		return
	}
	s.faults.Reset()
	s.clock.offset.Store(0)
	for _, st := range s.registry.all() {
		_, err := s.registry.delete(st.Name, s.cfg.Clock(), func(ledgerView) error { return nil })
		if err != nil {
			plain(w, http.StatusInternalServerError, err.Error()+"\n")
			return
		}
	}
	s.sessions.take(func(*liveSession) bool { return true })
	plain(w, http.StatusOK, "ok\n")
}
