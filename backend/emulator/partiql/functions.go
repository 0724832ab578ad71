package partiql

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain/ion"
)

// function is a built-in function.
type function struct {
	min, max int // how many arguments; max 0 is any number
	// unknowns says that the function takes null and MISSING; for the others the
	// result is then null.
	unknowns bool
	// shares says that the result may be an argument or hold one.
	shares bool
	impure bool
	call   func(m *machine, part string, args []datum) (datum, error)
}

var functions map[string]*function

func init() {
	functions = map[string]*function{
		"size":             {min: 1, max: 1, call: size},
		"coalesce":         {min: 1, unknowns: true, shares: true, call: coalesce},
		"nullif":           {min: 2, max: 2, unknowns: true, shares: true, call: nullIf},
		"exists":           {min: 1, max: 1, unknowns: true, call: exists},
		"char_length":      {min: 1, max: 1, call: charLength},
		"character_length": {min: 1, max: 1, call: charLength},
		"lower":            {min: 1, max: 1, call: mapText(lower)},
		"upper":            {min: 1, max: 1, call: mapText(upper)},
		"substring":        {min: 2, max: 3, call: substring},
		"trim":             {min: 1, max: 2, call: trim},
		"date_add":         {min: 2, max: 2, call: dateAdd},
		"date_diff":        {min: 2, max: 2, call: dateDiff},
		"extract":          {min: 1, max: 1, call: extract},
		"to_string":        {min: 2, max: 2, call: toStringCall},
		"to_timestamp":     {min: 1, max: 2, call: toTimestampCall},
		"utcnow": {impure: true, call: func(m *machine, _ string, _ []datum) (datum, error) {
			return ionDatum(ion.FromTimestamp(m.src.Now())), nil
		}},
		"txid": {impure: true, call: func(m *machine, _ string, _ []datum) (datum, error) {
			return ionDatum(ion.NewString(m.src.TxID())), nil
		}},
		"list": {unknowns: true, shares: true, call: makeSequence(seqList)},
		"bag":  {unknowns: true, shares: true, call: makeSequence(seqBag)},
		"sexp": {unknowns: true, shares: true, call: makeSequence(seqSexp)},
	}
}

// anyNumber reports whether the function takes any number of arguments.
func (f *function) anyNumber() bool { return f.max == 0 && f.unknowns }

// callNode is a call of a function.
type callNode struct {
	fn   *function
	part string
	args []node
}

// call compiles a call.
func (c *compiler) call(e *Call) node {
	f, ok := functions[e.Name]
	if !ok {
		text := "No such function: " + e.Name
		c.failAt(e.Pos, Evaluator, text+" ", text)
		return nothing
	}
	if n := len(e.Args); n < f.min || n > f.max && !f.anyNumber() {
		high := f.max
		if f.anyNumber() {
			high = math.MaxInt32
		}
		c.arity(e.Pos, e.Name, f.min, high, n)
		return nothing
	}
	args := c.exprs(e.Args)
	n := &located{&callNode{f, e.Part, args}, e.Pos}
	if f.impure {
		return n
	}
	return fold(n, args...)
}

// arity refuses a call with a wrong number of arguments.
func (c *compiler) arity(at Pos, name string, low, high, got int) {
	message := fmt.Sprintf("%s takes between %d and %d arguments, received: %d", name, low, high, got)
	switch {
	case low == 1 && high == 1:
		message = fmt.Sprintf("%s takes a single argument, received: %d", name, got)
	case low == high:
		message = fmt.Sprintf("%s takes exactly %d arguments, received: %d", name, low, got)
	}
	c.failAt(at, Evaluator, "Incorrect number of arguments to function call, <UNKNOWN> : <UNKNOWN>", message)
}

func (n *callNode) eval(m *machine) (datum, error) {
	before := m.held
	var few [3]datum
	args := few[:0]
	unknown, work := false, opWork
	for _, a := range n.args {
		d, err := a.eval(m)
		if err != nil {
			return datum{}, err
		}
		unknown = unknown || d.unknown()
		work += d.weight()
		args = append(args, d)
	}
	if unknown && !n.fn.unknowns {
		return nullDatum, nil
	}
	if err := m.spend(work); err != nil {
		return datum{}, err
	}
	d, err := n.fn.call(m, n.part, args)
	if err != nil || n.fn.shares {
		return d, err
	}
	return m.made(before, d)
}

func intDatum(n int) datum { return ionDatum(ion.NewInt(int64(n))) }

