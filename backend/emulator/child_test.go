package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// workers write at once in a child.
const workers = 4

// makeWorked makes the ledger that children work on.
func makeWorked(path string) error {
	l, err := emulator.Open(path)
	if err != nil {
		return err
	}
	ctx := context.Background()
	err = errors.Join(execute(ctx, l, "CREATE TABLE Item"), execute(ctx, l, "CREATE INDEX ON Item (id)"),
		execute(ctx, l, "CREATE TABLE Counter"), execute(ctx, l, "CREATE INDEX ON Counter (worker)"))
	for w := range workers {
		err = errors.Join(err, execute(ctx, l, "INSERT INTO Counter {'worker': ?, 'n': 0}", w))
	}
	return errors.Join(err, l.Close())
}

// child works on a ledger until it is killed or has done what it was told. It
// says of each transaction how it ended.
func child(path string) error {
	var opts []emulator.Option
	if os.Getenv(childNoSync) == "1" {
		opts = append(opts, emulator.WithoutSync())
	}
	l, err := emulator.Open(path, append(opts, emulator.WithCreate(false))...)
	if err != nil {
		return err
	}
	if err := limitFiles(os.Getenv(childLimit)); err != nil {
		return err
	}
	each, _ := strconv.Atoi(os.Getenv(childEach))
	say("ready")
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() { errs[w] = work(l, w, each) })
	}
	wg.Wait()
	return errors.Join(append(errs, l.Close())...)
}

// say writes one line in one call: two workers do not mix theirs.
func say(format string, args ...any) {
	if _, err := os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n"); err != nil {
		os.Exit(1) // nobody is listening any more
	}
}

// work does transactions of one worker, each numbered by its counter.
func work(l *emulator.Ledger, worker, each int) error {
	for done := 0; each == 0 || done < each; done++ {
		n, was, err := step(l, worker)
		switch {
		case err == nil:
			say("committed %d %d", worker, n)
		case errors.Is(err, ledger.ErrOutcomeUnknown), errors.Is(err, ledger.ErrReadOnly):
			say("unknown %d %d: %v", worker, n, strings.ReplaceAll(err.Error(), "\n", " "))
			return nil
		case errors.Is(err, ledger.ErrInternal):
			say("refused %d %d: %v", worker, n, strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		default:
			return fmt.Errorf("worker %d, transaction %d: %w", worker, n, err)
		}
		if n%11 == 0 { // the counter's old revision loses its data
			if err := execute(context.Background(), l, redact, was.table, was.tableID, was.id); err != nil && !errors.Is(err, ledger.ErrInternal) && !errors.Is(err, ledger.ErrReadOnly) && !errors.Is(err, ledger.ErrOutcomeUnknown) {
				return fmt.Errorf("worker %d, redaction after %d: %w", worker, n, err)
			}
		}
	}
	return nil
}

// place is what a redaction names.
type place struct {
	table       any // the block address
	tableID, id string
}

// step is one transaction: it counts on, makes two documents that belong
// together, and sometimes deletes two older ones.
func step(l *emulator.Ledger, worker int) (n int64, was place, err error) {
	err = l.Execute(context.Background(), func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT blockAddress, data.n, metadata.id FROM _ql_committed_Counter WHERE data.worker = ?", worker)
		if err != nil {
			return err
		}
		row, err := r.One()
		if err != nil {
			return err
		}
		row = row.Clone()
		last, _ := row.Field("n")
		n, _ = last.Int64()
		n++
		was, err = placeOf(tx, row)
		if err != nil {
			return err
		}
		for _, s := range []struct {
			text   string
			params []any
		}{
			{"UPDATE Counter SET n = ? WHERE worker = ?", []any{n, worker}},
			{"INSERT INTO Item << {'id': ?, 'part': 1, 'filling': ?}, {'id': ?, 'part': 2} >>", []any{itemID(worker, n), strings.Repeat("x", int(n*37%2000)), itemID(worker, n)}},
			{"DELETE FROM Item WHERE id = ?", []any{itemID(worker, n-5)}},
		} {
			if strings.HasPrefix(s.text, "DELETE") && n%7 != 0 {
				continue
			}
			if _, err := tx.Execute(s.text, s.params...); err != nil {
				return err
			}
		}
		return nil
	}, ledger.WithRetry(ledger.NoRetry))
	return n, was, err
}

