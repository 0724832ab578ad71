package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// The tables of the shared ledger. Keyed has an index on its field k.
var sharedTables = []string{"Plain", "Other", "Keyed"}

// prepare makes the tables that are missing and refuses a ledger with others.
func prepare(ctx context.Context, l ledger.Ledger) error {
	have, err := l.TableNames(ctx)
	if err != nil {
		return err
	}
	for _, name := range have {
		if !slices.Contains(sharedTables, name) {
			return fmt.Errorf("it has a table %q, which is not of this suite (%v); the suite empties tables, so use a ledger of its own", name, sharedTables)
		}
	}
	for _, name := range sharedTables {
		if slices.Contains(have, name) {
			continue
		}
		if err := createTable(ctx, l, name); err != nil {
			return err
		}
	}
	return nil
}

func createTable(ctx context.Context, l ledger.Ledger, name string) error {
	return l.Execute(ctx, func(tx ledger.Transaction) error {
		if _, err := tx.Execute("CREATE TABLE " + name); err != nil {
			return err
		}
		if name != "Keyed" {
			return nil
		}
		_, err := tx.Execute("CREATE INDEX ON Keyed (k)")
		return err
	})
}

// clear deletes all documents of the shared tables.
func clear(ctx context.Context, l ledger.Ledger) error {
	for _, name := range sharedTables {
		if err := clearTable(ctx, l, name); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

func clearTable(ctx context.Context, l ledger.Ledger, name string) error {
	var ids []ion.Value
	err := l.Execute(ctx, func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT VALUE id FROM " + name + " BY id")
		if err != nil {
			return err
		}
		ids, err = r.All()
		return err
	})
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, 40) {
		err := l.Execute(ctx, func(tx ledger.Transaction) error {
			for _, id := range chunk {
				if _, err := tx.Execute("DELETE FROM "+name+" BY id WHERE id = ?", id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