func size(_ *machine, _ string, args []datum) (datum, error) {
	d := &args[0]
	switch {
	case d.seq != nil && d.seq.kind != seqSexp:
		return intDatum(len(d.seq.items)), nil
	case d.v.Type() == ion.ListType, d.v.Type() == ion.StructType:
		return intDatum(d.v.Len()), nil
	}
	return datum{}, errf("Invalid argument types for size, expected: LIST or BAG or STRUCT got: %s", d.typeName())
}

func coalesce(_ *machine, _ string, args []datum) (datum, error) {
	for _, d := range args {
		if !d.unknown() {
			return d, nil
		}
	}
	return nullDatum, nil
}

func nullIf(m *machine, _ string, args []datum) (datum, error) {
	a, b := &args[0], &args[1]
	if a.unknown() {
		return nullDatum, nil
	}
	if b.unknown() {
		return *a, nil
	}
	same, err := m.equal(a, b)
	if same || err != nil {
		return nullDatum, err
	}
	return *a, nil
}

func exists(_ *machine, _ string, args []datum) (datum, error) {
	d := &args[0]
	if d.seq != nil {
		return triOf(len(d.seq.items) > 0).datum(), nil
	}
	it := d.v.Iter()
	return triOf(it.Next()).datum(), nil
}

func makeSequence(kind seqKind) func(*machine, string, []datum) (datum, error) {
	return func(m *machine, _ string, args []datum) (datum, error) {
		if err := m.hold(datumSize * len(args)); err != nil {
			return datum{}, err
		}
		return datum{seq: &sequence{kind: kind, items: append([]datum(nil), args...)}}, nil
	}
}

// textOf is the text of a string or symbol, or an error.
func textOf(d *datum) (string, error) {
	s, ok := d.v.Text()
	if !ok {
		return "", errf("Expected text: %s", d.ionText())
	}
	return s, nil
}

func charLength(_ *machine, _ string, args []datum) (datum, error) {
	s, err := textOf(&args[0])
	return intDatum(utf8.RuneCountInString(s)), err
}

func mapText(f func(*machine, string) (string, error)) func(*machine, string, []datum) (datum, error) {
	return func(m *machine, _ string, args []datum) (datum, error) {
		s, err := textOf(&args[0])
		if err != nil {
			return datum{}, err
		}
		s, err = f(m, s)
		return ionDatum(ion.NewString(s)), err
	}
}

// substring counts code points from 1. A start below 1 uses up some of the
// length.
func substring(_ *machine, _ string, args []datum) (datum, error) {
	if args[0].v.Type() != ion.StringType {
		return datum{}, errf("Argument 1 of substring was not STRING.")
	}
	s, _ := args[0].v.Text()
	var n [3]int64
	for i := 1; i < len(args); i++ {
		x, ok := args[i].v.Int64()
		if !ok {
			return datum{}, errf("Argument %d of substring was not INT.", i+1)
		}
		n[i] = x
	}
	start, end := n[1], int64(math.MaxInt64)
	if len(args) == 3 {
		if n[2] < 0 {
			return datum{}, errf("Argument 3 of substring has to be greater than 0.")
		}
		if start <= math.MaxInt64-n[2] {
			end = start + n[2]
		}
	}
	return ionDatum(ion.NewString(runes(s, max(start, 1)-1, max(end, 1)-1))), nil
}

// runes is s from code point start up to end.
func runes(s string, start, end int64) string {
	from, n := len(s), int64(0)
	for i := range s {
		if n == start {
			from = i
		}
		if n >= end {
			return s[min(from, i):i]
		}
		n++
	}
	return s[from:]
}

func trim(m *machine, spec string, args []datum) (datum, error) {
	s, err := textOf(&args[0])
	if err != nil {
		return datum{}, err
	}
	chars := " "
	if len(args) > 1 {
		if chars, err = textOf(&args[1]); err != nil {
			return datum{}, err
		}
	}
	in := func(r rune) bool { return strings.ContainsRune(chars, r) }
	if len(chars) > 32 { // too long to be looked through for each character of s
		set, err := m.runeSet(chars)
		if err != nil {
			return datum{}, err
		}
		in = set.has
	}
	if spec != "trailing" {
		s = strings.TrimLeftFunc(s, in)
	}
	if spec != "leading" {
		s = strings.TrimRightFunc(s, in)
	}
	return ionDatum(ion.NewString(s)), nil
}
