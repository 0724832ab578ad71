package hashchain

import (
	"runtime"
	"sync"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Pool is goroutines that hash blocks, each with memory of its own for it.
// [Verifier]s of many strands share one, so that what they take does not grow
// with the number of strands times that of cores.
type Pool struct {
	workers int
	work    chan *batch
	wg      sync.WaitGroup
}

// NewPool starts that many goroutines, GOMAXPROCS if workers is not above 0.
// [Pool.Close] ends them.
func NewPool(workers int) *Pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	p := &Pool{workers: workers, work: make(chan *batch)}
	for range workers {
		p.wg.Go(p.run)
	}
	return p
}

// Close ends the goroutines. All Verifiers that use the pool must have been
// finished.
func (p *Pool) Close() {
	close(p.work)
	p.wg.Wait()
}

func (p *Pool) run() {
	c := blockChecker{hasher: ion.NewHasher()}
	for b := range p.work {
		b.check(&c)
		b.done <- struct{}{}
	}
}
