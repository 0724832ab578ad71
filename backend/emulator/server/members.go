package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decodeMembers reads JSON into v as encoding/json does, except for members of
// objects: a name counts only as it is written, as in the services' own JSON, and
// a member that is known and there twice is an error. Others are ignored.
func decodeMembers(body []byte, v any) error {
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return err
	}
	return decodeValue(bytes.TrimSpace(whole), reflect.ValueOf(v).Elem(), "")
}

func decodeValue(raw []byte, v reflect.Value, path string) error {
	_, own := v.Addr().Interface().(json.Unmarshaler)
	null := string(raw) == "null"
	switch t := v.Type(); {
	case own || null:
	case t == reflect.TypeFor[[]byte]():
		return decodeBlob(raw, v, path)
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return decodeValue(raw, v.Elem(), path)
	case t.Kind() == reflect.Struct && raw[0] == '{':
		return decodeObject(raw, v, path)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && raw[0] == '[':
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(t, len(items), len(items)))
		for i, item := range items {
			if err := decodeValue(item, v.Index(i), path); err != nil {
				return err
			}
		}
		return nil
	}
	err := json.Unmarshal(raw, v.Addr().Interface())
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		wrong.Field = path
	}
	return err
}

// decodeBlob reads base64 as the services do: encoding/json takes an array of
// numbers as well, and encoding/base64 skips line ends.
func decodeBlob(raw []byte, v reflect.Value, path string) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			wrong.Field, wrong.Type = path, v.Type()
		}
		return err
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if i := strings.IndexAny(text, "\r\n"); err == nil && i >= 0 {
		err = base64.CorruptInputError(i)
	}
	if err != nil {
		return fmt.Errorf("the member %s is not base64: %w", path, err)
	}
	v.SetBytes(b)
	return nil
}

func decodeObject(raw []byte, v reflect.Value, path string) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		f, ok := memberField(v, name)
		if !ok {
			continue
		}
		where := strings.TrimPrefix(path+"."+name, ".")
		if seen[name] {
			return fmt.Errorf("the member %s is there twice", where)
		}
		seen[name] = true
		if err := decodeValue(value, f, where); err != nil {
			return err
		}
	}
	return nil
}

// memberField is the field of a struct for a member of exactly this name.
func memberField(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && (tag == name || tag == "" && f.Name == name) {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}
