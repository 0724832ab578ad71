package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tallyledger/tally/ledger"
)

const (
	typeSession = "application/x-amz-json-1.0"
	typeControl = "application/json"

	// largeBody is the size from which bodies share Limits.Bodies.
	largeBody = 64 << 10
	// keptBuffer is the largest buffer that is kept for the next request.
	keptBuffer = 1 << 20
)

// call is one request of either API while it is worked on.
type call struct {
	id        string // of the request, 22 characters
	session   bool   // the session API; else the control plane
	identity  bool   // the Security Token Service's one operation; session is set too
	operation string // for log and metrics; one of a fixed set
	failed    string // the exception of the answer, "" if there is none
	start     time.Time
	header    http.Header // of the request
	body      []byte
	received  time.Time // when the body was complete
	answered  bool
}

// write sends the answer whole: with its length, in one piece.
func (c *call) write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	if c.identity {
		h["Content-Type"] = []string{"text/xml"}
	} else if c.session {
		h["Content-Type"] = []string{typeSession}
	} else if len(body) > 0 {
		h["Content-Type"] = []string{typeControl}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.await(len(body))
	c.answered = true
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// ServeHTTP answers one request. It may be used in any http.Server; Serve runs
// one with the limits of the Config.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if r.ContentLength == 0 {
		s.conns.begin(r)
	}
	if s.serveOwn(w, r, path) {
		return
	}
	c := &call{id: s.ids.Next().String(), session: path == "/" && r.Method == http.MethodPost, start: time.Now(), header: r.Header}
	c.identity = c.session && isIdentity(r)
	w.Header()["X-Amzn-Requestid"] = []string{c.id}
	s.metrics.inFlight.Inc()
	defer s.finish(w, r, c)
	if why := s.foreign(r); why != "" {
		s.writeError(w, c, ledger.NewError("AccessDeniedException", "", why))
		return
	}
	buf, release, err := s.readBody(w, r)
	if errors.Is(err, errBodyTooLarge) {
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).EnableFullDuplex()
		s.writeError(w, c, errTooLarge(r, int64(s.cfg.Limits.Body)))
		drain(w, r)
		return
	}
	if err != nil {
		s.writeError(w, c, err)
		return
	}
	defer release()
	s.conns.begin(r)
	c.body, c.received = buf.Bytes(), time.Now()
	if err := s.verify(r, c.body); err != nil {
		s.writeError(w, c, err)
		return
	}
	if c.session {
		s.serveSession(w, r, c)
		return
	}
	s.serveControl(w, r, c, path)
}

// finish ends every request: a panic gets its answer and its line in the log.
func (s *Server) finish(w http.ResponseWriter, r *http.Request, c *call) {
	s.metrics.inFlight.Dec()
	p := recover()
	if p == http.ErrAbortHandler {
		panic(p)
	}
	if p != nil {
		s.metrics.panics.Inc()
		s.log.Error("panic", "request", c.id, "operation", c.operation, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		if !c.answered {
			s.writeError(w, c, ledger.NewError(internalFailure, "", ""))
		}
	}
	s.metrics.request(c)
	if s.log.Enabled(r.Context(), slog.LevelDebug) {
		s.log.Debug("request", "request", c.id, "operation", c.operation, "error", c.failed, "took", time.Since(c.start))
	}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readBody reads the body within its limit. release must be called when
// nothing refers to it any more.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (buf *bytes.Buffer, release func(), err error) {
	most := int64(s.cfg.Limits.Body)
	if r.ContentLength > most {
		return nil, nil, errBodyTooLarge
	}
	share := &bodyShare{of: &s.bodies, deadline: http.NewResponseController(w).SetReadDeadline}
	buf = buffers.Get().(*bytes.Buffer)
	buf.Reset()
	release = func() {
		share.release()
		if buf.Cap() <= keptBuffer {
			buffers.Put(buf)
		}
	}
	if err = share.fill(r.Context(), buf, http.MaxBytesReader(w, r.Body, most), r.ContentLength); err != nil {
		release()
		return nil, nil, bodyError(err)
	}
	return buf, release, nil
}

// errBodyTooLarge stands for errTooLarge until the answer is written.
var errBodyTooLarge = errors.New("server: body too large")

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errBodyTooLarge
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return ledger.NewError(serialization, "", "The request's body is shorter than its Content-Length says")
	}
	return ledger.NewError(serialization, "", "The request's body cannot be read: "+err.Error())
}

func errTooLarge(r *http.Request, most int64) error {
	text := fmt.Sprintf("The request's body is larger than the limit of %d bytes", most)
	if r.URL.Path == "/" {
		return ledger.NewError(badRequest, "400", text)
	}
	return ledger.NewError(invalidParameter, "", text)
}

// serveOwn answers what belongs to neither API and needs no signature.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request, path string) bool {
	if own := path == "/metrics" || strings.HasPrefix(path, "/_tally/") || strings.HasPrefix(path, "/debug/"); own {
		if why := s.foreign(r); why != "" {
			plain(w, http.StatusForbidden, why+"\n")
			return true
		}
	}
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case path == "/" || strings.HasPrefix(path, "/ledgers") || strings.HasPrefix(path, "/tags/"):
		return false
	case reads && (path == "/ping" || path == "/healthz"):
		plain(w, http.StatusOK, "healthy")
	case reads && path == "/readyz":
		s.readyz(w)
	case reads && path == "/metrics":
		s.metrics.handler.ServeHTTP(w, r)
	case s.cfg.TestControls && strings.HasPrefix(path, "/_tally/"):
		s.serveTestControls(w, r, path)
	case s.cfg.Profile && strings.HasPrefix(path, "/debug/pprof/"):
		serveProfile(w, r, path)
	default:
		return false
	}
	return true
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
