package partiql

import (
	"slices"

	"github.com/tallyledger/tally/hashchain/ion"
)

// hold accounts for n bytes that stay in memory until the row is done for which
// they are evaluated. Every node holds what it makes. A node whose result shares
// nothing with its operands gives these back, see made; so does one that has
// copied or compared them.
func (m *machine) hold(n int) error {
	const overhead = 64
	return m.grow(n + overhead)
}

func (m *machine) grow(n int) error {
	m.held += int64(n)
	if m.limits.Bytes > 0 && m.held > m.limits.Bytes {
		e := stateError(CodeOther, "The statement needs more than %d bytes of memory for intermediate results", m.limits.Bytes)
		e.cause = ErrTooLarge
		return e
	}
	return nil
}

func (m *machine) holdDatum(d *datum) error {
	if d.seq == nil {
		return m.hold(len(d.v.Raw()))
	}
	return m.hold(datumSize * len(d.seq.items))
}

// datumSize is the size of a datum.
const datumSize = 56

// made holds d, a new value. before is what was held before its operands were
// evaluated, which are not needed any more.
func (m *machine) made(before int64, d datum) (datum, error) {
	m.held = before
	return d, m.hold(memorySize(d.v, ion.Value{}))
}

// memorySize is Value.MemorySize with what a symbol table takes beside its symbols.
func memorySize(v, before ion.Value) int {
	const table = 200
	n := v.MemorySize(before)
	if n > len(v.Raw()) {
		n += table
	}
	return n
}

// copied gives back what was held for d, which is written. Only its symbols are
// not copied then: a Writer refers to them, and has no limit for them.
func (m *machine) copied(before int64, d *datum) {
	if !d.hasSymbols() {
		m.held = before
	}
}

func (d *datum) hasSymbols() bool {
	if d.seq != nil {
		return slices.ContainsFunc(d.seq.items, func(item datum) bool { return item.hasSymbols() })
	}
	return d.v.MemorySize(ion.Value{}) > len(d.v.Raw())
}

// items is d.items, held.
func (m *machine) items(d *datum) ([]datum, error) {
	if d.seq != nil {
		return d.seq.items, nil
	}
	err := m.hold(datumSize * d.v.Len())
	if err != nil {
		return nil, err
	}
	return d.items(), nil
}

// own is d as an Ion value to keep, and how many bytes that takes. If the row built
// anything, d is copied: it may be a small part of a value that goes with the row.
func (m *machine) own(d *datum) (ion.Value, int, error) {
	if d.missing() || d.seq == nil && m.held-m.base == m.kept {
		return d.v, len(d.v.Raw()), nil
	}
	w := m.writer()
	if err := m.write(w, d); err != nil {
		return ion.Value{}, 0, err
	}
	v, stream, err := m.finish(w)
	return v, len(stream) - len(v.Raw()) + memorySize(v, ion.Value{}), err
}

// keep is hold for what stays as long as the query under way: its result, or
// what that depends on.
func (m *machine) keep(n int) error {
	before := m.held
	err := m.hold(n)
	m.kept += m.held - before
	return err
}

// giveBack gives back what was held since held and kept, but for what was kept.
func (m *machine) giveBack(held, kept int64) { m.held = min(m.held, held+m.kept-kept) }

// givingBack runs f and gives back what it held.
func (m *machine) givingBack(f func() error) error {
	held, kept := m.held, m.kept
	err := f()
	m.giveBack(held, kept)
	return err
}

// keepDatum keeps a value. The elements of a sequence that the statement built
// can be anything that is held, so all of that is kept with it.
func (m *machine) keepDatum(d *datum) error {
	before := m.held
	err := m.holdDatum(d)
	m.kept += m.held - before
	if d.seq != nil {
		m.kept = m.held - m.base
	}
	return err
}
