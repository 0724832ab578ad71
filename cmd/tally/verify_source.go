package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// source is one input. Its first values are looked at to find its place among the
// others. A regular file is then closed and opened again in its turn, so that
// thousands of files can be given; what can be read only once, such as standard
// input or a pipe, stays open and hands its first values out again.
type source struct {
	name   string
	closer io.Closer
	values *hashchain.ValueReader
	once   bool      // it can be read only once
	first  []located // read already, to be handed out
	err    error     // why it cannot be read, or not to its end

	parts chan []located // what the reading goroutine has read; it closes it
	part  []located      // of which the next value is to be handed out

	isLedger bool                   // a ledger file, which is not read as values
	isBlocks bool                   // a block of an export is among the first values
	address  hashchain.BlockAddress // of the first one
}

// sortSources puts the sources into the order in which they are read: those that
// begin with a block, or have one soon after, by strand and sequence number, behind all others.
func sortSources(list []*source) {
	slices.SortStableFunc(list, func(a, b *source) int {
		if !a.isBlocks || !b.isBlocks {
			return cmp.Compare(b2i(a.isBlocks), b2i(b.isBlocks))
		}
		return cmp.Or(strings.Compare(a.address.StrandID, b.address.StrandID), cmp.Compare(a.address.SequenceNo, b.address.SequenceNo))
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// peek reads the first values, until a block of an export comes.
func (s *source) peek(stdin io.Reader) {
	if s.err != nil {
		return
	}
	if s.err = s.open(stdin); s.err != nil || s.isLedger {
		s.close()
		return
	}
	var last ion.Value
	for size := 0; !s.isBlocks && len(s.first) < peekValues && size < peekBytes && s.values.Next(); {
		v := s.values.Value()
		s.first, size = append(s.first, located{v, s.values.Offset(), s.values.JSON()}), size+v.MemorySize(last)
		last = v
		if it, _ := hashchain.Recognize(v); it.Kind == hashchain.BlockItem {
			a, _ := it.Value.Field("blockAddress")
			address, err := hashchain.BlockAddressOf(a)
			s.address, s.isBlocks = address, err == nil
		}
	}
	if !s.once {
		s.close()
	}
}

// A block is looked for among that many values or bytes at the beginning of an
// input: a digest or a manifest may stand before the blocks.
const (
	peekValues = 64
	peekBytes  = 256 << 10
)

// open begins to read, unless that was done already.
func (s *source) open(stdin io.Reader) error {
	if s.values != nil {
		return nil
	}
	in := stdin
	if s.once = s.name == "-"; !s.once {
		f, err := os.Open(s.name)
		if err != nil {
			return pathless(err)
		}
		s.closer, in = f, f
		info, err := f.Stat()
		if err != nil {
			return pathless(err)
		}
		s.once = !info.Mode().IsRegular()
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, _ := buffered.Peek(ledgerHead)
	switch {
	case isLedgerHead(head) && s.once:
		return errors.New("a ledger file is checked in its place: give its name, not its content")
	case isLedgerHead(head):
		s.isLedger = true
		return nil
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := newGzipInput(buffered)
		if err != nil {
			return err
		}
		s.values = hashchain.NewValueReader(z)
		return nil
	case strings.HasPrefix(string(head), "\xf3\x89\x9a\xc2"):
		return errors.New("this is an aggregated record of the Kinesis Producer Library: take the records out of it first, as the Kinesis client libraries do")
	}
	s.values = hashchain.NewValueReader(buffered)
	return nil
}

func (s *source) close() {
	if s.closer != nil {
		s.closer.Close()
	}
	s.closer, s.values, s.first = nil, nil, nil
}

// gzipInput says of an error where in the compressed data it is.
type gzipInput struct {
	z    *gzip.Reader
	in   countedReader
	read int64 // bytes uncompressed
}

// countedReader counts what is read of a buffer.
type countedReader struct {
	*bufio.Reader
	n int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *countedReader) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

func newGzipInput(r *bufio.Reader) (*gzipInput, error) {
	g := &gzipInput{in: countedReader{Reader: r}}
	z, err := gzip.NewReader(&g.in)
	g.z = z
	return g, g.explain(err)
}

func (g *gzipInput) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	g.read += int64(n)
	return n, g.explain(err)
}

func (g *gzipInput) explain(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the compressed data ends in the middle, after %d bytes: the file was cut short. It gave %d bytes uncompressed", g.in.n, g.read)
	}
	return fmt.Errorf("the compressed data cannot be read at offset %d: %w. It gave %d bytes uncompressed", g.in.n, err, g.read)
}

// located is a value and its offset in the input.
type located struct {
	v    ion.Value
	off  int64
	json bool // it is written as JSON is
}

// A reading goroutine hands values over in parts of that many values or bytes,
// and is at most that many parts ahead. A part of one large value counts as more:
// empty ones follow it.
const (
	partValues = 64
	partBytes  = 256 << 10
	largePart  = 1 << 20 // bytes for which a part takes one more place
	partsAhead = 4
)

// start begins to read in a goroutine of its own, which ends with the input or
// with ctx.
func (s *source) start(ctx context.Context, wg *sync.WaitGroup, stdin io.Reader) {
	s.parts = make(chan []located, partsAhead)
	wg.Go(func() {
		defer close(s.parts)
		defer s.close()
		if s.isLedger || s.err != nil {
			return
		}
		if s.err = s.open(stdin); s.err == nil && s.values != nil {
			s.read(ctx)
		}
	})
}

func (s *source) read(ctx context.Context) {
	var part []located
	var last ion.Value // also of the part before: a symbol table counts once
	size := 0
	add := func(l located) bool {
		part, size = append(part, l), size+l.v.MemorySize(last)
		last = l.v
		return len(part) < partValues && size < partBytes || s.hand(ctx, &part, &size)
	}
	for _, l := range s.first {
		if !add(l) {
			return
		}
	}
	s.first = nil
	for s.values.Next() {
		if !add(located{s.values.Value(), s.values.Offset(), s.values.JSON()}) {
			return
		}
	}
	if s.hand(ctx, &part, &size) {
		s.err = s.values.Err()
	}
}

// hand gives a part to the consumer. It reports whether to go on.
func (s *source) hand(ctx context.Context, part *[]located, size *int) bool {
	places := min(1+*size/largePart, partsAhead)
	for range places {
		select {
		case s.parts <- *part:
			*part, *size = nil, 0
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// next hands out the next value. After the last one s.err is set if the input
// could not be read to its end.
func (s *source) next(ctx context.Context) (l located, ok bool) {
	for len(s.part) == 0 {
		ok = false
		select {
		case s.part, ok = <-s.parts:
		case <-ctx.Done():
		}
		if !ok {
			return l, false
		}
	}
	l = s.part[0]
	s.part = s.part[1:]
	return l, true
}
