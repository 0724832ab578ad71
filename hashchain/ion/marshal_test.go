package ion

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	iongo "github.com/amzn/ion-go/ion"
	"pgregory.net/rapid"
)

type inner struct {
	B int    `ion:"b"`
	C string `ion:"c,omitempty"`
}

type base struct {
	Base   string
	Hidden string `ion:"-"`
}

type outer struct {
	base
	*inner
	Name    string            `ion:"name"`
	Symbol  string            `ion:"sym,symbol"`
	Clob    []byte            `ion:"clob,clob"`
	Sexp    []int             `ion:"sexp,sexp"`
	Tags    []string          `ion:"tags,omitempty"`
	Numbers map[string]uint64 `ion:"numbers,omitempty"`
	Pointer *float64          `ion:"pointer"`
	Any     any               `ion:"any,omitempty"`
	Time    time.Time         `ion:"time"`
	Decimal *iongo.Decimal    `ion:"decimal,omitempty"`
	At      *iongo.Timestamp  `ion:"at,omitempty"`
	Array   [3]byte           `ion:"array"`
	private int
}

type annotated struct {
	Value any
	Notes []iongo.SymbolToken `ion:",annotations"`
}

func sampleOuter() *outer {
	f := 2.5
	at := iongo.MustParseTimestamp("2020-01-02T03:04:05.600-08:00")
	return &outer{base: base{Base: "base", Hidden: "hidden"}, inner: &inner{B: 7}, Name: "a name", Symbol: "sym", Clob: []byte("clob"),
		Sexp: []int{1, 2}, Tags: []string{"x", "y"}, Numbers: map[string]uint64{"big": math.MaxUint64}, Pointer: &f, Any: []any{1, "two", nil},
		Time: time.Date(2021, 2, 3, 4, 5, 6, 789_000_000, time.UTC), Decimal: iongo.MustParseDecimal("-1.50"), At: &at, Array: [3]byte{1, 2, 3}, private: 9}
}

// What ion-go's Marshal makes, this package's makes.
func TestMarshalAsIonGo(t *testing.T) {
	two := 2
	for _, x := range []any{nil, true, "text", "", 1, -1, int8(-8), int16(16), int32(-32), int64(math.MinInt64), uint(3), uint8(8), uint16(16), uint32(32), uint64(math.MaxUint64),
		1.5, float32(0.25), math.Inf(1), []byte{1, 2}, []byte(nil), [2]byte{1, 2}, []string{"a", "b"}, []string(nil), []int{}, []any{1, nil, "x", 2.5},
		map[string]int{"one": 1}, map[string]any{"m": map[string]any{"n": []byte("b")}}, map[string]int(nil), &two, (*int)(nil), any(nil),
		inner{B: 1}, &inner{B: 1, C: "c"}, sampleOuter(), &outer{inner: &inner{}}, &outer{}, []inner{{B: 1}, {B: 2}}, []*inner{nil, {B: 3}},
		time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(2020, 1, 2, 3, 4, 5, 0, time.FixedZone("X", 3600)), time.Date(2020, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)),
		iongo.MustParseTimestamp("2020T"), iongo.MustParseTimestamp("2020-02T"), iongo.MustParseTimestamp("2020-02-03"), iongo.MustParseTimestamp("2020-02-03T04:05-00:00"),
		iongo.MustParseTimestamp("2020-02-03T04:05:06+01:30"), iongo.MustParseTimestamp("2020-02-03T04:05:06.0070Z"), iongo.MustParseDecimal("-0.00"), iongo.MustParseDecimal("1d100"),
		&annotated{Value: 5, Notes: []iongo.SymbolToken{iongo.NewSymbolTokenFromString("a"), iongo.NewSymbolTokenFromString("b c")}}, &annotated{Value: "x"},
		&struct{ T time.Time }{time.Date(2020, 1, 2, 3, 4, 5, 6, time.UTC)}, []error{nil},
	} {
		data, err := iongo.MarshalBinary(x)
		if err != nil {
			t.Fatalf("ion-go cannot marshal %T: %v", x, err)
		}
		want, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Marshal(x); err != nil || !Identical(got, want) {
			t.Errorf("Marshal(%T %v) = %s, %v; ion-go has %s", x, x, got, err, want)
		}
	}
}

