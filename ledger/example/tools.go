package example

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Errors of the registry.
var (
	// ErrRegistered: the serial number is in the registry already.
	ErrRegistered = errors.New("the serial number is registered already")
	// ErrUnknown: no tool has the serial number.
	ErrUnknown = errors.New("no tool has this serial number")
	// ErrNotHolder: the tool is with somebody else.
	ErrNotHolder = errors.New("the tool is with somebody else")
)

// Tool is a document of the table Tools.
type Tool struct {
	Serial string `ion:"serial"`
	Kind   string `ion:"kind"`
	Holder string `ion:"holder"`
}

// Setup creates the table and its index where they are missing.
func Setup(ctx context.Context, l ledger.Ledger) error {
	names, err := l.TableNames(ctx)
	if err != nil || slices.Contains(names, "Tools") {
		return err
	}
	return l.Execute(ctx, func(tx ledger.Transaction) error {
		if _, err := tx.Execute("CREATE TABLE Tools"); err != nil {
			return err
		}
		_, err := tx.Execute("CREATE INDEX ON Tools (serial)")
		return err
	})
}

// Register adds a tool and returns the id of its document, or ErrRegistered.
func Register(ctx context.Context, l ledger.Ledger, t Tool) (id string, err error) {
	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		// An index lookup that finds nothing is remembered too: if another client
		// commits this serial number first, this commit conflicts.
		found, err := tx.Execute("SELECT serial FROM Tools WHERE serial = ?", t.Serial)
		if err != nil {
			return err
		}
		if found.Next() {
			return fmt.Errorf("%w: %s", ErrRegistered, t.Serial)
		}
		if err := found.Err(); err != nil {
			return err
		}
		r, err := tx.Execute("INSERT INTO Tools ?", t)
		if err != nil {
			return err
		}
		row, err := r.One()
		if err != nil {
			return err
		}
		v, _ := row.Field("documentId")
		id, _ = v.Text()
		return nil
	})
	return id, err
}

// Find returns a tool, or ErrUnknown.
func Find(ctx context.Context, l ledger.Ledger, serial string) (t Tool, err error) {
	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		t, err = find(tx, serial)
		return err
	})
	return t, err
}

func find(tx ledger.Transaction, serial string) (Tool, error) {
	var t Tool
	r, err := tx.Execute("SELECT * FROM Tools WHERE serial = ?", serial)
	if err != nil {
		return t, err
	}
	if !r.Next() {
		if err := r.Err(); err != nil {
			return t, err
		}
		return t, fmt.Errorf("%w: %s", ErrUnknown, serial)
	}
	return t, r.Decode(&t)
}

// Lend hands a tool from one person to another. It fails with ErrNotHolder where
// the tool is not with the first one.
func Lend(ctx context.Context, l ledger.Ledger, serial, from, to string) error {
	return l.Execute(ctx, func(tx ledger.Transaction) error {
		t, err := find(tx, serial)
		if err != nil {
			return err
		}
		if t.Holder != from {
			return fmt.Errorf("%w: %s is with %s, not with %s", ErrNotHolder, serial, t.Holder, from)
		}
		_, err = tx.Execute("UPDATE Tools SET holder = ? WHERE serial = ?", to, serial)
		return err
	})
}

// Holding is a line of a tool's history.
type Holding struct {
	Holder string
	Since  time.Time
}

// History lists who has had a tool, the first one first.
func History(ctx context.Context, l ledger.Ledger, serial string) (list []Holding, err error) {
	err = l.Execute(ctx, func(tx ledger.Transaction) error {
		list = nil
		id, _, err := locate(tx, serial)
		if err != nil {
			return err
		}
		r, err := tx.Execute("SELECT h.data.holder, h.metadata.txTime FROM history(Tools) AS h WHERE h.metadata.id = ?", id)
		if err != nil {
			return err
		}
		for r.Next() {
			list = append(list, holding(r.Value()))
		}
		return r.Err()
	})
	slices.SortFunc(list, func(a, b Holding) int { return a.Since.Compare(b.Since) })
	return list, err
}

func holding(row ion.Value) Holding {
	name, _ := row.Field("holder")
	since, _ := row.Field("txTime")
	holder, _ := name.Text()
	at, _ := since.Timestamp()
	return Holding{Holder: holder, Since: at.Time()}
}

// locate gives the id of a tool's document and the block of its last change.
func locate(tx ledger.Transaction, serial string) (id string, at ledger.BlockAddress, err error) {
	r, err := tx.Execute("SELECT metadata.id, blockAddress FROM _ql_committed_Tools WHERE data.serial = ?", serial)
	if err != nil {
		return "", at, err
	}
	if !r.Next() {
		if err := r.Err(); err != nil {
			return "", at, err
		}
		return "", at, fmt.Errorf("%w: %s", ErrUnknown, serial)
	}
	v, _ := r.Value().Field("id")
	id, _ = v.Text()
	address, _ := r.Value().Field("blockAddress")
	at, err = hashchain.BlockAddressOf(address)
	return id, at, err
}

// Certify returns the current revision of a tool with the proof that it belongs
// to the ledger with that digest. Whoever keeps a copy of the digest can check it
// without the ledger: see [ledger.Revision.Verify].
func Certify(ctx context.Context, l ledger.Ledger, serial string) (ledger.Revision, ledger.Digest, error) {
	var id string
	var at ledger.BlockAddress
	err := l.Execute(ctx, func(tx ledger.Transaction) (err error) {
		id, at, err = locate(tx, serial)
		return err
	})
	if err != nil {
		return ledger.Revision{}, ledger.Digest{}, err
	}
	d, err := l.Digest(ctx)
	if err != nil {
		return ledger.Revision{}, ledger.Digest{}, err
	}
	r, err := ledger.FetchRevision(ctx, l, at, id, d)
	return r, d, err
}
