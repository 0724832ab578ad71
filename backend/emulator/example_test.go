package emulator_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// A ledger in a file: write, look at the history, take a digest and verify a
// revision under it.
func Example() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	l, err := emulator.Open(filepath.Join(dir, "orders.tally"))
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		_, err := tx.Execute("CREATE TABLE Orders")
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	var id string
	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		r, err := tx.Execute("INSERT INTO Orders ?", map[string]any{"number": 17, "state": "new"})
		if err != nil {
			return err
		}
		row, err := r.One()
		if err != nil {
			return err
		}
		doc, _ := row.Field("documentId")
		id, _ = doc.Text()
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}

	digest, err := l.Digest(ctx) // to be kept where the ledger's owner cannot change it
	if err != nil {
		log.Fatal(err)
	}
	rev, err := ledger.FetchRevision(ctx, l, digest.Tip, id, digest)
	if err != nil {
		log.Fatal(err) // the revision is not what it was
	}
	data, _ := rev.Value.Field("data")
	state, _ := data.Field("state")
	fmt.Println(l.Name(), digest.Tip.SequenceNo, state)
	// Output: orders 2 "new"
}

// A driver keeps the commit digest over all statements itself, and the session
// commits only if both agree. Most programs want Execute instead.
func ExampleSession() {
	l, err := emulator.OpenMemory("example")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	ctx := context.Background()
	s, err := l.StartSession(ctx)
	if err != nil {
		log.Fatal(err)
	}
	id, err := s.StartTransaction(ctx)
	if err != nil {
		log.Fatal(err)
	}
	digest := hashchain.NewCommitDigest(id)
	for _, statement := range []string{"CREATE TABLE T", "INSERT INTO T {'a': 1}"} {
		d, err := hashchain.StatementDigest(statement)
		if err != nil {
			log.Fatal(err)
		}
		digest.Extend(d)
		if _, err := s.ExecuteStatement(ctx, id, statement, nil); err != nil {
			log.Fatal(err)
		}
	}
	_, err = s.CommitTransaction(ctx, id, digest.Hash().Bytes())
	fmt.Println(err)
	_, err = s.ExecuteStatement(ctx, id, "SELECT * FROM T", nil)
	fmt.Println(err)
	// Output:
	// <nil>
	// BadRequestException: No open transaction
}

// Check goes through a whole ledger and says what does not fit.
func ExampleLedger_Check() {
	l, err := emulator.OpenMemory("example")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	problems := 0
	for problem, err := range l.Check(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(problem)
		problems++
	}
	fmt.Println(problems, "problems")
	// Output: 0 problems
}
