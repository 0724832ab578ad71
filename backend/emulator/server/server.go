package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/internal/hook"
	"github.com/tallyledger/tally/hashchain"
)

// Server answers both APIs. It is an http.Handler and safe for concurrent use.
// Close it.
type Server struct {
	cfg          Config
	ledgerLimits emulator.Limits
	log          *slog.Logger
	clock        *settableClock // nil without TestControls
	faults       *hook.Faults   // shared by all ledgers; each has its own as well
	ids          *hashchain.IDSource
	registry     *registry
	sessions     sessionTable
	target       exportTarget // nil where there is none
	bodies       bodyRoom
	conns        connections // of Serve
	crossOrigin  *http.CrossOriginProtection
	metrics      *metrics

	ctx     context.Context // ended by Close; jobs run under it
	cancel  context.CancelFunc
	jobs    sync.WaitGroup // the sweeper
	exports sync.WaitGroup // exports that are running
	closing sync.Once
	failed  error // of Close
}

// New opens the ledgers of the data directory and returns a server for them.
// A ledger that cannot be opened is logged and answers with ServiceUnavailable; a
// file that is not known and cannot be opened is logged and no ledger. New fails
// only where the directory itself, its server.json or the export target cannot be
// used.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.filled()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Logger, faults: &hook.Faults{}, bodies: newBodyRoom(cfg.Limits.Bodies)}
	s.ledgerLimits = emulator.DefaultLimits
	if cfg.LedgerLimits != nil {
		s.ledgerLimits = *cfg.LedgerLimits
	}
	if cfg.TestControls {
		s.clock = &settableClock{base: cfg.Clock}
		s.cfg.Clock = s.clock.now
	}
	s.ids = hashchain.NewIDSource(s.cfg.Clock, s.cfg.Random)
	s.sessions = sessionTable{live: map[string]*liveSession{}, most: cfg.Limits.Sessions}
	s.crossOrigin = http.NewCrossOriginProtection()
	if s.target, err = openTarget(cfg.Exports, cfg.Region); err != nil {
		return nil, err
	}
	s.registry = &registry{dir: cfg.DataDir, now: s.cfg.Clock, log: s.log, open: s.openLedger}
	s.metrics = newMetrics(s)
	if err := s.registry.load(); err != nil {
		return nil, errors.Join(err, s.registry.close())
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.jobs.Go(func() { s.sweeper(s.ctx) })
	s.resumeExports()
	return s, nil
}

func openTarget(t ExportTarget, region string) (exportTarget, error) {
	switch {
	case t.S3Endpoint != "":
		return openS3Target(t.S3Endpoint, region, t.limits.put)
	case t.Dir != "":
		return openDirTarget(t.Dir)
	}
	return nil, nil
}

// openLedger opens or creates the engine of one ledger.
func (s *Server) openLedger(name, path string, mode emulator.Mode) (*emulator.Ledger, *hook.Faults, error) {
	faults := &hook.Faults{Shared: s.faults}
	opts := []emulator.Option{
		emulator.WithName(name), emulator.WithMode(mode), emulator.WithLimits(s.ledgerLimits),
		emulator.WithHooks(hook.Hooks{Now: s.cfg.Clock, Random: s.cfg.Random, Faults: faults}),
	}
	if s.cfg.IgnoreFieldCase {
		opts = append(opts, emulator.WithIgnoreFieldCase())
	}
	var l *emulator.Ledger
	var err error
	if path == "" {
		l, err = emulator.OpenMemory(name, opts...)
	} else {
		l, err = emulator.Open(path, opts...)
	}
	if err != nil {
		return nil, nil, err
	}
	l.Observe(s.metrics.group)
	return l, faults, nil
}

// CreateLedger creates a ledger that is ACTIVE at once, without deletion
// protection, as the control plane would. mode is ALLOW_ALL or STANDARD.
func (s *Server) CreateLedger(name, mode string) error { return s.createFilled(name, mode, nil) }

func (s *Server) createFilled(name, mode string, fill func(*emulator.Ledger) error) error {
	if why := nameProblem(name); why != "" {
		return InvalidError{why}
	}
	if _, err := checkMode(&mode); err != nil {
		return err
	}
	st := &ledgerState{Name: name, Created: s.cfg.Clock(), Mode: mode}
	return s.registry.create(st, func() error { return s.mayCreate(name) }, fill)
}

// Ledger is the engine of a ledger, for tools in the server's process. It must
// not be closed.
func (s *Server) Ledger(name string) (*emulator.Ledger, error) {
	e, _, err := s.active(name)
	if err != nil {
		return nil, err
	}
	return e.engine, nil
}

// Advance moves the clock of a server with TestControls forward, by at most 100
// years in all.
func (s *Server) Advance(d time.Duration) error {
	if s.clock == nil {
		return errors.New("server: the clock can be moved only with TestControls")
	}
	if !s.clock.advance(d) {
		return fmt.Errorf("server: the clock moves forward only, by at most 100 years in all, not by %s", d)
	}
	return nil
}

// Close ends sessions and exports, waits for commits under way and closes all
// ledgers. An export that was running goes on at the next start. Requests must
// have ended; Serve sees to that.
func (s *Server) Close() error {
	s.closing.Do(func() {
		s.cancel()
		s.jobs.Wait()
		s.exports.Wait()
		s.failed = s.registry.close()
		if s.target != nil {
			s.failed = errors.Join(s.failed, s.target.close())
		}
	})
	return s.failed
}

// readyz says whether every ledger of the server can be used.
func (s *Server) readyz(w http.ResponseWriter) {
	for _, st := range s.registry.all() {
		if e, _ := s.registry.get(st.Name); e != nil && e.failure != nil {
			plain(w, http.StatusServiceUnavailable, "ledger "+st.Name+" could not be opened; the server's log says why. Put a copy of its file in place and start again, or delete the ledger")
			return
		}
	}
	if file := s.registry.unopenedFile(); file != "" {
		plain(w, http.StatusServiceUnavailable, "the file "+file+" in the data directory could not be opened as a ledger; the server's log says why. Take it out of the directory, or put a ledger's file in its place and start again")
		return
	}
	if s.ctx.Err() != nil {
		plain(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	plain(w, http.StatusOK, "ready")
}