func placeOf(tx ledger.Transaction, row interface {
	Unmarshal(any) error
}) (place, error) {
	var c struct {
		BlockAddress struct {
			StrandID   string `ion:"strandId"`
			SequenceNo uint64 `ion:"sequenceNo"`
		} `ion:"blockAddress"`
		ID string `ion:"id"`
	}
	if err := row.Unmarshal(&c); err != nil {
		return place{}, err
	}
	r, err := tx.Execute("SELECT VALUE tableId FROM information_schema.user_tables WHERE name = 'Counter'")
	if err != nil {
		return place{}, err
	}
	v, err := r.One()
	if err != nil {
		return place{}, err
	}
	table, _ := v.Text()
	at := hashchain.BlockAddress{StrandID: c.BlockAddress.StrandID, SequenceNo: c.BlockAddress.SequenceNo}
	return place{at.Value(), table, c.ID}, nil
}

func itemID(worker int, n int64) string { return fmt.Sprintf("%d/%d", worker, n) }

// said is what a child told of the transactions of each worker.
type said struct {
	committed [workers]int64          // the last one that was acknowledged
	refused   [workers]map[int64]bool // those of which it was told that nothing was written
	lines     int
}

func (s *said) add(line string) error {
	if line == "ready" {
		return nil
	}
	var how string
	var w int
	var n int64
	if _, err := fmt.Sscanf(line, "%s %d %d", &how, &w, &n); err != nil || w >= workers {
		return fmt.Errorf("the child said %q", line)
	}
	s.lines++
	switch how {
	case "committed":
		s.committed[w] = n
	case "refused":
		if s.refused[w] == nil {
			s.refused[w] = map[int64]bool{}
		}
		s.refused[w][n] = true
	}
	return nil
}

// checkWorked checks a ledger against what was said of it: each worker has all
// its acknowledged transactions and at most the one after them, each of them
// whole, and nothing in the ledger contradicts the journal.
func (s *said) checkWorked(path string) (err error) {
	l, err := emulator.Open(path, emulator.WithCreate(false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for problem, err := range l.Check(context.Background()) {
		if err != nil {
			return err
		}
		return errors.New(problem)
	}
	for w := range workers {
		if err := s.checkWorker(l, w); err != nil {
			return fmt.Errorf("worker %d: %w", w, err)
		}
	}
	return nil
}

func (s *said) checkWorker(l *emulator.Ledger, w int) error {
	return l.Execute(context.Background(), func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT VALUE n FROM Counter WHERE worker = ?", w)
		if err != nil {
			return err
		}
		v, err := r.One()
		if err != nil {
			return err
		}
		count, _ := v.Int64()
		if count < s.committed[w] {
			return fmt.Errorf("transaction %d was acknowledged, the counter is %d", s.committed[w], count)
		}
		if count > s.committed[w]+1 {
			return fmt.Errorf("transaction %d was the last one that was acknowledged, the counter is %d", s.committed[w], count)
		}
		if count > s.committed[w] && s.refused[w][count] {
			return fmt.Errorf("transaction %d was refused and is there", count)
		}
		for n := int64(1); n <= count+1; n++ {
			want := 2
			if n > count || (n+5)%7 == 0 && n+5 <= count {
				want = 0
			}
			r, err := tx.Execute("SELECT part FROM Item WHERE id = ?", itemID(w, n))
			if err != nil {
				return err
			}
			rows, err := r.All()
			if err != nil || len(rows) != want {
				return fmt.Errorf("transaction %d of %d has %d documents, want %d: %v", n, count, len(rows), want, err)
			}
		}
		return nil
	})
}

// counters reads how far each worker got.
func counters(path string) (counts [workers]int64, err error) {
	l, err := emulator.Open(path, emulator.WithCreate(false))
	if err != nil {
		return counts, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	err = l.Execute(context.Background(), func(tx ledger.Transaction) error {
		r, err := tx.Execute("SELECT worker, n FROM Counter")
		if err != nil {
			return err
		}
		for r.Next() {
			var c struct {
				Worker int   `ion:"worker"`
				N      int64 `ion:"n"`
			}
			if err := r.Decode(&c); err != nil {
				return err
			}
			counts[c.Worker] = c.N
		}
		return r.Err()
	})
	return counts, err
}
