package ion

import (
	"bytes"
	"crypto/sha256"
	"hash/maphash"
)

// Hasher computes Ion Hashes like [Value.Hash] and remembers those of short
// fields that come again and again: the documents and blocks of a journal repeat
// many, such as {currency:"EUR"} or the text of a statement. It takes about 400
// KB, whatever it hashes. A Hasher must not be used by two goroutines at once; a
// nil *Hasher remembers nothing.
type Hasher struct {
	cache fieldCache
	h     hasher
}

// NewHasher returns a Hasher that remembers nothing yet.
func NewHasher() *Hasher {
	h := &Hasher{}
	h.cache.seed = maphash.MakeSeed()
	h.h.cache = &h.cache
	return h
}

// Hash is the hash of v, with the errors of [Value.Hash].
func (h *Hasher) Hash(v Value) ([32]byte, error) {
	if h == nil {
		return v.Hash()
	}
	defer h.h.reset()
	return h.h.hash(v)
}

// fieldCache holds the hashes of fields by their keys. A place is chosen by a
// hash with a random seed, and the whole key is compared, so nothing that is
// hashed can bring out a wrong digest; at worst it takes another's place. A field
// gets a place when it is seen for the second time: those that never come again
// displace nothing.
type fieldCache struct {
	fields [cachedFields]cachedField
	seed   maphash.Seed
	key    [maxCachedKey]byte
}

const (
	cachedFields = 1 << 11
	maxCachedKey = 151
)

// cachedField is a place. It has 192 bytes, the first 64 of which, one line of the
// processor's cache, are mostly all that is looked at.
type cachedField struct {
	tag    uint32 // of the key that has the place, 0 for none
	seen   uint32 // of the key seen last
	digest [32]byte
	n      uint8
	key    [maxCachedKey]byte
}

// A key is a field as it is serialised, which begins with hashBegin, or a zero
// byte with the name and the encoded value of a field that needs no symbol table:
// then nothing has to be serialised to know it again.

// scalarKey is the second kind of key; it is valid until the next one. It is nil
// for a field that is too long, or whose value is a container, a symbol or
// annotated.
func (c *fieldCache) scalarKey(name string, value []byte) []byte {
	if n := 2 + len(name) + len(value); c == nil || n > maxCachedKey || !standsAlone(value[0]) {
		return nil
	}
	c.key[1] = byte(len(name)) // where it ends, or two fields could have one key
	n := 2 + copy(c.key[2:], name)
	return c.key[:n+copy(c.key[n:], value)]
}

// standsAlone reports whether a value with this descriptor is the same under
// every symbol table.
func standsAlone(d byte) bool { return d>>4 < 11 && d>>4 != 7 }

// find returns the place of a key, and whether the key has it.
func (c *fieldCache) find(key []byte) (f *cachedField, tag uint32, held bool) {
	x := maphash.Bytes(c.seed, key)
	f, tag = &c.fields[uint32(x)%cachedFields], uint32(x>>32)|1
	return f, tag, f.tag == tag && bytes.Equal(f.key[:f.n], key)
}

// put gives a key its place if it was seen before.
func (f *cachedField) put(key []byte, tag uint32, digest *[32]byte) {
	if f.seen == tag {
		f.tag, f.digest, f.n = tag, *digest, uint8(copy(f.key[:], key))
	}
	f.seen = tag
}

// sum sets digest to the hash of a serialised field.
func (c *fieldCache) sum(field []byte, digest *[32]byte) {
	if len(field) > maxCachedKey {
		*digest = sha256.Sum256(field)
		return
	}
	f, tag, held := c.find(field)
	if held {
		*digest = f.digest
		return
	}
	*digest = sha256.Sum256(field)
	f.put(field, tag, digest)
}
