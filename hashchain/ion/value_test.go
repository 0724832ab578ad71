package ion

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
)

func TestAccessors(t *testing.T) {
	v := mustText(t, sampleText)
	if v.Type() != StructType || v.IsNull() || v.IsZero() || !v.HasAnnotations() || !v.HasAnnotation("outer") || v.HasAnnotation("x") || !v.HasSymbols() {
		t.Error("the sample is something else")
	}
	if got := v.Annotations(); !slices.Equal(got, []string{"outer"}) {
		t.Errorf("annotations %q", got)
	}
	if w := v.WithoutAnnotations(); w.HasAnnotations() || w.Len() != v.Len() {
		t.Error("WithoutAnnotations")
	}
	field := func(name string) Value {
		f, ok := v.Field(name)
		if !ok {
			t.Errorf("no field %s", name)
		}
		return f
	}
	if n, ok := field("int").BigInt(); !ok || n.String() != "12345678901234567890" {
		t.Errorf("int %v", n)
	}
	if _, ok := field("int").Int64(); ok {
		t.Error("an int beyond 64 bits fits")
	}
	if n, ok := field("neg").Int64(); !ok || n != -1 {
		t.Errorf("neg %d", n)
	}
	if d, ok := field("dec").Decimal(); !ok || d.String() != "-1.50" || d.Float64() != -1.5 {
		t.Errorf("dec %s", d)
	}
	if f, ok := field("flt").Float64(); !ok || f != 2.5 {
		t.Errorf("flt %v", f)
	}
	if ts, ok := field("ts").Timestamp(); !ok || ts.Time().Format("2006-01-02T15:04:05.000Z07:00") != "2020-06-01T23:59:59.999+05:30" {
		t.Errorf("ts %s", ts)
	}
	if s, ok := field("sym").Text(); !ok || s != "hello" || !field("sym").TextIs("hello") || field("sym").TextIs("x") {
		t.Errorf("sym %q", s)
	}
	if s, ok := field("quoted name").AppendText([]byte(">")); !ok || string(s) != ">text, é" {
		t.Errorf("quoted name %q", s)
	}
	if b, ok := field("lob").Bytes(); !ok || !bytes.Equal(b, []byte{0, 1, 2}) {
		t.Errorf("lob % x", b)
	}
	if e, ok := field("list").Index(1); !ok || e.String() != "a::true" {
		t.Errorf("list[1] %s", e)
	}
	if _, ok := field("list").Index(4); ok {
		t.Error("list[4]")
	}
	if _, ok := field("list").Index(-1); ok {
		t.Error("list[-1]")
	}
	if p, ok := v.Path("nested", "a", "b", "c"); !ok || !p.TextIs("deep") {
		t.Errorf("path %s", p)
	}
	if _, ok := v.Path("nested", "z"); ok {
		t.Error("a path to nowhere")
	}
	if b, ok := field("f").Bool(); !ok || b {
		t.Error("f")
	}
}

// An accessor that does not fit the type reports false.
func TestAccessorsOfOtherTypes(t *testing.T) {
	for _, s := range []string{"null", "null.int", "true", "1", "1e0", "1.", "2020T", "a", `"a"`, `{{"a"}}`, "{{}}", "[]", "()", "{}"} {
		v := mustText(t, s)
		var fits []Type
		note := func(ok bool, types ...Type) {
			if ok {
				fits = append(fits, types...)
			}
		}
		_, ok := v.Bool()
		note(ok, BoolType)
		_, ok = v.Int64()
		note(ok, IntType)
		_, ok = v.BigInt()
		note(ok, IntType)
		_, ok = v.Float64()
		note(ok, FloatType)
		_, ok = v.Decimal()
		note(ok, DecimalType)
		_, ok = v.Timestamp()
		note(ok, TimestampType)
		_, ok = v.Text()
		note(ok && v.Type() == StringType, StringType)
		note(ok && v.Type() != StringType, SymbolType)
		_, ok = v.Bytes()
		note(ok && v.Type() == BlobType, BlobType)
		note(ok && v.Type() != BlobType, ClobType)
		for _, f := range fits {
			if f != v.Type() || v.IsNull() {
				t.Errorf("%s is a %s", s, f)
			}
		}
		if len(fits) == 0 && !v.IsNull() && !v.Type().IsContainer() {
			t.Errorf("%s fits nothing", s)
		}
	}
	zero := Value{}
	useAll(zero)
	if zero.Type() != NoType || !zero.IsZero() || zero.Len() != 0 || zero.HasAnnotations() {
		t.Error("the zero Value is something")
	}
	if _, err := zero.Hash(); err == nil {
		t.Error("the zero Value has a hash")
	}
}

