package server_test

import (
	"context"
	"testing"

	"github.com/amzn/ion-go/ion"
	"github.com/awslabs/amazon-qldb-driver-go/v3/qldbdriver"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
)

func exec(t *testing.T, d *qldbdriver.QLDBDriver, statement string, params ...any) [][]byte {
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
}
