package server_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server"
)

// pair is a TCP connection with lazy deadlines, and its other end.
func pair(t *testing.T) (lazy, other net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); other.Close() })
	return server.NewLazyConn(c), other
}

// TestLazyDeadline puts deadlines of a read off and brings them forward, before
// it and while it waits.
func TestLazyDeadline(t *testing.T) {
	past, soon, late := time.Unix(1, 0), 30*time.Millisecond, time.Hour
	read := func(c net.Conn) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			done <- err
		}()
		return done
	}
	send := func(other net.Conn) {
		if _, err := other.Write([]byte{1}); err != nil {
			t.Error(err)
		}
	}
	for name, test := range map[string]func(c, other net.Conn) <-chan error{
		"a deadline that comes": func(c, _ net.Conn) <-chan error {
			_ = c.SetReadDeadline(time.Now().Add(soon))
			return read(c)
		},
		"one that has passed": func(c, _ net.Conn) <-chan error {
			_ = c.SetReadDeadline(past)
			return read(c)
		},
		"brought forward while the read waits": func(c, _ net.Conn) <-chan error {
			_ = c.SetReadDeadline(time.Now().Add(late))
			done := read(c)
			time.Sleep(soon)
			_ = c.SetReadDeadline(past)
			return done
		},
		"a first one while the read waits": func(c, _ net.Conn) <-chan error {
			done := read(c)
			time.Sleep(soon)
			_ = c.SetDeadline(past)
			return done
		},
		"brought forward between reads": func(c, other net.Conn) <-chan error {
			_ = c.SetReadDeadline(time.Now().Add(late))
			send(other)
			if err := <-read(c); err != nil {
				t.Error(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(soon))
			return read(c)
		},
	} {
		c, other := pair(t)
		if err := <-test(c, other); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, test := range map[string]func(c, other net.Conn){
		"removed before the read": func(c, _ net.Conn) {
			_ = c.SetReadDeadline(past)
			_ = c.SetReadDeadline(time.Time{})
		},
		"passed, and then removed": func(c, _ net.Conn) {
			_ = c.SetReadDeadline(past)
			<-read(c)
			_ = c.SetReadDeadline(time.Time{})
		},
		"passed, and then put off": func(c, _ net.Conn) {
			_ = c.SetReadDeadline(time.Now().Add(soon))
			<-read(c)
			_ = c.SetReadDeadline(time.Now().Add(late))
		},
		"put off before it comes": func(c, other net.Conn) {
			_ = c.SetReadDeadline(time.Now().Add(2 * soon))
			send(other)
			if err := <-read(c); err != nil {
				t.Error(err)
			}
			_ = c.SetReadDeadline(time.Now().Add(late))
		},
		"put off while the read waits": nil,
	} {
		c, other := pair(t)
		var done <-chan error
		if test != nil {
			test(c, other)
			done = read(c)
		} else {
			_ = c.SetReadDeadline(time.Now().Add(2 * soon))
			done = read(c)
			time.Sleep(soon)
			_ = c.SetReadDeadline(time.Time{})
		}
		time.Sleep(4 * soon)
		send(other)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLazyWrite writes more than the other end takes: the deadline ends the write,
// unless it is put off meanwhile.
func TestLazyWrite(t *testing.T) {
	const size = 32 << 20
	for _, off := range []bool{false, true} {
		c, other := pair(t)
		_ = c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		wrote := make(chan int, 1)
		go func() {
			n, err := c.Write(make([]byte, size))
			if (n == size) != (err == nil) || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("put off %t: wrote %d bytes, error %v", off, n, err)
			}
			wrote <- n
		}()
		if off {
			_ = c.SetWriteDeadline(time.Time{})
			time.Sleep(100 * time.Millisecond)
			go func() {
				for b := make([]byte, 1<<20); ; {
					if _, err := other.Read(b); err != nil {
						return
					}
				}
			}()
		}
		if n := <-wrote; (n == size) != off {
			t.Errorf("put off %t: wrote %d of %d bytes", off, n, size)
		}
	}
}
