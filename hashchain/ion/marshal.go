package ion

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	iongo "github.com/amzn/ion-go/ion"
)

// Marshal converts a Go value to Ion by the rules of ion-go's Marshal, with its
// struct tags (`ion:"name,omitempty,symbol,clob,sexp"` and, on a []string or
// []SymbolToken, `ion:",annotations"`) and its Marshaler interface. A [Value],
// [Decimal] or [Timestamp] may stand anywhere in x. It differs from ion-go
// where that is of no use: *big.Int becomes an int, a SymbolToken a symbol, the
// keys of maps are sorted, and what cannot be converted gives an error, not a
// panic. A value that refers to itself is refused at depth [MaxDepth].
func Marshal(x any) (v Value, err error) {
	switch x := x.(type) {
	case Value:
		return x, nil
	case string:
		if utf8.ValidString(x) {
			return NewString(x), nil
		}
	}
	defer func() {
		if r := recover(); r != nil { // a Marshaler of the caller
			v, err = Value{}, fmt.Errorf("ion: cannot marshal %T: %v", x, r)
		}
	}()
	e := encoder{w: NewWriter()}
	if err := e.any(x); err != nil {
		return Value{}, err
	}
	return e.w.Build()
}

// encoder writes Go values.
type encoder struct {
	w     *Writer
	depth int
}

// any takes the types that are common without reflection.
func (e *encoder) any(x any) error {
	switch x := x.(type) {
	case nil:
		e.w.Null(NullType)
	case string:
		e.w.String(x)
	case int:
		e.w.Int(int64(x))
	case int64:
		e.w.Int(x)
	case uint64:
		e.w.Uint(x)
	case bool:
		e.w.Bool(x)
	case float64:
		e.w.Float(x)
	case time.Time:
		e.w.Timestamp(timestampOfTime(x))
	default:
		return e.value(reflect.ValueOf(x), NoType)
	}
	return e.w.Err()
}

var marshalerType = reflect.TypeFor[iongo.Marshaler]()

func (e *encoder) value(v reflect.Value, hint Type) error {
	if e.depth++; e.depth > 4*MaxDepth || e.w.Len() > MaxValueSize {
		return fmt.Errorf("ion: Go value refers to itself, is nested deeper than %d or larger than %d bytes", MaxDepth, MaxValueSize)
	}
	defer func() { e.depth-- }()
	if !v.IsValid() {
		e.w.Null(NullType)
		return e.w.Err()
	}
	if done, err := e.special(v); done {
		return errors.Join(err, e.w.Err())
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return e.value(v.Elem(), hint)
	case reflect.Struct:
		return e.structure(v)
	case reflect.Map:
		return e.mapping(v, hint)
	case reflect.Slice, reflect.Array:
		return e.sequence(v, hint)
	}
	return e.scalar(v, hint)
}

// special writes types that have a meaning of their own.
func (e *encoder) special(v reflect.Value) (done bool, err error) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		e.w.Null(NullType)
		return true, nil
	}
	if v.Kind() == reflect.Interface || !v.CanInterface() {
		return false, nil
	}
	switch x := v.Interface().(type) {
	case Value:
		e.w.Value(x)
	case Decimal:
		e.w.Decimal(x)
	case Timestamp:
		e.w.Timestamp(x)
	case time.Time:
		e.w.Timestamp(timestampOfTime(x))
	case big.Int:
		e.w.BigInt(&x)
	case iongo.Decimal:
		e.w.Decimal(decimalOf(&x))
	case iongo.Timestamp:
		e.w.Timestamp(timestampOf(x))
	case iongo.SymbolToken:
		return true, (&peerWriter{e.w}).WriteSymbol(x)
	case iongo.Marshaler:
		return true, x.MarshalIon(&peerWriter{e.w})
	default:
		if v.CanAddr() && reflect.PointerTo(v.Type()).Implements(marshalerType) {
			return true, v.Addr().Interface().(iongo.Marshaler).MarshalIon(&peerWriter{e.w})
		}
		return false, nil
	}
	return true, nil
}

