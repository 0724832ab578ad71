package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator/server"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// hardValues are what the three formats of an export have most trouble with, as
// Ion text: what JSON has no word for, or reads as something else.
var hardValues = []string{
	"1d400", "-1d400", "1d-400", "123456789d308", "1d309", "1d2147483647", "1d-2147483647", "-0d0", "-0d400", "-0d-3", "-0d-50", "0.000", "1.10", "8.70",
	"1234567890123456789012345678901234567890.12345678901234567890", "1d-40", "1d-41", "1d20", "1d21",
	"-0e0", "0e0", "1e300", "1e21", "1e20", "1e-6", "5e-324", "1.7976931348623157e308", "0.1e0", "nan", "+inf", "-inf",
	"0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "-123456789012345678901234567890123456789012345678901234567890",
	"null", "null.bool", "null.int", "null.float", "null.decimal", "null.timestamp", "null.symbol", "null.string", "null.clob", "null.blob", "null.list", "null.sexp", "null.struct",
	"true", "false", "2024T", "2024-02T", "2024-02-29", "2024-02-29T12:30Z", "2024-02-29T12:30-00:00", "2024-02-29T12:30:15+05:30", "2024-02-29T12:30:15.000Z",
	"2024-02-29T12:30:15.123456789012345678901234567890Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+23:59",
	`'2024-02-29'`, `"2024-02-29"`, `'2024T'`, `"2024-02-29T12:30:15.000Z"`, `"2024-02-29 // x"`, `'nan'`, `'null'`, `'true'`, `'+inf'`, `'1d400'`, `''`, `""`,
	`"aGVsbG8="`, `{{aGVsbG8=}}`, `{{}}`, `{{""}}`, `{{"clob \x80\xff\0 \" \\"}}`, `"\0\x01\b\f\n\r\t\v\"\\\/<>&\u2028\x7f\x85\U0001f600"`, `sym`, `'a b'`, `"{\"a\":1}"`,
	"[]", "()", "{}", "(+ 1 2)", "[1,(2),{a:3}]", "{a:1,a:2}", `{'':1}`, `{'$0':1,'$ion':2,'null':3}`, "x::1", "x::y::{a:z::true}", "'2024T'::[]", "x::null.int",
	`{hash:{{aGVsbG8=}},metadata:{id:"x",version:1}}`, `{blockAddress:{strandId:"s",sequenceNo:1},blockHash:"x"}`,
}

