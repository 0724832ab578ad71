package partiql

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// oneDocument is a catalog, a source and a sink with the table T of one document.
// It notes how often the context had been looked at when the document was read and
// when it was replaced.
type oneDocument struct {
	Source
	Sink
	ctx            *asked
	doc            ion.Value
	more           int // documents of the same content
	read, replaced int
	after          ion.Value
}

func (o *oneDocument) Table(name string) (TableInfo, bool) {
	return TableInfo{ID: "T", Name: "T"}, name == "T"
}

func (o *oneDocument) Version() uint64     { return 1 }
func (o *oneDocument) DocID(RowKey) string { return "id" }

func (o *oneDocument) Scan(_ context.Context, _ *TableInfo, _ View, yield func(*Row) error) error {
	var err error
	for i := 0; i <= o.more && err == nil; i++ {
		err = yield(&Row{Key: RowKey{byte(i)}, Value: o.doc})
	}
	o.read = o.ctx.n
	return err
}

func (o *oneDocument) Touch(*TableInfo, RowKey) error { return nil }

func (o *oneDocument) Replace(_ *TableInfo, _ RowKey, doc ion.Value, _ int) error {
	o.replaced, o.after = o.ctx.n, doc.Clone()
	return nil
}

// run executes a statement under a context that ends when it is looked at for the
// time number until.
func (o *oneDocument) run(text string, until int, lim Limits) error {
	o.ctx = &asked{Context: context.Background(), until: until}
	o.read, o.replaced, o.after = 0, 0, ion.Value{}
	s, err := Parse(text)
	if err != nil {
		return err
	}
	p, err := Prepare(s, o, Options{})
	if err != nil {
		return err
	}
	rows, err := p.Run(o.ctx, o, o, nil, lim)
	if err != nil {
		return err
	}
	return rows.Each(func(Result) error { return nil })
}

// listOf is {l: […]} with n times an element.
func listOf(t *testing.T, element string, n int) ion.Value {
	t.Helper()
	v, err := ion.ParseText("{l:[" + strings.Repeat(element+",", n) + "]}")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestEditsAreLinear: the work of many edits of one document grows with their
// number, not with its square, and a context that ends meanwhile ends it.
func TestEditsAreLinear(t *testing.T) {
	const n = 60_000
	var sets strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&sets, "l[%d] = 1, ", n-1-i)
	}
	zeros, ones := strings.Repeat("0,", n), strings.Repeat("1,", n)
	for _, c := range []struct{ text, element, want string }{
		{"FROM T AS t, t.l AS i SET i = 1", "0", ones},
		{"FROM T AS t, t.l AS i, <<1, 2, 1>> AS j SET i = j", "0", ones},
		{"FROM T AS t, t.l AS i INSERT INTO t.l VALUE 1 AT 0", "0", ones + zeros},
		{"FROM T AS t, t.l AS i AT p INSERT INTO t.l VALUE 1 AT p", "0", strings.Repeat("1,0,", n)},
		{"FROM T AS t, t.l AS i INSERT INTO t.l VALUE 1", "0", zeros + ones},
		{"FROM T AS t, t.l AS i REMOVE i", "0", ""},
		{"FROM T AS t, t.l AS i SET i.a = 1", "{}", strings.Repeat("{a:1},", n)},
		{"UPDATE T SET " + sets.String() + "l[0] = 1", "0", "1," + zeros[:2*(n-4001)] + ones[:2*4000]},
	} {
		o := &oneDocument{doc: listOf(t, c.element, n)}
		if err := o.run(c.text, math.MaxInt, Limits{}); err != nil {
			t.Errorf("%.60s: %v", c.text, err)
			continue
		}
		want, err := ion.ParseText("{l:[" + c.want + "]}")
		if err != nil {
			t.Fatal(err)
		}
		if !ion.Equal(o.after, want) {
			t.Errorf("%.60s: gives %.100s…", c.text, o.after)
		}
		polls := o.replaced - o.read
		if polls < 5 || polls > 200 {
			t.Errorf("%.60s: the context is looked at %d times while the document changes", c.text, polls)
		}
		until := o.read + 3
		if err := o.run(c.text, until, Limits{}); !errors.Is(err, context.Canceled) || o.ctx.n > until+1 || !o.after.IsZero() {
			t.Errorf("%.60s: %v, looked at %d times where the context ends at %d", c.text, err, o.ctx.n, until)
		}
	}
}

// TestEditsOfManyFields: looking for fields is work that counts.
func TestEditsOfManyFields(t *testing.T) {
	var doc strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&doc, "a%d:0,", i)
	}
	v, err := ion.ParseText("{" + doc.String() + "l:[" + strings.Repeat("0,", 1000) + "]}")
	if err != nil {
		t.Fatal(err)
	}
	o := &oneDocument{doc: v}
	if err := o.run("FROM T AS t, t.l AS i SET t.z = 1", 40, Limits{}); !errors.Is(err, context.Canceled) || o.ctx.n > 41 {
		t.Errorf("%v after the context was looked at %d times", err, o.ctx.n)
	}
}
