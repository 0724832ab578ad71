package server

import (
	"net"
	"net/http"
	"sync"
)

// connections knows which connections carry a request that is being worked on. A
// server that stops waits for those; all others it cuts, since nothing that came
// over them was executed.
type connections struct {
	mu       sync.Mutex
	open     map[net.Conn]*connection
	stopping bool
}

// connection is the context's value of a request under connectionKey.
type connection struct {
	busy bool // a complete request is worked on or its answer is on its way
	cut  bool
}

type connectionKey struct{}

// add takes a new connection in.
func (t *connections) add(c net.Conn) *connection {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := &connection{cut: t.stopping}
	if t.stopping {
		_ = c.Close()
		return out
	}
	if t.open == nil {
		t.open = map[net.Conn]*connection{}
	}
	t.open[c] = out
	return out
}

// state is told by net/http what becomes of a connection.
func (t *connections) state(c net.Conn, st http.ConnState) {
	if st != http.StateIdle && st != http.StateClosed && st != http.StateHijacked {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if st != http.StateIdle {
		delete(t.open, c)
	} else if o := t.open[c]; o != nil {
		o.busy = false
	}
}

// begin comes when a request is complete. It does not return where the connection
// has been cut.
func (t *connections) begin(r *http.Request) {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if c == nil {
		return // of another http.Server
	}
	t.mu.Lock()
	c.busy = !c.cut
	t.mu.Unlock()
	if !c.busy {
		panic(http.ErrAbortHandler)
	}
}

// cut closes all connections without a complete request, now and from now on.
func (t *connections) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopping = true
	for conn, c := range t.open {
		if !c.busy {
			c.cut = true
			_ = conn.Close()
		}
	}
}
