package ledger

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Result is the rows of a statement, read page by page as they are asked for.
// It is valid until its transaction ends, and not for concurrent use.
//
//	for r.Next() {
//		var p Person
//		if err := r.Decode(&p); err != nil {
//			return err
//		}
//	}
//	return r.Err()
type Result struct {
	page  Page
	i     int
	fetch func(token string) (Page, error)
	io    IOUsage
	time  Timing
	cur   ion.Value
	err   error
}

// NewResult is for backends: first is the first page and fetch gets the page of
// a token.
func NewResult(first Page, fetch func(token string) (Page, error)) *Result {
	return &Result{page: first, fetch: fetch, io: first.IO, time: first.Timing}
}

// Next moves to the next row and reports whether there is one.
func (r *Result) Next() bool {
	r.cur = ion.Value{}
	for r.err == nil {
		if r.i < len(r.page.Values) {
			r.cur = r.page.Values[r.i]
			r.i++
			return true
		}
		if r.page.Token == "" {
			return false
		}
		p, err := r.fetch(r.page.Token)
		if err != nil {
			r.err = err
			return false
		}
		r.page, r.i = p, 0
		r.io.Add(p.IO)
		r.time.Processing += p.Timing.Processing
	}
	return false
}

// Value is the current row.
func (r *Result) Value() ion.Value { return r.cur }

// GetCurrentData is the current row as a complete stream of Ion binary, under
// the name that the QLDB driver for Go gives it.
func (r *Result) GetCurrentData() []byte { return r.cur.Encode() }

// Decode converts the current row into the Go value that dst points to, by the
// rules and struct tags of ion-go.
func (r *Result) Decode(dst any) error { return r.cur.Unmarshal(dst) }

// Err is the error that ended the rows, nil at their regular end.
func (r *Result) Err() error { return r.err }

// IO is what has been read and written for the pages seen so far.
func (r *Result) IO() IOUsage { return r.io }

// Timing is the time spent on the pages seen so far.
func (r *Result) Timing() Timing { return r.time }

// All reads the remaining rows.
func (r *Result) All() ([]ion.Value, error) {
	var out []ion.Value
	for r.Next() {
		out = append(out, r.cur)
	}
	return out, r.Err()
}

// One reads the only row. It is an error if there is none or another.
func (r *Result) One() (ion.Value, error) {
	if !r.Next() {
		if r.err != nil {
			return ion.Value{}, r.err
		}
		return ion.Value{}, fmt.Errorf("ledger: the statement gave no row where one was expected")
	}
	v := r.cur
	if r.Next() {
		return ion.Value{}, fmt.Errorf("ledger: the statement gave more rows than the one that was expected")
	}
	return v, r.err
}
