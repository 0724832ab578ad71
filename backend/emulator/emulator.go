package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/tallyledger/tally/backend/emulator/internal/hook"
	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

func init() {
	ledger.Register("memory", openMemoryURL)
	ledger.Register("bolt", openBoltURL)
}

// openMemoryURL opens memory: or memory:NAME, a new ledger each time.
func openMemoryURL(_ context.Context, u *url.URL) (ledger.Ledger, error) {
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("emulator: %q has parameters or a fragment; a ledger in memory takes none: memory: or memory:NAME", u.String())
	}
	name, err := url.PathUnescape(u.Opaque)
	if err != nil {
		return nil, fmt.Errorf("emulator: %q: %w", u.String(), err)
	}
	if name == "" {
		name = u.Host
	}
	if name == "" {
		name = "memory"
	}
	return OpenMemory(name)
}

// openBoltURL opens bolt:///path/file. Parameters: name, the ledger's name
// where it is created; create=false to refuse a file that is not there.
func openBoltURL(_ context.Context, u *url.URL) (ledger.Ledger, error) {
	path := u.Path
	if u.Opaque != "" {
		var err error
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return nil, fmt.Errorf("emulator: %q: %w; write %%25 for a percent sign", u.String(), err)
		}
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("emulator: %q has a fragment, %q; write %%23 for a # in the file's name", u.String(), u.Fragment)
	}
	if path == "" || u.Host != "" {
		return nil, fmt.Errorf("emulator: %q names no file; write bolt:///absolute/path or bolt:relative/path", u.String())
	}
	var opts []Option
	for key, values := range u.Query() {
		switch v := values[0]; {
		case key == "name":
			opts = append(opts, WithName(v))
		case key == "create" && (v == "true" || v == "false"):
			opts = append(opts, WithCreate(v == "true"))
		default:
			return nil, fmt.Errorf("emulator: parameter %s=%s of %q is unknown; there are name=NAME and create=true|false", key, v, u.String())
		}
	}
	return Open(path, opts...)
}

// Option changes how a ledger is opened.
type Option func(*options)

type options struct {
	name   string
	path   string // of its file; empty in memory
	create bool
	noSync bool
	ro     bool
	limits Limits
	mode   Mode
	fields bool // in any case
	hooks  hook.Hooks
	wrap   func(store.Store) store.Store
}

// WithName names a ledger that is created. Without it the name of its file is
// taken, without extension. A ledger keeps its name.
func WithName(name string) Option { return func(o *options) { o.name = name } }

// WithCreate says whether a file that is not there is created, which is the
// default.
func WithCreate(create bool) Option { return func(o *options) { o.create = create } }

// WithReadOnly opens a file for reading: other readers may have it open too, and
// every commit gets ledger.ErrReadOnly. It implies WithCreate(false).
func WithReadOnly() Option { return func(o *options) { o.ro = true } }

// WithLimits replaces [DefaultLimits].
func WithLimits(l Limits) Option { return func(o *options) { o.limits = l } }

// WithMode sets the permissions mode; AllowAll is the default.
func WithMode(m Mode) Option { return func(o *options) { o.mode = m } }

// WithIgnoreFieldCase lets names of fields that are not quoted match without regard
// to case; see [partiql.Options]. QLDB's guide has them case sensitive, the engine
// that it is built on has not, and nobody has noted what the service did.
func WithIgnoreFieldCase() Option { return func(o *options) { o.fields = true } }

// WithClock replaces the clock. Times of a journal never run backwards,
// whatever it says.
func WithClock(now func() time.Time) Option { return func(o *options) { o.hooks.Now = now } }

// WithRandom replaces the source of the random bits of ids.
func WithRandom(r io.Reader) Option { return func(o *options) { o.hooks.Random = r } }

// WithHooks is for this project's own tests and server.
func WithHooks(h hook.Hooks) Option { return func(o *options) { o.hooks = h } }

// WithoutSync leaves out every sync: acknowledged transactions are lost when
// the machine fails. It is for tests, which show just that.
func WithoutSync() Option { return func(o *options) { o.noSync = true } }

