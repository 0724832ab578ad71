package ion

import (
	"bytes"
	"crypto/sha256"
	"testing"

	iongo "github.com/amzn/ion-go/ion"
	ionhash "github.com/amzn/ion-hash-go"
)

// flatText is a document of ten fields and about 300 bytes.
const flatText = `{VIN:"1N4AL11D75C109151",LicensePlateNumber:"LEWISR261LL",State:"WA",City:"Seattle",
	PendingPenaltyTicketAmount:90.25,ValidFromDate:2017-08-21T,ValidToDate:2020-05-11T,Mileage:48123,
	Owner:"A person whose name is rather long, of 1719 University Street, Seattle",Active:true}`

// nestedText is a document of about 2 KB with structs in lists in structs.
const nestedText = `{orderId:"A-2024-000177",createdAt:2024-03-01T12:30:45.123Z,status:shipped,
	customer:{id:88123,name:"Example Customer",email:"customer@example.com",tags:["gold","europe","newsletter"],
		address:{street:"12 Example Road",city:"Exampleton",zip:"12345",country:"DE",geo:{lat:52.5200,lon:13.4050}}},
	lines:[` + nestedLines + `],
	totals:{net:1099.86,tax:208.97,gross:1308.83,currency:"EUR",paid:true,refund:null},
	audit:[{at:2024-03-01T12:30:45.123Z,by:"system",what:"created",hash:{{q83vASNFZ4mrze8BI0VniQ==}}},
		{at:2024-03-02T08:00:00.000Z,by:"clerk",what:"packed",hash:{{ASNFZ4mrze8BI0VniavN7w==}}},
		{at:2024-03-02T17:12:09.881Z,by:"carrier",what:"shipped",hash:{{iavN7wEjRWeJq83vASNFZw==}}}]}`

const nestedLines = `{sku:"SKU-000001",title:"The first of the things that were ordered",qty:1,price:19.99,attributes:{colour:"red",size:"M",weight:1.25e0}},
	{sku:"SKU-000002",title:"The second of the things that were ordered",qty:3,price:29.99,attributes:{colour:"blue",size:"L",weight:2.5e0}},
	{sku:"SKU-000003",title:"The third of the things that were ordered",qty:2,price:149.95,attributes:{colour:"green",size:"S",weight:0.75e0}},
	{sku:"SKU-000004",title:"The fourth of the things that were ordered",qty:10,price:4.99,attributes:{colour:"black",size:"XL",weight:4e0}},
	{sku:"SKU-000005",title:"The fifth of the things that were ordered",qty:1,price:640.05,attributes:{colour:"white",size:"M",weight:11.5e0}},
	{sku:"SKU-000006",title:"The sixth of the things that were ordered",qty:7,price:1.10,attributes:{colour:"grey",size:"M",weight:0.1e0}},
	{sku:"SKU-000007",title:"The seventh of the things that were ordered",qty:2,price:88.00,attributes:{colour:"red",size:"S",weight:3.5e0}},
	{sku:"SKU-000008",title:"The eighth of the things that were ordered",qty:5,price:17.25,attributes:{colour:"blue",size:"M",weight:6e0}},
	{sku:"SKU-000009",title:"The ninth of the things that were ordered",qty:1,price:230.00,attributes:{colour:"brown",size:"L",weight:9.75e0}},
	{sku:"SKU-000010",title:"The tenth of the things that were ordered",qty:4,price:12.49,attributes:{colour:"pink",size:"XS",weight:0.5e0}}`

var benchDocuments = []struct{ name, text string }{{"flat", flatText}, {"nested", nestedText}}

// BenchmarkIonHash hashes a document with this package, with ion-hash-go, and,
// as the limit, hashes the very inputs that Ion Hash feeds to SHA-256.
func BenchmarkIonHash(b *testing.B) {
	for _, doc := range benchDocuments {
		v := mustText(b, doc.text).Clone()
		data := v.Encode()
		b.Run(doc.name+"/own", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := v.Hash(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(doc.name+"/ion-hash-go", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := peerHash(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(doc.name+"/plain-sha256", func(b *testing.B) {
			inputs := hashInputs(b, v)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				for _, in := range inputs {
					sink = sha256.Sum256(in)
				}
			}
		})
	}
}

var sink [32]byte

// hashInputs is what hashing v feeds to SHA-256, in order.
func hashInputs(t testing.TB, v Value) [][]byte {
	var n naiveHasher
	got := n.hash(v)
	if want, err := v.Hash(); err != nil || !bytes.Equal(got, want[:]) {
		t.Fatalf("naive hash %x, own %x, %v", got, want, err)
	}
	return n.inputs
}

// peerHash is the hash of one value by ion-hash-go.
func peerHash(data []byte) ([]byte, error) {
	r, err := ionhash.NewHashReader(iongo.NewReaderBytes(data), ionhash.NewCryptoHasherProvider(ionhash.SHA256))
	if err != nil {
		return nil, err
	}
	for r.Next() {
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.Sum(nil)
}

// BenchmarkField finds the last field of a document of ten, and one that is not
// there.
func BenchmarkField(b *testing.B) {
	v := mustText(b, flatText)
	for _, name := range []string{"Active", "Missing"} {
		_, want := v.Field(name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := v.Field(name); ok != want {
					b.Fatal(ok)
				}
			}
		})
	}
	b.Run("FieldRef", func(b *testing.B) {
		ref := NewFieldRef("Active")
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := ref.Of(v); !ok {
				b.Fatal("no field")
			}
		}
	})
}

// BenchmarkText reads and writes the nested document as text, and reads it with
// ion-go as the peer.
func BenchmarkText(b *testing.B) {
	v := mustText(b, nestedText)
	text := v.String()
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := ParseText(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parse-ion-go", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := fromPeer(iongo.NewReaderString(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			buf = AppendCompact(buf[:0], v)
		}
	})
}

// BenchmarkBinary checks, opens and encodes the nested document.
func BenchmarkBinary(b *testing.B) {
	v := mustText(b, nestedText)
	data := v.Encode()
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := Parse(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		var d Decoder
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Open(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if len(v.Encode()) != len(data) {
				b.Fatal("other bytes")
			}
		}
	})
}
