package partiql

import (
	"math"
	"strconv"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// expr writes e, in parentheses if it binds no tighter than prec. A nested query
// always has them: its clauses would take in what follows.
func (f *formatter) expr(e Expr, prec int) {
	own := bindingOf(e)
	query, ok := e.(*Select)
	if ok && query != f.bare || !ok && own <= prec {
		f.put("(")
		defer f.put(")")
	}
	switch e := e.(type) {
	case *Literal:
		f.put(literalText(e))
	case *Missing:
		f.put("MISSING")
	case *Param:
		f.put("?")
	case *Var:
		if e.Lexical {
			f.put("@")
		}
		f.put(nameText(e.Name, e.Quoted))
	case *Path:
		f.path(e)
	case *Unary:
		f.unary(e)
	case *Binary:
		f.expr(e.Left, own-1)
		f.put(" ", e.Op, " ")
		f.expr(e.Right, own)
	case *SetOp:
		f.expr(e.Left, own-1)
		f.put(" ", strings.ReplaceAll(strings.ToUpper(e.Op), "_", " "), " ")
		f.expr(e.Right, own)
	case *Logic:
		f.logic(e, own)
	default:
		f.special(e, own)
	}
}

// special writes the operators and forms that have words of their own.
func (f *formatter) special(e Expr, own int) {
	switch e := e.(type) {
	case *In:
		f.expr(e.Left, own-1)
		f.put(not(e.Not), " IN ")
		f.inSet(e.Right, own)
	case *Is:
		f.expr(e.Operand, own-1)
		f.put(" IS", not(e.Not), " ", typeText(e.Type))
	case *Like:
		f.expr(e.Operand, own-1)
		f.put(not(e.Not), " LIKE ")
		f.expr(e.Pattern, own)
		if e.Escape != nil {
			f.put(" ESCAPE ")
			f.expr(e.Escape, own)
		}
	case *Between:
		f.expr(e.Operand, own-1)
		f.put(not(e.Not), " BETWEEN ")
		f.expr(e.Low, own)
		f.put(" AND ")
		f.expr(e.High, own)
	case *Case:
		f.caseExpr(e)
	case *Cast:
		f.put("CAST(")
		f.expr(e.Operand, 0)
		f.put(" AS ", typeText(e.Type), ")")
	case *Call:
		f.call(e)
	case *Aggregate:
		f.aggregate(e)
	case *Sequence:
		f.sequence(e)
	case *Struct:
		f.put("{")
		for i, field := range e.Fields {
			f.comma(i)
			f.expr(field.Name, 0)
			f.put(": ")
			f.expr(field.Value, 0)
		}
		f.put("}")
	case *Select:
		f.selectBody(e)
	}
}

func not(b bool) string {
	if b {
		return " NOT"
	}
	return ""
}

// bindingOf is how tightly the outermost operator of e binds.
func bindingOf(e Expr) int {
	switch e := e.(type) {
	case *SetOp:
		return precSet
	case *Select:
		return precSet
	case *Logic:
		if e.Or {
			return precOr
		}
		return precAnd
	case *Unary:
		if e.Op == "not" {
			return precNot
		}
		return precTimes + 1
	case *Binary:
		return infix[e.Op]
	case *In, *Is:
		return precEqual
	case *Like, *Between:
		return precOrder
	case *Literal:
		if v := e.Value; !e.Ion && v.Type().IsNumber() && literalText(e)[0] == '-' {
			return precTimes + 1
		}
	}
	return math.MaxInt32
}

func (f *formatter) unary(e *Unary) {
	if e.Op == "not" {
		f.put("NOT ")
		f.expr(e.Operand, precNot)
		return
	}
	f.put(e.Op, " ")
	f.expr(e.Operand, precTimes)
}

func (f *formatter) logic(e *Logic, own int) {
	word := " AND "
	if e.Or {
		word = " OR "
	}
	for i, a := range e.Args {
		if i > 0 {
			f.put(word)
		}
		f.expr(a, own)
	}
}

// inSet writes the right side of IN. A list in parentheses is what a list
// becomes; anything else that would stand in parentheses gets two pairs.
func (f *formatter) inSet(e Expr, own int) {
	switch s := e.(type) {
	case *Sequence:
		if s.Bag || !inParens(s.Items) {
			f.sequence(s)
			return
		}
		f.put("(")
		f.list(s.Items)
		f.put(")")
		return
	case *Select:
		f.expr(s, own)
		return
	}
	if bindingOf(e) <= own {
		f.put("((")
		f.expr(e, 0)
		f.put("))")
		return
	}
	f.expr(e, own)
}

// inParens reports whether a list behind IN may be written in parentheses. One
// element that begins with a parenthesis would be taken as an expression.
func inParens(items []Expr) bool {
	if len(items) != 1 {
		return len(items) > 1
	}
	switch items[0].(type) {
	case *Literal, *Param, *Var:
		return true
	}
	return false
}

func (f *formatter) path(e *Path) {
	switch root := e.Root.(type) {
	case *Literal:
		f.expr(root, precTimes+1)
		if root.Value.Type().IsNumber() {
			f.put(" ") // the point of a step is none of the number
		}
	case *Path:
		f.put("(")
		f.expr(e.Root, 0)
		f.put(")")
	default:
		f.expr(e.Root, precTimes+1)
	}
	for _, s := range e.Steps {
		switch s.Kind {
		case StepField:
			f.put(".", nameText(s.Name, s.Quoted))
		case StepIndex:
			f.put("[")
			f.expr(s.Index, 0)
			f.put("]")
		case StepWildcard:
			f.put("[*]")
		case StepUnpivot:
			f.put(".*")
		}
	}
}

func (f *formatter) caseExpr(e *Case) {
	f.put("CASE")
	if e.Operand != nil {
		f.put(" ")
		f.expr(e.Operand, 0)
	}
	for _, w := range e.Whens {
		f.put(" WHEN ")
		f.expr(w.Cond, 0)
		f.put(" THEN ")
		f.expr(w.Result, 0)
	}
	if e.Else != nil {
		f.put(" ELSE ")
		f.expr(e.Else, 0)
	}
	f.put(" END")
}

func (f *formatter) call(e *Call) {
	switch {
	case e.Name == "extract" && e.Part != "":
		f.put("EXTRACT(", strings.ToUpper(e.Part), " FROM ")
	case e.Name == "trim" && (len(e.Args) == 1 || len(e.Args) == 2):
		f.trim(e)
		return
	case e.Name == "substring" && (len(e.Args) == 2 || len(e.Args) == 3):
		f.put("SUBSTRING(")
	case e.Part != "":
		f.put(e.Name, "(", e.Part, ", ")
	default:
		f.put(functionName(e.Name), "(")
	}
	f.list(e.Args)
	f.put(")")
}

// functionName is the name of a function without a syntax of its own. Reserved
// words are in upper case if they are called like functions. The others have been
// in quotes, as have the names of aggregates, which would be aggregates without.
func functionName(name string) string {
	if w, ok := lookupWord(name); ok {
		if w.kind == tokKeyword && functionWords[w.text] && w.text == name && !isAggregate(name) {
			return strings.ToUpper(name)
		}
		return nameText(name, true)
	}
	for i := range len(name) {
		if !isIdentPart(name[i]) {
			return nameText(name, true)
		}
	}
	if name == "" || !isIdentStart(name[0]) {
		return nameText(name, true)
	}
	return name
}

func (f *formatter) trim(e *Call) {
	f.put("TRIM(")
	if e.Part != "" {
		f.put(strings.ToUpper(e.Part), " ")
	}
	if len(e.Args) > 1 {
		f.expr(e.Args[1], 0)
		f.put(" ")
	}
	if e.Part != "" || len(e.Args) > 1 {
		f.put("FROM ")
	}
	f.expr(e.Args[0], 0)
	f.put(")")
}

func (f *formatter) aggregate(e *Aggregate) {
	f.put(strings.ToUpper(e.Name), "(")
	if e.Distinct {
		f.put("DISTINCT ")
	}
	if e.Arg == nil {
		f.put("*")
	} else {
		f.expr(e.Arg, 0)
	}
	f.put(")")
}

func (f *formatter) sequence(e *Sequence) {
	open, end := "[", "]"
	if e.Bag {
		open, end = "<<", ">>"
	}
	f.put(open)
	f.list(e.Items)
	f.put(end)
}

func typeText(t TypeName) string {
	s := strings.ToUpper(strings.ReplaceAll(t.Name, "_", " "))
	if len(t.Params) == 0 {
		return s
	}
	var args []string
	for _, p := range t.Params {
		args = append(args, strconv.FormatInt(p, 10))
	}
	return s + "(" + strings.Join(args, ", ") + ")"
}

// literalText is a constant in PartiQL's notation where it has one, else as an
// Ion literal.
func literalText(e *Literal) string {
	v := e.Value
	if !e.Ion {
		switch v.Type() {
		case ion.StringType:
			s, _ := v.Text()
			return "'" + strings.ReplaceAll(s, "'", "''") + "'"
		case ion.DecimalType:
			d, _ := v.Decimal()
			return decimalText(d)
		case ion.NullType, ion.BoolType:
			return strings.ToUpper(v.String())
		}
		return v.String()
	}
	return "`" + v.String() + "`"
}
