package partiql

import (
	"github.com/tallyledger/tally/hashchain/ion"
)

// insertPlan is INSERT INTO a table.
type insertPlan struct {
	table  *TableInfo
	single bool
	value  node
	pos    Pos
}

// editKind is what an edit does to the value at its path.
type editKind uint8

const (
	editSet editKind = iota
	editInsert
	editRemove
)

// editSpec is one change that DML makes to each document that it matches.
type editSpec struct {
	kind   editKind
	steps  []targetStep
	single bool // INSERT INTO path VALUE
	value  node
	at     node
	pos    Pos
}

// targetStep is a step from a document to what an edit changes: a field, an
// element, or the element that a source stands at.
type targetStep struct {
	fieldName
	index int // -1 for a field
	slot  int // of machine.ords, where the element is the one of a source; else -1
}

// dmlPlan is UPDATE, DELETE and FROM … .
type dmlPlan struct {
	q     *query
	edits []editSpec // none: documents are deleted
}

// insert compiles INSERT INTO.
func (c *compiler) insert(s *Insert) body {
	c.scope = &scope{}
	root := s.Table.Root.(*Var)
	g, ok := c.global(root.Name)
	switch {
	case isCatalogView(s.Table) || ok && g.view != User:
		c.readOnly(s.Table)
		return nil
	case !ok:
		c.unbound(root.Name, root.Pos)
		return nil
	case len(s.Table.Steps) > 0:
		c.failAt(root.Pos, Semantic, "INSERT INTO expects a table here, not the path "+FormatExpr(s.Table)+"; add to a collection inside documents with FROM … INSERT INTO", "")
		return nil
	case s.At != nil:
		c.failAt(s.At.Start(), Semantic, "AT has no meaning when a document is inserted into a table", "")
		return nil
	}
	return &insertPlan{table: g.table, single: s.Single, value: c.expr(s.Value), pos: s.Value.Start()}
}

// readOnly refuses to change what is no table.
func (c *compiler) readOnly(e Expr) {
	c.failAt(e.Start(), Semantic, "Data manipulation is possible on tables only, not on "+FormatExpr(e), "")
}

// dml compiles UPDATE, DELETE and FROM … .
func (c *compiler) dml(s *DML) body {
	c.scope = &scope{}
	p := &dmlPlan{q: c.query()}
	c.from(p.q, s.From, s.Where)
	if c.err != nil {
		return nil
	}
	for i, src := range p.q.sources {
		tabular := src.kind == sourceTable || src.kind == sourceHistory || src.kind == sourceCatalog
		switch {
		case i == 0 && (src.kind != sourceTable || src.view != User):
			c.readOnly(s.From[0].Expr)
			return nil
		case i > 0 && tabular:
			c.failAt(s.From[i].Expr.Start(), Semantic, "A statement that changes data reads one table; "+FormatExpr(s.From[i].Expr)+" is another", "")
			return nil
		}
	}
	c.operation(p, s)
	return p
}

func (c *compiler) operation(p *dmlPlan, s *DML) {
	switch op := s.Op.(type) {
	case *SetFields:
		for _, a := range op.Assignments {
			e := editSpec{kind: editSet, steps: c.target(p.q, s.From, a.Target), value: c.expr(a.Value), pos: a.Target.Pos}
			p.edits = append(p.edits, e)
		}
	case *InsertInto:
		e := editSpec{kind: editInsert, steps: c.target(p.q, s.From, op.Target), single: op.Single, value: c.expr(op.Value), pos: op.Target.Pos}
		if op.At != nil {
			e.at = c.expr(op.At)
		}
		p.edits = append(p.edits, e)
	case *Remove:
		steps := c.target(p.q, s.From, op.Target)
		if len(steps) > 0 {
			p.edits = append(p.edits, editSpec{kind: editRemove, steps: steps, pos: op.Target.Pos})
		}
	}
}

// target resolves the path that an operation changes to steps from the document.
func (c *compiler) target(q *query, from []FromSource, path *Path) []targetStep {
	if c.err != nil {
		return nil
	}
	root := path.Root.(*Var)
	found, _ := c.scope.lookup(root.Name, root.Quoted)
	switch {
	case found == nil && c.scope.single == nil:
		c.unbound(root.Name, root.Pos)
		return nil
	case found == nil:
		return append([]targetStep{{fieldName: c.fieldName(root.Name, root.Quoted), index: -1, slot: -1}}, c.literalSteps(path.Steps)...)
	case found.slot != found.src.slot:
		c.failAt(root.Pos, Semantic, "'"+root.Name+"' is not a part of the document and cannot be changed", "")
		return nil
	}
	return append(c.origin(q, from, found.src), c.literalSteps(path.Steps)...)
}

// origin is the way from the document to the element that a source stands at.
func (c *compiler) origin(q *query, from []FromSource, src *source) []targetStep {
	if src == q.sources[0] {
		return nil
	}
	i := 0
	for q.sources[i] != src {
		i++
	}
	path, ok := from[i].Expr.(*Path)
	if v, isVar := from[i].Expr.(*Var); isVar {
		path, ok = &Path{Pos: v.Pos, Root: v}, true
	}
	if ok {
		_, ok = path.Root.(*Var)
	}
	if !ok || src.kind != sourceExpr {
		c.failAt(from[i].Expr.Start(), Semantic, "Only parts of the document can be changed; "+FormatExpr(from[i].Expr)+" is none", "")
		return nil
	}
	steps := c.target(&query{sources: q.sources[:i]}, from, path)
	return append(steps, targetStep{index: -1, slot: src.slot})
}

// literalSteps turns the steps of a simple path into targets.
func (c *compiler) literalSteps(steps []Step) []targetStep {
	var out []targetStep
	for _, s := range steps {
		t := targetStep{fieldName: c.fieldName(s.Name, s.Quoted), index: -1, slot: -1}
		if s.Kind == StepIndex {
			lit, _ := s.Index.(*Literal)
			var v ion.Value
			if lit != nil {
				v = lit.Value
			}
			if name, ok := v.Text(); ok {
				t.fieldName = fieldName{name: name}
			} else if n, ok := v.Int64(); ok && n >= 0 && n < 1<<31 {
				t.index = int(n)
			} else {
				c.failAt(s.Pos, Semantic, "An index in the target of a change is a string or an int of 0 or more", "")
			}
		} else if s.Kind != StepField {
			c.failAt(s.Pos, Semantic, "* has no meaning in the target of a change", "")
		}
		out = append(out, t)
	}
	return out
}
