package bench

import (
	"slices"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
)

// BenchmarkInsertTurns is BenchmarkInsert's tally and ceiling at one writer, on
// -fill documents, a hundred inserts each in turn: a disk is slower at one time
// than at another. It reports the median of an insert on each and their ratio.
func BenchmarkInsertTurns(b *testing.B) {
	const turn = 100
	path, _ := filledPath(b, *fill)
	r := openRaw(b, filledRaw(b, *fill), false)
	go r.run()
	defer r.close()
	l, err := emulator.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	seq := uint64(*fill)
	sides := []struct {
		name   string
		insert func() error
	}{
		{"tally-µs", func() error { return insert(ctx, l, next.Add(1)) }},
		{"ceiling-µs", func() error { seq++; return r.insert(seq - 1) }},
	}
	took := make([][]float64, len(sides))
	for b.Loop() {
		for i, s := range sides {
			start := time.Now()
			for range turn {
				if err := s.insert(); err != nil {
					b.Fatal(err)
				}
			}
			took[i] = append(took[i], float64(time.Since(start).Microseconds())/turn)
		}
	}
	var median [2]float64
	for i, s := range sides {
		slices.Sort(took[i])
		median[i] = took[i][len(took[i])/2]
		b.ReportMetric(median[i], s.name)
	}
	b.ReportMetric(median[1]/median[0], "tally:ceiling")
}
