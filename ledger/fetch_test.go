package ledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator/emulatortest"
	"github.com/tallyledger/tally/ledger"
)

// substitute answers every request with what is genuine elsewhere.
type substitute struct {
	ledger.Ledger
	at ledger.BlockAddress
	id string
}

func (s substitute) Revision(ctx context.Context, _ ledger.BlockAddress, _ string, tip *ledger.BlockAddress) (ledger.Revision, error) {
	return s.Ledger.Revision(ctx, s.at, s.id, tip)
}

func (s substitute) Block(ctx context.Context, _ ledger.BlockAddress, tip *ledger.BlockAddress) (ledger.Block, error) {
	return s.Ledger.Block(ctx, s.at, tip)
}

// TestFetchSubstitute: another genuine revision or block than the one that was
// asked for is not verified.
func TestFetchSubstitute(t *testing.T) {
	l := emulatortest.New(t)
	l.Exec(t, "CREATE TABLE T")
	var ids []string
	var at []ledger.BlockAddress
	for range 2 {
		row := l.Exec(t, "INSERT INTO T {'a': 1}")[0]
		ids = append(ids, strings.Split(row, `"`)[1])
		d, err := l.Digest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, d.Tip)
	}
	d, err := l.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.FetchRevision(t.Context(), l, at[0], ids[0], d); err != nil {
		t.Error(err)
	}
	if _, err := ledger.FetchBlock(t.Context(), l, at[0], d); err != nil {
		t.Error(err)
	}
	other := substitute{l, at[1], ids[1]}
	_, err = ledger.FetchRevision(t.Context(), other, at[0], ids[0], d)
	if !errors.Is(err, ledger.ErrNotVerified) || !strings.Contains(err.Error(), ids[0]) || !strings.Contains(err.Error(), ids[1]) {
		t.Errorf("another revision: %v", err)
	}
	_, err = ledger.FetchBlock(t.Context(), other, at[0], d)
	if !errors.Is(err, ledger.ErrNotVerified) || !strings.Contains(err.Error(), at[0].String()) || !strings.Contains(err.Error(), at[1].String()) {
		t.Errorf("another block: %v", err)
	}
}
