package partiql_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tallyledger/tally/backend/emulator/partiql"
	"github.com/tallyledger/tally/hashchain/ion"
)

// shelf is a Catalog and a Source of one table that is never changed.
type shelf struct{ docs []ion.Value }

func (s *shelf) Table(name string) (partiql.TableInfo, bool) {
	return partiql.TableInfo{ID: "books", Name: "Book"}, name == "Book"
}

func (s *shelf) Version() uint64 { return 1 }

func (s *shelf) Scan(_ context.Context, _ *partiql.TableInfo, _ partiql.View, yield func(*partiql.Row) error) error {
	for i, doc := range s.docs {
		if err := yield(&partiql.Row{Key: partiql.RowKey{byte(i)}, Value: doc}); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) ByID(ctx context.Context, t *partiql.TableInfo, v partiql.View, id string, yield func(*partiql.Row) error) error {
	return s.Scan(ctx, t, v, func(r *partiql.Row) error {
		if s.DocID(r.Key) != id {
			return nil
		}
		return yield(r)
	})
}

func (s *shelf) ByIndex(context.Context, *partiql.TableInfo, partiql.View, string, ion.Value, func(*partiql.Row) error) error {
	return errors.New("there are no indexes")
}

func (s *shelf) History(context.Context, string, *ion.Timestamp, *ion.Timestamp, string, func(*partiql.Row) error) error {
	return partiql.ErrUnknownTable
}

func (s *shelf) UserTables(context.Context, func(ion.Value) error) error { return nil }
func (s *shelf) DocID(k partiql.RowKey) string                           { return fmt.Sprintf("%022d", k[0]) }
func (s *shelf) TxID() string                                            { return "" }
func (s *shelf) Now() ion.Timestamp                                      { return ion.Timestamp{} }

func newShelf() *shelf {
	docs, err := ion.ParseTextAll([]byte(`{title:"Dune",printed:1965} {title:"Emma",printed:1815} {title:"Ulysses",printed:1922}`))
	if err != nil {
		log.Fatal(err)
	}
	return &shelf{docs}
}

// A query over documents in memory: parse, prepare, run.
func Example() {
	books := newShelf()
	stmt, err := partiql.Parse("SELECT b.title, id FROM Book AS b BY id WHERE b.printed > ?")
	if err != nil {
		log.Fatal(err)
	}
	plan, err := partiql.Prepare(stmt, books, partiql.Options{})
	if err != nil {
		log.Fatal(err)
	}
	rows, err := plan.Run(context.Background(), books, nil, []ion.Value{ion.NewInt(1900)}, partiql.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range rows.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.Value)
	}
	fmt.Println("read I/Os:", rows.ReadIOs())
	// Output:
	// {title:"Dune",id:"0000000000000000000000"}
	// {title:"Ulysses",id:"0000000000000000000002"}
	// read I/Os: 3
}

// Errors have a category, a code, a place and QLDB's text.
func ExampleParse() {
	_, err := partiql.Parse("SELECT * FROM Book ORDER BY title")
	var e *partiql.Error
	if errors.As(err, &e) {
		fmt.Println(e.Category, e.Code, e.Line, e.Column)
	}
	fmt.Println(err)
	// Output:
	// Parser 432 1 20
	// Parser Error: at line 1, column 20: unexpected token found, KEYWORD : order; Unexpected token after expression
}

func ExampleFormat() {
	stmt, err := partiql.Parse(`select  b.title from Book b
		where (b.printed in (1815)) and not b.lent -- a comment`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(partiql.Format(stmt))
	// Output: SELECT b.title FROM Book AS b WHERE b.printed IN (1815) AND NOT b.lent
}

func ExampleCache() {
	books := newShelf()
	cache := partiql.NewCache(partiql.CacheOptions{})
	for range 3 {
		if _, err := cache.Prepare("SELECT * FROM Book", books, partiql.Options{}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("hits:", cache.Stats().Hits)
	// Output: hits: 2
}