// What ion-go v1.1.3 makes of some Go values: the reason for a Marshal of our own.
func TestWhyNotIonGoMarshal(t *testing.T) {
	peer := func(x any) (text string, err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		data, err := iongo.MarshalText(x)
		return string(data), err
	}
	own := func(x any) string {
		v, err := Marshal(x)
		if err != nil {
			return err.Error()
		}
		return v.String()
	}
	sym := iongo.NewSymbolTokenFromString("s")
	for _, c := range []struct {
		what      string
		x         any
		peer, own string
	}{
		{"it loses a number", map[string]any{"n": big.NewInt(7)}, "{n:{}}", "{n:7}"},
		{"it takes a symbol apart", sym, `{Text:"s",LocalSID:-1,Source:null}`, "s"},
	} {
		got, err := peer(c.x)
		if err != nil || got != c.peer {
			t.Errorf("%s: ion-go gives %s, %v", c.what, got, err)
		}
		if got := own(c.x); got != c.own {
			t.Errorf("%s: own Marshal gives %s", c.what, got)
		}
	}
	// It panics where a key is no string, and at a decimal that is no pointer.
	for _, x := range []any{map[int]int{1: 2}, *iongo.MustParseDecimal("1.50")} {
		if got, err := peer(x); err == nil || !strings.HasPrefix(err.Error(), "panic") {
			t.Errorf("ion-go marshals a %T: %s, %v", x, got, err)
		}
	}
	// It has no bound on depth: a value that refers to itself ends the process.
	deep := any(1)
	for range 10 * MaxDepth {
		deep = []any{deep}
	}
	if _, err := peer(deep); err != nil {
		t.Errorf("ion-go refuses nesting: %v", err)
	}
	if _, err := Marshal(deep); err == nil {
		t.Error("own Marshal has no bound either")
	}
	// In binary, the fields of one map come in another order each time, so that
	// equal documents differ in their bytes.
	many := map[string]int{}
	for i := range 64 {
		many[fmt.Sprint("k", i)] = i
	}
	orders, orders2 := map[string]bool{}, map[string]bool{}
	for range 20 {
		data, err := iongo.MarshalBinary(many)
		if err != nil {
			t.Fatal(err)
		}
		orders[string(data)] = true
		orders2[own(many)] = true
	}
	if len(orders) < 2 || len(orders2) != 1 {
		t.Errorf("20 times the same map: ion-go writes it in %d ways, own Marshal in %d", len(orders), len(orders2))
	}
}

// Where ion-go's Marshal is of no use, or panics.
func TestMarshalBetterThanIonGo(t *testing.T) {
	big1 := new(big.Int).Lsh(big.NewInt(1), 100)
	sym := iongo.NewSymbolTokenFromString("s")
	v := mustText(t, "a::{b:true,c:2020-01-01T00:00:00.123456789123Z}")
	dec := NewDecimal(-150, -2)
	ts := mustTimestamp(t, "2020-01-01T00:00:00.000+01:00")
	for _, c := range []struct {
		x    any
		want string
	}{
		{big1, "1267650600228229401496703205376"}, {*big1, "1267650600228229401496703205376"}, {struct{ N *big.Int }{big1}, "{N:1267650600228229401496703205376}"},
		{sym, "s"}, {[]any{&sym}, "[s]"}, {*iongo.MustParseDecimal("1.50"), "1.50"}, {iongo.Decimal{}, "0."}, {map[string]any{"d": *iongo.MustParseDecimal("1.0")}, "{d:1.0}"},
		{map[string]any{"b": 1, "a": 2, "c": 3}, "{a:2,b:1,c:3}"}, {v, v.String()}, {&v, v.String()}, {[]Value{v, NewInt(1)}, "[" + v.String() + ",1]"},
		{map[string]any{"a": v}, "{a:" + v.String() + "}"}, {struct{ V, W Value }{V: v}, "{V:" + v.String() + ",W:null}"}, {struct {
			V Value `ion:"v,omitempty"`
		}{}, "{}"},
		{Value{}, ""}, {[]any{Value{}, (*Value)(nil)}, "[null,null]"}, {dec, "-1.50"}, {&dec, "-1.50"}, {ts, "2020-01-01T00:00:00.000+01:00"}, {[]Timestamp{ts}, "[2020-01-01T00:00:00.000+01:00]"},
		{annotatedStrings{1, []string{"x", "y"}}, "x::y::1"}, {selfMarshal{}, "self::[1]"}, {[]any{selfMarshal{}, &selfMarshal{}}, "[self::[1],self::[1]]"}, {[]pointerMarshal{{}}, "[pointer]"},
	} {
		if got, err := Marshal(c.x); err != nil || got.String() != c.want {
			t.Errorf("Marshal(%T) = %s, %v; want %s", c.x, got, err, c.want)
		}
	}
}

