package partiql

import (
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// MaxName is the longest name of a table or an indexed field, in characters.
const MaxName = 128

// ddlPlan is a statement that calls the Sink once and answers with an id.
type ddlPlan struct {
	call func(Sink) (tableID string, err error)
}

func (p *ddlPlan) run(m *machine, emit emitFunc) error {
	id, err := p.call(m.sink)
	if err != nil {
		return err
	}
	return idRow(m, "tableId", id, emit)
}

// ddl compiles what is neither a query nor DML.
func (c *compiler) ddl(n Node) body {
	switch s := n.(type) {
	case *CreateTable:
		return c.createTable(s)
	case *DropTable:
		return &ddlPlan{func(k Sink) (string, error) { return k.DropTable(s.Name.Name) }}
	case *UndropTable:
		return &ddlPlan{func(k Sink) (string, error) { return k.UndropTable(s.ID.Name) }}
	case *CreateIndex:
		return c.createIndex(s)
	case *DropIndex:
		return &ddlPlan{func(k Sink) (string, error) { return k.DropIndex(s.ID.Name, s.Table.Name) }}
	case *Exec:
		return c.exec(s)
	}
	c.failAt(n.Start(), Semantic, "the statement cannot be executed", "")
	return nil
}

func (c *compiler) createTable(s *CreateTable) body {
	name := s.Name.Name
	if !IsTableName(name) {
		c.failAt(s.Name.Pos, Semantic, "'"+clip(name)+"' is not a name for a table: it needs 1 to 128 letters, digits or _, does not begin with a digit and is not a reserved word", "")
		return nil
	}
	var tags ion.Value
	if s.Tags != nil {
		tags = *s.Tags
	}
	return &ddlPlan{func(k Sink) (string, error) { return k.CreateTable(name, tags) }}
}

// IsTableName reports whether a table may have that name: 1 to MaxName letters,
// digits and underscores, not beginning with a digit, not a reserved word.
func IsTableName(name string) bool {
	if name == "" || len(name) > MaxName || name[0] >= '0' && name[0] <= '9' || IsReserved(name) {
		return false
	}
	for i := range len(name) {
		if !isIdentPart(name[i]) || name[i] == '$' {
			return false
		}
	}
	return true
}

func (c *compiler) createIndex(s *CreateIndex) body {
	field := s.Fields[0].Root.(*Var).Name
	switch {
	case len(s.Fields) > 1 || len(s.Fields[0].Steps) > 0:
		c.failAt(s.Fields[0].Pos, Semantic, "An index is on one top-level field, given by its name", "")
		return nil
	case field == "" || len([]rune(field)) > MaxName:
		c.failAt(s.Fields[0].Pos, Semantic, "The name of an indexed field has 1 to 128 characters", "")
		return nil
	}
	return &ddlPlan{func(k Sink) (string, error) { return k.CreateIndex(s.Table.Name, field) }}
}

// redactPlan is EXEC REDACT_REVISION.
type redactPlan struct {
	args []node
	pos  Pos
}

func (c *compiler) exec(s *Exec) body {
	c.scope = &scope{}
	if !strings.EqualFold(s.Name.Name, "redact_revision") {
		text := "No such stored procedure: " + s.Name.Name
		c.failAt(s.Name.Pos, Evaluator, text+" ", text)
		return nil
	}
	if len(s.Args) != 3 {
		c.failAt(s.Name.Pos, Evaluator, "Incorrect number of arguments to procedure call, <UNKNOWN> : <UNKNOWN>",
			"redact_revision takes exactly 3 arguments, received: "+synthetic(len(s.Args))[1:])
		return nil
	}
	return &redactPlan{c.exprs(s.Args), s.Name.Pos}
}

func (p *redactPlan) run(m *machine, emit emitFunc) error {
	var d [3]datum
	for i, n := range p.args {
		var err error
		if d[i], err = n.eval(m); err != nil {
			return err
		}
	}
	var r Redaction
	strand, _ := d[0].v.Field("strandId")
	seqNo, _ := d[0].v.Field("sequenceNo")
	var ok [4]bool
	r.StrandID, ok[0] = strand.Text()
	r.SequenceNo, ok[1] = seqNo.Int64()
	r.TableID, ok[2] = d[1].v.Text()
	r.DocID, ok[3] = d[2].v.Text()
	if ok != [4]bool{true, true, true, true} {
		return m.plan.fail(p.pos, "REDACT_REVISION expects a block address {strandId: string, sequenceNo: int}, a table id and a document id")
	}
	row, err := m.sink.Redact(r)
	if err != nil {
		return err
	}
	return emit(ionDatum(row), nil)
}
