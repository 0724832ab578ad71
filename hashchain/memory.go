package hashchain

import (
	"encoding/base64"
	"math"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// BlockMemory remembers the hashes of blocks by strand and sequence number, so
// that a second block of one number is known wherever it stands ([RuleFork]): in
// another file, among the records of a stream, behind a gap. Its memory is
// bounded, 60 MB at the most: beyond that the blocks that came first are
// forgotten, about a million where none is missing in between and no fewer than
// 65,536. It is for one goroutine.
type BlockMemory struct {
	limit int // pages
	pages map[pageKey]*page
	order []*page // as they came; a ring once there are limit of them
	next  int     // the first one, once it is a ring
	last  *page   // that was used

	adding *Verifier // the one that was given a block last

	lost    map[string]span // of the blocks that were forgotten, by strand
	lostAny bool            // of more strands than are kept
}

// NewBlockMemory returns an empty memory.
func NewBlockMemory() *BlockMemory { return newBlockMemory(maxPages) }

func newBlockMemory(limit int) *BlockMemory {
	return &BlockMemory{limit: limit, pages: map[pageKey]*page{}, lost: map[string]span{}}
}

// pageBlocks is how many blocks one after the other a page holds: few, so that
// strands with gaps do not waste much.
const (
	pageBlocks     = 16
	maxPages       = 1 << 16
	maxLostStrands = 1 << 12
)

type pageKey struct {
	strand string
	no     uint64 // sequence number / pageBlocks
}

type page struct {
	key    pageKey
	hashes [pageBlocks]Hash
	seen   [pageBlocks]teller // who told of the block
}

// span is sequence numbers, both included.
type span struct{ first, last uint64 }

// teller says who told the memory of a block, as a set.
type teller uint8

const (
	byJournal teller = 1 << iota
	byStream
	byReceipt
)

// recalled is what the memory knows of a block.
type recalled struct {
	was       Hash
	own       bool // who asks told of a block of that number before
	other     bool // another one did
	forgotten bool // there may have been one that is no longer remembered

	link   Hash // of the block before, if linked
	linked bool
}

// recall looks for the block of a number that was there before, and remembers
// this one.
func (m *BlockMemory) recall(a BlockAddress, h Hash, who teller) (r recalled) {
	if a.SequenceNo > 0 {
		r.link, r.linked = m.known(BlockAddress{a.StrandID, a.SequenceNo - 1})
	}
	p := m.page(a)
	i := a.SequenceNo % pageBlocks
	if p.seen[i] == 0 {
		s, ok := m.lost[a.StrandID]
		r.forgotten = m.lostAny || ok && s.first <= a.SequenceNo && a.SequenceNo <= s.last
		p.hashes[i] = h
	} else {
		r.was, r.own, r.other = p.hashes[i], p.seen[i]&who != 0, p.seen[i]&^who != 0
	}
	p.seen[i] |= who
	return r
}

func (m *BlockMemory) known(a BlockAddress) (Hash, bool) {
	key := pageKey{a.StrandID, a.SequenceNo / pageBlocks}
	p := m.last
	if p == nil || p.key != key {
		p = m.pages[key]
	}
	i := a.SequenceNo % pageBlocks
	if p == nil || p.seen[i] == 0 {
		return Hash{}, false
	}
	return p.hashes[i], true
}

func (m *BlockMemory) page(a BlockAddress) *page {
	key := pageKey{a.StrandID, a.SequenceNo / pageBlocks}
	if m.last != nil && m.last.key == key {
		return m.last
	}
	p := m.pages[key]
	if p == nil {
		key.strand = strings.Clone(key.strand) // not a part of the input
		p = m.free()
		*p = page{key: key}
		m.pages[key] = p
	}
	m.last = p
	return p
}

// free returns a page that is not in use, by forgetting the oldest one if need
// be.
func (m *BlockMemory) free() *page {
	if len(m.order) < m.limit {
		p := &page{}
		m.order = append(m.order, p)
		return p
	}
	p := m.order[m.next]
	m.next = (m.next + 1) % len(m.order)
	delete(m.pages, p.key)
	s, ok := m.lost[p.key.strand]
	if !ok {
		s = span{first: math.MaxUint64}
	}
	for i := range p.seen {
		if seq := p.key.no*pageBlocks + uint64(i); p.seen[i] != 0 {
			s.first, s.last = min(s.first, seq), max(s.last, seq)
		}
	}
	if !ok && len(m.lost) == maxLostStrands {
		m.lostAny = true
	} else {
		m.lost[p.key.strand] = s
	}
	return p
}

// CompareReceipt compares the block of a receipt or of an answer of GetBlock with
// the block of its number that was there before, and remembers it. The failure is
// of [RuleFork]; forgotten is set where there may have been one that is no longer
// remembered.
func (m *BlockMemory) CompareReceipt(a BlockAddress, h Hash) (fork *Failure, forgotten bool) {
	r := m.recall(a, h, byReceipt)
	if (r.own || r.other) && r.was != h {
		fork = forked(r.was, h)
		fork.Address, fork.HasAddress = a, true
	}
	return fork, r.forgotten
}

func forked(was, h Hash) *Failure {
	return mismatch(RuleFork, was, h, "the journal forks: another block of this number, with another blockHash, was there before")
}

// glance reads the address and the hash of a block. It is not ok where the block
// will be found malformed; json is set where it may be out of JSON.
func (m *BlockMemory) glance(v ion.Value, json bool) (a BlockAddress, h Hash, ok bool) {
	var address, f ion.Value
	for it := v.Iter(); (address.IsZero() || f.IsZero()) && it.Next(); {
		switch it.Name() {
		case "blockAddress":
			keepFirst(&address, it.Value())
		case "blockHash":
			keepFirst(&f, it.Value())
		}
	}
	strand := ""
	if m.last != nil {
		strand = m.last.key.strand // its text is not copied anew then
	}
	fields := addressFieldsOf(address)
	_, err := a.set(&fields, strand)
	if err != nil {
		return a, h, false
	}
	if f.Type() == ion.StringType {
		text, _ := f.Text()
		if !json || !sayableInJSON(v) {
			return a, h, false
		}
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return a, h, false
		}
		h, err = HashOf(b)
		return a, h, err == nil
	}
	h, err = hashField("blockHash", f)
	return a, h, err == nil
}
