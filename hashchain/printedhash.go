package hashchain

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// printedHash reads a hash in the forms that printed answers have: a blob, base64,
// the list of its bytes, signed ones too, as Java has them, {"type": "Buffer", "data": [bytes]} as JavaScript prints a
// Buffer, {"0": byte, …} as it prints an array of bytes, or "b'…'" as Python prints
// bytes where json.dumps is told to print all that it does not know (default=str).
func printedHash(name string, v ion.Value) (Hash, error) {
	if annotatedMember(v) {
		return Hash{}, annotatedAnswer(name)
	}
	if data, ok := v.Field("data"); ok {
		if err := once(name, v); err != nil {
			return Hash{}, err
		}
		if !only(v, "type", "data") {
			return Hash{}, shape("%s must have type and data and nothing else: one reader would take the data and another the rest", name)
		}
		if v = data; annotatedMember(v) {
			return Hash{}, annotatedAnswer(name)
		}
	}
	if v.Type() == ion.ListType || v.Type() == ion.StructType {
		return hashOfBytes(name, v)
	}
	var b []byte
	var err error
	if v.Type() == ion.BlobType {
		b, _ = v.Bytes()
	} else {
		b, err = hashText(v)
	}
	if err != nil || len(b) != HashSize {
		return Hash{}, shape("%s must be base64 of 32 bytes, not %s: print it so", name, spellPrinted(v, b))
	}
	return NewHash([HashSize]byte(b)), nil
}

// hashText reads base64, also between {{ and }}, as the Ion text of a blob has it, or
// Python's bytes.
func hashText(v ion.Value) ([]byte, error) {
	text, ok := v.Text()
	if !ok {
		return nil, ErrNoReceipt
	}
	if b, ok := pythonBytes(text); ok {
		return b, nil
	}
	if inner, ok := strings.CutPrefix(text, "{{"); ok {
		if text, ok = strings.CutSuffix(inner, "}}"); !ok {
			return nil, ErrNoReceipt
		}
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err // and not what was read before it
	}
	return b, nil
}

// spellPrinted says what is there in place of a hash.
func spellPrinted(v ion.Value, b []byte) string {
	text, ok := v.Text()
	switch {
	case len(b) > 0:
		return fmt.Sprintf("of %d", len(b))
	case ok:
		return fmt.Sprintf("%q", clip(text))
	}
	return v.Type().String()
}

func hashOfBytes(name string, v ion.Value) (Hash, error) {
	var b []byte
	signed, unsigned := false, false
	for it := v.Iter(); it.Next() && len(b) <= HashSize; {
		n, ok := it.Value().Int64()
		signed, unsigned = signed || n < 0, unsigned || n > 127
		if !ok || n < -128 || n > 255 || signed && unsigned || v.Type() == ion.StructType && it.Name() != fmt.Sprint(len(b)) {
			return Hash{}, shape("%s must be 32 bytes in order, each an int from 0 to 255, or each from -128 to 127; or print it as base64", name)
		}
		b = append(b, byte(n))
	}
	if len(b) != HashSize {
		return Hash{}, shape("%s must have 32 bytes, not %d", name, len(b))
	}
	return NewHash([HashSize]byte(b)), nil
}

// pythonBytes reads b'…' or b"…" as Python's repr writes bytes: those that are not
// printable as escapes.
func pythonBytes(text string) (b []byte, ok bool) {
	if len(text) < 3 || text[0] != 'b' || text[1] != '\'' && text[1] != '"' || text[len(text)-1] != text[1] {
		return nil, false
	}
	quote := text[1]
	for s := text[2 : len(text)-1]; s != ""; {
		c := s[0]
		if c < ' ' || c > '~' || c == quote {
			return nil, false
		}
		if c != '\\' {
			b, s = append(b, c), s[1:]
			continue
		}
		if len(s) < 2 || !strings.Contains(`\'nrtx`, s[1:2]) { // Go has more escapes than these
			return nil, false
		}
		r, _, rest, err := strconv.UnquoteChar(s, '\'')
		if err != nil {
			return nil, false
		}
		b, s = append(b, byte(r)), rest
	}
	return b, true
}
