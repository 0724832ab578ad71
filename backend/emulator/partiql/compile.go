package partiql

import (
	"context"
	"strconv"
	"strings"
)

// compiler turns a tree into nodes: it resolves names, gives variables their
// slots and collects field names. Its first error sticks.
type compiler struct {
	text        string
	catalog     Catalog
	options     Options
	scope       *scope
	slots       int
	tables      int
	queries     int
	deferrals   int
	aggs        int
	refs        []fieldName
	names       []string // of tables that the catalog has, each once
	refIdx      map[fieldName]int
	uses        []bool // slots that the current condition depends on
	inFrom      bool
	aggregating bool             // inside the argument of an aggregate
	collecting  *[]aggregateSpec // where aggregates of the select list go
	err         error
}

// nothing stands for an expression that could not be compiled.
var nothing = &constNode{}

func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *compiler) failAt(at Pos, cat Category, text, message string) {
	c.fail(newError(c.text, cat, at, text, message))
}

func (c *compiler) slot() int {
	c.slots++
	return c.slots - 1
}

// fieldName is the name of a field as a statement writes it.
type fieldName struct {
	name    string
	anyCase bool
}

// fieldName is a name under the plan's options.
func (c *compiler) fieldName(name string, quoted bool) fieldName {
	return fieldName{name, c.options.IgnoreFieldCase && !quoted}
}

// matches reports whether a field is one that is meant, if none has the very name.
func (f *fieldName) matches(name string) bool { return f.anyCase && strings.EqualFold(f.name, name) }

// ref is the index of a field name.
func (c *compiler) ref(name string, quoted bool) int {
	f := c.fieldName(name, quoted)
	if i, ok := c.refIdx[f]; ok {
		return i
	}
	if c.refIdx == nil {
		c.refIdx = make(map[fieldName]int)
	}
	c.refIdx[f] = len(c.refs)
	c.refs = append(c.refs, f)
	return len(c.refs) - 1
}

func synthetic(n int) string { return "_" + strconv.Itoa(n) }

// nameOf is the name that an expression gives to a column or a source: that of
// a variable or the last step of a path.
func nameOf(e Expr) (name string, ok bool) {
	switch e := e.(type) {
	case *Var:
		return e.Name, true
	case *Path:
		last := e.Steps[len(e.Steps)-1]
		if last.Kind == StepField {
			return last.Name, true
		}
		if lit, ok := last.Index.(*Literal); ok && last.Kind == StepIndex {
			return lit.Value.Text()
		}
	}
	return "", false
}

