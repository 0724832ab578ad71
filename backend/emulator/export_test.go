package emulator

// What tests of package emulator_test need of the inside.
var (
	WithStore = withStore
	CreatedBy = createdBy
	Seal      = seal
)

// Handed is how many transactions wait for the group with the writer.
func (l *Ledger) Handed() int {
	c := l.committer
	c.own.Lock()
	defer c.own.Unlock()
	return c.open.size() + len(c.queue)
}

// ReadOnly is why the ledger writes no more, nil while it does.
func (l *Ledger) ReadOnly() error { return l.fatal() }

// Ending reports whether Close was called.
func (l *Ledger) Ending() bool { return l.ending.Load() }

// Reclaim makes room as a transaction does that finds too many sessions.
func (l *Ledger) Reclaim() { l.reclaim() }