// withStore wraps the store, for tests that inject faults below the engine.
func withStore(wrap func(store.Store) store.Store) Option {
	return func(o *options) { o.wrap = wrap }
}

func collect(opts []Option) options {
	o := options{create: true, limits: DefaultLimits}
	for _, f := range opts {
		f(&o)
	}
	o.hooks = o.hooks.Filled()
	return o
}

// createdBy goes into the header of new files.
const createdBy = "tally"

// Open opens the ledger in a file, and creates it where there is none. The
// last block is checked against its hash and the block tree; older damage is
// found when the damaged part is read, or by Check. Opening takes the same time
// whatever the journal's length.
//
// Errors wrap store.ErrForeign, store.ErrNewerFormat, store.ErrOlderFormat,
// store.ErrInUse or ledger.ErrDamaged; the file is then left as it was.
func Open(path string, opts ...Option) (*Ledger, error) {
	o := collect(opts)
	if o.name == "" {
		base := filepath.Base(path)
		o.name = strings.TrimSuffix(base, filepath.Ext(base))
	}
	s, err := store.OpenBolt(path, store.BoltOptions{MustExist: !o.create, ReadOnly: o.ro, CreatedBy: createdBy, NoSync: o.noSync})
	if err != nil {
		if errors.Is(err, store.ErrDamaged) {
			err = fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
		}
		return nil, err
	}
	o.path = path
	return openOn(s, o)
}

// OpenMemory makes a new ledger in memory, which is gone when it is closed.
func OpenMemory(name string, opts ...Option) (*Ledger, error) {
	o := collect(opts)
	o.name = name
	return openOn(store.OpenMem(), o)
}

func openOn(s store.Store, o options) (*Ledger, error) {
	if o.wrap != nil {
		s = o.wrap(s)
	}
	l := &Ledger{path: o.path, store: s, hooks: o.hooks, limits: o.limits, ignoreFieldCase: o.fields, sessions: map[*Session]struct{}{}, gone: make(chan struct{}), plans: partiql.NewCache(partiql.CacheOptions{})}
	l.ids = hashchain.NewIDSource(o.hooks.Now, o.hooks.Random)
	l.quota.limit, l.quota.reclaim = o.limits.ResultsOfAllSessions, l.reclaim
	l.mode.Store(int32(o.mode))
	if err := l.load(o.name); err != nil {
		_ = s.Close()
		return nil, err
	}
	if o.ro {
		err := fmt.Errorf("%w: it was opened for reading; open it without WithReadOnly to write", ledger.ErrReadOnly)
		l.broken.Store(&err)
	}
	l.committer = newCommitter(l, l.state.Load())
	return l, nil
}

// load reads the ledger's state from the store, or creates the ledger in an
// empty one.
func (l *Ledger) load(name string) error {
	snap, err := l.store.View()
	if err != nil {
		return l.readFailure(err)
	}
	b, err := get(snap, store.Meta, keyLedger)
	if b == nil && err == nil {
		snap.Close()
		return l.create(name)
	}
	defer snap.Close()
	if err == nil {
		err = l.loadFrom(snap, b)
	}
	if err != nil {
		return l.readFailure(err)
	}
	return nil
}

// loadFrom reads the state of a ledger with the given record of what it is.
func (l *Ledger) loadFrom(snap store.Snapshot, record []byte) error {
	id, err := decodeIdentity(record)
	if err != nil {
		return err
	}
	l.name, l.strand, l.created = id.name, id.strand, id.created
	t, err := readTip(snap)
	if err != nil {
		return err
	}
	l.ids.StartAfter(t.lastID)
	st, err := l.loadState(snap, t)
	if err != nil {
		return err
	}
	l.state.Store(st)
	return nil
}

func (l *Ledger) loadState(snap store.Snapshot, t tip) (*committed, error) {
	cat, err := l.loadCatalog(snap, t.nextIx)
	if err != nil {
		return nil, err
	}
	edge, err := hashchain.LoadRightEdge(newNodes(snap), uint64(t.seq+1))
	if err != nil {
		return nil, err
	}
	if err := checkTip(snap, t); err != nil {
		return nil, err
	}
	return &committed{seq: t.seq, hash: t.hash, txTime: t.txTime, cat: cat, edge: edge, bytes: t.bytes}, nil
}

