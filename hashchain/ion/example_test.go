package ion_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

func ExampleParse() {
	var w ion.Writer
	w.BeginStruct()
	w.Field("VIN").String("1N4AL11D75C109151")
	w.Field("Year").Int(2011)
	w.End()
	stream, err := w.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := ion.Parse(stream)
	fmt.Println(v, err)
	_, err = ion.Parse(stream[:len(stream)-1])
	fmt.Println(err)
	// Output:
	// {VIN:"1N4AL11D75C109151",Year:2011} <nil>
	// ion: offset 20: length 24 exceeds the 23 bytes that follow
}

func ExampleWriter() {
	var w ion.Writer
	w.Annotate("revision").BeginStruct()
	w.Field("id").String("HgXAkLjAtV0HQ4lNYdzX60")
	w.Field("version").Int(3)
	w.Field("txTime").Timestamp(ion.NewTimestamp(time.Date(2024, 3, 1, 12, 30, 45, 123e6, time.UTC)))
	w.Field("amount").Decimal(ion.NewDecimal(9025, -2))
	w.Field("tags").BeginList()
	w.Symbol("paid")
	w.Null(ion.StringType)
	w.End()
	w.End()
	v, err := w.Build()
	fmt.Println(v, err)
	// Output:
	// revision::{id:"HgXAkLjAtV0HQ4lNYdzX60",version:3,txTime:2024-03-01T12:30:45.123Z,amount:90.25,tags:[paid,null.string]} <nil>
}

func ExampleParseText() {
	v, err := ion.ParseText(`{ strandId: "KmA3ZZca7vAIiJAK9S5Iwl", sequenceNo: 100 } // an address`)
	fmt.Println(v, err)
	_, err = ion.ParseText(`{strandId: "KmA3ZZca7vAIiJAK9S5Iwl" sequenceNo: 100}`)
	fmt.Println(err)
	// Output:
	// {strandId:"KmA3ZZca7vAIiJAK9S5Iwl",sequenceNo:100} <nil>
	// ion: offset 36: expected a comma or the end of the struct, found 's'
}

func ExampleAppendPretty() {
	v, _ := ion.ParseText(`{blockAddress:{strandId:"KmA3ZZca7vAIiJAK9S5Iwl",sequenceNo:100},revisions:[]}`)
	fmt.Printf("%s\n", ion.AppendPretty(nil, v))
	// Output:
	// {
	//   blockAddress: {
	//     strandId: "KmA3ZZca7vAIiJAK9S5Iwl",
	//     sequenceNo: 100
	//   },
	//   revisions: []
	// }
}

func ExampleTextReader() {
	r := ion.NewTextReader(strings.NewReader(`{a:1} {a:2} oops]`))
	for r.Next() {
		fmt.Println(r.Offset(), r.Value())
	}
	fmt.Println(r.Err())
	// Output:
	// 0 {a:1}
	// 6 {a:2}
	// 12 oops
	// ion: offset 16: expected a value, found ']'
}

func ExampleValue_Field() {
	v, _ := ion.ParseText(`{metadata:{id:"HgXAkLjAtV0HQ4lNYdzX60",version:3},data:{Mileage:48123}}`)
	version, _ := v.Path("metadata", "version")
	n, ok := version.Int64()
	fmt.Println(n, ok)
	_, ok = v.Field("hash")
	fmt.Println(ok)
	// Output:
	// 3 true
	// false
}

func ExampleValue_Hash() {
	a, _ := ion.ParseText(`{b:2,a:1}`)
	b, _ := ion.ParseText(`{a:1,b:2}`)
	c, _ := ion.ParseText(`{a:1.0,b:2}`)
	for _, v := range []ion.Value{a, b, c} {
		h, err := v.Hash()
		fmt.Printf("%x %v\n", h[:8], err)
	}
	// Output:
	// 82600fc9b40e3c53 <nil>
	// 82600fc9b40e3c53 <nil>
	// 5ceb0823ee43c066 <nil>
}

func ExampleEqual() {
	a, _ := ion.ParseText(`{n:1,t:2020T}`)
	b, _ := ion.ParseText(`{t:2020-01-01T00:00Z,n:1.00}`)
	fmt.Println(ion.Equal(a, b), ion.Identical(a, b))
	// Output: true false
}

func ExampleMarshal() {
	type vehicle struct {
		VIN   string    `ion:"VIN"`
		Make  string    `ion:"Make,symbol"`
		Owner ion.Value `ion:"Owner"`
		Notes []string  `ion:"Notes,omitempty"`
	}
	owner, _ := ion.ParseText(`person::{GovId:"LEWISR261LL"}`)
	v, err := ion.Marshal(vehicle{VIN: "1N4AL11D75C109151", Make: "Audi", Owner: owner})
	fmt.Println(v, err)
	// Output:
	// {VIN:"1N4AL11D75C109151",Make:Audi,Owner:person::{GovId:"LEWISR261LL"}} <nil>
}

func ExampleValue_Unmarshal() {
	v, _ := ion.ParseText(`{VIN:"1N4AL11D75C109151",Mileage:48123,Price:9025.50,Extra:[a,b]}`)
	var vehicle struct {
		VIN     string
		Mileage int
		Price   ion.Decimal
		Extra   ion.Value
	}
	if err := v.Unmarshal(&vehicle); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(vehicle.VIN, vehicle.Mileage, vehicle.Price, vehicle.Extra)
	var wrong struct{ VIN int }
	fmt.Println(v.Unmarshal(&wrong))
	// Output:
	// 1N4AL11D75C109151 48123 9025.50 [a,b]
	// ion: VIN: cannot decode string to int
}
