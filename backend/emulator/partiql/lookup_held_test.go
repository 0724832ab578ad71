package partiql

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// manyDocuments is oneDocument with no documents behind ids, and a limit of documents
// to change.
type manyDocuments struct {
	oneDocument
	most, touched int
}

func (s *manyDocuments) ByID(context.Context, *TableInfo, View, string, func(*Row) error) error {
	return nil
}

var errTooMany = errors.New("too many documents")

func (s *manyDocuments) Touch(*TableInfo, RowKey) error {
	if s.touched++; s.touched > s.most {
		return errTooMany
	}
	return nil
}

func (s *manyDocuments) run(text string, lim Limits) error {
	s.ctx = &asked{Context: context.Background(), until: math.MaxInt}
	stmt, err := Parse(text)
	if err != nil {
		return err
	}
	p, err := Prepare(stmt, s, Options{})
	if err != nil {
		return err
	}
	rows, err := p.Run(s.ctx, s, s, nil, lim)
	if err != nil {
		return err
	}
	return rows.Each(func(Result) error { return nil })
}

// TestKeysCountAsMemory: so do the values that are looked up, as long as they are.
func TestKeysCountAsMemory(t *testing.T) {
	const text = "SELECT COUNT(*) FROM T AS t, T AS u BY d WHERE d IN t.l"
	s := &manyDocuments{oneDocument: oneDocument{doc: numbers(t, 10_000), more: 20}}
	if err := s.run(text, Limits{Bytes: 4 << 20}); err != nil {
		t.Errorf("10,000 keys, 21 times: %v", err)
	}
	s.doc = numbers(t, 100_000)
	var err error
	n := allocated(func() { err = s.run(text, Limits{Bytes: 4 << 20}) })
	if !errors.Is(err, ErrTooLarge) || n > 30<<20 {
		t.Errorf("100,000 keys: %v, %d MB are allocated", err, n>>20)
	}
}

// numbers is {l: […]} with n numbers.
func numbers(t *testing.T, n int) ion.Value {
	t.Helper()
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("l").BeginList()
	for i := range n {
		w.Int(int64(i))
	}
	w.End()
	w.End()
	v, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDocumentsAreCountedAsTheyAreFound: a statement that changes more documents than
// it may ends at the first one too many, whatever memory all of them would take.
func TestDocumentsAreCountedAsTheyAreFound(t *testing.T) {
	for _, text := range []string{"UPDATE T SET a = 1", "DELETE FROM T", "FROM T AS t, t.l AS i SET i = 1"} {
		s := &manyDocuments{oneDocument: oneDocument{doc: numbers(t, 3), more: 200}, most: 40}
		err := s.run(text, Limits{Bytes: 32 << 10})
		if !errors.Is(err, errTooMany) || s.touched != 41 {
			t.Errorf("%s: %v after %d documents", text, err, s.touched)
		}
	}
}

// TestSetsOfCharactersAreSmall: TRIM's set takes little memory, however many there are.
func TestSetsOfCharactersAreSmall(t *testing.T) {
	var every strings.Builder
	for r := rune('\U0010ffff'); r > 0; r-- {
		if r < 0xd800 || r > 0xdfff {
			every.WriteRune(r)
		}
	}
	var err error
	n := allocated(func() {
		err = runFrom(nil, "SELECT VALUE TRIM(t FROM t) || TRIM(LEADING t FROM 'x\u00e9') FROM ? AS t", 1<<20, ion.NewString(every.String()))
	})
	if err != nil || n > 20<<20 {
		t.Errorf("%v, %d MB are allocated", err, n>>20)
	}
}
