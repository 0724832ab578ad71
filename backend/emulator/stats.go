package emulator

import (
	"sync/atomic"
	"time"
)

// Stats describes what a ledger did since it was opened.
type Stats struct {
	Sessions     int   // open now
	Transactions int   // open now
	Blocks       int64 // in the journal
	JournalBytes int64 // of all blocks, without what was redacted
	Committed    int64 // transactions that committed
	Conflicts    int64 // that lost to another
	Aborted      int64
	Expired      int64
	Failed       int64         // commits that failed for another reason
	Groups       int64         // durable writes
	CommitTime   time.Duration // spent in them
	ResultBytes  int64         // held by result sets now
	StoreSize    int64         // bytes of the file
	StoreFree    int64         // of which unused
}

// counters are what Stats is made of.
type counters struct {
	committed, conflicts, aborted, expired, failed atomic.Int64
	groups                                         atomic.Int64
	commitNanos                                    atomic.Int64
	observe                                        atomic.Pointer[func(size int, d time.Duration)]
}

// group counts one durable write of a group of transactions.
func (c *counters) group(size int, d time.Duration) {
	c.groups.Add(1)
	c.committed.Add(int64(size))
	c.commitNanos.Add(int64(d))
	if f := c.observe.Load(); f != nil {
		(*f)(size, d)
	}
}

// Observe calls f after each durable write with the number of transactions in
// it and the time it took, from the goroutine that wrote it. One f at a time;
// nil ends it.
func (l *Ledger) Observe(f func(size int, d time.Duration)) {
	if f == nil {
		l.stats.observe.Store(nil)
		return
	}
	l.stats.observe.Store(&f)
}

// Stats describes the ledger now. It is cheap. Transactions whose time is up are
// expired, not open, whether or not their session knows.
func (l *Ledger) Stats() Stats {
	c, st, sto := &l.stats, l.state.Load(), l.store.Stats()
	now := l.hooks.Now()
	l.mu.Lock()
	l.sweepTxs(now)
	sessions, txs := len(l.sessions), l.open.l.Len()
	l.mu.Unlock()
	return Stats{Sessions: sessions, Transactions: txs, Blocks: st.seq + 1, JournalBytes: st.bytes,
		Committed: c.committed.Load(), Conflicts: c.conflicts.Load(), Aborted: c.aborted.Load(), Expired: c.expired.Load(), Failed: c.failed.Load(),
		Groups: c.groups.Load(), CommitTime: time.Duration(c.commitNanos.Load()), ResultBytes: l.quota.used.Load(),
		StoreSize: sto.Size, StoreFree: sto.Free}
}
