package ion

import (
	"strings"
	"testing"
	"testing/iotest"

	iongo "github.com/amzn/ion-go/ion"
	"pgregory.net/rapid"
)

// Text and how it reads: in compact form.
func TestParseText(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"null", "null"}, {"null.null", "null"}, {"null.int", "null.int"}, {"null.struct", "null.struct"}, {"null.sexp", "null.sexp"},
		{"true", "true"}, {"false", "false"}, {"'true'", "'true'"},
		{"0", "0"}, {"-0", "0"}, {"1_000", "1000"}, {"0xFf", "255"}, {"-0x1_0", "-16"}, {"0b1_01", "5"}, {"-0B11", "-3"},
		{"123456789012345678901234567890", "123456789012345678901234567890"}, {"-0x8000000000000000", "-9223372036854775808"},
		{"0xffffffffffffffffffff", "1208925819614629174706175"},
		{"1.", "1."}, {"1.50", "1.50"}, {"-0.", "-0."}, {"-0d3", "-0d3"}, {"1d2", "1d2"}, {"1D-2", "0.01"}, {"1_0.2_5d+1", "102.5"},
		{"0d-8", "0d-8"}, {"1d-7", "1d-7"}, {"0.000001", "0.000001"}, {"123456789012345678901234567890.12", "123456789012345678901234567890.12"},
		{"1e0", "1e0"}, {"-0e0", "-0e0"}, {"0.5e1", "5e0"}, {"1E400", "+inf"}, {"1e-400", "0e0"}, {"1e7", "1.0E7"}, {"1.5e-4", "1.5E-4"},
		{"9999999e0", "9999999e0"}, {"1e-3", "0.001e0"}, {"nan", "nan"}, {"+inf", "+inf"}, {"-inf", "-inf"},
		{"2007T", "2007T"}, {"2007-02T", "2007-02T"}, {"2007-02-03", "2007-02-03"}, {"2007-02-03T", "2007-02-03"},
		{"2007-02-03T04:05Z", "2007-02-03T04:05Z"}, {"2007-02-03T04:05+00:00", "2007-02-03T04:05Z"}, {"2007-02-03T04:05-00:00", "2007-02-03T04:05-00:00"},
		{"2007-02-03T04:05:06.000-11:59", "2007-02-03T04:05:06.000-11:59"}, {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59.999999999999+00:01", "9999-12-31T23:59:59.999999999999+00:01"},
		{"2007-02-03T04:05:06." + strings.Repeat("7", 64) + "Z", "2007-02-03T04:05:06." + strings.Repeat("7", 64) + "Z"},
		{"a", "a"}, {"$", "$"}, {"_1", "_1"}, {"$a", "$a"}, {"'a'", "a"}, {"''", "''"}, {"'null'", "'null'"}, {"'nan'", "'nan'"}, {"'$10'", "'$10'"},
		{"'$ion_1_0'", "'$ion_1_0'"}, {`'it\'s "x"'`, `'it\'s "x"'`}, {"'1'", "'1'"}, {"'a b'", "'a b'"}, {"nul", "nul"}, {"nullx", "nullx"}, {"$4", "name"}, {"$0", "$0"},
		{`""`, `""`}, {`"a\"b"`, `"a\"b"`}, {`"\0\a\b\t\n\f\r\v\'\?\\\/"`, `"\0\a\b\t\n\f\r\v'?\\/"`}, {`"\x41\u00e9\U0001F600"`, `"Aé😀"`},
		{`"\ud83d\ude00"`, `"😀"`}, {"\"a\\\nb\"", `"ab"`}, {"\"a\\\r\nb\"", `"ab"`}, {"\"\t\"", `"\t"`}, {`"\x7f\x9f\xa0"`, "\"\\x7f\\x9f\u00a0\""},
		{"''''''", `""`}, {"'''a''' '''b''' // c\n'''c'''", `"abc"`}, {"'''a\r\nb\rc\nd'''", `"a\nb\nc\nd"`}, {"'''a'b''c'''", `"a'b''c"`}, {`'''\''''`, `"'"`},
		{"{{}}", "{{}}"}, {"{{ AA EC \n}}", "{{AAEC}}"}, {"{{AA==}}", "{{AA==}}"}, {`{{"a\xffb\n"}}`, `{{"a\xffb\n"}}`}, {"{{ '''a''' '''\r\nb''' }}", `{{"a\nb"}}`},
		{"[]", "[]"}, {"[1,2,]", "[1,2]"}, {"[ /*c*/ 1 // d\n , [ ] ]", "[1,[]]"}, {"()", "()"}, {"(1 a \"s\")", `(1 a "s")`}, {"(a.b)", "(a '.' b)"},
		{"(+ -1 - 1 a-1 ++)", "('+' -1 '-' 1 a -1 '++')"}, {"(+inf -infx a/**/b)", "(+inf '-' infx a b)"}, {"(a+//x\nb)", "(a '+' b)"}, {"(null.int.x)", "(null.int '.' x)"},
		{"('''a''''''b''' ')')", `("ab" ')')`}, {"(a::+ b)", "(a::'+' b)"},
		{"{}", "{}"}, {"{a:1,'b c':2,\"d\":3,'''e''' '''f''':4,}", "{a:1,'b c':2,d:3,ef:4}"}, {"{a : 1, a : 2}", "{a:1,a:2}"}, {"{'':1}", "{'':1}"},
		{"a::1", "a::1"}, {"'a b' :: b /*c*/ :: [c::d]", "'a b'::b::[c::d]"}, {"{a:b::null.list}", "{a:b::null.list}"}, {"'null'::1", "'null'::1"}, {"$0::1", "$0::1"},
		{"$ion_1_0 1", "1"}, {"$ion_1_0::1", "'$ion_1_0'::1"}, {"$ion_symbol_table::{symbols:[\"x\"]} {$10:$10}", "{x:x}"},
		{"$ion_symbol_table::{symbols:['''x''',null,7]} [$10,$11,$12]", "[x,$11,$11]"},
		{"$ion_symbol_table::{symbols:[\"x\"]} $ion_symbol_table::{imports:$ion_symbol_table,symbols:[\"y\"]} [$10,$11]", "[x,y]"},
		{"\ufeff1", "1"}, {"\v\f1", "1"}, {"1//", "1"}, {"1/* */", "1"},
	} {
		v, err := ParseText(c.in)
		if err != nil || v.String() != c.out {
			t.Errorf("%q: %v, %v; want %s", c.in, v, err, c.out)
			continue
		}
		r := NewTextReader(iotest.OneByteReader(strings.NewReader(c.in)))
		if !r.Next() || !Identical(r.Value(), v) || r.Next() || r.Err() != nil {
			t.Errorf("%q: TextReader: %v, %v", c.in, r.Value(), r.Err())
		}
	}
}

