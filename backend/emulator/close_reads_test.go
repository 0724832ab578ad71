package emulator_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/ledger"
)

// gatedStore calls read before each Get and step of a cursor once it is set.
type gatedStore struct {
	store.Store
	mu   sync.Mutex
	read func()
}

func (s *gatedStore) set(read func()) { s.mu.Lock(); s.read = read; s.mu.Unlock() }

func (s *gatedStore) wait() {
	s.mu.Lock()
	read := s.read
	s.mu.Unlock()
	if read != nil {
		read()
	}
}

func (s *gatedStore) View() (store.Snapshot, error) {
	snap, err := s.Store.View()
	return &gatedSnapshot{snap, s}, err
}

type gatedSnapshot struct {
	store.Snapshot
	of *gatedStore
}

func (s *gatedSnapshot) Get(space store.Space, key []byte) []byte {
	s.of.wait()
	return s.Snapshot.Get(space, key)
}

func (s *gatedSnapshot) Cursor(space store.Space) store.Cursor {
	s.of.wait()
	return &gatedCursor{s.Snapshot.Cursor(space), s.of}
}

type gatedCursor struct {
	store.Cursor
	of *gatedStore
}

func (c *gatedCursor) Next() (k, v []byte) {
	c.of.wait()
	return c.Cursor.Next()
}

// gatedLedger is a ledger in a file with a few documents, on such a store.
func gatedLedger(t *testing.T) (l *emulator.Ledger, s *gatedStore, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "gated.tally")
	l, err := emulator.Open(path, emulator.WithStore(func(inner store.Store) store.Store {
		s = &gatedStore{Store: inner}
		return s
	}))
	if err != nil {
		t.Fatal(err)
	}
	filled(t, l, 400, map[string]any{"n": 1})
	return l, s, path
}

// free checks that a ledger's file can be opened.
func free(t *testing.T, path string) {
	t.Helper()
	l, err := emulator.Open(path)
	if err != nil {
		t.Errorf("opening it after Close: %v", err)
		return
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// drained reads a sequence to its end and returns its error.
func drained[V any](seq iter.Seq2[V, error]) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestCloseBesideReads: Close waits for a read of any kind that is under way, and
// releases the file all the same. What cannot end soon is stopped.
func TestCloseBesideReads(t *testing.T) {
	for name, tt := range map[string]struct {
		call func(*emulator.Ledger, ledger.Digest, string) error
		want error
	}{
		"Check": {func(l *emulator.Ledger, d ledger.Digest, id string) error { return drained(l.Check(t.Context())) }, ledger.ErrClosed},
		"Block": {func(l *emulator.Ledger, d ledger.Digest, id string) error {
			_, err := l.Block(t.Context(), address(l, 1), &d.Tip)
			return err
		}, nil},
		"Revision": {func(l *emulator.Ledger, d ledger.Digest, id string) error {
			_, err := l.Revision(t.Context(), d.Tip, id, &d.Tip)
			return err
		}, nil},
		"Journal": {func(l *emulator.Ledger, d ledger.Digest, id string) error { return drained(l.Journal(t.Context(), 0)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l, s, path := gatedLedger(t)
			x := begin(t, l)
			id := documentID(t, x.q("INSERT INTO T {'n': 2}"))
			x.mustCommit()
			d := digestOf(t, l)
			inside, gate := make(chan struct{}), make(chan struct{})
			var first sync.Once
			s.set(func() { first.Do(func() { close(inside); <-gate }) })
			ended := make(chan error, 1)
			go func() { ended <- tt.call(l, d, id) }()
			<-inside
			closed := make(chan error, 2)
			go func() { closed <- l.Close() }()
			for !l.Ending() {
				runtime.Gosched()
			}
			go func() { closed <- l.Close() }()
			select {
			case err := <-closed:
				t.Errorf("Close did not wait: %v", err)
				closed <- err
			default:
			}
			close(gate)
			if err := <-ended; !errors.Is(err, tt.want) {
				t.Errorf("the read: %v, want %v", err, tt.want)
			}
			for range 2 {
				if err := <-closed; err != nil {
					t.Errorf("Close: %v", err)
				}
				free(t, path)
			}
		})
	}
}

// TestCloseStopsIndexBuilds: a commit that is still reading the table for an index
// cannot be made any more, and Close does not wait until it has read all.
func TestCloseStopsIndexBuilds(t *testing.T) {
	l, s, path := gatedLedger(t)
	x := begin(t, l)
	x.q("CREATE INDEX ON T (n)")
	inside, gate := make(chan struct{}), make(chan struct{})
	reads := 0 // of the commit's goroutine, the only one that reads
	s.set(func() {
		if reads++; reads == 10 {
			close(inside)
			<-gate
		}
	})
	committed, closed := make(chan error, 1), make(chan error, 1)
	go func() { committed <- x.commit() }()
	<-inside
	go func() { closed <- l.Close() }()
	for !l.Ending() {
		runtime.Gosched()
	}
	close(gate)
	if err := <-committed; !errors.Is(err, ledger.ErrClosed) || reads > 20 {
		t.Errorf("the commit ended with %v after %d reads, want %v after 10 or a little more", err, reads, ledger.ErrClosed)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	free(t, path)
}

// TestCloseWithinReads closes a ledger from a loop over what it yields: the loop
// ends with ErrClosed, and the file is free.
func TestCloseWithinReads(t *testing.T) {
	loops := map[string]func(*testing.T, *emulator.Ledger, func()) error{
		"Check": func(t *testing.T, l *emulator.Ledger, each func()) (last error) {
			for _, last = range l.Check(t.Context()) {
				each()
			}
			return last
		},
		"Journal": func(t *testing.T, l *emulator.Ledger, each func()) (last error) {
			for _, last = range l.Journal(t.Context(), 0) {
				each()
			}
			return last
		},
	}
	for name, loop := range loops {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "within.tally")
			l, err := emulator.Open(path, emulator.WithoutSync())
			if err != nil {
				t.Fatal(err)
			}
			filled(t, l, 12_000, map[string]any{"n": 1}) // more blocks than a piece of the journal has
			damagedAt(t, l, path)
			if l, err = emulator.Open(path); err != nil {
				t.Fatal(err)
			}
			n := 0
			err = loop(t, l, func() {
				if n++; n == 1 {
					if err := l.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
					free(t, path)
				}
			})
			if !errors.Is(err, ledger.ErrClosed) {
				t.Errorf("after %d turns the loop ended with %v, want %v", n, err, ledger.ErrClosed)
			}
			if err := l.Close(); err != nil {
				t.Errorf("the second Close: %v", err)
			}
		})
	}
}

// damagedAt closes a ledger and takes a document's history record out of its
// file, so that Check has something to yield.
func damagedAt(t *testing.T, l *emulator.Ledger, path string) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	d := byName("a history record is gone")
	s, err := store.OpenBolt(path, store.BoltOptions{CreatedBy: emulator.CreatedBy})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	ops := d.ops(snap)
	snap.Close()
	if err := s.Apply(ops); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// damagedLedger is the file of a ledger with one document, damaged by damagedAt.
func damagedLedger(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.tally")
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	filled(t, l, 1, map[string]any{"n": 1})
	damagedAt(t, l, path)
	return path
}

// TestCheckLeftAtAProblem: who stops, or panics, at what Check yields leaves no
// snapshot behind.
func TestCheckLeftAtAProblem(t *testing.T) {
	path := damagedLedger(t)
	again, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range again.Check(t.Context()) {
		break
	}
	func() {
		defer func() { recover() }()
		for range again.Check(t.Context()) {
			panic("as the test asked for")
		}
	}()
	next, stop := iter.Pull2(again.Check(t.Context()))
	defer stop()
	if problem, err, ok := next(); !ok || err != nil || problem == "" {
		t.Errorf("the check gives %q, %v, %v", problem, err, ok)
	}
	if err := again.Close(); err != nil { // the last one is where its caller left it
		t.Errorf("Close: %v", err)
	}
	free(t, path)
	if _, err, ok := next(); !ok || !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("the check goes on after Close: %v, %v", err, ok)
	}
}