// randomValue is a value as Ion text: a hard one, or a container of some.
func randomValue(r *rand.Rand, levels int) string {
	if levels == 0 || r.IntN(3) > 0 {
		return hardValues[r.IntN(len(hardValues))]
	}
	parts := make([]string, r.IntN(4))
	for i := range parts {
		parts[i] = randomValue(r, levels-1)
	}
	switch r.IntN(4) {
	case 0:
		return "[" + strings.Join(parts, ",") + "]"
	case 1:
		return "(" + strings.Join(parts, " ") + ")"
	case 2:
		return "note::[" + strings.Join(parts, ",") + "]"
	}
	for i := range parts {
		parts[i] = fmt.Sprintf("f%d:%s", i, parts[i])
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// TestVerifyOwnExports commits documents with values of all types, exports them in
// every format and verifies what was written. Ion proves all of it. JSON may leave
// data undecided, since it does not tell types apart, but it never refutes what
// was written in good faith.
func TestVerifyOwnExports(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	x := newExporter(t)
	x.statement("CREATE TABLE T")
	for i, text := range hardValues {
		x.statement("INSERT INTO T ?", fmt.Sprintf("{n:%d,v:%s}", i, text))
	}
	for i := range 60 {
		x.statement("INSERT INTO T ?", fmt.Sprintf("{n:%d,v:%s,w:%s}", 1000+i, randomValue(r, 3), randomValue(r, 3)))
	}
	x.statement("UPDATE T SET v = 1 /* \u2028 <&> \U0001f600 \x7f */ WHERE n < 5")
	x.statement("DELETE FROM T WHERE n = 6 OR n = 1001")
	for format, exact := range map[string]bool{"ION_TEXT": true, "ION_BINARY": true, "JSON": false} {
		t.Run(format, func(t *testing.T) {
			out, status := tally(t, "verify", x.export(format))
			switch {
			case exact && status != exitOK:
				t.Errorf("exit status %d, want %d:\n%.2000s", status, exitOK, out)
			case status != exitOK && status != exitUndecided, strings.Contains(out, "DOES NOT VERIFY"), strings.Contains(out, "FAILED"):
				t.Errorf("exit status %d, want %d or %d:\n%.2000s", status, exitOK, exitUndecided, out)
			}
		})
	}
}

// TestVerifyHugeDecimalsInJSON exports one decimal that JSON's readers take for
// infinity. All but the data is proven; an infinity in its place is no proof.
func TestVerifyHugeDecimalsInJSON(t *testing.T) {
	for _, text := range []string{"1d400", "-1d400", "[{a:1d2147483647}]"} {
		x := newExporter(t)
		x.statement("CREATE TABLE T")
		x.statement("INSERT INTO T ?", "{v:"+text+"}")
		verifyWant(t, exitUndecided, []string{x.export("JSON")}, "UNDECIDED", "the data of 1 revision: JSON does not tell", "!FAILED")
	}
	x := newExporter(t)
	x.statement("CREATE TABLE T")
	x.statement("INSERT INTO T ?", "{v:+inf}")
	dir := x.export("JSON")
	files, err := filepath.Glob(filepath.Join(dir, "*/*/*/*/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no objects: %v, %v", files, err)
	}
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if i == len(files)-1 {
			data = []byte(replaced(t, string(data), `"v":null`, `"v":1E400`))
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verifyWant(t, exitUndecided, []string{dir}, "the data of 1 revision: JSON does not tell", "!FAILED")
}

// exporter is a server with one ledger whose journal is exported.
type exporter struct {
	t     *testing.T
	s     *server.Server
	dir   string
	start time.Time
	count int
}

func newExporter(t *testing.T) *exporter {
	t.Helper()
	x := &exporter{t: t, dir: t.TempDir(), start: time.Now()}
	s, err := server.New(server.Config{TestControls: true, Exports: server.ExportTarget{Dir: x.dir}})
	if err != nil {
		t.Fatal(err)
	}
	x.s = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.CreateLedger("L", "ALLOW_ALL"); err != nil {
		t.Fatal(err)
	}
	return x
}

// statement runs a statement in a transaction of its own; its parameters are Ion
// text.
func (x *exporter) statement(text string, params ...string) {
	x.t.Helper()
	l, err := x.s.Ledger("L")
	if err != nil {
		x.t.Fatal(err)
	}
	args := make([]any, len(params))
	for i, p := range params {
		v, err := ion.ParseText(p)
		if err != nil {
			x.t.Fatalf("%s: %v", p, err)
		}
		args[i] = v
	}
	err = l.Execute(x.t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute(text, args...)
		return err
	})
	if err != nil {
		x.t.Fatalf("%s %q: %v", text, params, err)
	}
}

// export exports everything and returns the folder with it.
func (x *exporter) export(format string) (dir string) {
	x.t.Helper()
	if err := x.s.Advance(time.Second); err != nil {
		x.t.Fatal(err)
	}
	x.count++
	bucket := fmt.Sprintf("bucket-%d", x.count)
	var out struct {
		ExportId          string
		ExportDescription struct{ Status string }
	}
	end := x.start.Add(time.Duration(x.count) * time.Second).UnixMilli()
	x.call("POST", "/ledgers/L/journal-s3-exports", fmt.Sprintf(`{"InclusiveStartTime":1,"ExclusiveEndTime":%d.%03d,"RoleArn":"arn:aws:iam::000000000000:role/r","OutputFormat":%q,
		"S3ExportConfiguration":{"Bucket":%q,"Prefix":"","EncryptionConfiguration":{"ObjectEncryptionType":"NO_ENCRYPTION"}}}`, end/1000, end%1000, format, bucket), &out)
	for out.ExportDescription.Status = "IN_PROGRESS"; out.ExportDescription.Status == "IN_PROGRESS"; time.Sleep(time.Millisecond) {
		x.call("GET", "/ledgers/L/journal-s3-exports/"+out.ExportId, "", &out)
	}
	if out.ExportDescription.Status != "COMPLETED" {
		x.t.Fatalf("the export is %s", out.ExportDescription.Status)
	}
	return filepath.Join(x.dir, bucket)
}

func (x *exporter) call(method, path, body string, out any) {
	x.t.Helper()
	w := httptest.NewRecorder()
	x.s.ServeHTTP(w, httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body)))
	if w.Code != http.StatusOK {
		x.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
		x.t.Fatal(err)
	}
}
