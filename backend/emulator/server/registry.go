package server

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/internal/hook"
	"github.com/tallyledger/tally/ledger"
)

// States of a ledger.
const (
	stateCreating = "CREATING"
	stateActive   = "ACTIVE"
	stateDeleting = "DELETING"
)

const fileSuffix = ".tally"

// seedingSuffix stands behind the name of a ledger's file until the ledger is
// seeded to the end.
const seedingSuffix = ".seeding"

// entry is a ledger that is open.
type entry struct {
	name    string
	engine  *emulator.Ledger
	faults  *hook.Faults // due to this ledger; see Server.faults for all
	failure error        // why engine is nil: the file is damaged, missing or in use

	// commits is read-locked by every commit under way, so that whoever locks it
	// knows that all commits that began before have ended.
	commits sync.RWMutex
}

// waitForCommits returns when the commits that began before have ended.
func (e *entry) waitForCommits() {
	e.commits.Lock()
	defer e.commits.Unlock()
}

// registry is the ledgers of a server and what the control plane keeps about
// them.
type registry struct {
	dir    string // "" in memory
	now    func() time.Time
	log    *slog.Logger
	open   func(name, path string, mode emulator.Mode) (*emulator.Ledger, *hook.Faults, error)
	unlock func()

	// unopened are files in dir that have a ledger's name, are not known and could
	// not be opened at the start. It does not change afterwards.
	unopened []string

	// change is held for the whole of a change, over its writes to disk; mu only
	// while the maps are read or a finished change is put in. Changes replace a
	// ledgerState; nothing changes one that is in the map.
	change  sync.Mutex
	mu      sync.RWMutex
	states  map[string]*ledgerState
	entries map[string]*entry
}

func (r *registry) path(name string) string { return filepath.Join(r.dir, name+fileSuffix) }

// load reads the directory and opens every ledger in it. A ledger that cannot
// be opened keeps the others from nothing: its requests get the reason.
func (r *registry) load() error {
	r.states, r.entries = map[string]*ledgerState{}, map[string]*entry{}
	if r.dir == "" {
		return nil
	}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return fmt.Errorf("server: data directory: %w", err)
	}
	unlock, err := lockDir(r.dir)
	if err != nil {
		return err
	}
	r.unlock = unlock
	if err := removeHalfWritten(r.dir); err != nil {
		r.log.Warn("files of changes that were cut short stay", "directory", r.dir, "error", err)
	}
	if r.states, err = readStates(r.dir); err != nil {
		return err
	}
	if err := r.finishChanges(); err != nil {
		return err
	}
	for name, st := range r.states {
		if st.GoneAt != nil { // DELETING: nothing but its name is left
			r.entries[name] = &entry{name: name}
			continue
		}
		r.entries[name] = r.openEntry(name, st.Mode)
	}
	return r.adopt()
}

// finishChanges completes what a crash left half done: a ledger whose creation
// was not acknowledged never was, and of one that was being deleted no file is
// left.
func (r *registry) finishChanges() error {
	n := len(r.states)
	for name, st := range r.states {
		if !st.Pending && st.GoneAt == nil {
			continue
		}
		if err := r.remove(name); err != nil {
			return err
		}
		if st.Pending || st.gone(r.now()) {
			delete(r.states, name)
		}
	}
	if len(r.states) == n {
		return nil
	}
	return r.save(r.states)
}

// adopt takes in ledger files that were put into the directory by hand, and
// removes what a crash has left of those that were being seeded.
func (r *registry) adopt() error {
	files, err := os.ReadDir(r.dir)
	if err != nil {
		return fmt.Errorf("server: data directory: %w", err)
	}
	found := false
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), fileSuffix+seedingSuffix); ok && nameProblem(name) == "" {
			r.removeSeeding(name)
			continue
		}
		name, ok := strings.CutSuffix(f.Name(), fileSuffix)
		if !ok || r.states[name] != nil || f.IsDir() {
			continue
		}
		if why := nameProblem(name); why != "" {
			r.log.Warn("a file is no ledger of this server", "file", f.Name(), "reason", why)
			continue
		}
		const mode = "ALLOW_ALL"
		// A pipe or a device would be waited for; a link is as good as its file.
		if at, err := os.Stat(r.path(name)); err != nil || !at.Mode().IsRegular() {
			r.log.Warn("a file is no ledger of this server", "file", f.Name(), "reason", "it is not a regular file")
			continue
		}
		e := r.openEntry(name, mode)
		if e.engine == nil { // nothing says that it ever was a ledger: it is not kept
			r.unopened = append(r.unopened, f.Name())
			continue
		}
		st := &ledgerState{Name: name, Mode: mode, Protected: true, Created: e.engine.CreatedAt()}
		r.log.Info("ledger taken in from its file", "ledger", name)
		r.states[name], r.entries[name], found = st, e, true
	}
	if !found {
		return nil
	}
	return r.save(r.states)
}

