package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// T is where a case reports. *testing.T has it.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
	Failed() bool
}

// recorder is T outside of "go test".
type recorder struct {
	mu     sync.Mutex
	lines  []string
	failed bool
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) FailNow() {
	r.mu.Lock()
	r.failed = true
	r.mu.Unlock()
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// C is what a case works with: a ledger, and checks that end the case.
type C struct {
	T
	ctx context.Context
	l   ledger.Ledger
	h   *Harness
}

func (c *C) fatal(format string, args ...any) {
	c.Helper()
	c.Errorf(format, args...)
	c.FailNow()
}

func (c *C) ok(err error) {
	c.Helper()
	if err != nil {
		c.fatal("unexpected error: %v", err)
	}
}

// is ends the case unless err is the sentinel.
func (c *C) is(err, sentinel error) {
	c.Helper()
	if !errors.Is(err, sentinel) {
		c.fatal("error is %v, want %v", err, sentinel)
	}
}

// in runs fn in a transaction of its own, which must commit.
func (c *C) in(fn func(t *txn)) {
	c.Helper()
	c.ok(c.try(fn))
}

// try runs fn once in a transaction of its own and gives its end.
func (c *C) try(fn func(t *txn)) error {
	c.Helper()
	return c.l.Execute(c.ctx, func(tx ledger.Transaction) error {
		fn(&txn{c, tx})
		return nil
	}, ledger.WithRetry(ledger.NoRetry))
}

// q runs a statement in a transaction of its own.
func (c *C) q(statement string, params ...any) (r rows) {
	c.Helper()
	c.in(func(t *txn) { r = t.q(statement, params...) })
	return r
}

// bad runs a statement that must be refused; see txn.bad.
func (c *C) bad(code, message, statement string, params ...any) {
	c.Helper()
	c.in(func(t *txn) { t.bad(code, message, statement, params...) })
}

// values checks expressions and their values, pair by pair.
func (c *C) values(list ...[2]string) {
	c.Helper()
	c.in(func(t *txn) {
		for _, e := range list {
			t.q("SELECT VALUE " + e[0] + " FROM << 0 >>").is(e[1])
		}
	})
}

// badValues checks expressions that must be refused.
func (c *C) badValues(list ...string) {
	c.Helper()
	c.in(func(t *txn) {
		for _, e := range list {
			t.bad("", "", "SELECT VALUE "+e+" FROM << 0 >>")
		}
	})
}

// insert puts documents, given as Ion text, into a table, as many at a time as a
// transaction may have, and returns their ids.
func (c *C) insert(table string, docs ...string) []string {
	c.Helper()
	var ids []string
	for chunk := range slices.Chunk(docs, 40) {
		c.in(func(t *txn) { ids = append(ids, t.insert(table, chunk...)...) })
	}
	return ids
}

// txn is an open transaction.
type txn struct {
	c  *C
	tx ledger.Transaction
}

func (t *txn) q(statement string, params ...any) rows {
	t.c.Helper()
	r, err := t.tx.Execute(statement, params...)
	if err != nil {
		t.c.fatal("%s: %v", statement, err)
	}
	values, err := r.All()
	if err != nil {
		t.c.fatal("rows of %s: %v", statement, err)
	}
	return rows{t.c, statement, values}
}

// bad runs a statement that must be refused as a bad request. An empty message
// is any, and … in it stands for any text. A backend may leave out the code. The
// transaction must stay open.
func (t *txn) bad(code, message, statement string, params ...any) {
	t.c.Helper()
	_, err := t.tx.Execute(statement, params...)
	t.c.badRequest(statement, err, code, message)
	t.q("SELECT VALUE 1 FROM << 0 >>").is("1")
}

func (c *C) badRequest(what string, err error, code, message string) {
	c.Helper()
	var e *ledger.Error
	switch {
	case err == nil:
		c.fatal("%s: no error, want a BadRequestException %s", what, message)
	case !errors.As(err, &e) || !errors.Is(err, ledger.ErrBadRequest):
		c.fatal("%s: error %v of type %T, want a BadRequestException", what, err, err)
	case e.Message == "":
		c.fatal("%s: the error has no message", what)
	case code != "" && e.Code != "" && e.Code != code:
		c.fatal("%s: code %s, want %s (%v)", what, e.Code, code, err)
	}
	if message != "" && !fits(e.Message, message) {
		c.fatal("%s: message\n\t%s\nwant\n\t%s", what, e.Message, message)
	}
}

// fits reports whether text is the pattern, in which … stands for any text.
func fits(text, pattern string) bool {
	parts := strings.Split(pattern, "…")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		_, rest, ok = strings.Cut(rest, part)
		if !ok {
			return false
		}
	}
	return rest == ""
}

func (t *txn) insert(table string, docs ...string) []string {
	t.c.Helper()
	var ids []string
	for _, d := range docs {
		ids = append(ids, t.q("INSERT INTO "+table+" ?", t.c.ion(d)).ids(1)...)
	}
	return ids
}

// ion is the value of Ion text in the suite's own source.
func (c *C) ion(text string) ion.Value {
	c.Helper()
	v, err := ion.ParseText(text)
	if err != nil {
		c.fatal("the case's own value %s: %v", text, err)
	}
	return v
}

// rows is what a statement gave.
type rows struct {
	c         *C
	statement string
	values    []ion.Value
}

// is checks the rows, given as Ion text, in any order: QLDB promises none.
func (r rows) is(want ...string) {
	r.c.Helper()
	var got, exp []string
	for _, v := range r.values {
		got = append(got, v.String())
	}
	for _, w := range want {
		exp = append(exp, r.c.ion(w).String())
	}
	slices.Sort(got)
	slices.Sort(exp)
	if !slices.Equal(got, exp) {
		r.c.fatal("%s\n\tgave %s\n\twant %s", r.statement, list(got), list(exp))
	}
}

func list(rows []string) string {
	if len(rows) == 0 {
		return "no rows"
	}
	return strings.Join(rows, ", ")
}

// count checks the number of rows.
func (r rows) count(n int) rows {
	r.c.Helper()
	if len(r.values) != n {
		r.c.fatal("%s gave %d rows, want %d", r.statement, len(r.values), n)
	}
	return r
}

// one is the only row.
func (r rows) one() ion.Value {
	r.c.Helper()
	return r.count(1).values[0]
}

// ids checks that there are n rows {documentId}, and gives the ids.
func (r rows) ids(n int) []string {
	r.c.Helper()
	r.count(n)
	var ids []string
	for _, v := range r.values {
		ids = append(ids, r.c.id(v, "documentId"))
	}
	return ids
}

// id is the id in a struct with that one field: 22 letters and digits.
func (c *C) id(v ion.Value, name string) string {
	c.Helper()
	f, _ := v.Field(name)
	id, _ := f.Text()
	if v.Len() != 1 || f.Type() != ion.StringType || !isID(id) {
		c.fatal("%s is not a struct of one field %s with a string of 22 letters and digits", v, name)
	}
	return id
}

func isID(s string) bool {
	return len(s) == 22 && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) < 0
}
