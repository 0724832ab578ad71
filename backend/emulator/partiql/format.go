package partiql

import (
	"strings"
)

// Format returns the statement in one line of canonical text: keywords in upper
// case, single spaces, names quoted where they have to be. Parsing the result
// gives the same tree.
func Format(s *Statement) string {
	var f formatter
	f.body(s.Body)
	return f.String()
}

// FormatExpr is Format for an expression.
func FormatExpr(e Expr) string {
	var f formatter
	f.top(e)
	return f.String()
}

type formatter struct {
	strings.Builder
	bare *Select // the one nested query that stands without parentheses
}

// top writes an expression that nothing stands around.
func (f *formatter) top(e Expr) {
	f.bare, _ = leftmost(e, precSet).(*Select)
	f.expr(e, 0)
}

// leftmost is the operand that e begins with, within operators that bind no
// tighter than most. There a query may stand without parentheses.
func leftmost(e Expr, most int) Expr {
	for bindingOf(e) <= most {
		switch s := e.(type) {
		case *SetOp:
			e = s.Left
		case *Binary:
			e = s.Left
		case *Logic:
			e = s.Args[0]
		case *In:
			e = s.Left
		case *Is:
			e = s.Operand
		case *Like:
			e = s.Operand
		case *Between:
			e = s.Operand
		default:
			return e
		}
	}
	return e
}

func (f *formatter) put(parts ...string) {
	for _, s := range parts {
		f.WriteString(s)
	}
}

func (f *formatter) body(n Node) {
	switch s := n.(type) {
	case Expr:
		f.top(s)
	case *Insert:
		f.put("INSERT INTO ")
		f.expr(s.Table, precTimes)
		f.values(s.Single, s.Value, s.At)
	case *DML:
		f.dml(s)
	case *CreateTable:
		f.put("CREATE TABLE ", identText(s.Name))
		if s.Tags != nil {
			f.put(" WITH (aws_tags = `", s.Tags.String(), "`)")
		}
	case *DropTable:
		f.put("DROP TABLE ", identText(s.Name))
	case *UndropTable:
		f.put("UNDROP TABLE ", identText(s.ID))
	case *CreateIndex:
		f.put("CREATE INDEX ON ", identText(s.Table), " (")
		for i := range s.Fields {
			f.comma(i)
			f.expr(&s.Fields[i], precTimes)
		}
		f.put(")")
	case *DropIndex:
		f.put("DROP INDEX ", identText(s.ID), " ON ", identText(s.Table), " WITH (purge = true)")
	case *Exec:
		f.put("EXEC ", identText(s.Name))
		if len(s.Args) > 0 {
			f.put(" ")
			f.bare, _ = leftmost(s.Args[0], precTimes).(*Select) // a parenthesis behind the name is an error
			f.list(s.Args)
		}
	}
}

func (f *formatter) comma(i int) {
	if i > 0 {
		f.put(", ")
	}
}

func (f *formatter) list(args []Expr) {
	for i, a := range args {
		f.comma(i)
		f.expr(a, 0)
	}
}

func (f *formatter) values(single bool, value, at Expr) {
	if single {
		f.put(" VALUE")
	}
	f.put(" ")
	var v formatter
	if v.expr(value, 0); !single && v.String()[0] == '[' {
		// Behind the target a bracket would be one more step of its path.
		f.put("(", v.String(), ")")
	} else {
		f.put(v.String())
	}
	if at != nil {
		f.put(" AT ")
		f.expr(at, 0)
	}
}

func (f *formatter) dml(s *DML) {
	switch s.Form {
	case FormUpdate:
		f.put("UPDATE ")
	case FormDelete:
		f.put("DELETE FROM ")
	default:
		f.put("FROM ")
	}
	f.from(s.From)
	if s.Form == FormFrom {
		f.where(s.Where)
	}
	f.op(s.Op)
	if s.Form != FormFrom {
		f.where(s.Where)
	}
}

func (f *formatter) op(op DMLOp) {
	switch op := op.(type) {
	case *InsertInto:
		f.put(" INSERT INTO ")
		f.expr(op.Target, precTimes)
		f.values(op.Single, op.Value, op.At)
	case *SetFields:
		f.put(" SET ")
		for i, a := range op.Assignments {
			f.comma(i)
			f.expr(a.Target, precTimes)
			f.put(" = ")
			f.expr(a.Value, 0)
		}
	case *Remove:
		f.put(" REMOVE ")
		f.expr(op.Target, precTimes)
	}
}

func (f *formatter) where(e Expr) {
	if e != nil {
		f.put(" WHERE ")
		f.expr(e, precSet)
	}
}

func (f *formatter) from(sources []FromSource) {
	for i, s := range sources {
		switch s.Join {
		case JoinComma:
			f.put(", ")
		case JoinInner:
			f.put(" INNER JOIN ")
		case JoinCross:
			f.put(" CROSS JOIN ")
		}
		f.source(&sources[i])
	}
}

func (f *formatter) source(s *FromSource) {
	if s.Unpivot {
		f.put("UNPIVOT ")
	}
	f.expr(s.Expr, precSet)
	for _, alias := range []struct {
		word string
		name *Ident
	}{{" AS ", s.As}, {" AT ", s.At}, {" BY ", s.By}} {
		if alias.name != nil {
			f.put(alias.word, identText(*alias.name))
		}
	}
	if s.On != nil {
		f.put(" ON ")
		f.expr(s.On, precSet)
	}
}

func identText(id Ident) string { return nameText(id.Name, id.Quoted) }

// nameText is a name as the statement had it: quoted or not.
func nameText(name string, quoted bool) string {
	if !quoted {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func (f *formatter) selectBody(s *Select) {
	f.put("SELECT ")
	if s.Distinct {
		f.put("DISTINCT ")
	}
	switch {
	case s.Value != nil:
		f.put("VALUE ")
		f.expr(s.Value, precSet)
	case s.Star:
		f.put("*")
	}
	for i, item := range s.Items {
		f.comma(i)
		if item.Star {
			f.starItem(item.Expr)
		} else {
			f.expr(item.Expr, 0)
		}
		if item.Alias != nil {
			f.put(" AS ", identText(*item.Alias))
		}
	}
	f.put(" FROM ")
	f.from(s.From)
	f.where(s.Where)
}

func (f *formatter) starItem(e Expr) {
	path := &Path{Root: e}
	if p, ok := e.(*Path); ok && fieldsOnly(p.Steps) {
		path.Root, path.Steps = p.Root, p.Steps
	}
	path.Steps = append(path.Steps[:len(path.Steps):len(path.Steps)], Step{Kind: StepUnpivot})
	f.path(path)
}

func fieldsOnly(steps []Step) bool {
	for i := range steps {
		if steps[i].Kind != StepField {
			return false
		}
	}
	return true
}
