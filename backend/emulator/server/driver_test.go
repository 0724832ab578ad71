//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/amzn/ion-go/ion"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession/types"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

// exec runs one statement in a transaction of its own and returns its rows.
func exec(t testing.TB, d *qldbdriver.QLDBDriver, statement string, params ...any) [][]byte {
	t.Helper()
	out, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
		return rows(txn, statement, params...)
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return out.([][]byte)
}

func rows(txn qldbdriver.Transaction, statement string, params ...any) ([][]byte, error) {
	r, err := txn.Execute(statement, params...)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for r.Next(txn) {
		out = append(out, r.GetCurrentData())
	}
	return out, r.Err()
}

// number reads the only row of a SELECT VALUE.
func number(t testing.TB, d *qldbdriver.QLDBDriver, statement string, params ...any) (n int) {
	t.Helper()
	r := exec(t, d, statement, params...)
	if len(r) != 1 {
		t.Fatalf("%s: %d rows, want 1", statement, len(r))
	}
	if err := ion.Unmarshal(r[0], &n); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return n
}

func TestDriverQuickStart(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("quick-start")
	exec(t, d, "CREATE TABLE People")
	exec(t, d, "CREATE INDEX ON People (firstName)")
	type person struct {
		FirstName string `ion:"firstName"`
		LastName  string `ion:"lastName"`
		Age       int    `ion:"age"`
	}
	exec(t, d, "INSERT INTO People ?", person{"John", "Doe", 54})
	get := func() (p person) {
		r := exec(t, d, "SELECT * FROM People WHERE firstName = ?", "John")
		if len(r) != 1 {
			t.Fatalf("%d rows, want 1", len(r))
		}
		if err := ion.Unmarshal(r[0], &p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := get(); p != (person{"John", "Doe", 54}) {
		t.Errorf("got %+v", p)
	}
	exec(t, d, "UPDATE People SET age = ? WHERE firstName = ?", 44, "John")
	if p := get(); p.Age != 44 {
		t.Errorf("age %d after the update, want 44", p.Age)
	}
	exec(t, d, "DELETE FROM People WHERE firstName = ?", "John")
	if r := exec(t, d, "SELECT * FROM People"); len(r) != 0 {
		t.Errorf("%d rows after the deletion, want 0", len(r))
	}
	names, err := d.GetTableNames(context.Background())
	if err != nil || len(names) != 1 || names[0] != "People" {
		t.Errorf("table names %q, error %v", names, err)
	}
	if r := exec(t, d, "DROP TABLE People"); len(r) != 1 {
		t.Errorf("DROP TABLE gave %d rows, want 1", len(r))
	}
}

// insertNumbers fills table T with documents {n: 0} to {n: count-1}.
func insertNumbers(t testing.TB, d *qldbdriver.QLDBDriver, count int) {
	t.Helper()
	exec(t, d, "CREATE TABLE T")
	const perTx = 40
	for from := 0; from < count; from += perTx {
		var docs []map[string]int
		for n := from; n < min(from+perTx, count); n++ {
			docs = append(docs, map[string]int{"n": n})
		}
		if r := exec(t, d, "INSERT INTO T ?", docs); len(r) != len(docs) {
			t.Fatalf("%d documents inserted, want %d", len(r), len(docs))
		}
	}
}

// TestDriverPages reads 800 rows, 200 a page, with the SDK's own HTTP client: long
// answers reach it whole.
func TestDriverPages(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("pages")
	exec(t, d, "CREATE TABLE T")
	const count, perTx, size = 800, 40, 1000
	for from := 0; from < count; from += perTx {
		var docs []map[string]any
		for n := from; n < from+perTx; n++ {
			docs = append(docs, map[string]any{"n": n, "text": strings.Repeat("x", size)})
		}
		exec(t, d, "INSERT INTO T ?", docs)
	}
	for range 5 {
		seen := map[int]bool{}
		for _, r := range exec(t, d, "SELECT * FROM T") {
			var row struct {
				N    int    `ion:"n"`
				Text string `ion:"text"`
			}
			if err := ion.Unmarshal(r, &row); err != nil {
				t.Fatal(err)
			}
			if len(row.Text) != size {
				t.Fatalf("row %d has %d characters of text, want %d", row.N, len(row.Text), size)
			}
			seen[row.N] = true
		}
		if len(seen) != count {
			t.Errorf("%d different rows, want %d", len(seen), count)
		}
	}
	var sizes []int
	c := rawSession(t, s, "pages")
	tx := c.begin()
	page := c.execute(tx, "SELECT VALUE n FROM T").FirstPage
	for sizes = append(sizes, len(page.Values)); page.NextPageToken != nil; sizes = append(sizes, len(page.Values)) {
		page = c.fetch(tx, *page.NextPageToken)
	}
	if fmt.Sprint(sizes) != "[200 200 200 200]" {
		t.Errorf("pages of %v values, want four of 200", sizes)
	}
}

// TestDriverReadIOs counts the reads of a sixfold join of three documents:
// 3+9+27+81+243+729.
func TestDriverReadIOs(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("ios")
	insertNumbers(t, d, 3)
	_, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
		r, err := txn.Execute("SELECT * FROM T AS a, T AS b, T AS c, T AS d, T AS e, T AS f")
		if err != nil {
			return nil, err
		}
		n := 0
		for r.Next(txn) {
			if n++; n == 1 && (*r.GetConsumedIOs().GetReadIOs() <= 0 || *r.GetTimingInformation().GetProcessingTimeMilliseconds() <= 0) {
				t.Error("the first row has no read IOs or no time yet")
			}
		}
		if ios := *r.GetConsumedIOs().GetReadIOs(); n != 729 || ios != 1092 {
			t.Errorf("%d rows and %d read IOs, want 729 and 1092", n, ios)
		}
		return nil, r.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDriverErrors looks at errors as a program with the driver sees them.
func TestDriverErrors(t *testing.T) {
	s := servertest.New(t)
	d := s.Driver("errors")
	exec(t, d, "CREATE TABLE T")
	for _, test := range []struct{ statement, message string }{
		{"CREATE TABLE T", "Table with name: USER.T already exists"},
		{"SELECT * FROM Nothing", "Semantic Error: at line 1, column 15: No such variable named 'Nothing'; No such variable named 'Nothing'"},
		{"DELETE FROM Nothing", "Semantic Error: at line 1, column 13: No such variable named 'Nothing'; No such variable named 'Nothing'"},
		{"SELECT * FROM T WHERE n = ?", "Query expects 1 parameters, but statement has 0"},
	} {
		runs := 0
		_, err := d.Execute(t.Context(), func(txn qldbdriver.Transaction) (any, error) {
			runs++
			return rows(txn, test.statement)
		})
		var bad *types.BadRequestException
		if !errors.As(err, &bad) || bad.ErrorMessage() != test.message || runs != 1 {
			t.Errorf("%s: after %d runs %v, want one BadRequestException %q", test.statement, runs, err, test.message)
		}
	}
	none, err := qldbdriver.New("no-such-ledger", s.Session, func(o *qldbdriver.DriverOptions) { o.LoggerVerbosity = qldbdriver.LogOff })
	if err != nil {
		t.Fatal(err)
	}
	_, err = none.GetTableNames(t.Context())
	var bad *types.BadRequestException
	if !errors.As(err, &bad) || bad.ErrorMessage() != "The Ledger with name no-such-ledger is not found" {
		t.Errorf("a ledger that is not there: %v", err)
	}
}