type annotatedStrings struct {
	Value int
	Notes []string `ion:",annotations"`
}

type selfMarshal struct{}

func (selfMarshal) MarshalIon(w iongo.Writer) error {
	return errors.Join(w.Annotation(iongo.NewSymbolTokenFromString("self")), w.BeginList(), w.WriteInt(1), w.EndList())
}

type pointerMarshal struct{}

func (*pointerMarshal) MarshalIon(w iongo.Writer) error { return w.WriteSymbolFromString("pointer") }

type panicMarshal struct{}

func (panicMarshal) MarshalIon(iongo.Writer) error { panic("no") }

type badMarshal struct{}

func (badMarshal) MarshalIon(w iongo.Writer) error { return w.EndStruct() }

func TestMarshalRefuses(t *testing.T) {
	type loop struct{ Next *loop }
	ring := &loop{}
	ring.Next = ring
	list := []any{nil}
	list[0] = list
	var self any
	self = &self
	type twice struct {
		A int `ion:"x"`
		B int `ion:"x"`
	}
	for _, c := range []struct {
		x   any
		msg string
	}{
		{make(chan int), "cannot marshal Go type chan int"}, {func() {}, "func()"}, {complex(1, 2), "complex128"}, {map[int]int{1: 2}, "map keys must be strings"},
		{ring, "nest"}, {list, "nest"}, {self, "refers to itself"}, {"\xff", "UTF-8"}, {map[string]int{"\xff": 1}, "UTF-8"}, {twice{}, `two fields named "x"`},
		{panicMarshal{}, "no"}, {badMarshal{}, "does not fit"}, {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "year 10000"},
		{struct {
			V int
			N int `ion:",annotations"`
		}{}, "must be []string"}, {struct {
			N []string `ion:",annotations"`
		}{}, "must have one other"},
		{NewDecimal(1, math.MinInt32), "too low"}, {Timestamp{}, "no precision"},
	} {
		if v, err := Marshal(c.x); err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("Marshal(%T) = %s, %v; want an error with %q", c.x, v, err, c.msg)
		}
	}
}

// What ion-go's Unmarshal stores, this package's stores.
func TestUnmarshalAsIonGo(t *testing.T) {
	texts := []string{"null", "null.int", "true", "false", "1", "-1", "300", "5000000000", "18446744073709551615", "123456789012345678901234567890", "1.5e0", "1e300", "1.50", "-0.", "2020T",
		"2020-01-02T03:04:05.678Z", "2020-01-02T03:04+01:00", "2020-01-02T03:04-00:00", `"text"`, `""`, "{{AQID}}", `{{"clob"}}`, "[]", "[1,2,3]", "[1,null,\"x\"]", "(1 2)", "[[1.0],{a:[true]}]",
		"{}", "{a:1,b:2}", "{b:5,c:\"see\",B:6,unknown:[{}]}", "{Base:\"b\",b:3,name:\"n\",tags:[\"t\"],numbers:{x:1},pointer:1e0,array:{{AQI=}},time:2020-01-01T00:00:00.000Z,any:{s:\"x\",f:1e0,d:1.0,n:null,l:[]}}",
		"a::b::1", "a::\"s\"", "a::{x:1}", "a::[1]"}
	types := []any{false, 0, int8(0), int64(0), uint8(0), uint64(0), float32(0), 0.0, "", []byte{}, [2]byte{}, []int{}, [2]int{}, []any{}, []string{}, map[string]any{}, map[string]int{}, map[string]string{},
		inner{}, outer{}, new(int), new(*string), big.Int{}, &big.Int{}, iongo.Decimal{}, &iongo.Decimal{}, time.Time{}, &time.Time{}, iongo.Timestamp{}, &inner{}, []inner{}, []*int{},
		struct{ X any }{}, annotated{}}
	for _, text := range texts {
		v := mustText(t, text)
		for _, typ := range append(types, nil) {
			newValue := func() reflect.Value {
				if typ == nil {
					return reflect.ValueOf(new(any))
				}
				return reflect.New(reflect.TypeOf(typ))
			}
			want, got := newValue(), newValue()
			if v.Type() == StructType && isScalarStruct(want) {
				continue // ion-go leaves it as it is and says nothing
			}
			errPeer := peerUnmarshal(v.Encode(), want.Interface())
			err := v.Unmarshal(got.Interface())
			if errPeer != nil {
				continue // refused, or one of the things that this package does better
			}
			if err != nil || !reflect.DeepEqual(shown(got.Elem()), shown(want.Elem())) {
				t.Errorf("%s to %T: %#v, %v; ion-go has %#v", text, typ, got.Elem(), err, want.Elem())
			}
		}
	}
}

