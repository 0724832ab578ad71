package partiql

// sourceKind tells the sources of a FROM clause apart.
type sourceKind uint8

const (
	sourceExpr sourceKind = iota
	sourceTable
	sourceHistory
	sourceCatalog
	sourceUnpivot
)

// accessKind is how the rows of a table are found.
type accessKind uint8

const (
	accessScan accessKind = iota
	accessID
	accessIndex
)

// source is one source of a query.
type source struct {
	kind    sourceKind
	pos     Pos
	table   *TableInfo
	view    View
	expr    node   // what is ranged over; for history, the id of the table
	bounds  []node // start and end of history
	slot    int    // the value
	at, by  int    // slots of the AT and BY variables, or -1
	atName  string
	byName  string
	row     int // in machine.rows, of tables and histories
	byUsed  bool
	access  accessKind
	field   string // of accessIndex
	key     node   // what to look up
	keyIn   bool   // key is a collection of values
	filters []filter
}

// query is a compiled SELECT.
type query struct {
	no       int // among the queries of the plan
	sources  []*source
	project  projection
	aggs     []aggregateSpec
	distinct bool
}

func (c *compiler) query() *query {
	c.queries++
	return &query{no: c.queries - 1}
}

// subquery compiles a SELECT in a scope of its own.
func (c *compiler) subquery(s *Select) *query {
	outer, inFrom, aggregating, collecting := c.scope, c.inFrom, c.aggregating, c.collecting
	c.inFrom, c.aggregating, c.collecting = false, false, nil
	defer func() { c.scope, c.inFrom, c.aggregating, c.collecting = outer, inFrom, aggregating, collecting }()
	q := c.query()
	q.distinct = s.Distinct
	c.from(q, s.From, s.Where)
	c.projection(q, s)
	return q
}

// from compiles the sources and conditions of a query in a new scope, which it
// leaves as the current one.
func (c *compiler) from(q *query, sources []FromSource, where Expr) {
	c.scope = &scope{parent: c.scope, depth: c.scope.depth + 1}
	var conds []conjunct
	for i := range sources {
		fs := &sources[i]
		q.sources = append(q.sources, c.fromSource(fs, i+1))
		if fs.On != nil {
			conds = c.conjuncts(conds, fs.On)
		}
	}
	if len(sources) == 1 {
		c.scope.single = q.sources[0]
	}
	if where != nil {
		conds = c.conjuncts(conds, where)
	}
	if c.err == nil {
		c.place(q, conds)
	}
}

// fromSource compiles one source and defines its names.
func (c *compiler) fromSource(fs *FromSource, n int) *source {
	s := &source{at: -1, by: -1, pos: fs.Expr.Start()}
	alias := aliasOf(fs, n)
	if fs.Unpivot {
		c.inFrom = true
		s.expr = c.expr(fs.Expr)
		c.inFrom = false
		s.kind = sourceUnpivot
	} else {
		c.sourceExpr(s, fs.Expr)
	}
	s.slot = c.slot()
	if fs.At != nil {
		s.at, s.atName = c.slot(), fs.At.Name
		c.define(c.scope, fs.At, variable{slot: s.at, src: s})
	}
	if fs.By != nil {
		s.by, s.byName = c.slot(), fs.By.Name
		c.define(c.scope, fs.By, variable{slot: s.by, src: s, by: true, used: &s.byUsed})
	}
	c.define(c.scope, alias, variable{slot: s.slot, src: s})
	if s.kind == sourceTable || s.kind == sourceHistory {
		s.row = c.tables
		c.tables++
	}
	return s
}

// conjunct is one operand of the AND chain behind WHERE and ON, with the slots
// it depends on.
type conjunct struct {
	n    node
	uses []bool
}

// conjuncts compiles the operands of e's AND chain.
func (c *compiler) conjuncts(dst []conjunct, e Expr) []conjunct {
	if l, ok := e.(*Logic); ok && !l.Or {
		for _, a := range l.Args {
			dst = c.conjuncts(dst, a)
		}
		return dst
	}
	saved := c.uses
	c.uses = nil
	n := c.expr(e)
	if !isSafe(n) {
		n = &located{n, e.Start()}
	}
	dst = append(dst, conjunct{n, c.uses})
	c.uses = saved
	for slot, used := range dst[len(dst)-1].uses {
		if used {
			c.use(slot)
		}
	}
	return dst
}

// levelOf is the last source that a set of slots needs.
func (q *query) levelOf(uses []bool) int {
	for i := len(q.sources) - 1; i > 0; i-- {
		s := q.sources[i]
		for _, slot := range [...]int{s.slot, s.at, s.by} {
			if slot >= 0 && slot < len(uses) && uses[slot] {
				return i
			}
		}
	}
	return 0
}

// place puts each condition where its last variable is bound, and chooses how
// tables are read. Conditions that cannot fail come first, whether an index
// serves them or not: which rows the others see, and with them the errors that
// may come up, must not depend on indexes.
func (c *compiler) place(q *query, conds []conjunct) {
	last := len(q.sources) - 1
	var retries []filter
	for _, cond := range conds {
		level := q.levelOf(cond.uses)
		if isSafe(cond.n) {
			s := q.sources[level]
			s.filters = append(s.filters, filter{cond: cond.n})
			c.chooseAccess(q, level, cond.n)
		}
	}
	for _, cond := range conds {
		if isSafe(cond.n) {
			continue
		}
		level := q.levelOf(cond.uses)
		if level == last {
			retries = append(retries, filter{cond: cond.n})
			continue
		}
		s := q.sources[level]
		s.filters = append(s.filters, filter{cond: cond.n, when: filterTry, slot: c.deferrals})
		retries = append(retries, filter{cond: cond.n, when: filterRetry, slot: c.deferrals})
		c.deferrals++
	}
	q.sources[last].filters = append(q.sources[last].filters, retries...)
}

