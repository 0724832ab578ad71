package hashchain

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	iongo "github.com/amzn/ion-go/ion"
	ionhash "github.com/amzn/ion-hash-go"
	"github.com/tallyledger/tally/hashchain/ion"
)

// hashLimit is how fast a verification could be that did nothing but to hash: it
// hashes everything once that the rules of the first blocks, 1 MB of them, say is
// hashed. Inputs that repeat count each time; a Verifier remembers some.
func hashLimit(b *testing.B, blocks []ion.Value) {
	var r inputRecorder
	size := 0
	var hashes []Hash
	for _, v := range blocks {
		hashes = append(hashes, r.block(b, v))
		if size += len(v.Encode()); size > 1<<20 {
			break
		}
	}
	r.root(hashes)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		for _, in := range r.inputs {
			hashSink = sha256.Sum256(in)
		}
	}
}

var hashSink [sha256.Size]byte

// inputRecorder is all that goes into SHA-256, as the peer's Ion Hash and the rule
// of Dot have it.
type inputRecorder struct{ inputs [][]byte }

func (r *inputRecorder) sum(in []byte) []byte {
	r.inputs = append(r.inputs, slices.Clone(in))
	h := sha256.Sum256(in)
	return h[:]
}

// NewHasher makes inputRecorder a provider of hashers to the peer.
func (r *inputRecorder) NewHasher() (ionhash.IonHasher, error) {
	return &recordedHash{recorder: r}, nil
}

type recordedHash struct {
	bytes.Buffer
	recorder *inputRecorder
}

func (h *recordedHash) Sum(b []byte) []byte { return append(b, h.recorder.sum(h.Bytes())...) }

func (r *inputRecorder) ionHash(b *testing.B, v ion.Value) Hash {
	in, err := ionhash.NewHashReader(iongo.NewReaderBytes(v.Encode()), r)
	if err != nil {
		b.Fatal(err)
	}
	for in.Next() {
	}
	sum, err := in.Sum(nil)
	if err != nil || in.Err() != nil {
		b.Fatal(err, in.Err())
	}
	h, err := HashOf(sum)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

func (r *inputRecorder) root(leaves []Hash) Hash {
	if len(leaves) < 2 {
		return Root(leaves)
	}
	k := leftSize(len(leaves))
	return r.dot(r.root(leaves[:k]), r.root(leaves[k:]))
}

func (r *inputRecorder) dot(x, y Hash) Hash {
	if x.IsEmpty() || y.IsEmpty() {
		return Dot(x, y)
	}
	both := slices.Concat(x.Bytes(), y.Bytes())
	if less(&y.b, &x.b) {
		both = slices.Concat(y.Bytes(), x.Bytes())
	}
	return NewHash([32]byte(r.sum(both)))
}

// block records what the hashes of a block are of and fails unless they come out.
func (r *inputRecorder) block(b *testing.B, v ion.Value) Hash {
	k, err := BlockOf(v)
	if err != nil {
		b.Fatal(err)
	}
	var revisions []Hash
	for v := range k.Revisions.Elements() {
		rev, err := RevisionOf(v)
		if err != nil {
			b.Fatal(err)
		}
		revisions = append(revisions, r.dot(r.ionHash(b, rev.Metadata), r.ionHash(b, rev.Data)))
	}
	at, _ := k.Timestamp.Timestamp()
	w := ion.NewWriter()
	writeAddressEntry(w, k.Address, k.TransactionID, at)
	address, err := w.Build()
	if err != nil {
		b.Fatal(err)
	}
	entries := slices.Clone(k.EntriesHashList)
	entries[entryAddress] = r.ionHash(b, address)
	entries[entryRevisions] = r.root(revisions)
	entries[entryTransactionInfo] = r.ionHash(b, k.TransactionInfo)
	if got := r.dot(r.root(entries), k.PreviousBlockHash); got != k.Hash {
		b.Fatalf("the block hash is %s, want %s", got, k.Hash)
	}
	return k.Hash
}