// removeSeeding removes the file of a ledger whose seed was cut short: nobody but
// the seed has written to it.
func (r *registry) removeSeeding(name string) {
	file := r.path(name) + seedingSuffix
	if err := os.Remove(file); err != nil {
		r.log.Warn("a file of a seed that was cut short stays", "file", file, "error", err)
		return
	}
	r.log.Warn("the seed of a ledger was cut short; what it had made is removed", "ledger", name, "file", file)
}

// unopenedFile is a file that is still there and could not be opened as a ledger, ""
// for none.
func (r *registry) unopenedFile() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, name := range r.unopened {
		if r.states[strings.TrimSuffix(name, fileSuffix)] != nil {
			continue // the file went, and a ledger was made in its place
		}
		if _, err := os.Lstat(filepath.Join(r.dir, name)); err == nil {
			return name
		}
	}
	return ""
}

func (r *registry) openEntry(name, mode string) *entry {
	e := &entry{name: name}
	_, err := os.Stat(r.path(name))
	if err == nil {
		e.engine, e.faults, err = r.open(name, r.path(name), modes[mode])
	}
	if err != nil {
		r.log.Error("ledger cannot be opened", "ledger", name, "file", r.path(name), "error", err)
		e.engine = nil
		e.failure = ledger.NewError(unavailable, "", "The ledger "+name+" could not be opened; the server's log says why").WithCause(err)
	}
	return e
}

// get is the ledger and its state now; nil where there is none.
func (r *registry) get(name string) (*entry, ledgerView) {
	r.mu.RLock()
	e, st := r.entries[name], r.states[name]
	r.mu.RUnlock()
	now := r.now()
	if st == nil || st.gone(now) {
		return nil, ledgerView{}
	}
	return e, ledgerView{ledgerState: st, status: st.statusAt(now)}
}

// all is every ledger's state in the order of names.
func (r *registry) all() []ledgerView {
	r.mu.RLock()
	names := slices.Sorted(maps.Keys(r.states))
	r.mu.RUnlock()
	out := make([]ledgerView, 0, len(names))
	for _, name := range names {
		if e, st := r.get(name); e != nil {
			out = append(out, st)
		}
	}
	return out
}

// update changes a ledger's state: fn gets a copy, which is put in place once
// it is on disk. The error of fn is returned and nothing has changed.
func (r *registry) update(name string, fn func(*ledgerState) error) error {
	r.change.Lock()
	defer r.change.Unlock()
	return r.updateLocked(name, fn)
}

// setMode changes a ledger's permissions mode, in its state and in the engine as
// one change: of two at once the same one is the last in both.
func (r *registry) setMode(name, mode string) error {
	r.change.Lock()
	defer r.change.Unlock()
	err := r.updateLocked(name, func(st *ledgerState) error { st.Mode = mode; return nil })
	if e := r.entries[name]; err == nil && e.engine != nil { // change is held: nobody else writes entries
		e.engine.SetMode(modes[mode])
	}
	return err
}

func (r *registry) updateLocked(name string, fn func(*ledgerState) error) error {
	_, old := r.get(name)
	if old.ledgerState == nil || old.status == stateDeleting {
		return errNoLedger(name)
	}
	st := old.clone()
	if err := fn(st); err != nil {
		return err
	}
	return r.put(name, st)
}

// put saves all states with this one in place of its older self; nil removes it.
func (r *registry) put(name string, st *ledgerState) error {
	next := maps.Clone(r.states) // change is held: nobody else writes
	if st == nil {
		delete(next, name)
	} else {
		next[name] = st
	}
	if err := r.save(next); err != nil {
		return err
	}
	r.mu.Lock()
	r.states = next
	r.mu.Unlock()
	return nil
}

