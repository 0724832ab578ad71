package partiql

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Limits bound what one run of a statement may hold in memory. Zero is no
// limit.
type Limits struct {
	// Bytes bounds what a statement keeps at any one time: values that it built
	// and that are needed until their row is done, rows of nested queries,
	// values of DISTINCT, documents that DML changes and their changes. What is
	// counted is about what that takes; the process may use three times as
	// much, since slices double as they grow and garbage waits to be collected.
	// On top come a few values of 4 MiB, the most that a statement builds.
	Bytes int64
}

// machine is the state of one run of a plan. A plan uses its machines again.
type machine struct {
	ctx       context.Context
	plan      *Plan
	src       Source
	sink      Sink
	params    []ion.Value
	work      int   // since the context was looked at last, see spend
	stopped   error // the context has ended
	largest   int   // bytes in a writer
	limits    Limits
	regs      []datum        // variables
	rows      []*Row         // rows that table sources stand at
	ords      []int          // positions of sources that range over elements, or -1
	refs      []ion.FieldRef // field names with their ids
	deferred  []bool         // conditions that failed early and are tried again at the end
	aggs      []datum        // results of aggregates over rows
	cursors   []*cursor      // of the queries, once they have run
	writers   []*ion.Writer
	dec       ion.Decoder
	key, text []byte // scratch
	readIOs   int64
	held      int64 // bytes in memory, see hold
	kept      int64 // of them, what the query under way keeps beyond its row
	base      int64 // held when that query began
	running   bool

	yield      func(Result) error
	emitResult emitFunc // sends a row to yield
}

// machine returns a machine that is ready for a run.
func (p *Plan) machine(ctx context.Context, src Source, sink Sink, params []ion.Value, lim Limits) *machine {
	m, ok := p.machines.Get().(*machine)
	if !ok {
		m = &machine{plan: p}
		m.emitResult = func(d datum, stream []byte) error {
			v, err := m.build(&d)
			if err != nil {
				return err
			}
			return m.yield(Result{Value: v, Stream: stream})
		}
		m.regs = make([]datum, p.slots)
		m.rows = make([]*Row, p.tables)
		m.ords = make([]int, p.slots)
		m.refs = make([]ion.FieldRef, len(p.refs))
		for i := range p.refs {
			m.refs[i] = ion.NewFieldRef(p.refs[i].name)
		}
		m.deferred = make([]bool, p.deferrals)
		m.aggs = make([]datum, p.aggs)
		m.cursors = make([]*cursor, p.queries)
	}
	m.ctx, m.src, m.sink, m.params, m.limits = ctx, src, sink, params, lim
	return m
}

// maxScratch is how much memory of a finished run is kept for the next one.
const maxScratch = 64 << 10

// free takes a machine back after a run that ended, with an error or without.
func (p *Plan) free(m *machine) {
	clear(m.regs)
	clear(m.rows)
	clear(m.deferred)
	clear(m.aggs)
	for _, c := range m.cursors {
		if c != nil {
			c.emit, c.out = nil, nil
			clear(c.keys)
		}
	}
	m.ctx, m.src, m.sink, m.params, m.yield = nil, nil, nil, nil, nil
	m.work, m.stopped, m.readIOs, m.held, m.kept, m.base = 0, nil, 0, 0, 0, 0
	if m.largest > maxScratch {
		m.writers, m.largest = nil, 0
	}
	if cap(m.key) > maxScratch {
		m.key = nil
	}
	if cap(m.text) > maxScratch {
		m.text = nil
	}
	p.machines.Put(m)
}

// Work is counted in bytes that are read, compared or copied; what takes time
// whatever its size counts as some. After pollEvery of it the context is looked
// at, which takes a look at the clock and so is too dear for every row.
const (
	pollEvery = 64 << 10
	rowWork   = 256 // a row or an element that a source is bound to
	opWork    = 16  // a comparison, a conversion, a call
	bigWork   = 256 // an operation in decimal
)

// spend counts work of n bytes.
func (m *machine) spend(n int) error {
	if m.work += n; m.work < pollEvery {
		return nil
	}
	return m.poll()
}

// poll looks at the context. Once that has ended, so does all work.
func (m *machine) poll() error {
	switch {
	case m.ctx == nil: // constants are evaluated while the statement is prepared
	case m.stopped != nil:
		return m.stopped
	case m.ctx.Err() != nil:
		m.work = pollEvery
		m.stopped = canceled(m.ctx)
		return m.stopped
	}
	m.work = 0
	return nil
}