func (l *Ledger) loadCatalog(snap store.Snapshot, nextIx uint32) (*catalog, error) {
	var tables []*table
	for k, sealed := range store.Scan(snap, store.Catalog, nil) {
		b, err := unseal(store.Catalog, k, sealed)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(k, tableKey(uint32(len(tables)))) {
			return nil, damaged("the catalog's record of table number %d is not there", len(tables))
		}
		t, err := decodeTable(uint32(len(tables)), b)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return newCatalog(tables, nextIx, l.serial.Add(1)), snap.Err()
}

// checkTip compares the last block with its own hashes, with the block before
// it, with the tip record and with the tree.
func checkTip(snap store.Snapshot, t tip) error {
	v, err := readBlock(snap, t.seq)
	if err != nil {
		return err
	}
	b, err := hashchain.BlockOf(v)
	if err != nil {
		return damaged("block %d: %v", t.seq, err)
	}
	leaf, err := newNodes(snap).Node(0, uint64(t.seq))
	if err != nil {
		return err
	}
	if _, failures := hashchain.CheckBlock(v); len(failures) > 0 {
		return damaged("the last block: %v", failures[0])
	}
	if b.Hash != t.hash || b.Hash != leaf {
		return damaged("block %d, the last one, does not have the hash that the ledger's tip and tree state", t.seq)
	}
	if t.seq == 0 {
		return nil
	}
	before, err := newNodes(snap).Node(0, uint64(t.seq-1))
	if err == nil && before != b.PreviousBlockHash {
		err = damaged("block %d, the last one, does not follow block %d", t.seq, t.seq-1)
	}
	return err
}

// create writes the identity and block 0 in one group.
func (l *Ledger) create(name string) error {
	now := l.hooks.Now().UTC().Truncate(time.Millisecond)
	if y := now.Year(); y < 1 || y > 9999 {
		return fmt.Errorf("emulator: the clock says year %d; a ledger is created in the years 1 to 9999, which Ion can write: set the clock right", y)
	}
	id := identity{name: name, strand: l.ids.Next().String(), created: now}
	var bb hashchain.BlockBuilder
	b, err := bb.Build(&hashchain.BlockParts{Address: hashchain.BlockAddress{StrandID: id.strand}, TransactionID: l.ids.Next().String(), Timestamp: now})
	if err != nil {
		return err
	}
	rec, err := id.encode()
	if err != nil {
		return err
	}
	st := &committed{hash: b.Hash, txTime: now.UnixMilli(), cat: newCatalog(nil, 0, l.serial.Add(1)), bytes: int64(len(b.Bytes))}
	nodes := encodeNodes(st.edge.AppendNodes(nil, b.Hash))
	err = l.store.Apply([]store.Op{put(store.Meta, keyLedger, rec), put(store.Journal, seqKey(0), b.Bytes),
		put(store.Tree, seqKey(0), nodes), put(store.Meta, keyTip, l.encodeTip(st))})
	if err != nil {
		return fmt.Errorf("emulator: the new ledger could not be written: %w", err)
	}
	l.name, l.strand, l.created = id.name, id.strand, id.created
	l.state.Store(st)
	return nil
}

// Close waits for commits under way, stops statements and checks, ends all
// sessions and releases the file; what was stopped, and every call afterwards,
// gets [ledger.ErrClosed]. It may be called from a loop over Journal or Check,
// which then ends, but not from a function given to Observe: that is part of a
// commit. Closing again waits until the ledger is closed and returns the same.
func (l *Ledger) Close() error {
	l.closing.Lock()
	if l.closed {
		l.closing.Unlock()
		<-l.gone
		return l.closeErr
	}
	l.closed = true
	l.ending.Store(true)
	l.closing.Unlock()
	defer close(l.gone)
	l.readers.shutDown()
	l.mu.Lock()
	sessions := l.sessions
	l.sessions = nil
	l.mu.Unlock()
	for s := range sessions {
		s.close(ledger.ErrClosed)
	}
	l.committer.close()
	l.readers.wait()
	l.closeErr = l.store.Close()
	return l.closeErr
}
