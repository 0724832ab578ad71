package emulator

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

// Pages hold at most this many values, and end after this many bytes.
const (
	pageValues = 200
	pageBytes  = 1 << 20
)

// spillBytes is how much is written to a result's file at a time.
const spillBytes = 64 << 10

// resultSet is the rows of one statement. A statement runs to its end before
// its first page is given out, so an announced page never changes.
//
// Each row stands behind its length, in memory and in the file alike. So nothing
// is kept beside the bytes, and limit and quota count all that a row takes,
// however short it is and however many there are.
type resultSet struct {
	buf   []byte // the rows; where there is a file, those not yet written to it
	at    int    // in buf, the first row not yet given out
	left  int    // rows not yet given out
	size  int64  // bytes of all rows with their lengths
	token string // of the next page
	io    ledger.IOUsage
	file  *os.File // holds the rows once there are too many for memory
	read  *bufio.Reader
	limit int64
	quota *quota
}

// quota counts the bytes of results over all sessions of a ledger. Where they
// are used up, reclaim is asked for what nobody will read any more.
type quota struct {
	used    atomic.Int64
	limit   int64
	reclaim func()
}

func (q *quota) take(n int64) error {
	if q.add(n) {
		return nil
	}
	if q.reclaim(); q.add(n) {
		return nil
	}
	return ledger.NewError(capacityExceeded, "", textCapacity)
}

func (q *quota) add(n int64) bool {
	if used := q.used.Add(n); q.limit > 0 && used > q.limit {
		q.used.Add(-n)
		return false
	}
	return true
}

// add appends a row: stream where it is a complete one, else v encoded.
func (r *resultSet) add(v ion.Value, stream []byte) error {
	if stream == nil {
		stream = v.Encode()
	}
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(stream)))
	more := n + len(stream)
	if err := r.quota.take(int64(more)); err != nil {
		return err
	}
	r.size += int64(more)
	r.left++
	r.buf = slices.Grow(r.buf, more) // both parts in one allocation
	r.buf = append(append(r.buf, length[:n]...), stream...)
	switch {
	case r.file != nil && len(r.buf) >= spillBytes:
		return r.spill()
	case r.file == nil && r.limit > 0 && r.size > r.limit:
		f, err := os.CreateTemp("", "tally-result-*")
		if err != nil {
			return ledger.NewError(capacityExceeded, "", textCapacity).WithCause(err)
		}
		// The file has no name from here on: it goes when it is closed.
		_ = os.Remove(f.Name())
		r.file = f
		if err := r.spill(); err != nil {
			return err
		}
		r.buf = nil // what is gathered from here on is less
	}
	return nil
}

// spill writes what is in memory to the file.
func (r *resultSet) spill() error {
	if _, err := r.file.Write(r.buf); err != nil {
		return ledger.NewError(capacityExceeded, "", textCapacity).WithCause(err)
	}
	r.buf = r.buf[:0]
	return nil
}

// complete is called behind the last row: a disk that is full then still fails
// the statement, not the page.
func (r *resultSet) complete() error {
	if r.file == nil {
		return nil
	}
	if err := r.spill(); err != nil {
		return err
	}
	r.buf = nil
	r.read = bufio.NewReader(io.NewSectionReader(r.file, 0, r.size))
	return nil
}

// next takes the next page out.
func (r *resultSet) next() ([][]byte, error) {
	values := make([][]byte, 0, min(r.left, pageValues))
	for given := 0; r.more() && len(values) < pageValues && given < pageBytes; r.left-- {
		row, err := r.row()
		if err != nil {
			return nil, fmt.Errorf("emulator: cannot read back a result: %w", err)
		}
		values = append(values, row)
		given += len(row)
	}
	return values, nil
}

// row takes the next row out.
func (r *resultSet) row() ([]byte, error) {
	if r.file == nil {
		n, k := binary.Uvarint(r.buf[r.at:])
		row := r.buf[r.at+k:][:n:n]
		r.at += k + int(n)
		return row, nil
	}
	n, err := binary.ReadUvarint(r.read)
	if err != nil {
		return nil, err
	}
	if n > uint64(r.size) {
		return nil, fmt.Errorf("the file of %d bytes has changed: a row in it claims %d", r.size, n)
	}
	row := make([]byte, n)
	_, err = io.ReadFull(r.read, row)
	return row, err
}

func (r *resultSet) more() bool { return r.left > 0 }

// release gives the memory back.
func (r *resultSet) release() {
	if r.size > 0 {
		r.quota.used.Add(-r.size)
	}
	if r.file != nil {
		_ = r.file.Close()
	}
	*r = resultSet{}
}

// results are the open result sets of a transaction, by the token of their
// next page.
type results struct {
	sets map[string]*resultSet
	next uint64
}

func (r *results) keep(s *resultSet) string {
	if !s.more() {
		s.release()
		return ""
	}
	if r.sets == nil {
		r.sets = make(map[string]*resultSet)
	}
	r.next++
	s.token = strconv.FormatUint(r.next+1e6, 36)
	r.sets[s.token] = s
	return s.token
}

func (r *results) take(token string) (*resultSet, bool) {
	s, ok := r.sets[token]
	delete(r.sets, token)
	return s, ok
}

func (r *results) release() {
	for _, s := range r.sets {
		s.release()
	}
	r.sets = nil
}