// Field looks at names and lengths only: damage in the neighbours does not
// matter, and nothing is allocated.
func TestFieldIsLazy(t *testing.T) {
	text := "{skip:[" + strings.Repeat(`{x:"some text"},`, 100) + "],other:2020-01-01T00:00:00.000Z,wanted:7}"
	data := mustText(t, text).Encode()
	whole, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := whole.Field("skip")
	content := list.Raw()[3:] // descriptor and two bytes of length
	for i := range content {
		content[i] = 0xff // neither UTF-8 nor a value
	}
	var d Decoder
	v, err := d.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := v.Field("skip"); !ok || f.Type() != ListType || f.Len() != 0 {
		t.Errorf("the damage is not there: %s", f)
	}
	ref := NewFieldRef("wanted")
	if n := testing.AllocsPerRun(100, func() {
		f, ok1 := v.Field("wanted")
		g, ok2 := ref.Of(v)
		if !ok1 || !ok2 || !Identical(f, g) {
			t.Fatal("no field")
		}
	}); n != 0 {
		t.Errorf("Field allocates %v times", n)
	}
	if _, err := Parse(data); err == nil {
		t.Error("Parse finds no damage")
	}
}

func TestFieldOfWideStruct(t *testing.T) {
	var w Writer
	w.BeginStruct()
	for i := range 100 {
		w.Field(fmt.Sprintf("f%d", i)).Int(int64(i))
	}
	w.Field("f7").Int(-7) // repeated: the first one counts
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		name := fmt.Sprintf("f%d", i)
		f, ok := v.Field(name)
		if n, _ := f.Int64(); !ok || n != int64(i) {
			t.Errorf("%s is %s", name, f)
		}
	}
	if _, ok := v.Field("f100"); ok {
		t.Error("f100")
	}
	ref := NewFieldRef("f99")
	for _, u := range []Value{v, v.Clone(), mustText(t, "{a:1,f99:2}"), mustText(t, "{a:1}"), mustText(t, "[1]"), v} {
		a, ok1 := ref.Of(u)
		b, ok2 := u.Field("f99")
		if ok1 != ok2 || ok1 && !Identical(a, b) {
			t.Errorf("FieldRef finds %s %v, Field %s %v", a, ok1, b, ok2)
		}
	}
}

func TestIterators(t *testing.T) {
	v := mustText(t, "{a:1,b:2,a:3,$0:4}")
	var got []string
	for name, f := range v.Fields() {
		got = append(got, name+"="+f.String())
	}
	for e := range v.Elements() {
		got = append(got, e.String())
	}
	for e := range mustText(t, "(x [y])").Elements() {
		got = append(got, e.String())
	}
	for name := range v.Fields() {
		got = append(got, "first "+name)
		break
	}
	for e := range mustText(t, "[8,9]").Elements() {
		got = append(got, "first "+e.String())
		break
	}
	if s := strings.Join(got, " "); s != "a=1 b=2 a=3 =4 x [y] first a first 8" {
		t.Error(s)
	}
	it := v.Iter()
	for it.Next() {
		if it.NameKnown() != (it.Name() != "") {
			t.Errorf("%q known: %v", it.Name(), it.NameKnown())
		}
	}
	if it.Bad() {
		t.Error("damage")
	}
}

