package ion

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Unmarshal stores v in the Go value that dst points to by the rules of ion-go's
// Unmarshal, with its struct tags. Structs of the caller may have fields of
// type [Value], [Decimal] or [Timestamp], and an empty interface takes what
// ion-go puts there: in it, but not in what it holds, pointers to strings,
// floats, decimals and timestamps are resolved. Bytes are copied; a Value
// shares the bytes of v. Errors name the path of the field.
func (v Value) Unmarshal(dst any) (err error) {
	rv := reflect.ValueOf(dst)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return fmt.Errorf("ion: Unmarshal needs a pointer that is not nil, not %T", dst)
	}
	if v.IsZero() {
		return errors.New("ion: cannot unmarshal the zero Value")
	}
	defer func() {
		if r := recover(); r != nil { // a type that reflection refuses
			err = fmt.Errorf("ion: cannot unmarshal into %T: %v", dst, r)
		}
	}()
	var d decoder
	return d.into(rv, v)
}

// decoder sets Go values.
type decoder struct {
	path []string
}

func (d *decoder) refuse(v Value, dst reflect.Value) error {
	return d.failure(fmt.Sprintf("cannot decode %s to %s", v.typ, dst.Type()))
}

func (d *decoder) failure(msg string) error {
	if len(d.path) > 0 {
		msg = strings.Join(d.path, ".") + ": " + msg
	}
	return errors.New("ion: " + msg)
}

func (d *decoder) into(dst reflect.Value, v Value) error {
	if len(d.path) > MaxDepth {
		return d.failure("nesting is too deep")
	}
	dst = indirect(dst, v.null)
	if dst.Type() == valueType {
		dst.Set(reflect.ValueOf(v))
		return nil
	}
	if v.null {
		dst.SetZero()
		if dst.Kind() == reflect.Struct {
			return d.annotations(dst, v)
		}
		return nil
	}
	if dst.Kind() == reflect.Interface {
		return d.iface(dst, v)
	}
	if dst.Kind() == reflect.Struct {
		return d.structure(dst, v)
	}
	switch v.typ {
	case ListType, SexpType:
		return d.sequence(dst, v)
	case StructType:
		return d.mapping(dst, v)
	}
	return d.scalar(dst, v)
}

// indirect follows pointers, and allocates them on the way. For a null it stops
// at the last pointer, which becomes nil.
func indirect(v reflect.Value, null bool) reflect.Value {
	for {
		if v.Kind() == reflect.Interface && !v.IsNil() {
			e := v.Elem()
			if e.Kind() == reflect.Pointer && !e.IsNil() && (!null || e.Elem().Kind() == reflect.Pointer) {
				v = e
				continue
			}
		}
		if v.Kind() != reflect.Pointer || null && v.CanSet() && v.Type().Elem().Kind() != reflect.Pointer {
			return v
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
}

func (d *decoder) scalar(dst reflect.Value, v Value) error {
	switch dst.Kind() {
	case reflect.Bool:
		if b, ok := v.Bool(); ok {
			dst.SetBool(b)
			return nil
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.typ == IntType {
			return d.int(dst, v)
		}
	case reflect.Float32, reflect.Float64:
		if f, ok := v.Float64(); ok {
			if dst.OverflowFloat(f) {
				return d.failure(fmt.Sprintf("value %v does not fit in %s", f, dst.Type()))
			}
			dst.SetFloat(f)
			return nil
		}
	case reflect.String:
		if s, ok := v.Text(); ok {
			dst.SetString(s)
			return nil
		}
	case reflect.Slice, reflect.Array:
		if b, ok := v.Bytes(); ok && dst.Type().Elem().Kind() == reflect.Uint8 {
			return setBytes(dst, b)
		}
	}
	return d.refuse(v, dst)
}

func (d *decoder) int(dst reflect.Value, v Value) error {
	n, _ := v.BigInt()
	switch {
	case dst.CanInt() && n.IsInt64() && !dst.OverflowInt(n.Int64()):
		dst.SetInt(n.Int64())
	case dst.CanUint() && n.IsUint64() && !dst.OverflowUint(n.Uint64()):
		dst.SetUint(n.Uint64())
	default:
		return d.failure(fmt.Sprintf("value %.40s does not fit in %s", n.String(), dst.Type()))
	}
	return nil
}

func setBytes(dst reflect.Value, b []byte) error {
	if dst.Kind() == reflect.Slice {
		dst.SetBytes(append(make([]byte, 0, len(b)), b...))
		return nil
	}
	n := reflect.Copy(dst, reflect.ValueOf(b))
	for ; n < dst.Len(); n++ {
		dst.Index(n).SetZero()
	}
	return nil
}

func (d *decoder) sequence(dst reflect.Value, v Value) error {
	if dst.Kind() != reflect.Slice && dst.Kind() != reflect.Array {
		return d.refuse(v, dst)
	}
	i := 0
	it := v.Iter()
	for ; it.Next(); i++ {
		if dst.Kind() == reflect.Slice && i >= dst.Len() {
			dst.Grow(1)
			dst.SetLen(i + 1)
			dst.Index(i).SetZero()
		}
		if i >= dst.Len() {
			continue // an array that is too short
		}
		d.path = append(d.path, fmt.Sprintf("[%d]", i))
		if err := d.into(dst.Index(i), it.Value()); err != nil {
			return err
		}
		d.path = d.path[:len(d.path)-1]
	}
	if it.Bad() {
		return errDamaged
	}
	if dst.Kind() == reflect.Slice {
		if i < dst.Len() {
			dst.SetLen(i)
		}
		return nil
	}
	for ; i < dst.Len(); i++ {
		dst.Index(i).SetZero()
	}
	return nil
}

func (d *decoder) mapping(dst reflect.Value, v Value) error {
	if dst.Kind() != reflect.Map {
		return d.refuse(v, dst)
	}
	t := dst.Type()
	if t.Key().Kind() != reflect.String {
		return d.failure(fmt.Sprintf("cannot decode struct to %s: map keys must be strings", t))
	}
	if dst.IsNil() {
		dst.Set(reflect.MakeMap(t))
	}
	it := v.Iter()
	for it.Next() {
		if !it.NameKnown() {
			continue
		}
		elem := reflect.New(t.Elem()).Elem()
		d.path = append(d.path, it.Name())
		if err := d.into(elem, it.Value()); err != nil {
			return err
		}
		d.path = d.path[:len(d.path)-1]
		dst.SetMapIndex(reflect.ValueOf(it.Name()).Convert(t.Key()), elem)
	}
	if it.Bad() {
		return errDamaged
	}
	return nil
}
