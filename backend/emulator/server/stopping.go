package server

import (
	"math"
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
	short    bool   // one more connection waits for a place
	turn     uint64 // counts connections that become idle
}

// connection is the context's value of a request under connectionKey.
type connection struct {
	busy bool // a complete request is worked on or its answer is on its way
	cut  bool
	idle uint64 // the turn at which it became idle; 0 where it is not
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
	if st == http.StateNew {
		return
	}
	if t.note(c, st) {
		_ = c.Close()
	}
}

// note reports whether the connection is to be closed: one more waits for its place.
func (t *connections) note(c net.Conn, st http.ConnState) (leave bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.open[c]
	switch {
	case o == nil:
	case st == http.StateActive:
		o.idle = 0
	case st == http.StateIdle:
		o.busy = false
		t.turn++
		o.idle = t.turn
		leave, t.short = t.short, false
	default:
		delete(t.open, c)
		t.short = false // its place is free
	}
	return leave
}

// makeRoom closes the connection that has been idle longest, or the next one that
// becomes idle: clients that keep connections open must not keep others out.
func (t *connections) makeRoom() {
	if c := t.longestIdle(); c != nil {
		_ = c.Close()
	}
}

func (t *connections) longestIdle() net.Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	var longest net.Conn
	first := uint64(math.MaxUint64)
	for c, o := range t.open {
		if o.idle > 0 && o.idle < first {
			longest, first = c, o.idle
		}
	}
	t.short = longest == nil
	return longest
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