func TestParseTextRefuses(t *testing.T) {
	for _, c := range []struct {
		in     string
		offset int64
		msg    string
	}{
		{"01", 0, "superfluous 0"}, {"1__0", 1, "underscore"}, {"1_", 1, "underscore"}, {"0x", 0, "no digits"}, {"1a", 1, "followed by 'a'"}, {"1.5.2", 3, "followed by '.'"},
		{"1d", 0, "exponent"}, {"1e+", 0, "exponent"}, {"1d2147483648", 0, "exponent"}, {"0.1d-2147483647", 0, "exponent"}, {"+1", 0, "expected a value"}, {"-", 0, "expected a value"}, {"-a", 0, "expected a value"},
		{strings.Repeat("7", maxDigits(10)+1), 0, "digits"}, {"0b2", 0, "no digits"}, {"1/2", 1, "followed by '/'"},
		{"2007-13T", 0, "month 13"}, {"2007-02-30", 0, "day 30"}, {"2007-02-03T25:00Z", 0, "hour 25"}, {"2007-02-03T04:05", 0, "form"}, {"2007-02-03T04:05:06.Z", 0, "form"}, {"2007-02", 0, "form"},
		{"2007-02-03T04:05+24:00", 0, "form"}, {"2007-2-3", 0, "form"}, {"0000T", 0, "year 0"}, {"0001-01-01T00:00+00:01", 0, "year 0"}, {"2007-02-03x", 10, "followed by 'x'"},
		{"2007-02-03T04:05:60Z", 0, "second 60"}, {"2007-02-03T04:05:06." + strings.Repeat("7", 65) + "Z", 0, "longer than 64"},
		{"null.nix", 0, "does not name a type"}, {"null.", 4, "expected a value"}, {"null::1", 4, "expected a value"}, {"nan::1", 3, "expected a value"},
		{`"a`, 1, "not closed"}, {"\"a\nb\"", 2, "line end"}, {"\"\x01\"", 1, "control character"}, {`"\q"`, 1, "escape of 'q'"}, {`"\x4"`, 1, "2 hexadecimal"}, {`"\ud83d"`, 1, "Unicode"},
		{`"\ude00"`, 1, "Unicode"}, {`"\U00110000"`, 1, "Unicode"}, {"\"\xff\"", 1, "UTF-8"}, {"\"\xed\xa0\x80\"", 1, "UTF-8"}, {"'a", 1, "not closed"}, {"'''a", 3, "not closed"}, {`"\`, 1, "not closed"},
		{"{{AAE}}", 0, "base64"}, {"{{A*}}", 3, "end with }}"}, {"{{AAEC} }", 6, "end with }}"}, {"{{", 2, "end with }}"}, {"{{\"é\"}}", 3, "clob holds byte"}, {`{{"\u0041"}}`, 3, "escape of 'u'"}, {"{{/**/}}", 3, "end with }}"}, {"{{/**/AAEC}}", 3, "end with }}"},
		{"[1 2]", 3, "expected a comma"}, {"[1", 0, "list is not closed"}, {"[,]", 1, "expected a value"}, {"[1,,2]", 3, "expected a value"}, {"(1", 0, "sexp is not closed"}, {"(1,2)", 2, "expected a value"}, {"]", 0, "expected a value"},
		{"{a:1", 0, "struct is not closed"}, {"{a 1}", 3, "expected a colon"}, {"{a::1}", 2, "expected a colon"}, {"{1:2}", 1, "expected a field name"}, {"{null:1}", 1, "must be quoted"}, {"{a:}", 3, "expected a value"}, {"{a:1 b:2}", 5, "expected a comma"}, {"{", 0, "struct is not closed"},
		{"a::", 3, "end of the input"}, {"a::]", 3, "expected a value"}, {"a:b", 1, "expected a value"}, {"$10", 0, "symbol table, which ends at 9"}, {"$99999999999999999999", 0, "symbol table"}, {"/* x", 0, "comment is not closed"}, {"/", 0, "expected a value"},
		{"$ion_1_1", 0, "not that of Ion 1.0"}, {"\xe0\x01\x00\xea", 0, "byte 0xe0"}, {"1 $ion_symbol_table::{symbols:[],symbols:[]}", 2, "two symbols"}, {"a\xff", 1, "byte 0xff"},
	} {
		_, err := ParseText(c.in)
		if err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%.40q: error %v, want one with %q", c.in, err, c.msg)
			continue
		}
		if got := offsetOf(t, err, len(c.in)); got != c.offset {
			t.Errorf("%.40q: %v, want offset %d", c.in, err, c.offset)
		}
		r := NewTextReader(iotest.OneByteReader(strings.NewReader(c.in)))
		for r.Next() {
		}
		if r.Err() == nil || r.Err().Error() != err.Error() {
			t.Errorf("%.40q: TextReader says %v, ParseText %v", c.in, r.Err(), err)
		}
	}
}

// What ion-go v1.1.3 makes of some text: the reason for a reader of our own.
func TestWhyNotIonGoText(t *testing.T) {
	for _, c := range []struct{ text, peer string }{
		{"2007-02-03T04:05:06.1234567894Z", "2007-02-03T04:05:06.123456789Z"},
		{"2007-02-03T04:05:06.9999999999Z", "2007-02-03T04:05:07.000000000Z"},
	} {
		if got := mustText(t, c.text).String(); got != c.text {
			t.Errorf("own reader: %s", got)
		}
		if got, err := fromPeer(iongo.NewReaderString(c.text)); err != nil || len(got) != 1 || got[0].String() != c.peer {
			t.Errorf("ion-go reads %s as %v, %v", c.text, got, err)
		}
	}
	// It nests without a limit, so that input decides how deep a caller recurses.
	deep := strings.Repeat("[", 10*MaxDepth) + strings.Repeat("]", 10*MaxDepth)
	r := iongo.NewReaderString(deep)
	depth := 0
	for r.Next() && r.StepIn() == nil {
		depth++
	}
	if depth != 10*MaxDepth {
		t.Errorf("ion-go steps in %d times: %v", depth, r.Err())
	}
	if _, err := ParseText(deep); err == nil {
		t.Error("own reader has no limit either")
	}
	// Its binary reader refuses an annotated true, which QLDB's drivers send.
	data := mustText(t, "annotation::true").Encode()
	if got, err := fromPeer(iongo.NewReaderBytes(data)); err == nil {
		t.Errorf("ion-go reads an annotated true: %v", got)
	}
}

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		for _, text := range []string{v.String(), string(AppendPretty(nil, v))} {
			got, err := ParseText(text)
			if err != nil || !Identical(got, v) {
				t.Fatalf("%s is read as %s, %v", text, got, err)
			}
		}
	})
}

func TestTextReaderStreams(t *testing.T) {
	const text = "first::{a:1}\n  \"second\" /* c */ $ion_1_0 third (4) '''5''' '''5''' 6"
	var offsets []int64
	var out []string
	r := NewTextReader(iotest.HalfReader(strings.NewReader(text)))
	for r.Next() {
		offsets = append(offsets, r.Offset())
		out = append(out, r.Value().String())
	}
	if got := strings.Join(out, "|"); r.Err() != nil || got != `first::{a:1}|"second"|third|(4)|"55"|6` {
		t.Errorf("%s, %v", got, r.Err())
	}
	for i, want := range []string{"first", `"second"`, "third", "(4)", "'''5", "6"} {
		if !strings.HasPrefix(text[offsets[i]:], want) {
			t.Errorf("value %d begins at %d, %q", i, offsets[i], text[offsets[i]:])
		}
	}
	if r.Next() {
		t.Error("a value behind the end")
	}
}

// A reader that fails in the middle passes its error on, and no value is made up.
// TestTextReaderTellsJSON reads values as JSON spells them, and as only Ion does.
func TestTextReaderTellsJSON(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":[1,-2.5,1e9,1E400,-1e400,1E-400,"x",null,true]}`: true,
		`[+inf]`: false, `[-inf]`: false, `{a:1}`: false, `[1/**/]`: false,
	} {
		r := NewTextReader(strings.NewReader(text))
		if !r.Next() || r.JSON() != want {
			t.Errorf("%s: %v, error %v", text, r.JSON(), r.Err())
		}
	}
}

func TestTextReaderPassesErrorsOn(t *testing.T) {
	broken := iotest.ErrReader(errBroken)
	r := NewTextReader(iotest.DataErrReader(broken))
	if r.Next() || r.Err() != errBroken {
		t.Errorf("%v", r.Err())
	}
	r = NewTextReader(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("[1,2,3]"))))
	if r.Next() || r.Err() != iotest.ErrTimeout {
		t.Errorf("%v", r.Err())
	}
}