func (c *compiler) exprs(list []Expr) []node {
	out := make([]node, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

// expr compiles an expression.
func (c *compiler) expr(e Expr) node {
	if c.err != nil {
		return nothing
	}
	switch e := e.(type) {
	case *Literal:
		return &constNode{ionDatum(e.Value)}
	case *Missing:
		return nothing
	case *Param:
		return &paramNode{e.Ordinal - 1}
	case *Var:
		return c.variable(e)
	case *Path:
		return c.path(e)
	case *Unary:
		operand := c.expr(e.Operand)
		if e.Op == "not" {
			return &located{&notNode{operand}, e.Pos}
		}
		return fold(&located{&signNode{operand, e.Op == "-"}, e.Pos}, operand)
	case *Binary:
		return c.binary(e)
	case *Logic:
		return &located{&logicNode{e.Or, c.exprs(e.Args)}, e.Pos}
	case *In:
		return &inNode{c.expr(e.Left), c.expr(e.Right), e.Not}
	case *Is:
		return &isNode{c.expr(e.Operand), typeTest(e.Type.Name), e.Not}
	case *Between:
		return &located{&betweenNode{c.expr(e.Operand), c.expr(e.Low), c.expr(e.High), e.Not}, e.Pos}
	case *Like:
		return c.like(e)
	}
	return c.form(e)
}

// form compiles the expressions that are no operators.
func (c *compiler) form(e Expr) node {
	switch e := e.(type) {
	case *Case:
		return c.caseExpr(e)
	case *Cast:
		operand := c.expr(e.Operand)
		return fold(&located{&castNode{operand, e.Type.Name}, e.Pos}, operand)
	case *Call:
		return c.call(e)
	case *Aggregate:
		return c.aggregate(e)
	case *Sequence:
		n := &listNode{items: c.exprs(e.Items)}
		if e.Bag {
			n.kind = seqBag
		}
		return fold(n, n.items...)
	case *Struct:
		n := &structNode{}
		for _, f := range e.Fields {
			n.names = append(n.names, c.expr(f.Name))
			n.values = append(n.values, c.expr(f.Value))
		}
		return fold(&located{n, e.Pos}, append(n.names[:len(n.names):len(n.names)], n.values...)...)
	case *Select:
		return &subqueryNode{c.subquery(e)}
	case *SetOp:
		c.setOp(e)
	}
	return nothing
}

func (c *compiler) setOp(e *SetOp) {
	op := map[string]string{"union": "UNION", "union_all": "UNION_ALL", "except": "EXCEPT", "except_all": "EXCEPT_ALL",
		"intersect": "INTERSECT", "intersect_all": "INTERSECT_ALL"}[e.Op]
	c.failAt(e.Pos, Evaluator, "Feature 'NAryOp."+op+"' not supported yet", op+" is not supported yet")
}

// fold evaluates a node of constants once. A node that fails stays: its error
// belongs to the run.
func fold(n node, args ...node) node {
	for _, a := range args {
		if _, ok := a.(*constNode); !ok {
			return n
		}
	}
	d, err := n.eval(&machine{ctx: context.Background(), plan: &Plan{}})
	if err != nil {
		return n
	}
	return &constNode{d}
}

func (c *compiler) binary(e *Binary) node {
	l, r := c.expr(e.Left), c.expr(e.Right)
	var n node
	switch e.Op {
	case "=", "<>":
		return &equalNode{l, r, e.Op == "<>"}
	case "<":
		n = &compareNode{opLess, l, r}
	case "<=":
		n = &compareNode{opLessEqual, l, r}
	case ">":
		n = &compareNode{opGreater, l, r}
	case ">=":
		n = &compareNode{opGreaterEqual, l, r}
	case "||":
		n = &concatNode{l, r}
	default:
		n = &arithNode{e.Op[0], l, r}
	}
	return fold(&located{n, e.Pos}, l, r)
}

func (c *compiler) caseExpr(e *Case) node {
	n := &caseNode{}
	if e.Operand != nil {
		n.operand = c.expr(e.Operand)
	}
	for _, w := range e.Whens {
		n.conds = append(n.conds, c.expr(w.Cond))
		n.results = append(n.results, c.expr(w.Result))
	}
	if e.Else != nil {
		n.otherwise = c.expr(e.Else)
	}
	return &located{n, e.Pos}
}

// path compiles a path; runs of field names behind a variable are one node.
func (c *compiler) path(e *Path) node {
	if v, ok := e.Root.(*Var); ok && isCatalogView(&Path{Root: v, Steps: e.Steps[:1]}) {
		if found, _ := c.scope.lookup(v.Name, v.Quoted); found == nil && (c.inFrom || c.scope.single == nil) {
			c.illegalGlobal(userTablesName, e.Pos)
			return nothing
		}
	}
	return c.steps(c.expr(e.Root), e.Steps)
}

func (c *compiler) steps(base node, steps []Step) node {
	for i := range steps {
		s := &steps[i]
		switch s.Kind {
		case StepField:
			base = c.field(base, s.Name, s.Quoted)
		case StepIndex:
			base = c.index(base, s)
		default:
			spread := &spreadNode{base: base, fields: s.Kind == StepUnpivot, slot: c.slot()}
			if i+1 < len(steps) {
				spread.rest = c.steps(&varNode{spread.slot}, steps[i+1:])
			}
			return spread
		}
	}
	return base
}

func (c *compiler) index(base node, s *Step) node {
	index := c.expr(s.Index)
	if k, ok := index.(*constNode); ok {
		if name, ok := k.d.v.Text(); ok {
			return c.field(base, name, true)
		}
	}
	return &located{&indexNode{base, index}, s.Pos}
}

func (c *compiler) field(base node, name string, quoted bool) node {
	r := c.ref(name, quoted)
	switch b := base.(type) {
	case *varNode:
		return &pathNode{b.slot, []int{r}}
	case *pathNode:
		b.refs = append(b.refs, r) // each occurrence of a path has a node of its own
		return b
	}
	return &fieldNode{base, r}
}