// isScalarStruct reports whether the pointer leads to a Go struct that stands
// for a scalar.
func isScalarStruct(p reflect.Value) bool {
	switch p.Elem().Interface().(type) {
	case time.Time, iongo.Timestamp, iongo.Decimal, big.Int:
		return true
	case *time.Time, *iongo.Decimal, *big.Int:
		return true
	}
	return false
}

// peerUnmarshal turns ion-go's panics into errors.
func peerUnmarshal(data []byte, dst any) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("ion-go panics")
		}
	}()
	return iongo.Unmarshal(data, dst)
}

// shown is a Go value as text that does not show which *time.Location a
// time has nor which local id a symbol had.
func shown(v reflect.Value) string {
	got, err := Marshal(v.Interface())
	if err != nil {
		return err.Error()
	}
	return v.Type().String() + " " + got.String()
}

func mustTimestamp(t *testing.T, s string) Timestamp {
	t.Helper()
	ts, ok := mustText(t, s).Timestamp()
	if !ok {
		t.Fatal(s)
	}
	return ts
}

func TestUnmarshalIntoValues(t *testing.T) {
	v := mustText(t, `{v:a::true,list:[1,b::{c:2}],map:{x:null.int,y:(s)},ptr:1.0,none:null,dec:1.50,ts:2020-01-01T00:00:00.1234567891Z,big:123456789012345678901234567890,float:0.5e0}`)
	var dst struct {
		V     Value            `ion:"v"`
		List  []Value          `ion:"list"`
		Map   map[string]Value `ion:"map"`
		Ptr   *Value           `ion:"ptr"`
		None  *Value           `ion:"none"`
		Dec   Decimal          `ion:"dec"`
		Ts    Timestamp        `ion:"ts"`
		Big   *big.Int         `ion:"big"`
		Float Decimal          `ion:"float"`
		Miss  Value            `ion:"missing"`
	}
	if err := v.Unmarshal(&dst); err != nil {
		t.Fatal(err)
	}
	got := []string{dst.V.String(), dst.List[0].String(), dst.List[1].String(), dst.Map["x"].String(), dst.Map["y"].String(), dst.Ptr.String(), dst.Dec.String(), dst.Ts.String(), dst.Big.String(), dst.Float.String(), dst.Miss.String()}
	want := "a::true|1|b::{c:2}|null.int|(s)|1.0|1.50|2020-01-01T00:00:00.1234567891Z|123456789012345678901234567890|0.5|"
	if s := strings.Join(got, "|"); s != want || dst.None != nil {
		t.Errorf("got  %s\nwant %s, nil pointer %v", s, want, dst.None)
	}
	var whole Value
	if err := v.Unmarshal(&whole); err != nil || !Identical(whole, v) {
		t.Errorf("%s, %v", whole, err)
	}
}

