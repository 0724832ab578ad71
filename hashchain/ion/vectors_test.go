package ion

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	iongo "github.com/amzn/ion-go/ion"
)

// vectors is where data made by the real service lies, beside the repository.
const vectors = "../../../shared/vectors"

func readVectors(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("needs the shared vectors, which are not beside this repository: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func rows(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	var out [][]string
	for _, line := range strings.Split(readVectors(t, name), "\n") {
		if f := strings.SplitN(line, "\t", columns); len(f) == columns && !strings.HasPrefix(line, "#") {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no rows", name)
	}
	return out
}

// Values of the drivers' own tests, hashed by the other implementations: text,
// binary, hash.
func TestHashOfDriversValues(t *testing.T) {
	unreadable := 0
	for _, row := range rows(t, "ionhash-drivers.tsv", 3) {
		data, err := base64.StdEncoding.DecodeString(row[1])
		if err != nil {
			t.Fatal(err)
		}
		fromBinary, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		fromText := mustText(t, row[0])
		if !Identical(fromBinary, fromText) {
			t.Errorf("%s: text and binary differ: %s", row[0], fromBinary)
		}
		for _, v := range []Value{fromBinary, fromText, fromBinary.Clone()} {
			if h, err := v.Hash(); err != nil || hex.EncodeToString(h[:]) != row[2] {
				t.Errorf("%s: hash %x, %v; want %s", row[0], h, err, row[2])
			}
		}
		if _, err := fromPeer(iongo.NewReaderBytes(data)); err != nil {
			unreadable++
		}
	}
	if unreadable != 2 {
		t.Errorf("ion-go cannot read %d rows, want the 2 that hold an annotated true", unreadable)
	}
}

// Edge cases, hashed by ion-hash-js: hash, text.
func TestHashOfEdgeValues(t *testing.T) {
	for _, row := range rows(t, "ionhash-edge.tsv", 2) {
		v := mustText(t, row[1])
		if h, err := v.Hash(); err != nil || base64.StdEncoding.EncodeToString(h[:]) != row[0] {
			t.Errorf("%s: hash %x, %v", row[1], h, err)
		}
		again, err := Parse(v.Encode())
		if err != nil || !Identical(v, again) {
			t.Errorf("%s: encoded and parsed: %s, %v", row[1], again, err)
		}
	}
}

// QLDB's bytes are those that ion-go's binary writer makes of the same values.
// The records of a stream, and everything else that is published, come out of
// this package's Writer byte for byte the same.
func TestRecordsEncodeToTheSameBytes(t *testing.T) {
	readVectors(t, "02-dmv-streams-person-3.ion")
	files, err := filepath.Glob(filepath.Join(vectors, "*.ion"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	records := 0
	for _, f := range files {
		text := readVectors(t, filepath.Base(f))
		values, err := ParseTextAll([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		r := iongo.NewReaderString(text)
		for _, v := range values {
			if !r.Next() {
				t.Fatalf("%s: ion-go finds fewer values: %v", f, r.Err())
			}
			var buf bytes.Buffer
			w := iongo.NewBinaryWriter(&buf)
			if err := errors.Join(copyToPeer(w, r), w.Finish()); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if !writesAlike(v, false) {
				continue // not QLDB's own: its values have strings, not symbols
			}
			if strings.Contains(f, "streams") && v.Type() == StructType {
				records++
			}
			if got := v.Encode(); !bytes.Equal(got, buf.Bytes()) {
				t.Errorf("%s: %.80s…\nown    %x\nion-go %x", f, v, got, buf.Bytes())
			}
		}
	}
	if records < 3 {
		t.Errorf("found %d parts of stream records, want a block summary and two revisions", records)
	}
}

// copyToPeer copies from ion-go to ion-go, without this package.
func copyToPeer(w iongo.Writer, r iongo.Reader) error {
	if w.IsInStruct() {
		name, err := r.FieldName()
		if err != nil {
			return err
		}
		if err := w.FieldName(iongo.NewSymbolTokenFromString(*name.Text)); err != nil {
			return err
		}
	}
	notes, err := r.Annotations()
	if err != nil {
		return err
	}
	for _, n := range notes {
		if err := w.Annotation(iongo.NewSymbolTokenFromString(*n.Text)); err != nil {
			return err
		}
	}
	if r.IsNull() {
		return w.WriteNullType(r.Type())
	}
	var begin, end func() error
	switch r.Type() {
	case iongo.BoolType:
		return given(r.BoolValue, w.WriteBool)
	case iongo.IntType:
		return given(r.Int64Value, w.WriteInt)
	case iongo.FloatType:
		return given(r.FloatValue, w.WriteFloat)
	case iongo.TimestampType:
		return given(r.TimestampValue, w.WriteTimestamp)
	case iongo.StringType:
		return given(r.StringValue, w.WriteString)
	case iongo.DecimalType:
		d, err := r.DecimalValue()
		return errors.Join(err, w.WriteDecimal(d))
	case iongo.SymbolType:
		s, err := r.SymbolValue()
		return errors.Join(err, w.WriteSymbolFromString(*s.Text))
	case iongo.BlobType:
		b, err := r.ByteValue()
		return errors.Join(err, w.WriteBlob(b))
	case iongo.ListType:
		begin, end = w.BeginList, w.EndList
	case iongo.StructType:
		begin, end = w.BeginStruct, w.EndStruct
	default:
		return errors.New("not in the vectors")
	}
	if err := errors.Join(begin(), r.StepIn()); err != nil {
		return err
	}
	for r.Next() {
		if err := copyToPeer(w, r); err != nil {
			return err
		}
	}
	return errors.Join(r.Err(), r.StepOut(), end())
}
