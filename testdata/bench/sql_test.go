package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/ledger"
)

// sqlDocs is how many documents the statements of this file run over.
const sqlDocs = 100_000

// openSQL makes a ledger with sqlDocs documents, 40 a transaction.
func openSQL(b *testing.B) *emulator.Ledger {
	path := filepath.Join(b.TempDir(), "sql.tally")
	l, err := emulator.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	for _, t := range []string{"VehicleRegistration", "Vehicle", "Person"} {
		run(b, l, "CREATE TABLE "+t)
	}
	run(b, l, "CREATE INDEX ON VehicleRegistration (VIN)")
	run(b, l, "CREATE INDEX ON Vehicle (VIN)")
	run(b, l, "CREATE INDEX ON Person (Plate)")
	fillTable(b, l, "VehicleRegistration", sqlDocs)
	fillTable(b, l, "Vehicle", sqlDocs/10)
	for i := int64(1); i <= 2000; i += 40 {
		batch(b, l, "Person", 40, func(k int64) any { return map[string]any{"Plate": fmt.Sprintf("LEWISR%dLL", i+k), "Name": "Somebody"} })
	}
	return l
}

func fillTable(b *testing.B, l ledger.Ledger, table string, n int64) {
	for i := int64(1); i <= n; i += 40 {
		batch(b, l, table, 40, func(k int64) any { return document(i + k) })
	}
}

func batch(b *testing.B, l ledger.Ledger, table string, n int64, doc func(int64) any) {
	text := "INSERT INTO " + table + " << ?"
	params := []any{doc(0)}
	for k := int64(1); k < n; k++ {
		text += ", ?"
		params = append(params, doc(k))
	}
	run(b, l, text+" >>", params...)
}