func (e *encoder) scalar(v reflect.Value, hint Type) error {
	switch v.Kind() {
	case reflect.Bool:
		e.w.Bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.w.Int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.w.Uint(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.w.Float(v.Float())
	case reflect.String:
		if hint == SymbolType {
			e.w.Symbol(v.String())
		} else {
			e.w.String(v.String())
		}
	default:
		return fmt.Errorf("ion: cannot marshal Go type %s", v.Type())
	}
	return e.w.Err()
}

// mapping writes a map as a struct; its fields are in the order of their names.
func (e *encoder) mapping(v reflect.Value, hint Type) error {
	if v.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("ion: cannot marshal %s: map keys must be strings", v.Type())
	}
	if v.IsNil() {
		e.w.Null(NullType)
		return e.w.Err()
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	e.w.BeginStruct()
	for _, k := range keys {
		e.w.Field(k.String())
		if err := e.value(v.MapIndex(k), hint); err != nil {
			return err
		}
	}
	e.w.End()
	return e.w.Err()
}

func (e *encoder) sequence(v reflect.Value, hint Type) error {
	if v.Kind() == reflect.Slice {
		elem := v.Type().Elem()
		switch {
		case v.IsNil():
			e.w.Null(NullType)
			return e.w.Err()
		case elem.Kind() == reflect.Uint8 && !elem.Implements(marshalerType) && hint == ClobType:
			e.w.Clob(v.Bytes())
			return e.w.Err()
		case elem.Kind() == reflect.Uint8 && !elem.Implements(marshalerType):
			e.w.Blob(v.Bytes())
			return e.w.Err()
		}
	}
	if hint == SexpType {
		e.w.BeginSexp()
	} else {
		e.w.BeginList()
	}
	for i := range v.Len() {
		if err := e.value(v.Index(i), hint); err != nil {
			return err
		}
	}
	e.w.End()
	return e.w.Err()
}

func (e *encoder) structure(v reflect.Value) error {
	s := fieldsOf(v.Type())
	if s.err != nil {
		return s.err
	}
	if s.annotations != nil {
		return e.annotated(v, s)
	}
	e.w.BeginStruct()
	for i := range s.fields {
		f := &s.fields[i]
		fv, ok := f.in(v)
		if !ok || f.omitEmpty && isEmpty(fv) {
			continue
		}
		e.w.Field(f.name)
		if err := e.value(fv, f.hint); err != nil {
			return err
		}
	}
	e.w.End()
	return e.w.Err()
}

// annotated writes a struct of two fields, of which one holds the annotations
// of the other.
func (e *encoder) annotated(v reflect.Value, s *goStruct) error {
	if len(s.fields) != 2 {
		return fmt.Errorf("ion: Go type %s has an annotations field and must have one other, it has %d", v.Type(), len(s.fields)-1)
	}
	var content reflect.Value
	for i := range s.fields {
		f := &s.fields[i]
		fv, ok := f.in(v)
		if !ok {
			return fmt.Errorf("ion: annotated Go value %s has a nil embedded pointer", v.Type())
		}
		if !f.annotations {
			content = fv
		} else if err := e.annotate(fv); err != nil {
			return err
		}
	}
	return e.value(content, NoType)
}

func (e *encoder) annotate(v reflect.Value) error {
	switch names := v.Interface().(type) {
	case []string:
		e.w.Annotate(names...)
		return e.w.Err()
	case []iongo.SymbolToken:
		return (&peerWriter{e.w}).Annotations(names...)
	}
	return fmt.Errorf("ion: an annotations field must be []string or []SymbolToken, not %s", v.Type())
}

// isEmpty is the meaning of omitempty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		x, ok := v.Interface().(Value)
		return ok && x.IsZero()
	case reflect.Invalid, reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return false
	}
	return v.IsZero()
}