// isSafe reports whether a condition never fails, whatever the values are.
func isSafe(n node) bool {
	switch n := n.(type) {
	case *located:
		return isSafe(n.node)
	case *equalNode:
		return isSafeValue(n.left) && isSafeValue(n.right)
	case *inNode:
		return isSafeValue(n.left) && isSafeValue(n.right)
	case *isNode:
		return isSafeValue(n.operand)
	case *notNode:
		return isSafe(n.operand)
	case *logicNode:
		for _, a := range n.args {
			if !isSafe(a) {
				return false
			}
		}
		return true
	case *constNode:
		_, err := truthOf(&n.d)
		return err == nil
	}
	return false
}

// isSafeValue reports whether evaluating n never fails.
func isSafeValue(n node) bool {
	switch n := n.(type) {
	case *constNode, *paramNode, *varNode, *pathNode:
		return true
	case *fieldNode:
		return isSafeValue(n.base)
	case *listNode:
		for _, item := range n.items {
			if !isSafeValue(item) {
				return false
			}
		}
		return true
	}
	return false
}

// chooseAccess improves the way source level is read by an equality or IN. The
// best is a document id, then an index; = before IN.
func (c *compiler) chooseAccess(q *query, level int, n node) {
	s := q.sources[level]
	if s.kind != sourceTable && s.kind != sourceHistory {
		return
	}
	switch n := n.(type) {
	case *equalNode:
		if !n.not {
			c.offer(q, level, n.left, n.right, false)
			c.offer(q, level, n.right, n.left, false)
		}
	case *inNode:
		if !n.not {
			c.offer(q, level, n.left, n.right, true)
		}
	}
}

// offer considers target = key, or target IN key.
func (c *compiler) offer(q *query, level int, target, key node, in bool) {
	s := q.sources[level]
	access, field := c.targetOf(s, target)
	if access == accessScan || !q.boundBefore(level, key) {
		return
	}
	if s.access != accessScan && rank(access, in) >= rank(s.access, s.keyIn) {
		return
	}
	s.access, s.field, s.key, s.keyIn = access, field, key, in
}

func rank(a accessKind, in bool) int {
	r := 0
	if a == accessIndex {
		r = 2
	}
	if in {
		r++
	}
	return r
}

// targetOf is what an expression means to a source: its document id, an indexed
// field, or nothing to look up by.
func (c *compiler) targetOf(s *source, n node) (accessKind, string) {
	switch n := n.(type) {
	case *varNode:
		if s.by >= 0 && n.slot == s.by && s.kind == sourceTable {
			return accessID, ""
		}
	case *pathNode:
		if n.slot == s.slot {
			return c.pathTarget(s, n.refs)
		}
	}
	return accessScan, ""
}

func (c *compiler) pathTarget(s *source, refs []int) (accessKind, string) {
	first, second := c.refs[refs[0]].name, ""
	last := c.refs[refs[len(refs)-1]]
	if len(refs) == 2 {
		second = last.name
	}
	indexed := func(name string) bool { return !last.anyCase && s.table.indexed(name) }
	system := s.view == Committed || s.kind == sourceHistory
	switch {
	case system && first == "metadata" && second == "id" && len(refs) == 2:
		return accessID, ""
	case s.kind == sourceTable && system && first == "data" && len(refs) == 2 && indexed(second):
		return accessIndex, second
	case s.kind == sourceTable && !system && len(refs) == 1 && indexed(first):
		return accessIndex, first
	}
	return accessScan, ""
}

func (t *TableInfo) indexed(field string) bool {
	for _, f := range t.Indexes {
		if f == field {
			return true
		}
	}
	return false
}

// boundBefore reports whether a safe value depends only on what is bound before
// source level is.
func (q *query) boundBefore(level int, n node) bool {
	slot := -1
	switch n := n.(type) {
	case *constNode, *paramNode:
		return true
	case *varNode:
		slot = n.slot
	case *pathNode:
		slot = n.slot
	case *fieldNode:
		return q.boundBefore(level, n.base)
	case *listNode:
		for _, item := range n.items {
			if !q.boundBefore(level, item) {
				return false
			}
		}
		return true
	default:
		return false
	}
	for _, s := range q.sources[level:] {
		if slot == s.slot || slot == s.at || slot == s.by {
			return false
		}
	}
	return true
}

// run executes the query.
func (q *query) run(m *machine, emit emitFunc) error {
	if err := q.checkNames(m); err != nil {
		return err
	}
	if q.distinct {
		emit = m.distinct(emit)
	}
	if len(q.aggs) == 0 {
		c := q.cursor(m)
		c.out = emit
		return q.loop(m, c.emitRow)
	}
	accs := make([]accumulator, len(q.aggs))
	err := q.loop(m, func() error {
		for i := range accs {
			if err := accs[i].add(m, &q.aggs[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range accs {
		d, err := accs[i].result(&q.aggs[i])
		if err != nil {
			return m.plan.place(q.aggs[i].pos, err)
		}
		m.aggs[q.aggs[i].slot] = d
	}
	return q.project.project(m, emit)
}

// distinct lets every value through once.
func (m *machine) distinct(emit emitFunc) emitFunc {
	seen := make(map[string]struct{})
	return func(d datum, stream []byte) error {
		var err error
		if m.key, err = m.appendKey(m.key[:0], &d); err != nil {
			return err
		}
		if _, ok := seen[string(m.key)]; ok {
			return nil
		}
		if err := m.keep(len(m.key)); err != nil {
			return err
		}
		seen[string(m.key)] = struct{}{}
		return emit(d, stream)
	}
}
