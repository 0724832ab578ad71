package hashchain

import (
	"fmt"
	"math"

	"github.com/tallyledger/tally/hashchain/ion"
)

// BlockAddress says where a block stands: its strand and its sequence number
// there, counted from 0.
type BlockAddress struct {
	StrandID   string
	SequenceNo uint64 // at most math.MaxInt64
}

// MaxStrandID is the length of the longest strand id that is read, in bytes. QLDB's
// have 22: the limit is for forged files, where a strand id could otherwise be
// repeated in everything that is said about its blocks.
const MaxStrandID = 128

// BlockAddressOf reads the struct {strandId, sequenceNo}. It fails unless the
// first is text of at most 128 bytes and the second an int from 0 to the largest
// int64.
func BlockAddressOf(v ion.Value) (BlockAddress, error) {
	f := addressFieldsOf(v)
	return f.address()
}

func (f *addressFields) address() (BlockAddress, error) {
	id, ok := f.strandID.Text()
	n, ok2 := f.sequenceNo.Int64()
	if !ok || !ok2 || n < 0 {
		return BlockAddress{}, shape("a block address must be a struct {strandId, sequenceNo} of a string and an int from 0 to %d", int64(math.MaxInt64))
	}
	if len(id) > MaxStrandID {
		return BlockAddress{}, shape("strandId %q has %d bytes: at most %d are read, and QLDB's have 22", clip(id), len(id), MaxStrandID)
	}
	return BlockAddress{StrandID: id, SequenceNo: uint64(n)}, nil
}

// ParseBlockAddress reads a block address from Ion text, as in
// {strandId:"KmA3ZZca7vAIiJAK9S5Iwl",sequenceNo:100}.
func ParseBlockAddress(text string) (BlockAddress, error) {
	v, err := ion.ParseText(text)
	if err != nil {
		return BlockAddress{}, fmt.Errorf("hashchain: block address: %w", err)
	}
	return BlockAddressOf(v)
}

// WriteIon writes the address as an Ion struct.
func (a BlockAddress) WriteIon(w *ion.Writer) {
	w.BeginStruct()
	w.Field("strandId").String(a.StrandID)
	w.Field("sequenceNo").Int(int64(a.SequenceNo))
	w.End()
}

// Value is the address as an Ion struct.
func (a BlockAddress) Value() ion.Value {
	var w ion.Writer
	a.WriteIon(&w)
	v, _ := w.Build()
	return v
}

// String is the address in QLDB's compact Ion text.
func (a BlockAddress) String() string { return a.Value().String() }

// addressFields is what there is to know of a value that should be an address,
// read in one pass.
type addressFields struct {
	strandID, sequenceNo ion.Value // the first fields of these names
	extra                int       // fields beside the two
	annotations          int       // annotated values
}

func addressFieldsOf(v ion.Value) (f addressFields) {
	f.annotations = annotated(v)
	isStruct := v.Type() == ion.StructType
	n := 0
	for it := v.Iter(); it.Next(); n++ {
		v := it.Value()
		if isStruct {
			f.annotations += annotated(v)
		}
		switch it.Name() {
		case "strandId":
			keepFirst(&f.strandID, v)
		case "sequenceNo":
			keepFirst(&f.sequenceNo, v)
		}
	}
	f.extra = max(n-2, 0)
	return f
}

// keepFirst is for the first field of a name, which is the one that Field finds.
func keepFirst(to *ion.Value, v ion.Value) {
	if to.IsZero() {
		*to = v
	}
}

// is reports whether the fields are those of a.
func (f *addressFields) is(a BlockAddress) bool {
	n, ok := f.sequenceNo.Int64()
	return ok && f.strandID.Type() == ion.StringType && uint64(n) == a.SequenceNo && f.strandID.TextIs(a.StrandID)
}

// describeAddress spells an address that may be of any form and size.
func describeAddress(v ion.Value) string {
	a, err := BlockAddressOf(v)
	switch {
	case err == nil:
		return a.String()
	case v.Type() != ion.StructType || v.IsNull():
		return "a value of type " + v.Type().String()
	}
	return "a struct that is no block address"
}

// Digest is the root of the block hashes of a journal up to and including its
// tip: it stands for the whole journal at that moment.
type Digest struct {
	Hash Hash
	Tip  BlockAddress
}
