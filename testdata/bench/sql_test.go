package bench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

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

// thousand runs a statement a thousand times in one transaction: begin, statement
// digests and the durable commit are part of it.
func thousand(b *testing.B, l ledger.Ledger, statement string, from int64, params func(k int64) []any) {
	err := l.Execute(context.Background(), func(tx ledger.Transaction) error {
		for k := range int64(1000) {
			r, err := tx.Execute(statement, params(from+k)...)
			if err != nil {
				return err
			}
			if !r.Next() {
				return fmt.Errorf("%s: no row", statement)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// thousandPrepared does the same with SQLite: one read transaction, one prepared
// statement.
func thousandPrepared(b *testing.B, db *sql.DB, query string, from int64, params func(k int64) []any, out ...any) {
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Rollback()
	st, err := tx.Prepare(query)
	if err != nil {
		b.Fatal(err)
	}
	for k := range int64(1000) {
		if err := st.QueryRow(params(from + k)...).Scan(out...); err != nil {
			b.Fatal(err)
		}
	}
}

// inTurn times two ways to run a thousand statements, turn by turn, so that
// whatever else the machine does hits both alike. It reports statements a second
// of both, over all turns, and their ratio over the medians.
func inTurn(b *testing.B, tally, sqlite func(from int64)) {
	var took [2][]float64
	turn := func(i int, f func(int64), from int64) {
		start := time.Now()
		f(from)
		took[i] = append(took[i], time.Since(start).Seconds())
	}
	for from := int64(0); b.Loop(); from += 1000 {
		turn(0, tally, from)
		turn(1, sqlite, from)
	}
	var median [2]float64
	for i, name := range []string{"tally/s", "sqlite/s"} {
		sum := 0.0
		for _, t := range took[i] {
			sum += t
		}
		b.ReportMetric(1000*float64(len(took[i]))/sum, name)
		slices.Sort(took[i])
		median[i] = took[i][len(took[i])/2]
	}
	b.ReportMetric(median[1]/median[0], "tally:sqlite")
}

// BenchmarkSQL runs statements on Tally and on SQLite, which has each document
// as JSON with an index on the extracted field.
func BenchmarkSQL(b *testing.B) {
	l := openSQL(b)
	key := func(k int64) []any { return []any{vin(k*7919%sqlDocs + 1)} }
	small := func(k int64) []any { return []any{vin(k%1900 + 1)} }
	db := sqlSQLite(b)
	b.Run("point-select", func(b *testing.B) {
		var doc string
		inTurn(b,
			func(from int64) {
				thousand(b, l, "SELECT * FROM VehicleRegistration WHERE VIN = ?", from, key)
			},
			func(from int64) {
				thousandPrepared(b, db, "SELECT doc FROM VehicleRegistration WHERE json_extract(doc, '$.VIN') = ?", from, key, &doc)
			})
	})
	b.Run("point-select-one-a-transaction/tally", func(b *testing.B) {
		for i := int64(0); b.Loop(); i++ {
			one(b, l, "SELECT * FROM VehicleRegistration WHERE VIN = ?", key(i)...)
		}
	})
	b.Run("join-3", func(b *testing.B) {
		var vin, model, name string
		inTurn(b,
			func(from int64) {
				thousand(b, l, "SELECT r.VIN, v.Model, p.Name FROM VehicleRegistration AS r, Vehicle AS v, Person AS p WHERE r.VIN = ? AND v.VIN = r.VIN AND p.Plate = r.LicensePlateNumber", from, small)
			},
			func(from int64) {
				thousandPrepared(b, db, `SELECT json_extract(r.doc, '$.VIN'), json_extract(v.doc, '$.Model'), json_extract(p.doc, '$.Name') FROM VehicleRegistration r, Vehicle v, Person p
					WHERE json_extract(r.doc, '$.VIN') = ? AND json_extract(v.doc, '$.VIN') = json_extract(r.doc, '$.VIN') AND json_extract(p.doc, '$.Plate') = json_extract(r.doc, '$.LicensePlateNumber')`, from, small, &vin, &model, &name)
			})
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
	peers(b, db)
}

// sqlSQLite gives SQLite the same documents.
func sqlSQLite(b *testing.B) *sql.DB {
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
	return db
}

// peers runs on SQLite what was run on Tally alone.
func peers(b *testing.B, db *sql.DB) {
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
