package server_test

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// TestSessionsRunInParallel holds a statement of one session up in the middle of
// its execution: other sessions, of its ledger and of another, execute theirs and
// commit, and the control plane answers.
func TestSessionsRunInParallel(t *testing.T) {
	held, letGo := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(letGo) })
	defer release()
	var armed atomic.Bool
	s := servertest.New(t, func(c *server.Config) {
		c.Clock = func() time.Time { // a statement asks for the time
			if armed.Load() && bytes.Contains(debug.Stack(), []byte("(*Session).Execute")) && armed.CompareAndSwap(true, false) {
				close(held)
				<-letGo
			}
			return time.Now()
		}
	})
	for _, name := range []string{"L", "M"} {
		exec(t, s.Driver(name), "CREATE TABLE T")
	}
	slow := openSession(t, s, "L")
	_, rest, _ := strings.Cut(send(t, "POST", s.URL+"/", fmt.Sprintf(`{"SessionToken":%q,"StartTransaction":{}}`, slow)), `"TransactionId":"`)
	tx, _, _ := strings.Cut(rest, `"`)
	statement := fmt.Sprintf(`{"SessionToken":%q,"ExecuteStatement":{"TransactionId":%q,"Statement":"SELECT * FROM T"}}`, slow, tx)
	done := make(chan string, 1)
	armed.Store(true)
	go func() { done <- send(t, "POST", s.URL+"/", statement) }()
	<-held
	for _, name := range []string{"L", "M"} {
		other := s.Driver(name)
		exec(t, other, "INSERT INTO T {'a': 1}")
		exec(t, other, "SELECT * FROM T")
		if got := send(t, "GET", s.URL+"/ledgers/"+name, ""); !strings.HasPrefix(got, "200 ") {
			t.Error(got)
		}
	}
	select {
	case got := <-done:
		t.Errorf("the statement was not held up: %s", got)
	default:
	}
	release()
	if got := <-done; !strings.HasPrefix(got, "200 ") {
		t.Error(got)
	}
}
