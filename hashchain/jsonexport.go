package hashchain

import (
	"encoding/base64"
	"math"

	"github.com/tallyledger/tally/hashchain/ion"
)

// A journal exported as JSON has lost the types of Ion: blobs have become
// base64, timestamps and symbols strings, decimals numbers. The fields of a
// block have fixed types, so they can be put back. Those of documents can only
// be guessed; a guess with the right hash is right.
//
// Whatever is guessed must be written as an export writes it, to the letter:
// else a forger could write something beside it that no hash covers.

// isJSONBlock reports whether v is a block out of a JSON export.
func isJSONBlock(v ion.Value) bool {
	h, _ := v.Field("blockHash")
	return h.Type() == ion.StringType && sayableInJSON(v)
}

// isJSONRevision reports whether v is a revision out of a JSON export.
func isJSONRevision(v ion.Value) bool {
	h, _ := v.Field("hash")
	return h.Type() == ion.StringType && sayableInJSON(v)
}

// sayableInJSON reports whether nothing in v is other than JSON can say. That
// includes infinity, which JSON has no word for: it is what is read of a number
// with an exponent that no float holds, as the decimal 1d400 becomes one.
func sayableInJSON(v ion.Value) bool {
	switch t := v.Type(); {
	case v.HasAnnotations(), v.IsNull() && t != ion.NullType:
		return false
	case t == ion.FloatType:
		f, ok := v.Float64()
		return ok && !math.IsNaN(f)
	case t == ion.ListType, t == ion.StructType:
		for it := v.Iter(); it.Next(); {
			if t == ion.StructType && !it.NameKnown() || !sayableInJSON(it.Value()) {
				return false
			}
		}
		return true
	default:
		return t == ion.NullType || t == ion.BoolType || t == ion.IntType || t == ion.DecimalType || t == ion.StringType
	}
}

// typed says which type a field of a block had before it became JSON.
type typed uint8

const (
	asIs typed = iota
	blob
	timestamp
	strukt
	list
)

// schema is the type of a value, and the schema of its fields or elements.
type schema struct {
	t      typed
	fields map[string]*schema
	each   *schema // of all elements, or of all fields whatever their name
}

var (
	blobSchema      = &schema{t: blob}
	timestampSchema = &schema{t: timestamp}

	metadataSchema = &schema{t: strukt, fields: map[string]*schema{"txTime": timestampSchema}}
	revisionSchema = &schema{t: strukt, fields: map[string]*schema{
		"hash": blobSchema, "dataHash": blobSchema, "metadata": metadataSchema,
	}}
	statementSchema = &schema{t: strukt, fields: map[string]*schema{
		"startTime": timestampSchema, "statementDigest": blobSchema,
	}}
	blockSchema = &schema{t: strukt, fields: map[string]*schema{
		"blockTimestamp": timestampSchema, "blockHash": blobSchema, "entriesHash": blobSchema,
		"previousBlockHash": blobSchema, "entriesHashList": {t: list, each: blobSchema},
		"transactionInfo": {t: strukt, fields: map[string]*schema{
			"statements": {t: list, each: statementSchema},
		}},
		"revisions":         {t: list, each: revisionSchema},
		"revisionSummaries": {t: list, each: revisionSchema},
	}}
)

// blockFromJSON puts the types of a block back. What does not fit its type
// stays as it is and is found by the check of the shape or of a hash.
func blockFromJSON(v ion.Value) ion.Value { return retype(v, blockSchema) }

// revisionFromJSON does the same for a single revision.
func revisionFromJSON(v ion.Value) ion.Value { return retype(v, revisionSchema) }

func retype(v ion.Value, s *schema) ion.Value {
	var w ion.Writer
	s.write(&w, v)
	out, err := w.Build()
	if err != nil {
		return v
	}
	return out
}

func (s *schema) write(w *ion.Writer, v ion.Value) {
	switch {
	case s == nil || v.IsNull():
		w.Value(v)
	case s.t == blob:
		writeBlob(w, v)
	case s.t == timestamp:
		writeTimestamp(w, v)
	case s.t == list && v.Type() == ion.ListType:
		w.BeginList()
		for e := range v.Elements() {
			s.each.write(w, e)
		}
		w.End()
	case s.t == strukt && v.Type() == ion.StructType:
		w.BeginStruct()
		for name, f := range v.Fields() {
			w.Field(name)
			s.fields[name].write(w, f)
		}
		w.End()
	default:
		w.Value(v)
	}
}

func writeBlob(w *ion.Writer, v ion.Value) {
	text, ok := v.Text()
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || base64.StdEncoding.EncodeToString(b) != text {
		w.Value(v)
		return
	}
	w.Blob(b)
}

func writeTimestamp(w *ion.Writer, v ion.Value) {
	if t, ok := timestampText(v); ok {
		w.Value(t)
		return
	}
	w.Value(v)
}

// timestampText reads a string that is a timestamp in Ion text and nothing
// besides: Ion text may also have comments and white space.
func timestampText(v ion.Value) (ion.Value, bool) {
	text, ok := v.Text()
	if !ok || len(text) < 5 || len(text) > 40 || text[0] < '0' || text[0] > '9' {
		return v, false
	}
	t, err := ion.ParseText(text)
	if err != nil || t.Type() != ion.TimestampType || t.String() != text {
		return v, false
	}
	return t, true
}

// matchesJSON reports whether the data of a revision of a JSON export has the
// stated hash as it stands, or, then guessed is set, with the strings that read
// as timestamps taken for timestamps. Data with a number that was read as infinity
// has no reading: the number was another one, and infinity itself is written null.
func (r *Revision) matchesJSON() (ok, guessed bool) {
	if hasInfinity(r.Data) {
		return false, false
	}
	if got, err := r.Compute(); err == nil && got == r.Hash {
		return true, false
	}
	var w ion.Writer
	if !writeGuess(&w, r.Data) {
		return false, false
	}
	data, err := w.Build()
	if err != nil {
		return false, false
	}
	guess := *r
	guess.Data = data
	got, err := guess.Compute()
	ok = err == nil && got == r.Hash
	return ok, ok
}

func hasInfinity(v ion.Value) bool {
	if f, ok := v.Float64(); ok {
		return math.IsInf(f, 0)
	}
	if v.Type() == ion.ListType || v.Type() == ion.StructType {
		for it := v.Iter(); it.Next(); {
			if hasInfinity(it.Value()) {
				return true
			}
		}
	}
	return false
}

// writeGuess writes v, which JSON can say, with timestamps in place of strings
// that read as such. It reports whether there were any.
func writeGuess(w *ion.Writer, v ion.Value) (any bool) {
	switch {
	case v.Type() == ion.StringType:
		t, ok := timestampText(v)
		w.Value(t)
		return ok
	case v.IsNull() || !v.Type().IsContainer():
		w.Value(v)
		return false
	}
	if v.Type() == ion.StructType {
		w.BeginStruct()
	} else {
		w.BeginList()
	}
	for it := v.Iter(); it.Next(); {
		if v.Type() == ion.StructType {
			w.Field(it.Name())
		}
		any = writeGuess(w, it.Value()) || any
	}
	w.End()
	return any
}
