package partiql

import (
	"slices"
	"strings"
)

// Prefixes and names of what is not a user's table.
const (
	committedPrefix = "_ql_committed_"
	schemaName      = "information_schema"
	userTablesName  = "user_tables"
	historyName     = "history"
)

// variable is a name that a FROM clause defines.
type variable struct {
	name string
	slot int
	src  *source
	by   bool
	used *bool // set when the variable is referred to
}

// scope is the names of one FROM clause. Its depth is 1 for the outermost query
// and grows with nesting.
type scope struct {
	parent *scope
	depth  int
	vars   []variable
	// single is the only source of the outermost query once it is known: a name
	// that is no variable is taken as one of its fields.
	single *source
	// frozen, if set, refuses variables: the query computes aggregates over all
	// rows, so that no single row is at hand. It is unset inside the arguments of
	// the aggregates, nested queries included.
	frozen bool
}

// sameName compares a reference with a defined name: without quotes the case
// does not count.
func sameName(name string, quoted bool, defined string) bool {
	return name == defined || !quoted && strings.EqualFold(name, defined)
}

// lookup finds a variable in this scope and those around it.
func (s *scope) lookup(name string, quoted bool) (*variable, *scope) {
	for ; s != nil; s = s.parent {
		for i := len(s.vars) - 1; i >= 0; i-- {
			if sameName(name, quoted, s.vars[i].name) {
				return &s.vars[i], s
			}
		}
	}
	return nil, nil
}

// define adds a variable. Names of one FROM clause differ in more than case.
func (c *compiler) define(s *scope, id *Ident, v variable) {
	for i := range s.vars {
		if strings.EqualFold(s.vars[i].name, id.Name) {
			text := "A variable named '" + id.Name + "' was already defined in this scope"
			c.fail(newError(c.text, Semantic, id.Pos, text, text))
			return
		}
	}
	v.name = id.Name
	s.vars = append(s.vars, v)
}

// aliasOf is the name of a source: the one it is given, or the last name of its
// expression, or _N.
func aliasOf(s *FromSource, n int) *Ident {
	if s.As != nil {
		return s.As
	}
	name, ok := nameOf(s.Expr)
	if !ok {
		name = synthetic(n)
	}
	return &Ident{Pos: s.Expr.Start(), Name: name}
}

// global is what a name means to the catalog.
type global struct {
	table *TableInfo
	view  View
}

// global looks a table name up.
func (c *compiler) global(name string) (global, bool) {
	view := User
	if rest, ok := strings.CutPrefix(name, committedPrefix); ok {
		name, view = rest, Committed
	}
	t, ok := c.catalog.Table(name)
	if !slices.Contains(c.names, name) {
		c.names = append(c.names, name)
	}
	return global{&t, view}, ok
}

// isCatalogView reports whether e is information_schema.user_tables.
func isCatalogView(e Expr) bool {
	p, ok := e.(*Path)
	if !ok || len(p.Steps) != 1 || p.Steps[0].Kind != StepField || p.Steps[0].Name != userTablesName {
		return false
	}
	root, ok := p.Root.(*Var)
	return ok && root.Name == schemaName && !root.Lexical
}

// historyCall returns e as a call of history, or nil.
func historyCall(e Expr) *Call {
	if call, ok := e.(*Call); ok && call.Name == historyName {
		return call
	}
	return nil
}

// source resolves the expression of a FROM source. Tables come before variables
// here; everywhere else it is the other way round.
func (c *compiler) sourceExpr(s *source, e Expr) {
	switch {
	case isCatalogView(e):
		if c.globalAllowed(userTablesName, e.Start()) {
			s.kind = sourceCatalog
		}
		return
	case historyCall(e) != nil:
		c.historySource(s, historyCall(e))
		return
	}
	if v, ok := e.(*Var); ok {
		local := false
		if v.Lexical {
			found, _ := c.scope.lookup(v.Name, v.Quoted)
			local = found != nil
		}
		if g, ok := c.global(v.Name); ok && !local {
			if c.globalAllowed(v.Name, v.Pos) {
				s.kind, s.table, s.view = sourceTable, g.table, g.view
			}
			return
		}
	}
	s.kind = sourceExpr
	c.inFrom = true
	s.expr = c.expr(e)
	c.inFrom = false
}

// historySource resolves history(table [, start [, end]]).
func (c *compiler) historySource(s *source, call *Call) {
	s.kind = sourceHistory
	s.pos = call.Pos
	if len(call.Args) < 1 || len(call.Args) > 3 {
		c.arity(call.Pos, historyName, 1, 3, len(call.Args))
		return
	}
	switch t := call.Args[0].(type) {
	case *Var:
		s.pos = t.Pos
		g, ok := c.global(t.Name)
		if !ok || g.view != User {
			c.unbound(t.Name, t.Pos)
			return
		}
		if !c.globalAllowed(t.Name, t.Pos) {
			return
		}
		s.table = g.table
	case *Literal, *Param:
		if c.globalAllowed(historyName, call.Pos) {
			s.expr = c.expr(t)
		}
	default:
		c.fail(newError(c.text, Semantic, t.Start(), "history expects the name of a table or a string with the id of one", ""))
		return
	}
	for _, b := range call.Args[1:] {
		s.bounds = append(s.bounds, c.expr(b))
	}
}

// globalAllowed refuses tables in nested queries: only the outermost one reads
// tables.
func (c *compiler) globalAllowed(name string, at Pos) bool {
	if c.scope.depth <= 1 {
		return true
	}
	c.illegalGlobal(name, at)
	return false
}

func (c *compiler) illegalGlobal(name string, at Pos) {
	const text = "Global variable access is illegal in this context"
	c.fail(newError(c.text, Semantic, at, text+", variable name: '"+name+"'", text))
}

// unbound refuses a name that means nothing.
func (c *compiler) unbound(name string, at Pos) {
	c.fail(unboundError(c.text, c.options, name, at))
}

func unboundError(src string, o Options, name string, at Pos) error {
	if o.Standard {
		e := stateError(CodeOther, AccessDenied)
		e.cause = ErrAccessDenied
		return e
	}
	text := "No such variable named '" + name + "'"
	return newError(src, Semantic, at, text, text)
}

// variable resolves a name in an expression.
func (c *compiler) variable(v *Var) node {
	if c.inFrom && !v.Lexical {
		if _, ok := c.global(v.Name); ok {
			c.illegalGlobal(v.Name, v.Pos)
			return nothing
		}
	}
	found, at := c.scope.lookup(v.Name, v.Quoted)
	if found != nil {
		if at.frozen {
			c.unbound(v.Name, v.Pos)
		}
		c.touch(found)
		return &varNode{found.slot}
	}
	if s := c.scope; s != nil && s.depth == 1 && s.single != nil {
		if s.frozen {
			c.unbound(v.Name, v.Pos)
		}
		c.use(s.single.slot)
		return &pathNode{s.single.slot, []int{c.ref(v.Name, v.Quoted)}}
	}
	if _, ok := c.global(v.Name); ok {
		c.illegalGlobal(v.Name, v.Pos)
		return nothing
	}
	c.unbound(v.Name, v.Pos)
	return nothing
}

// touch notes that a variable is used.
func (c *compiler) touch(v *variable) {
	if v.used != nil {
		*v.used = true
	}
	c.use(v.slot)
}

// use notes that the expression being compiled depends on a slot.
func (c *compiler) use(slot int) {
	for len(c.uses) <= slot {
		c.uses = append(c.uses, false)
	}
	c.uses[slot] = true
}
