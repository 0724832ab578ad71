package partiql

import (
	"context"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Catalog answers table names while a statement is prepared.
type Catalog interface {
	// Table is the active table of that name.
	Table(name string) (TableInfo, bool)
	// Version names the state of the catalog that Table answers from: two states
	// that differ have different versions. A prepared statement is reused only
	// under the version it was prepared with.
	Version() uint64
}

// TableInfo is what a plan knows of a table.
type TableInfo struct {
	ID   string
	Name string
	// Indexes are the top-level fields whose indexes may be used.
	Indexes []string
	// Ref is the Catalog's own and comes back with every call for the table.
	Ref any
}

// View says which rows of a table are read and how they look.
type View uint8

// The views of a table. The rows of User are documents; those of Committed are
// structs of blockAddress, hash, data and metadata.
const (
	User View = iota
	Committed
)

// RowKey names a row's document to the Source that made it. The keys of a table
// sort as Scan yields the documents.
type RowKey [16]byte

// Row is one row of a table.
type Row struct {
	Key   RowKey
	Value ion.Value
	// Stream, if set, is a whole Ion stream that holds exactly Value. A row that
	// leaves as it is stored takes it along, so that nobody has to encode it.
	Stream []byte
}

// Source is what a statement reads. Every call is a read that the
// implementation may record in a read set, so the evaluator calls exactly what
// its plan needs.
//
// The functions call yield for each row in turn, stop at its first error, and
// return that error as it is. The bytes behind a row have to stay valid until
// the statement ends; the Row itself may be used again when yield returns. An
// implementation serves one statement at a time.
type Source interface {
	// Scan yields all rows of a table in the order of their keys, which is that
	// of insertion.
	Scan(ctx context.Context, t *TableInfo, view View, yield func(*Row) error) error
	// ByID yields the row of one document, or none. The id comes from the
	// statement and may be any text.
	ByID(ctx context.Context, t *TableInfo, view View, docID string, yield func(*Row) error) error
	// ByIndex yields the rows whose top-level field equals key in the sense of
	// ion.Equal, in the order of Scan. It may yield others too, such as those with
	// the same ion.AppendIndexKey: each row is compared again. It is called only for
	// fields in TableInfo.Indexes and keys that are not null.
	ByIndex(ctx context.Context, t *TableInfo, view View, field string, key ion.Value, yield func(*Row) error) error
	// History yields the revisions of a table, or of one document if docID is not
	// empty, that were active between start and end, both inclusive; nil is no
	// bound. The table may be dropped. The ids may be any text; one of no table is
	// ErrUnknownTable, whether there is such a document or not.
	History(ctx context.Context, tableID string, start, end *ion.Timestamp, docID string, yield func(*Row) error) error
	// UserTables yields the rows of information_schema.user_tables.
	UserTables(ctx context.Context, yield func(ion.Value) error) error
	// DocID is the id of a row that this Source yielded.
	DocID(key RowKey) string
	// TxID is the id of the transaction.
	TxID() string
	// Now is the time at which the statement began, in UTC and whole
	// milliseconds.
	Now() ion.Timestamp
}

// Sink takes the effects of a statement. The evaluator calls it after it has
// read everything, Touch excepted, in the order of processing. Only a statement
// that ends without an error counts: the implementation discards the effects of
// one that fails, errors of the Sink itself included.
type Sink interface {
	// Touch announces, when a document is found, that the statement will replace
	// or delete it. So a limit on the number of documents ends a statement that
	// finds too many before all of them are in memory.
	Touch(t *TableInfo, key RowKey) error
	Insert(t *TableInfo, doc ion.Value) (docID string, err error)
	// Replace gives a document new content. changes is how many assignments,
	// insertions and removals of the statement made it: a journal lists the
	// statement once for each, so SET a = ?, b = ? counts 2.
	Replace(t *TableInfo, key RowKey, doc ion.Value, changes int) error
	Delete(t *TableInfo, key RowKey) error
	// CreateTable creates a table; tags is the zero Value without WITH.
	CreateTable(name string, tags ion.Value) (tableID string, err error)
	// DropTable drops the active table of that name.
	DropTable(name string) (tableID string, err error)
	UndropTable(id string) (tableID string, err error)
	CreateIndex(table, field string) (tableID string, err error)
	DropIndex(indexID, table string) (tableID string, err error)
	// Redact takes the arguments of EXEC REDACT_REVISION and returns the row that
	// answers it.
	Redact(r Redaction) (ion.Value, error)
}

// Redaction names the revision that EXEC REDACT_REVISION removes.
type Redaction struct {
	StrandID   string
	SequenceNo int64
	TableID    string
	DocID      string
}