// writer lends a Writer; nested expressions each have their own.
func (m *machine) writer() *ion.Writer {
	if n := len(m.writers); n > 0 {
		w := m.writers[n-1]
		m.writers = m.writers[:n-1]
		return w
	}
	w := ion.NewWriter()
	w.SetLimit(maxBuilt)
	return w
}

// maxBuilt bounds, in bytes, one value that a statement builds: a row, a document
// before its own limit is looked at, a list or struct. It is what a transaction may
// write. Values that were read are at most as large as a document.
//
// It also bounds for how long a context goes unseen: what is done to a built value
// as a whole, such as to write it into another one, takes a few tenths of a second
// at most.
const maxBuilt = 4 << 20

func errTooLarge() error {
	e := stateError(CodeOther, "A value that the statement builds has more than %d bytes", maxBuilt)
	e.cause = ErrTooLarge
	return e
}

// finish takes a Writer back and returns what it wrote, as a value and as the
// stream that holds it.
func (m *machine) finish(w *ion.Writer) (v ion.Value, stream []byte, err error) {
	m.largest = max(m.largest, w.Len())
	if err := m.spend(w.Len()); err != nil {
		return v, nil, err
	}
	stream, err = w.Bytes()
	if err == nil {
		v, err = m.dec.Open(stream)
	}
	w.Reset()
	m.writers = append(m.writers, w)
	switch {
	case errors.Is(err, ion.ErrTooLarge):
		return v, nil, errTooLarge()
	case err != nil:
		return v, nil, errDepth() // nothing else can go wrong with values that exist
	}
	return v, stream, nil
}

// cursor is one execution of a query: the nested loops over its sources. A
// machine has one for each query, which never runs inside itself.
type cursor struct {
	m      *machine
	q      *query
	emit   func() error // what is done with each combination of rows
	out    emitFunc     // where emitRow sends rows
	rowFns []func(*Row) error
	keys   []datum // by source, the single value that is looked up
	// emitRow is the emit of a query without aggregates.
	emitRow func() error
}

func (q *query) cursor(m *machine) *cursor {
	c := m.cursors[q.no]
	if c == nil {
		c = &cursor{m: m, q: q, rowFns: make([]func(*Row) error, len(q.sources)), keys: make([]datum, len(q.sources))}
		c.emitRow = func() error { return q.project.project(m, c.out) }
		m.cursors[q.no] = c
	}
	return c
}

// loop executes q and calls emit for every combination of rows that its
// conditions let through. The rows stand in the machine's variables.
func (q *query) loop(m *machine, emit func() error) error {
	c := q.cursor(m)
	c.emit = emit
	return c.level(0)
}

// level binds source i and everything behind it.
func (c *cursor) level(i int) error {
	if i == len(c.q.sources) {
		return c.emit()
	}
	s := c.q.sources[i]
	switch s.kind {
	case sourceTable:
		return c.table(i, s)
	case sourceHistory:
		return c.history(i, s)
	case sourceCatalog:
		return c.m.src.UserTables(c.m.ctx, func(v ion.Value) error {
			c.m.readIOs++
			return c.bind(i, s, ionDatum(v), -1)
		})
	case sourceUnpivot:
		return c.unpivot(i, s)
	}
	return c.elements(i, s)
}

// table reads rows the way the plan chose.
func (c *cursor) table(i int, s *source) error {
	if c.rowFns[i] == nil {
		c.rowFns[i] = func(r *Row) error { return c.row(i, s, r) }
	}
	if s.access == accessScan {
		return c.m.src.Scan(c.m.ctx, s.table, s.view, c.rowFns[i])
	}
	return c.m.givingBack(func() error { return c.keyed(i, s) })
}

// keyed reads the rows behind keys.
func (c *cursor) keyed(i int, s *source) error {
	m, fn := c.m, c.rowFns[i]
	keys, scan, err := c.lookupKeys(i, s)
	if err != nil {
		return err
	}
	if scan {
		return m.src.Scan(m.ctx, s.table, s.view, fn)
	}
	if len(keys) > 1 {
		return c.merged(keys,
			func(key *datum, fn func(*Row) error) error { return c.lookup(s, key, fn) },
			func() error { return m.src.Scan(m.ctx, s.table, s.view, fn) }, fn, true)
	}
	for k := range keys {
		if err := m.spend(rowWork); err != nil {
			return err
		}
		if err := c.lookup(s, &keys[k], fn); err != nil {
			return err
		}
	}
	return nil
}

