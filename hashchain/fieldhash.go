package hashchain

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/tallyledger/tally/hashchain/ion"
)

// fieldHasher computes the Ion Hash of structs of a known form, without the
// general way: encoding a value, then reading it again to hash it. Tests compare
// what is built on it with the general Ion Hash.
//
// Names of fields are given as they are serialised, such as symStrandID.
type fieldHasher struct{ buf []byte }

// Type codes of Ion Hash.
const (
	codeInt       = 0x20
	codeNegative  = 0x30
	codeTimestamp = 0x60
	codeSymbol    = 0x70
	codeString    = 0x80
	codeBlob      = 0xa0
	codeList      = 0xb0
)

// field is the hash of a field with a scalar value.
func (f *fieldHasher) field(name string, code byte, body string) [32]byte {
	f.buf = ion.AppendHashScalar(append(f.buf[:0], name...), code, body)
	return sha256.Sum256(f.buf)
}

// intField is the hash of a field with an int.
func (f *fieldHasher) intField(name string, n int64) [32]byte {
	f.buf = appendInt(append(f.buf[:0], name...), n)
	return sha256.Sum256(f.buf)
}

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendMagnitude(dst, codeNegative, -uint64(n))
	}
	return appendMagnitude(dst, codeInt, uint64(n))
}

func appendMagnitude(dst []byte, code byte, n uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	i := 0
	for i < len(b) && b[i] == 0 {
		i++
	}
	return ion.AppendHashScalar(dst, code, b[i:])
}

// structField is the hash of a field whose value is a struct, or of a struct
// without a name.
func (f *fieldHasher) structField(name string, fields ...[32]byte) [32]byte {
	f.buf = ion.AppendHashStruct(append(f.buf[:0], name...), fields)
	return sha256.Sum256(f.buf)
}

// body is the representation of a scalar behind its descriptor and length.
func body(raw []byte) []byte {
	switch {
	case len(raw) == 0:
		return nil
	case raw[0]&15 != 14:
		return raw[1:]
	}
	i := 1
	for i < len(raw)-1 && raw[i]&0x80 == 0 {
		i++
	}
	return raw[i+1:]
}
