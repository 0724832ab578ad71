package bench

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
)

// youngPages is about what a ledger of a few thousand inserts has.
const youngPages = 512

// BenchmarkWireTurns is BenchmarkWire at one client with its sides turn by turn,
// so that what else the machine does hits all of them. It reports the median of
// a transaction on each, and two shares:
//
//	empty     the driver and the handler that answers with constants
//	disk      writing and syncing the pages of a group, in process
//	writing   the driver and the empty handler that writes those pages at a commit
//	engine    the transaction in process
//	tally     the driver and the server
//	tally-%   (empty + engine) / tally
//	writing-% (empty + disk) / writing: what becomes of the same sum where there
//	          is no ledger at all
//
// The second share is below 100 because two processes that wait a millisecond for
// a disk come back to cores that have gone to sleep, or to another process's caches.
func BenchmarkWireTurns(b *testing.B) {
	type side struct {
		name string
		run  func() error
		took []time.Duration
	}
	var sides []*side
	add := func(name string, run func() error) { sides = append(sides, &side{name: name, run: run}) }
	for _, what := range []string{"empty", "writing", "tally"} {
		url, _ := startChild(b, what)
		insert, end := wireInsert(b, url, 1)
		defer end()
		add(what, insert)
	}
	groups, f := 0, syncedFile(b, youngPages<<12)
	add("disk", func() error { groups++; return writeGroup(f, youngPages, groups) })
	path := filepath.Join(b.TempDir(), "turns.tally")
	fillLedger(b, path, 0)
	l, err := emulator.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	add("engine", func() error { return insert(ctx, l, next.Add(1)) })

	b.ResetTimer()
	for range b.N {
		for _, s := range sides {
			for range 20 {
				start := time.Now()
				if err := s.run(); err != nil {
					b.Fatal(err)
				}
				s.took = append(s.took, time.Since(start))
			}
		}
	}
	b.StopTimer()
	median := map[string]float64{}
	for _, s := range sides {
		slices.Sort(s.took)
		median[s.name] = float64(s.took[len(s.took)/2].Microseconds())
		b.ReportMetric(median[s.name], s.name+"-µs")
	}
	b.ReportMetric(100*(median["empty"]+median["engine"])/median["tally"], "tally-%")
	b.ReportMetric(100*(median["empty"]+median["disk"])/median["writing"], "writing-%")
	b.ReportMetric(0, "ns/op")
}