// lookup reads the rows behind one key of a table.
func (c *cursor) lookup(s *source, key *datum, fn func(*Row) error) error {
	if s.access == accessIndex {
		return c.m.src.ByIndex(c.m.ctx, s.table, s.view, s.field, key.ion(), fn)
	}
	if id, ok := key.v.Text(); ok {
		return c.m.src.ByID(c.m.ctx, s.table, s.view, id, fn)
	}
	return nil
}

// maxMerged bounds the bytes of rows that are put in order.
const maxMerged = 8 << 20

// merged reads the rows behind several keys in the order in which a scan gives
// them, so that no result depends on how rows are found. If they are too many to
// be put in order, it is a scan that reads them: the condition that chose the
// keys is tested on each row anyway. once says that a key stands for one row, which
// is given once: two values that are not equal can have an index entry in common.
func (c *cursor) merged(keys []datum, lookup func(*datum, func(*Row) error) error, scan func() error, fn func(*Row) error, once bool) error {
	const rowSize = 160
	m := c.m
	var rows []Row
	size, held := 0, m.held
	tooMany := errors.New("too many rows")
	collect := func(r *Row) error {
		n := rowSize
		if r.Stream == nil {
			n += len(r.Value.Raw()) // was built for this row
		}
		if size += n; size > maxMerged {
			return tooMany
		}
		rows = append(rows, *r)
		if err := m.hold(n); err != nil {
			return err
		}
		return m.spend(rowWork)
	}
	for k := range keys {
		if err := m.spend(rowWork); err != nil {
			return err
		}
		err := lookup(&keys[k], collect)
		if err == tooMany {
			rows, m.held = nil, held
			return scan()
		}
		if err != nil {
			return err
		}
	}
	// Revisions of one document stay as they are.
	slices.SortStableFunc(rows, func(a, b Row) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	for i := range rows {
		if once && i > 0 && rows[i].Key == rows[i-1].Key {
			continue
		}
		if err := fn(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// lookupKeys are the values to look up, each once. An unknown among the values
// of IN equals fields that are null or missing, which no index holds: scan says
// that the whole table has to be read. A bag, or what holds one, equals nothing
// that is stored, but would be looked up as the list of its elements.
func (c *cursor) lookupKeys(i int, s *source) (keys []datum, scan bool, err error) {
	d, err := s.key.eval(c.m)
	if err != nil {
		return nil, false, err
	}
	if !s.keyIn {
		if d.unknown() || d.holdsBag() {
			return nil, false, nil
		}
		c.keys[i] = d
		return c.keys[i : i+1], false, nil
	}
	if !d.isSequence() {
		return nil, false, nil
	}
	seen := make(map[string]bool)
	for it := d.iter(); ; {
		item, more := it.next()
		if !more {
			return keys, false, nil
		}
		if item.unknown() {
			if s.access == accessIndex {
				return nil, true, nil
			}
			continue
		}
		if item.holdsBag() {
			continue
		}
		if c.m.key, err = c.m.appendKey(c.m.key[:0], &item); err != nil {
			return nil, false, err
		}
		if !seen[string(c.m.key)] {
			if err := c.m.hold(datumSize + len(c.m.key)); err != nil {
				return nil, false, err
			}
			seen[string(c.m.key)] = true
			keys = append(keys, item)
		}
	}
}

// row binds one row of a table or a history.
func (c *cursor) row(i int, s *source, r *Row) error {
	m := c.m
	m.readIOs++
	m.rows[s.row] = r
	if s.by >= 0 {
		m.regs[s.by] = datum{}
		if s.byUsed {
			m.regs[s.by] = ionDatum(ion.NewString(m.src.DocID(r.Key)))
		}
	}
	return c.bind(i, s, ionDatum(r.Value), -1)
}

// bind gives source i a value, tests the conditions that can be decided now, and
// goes on to the next source.
func (c *cursor) bind(i int, s *source, d datum, ord int) error {
	m := c.m
	if err := m.spend(rowWork); err != nil {
		return err
	}
	m.regs[s.slot] = d
	m.ords[s.slot] = ord
	if s.at >= 0 {
		m.regs[s.at] = datum{}
		if ord >= 0 {
			m.regs[s.at] = ionDatum(ion.NewInt(int64(ord)))
		}
	}
	held, kept := m.held, m.kept
	err := c.bound(i, s)
	m.giveBack(held, kept)
	return err
}

func (c *cursor) bound(i int, s *source) error {
	for i := range s.filters {
		if pass, err := s.filters[i].pass(c.m); err != nil || !pass {
			return err
		}
	}
	return c.level(i + 1)
}

// filter is a condition that is tested when a source is bound.
type filter struct {
	cond node
	when filterTime
	slot int // in machine.deferred, of filterTry and filterRetry
}

// filterTime says what an error of a filter means. A condition that may fail is
// tried as soon as its variables are bound; if it fails there, it is tested
// again where the last source is bound, so that only combinations of rows that
// every other condition lets through can make the statement fail.
type filterTime uint8

const (
	filterNow filterTime = iota
	filterTry
	filterRetry
)

func (f *filter) pass(m *machine) (bool, error) {
	if f.when == filterRetry && !m.deferred[f.slot] {
		return true, nil
	}
	t, err := truth(m, f.cond)
	if f.when == filterTry && m.stopped == nil {
		m.deferred[f.slot] = err != nil
		return err != nil || t == isTrue, nil
	}
	return err == nil && t == isTrue, err
}

// elements ranges over the value of an expression.
func (c *cursor) elements(i int, s *source) error {
	d, err := s.expr.eval(c.m)
	if err != nil {
		return err
	}
	if s.by >= 0 {
		c.m.regs[s.by] = datum{}
	}
	if !d.ranges() {
		return c.bind(i, s, d, -1)
	}
	n, bag := 0, d.kind() == seqBag
	return d.each(func(item datum) error {
		ord := n
		n++
		if bag {
			ord = -1
		}
		return c.bind(i, s, item, ord)
	})
}

// unpivot ranges over the fields of a struct; AT is the field's name. Any other
// value is taken as a struct with it as the field _1.
func (c *cursor) unpivot(i int, s *source) error {
	d, err := s.expr.eval(c.m)
	if err != nil || d.missing() {
		return err
	}
	pair := func(name string, v datum) error {
		if s.by >= 0 {
			c.m.regs[s.by] = datum{}
		}
		if s.at < 0 {
			return c.bind(i, s, v, -1)
		}
		at := s.at
		c.m.regs[at] = ionDatum(ion.NewString(name))
		named := *s
		named.at = -1
		return c.bind(i, &named, v, -1)
	}
	if !d.isStruct() {
		return pair("_1", d)
	}
	for it := d.v.Iter(); it.Next(); {
		if err := pair(it.Name(), ionDatum(it.Value())); err != nil {
			return err
		}
	}
	return nil
}

// history reads revisions.
func (c *cursor) history(i int, s *source) error {
	if c.rowFns[i] == nil {
		c.rowFns[i] = func(r *Row) error { return c.row(i, s, r) }
	}
	start, end, err := s.historyBounds(c.m)
	if err != nil {
		return err
	}
	table, err := s.historyTable(c.m)
	if err != nil {
		return err
	}
	read := func(doc string, fn func(*Row) error) error {
		return c.m.src.History(c.m.ctx, table, start, end, doc, fn)
	}
	all := func() error { return read("", c.rowFns[i]) }
	if s.access != accessID {
		return all()
	}
	return c.m.givingBack(func() error { return c.revisions(i, s, read, all) })
}

// revisions reads the revisions of the documents that are looked up by id.
func (c *cursor) revisions(i int, s *source, read func(string, func(*Row) error) error, all func() error) error {
	keys, scan, err := c.lookupKeys(i, s)
	if err != nil {
		return err
	}
	if scan {
		return all()
	}
	lookup := func(key *datum, fn func(*Row) error) error {
		if id, ok := key.v.Text(); ok && id != "" {
			return read(id, fn)
		}
		return nil
	}
	if len(keys) > 1 {
		return c.merged(keys, lookup, all, c.rowFns[i], false)
	}
	for k := range keys {
		if err := lookup(&keys[k], c.rowFns[i]); err != nil {
			return err
		}
	}
	return nil
}
