package ion

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"

	iongo "github.com/amzn/ion-go/ion"
)

var valueType = reflect.TypeFor[Value]()

// structure sets a Go struct: one with a meaning of its own, one that carries a
// value and its annotations, or one whose fields are those of an Ion struct.
func (d *decoder) structure(dst reflect.Value, v Value) error {
	if ok, is := known(dst, v); ok {
		return nil
	} else if is {
		return d.refuse(v, dst)
	}
	s := fieldsOf(dst.Type())
	if s.err != nil {
		return s.err
	}
	if err := d.annotations(dst, v); err != nil {
		return err
	}
	if v.typ != StructType {
		return d.carried(dst, v, s)
	}
	it := v.Iter()
	for it.Next() {
		f := s.find(it.Name())
		if f == nil || f.annotations || !it.NameKnown() {
			continue
		}
		d.path = append(d.path, it.Name())
		fv, err := f.make(dst)
		if err == nil {
			err = d.into(fv, it.Value())
		}
		if err != nil {
			return err
		}
		d.path = d.path[:len(d.path)-1]
	}
	if it.Bad() {
		return errDamaged
	}
	return nil
}

// known sets the struct types that have a meaning of their own. It returns
// whether v fits, and whether dst is of such a type.
func known(dst reflect.Value, v Value) (ok, is bool) {
	switch p := dst.Addr().Interface().(type) {
	case *Decimal:
		*p, ok = decimalIn(v)
	case *iongo.Decimal:
		var n Decimal
		if n, ok = decimalIn(v); ok {
			*p = *peerDecimal(n)
		}
	case *Timestamp:
		*p, ok = v.Timestamp()
	case *iongo.Timestamp:
		var t Timestamp
		if t, ok = v.Timestamp(); ok {
			*p = peerTimestamp(t)
		}
	case *time.Time:
		var t Timestamp
		if t, ok = v.Timestamp(); ok {
			*p = t.Time()
		}
	case *big.Int:
		var n *big.Int
		if n, ok = v.BigInt(); ok {
			p.Set(n)
		}
	case *iongo.SymbolToken:
		if ok = v.typ == SymbolType; ok {
			*p = *symbolToken(v)
		}
	default:
		return false, false
	}
	return ok, true
}

// decimalIn is v as a decimal; ion-go takes a float for one too.
func decimalIn(v Value) (Decimal, bool) {
	if f, ok := v.Float64(); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return DecimalOf(f), true
	}
	return v.Decimal()
}

func symbolToken(v Value) *iongo.SymbolToken {
	sid, _ := v.symbolID()
	text, known := v.syms.text(sid)
	return anyToken(sid, text, known)
}

func anyToken(sid uint32, text string, known bool) *iongo.SymbolToken {
	if !known {
		return &iongo.SymbolToken{LocalSID: int64(sid)}
	}
	t := iongo.NewSymbolTokenFromString(text)
	return &t
}

// annotations sets the annotations field of a struct, if it has one.
func (d *decoder) annotations(dst reflect.Value, v Value) error {
	s := fieldsOf(dst.Type())
	if s.annotations == nil {
		return nil
	}
	fv, err := s.annotations.make(dst)
	if err != nil {
		return err
	}
	switch fv.Interface().(type) {
	case []string:
		fv.Set(reflect.ValueOf(v.Annotations()))
	case []iongo.SymbolToken:
		var tokens []iongo.SymbolToken
		for it := v.annotations(); it.next(); {
			tokens = append(tokens, *anyToken(it.sid, it.text, it.known))
		}
		fv.Set(reflect.ValueOf(tokens))
	default:
		return d.failure(fmt.Sprintf("an annotations field must be []string or []SymbolToken, not %s", fv.Type()))
	}
	return nil
}

// carried sets the one other field of a struct with an annotations field.
func (d *decoder) carried(dst reflect.Value, v Value, s *goStruct) error {
	if s.annotations == nil || len(s.fields) != 2 {
		return d.refuse(v, dst)
	}
	for i := range s.fields {
		if f := &s.fields[i]; !f.annotations {
			fv, err := f.make(dst)
			if err != nil {
				return err
			}
			return d.into(fv, v)
		}
	}
	return d.refuse(v, dst)
}

// iface sets an empty interface.
func (d *decoder) iface(dst reflect.Value, v Value) error {
	if dst.NumMethod() > 0 {
		return d.refuse(v, dst)
	}
	x := native(v, 1)
	switch p := x.(type) {
	case nil:
		return errDamaged
	case *string:
		x = *p
	case *float64:
		x = *p
	case *iongo.Decimal:
		x = *p
	case *iongo.Timestamp:
		x = *p
	}
	dst.Set(reflect.ValueOf(x))
	return nil
}

// native is v as ion-go's Decoder.Decode returns it. It is nil for a null and
// for damaged bytes.
func native(v Value, depth int) any {
	if v.null || depth > MaxDepth {
		return nil
	}
	switch v.typ {
	case BoolType:
		b, _ := v.Bool()
		return b
	case IntType:
		return nativeInt(v)
	case FloatType:
		f, _ := v.Float64()
		return &f
	case DecimalType:
		n, _ := v.Decimal()
		return peerDecimal(n)
	case TimestampType:
		t, ok := v.Timestamp()
		if !ok {
			return nil
		}
		p := peerTimestamp(t)
		return &p
	case SymbolType:
		return symbolToken(v)
	case StringType:
		s, _ := v.Text()
		return &s
	case ClobType, BlobType:
		return append([]byte{}, v.bodyBytes()...)
	case StructType:
		m := map[string]any{}
		for it := v.Iter(); it.Next(); {
			if it.NameKnown() {
				m[it.Name()] = native(it.Value(), depth+1)
			}
		}
		return m
	case ListType, SexpType:
		var s []any
		for it := v.Iter(); it.Next(); {
			s = append(s, native(it.Value(), depth+1))
		}
		return s
	}
	return nil
}

// nativeInt is an int as ion-go returns it: an int if it fits in 32 bits, then
// an int64, then a *big.Int.
func nativeInt(v Value) any {
	n, ok := v.Int64()
	switch {
	case !ok:
		n, _ := v.BigInt()
		return n
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return int(n)
	}
	return n
}
