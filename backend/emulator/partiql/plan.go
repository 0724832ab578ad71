package partiql

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Options change how names are resolved.
type Options struct {
	// Standard answers unknown names as QLDB's STANDARD permissions mode does:
	// with the text that forbidden names get too. Such an error wraps
	// ErrAccessDenied.
	Standard bool
	// IgnoreFieldCase lets names of fields that are not quoted match without
	// regard to case, as in the Kotlin engine; an exact match comes first. QLDB's
	// guide says that they are case sensitive. Only quoted names use indexes then.
	IgnoreFieldCase bool
}

// Plan is a statement that is resolved against a catalog and ready to run. It is
// immutable but for a pool of memory; any number of goroutines may run it at the
// same time.
type Plan struct {
	stmt      *Statement
	options   Options
	slots     int
	tables    int
	queries   int
	deferrals int
	refs      []fieldName
	names     []string // of tables, each once
	aggs      int
	body      body
	machines  sync.Pool // of *machine
}

// body is what a plan executes.
type body interface {
	run(m *machine, emit emitFunc) error
}

// emitFunc takes one row of a result. stream, if not nil, is a whole Ion stream
// that holds the row.
type emitFunc func(row datum, stream []byte) error

// Prepare resolves the names of a statement and decides how it is executed. Its
// errors are of type *Error.
func Prepare(s *Statement, catalog Catalog, o Options) (*Plan, error) {
	c := &compiler{text: s.Text, catalog: catalog, options: o}
	b := c.body(s.Body)
	if c.err != nil {
		return nil, c.err
	}
	return &Plan{stmt: s, options: o, slots: c.slots, tables: c.tables, queries: c.queries, deferrals: c.deferrals, aggs: c.aggs, refs: c.refs, names: c.names, body: b}, nil
}

func (c *compiler) body(n Node) body {
	switch s := n.(type) {
	case *Select:
		c.scope = &scope{}
		return c.subquery(s)
	case *SetOp:
		c.setOp(s)
	case *Insert:
		return c.insert(s)
	case *DML:
		return c.dml(s)
	default:
		return c.ddl(s)
	}
	return nil
}

// Statement is the statement that was prepared.
func (p *Plan) Statement() *Statement { return p.stmt }

// TableNames are the names that the catalog was asked for, each once, whether it
// had a table of that name and whether a run reads it or not: with another
// answer the statement would be another.
func (p *Plan) TableNames() []string { return p.names }

// ReadOnly reports whether the plan is a query: it never calls its Sink.
func (p *Plan) ReadOnly() bool {
	_, ok := p.body.(*query)
	return ok
}

// place gives an error of the evaluator its place in the text.
func (p *Plan) place(at Pos, err error) error {
	if err == nil {
		return nil
	}
	var e *evalError
	if !errors.As(err, &e) {
		return err
	}
	text := ""
	if p.stmt != nil {
		text = p.stmt.Text
	}
	out := newError(text, Evaluator, at, e.text, e.message)
	out.cause = e.cause
	return out
}

func (p *Plan) fail(at Pos, text string) error {
	return newError(p.stmt.Text, Evaluator, at, text, "")
}

func (p *Plan) unbound(at Pos, name string) error {
	return unboundError(p.stmt.Text, p.options, name, at)
}

// Run begins a run of the plan over a source. params are the values of its
// placeholders in order; their number has to fit. Nothing is read or written
// before Rows is asked for rows: a statement that changes something has to be
// drained too. sink may be nil for a plan that is ReadOnly.
func (p *Plan) Run(ctx context.Context, src Source, sink Sink, params []ion.Value, lim Limits) (*Rows, error) {
	if len(params) != p.stmt.Params {
		return nil, stateError(CodeOther, "Query expects %d parameters, but statement has %d", p.stmt.Params, len(params))
	}
	if sink == nil && !p.ReadOnly() {
		return nil, errors.New("partiql: the statement writes and was given no Sink")
	}
	return &Rows{m: p.machine(ctx, src, sink, params, lim)}, nil
}

// Rows is the result of a run. It can be read once, by one goroutine.
type Rows struct {
	m       *machine // nil once the rows have been read
	readIOs int64
}

// Result is one row of a result.
type Result struct {
	Value ion.Value
	// Stream is a whole Ion stream that holds exactly Value, or nil if there is
	// none at hand; see Encode. It must not be changed.
	Stream []byte
}

// Encode is the row as an Ion stream of its own.
func (r *Result) Encode() []byte {
	if r.Stream != nil {
		return r.Stream
	}
	return r.Value.Encode()
}

// Each runs the statement and calls yield for each row. It stops at the first
// error of yield and returns it. Errors of the statement are *Error; a context
// that ended is wrapped.
func (r *Rows) Each(yield func(Result) error) error {
	m := r.m
	if m == nil || m.running {
		return errors.New("partiql: the rows of a run can be read only once")
	}
	if m.ctx.Err() != nil {
		return canceled(m.ctx)
	}
	m.running = true
	p := m.plan
	m.yield = yield
	err := p.body.run(m, m.emitResult)
	if err == nil {
		err = m.poll() // a statement that was canceled does not succeed
	}
	m.running = false
	r.m, r.readIOs = nil, m.readIOs
	p.free(m)
	return p.place(-1, err)
}

// All is Each as an iterator. The error, if any, comes last, with a zero Result.
func (r *Rows) All() iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		stop := errors.New("stop")
		err := r.Each(func(res Result) error {
			if !yield(res, nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			yield(Result{}, err)
		}
	}
}

// ReadIOs is how many rows have been read so far, as QLDB counts read I/Os: one
// for each row that the nested loops of the plan visited.
func (r *Rows) ReadIOs() int64 {
	if r.m != nil {
		return r.m.readIOs
	}
	return r.readIOs
}