var errBroken = syntaxErr(7, "broken")

// However a value grows, it is refused at the limit.
func TestTextValueIsBounded(t *testing.T) {
	for name, part := range map[string]string{"elements": "1,", "lists": "[1],", "annotations": "x::", "symbols": "a_symbol,", "fields": "{a:1},"} {
		p := newTextParser([]byte("["+strings.Repeat(part, 900)), nil)
		p.limit = 1000
		if _, ok := p.next(); ok || p.in.err == nil || !strings.Contains(p.in.err.Error(), "larger than 1000") {
			t.Errorf("%s: %v", name, p.in.err)
		}
	}
}

func TestTextReaderKeepsAWindow(t *testing.T) {
	const values = 200_000
	r := NewTextReader(strings.NewReader(strings.Repeat("{a:1,b:\"some text\"}\n", values)))
	n := 0
	for r.Next() {
		n++
	}
	if n != values || r.Err() != nil {
		t.Fatalf("%d values, %v", n, r.Err())
	}
	if len(r.p.in.buf) > window || cap(r.p.w.buf) > 1<<10 {
		t.Errorf("holds %d bytes of input and %d of output", cap(r.p.in.buf), cap(r.p.w.buf))
	}
}

func TestPretty(t *testing.T) {
	const want = `order::{
  id: "A-1",
  'two words': [
    1,
    2.50
  ],
  empty: [],
  none: {},
  formula: (
    '+'
    x
    ()
  )
}`
	v := mustText(t, `order::{id:"A-1",'two words':[1,2.50],empty:[],none:{},formula:(+ x ())}`)
	if got := string(AppendPretty(nil, v)); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := (Value{}).String(); got != "" {
		t.Errorf("the zero Value is %q", got)
	}
}