// inTx runs a statement a thousand times in one transaction: begin, statement
// digests and the durable commit are part of the time.
func inTx(b *testing.B, l ledger.Ledger, statement string, rows bool, params func(k int64) []any) {
	b.ReportAllocs()
	k := int64(0)
	for b.Loop() {
		err := l.Execute(context.Background(), func(tx ledger.Transaction) error {
			for range 1000 {
				k++
				r, err := tx.Execute(statement, params(k)...)
				if err != nil {
					return err
				}
				if r.Next() != rows {
					return fmt.Errorf("%s: row %v", statement, !rows)
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "statements/s")
}

// BenchmarkSQL runs statements on Tally and on SQLite, which has each document
// as JSON with an index on the extracted field.
func BenchmarkSQL(b *testing.B) {
	l := openSQL(b)
	key := func(k int64) []any { return []any{vin(k*7919%sqlDocs + 1)} }
	small := func(k int64) []any { return []any{vin(k%1900 + 1)} }
	b.Run("point-select/tally", func(b *testing.B) {
		inTx(b, l, "SELECT * FROM VehicleRegistration WHERE VIN = ?", true, key)
	})
	b.Run("point-select-one-a-transaction/tally", func(b *testing.B) {
		for i := int64(0); b.Loop(); i++ {
			one(b, l, "SELECT * FROM VehicleRegistration WHERE VIN = ?", key(i)...)
		}
	})
	b.Run("join-3/tally", func(b *testing.B) {
		inTx(b, l, "SELECT r.VIN, v.Model, p.Name FROM VehicleRegistration AS r, Vehicle AS v, Person AS p WHERE r.VIN = ? AND v.VIN = r.VIN AND p.Plate = r.LicensePlateNumber", true, small)
	})
	b.Run("count/tally", func(b *testing.B) {
		for b.Loop() {
			one(b, l, "SELECT COUNT(*) FROM VehicleRegistration")
		}
		b.ReportMetric(sqlDocs*float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	})
	b.Run("scan-filter/tally", func(b *testing.B) {
		for b.Loop() {
			one(b, l, "SELECT COUNT(*) FROM VehicleRegistration WHERE Color = 'Silver'")
		}
		b.ReportMetric(sqlDocs*float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	})
	b.Run("update-by-id/tally", func(b *testing.B) {
		row := one(b, l, "SELECT id FROM VehicleRegistration AS r BY id WHERE r.VIN = ?", vin(5))
		id, _ := row.Field("id")
		text, _ := id.Text()
		for i := 0; b.Loop(); i++ {
			run(b, l, "UPDATE VehicleRegistration AS r BY id SET r.\"Year\" = ? WHERE id = ?", i, text)
		}
	})
	sqlSQLite(b, key, small)
}

func sqlSQLite(b *testing.B, key, small func(int64) []any) {
	db := openSQLite(b)
	db.SetMaxOpenConns(1)
	for _, s := range []string{"CREATE TABLE Vehicle (id INTEGER PRIMARY KEY, doc TEXT NOT NULL)", "CREATE INDEX vvin ON Vehicle (json_extract(doc, '$.VIN'))",
		"CREATE TABLE Person (id INTEGER PRIMARY KEY, doc TEXT NOT NULL)", "CREATE INDEX pplate ON Person (json_extract(doc, '$.Plate'))", "BEGIN"} {
		if _, err := db.Exec(s); err != nil {
			b.Fatal(err)
		}
	}
	load := func(table string, n int64, doc func(int64) string) {
		ins, err := db.Prepare("INSERT INTO " + table + " (doc) VALUES (?)")
		if err != nil {
			b.Fatal(err)
		}
		for i := int64(1); i <= n; i++ {
			if _, err := ins.Exec(doc(i)); err != nil {
				b.Fatal(err)
			}
		}
	}
	load("VehicleRegistration", sqlDocs, jsonDocument)
	load("Vehicle", sqlDocs/10, jsonDocument)
	load("Person", 2000, func(i int64) string { return fmt.Sprintf(`{"Plate":"LEWISR%dLL","Name":"Somebody"}`, i) })
	if _, err := db.Exec("COMMIT"); err != nil {
		b.Fatal(err)
	}
	prepared := func(name, query string, columns int, params func(int64) []any) {
		b.Run(name+"/sqlite", func(b *testing.B) {
			b.ReportAllocs()
			k := int64(0)
			for b.Loop() {
				tx, err := db.Begin()
				if err != nil {
					b.Fatal(err)
				}
				st, err := tx.Prepare(query)
				if err != nil {
					b.Fatal(err)
				}
				for range 1000 {
					k++
					out := make([]any, columns)
					for i := range out {
						out[i] = new(string)
					}
					if err := st.QueryRow(params(k)...).Scan(out...); err != nil {
						b.Fatal(err)
					}
				}
				_ = tx.Rollback()
			}
			b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "statements/s")
		})
	}
	prepared("point-select", "SELECT doc FROM VehicleRegistration WHERE json_extract(doc, '$.VIN') = ?", 1, key)
	prepared("join-3", `SELECT json_extract(r.doc, '$.VIN'), json_extract(v.doc, '$.Model'), json_extract(p.doc, '$.Name') FROM VehicleRegistration r, Vehicle v, Person p
		WHERE json_extract(r.doc, '$.VIN') = ? AND json_extract(v.doc, '$.VIN') = json_extract(r.doc, '$.VIN') AND json_extract(p.doc, '$.Plate') = json_extract(r.doc, '$.LicensePlateNumber')`, 3, small)
	count := func(name, query string) {
		b.Run(name+"/sqlite", func(b *testing.B) {
			for b.Loop() {
				var n int64
				if err := db.QueryRow(query).Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(sqlDocs*float64(b.N)/b.Elapsed().Seconds(), "docs/s")
		})
	}
	count("count", "SELECT COUNT(*) FROM VehicleRegistration")
	count("scan-filter", "SELECT COUNT(*) FROM VehicleRegistration WHERE json_extract(doc, '$.Color') = 'Silver'")
	b.Run("update-by-id/sqlite", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := db.Exec("UPDATE VehicleRegistration SET doc = json_set(doc, '$.Year', ?) WHERE id = ?", i, 5); err != nil {
				b.Fatal(err)
			}
		}
	})
}