func TestConstructors(t *testing.T) {
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	for _, c := range []struct {
		v    Value
		want string
	}{
		{NewNull(NullType), "null"}, {NewNull(StructType), "null.struct"}, {NewBool(true), "true"}, {NewBool(false), "false"}, {NewInt(math.MinInt64), "-9223372036854775808"}, {NewInt(0), "0"},
		{NewBigInt(huge), huge.String()}, {NewBigInt(big.NewInt(5)), "5"}, {NewFloat(-2.5), "-2.5e0"}, {FromDecimal(NewDecimal(150, -2)), "1.50"}, {FromDecimal(NegativeZero(0)), "-0."}, {FromDecimal(NewBigDecimal(huge, 3)), huge.String() + "d3"},
		{FromTimestamp(mustTimestamp(t, "2020-02T")), "2020-02T"}, {NewString("é\n"), `"é\n"`}, {NewSymbol("a b"), "'a b'"}, {NewSymbol("name"), "name"}, {NewBlob([]byte{1}), "{{AQ==}}"}, {NewClob([]byte("c")), `{{"c"}}`},
		{FromTimestamp(Timestamp{}), ""}, {NewString("\xff"), ""}, {NewSymbol("\xff"), ""}, {NewNull(99), ""}, {FromDecimal(NewDecimal(1, math.MinInt32)), ""},
	} {
		if got := c.v.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
		if c.want == "" {
			continue
		}
		again, err := Parse(c.v.Encode())
		if err != nil || !Identical(again, c.v) {
			t.Errorf("%s encoded: %s, %v", c.want, again, err)
		}
	}
	source := []byte{1, 2, 3}
	v := NewBlob(source)
	source[0] = 9
	if b, _ := v.Bytes(); b[0] != 1 {
		t.Error("NewBlob keeps the caller's bytes")
	}
}

func TestCloneIsItsOwn(t *testing.T) {
	data := mustText(t, sampleText).Encode()
	v, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := v.Field("list")
	clone := list.Clone()
	want := list.String()
	for i := range data {
		data[i] = 0
	}
	if clone.String() != want || len(clone.Raw()) > len(list.Raw()) || clone.Symbols().MaxID() != 10 {
		t.Errorf("%s, %d bytes, symbols up to %d", clone, len(clone.Raw()), clone.Symbols().MaxID())
	}
	if !(Value{}).Clone().IsZero() {
		t.Error("clone of nothing")
	}
}

func TestTypes(t *testing.T) {
	for typ := NoType; typ <= StructType; typ++ {
		if typ > NoType && typeNamed(typ.String()) != typ {
			t.Errorf("%s", typ)
		}
		n := 0
		for _, is := range []bool{typ.IsContainer(), typ.IsText(), typ.IsLob(), typ.IsNumber()} {
			n += b2i(is)
		}
		if n > 1 {
			t.Errorf("%s is of %d groups", typ, n)
		}
	}
	if Type(200).String() != "invalid" {
		t.Error(Type(200).String())
	}
}

func TestDecoderKeepsTheTable(t *testing.T) {
	var d Decoder
	a, err := d.Open(mustText(t, "{a:1,b:2}").Encode())
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Open(mustText(t, "{a:3,b:4}").Encode())
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Open(mustText(t, "{b:5}").Encode())
	if err != nil {
		t.Fatal(err)
	}
	if a.Symbols() != b.Symbols() || b.Symbols() == c.Symbols() || a.String()+b.String()+c.String() != "{a:1,b:2}{a:3,b:4}{b:5}" {
		t.Errorf("%s %s %s", a, b, c)
	}
	for _, s := range []string{"", "e00100ea", "e00100ea 11 11", "e00100ea 01ff", "e00100ea e7 81 83 d4 87 b2 81 ff 20"} {
		if v, err := d.Open(mustHex(t, s)); err == nil {
			t.Errorf("%q opens as %s", s, v)
		}
	}
}

func TestReaderOffsets(t *testing.T) {
	data := append(mustText(t, "[1,2,3]").Encode(), mustText(t, "{a:x}").Encode()...)
	data = append(data, 0x00, 0x11)
	r := NewReader(bytes.NewReader(data))
	r.SetCatalog(nil)
	var got []string
	for r.Next() {
		got = append(got, fmt.Sprintf("%d:%s", r.Offset(), r.Value()))
	}
	want := fmt.Sprintf("4:[1,2,3] %d:{a:x} %d:true", len(data)-2-4, len(data)-1)
	if s := strings.Join(got, " "); r.Err() != nil || s != want {
		t.Errorf("%s, %v; want %s", s, r.Err(), want)
	}
	r = NewReader(bytes.NewReader(append(data, 0xf0)))
	for r.Next() {
	}
	var se *SyntaxError
	if !errors.As(r.Err(), &se) || se.Offset != int64(len(data)) {
		t.Errorf("%v", r.Err())
	}
}
