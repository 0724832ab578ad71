package server

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/ledger"
)

const (
	// tokenBytes of randomness make a token: nobody guesses another's session.
	tokenBytes = 24
	// forgetAfter is how long an expired session is remembered as expired.
	// After that its token is unknown, as any other.
	forgetAfter = 5 * time.Minute
	// sweepEvery is how often expired sessions are looked for.
	sweepEvery = 15 * time.Second
)

// liveSession is what a token stands for.
type liveSession struct {
	*emulator.Session
	ledger  *entry
	started time.Time
}

// commit lets exports wait for the commits under way.
func (l *liveSession) commit(ctx context.Context, id string, digest []byte) (emulator.CommitResult, error) {
	l.ledger.commits.RLock()
	defer l.ledger.commits.RUnlock()
	return l.CommitTransaction(ctx, id, digest)
}

// sessionTable maps tokens to sessions. Its lock is held for the look-up only.
type sessionTable struct {
	mu   sync.RWMutex
	live map[string]*liveSession
	most int
}

func (t *sessionTable) get(token string) (*liveSession, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	l, ok := t.live[token]
	return l, ok
}

// add makes a token for the session; false where there is no room.
func (t *sessionTable) add(l *liveSession, random io.Reader) (string, bool, error) {
	var b [tokenBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", false, fmt.Errorf("server: no random bytes for a session token: %w", err)
	}
	token := base64.StdEncoding.EncodeToString(b[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.live) >= t.most {
		return "", false, nil
	}
	t.live[token] = l
	return token, true, nil
}

func (t *sessionTable) remove(token string) {
	t.mu.Lock()
	delete(t.live, token)
	t.mu.Unlock()
}

func (t *sessionTable) count() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.live)
}

// take removes and returns the sessions that match.
func (t *sessionTable) take(match func(*liveSession) bool) []*liveSession {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []*liveSession
	for token, l := range t.live {
		if match(l) {
			out = append(out, l)
			delete(t.live, token)
		}
	}
	return out
}

// sweep ends the sessions that expired long enough ago.
func (s *Server) sweep(ctx context.Context) {
	if s.ledgerLimits.SessionTime <= 0 {
		return
	}
	last := s.cfg.Clock().Add(-s.ledgerLimits.SessionTime - forgetAfter)
	for _, l := range s.sessions.take(func(l *liveSession) bool { return l.started.Before(last) }) {
		_ = l.EndSession(ctx)
	}
}

// sweeper is the goroutine that sweeps until the server is closed.
func (s *Server) sweeper(ctx context.Context) {
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.sweep(ctx)
			s.registry.sweep()
		}
	}
}

// startSession opens a session on a ledger and returns its token.
func (s *Server) startSession(ctx context.Context, name *string) (string, error) {
	if name == nil {
		return "", errParameter("LedgerName", "it is missing")
	}
	if why := nameProblem(*name); why != "" {
		return "", errParameter("LedgerName", why)
	}
	e, st := s.registry.get(*name)
	switch {
	case e == nil || st.status == stateDeleting:
		return "", errBad("The Ledger with name %s is not found", *name)
	case st.status == stateCreating:
		return "", errBad("The Ledger with name %s is not active yet", *name)
	case e.failure != nil:
		return "", e.failure
	}
	es, err := e.engine.StartSession(ctx)
	if err != nil {
		return "", err
	}
	token, ok, err := s.sessions.add(&liveSession{Session: es, ledger: e, started: s.cfg.Clock()}, s.cfg.Random)
	if !ok {
		_ = es.EndSession(ctx)
		if err == nil {
			err = ledger.NewError(limitExceeded, "", fmt.Sprintf("Exceeded the limit of %d sessions of this server", s.cfg.Limits.Sessions))
		}
		return "", err
	}
	return token, nil
}

// sessionOf finds the session of a token.
func (s *Server) sessionOf(token *string) (*liveSession, error) {
	if token == nil || !validToken(*token) {
		return nil, errParameter("SessionToken", "")
	}
	l, ok := s.sessions.get(*token)
	if !ok {
		return nil, errNoSession()
	}
	return l, nil
}
