package ion

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// goField is a field of a Go struct as its `ion:"name,options"` tag has it. The
// rules are those of ion-go.
type goField struct {
	name        string
	path        []int // indexes through embedded structs
	omitEmpty   bool
	hint        Type // SymbolType, ClobType, SexpType or NoType
	annotations bool
}

// goStruct is what is known of a struct type.
type goStruct struct {
	fields      []goField
	annotations *goField // nil for none
	err         error
}

var goStructs sync.Map // reflect.Type -> *goStruct

func fieldsOf(t reflect.Type) *goStruct {
	if s, ok := goStructs.Load(t); ok {
		return s.(*goStruct)
	}
	s := &goStruct{}
	s.inspect(t, nil, []reflect.Type{t})
	for i := range s.fields {
		if s.fields[i].annotations {
			s.annotations = &s.fields[i]
		}
	}
	goStructs.Store(t, s)
	return s
}

func (s *goStruct) inspect(t reflect.Type, path []int, outer []reflect.Type) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("ion")
		if !visible(sf) || tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		here := append(slices.Clone(path), i)
		ft := sf.Type
		if ft.Name() == "" && ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		if name == "" && sf.Anonymous && ft.Kind() == reflect.Struct {
			if !slices.Contains(outer, ft) {
				s.inspect(ft, here, append(outer, ft))
			}
			continue
		}
		if name == "" {
			name = sf.Name
		}
		s.add(t, goField{name: name, path: here}, options)
	}
}

func (s *goStruct) add(t reflect.Type, f goField, options string) {
	for _, o := range strings.Split(options, ",") {
		switch o {
		case "omitempty":
			f.omitEmpty = true
		case "symbol":
			f.hint = SymbolType
		case "clob":
			f.hint = ClobType
		case "sexp":
			f.hint = SexpType
		case "annotations":
			f.annotations = true
		}
	}
	if slices.ContainsFunc(s.fields, func(g goField) bool { return g.name == f.name }) {
		s.err = fmt.Errorf("ion: Go type %s has two fields named %q", t, f.name)
	}
	s.fields = append(s.fields, f)
}

// visible reports whether a field takes part: it is exported, or embedded with
// exported fields of its own.
func visible(sf reflect.StructField) bool {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return sf.IsExported() || sf.Anonymous && t.Kind() == reflect.Struct
}

// find returns the field for a name: the same name first, then one that
// differs in case only.
func (s *goStruct) find(name string) *goField {
	var folded *goField
	for i := range s.fields {
		f := &s.fields[i]
		if f.name == name {
			return f
		}
		if folded == nil && strings.EqualFold(f.name, name) {
			folded = f
		}
	}
	return folded
}

// in returns the field of a struct; false if an embedded pointer on the way is
// nil.
func (f *goField) in(v reflect.Value) (reflect.Value, bool) {
	for _, i := range f.path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// make is like in, and allocates embedded structs on the way.
func (f *goField) make(v reflect.Value) (reflect.Value, error) {
	for _, i := range f.path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, fmt.Errorf("ion: cannot set embedded pointer to unexported struct %s", v.Type().Elem())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, nil
}
