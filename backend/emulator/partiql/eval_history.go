package partiql

import (
	"errors"

	"github.com/tallyledger/tally/hashchain/ion"
)

// historyBounds evaluates and checks the range of history(). Without an end the
// range ends now.
func (s *source) historyBounds(m *machine) (start, end *ion.Timestamp, err error) {
	bounds := [2]*ion.Timestamp{}
	for i, n := range s.bounds {
		d, err := n.eval(m)
		if err != nil {
			return nil, nil, err
		}
		t, ok := d.v.Timestamp()
		if !ok {
			return nil, nil, m.plan.fail(s.pos, "history expects a timestamp as "+[2]string{"start", "end"}[i]+" time, got: "+d.typeName())
		}
		bounds[i] = &t
	}
	start, end = bounds[0], bounds[1]
	now := m.src.Now()
	if end != nil && end.Compare(now) > 0 {
		return nil, nil, m.plan.fail(s.pos, "history end time "+end.String()+" is not in the past; the time is "+now.String())
	}
	if start != nil {
		last := now
		if end != nil {
			last = *end
		}
		if start.Compare(last) > 0 {
			return nil, nil, m.plan.fail(s.pos, "history start time "+start.String()+" is after the end time "+last.String())
		}
	}
	return start, end, nil
}

// noDocument is the id of no document.
const noDocument = "-"

// checkNames refuses ids of tables in history() that the source does not know, also
// where the query would never come to read that table.
func (q *query) checkNames(m *machine) error {
	for _, s := range q.sources {
		if s.kind != sourceHistory || s.table != nil {
			continue
		}
		id, err := s.historyTable(m)
		if err != nil {
			return err
		}
		err = m.src.History(m.ctx, id, nil, nil, noDocument, func(*Row) error { return nil })
		if errors.Is(err, ErrUnknownTable) {
			err = m.plan.unbound(s.pos, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// historyTable is the id of the table whose history is read.
func (s *source) historyTable(m *machine) (string, error) {
	if s.table != nil {
		return s.table.ID, nil
	}
	d, err := s.expr.eval(m)
	if err != nil {
		return "", err
	}
	id, ok := d.v.Text()
	if !ok {
		return "", m.plan.fail(s.pos, "history expects the name of a table or a string with the id of one, got: "+d.typeName())
	}
	return id, nil
}
