package emulator

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// records are what the store holds besides blocks, each with the function that
// reads it and writes it again.
var records = []struct {
	name   string
	seeds  func() [][]byte
	rewind func(b []byte) ([]byte, error)
}{
	{"document", func() [][]byte {
		r := docRecord{version: 3, seq: 1 << 40, txTime: 1_700_000_000_000, txID: hashchain.ID{1}, hash: hashchain.NewHash([32]byte{2}), data: ion.NewInt(1).Encode()}
		return [][]byte{r.append(nil)}
	}, func(b []byte) ([]byte, error) {
		r, err := decodeDoc(b)
		return r.append(nil), err
	}},
	{"history", func() [][]byte {
		return [][]byte{histRecord{kind: histRedacted, seq: 7, index: 39, txTime: 1}.append(nil), histRecord{}.append(nil)}
	}, func(b []byte) ([]byte, error) {
		r, err := decodeHist(b)
		return r.append(nil), err
	}},
	{"tip", func() [][]byte {
		t := tip{seq: 9, hash: hashchain.NewHash([32]byte{3}), txTime: 5, bytes: 6, nextIx: 7}
		return [][]byte{t.encode()}
	}, func(b []byte) ([]byte, error) {
		t, err := decodeTip(b)
		if err != nil {
			return nil, err
		}
		return t.encode(), nil
	}},
	{"ledger", func() [][]byte {
		id := identity{name: "n", strand: "s", created: time.UnixMilli(0).UTC()}
		b, _ := id.encode()
		return [][]byte{b}
	}, func(b []byte) ([]byte, error) {
		id, err := decodeIdentity(b)
		if err != nil {
			return nil, err
		}
		return id.encode()
	}},
	{"table", func() [][]byte {
		t := table{id: "i", name: "T", status: statusActive, indexes: []index{{no: 1, id: "x", field: "f"}}, tags: ion.NewString("t")}
		b, _ := t.encode()
		return [][]byte{b}
	}, func(b []byte) ([]byte, error) {
		t, err := decodeTable(0, b)
		if err != nil {
			return nil, err
		}
		return t.encode()
	}},
}

// TestRecords are read as they were written, and no part of one passes for it.
func TestRecords(t *testing.T) {
	for _, r := range records {
		for _, b := range r.seeds() {
			if again, err := r.rewind(b); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%s: %x is read as %x, %v", r.name, b, again, err)
			}
			for n := range b {
				if r.name == "document" && n >= len(b)-len(ion.NewInt(1).Encode()) {
					break // what is left of the data is the decoder's to judge
				}
				if again, err := r.rewind(b[:n]); err == nil {
					t.Errorf("%s: the first %d of %d bytes are read as %x", r.name, n, len(b), again)
				}
			}
		}
	}
}

// FuzzRecords: no bytes make a decoder panic, and what one accepts is stable.
func FuzzRecords(f *testing.F) {
	for i, r := range records {
		for _, b := range r.seeds() {
			f.Add(uint8(i), b)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		r := records[int(kind)%len(records)]
		once, err := r.rewind(b)
		if err != nil {
			return
		}
		if twice, err := r.rewind(once); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%s: %x is read as %x and then as %x, %v", r.name, b, once, twice, err)
		}
	})
}

// TestKeys sort as what they stand for.
func TestKeys(t *testing.T) {
	ids := hashchain.NewIDSource(time.Now, rand.Reader)
	before := makeDocKey(1, ids.Next())
	for range 100 {
		k := makeDocKey(1, ids.Next())
		if bytes.Compare(before[:], k[:]) >= 0 {
			t.Fatalf("key %x comes after %x", k, before)
		}
		if k.table() != 1 || makeDocKey(1, k.id()) != k {
			t.Fatalf("key %x is of table %d and document %s", k, k.table(), k.id())
		}
		before = k
	}
	if a, b := before.history(9), before.history(10); bytes.Compare(a, b) >= 0 || versionOf(b) != 10 {
		t.Errorf("the key of version 10 is %x, that of version 9 %x", b, a)
	}
	if bytes.Compare(seqKey(255), seqKey(256)) >= 0 {
		t.Error("blocks are not in order")
	}
}