// TestCheckLeftClosed: who closes the ledger in a loop over Check may also leave
// the loop there.
func TestCheckLeftClosed(t *testing.T) {
	path := damagedLedger(t)
	l, err := emulator.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range l.Check(t.Context()) {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		break
	}
	free(t, path)
}

// mappingStore is a store whose groups wait until no snapshot is open, as bbolt
// does where it has to map a larger file. A look at the pages waits for the group
// under way, hence for those snapshots too.
type mappingStore struct {
	*store.Bolt
	applying chan struct{} // nil, or closed by the first Apply
	once     sync.Once
	t        *testing.T
}

func (s *mappingStore) Apply(ops []store.Op) error {
	if s.applying != nil {
		s.once.Do(func() { close(s.applying) })
		for s.Stats().Snapshots > 0 {
			runtime.Gosched()
		}
	}
	return s.Bolt.Apply(ops)
}

func (s *mappingStore) CheckPages(ctx context.Context, report func(string) error) error {
	if n := s.Stats().Snapshots; n > 0 {
		s.t.Errorf("%d snapshots are open while the store waits for the group under way", n)
	}
	return s.Bolt.CheckPages(ctx, report)
}

// TestCheckBesideMapping: where a commit waits for snapshots to end, Check and a
// Close within it do not wait for that commit.
func TestCheckBesideMapping(t *testing.T) {
	path := damagedLedger(t)
	s := &mappingStore{t: t}
	l, err := emulator.Open(path, emulator.WithStore(func(b store.Store) store.Store { s.Bolt = b.(*store.Bolt); return s }))
	if err != nil {
		t.Fatal(err)
	}
	problems := 0
	for _, err := range l.Check(t.Context()) {
		if problems++; err != nil {
			t.Error(err)
		}
	}
	if problems == 0 {
		t.Fatal("Check finds nothing: nothing is tested")
	}
	s.applying = make(chan struct{})
	committed := make(chan error, 1)
	for range l.Check(t.Context()) {
		go func() { committed <- execute(t.Context(), l, "INSERT INTO T ?", map[string]any{"n": 2}) }()
		<-s.applying
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		break
	}
	if err := <-committed; err != nil {
		t.Errorf("the commit under way at Close: %v", err)
	}
	free(t, path)
}
