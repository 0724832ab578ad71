package partiql

// Walk calls visit for n and, as long as visit returns true, for what is inside
// it, outer nodes before inner ones, in the order of the text.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	children(n, func(e Expr) {
		if e != nil {
			Walk(e, visit)
		}
	})
}

// children calls f for the direct parts of n; parts that are absent are nil.
func children(n Node, f func(Expr)) {
	switch n := n.(type) {
	case *Path:
		f(n.Root)
		for _, s := range n.Steps {
			f(s.Index)
		}
	case *Unary:
		f(n.Operand)
	case *Binary:
		f(n.Left)
		f(n.Right)
	case *SetOp:
		f(n.Left)
		f(n.Right)
	case *Logic:
		each(n.Args, f)
	case *In:
		f(n.Left)
		f(n.Right)
	case *Is:
		f(n.Operand)
	case *Like:
		each([]Expr{n.Operand, n.Pattern, n.Escape}, f)
	case *Between:
		each([]Expr{n.Operand, n.Low, n.High}, f)
	case *Case:
		f(n.Operand)
		for _, w := range n.Whens {
			f(w.Cond)
			f(w.Result)
		}
		f(n.Else)
	case *Cast:
		f(n.Operand)
	case *Call:
		each(n.Args, f)
	case *Aggregate:
		f(n.Arg)
	case *Sequence:
		each(n.Items, f)
	case *Struct:
		for _, field := range n.Fields {
			f(field.Name)
			f(field.Value)
		}
	case *Select:
		f(n.Value)
		for _, item := range n.Items {
			f(item.Expr)
		}
		fromChildren(n.From, f)
		f(n.Where)
	default:
		statementChildren(n, f)
	}
}

func each(list []Expr, f func(Expr)) {
	for _, e := range list {
		f(e)
	}
}

func fromChildren(from []FromSource, f func(Expr)) {
	for _, s := range from {
		f(s.Expr)
		f(s.On)
	}
}

func statementChildren(n Node, f func(Expr)) {
	switch n := n.(type) {
	case *Insert:
		f(n.Table)
		f(n.Value)
		f(n.At)
	case *DML:
		fromChildren(n.From, f)
		switch op := n.Op.(type) {
		case *InsertInto:
			f(op.Target)
			f(op.Value)
			f(op.At)
		case *SetFields:
			for _, a := range op.Assignments {
				f(a.Target)
				f(a.Value)
			}
		case *Remove:
			f(op.Target)
		}
		f(n.Where)
	case *Exec:
		each(n.Args, f)
	}
}
