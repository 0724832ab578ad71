package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// paged is a result of pages of the numbers 0, 1, 2…; err ends it.
func paged(sizes []int, err error) *ledger.Result {
	n := int64(0)
	page := func(i int) ledger.Page {
		p := ledger.Page{IO: ledger.IOUsage{ReadIOs: int64(sizes[i]), WriteIOs: 1}, Timing: ledger.Timing{Processing: time.Millisecond}}
		for range sizes[i] {
			p.Values = append(p.Values, ion.NewInt(n))
			n++
		}
		if i+1 < len(sizes) || err != nil {
			p.Token = fmt.Sprint(i + 1)
		}
		return p
	}
	return ledger.NewResult(page(0), func(token string) (ledger.Page, error) {
		var i int
		_, _ = fmt.Sscan(token, &i)
		if i == len(sizes) {
			return ledger.Page{}, err
		}
		return page(i), nil
	})
}

func TestResultReadsPages(t *testing.T) {
	for _, sizes := range [][]int{{0}, {1}, {3, 2}, {0, 0, 4}, {2, 0, 1}, {1, 0}} {
		total := 0
		for _, s := range sizes {
			total += s
		}
		r := paged(sizes, nil)
		n := 0
		for r.Next() {
			if v, _ := r.Value().Int64(); v != int64(n) {
				t.Errorf("pages %v: row %d is %s", sizes, n, r.Value())
			}
			n++
		}
		if r.Err() != nil || n != total || r.Next() || !r.Value().IsZero() {
			t.Errorf("pages %v: %d rows, error %v, and then %s", sizes, n, r.Err(), r.Value())
		}
		if u := r.IO(); u.ReadIOs != int64(total) || u.WriteIOs != int64(len(sizes)) || r.Timing().Processing != time.Duration(len(sizes))*time.Millisecond {
			t.Errorf("pages %v: usage %+v, %v", sizes, u, r.Timing())
		}
	}
}

func TestResultPageFails(t *testing.T) {
	broken := errors.New("broken")
	r := paged([]int{2}, broken)
	rows := 0
	for r.Next() {
		rows++
	}
	if rows != 2 || !errors.Is(r.Err(), broken) || r.Next() {
		t.Errorf("the error is %v, want %v after two rows", r.Err(), broken)
	}
	if _, err := paged([]int{2}, broken).All(); !errors.Is(err, broken) {
		t.Errorf("All: %v", err)
	}
	for _, sizes := range [][]int{{0}, {1}} {
		if _, err := paged(sizes, broken).One(); !errors.Is(err, broken) {
			t.Errorf("One after %v: %v", sizes, err)
		}
	}
}

func TestResultOne(t *testing.T) {
	if v, err := paged([]int{0, 1}, nil).One(); err != nil || v.String() != "0" {
		t.Errorf("the only row is %s, %v", v, err)
	}
	for _, sizes := range [][]int{{0}, {2}, {1, 1}} {
		if v, err := paged(sizes, nil).One(); err == nil {
			t.Errorf("rows %v: One gave %s", sizes, v)
		}
	}
}

func TestResultDecode(t *testing.T) {
	r := paged([]int{1}, nil)
	var n int
	if !r.Next() || r.Decode(&n) != nil || n != 0 {
		t.Errorf("decoded %d", n)
	}
	if v, err := ion.Parse(r.GetCurrentData()); err != nil || v.String() != "0" {
		t.Errorf("the current data is %s, %v", v, err)
	}
	var s struct{ X int }
	if err := r.Decode(&s); err == nil {
		t.Error("an int was decoded into a struct")
	}
}

func TestParameters(t *testing.T) {
	v, err := ion.ParseText("a::[1.50, {b: 2020T}]")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ledger.Parameters([]any{1, "x", true, nil, 2.5, []byte{1}, []int{1, 2}, map[string]int{"a": 1}, v})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1", `"x"`, "true", "null", "2.5e0", "{{AQ==}}", "[1,2]", "{a:1}", "a::[1.50,{b:2020T}]"}
	for i := range want {
		if got[i].String() != want[i] {
			t.Errorf("parameter %d is %s, want %s", i+1, got[i], want[i])
		}
	}
	if none, err := ledger.Parameters(nil); none != nil || err != nil {
		t.Errorf("no parameters gave %v, %v", none, err)
	}
	if _, err := ledger.Parameters([]any{1, make(chan int)}); err == nil {
		t.Error("a channel was converted")
	}
}
