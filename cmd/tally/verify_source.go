package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// source is one input. Its first value is looked at to find its place among the
// others; then it is closed and read again in its turn, so that thousands of
// files can be given. Standard input stays open and hands its first value out
// again.
type source struct {
	name   string
	closer io.Closer
	values *hashchain.ValueReader
	first  ion.Value // read already, to be handed out
	err    error     // why it cannot be read, or not to its end

	parts chan []located // what the reading goroutine has read; it closes it
	part  []located      // of which the next value is to be handed out

	isLedger bool // a ledger file, which is not read as values
	isBlocks bool // the first value is a block of an export
	address  hashchain.BlockAddress
}

// order lists the sources in the order in which they are read: those that begin
// with a block by strand and sequence number, behind all others.
func (r *verifyRun) order(args []string) []*source {
	var list []*source
	for _, name := range args {
		list = append(list, expand(name)...)
	}
	for _, s := range list {
		s.peek(r.stdin)
	}
	slices.SortStableFunc(list, func(a, b *source) int {
		if !a.isBlocks || !b.isBlocks {
			return cmp.Compare(b2i(a.isBlocks), b2i(b.isBlocks))
		}
		return cmp.Or(strings.Compare(a.address.StrandID, b.address.StrandID), cmp.Compare(a.address.SequenceNo, b.address.SequenceNo))
	})
	return list
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// expand makes one source of a file, and one of each file in a directory.
func expand(name string) (list []*source) {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.IsDir() {
		return []*source{{name: name}}
	}
	err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			list = append(list, &source{name: path, err: pathless(err)})
			return nil
		}
		if hidden := strings.HasPrefix(d.Name(), ".") && path != name; hidden && d.IsDir() {
			return filepath.SkipDir
		} else if d.Type().IsRegular() && !hidden {
			list = append(list, &source{name: path})
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = errors.New("the directory holds no files")
	}
	if err != nil {
		list = append(list, &source{name: name, err: err})
	}
	return list
}

// peek reads up to the first value that is not a control record.
func (s *source) peek(stdin io.Reader) {
	if s.isLedger = isLedgerFile(s.name); s.isLedger || s.err != nil {
		return
	}
	if s.err = s.open(stdin); s.err != nil {
		return
	}
	if s.values.Next() {
		s.first = s.values.Value()
		if it, _ := hashchain.Recognize(s.first); it.Kind == hashchain.BlockItem {
			a, _ := it.Value.Field("blockAddress")
			address, err := hashchain.BlockAddressOf(a)
			s.address, s.isBlocks = address, err == nil
		}
	}
	if s.name != "-" {
		s.close()
	}
}

func (s *source) open(stdin io.Reader) error {
	if s.values != nil {
		return nil
	}
	in := stdin
	if s.name != "-" {
		f, err := os.Open(s.name)
		if err != nil {
			return pathless(err)
		}
		s.closer, in = f, f
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, _ := buffered.Peek(4)
	in = buffered
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return err
		}
		in = z
	case string(head) == "\xf3\x89\x9a\xc2":
		return errors.New("this is an aggregated record of the Kinesis Producer Library: take the records out of it first, as the Kinesis client libraries do")
	}
	s.values = hashchain.NewValueReader(in)
	return nil
}

func (s *source) close() {
	if s.closer != nil {
		s.closer.Close()
	}
	s.closer, s.values, s.first = nil, nil, ion.Value{}
}

// located is a value and its offset in the input.
type located struct {
	v   ion.Value
	off int64
}

// A reading goroutine hands values over in parts of that many values or bytes,
// and is at most that many parts ahead.
const (
	partValues = 64
	partBytes  = 256 << 10
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
		if s.err = s.open(stdin); s.err == nil {
			s.read(ctx)
		}
	})
}

func (s *source) read(ctx context.Context) {
	var part []located
	size := 0
	add := func(v ion.Value, off int64) bool {
		part, size = append(part, located{v, off}), size+len(v.Raw())
		return len(part) < partValues && size < partBytes || s.hand(ctx, &part, &size)
	}
	if !s.first.IsZero() && !add(s.first, 0) {
		return
	}
	for s.values.Next() {
		if !add(s.values.Value(), s.values.Offset()) {
			return
		}
	}
	if s.hand(ctx, &part, &size) {
		s.err = s.values.Err()
	}
}

// hand gives a part to the consumer. It reports whether to go on.
func (s *source) hand(ctx context.Context, part *[]located, size *int) bool {
	select {
	case s.parts <- *part:
		*part, *size = nil, 0
		return true
	case <-ctx.Done():
		return false
	}
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
