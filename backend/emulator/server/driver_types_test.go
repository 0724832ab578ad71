//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"math"
	"testing"
	"time"

	ionGo "github.com/amzn/ion-go/ion"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain/ion"
)

// ionValues holds every type, with its null, plain and annotated. An annotated
// true is not among them: the driver's own reader refuses it.
var ionValues = []string{
	"null", "null.null", "true", "false", "null.bool", "0", "1", "-1", "123456789012345678901234567890", "null.int",
	"0e0", "1.5e0", "-2.5e300", "nan", "+inf", "-inf", "null.float",
	"0.", "0.0", "-0.", "1.10", "1.1", "123456789.123456789", "1d30", "1d-30", "null.decimal",
	"2020T", "2020-02T", "2020-02-29", "2020-02-29T12:00Z", "2020-02-29T12:00:01Z", "2020-02-29T12:00:01.123Z", "2020-02-29T12:00:01.123456789+05:30", "2020-02-29T12:00:01-00:00", "null.timestamp",
	"sym", "'a symbol'", "null.symbol", `""`, `"text"`, `"äöü \U0001F600"`, "null.string",
	"{{}}", "{{aGVsbG8=}}", "null.blob", `{{""}}`, `{{"clob"}}`, "null.clob",
	"[]", "[1,[2,null],{a:3}]", "null.list", "()", "(+ 1 2)", "null.sexp",
	"{}", "{a:1}", "{a:1,b:{c:[1,2.0,3e0]},'with space':null.int}", "null.struct",
	"a::1", "a::b::'c d'::2.50", "a::false", "a::null", "a::null.list", "a::{x:b::[c::1]}", `a::"text"`, "a::2020T", "a::{{aGVsbG8=}}",
}

// TestDriverIonTypes inserts every value, finds it by equality, and reads it
// back as it was.
func TestDriverIonTypes(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("types")
	exec(t, d, "CREATE TABLE T")
	for _, text := range ionValues {
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		exec(t, d, "DELETE FROM T")
		exec(t, d, "INSERT INTO T VALUE {'v': ?, 'w': [?]}", v, v)
		find, params := "SELECT VALUE v FROM T WHERE v = ?", []any{v}
		if v.IsNull() {
			find, params = "SELECT VALUE v FROM T WHERE v IS NULL", nil
		}
		checkSame(t, text, v, exec(t, d, find, params...))
		exec(t, d, "UPDATE T SET v = 'other'")
		exec(t, d, "UPDATE T SET v = ?", v)
		checkSame(t, text, v, exec(t, d, "SELECT VALUE v FROM T"))
		checkSame(t, text, v, exec(t, d, "SELECT VALUE w[0] FROM T"))
	}
}

func checkSame(t *testing.T, text string, want ion.Value, rows [][]byte) {
	t.Helper()
	if len(rows) != 1 {
		t.Errorf("%s: %d rows, want 1", text, len(rows))
		return
	}
	got, err := ion.Parse(rows[0])
	if err != nil || !ion.Identical(got, want) {
		t.Errorf("%s: came back as %s, error %v", text, got, err)
	}
}

// TestDriverGoTypes passes Go's values and ion-go's, which the driver encodes.
func TestDriverGoTypes(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("go-types")
	exec(t, d, "CREATE TABLE T")
	for _, test := range []struct {
		in   any
		want string
	}{
		{true, "true"}, {int64(math.MinInt64), "-9223372036854775808"}, {uint64(math.MaxUint64), "18446744073709551615"},
		{2.5, "2.5e0"}, {ionGo.MustParseDecimal("1.10"), "1.10"}, {"text", `"text"`}, {[]byte("hello"), "{{aGVsbG8=}}"},
		{ionGo.NewTimestamp(time.Date(2022, 11, 5, 1, 2, 3, 0, time.UTC), ionGo.TimestampPrecisionSecond, ionGo.TimezoneUTC), "2022-11-05T01:02:03Z"},
		{[]any{1, "two", 3.0}, `[1,"two",3e0]`}, {map[string]any{"a": []int{1}}, "{a:[1]}"}, {[]int(nil), "null"},
	} {
		want, err := ion.ParseText(test.want)
		if err != nil {
			t.Fatal(err)
		}
		exec(t, d, "DELETE FROM T")
		exec(t, d, "INSERT INTO T VALUE {'v': ?}", test.in)
		checkSame(t, test.want, want, exec(t, d, "SELECT VALUE v FROM T"))
	}
}

// TestAnnotatedTrue goes past the driver: the server takes the one value that
// the driver's Ion library cannot read.
func TestAnnotatedTrue(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("annotated")
	c := rawSession(t, s, "annotated")
	v, err := ion.ParseText("{v:a::true}")
	if err != nil {
		t.Fatal(err)
	}
	tx := c.begin()
	c.execute(tx, "CREATE TABLE T")
	c.execute(tx, "INSERT INTO T ?", v)
	if err := c.commit(tx); err != nil {
		t.Fatal(err)
	}
	tx = c.begin()
	want, _ := v.Field("v")
	page := c.execute(tx, "SELECT VALUE v FROM T WHERE v = ?", want).FirstPage
	if len(page.Values) != 1 {
		t.Fatalf("%d rows, want 1", len(page.Values))
	}
	checkSame(t, "a::true", want, [][]byte{page.Values[0].IonBinary})
}