// create makes a ledger. check runs first, while nothing else can change. fill,
// where there is one, runs before anybody sees the ledger: one that was not filled
// to the end never was.
func (r *registry) create(st *ledgerState, check func() error, fill func(*emulator.Ledger) error) error {
	r.change.Lock()
	defer r.change.Unlock()
	if err := check(); err != nil {
		return err
	}
	r.sweepLocked()
	path := ""
	if r.dir != "" {
		path = r.path(st.Name)
		// On a file system that ignores case two names may be one file.
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return errResource(resourceExists, kindLedger, st.Name, "The Ledger with name %s cannot be created: there is a file of that name in the data directory", st.Name)
		}
	}
	if fill != nil && path != "" {
		if err := r.seedFile(st, path, fill); err != nil {
			return fmt.Errorf("server: creating ledger %s: %w", st.Name, err)
		}
	}
	st.Pending = true
	if err := r.save(withState(r.states, st)); err != nil {
		return err
	}
	if err := r.openCreated(st, path, fill); err != nil {
		return errors.Join(fmt.Errorf("server: creating ledger %s: %w", st.Name, err), r.remove(st.Name), r.save(r.states))
	}
	return nil
}

// openCreated opens the ledger that is being created and puts it in.
func (r *registry) openCreated(st *ledgerState, path string, fill func(*emulator.Ledger) error) error {
	if fill != nil && path != "" {
		if err := os.Rename(path+seedingSuffix, path); err != nil {
			return err
		}
		if err := syncDir(r.dir); err != nil {
			return err
		}
	}
	engine, faults, err := r.open(st.Name, path, modes[st.Mode])
	if err != nil {
		return err
	}
	if fill != nil && path == "" {
		err = fill(engine)
	}
	if err == nil {
		r.setEntry(st.Name, &entry{name: st.Name, engine: engine, faults: faults})
		st.Pending = false
		err = r.put(st.Name, st)
	}
	if err != nil {
		r.setEntry(st.Name, nil)
		_ = engine.Close()
	}
	return err
}

// seedFile makes and fills a ledger's file under a name that nobody takes for a
// ledger's: what a crash leaves of it is known for what it is.
func (r *registry) seedFile(st *ledgerState, path string, fill func(*emulator.Ledger) error) error {
	file := path + seedingSuffix
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	engine, _, err := r.open(st.Name, file, modes[st.Mode])
	if err != nil {
		return err
	}
	err = fill(engine)
	if err := errors.Join(err, engine.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

// setEntry puts an entry in; nil takes it out.
func (r *registry) setEntry(name string, e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e == nil {
		delete(r.entries, name)
		return
	}
	r.entries[name] = e
}

func withState(states map[string]*ledgerState, st *ledgerState) map[string]*ledgerState {
	next := maps.Clone(states)
	next[st.Name] = st
	return next
}

// delete ends a ledger: from here on it is DELETING, its file goes, and after
// the delay its name is free again.
func (r *registry) delete(name string, gone time.Time, check func(ledgerView) error) (*entry, error) {
	r.change.Lock()
	defer r.change.Unlock()
	e, st := r.get(name)
	if e == nil {
		return nil, errNoLedger(name)
	}
	if err := check(st); err != nil {
		return nil, err
	}
	next := st.clone()
	next.GoneAt = &gone
	if err := r.put(name, next); err != nil {
		return nil, err
	}
	if e.engine != nil {
		if err := e.engine.Close(); err != nil {
			r.log.Warn("closing a deleted ledger", "ledger", name, "error", err)
		}
	}
	if err := r.remove(name); err != nil {
		return nil, err
	}
	r.sweepLocked()
	return e, nil
}

func (r *registry) remove(name string) error {
	if r.dir == "" {
		return nil
	}
	if err := os.Remove(r.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("server: removing ledger %s: %w", name, err)
	}
	return nil
}

// sweep forgets deleted ledgers whose time has come.
func (r *registry) sweep() {
	r.change.Lock()
	defer r.change.Unlock()
	r.sweepLocked()
}

func (r *registry) sweepLocked() {
	for name, st := range r.states {
		if !st.gone(r.now()) {
			continue
		}
		if err := r.put(name, nil); err != nil {
			r.log.Error("a deleted ledger stays in the registry", "ledger", name, "error", err)
			return
		}
		r.setEntry(name, nil)
	}
}

// close closes every ledger: commits under way are waited for.
func (r *registry) close() error {
	r.change.Lock()
	defer r.change.Unlock()
	var errs []error
	for _, e := range r.entries {
		if e.engine != nil {
			if err := e.engine.Close(); err != nil && !errors.Is(err, ledger.ErrClosed) {
				errs = append(errs, fmt.Errorf("server: closing ledger %s: %w", e.name, err))
			}
		}
	}
	if r.unlock != nil {
		r.unlock()
	}
	return errors.Join(errs...)
}
