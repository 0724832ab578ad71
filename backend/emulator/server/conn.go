package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// lazyConn spares most changes of deadlines. net/http makes seven for each
// request, and nearly all of them are replaced before a read or write waits. A
// change only counts where a read waits or would begin to; one that puts a
// deadline off is left until the earlier one has passed, and the read or write
// then goes on.
type lazyConn struct {
	net.Conn
	reads, writes lazyDeadline
}

// lazyDeadline is one of the two deadlines of a connection.
type lazyDeadline struct {
	mu      sync.Mutex
	want    time.Time // what was asked for; zero for none
	armed   time.Time // what the connection below has
	waiting bool      // an operation is under way
}

// set asks for a deadline. It reaches an operation that is under way.
func (d *lazyDeadline) set(t time.Time, arm func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.want = t
	if !d.waiting {
		return nil
	}
	return d.apply(arm)
}

// begin comes before an operation.
func (d *lazyDeadline) begin(arm func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = true
	return d.apply(arm)
}

// apply arms the deadline where the one that is armed would be too late, or
// has passed: a passed one ends every operation at once.
func (d *lazyDeadline) apply(arm func(time.Time) error) error {
	early := !d.armed.IsZero() && (d.want.IsZero() || !d.want.Before(d.armed)) && time.Now().Before(d.armed)
	if early || d.armed.IsZero() && d.want.IsZero() {
		return nil
	}
	d.armed = d.want
	return arm(d.want)
}

// end comes after an operation and says whether it is to go on: its deadline was
// one that has since been put off.
func (d *lazyDeadline) end(err error, arm func(time.Time) error) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && (d.want.IsZero() || time.Now().Before(d.want)) {
		d.armed = d.want
		if arm(d.want) == nil {
			return true
		}
	}
	d.waiting = false
	return false
}

func (c *lazyConn) SetReadDeadline(t time.Time) error { return c.reads.set(t, c.Conn.SetReadDeadline) }

func (c *lazyConn) SetWriteDeadline(t time.Time) error {
	return c.writes.set(t, c.Conn.SetWriteDeadline)
}

func (c *lazyConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Read reads at least one byte. One read at a time.
func (c *lazyConn) Read(b []byte) (int, error) {
	if err := c.reads.begin(c.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	for {
		n, err := c.Conn.Read(b)
		if n > 0 && err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
		if !c.reads.end(err, c.Conn.SetReadDeadline) {
			return n, err
		}
	}
}

// Write writes all of b. One write at a time.
func (c *lazyConn) Write(b []byte) (int, error) {
	if err := c.writes.begin(c.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	done := 0
	for {
		n, err := c.Conn.Write(b[done:])
		done += n
		if !c.writes.end(err, c.Conn.SetWriteDeadline) {
			return done, err
		}
	}
}
