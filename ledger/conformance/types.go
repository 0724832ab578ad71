package conformance

import "github.com/tallyledger/tally/hashchain/ion"

// typeValues are values of every Ion type, as Ion text.
var typeValues = []struct {
	name   string
	values []string
}{
	{"bool", []string{"true", "false"}},
	{"int", []string{"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "123456789012345678901234567890", "-123456789012345678901234567890"}},
	{"float", []string{"0e0", "-0e0", "1.5e0", "-1e300", "5e-324", "+inf", "-inf", "nan"}},
	{"decimal", []string{"0.", "-0.", "1.10", "1.1", "-0.00", "1d10", "5.00d-2", "1.06800d-5", "12345678901234567890123456789012345678.", "1d-300"}},
	{"timestamp", []string{"2020T", "2020-02T", "2020-02-29", "2020-02-29T12:30Z", "2020-02-29T12:30:05Z", "2020-02-29T12:30:05.000Z",
		"2020-02-29T12:30:05.123456789Z", "2020-02-29T12:30:05.1+05:30", "2020-02-29T12:30:05-00:00", "2020-02-29T00:30-08:00", "0001-01-01", "9999-12-31T23:59:59.999Z"}},
	{"symbol", []string{"a", "'two words'", "''", "'null'", "'ünï'"}},
	{"string", []string{`""`, `"a"`, `"it's \"quoted\"\n\t\\"`, `"日本語 🚗"`, `"\0"`}},
	{"clob", []string{`{{""}}`, `{{"text \x7f\0"}}`}},
	{"blob", []string{"{{}}", "{{AAH/}}"}},
	{"list", []string{"[]", "[1,[2,[3]],'a',\"b\"]", "[null,null.int,{}]"}},
	{"sexp", []string{"()", "(1 (2) a \"b\")"}},
	{"struct", []string{"{}", "{a:1,b:{c:[{d:1.0}]}}", "{b:1,a:2,b:3}", "{'':1,'two words':2,'true':3}"}},
	{"null", []string{"null", "null.null", "null.bool", "null.int", "null.float", "null.decimal", "null.timestamp", "null.symbol", "null.string", "null.clob", "null.blob", "null.list", "null.sexp", "null.struct"}},
}

// annotatedValues have annotations, outside or inside.
var annotatedValues = []string{"a::1", "a::false", "a::b::\"x\"", "a::null", "a::null.struct", "a::[b::1]", "a::{f:b::2,g:c::false}", "'two words'::2020T", "a::{{AA==}}", "a::1.50", "a::sym", "a::(1)", "a::1e0", "a::{{\"c\"}}"}

func typeCases() []Case {
	const section = "Ion types"
	var out []Case
	for _, tv := range typeValues {
		out = append(out,
			Case{Name: "types/" + tv.name, Section: section, run: func(c *C) { c.roundTrip(tv.values) }},
			Case{Name: "types/" + tv.name + "-as-document-field", Section: section, run: func(c *C) { c.inDocuments(tv.values) }})
	}
	return append(out, []Case{
		{Name: "types/annotated", Section: section, run: func(c *C) { c.roundTrip(annotatedValues) }},
		{Name: "types/annotated-true", Section: section, Needs: []Capability{AnnotatedTrue}, run: func(c *C) {
			c.roundTrip([]string{"a::true", "[a::true]", "{f:a::b::true}"})
		}},
		{Name: "types/annotated-true-as-literal", Section: section, run: func(c *C) {
			c.q("INSERT INTO Plain `{v:a::true}`").ids(1)
			c.q("SELECT VALUE v FROM Plain").is("a::true")
		}},
		{Name: "types/ion-literals", Section: section, run: func(c *C) {
			for _, tv := range typeValues {
				c.ok(clear(c.ctx, c.l))
				for _, v := range tv.values {
					c.q("INSERT INTO Plain `{v:" + v + "}`").ids(1)
				}
				c.q("SELECT VALUE v FROM Plain").is(tv.values...)
			}
		}},
		{Name: "types/go-values", Section: section, run: func(c *C) {
			type inner struct {
				N int `ion:"n"`
			}
			type doc struct {
				Name  string   `ion:"name"`
				Price float64  `ion:"price"`
				Tags  []string `ion:"tags"`
				Inner inner    `ion:"inner"`
				Done  bool     `ion:"done"`
				Raw   []byte   `ion:"raw"`
			}
			in := doc{"x", 2.5, []string{"a", "b"}, inner{7}, true, []byte{1, 2}}
			c.q("INSERT INTO Plain ?", in).ids(1)
			c.q("SELECT VALUE p FROM Plain AS p").is(`{name:"x",price:2.5e0,tags:["a","b"],inner:{n:7},done:true,raw:{{AQI=}}}`)
			c.in(func(t *txn) {
				r, err := t.tx.Execute("SELECT * FROM Plain")
				c.ok(err)
				var out doc
				if !r.Next() {
					c.fatal("no row: %v", r.Err())
				}
				c.ok(r.Decode(&out))
				if out.Name != in.Name || out.Price != in.Price || len(out.Tags) != 2 || out.Inner != in.Inner || !out.Done || string(out.Raw) != string(in.Raw) {
					c.fatal("decoded %+v, want %+v", out, in)
				}
			})
		}},
		{Name: "types/parameter-in-set", Section: section, run: func(c *C) {
			c.insert("Plain", "{v:0}")
			for _, tv := range typeValues {
				for _, v := range tv.values {
					c.q("UPDATE Plain SET v = ?", c.ion(v)).ids(1)
					c.q("SELECT VALUE v FROM Plain").is(v)
				}
			}
		}},
	}...)
}

// roundTrip stores each value as the field v of a document, gets it back
// unchanged, and finds it by equality with its copy.
func (c *C) roundTrip(texts []string) {
	c.Helper()
	for _, text := range texts {
		v := c.ion(text)
		c.in(func(t *txn) {
			id := t.q("INSERT INTO Plain {'v': ?}", v).ids(1)[0]
			t.q("SELECT VALUE v FROM Plain BY id WHERE id = ?", id).is(text)
			found := t.q("SELECT VALUE v FROM Plain BY id WHERE id = ? AND v = ?", id, v)
			unknown := t.q("SELECT VALUE v FROM Plain BY id WHERE id = ? AND v IS NULL", id)
			if v.IsNull() {
				found.count(0)
				unknown.is(text)
			} else {
				found.is(text)
				unknown.count(0)
			}
			t.q("DELETE FROM Plain BY id WHERE id = ?", id).ids(1)
		})
	}
}

// inDocuments stores whole documents, each with the value at several depths, and
// gets them back from the committed view byte for byte.
func (c *C) inDocuments(texts []string) {
	c.Helper()
	for _, text := range texts {
		doc := "{a:" + text + ",list:[" + text + ",{b:" + text + "}]}"
		id := c.insert("Plain", doc)[0]
		got := c.q("SELECT VALUE data FROM _ql_committed_Plain WHERE metadata.id = ?", id).one()
		if !ion.Identical(got, c.ion(doc)) && got.String() != c.ion(doc).String() {
			c.fatal("stored %s, got back %s", doc, got)
		}
	}
}
