package hashchain

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// flatDocument has ten fields and about 300 bytes.
func flatDocument(n int) ion.Value {
	return mustParse(fmt.Sprintf(`{orderId:"ORD-%08d",customer:"C-%06d",placedAt:2024-03-01T09:06:00.000Z,item:"desk lamp, brushed steel, 40 cm",
quantity:%d,unitPrice:124.95,currency:"EUR",status:"paid",note:"leave at the reception, ring twice, second floor on the left hand side",warehouse:"LYS-2"}`, n, n*7%1000000, n%9+1))
}

// nestedDocument has lists of structs and about 2 KB.
func nestedDocument(n int) ion.Value {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{orderId:"ORD-%08d",customer:{id:"C-%06d",address:{street:"Rue de la Republique %d",city:"Lyon",postcode:"69002",country:"FR"}},lines:[`, n, n, n%200)
	for i := range 12 {
		fmt.Fprintf(&b, `{sku:"SKU-%05d",title:"an article of some length",quantity:%d,price:{net:%d.50,vat:20.00,currency:"EUR"},tags:["a","b"],shipped:2024-03-0%dT00:00:00.000Z},`, n%1000+i, i+1, i+10, i%9+1)
	}
	b.WriteString(`]}`)
	return mustParse(b.String())
}

func mustParse(text string) ion.Value {
	v, err := ion.ParseText(text)
	if err != nil {
		panic(err)
	}
	return v
}

// benchJournal is a journal of about 8 MB with so many revisions a block.
func benchJournal(b *testing.B, document func(int) ion.Value, revisions int) (blocks []ion.Value, size int64) {
	b.Helper()
	var previous Hash
	var bb BlockBuilder
	text := `INSERT INTO Orders ?`
	for seq := uint64(0); size < 8<<20; seq++ {
		in := &BlockParts{
			Address: BlockAddress{testStrand, seq}, TransactionID: ID{15: byte(seq)}.String(), Timestamp: testTime,
			PreviousBlockHash: previous, Internal: FormatHash(),
		}
		for i := range revisions {
			d := document(int(seq)*revisions + i)
			h := mustHash(b, d)
			id := ID{14: byte(i), 15: byte(seq)}.String()
			in.Revisions = append(in.Revisions, RevisionParts{DocumentID: id, Data: d, DataHash: h})
			in.Documents = append(in.Documents, DocumentChange{id, "Orders", testStrand, []int{i}})
			in.Statements = append(in.Statements, Statement{text, testTime, Dot(NewHash(ion.HashText(text)), h)})
		}
		out, err := bb.Build(in)
		if err != nil {
			b.Fatal(err)
		}
		v, err := ion.Parse(out.Bytes)
		if err != nil {
			b.Fatal(err)
		}
		blocks, size, previous = append(blocks, v), size+int64(len(out.Bytes)), out.Hash
	}
	return blocks, size
}

// BenchmarkVerifyJournal verifies blocks that are in memory with one worker and
// with all, and reads them from Ion binary and text. limit is SHA-256 over what is
// hashed for it, sha256 over the same bytes.
func BenchmarkVerifyJournal(b *testing.B) {
	for _, c := range []struct {
		name      string
		document  func(int) ion.Value
		revisions int
	}{{"flat", flatDocument, 1}, {"flat40", flatDocument, 40}, {"nested", nestedDocument, 1}, {"nested40", nestedDocument, 40}} {
		blocks, size := benchJournal(b, c.document, c.revisions)
		var binary, text []byte
		for _, v := range blocks {
			binary = append(binary, v.Encode()...)
			text = append(ion.AppendCompact(text, v), '\n')
		}
		b.Run(c.name+"/sha256", func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				_ = sha256.Sum256(binary)
			}
		})
		b.Run(c.name+"/limit", func(b *testing.B) { hashLimit(b, blocks) })
		b.Run(c.name+"/one", func(b *testing.B) { benchVerify(b, blocks, size, 1) })
		b.Run(c.name+"/all", func(b *testing.B) { benchVerify(b, blocks, size, 0) })
		b.Run(c.name+"/binary", func(b *testing.B) { benchFile(b, binary) })
		b.Run(c.name+"/text", func(b *testing.B) { benchFile(b, text) })
	}
}

func benchVerify(b *testing.B, blocks []ion.Value, size int64, workers int) {
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if r := verify(blocks, VerifyOptions{Workers: workers}); !r.OK() {
			b.Fatal(r.Failures)
		}
	}
}

func benchFile(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := VerifyJournal(bytes.NewReader(data), VerifyOptions{}); err != nil || !r.OK() {
			b.Fatal(err, r.Failures)
		}
	}
}

func BenchmarkCheckReceipt(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(goldenDir, "receipt.ion"))
	if err != nil {
		b.Fatal(err)
	}
	r, err := DecodeReceipt(mustParse(string(data)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if res := r.Check(nil); res.Verdict != Verified {
			b.Fatal(res.Failures)
		}
	}
}
