package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

// DefaultAddress is where a server listens unless it is told otherwise.
const DefaultAddress = "127.0.0.1:7532"

// stopTime is how long Serve waits for requests under way when it is told to
// stop: longer than a transaction lives.
const stopTime = 35 * time.Second

// Listen opens a TCP address. One that other machines can reach is refused
// unless allowRemote is true: the server believes whoever calls it.
func Listen(address string, allowRemote bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, invalid("address %q is not host:port: %v", address, err)
	}
	if !allowRemote && !loopbackHost(host) {
		return nil, invalid("%s can be reached from other machines; take %s, or say --allow-remote and configure access keys", address, DefaultAddress)
	}
	l, err := net.Listen("tcp", address)
	var system syscall.Errno
	switch {
	case err != nil && !errors.As(err, &system): // such as a port that is no number
		return nil, invalid("%v", err)
	case err != nil:
		return nil, fmt.Errorf("server: %w", err)
	}
	return l, nil
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// loopbackCaller reports whether a request comes from this machine and not
// from a web page in its browser.
func loopbackCaller(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("Origin") == "" && r.Header.Get("X-Forwarded-For") == ""
}

// Serve answers requests on l until ctx ends. It then takes no new ones, lets
// those under way finish, and returns nil. It closes l but not the server. tc
// makes it speak TLS; nil leaves it at plain HTTP.
func (s *Server) Serve(ctx context.Context, l net.Listener, tc *tls.Config) error {
	if s.cfg.TestControls {
		if host, _, _ := net.SplitHostPort(l.Addr().String()); !loopbackHost(host) {
			_ = l.Close()
			return fmt.Errorf("server: test controls are for the loopback interface, not for %s", l.Addr())
		}
	}
	l = &limitedListener{Listener: l, slots: make(chan struct{}, s.cfg.Limits.Connections), done: make(chan struct{})}
	if tc != nil {
		tc = tc.Clone()
		tc.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, tc)
	}
	lim := s.cfg.Limits
	hs := &http.Server{
		Handler: s, MaxHeaderBytes: lim.Header, ReadHeaderTimeout: min(lim.ReadTime, 15*time.Second),
		ReadTimeout: lim.ReadTime, WriteTimeout: lim.WriteTime, IdleTimeout: lim.IdleTime,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, s.conns.add(c))
		},
		ConnState: s.conns.state,
		ErrorLog:  slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.stopOn(ctx, hs) }()
	err := hs.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		_ = hs.Close()
		return fmt.Errorf("server: %w", err)
	}
	return <-stopped
}

// TuneGC makes this process collect garbage less often than Go does by itself,
// unless GOGC is set. A server over files holds few megabytes, since documents
// stay in the files, and would spend a tenth of its time on collecting; with the
// growth that this allows it holds tens of megabytes. GOMEMLIMIT bounds it as ever.
// Not for ledgers in memory, whose garbage is in proportion to what they hold.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// stopOn shuts the HTTP server down when ctx ends, or drops what is left after
// stopTime.
func (s *Server) stopOn(ctx context.Context, hs *http.Server) error {
	<-ctx.Done()
	s.log.Info("stopping: requests under way are finished")
	s.conns.cut() // those that are not complete are not under way
	wait, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := hs.Shutdown(wait); err != nil {
		_ = hs.Close()
		return fmt.Errorf("server: requests were cut off after %s: %w", stopTime, err)
	}
	return nil
}

// limitedListener accepts as many connections as there are slots; the others
// wait in the system's queue.
type limitedListener struct {
	net.Listener
	slots chan struct{}
	done  chan struct{}
	once  sync.Once
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{lazyConn: lazyConn{Conn: c}, release: func() { <-l.slots }}, nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type limitedConn struct {
	lazyConn
	once    sync.Once
	release func()
}

func (c *limitedConn) Close() error {
	c.once.Do(c.release)
	return c.Conn.Close()
}

// serveProfile serves net/http/pprof to callers on this machine.
func serveProfile(w http.ResponseWriter, r *http.Request, path string) {
	if !loopbackCaller(r) {
		plain(w, http.StatusForbidden, "profiles are for callers on the loopback interface")
		return
	}
	switch strings.TrimPrefix(path, "/debug/pprof/") {
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
}
