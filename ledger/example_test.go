package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	_ "github.com/tallyledger/tally/backend/emulator" // memory: and bolt:
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

type Person struct {
	FirstName string `ion:"firstName"`
	LastName  string `ion:"lastName"`
	Age       int    `ion:"age"`
}

// openExample is a ledger in memory with one table.
func openExample(table string) ledger.Ledger {
	l, err := ledger.Open(context.Background(), "memory:example")
	if err != nil {
		log.Fatal(err)
	}
	err = l.Execute(context.Background(), func(tx ledger.Transaction) error {
		_, err := tx.Execute("CREATE TABLE " + table)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	return l
}

func Example() {
	ctx := context.Background()
	l := openExample("People")
	defer l.Close()

	err := l.Execute(ctx, func(tx ledger.Transaction) error {
		if _, err := tx.Execute("INSERT INTO People ?", Person{"Ada", "Lovelace", 36}); err != nil {
			return err
		}
		r, err := tx.Execute("SELECT * FROM People WHERE age > ?", 30)
		if err != nil {
			return err
		}
		for r.Next() {
			var p Person
			if err := r.Decode(&p); err != nil {
				return err
			}
			fmt.Println(p.FirstName, p.LastName, p.Age)
		}
		return r.Err()
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: Ada Lovelace 36
}

// Code written for QLDB's driver for Go moves over with few edits. This was the
// function for the driver:
//
//	driver, err := qldbdriver.New("quick-start", session)
//	…
//	p, err := driver.Execute(ctx, func(txn qldbdriver.Transaction) (interface{}, error) {
//		result, err := txn.Execute("SELECT firstName, age, lastName FROM People WHERE age = ?", 54)
//		if err != nil {
//			return nil, err
//		}
//		hasNext := result.Next(txn)
//		if !hasNext && result.Err() != nil {
//			return nil, result.Err()
//		}
//		temp := new(Person)
//		if err := ion.Unmarshal(result.GetCurrentData(), temp); err != nil {
//			return nil, err
//		}
//		return *temp, nil
//	})
//
// Three things change: the ledger is opened by a URL; the function returns only
// an error and leaves its result in a variable; a row is read without the
// transaction and decoded by the result itself.
func Example_fromTheQLDBDriver() {
	ctx := context.Background()
	driver := openExample("People")
	defer driver.Close()

	var p Person
	err := driver.Execute(ctx, func(txn ledger.Transaction) error {
		if _, err := txn.Execute("INSERT INTO People ?", Person{"John", "Doe", 54}); err != nil {
			return err
		}
		result, err := txn.Execute("SELECT firstName, age, lastName FROM People WHERE age = ?", 54)
		if err != nil {
			return err
		}
		hasNext := result.Next()
		if !hasNext && result.Err() != nil {
			return result.Err()
		}
		return result.Decode(&p)
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.FirstName, p.LastName, p.Age)
	// Output: John Doe 54
}

func ExampleError() {
	ctx := context.Background()
	l := openExample("People")
	defer l.Close()

	err := l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute("CREATE TABLE People")
		return err
	})
	var e *ledger.Error
	if errors.Is(err, ledger.ErrBadRequest) && errors.As(err, &e) {
		fmt.Println(e.Code, e.Message)
	}
	// Output: 412 Table with name: USER.People already exists
}

func ExampleWithRetry() {
	ctx := context.Background()
	l := openExample("People")
	defer l.Close()

	patient := ledger.RetryPolicy{Max: 20, Base: 5 * time.Millisecond, Cap: time.Second}
	err := l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute("UPDATE People SET age = age + 1")
		return err
	}, ledger.WithRetry(patient))
	fmt.Println(err)
	// Output: <nil>
}

// A digest that was kept elsewhere proves later that a revision is in the ledger
// and has not been changed.
func ExampleFetchRevision() {
	ctx := context.Background()
	l := openExample("Accounts")
	defer l.Close()

	var id string
	var at ledger.BlockAddress
	err := l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute("INSERT INTO Accounts {'owner': 'Ada', 'balance': 100.00}")
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT metadata.id, blockAddress FROM _ql_committed_Accounts WHERE data.owner = 'Ada'")
		if err != nil {
			return err
		}
		row, err := r.One()
		if err != nil {
			return err
		}
		v, _ := row.Field("id")
		id, _ = v.Text()
		address, _ := row.Field("blockAddress")
		at, err = hashchain.BlockAddressOf(address)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	kept, err := l.Digest(ctx) // keep it where the ledger's owner cannot change it
	if err != nil {
		log.Fatal(err)
	}

	revision, err := ledger.FetchRevision(ctx, l, at, id, kept)
	if err != nil {
		log.Fatal(err)
	}
	data, _ := revision.Value.Field("data")
	fmt.Println("verified:", data)

	kept.Hash = hashchain.NewHash([32]byte{}) // another ledger's digest
	fmt.Println(errors.Is(revision.Verify(kept), ledger.ErrNotVerified))
	// Output:
	// verified: {owner:"Ada",balance:100.00}
	// true
}