// ion-go's binary reader refuses these.
func TestUnmarshalAnnotatedTrue(t *testing.T) {
	var b bool
	if err := mustText(t, "annotation::true").Unmarshal(&b); err != nil || !b {
		t.Errorf("%v, %v", b, err)
	}
	var m map[string]any
	if err := mustText(t, "{Name:annotation::true}").Unmarshal(&m); err != nil || m["Name"] != true {
		t.Errorf("%v, %v", m, err)
	}
	var a annotatedStrings
	if err := mustText(t, "x::y::7").Unmarshal(&a); err != nil || a.Value != 7 || strings.Join(a.Notes, " ") != "x y" {
		t.Errorf("%v, %v", a, err)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	var s struct {
		A struct {
			B []int `ion:"b"`
		} `ion:"a"`
	}
	var i int
	var i8 int8
	var u uint
	var f32 float32
	var str string
	var m map[int]string
	var stringer interface{ String() string }
	var ch chan int
	for _, c := range []struct {
		text string
		dst  any
		msg  string
	}{
		{"1", nil, "needs a pointer"}, {"1", i, "needs a pointer"}, {"1", (*int)(nil), "needs a pointer"},
		{`{a:{b:[1,"x"]}}`, &s, "a.b.[1]: cannot decode string to int"}, {"300", &i8, "value 300 does not fit in int8"}, {"-1", &u, "does not fit"}, {"1e300", &f32, "does not fit"},
		{"1.0", &i, "cannot decode decimal to int"}, {"1", &str, "cannot decode int to string"}, {"$0", &str, "cannot decode symbol"}, {"{a:1}", &m, "map keys must be strings"},
		{`"x"`, &stringer, "cannot decode"}, {"1", &ch, "cannot decode int to chan int"}, {"[1]", &i, "cannot decode list to int"}, {"1", &s, "cannot decode int"}, {"{}", &i, "cannot decode struct to int"},
	} {
		if err := mustText(t, c.text).Unmarshal(c.dst); err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s to %T: %v, want an error with %q", c.text, c.dst, err, c.msg)
		}
	}
	if err := (Value{}).Unmarshal(&i); err == nil {
		t.Error("the zero Value unmarshals")
	}
}

// A Value goes through ion-go's own functions.
func TestMarshalIon(t *testing.T) {
	v := mustText(t, `x::{a:[1,-2,18446744073709551616],b:(c 1.50 -0.),d:2020-01-01T00:00:00.000+01:00,e:null.blob,f:{{AAEC}},g:{{"c"}},h:nan,i:true,j:"s",k:2020-01T,l:$0,m:0.25e0}`)
	text, err := iongo.MarshalText(map[string]any{"v": v, "w": []Value{NewInt(1)}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseText(string(text))
	if f, _ := got.Field("v"); err != nil || !Identical(f, v) {
		t.Errorf("%s, %v", text, err)
	}
	for _, text := range []string{"2020-01-01T00:00:00.1234567891Z", "[2020-01-01T00:00:00.1234567891Z]"} {
		if out, err := iongo.MarshalText(mustText(t, text)); err == nil {
			t.Errorf("ion-go holds more than nine digits: %s", out)
		}
	}
	var d Decoder
	damaged, err := d.Open(mustHex(t, "e00100ea b2 42 00"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := iongo.MarshalText(damaged); err == nil {
		t.Errorf("damaged bytes are marshalled as %s", out)
	}
}

// stepwise writes a Value call by call, as a Marshaler that knows ion-go does.
type stepwise struct{ v Value }

func (s stepwise) MarshalIon(w iongo.Writer) error {
	return errors.Join(writePeer(w, s.v, 1), w.Finish())
}

func TestMarshalersWriteToUs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawPeerValue(t)
		got, err := Marshal(map[string]any{"v": stepwise{v}})
		if f, ok := got.Field("v"); err != nil || !ok || !Identical(f, v) {
			t.Fatalf("%s comes out as %s, %v", v, got, err)
		}
	})
	tokens := stepTokens{iongo.SymbolToken{LocalSID: 77}}
	if v, err := Marshal(tokens); err == nil {
		t.Errorf("a symbol token without text is %s", v)
	}
}

type stepTokens struct{ t iongo.SymbolToken }

func (s stepTokens) MarshalIon(w iongo.Writer) error {
	return errors.Join(w.BeginList(), w.WriteUint(7), w.WriteNull(), w.WriteSymbol(s.t), w.EndList())
}

func TestMarshalFastTypesAllocateLittle(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Marshal("some text"); err != nil {
			t.Fatal(err)
		}
	}); n > 6 {
		t.Errorf("Marshal of a string allocates %v times", n)
	}
}
