package emulator

import (
	"fmt"
	"os"
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

// resultSet is the rows of one statement. A statement runs to its end before
// its first page is given out, so an announced page never changes.
type resultSet struct {
	buf   []byte
	ends  []int64  // where each value ends, counted over buf or file
	few   [4]int64 // the first memory of ends
	pos   int      // first value not yet given out
	token string   // of the next page
	io    ledger.IOUsage
	file  *os.File // holds the rows once there are too many for memory
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
	if err := r.quota.take(int64(len(stream))); err != nil {
		return err
	}
	end := int64(len(stream))
	if n := len(r.ends); n > 0 {
		end += r.ends[n-1]
	}
	if r.ends == nil {
		r.ends = r.few[:0]
	}
	r.ends = append(r.ends, end)
	if r.file != nil {
		return r.spill(stream)
	}
	r.buf = append(r.buf, stream...)
	if r.limit > 0 && int64(len(r.buf)) > r.limit {
		f, err := os.CreateTemp("", "tally-result-*")
		if err != nil {
			return ledger.NewError(capacityExceeded, "", textCapacity).WithCause(err)
		}
		// The file has no name from here on: it goes when it is closed.
		_ = os.Remove(f.Name())
		r.file = f
		rows := r.buf
		r.buf = nil
		return r.spill(rows)
	}
	return nil
}

func (r *resultSet) spill(b []byte) error {
	if _, err := r.file.Write(b); err != nil {
		return ledger.NewError(capacityExceeded, "", textCapacity).WithCause(err)
	}
	return nil
}

// next takes the next page out.
func (r *resultSet) next() ([][]byte, error) {
	start := int64(0)
	if r.pos > 0 {
		start = r.ends[r.pos-1]
	}
	first, end := r.pos, start
	for r.pos < len(r.ends) && r.pos-first < pageValues && end-start < pageBytes {
		end = r.ends[r.pos]
		r.pos++
	}
	page := r.buf
	if r.file != nil {
		page = make([]byte, end-start)
		if _, err := r.file.ReadAt(page, start); err != nil {
			return nil, fmt.Errorf("emulator: cannot read back a result: %w", err)
		}
	} else {
		page = page[start:end]
	}
	values := make([][]byte, 0, r.pos-first)
	for i := first; i < r.pos; i++ {
		n := r.ends[i] - start
		values = append(values, page[:n:n])
		page = page[n:]
		start = r.ends[i]
	}
	return values, nil
}

func (r *resultSet) more() bool { return r.pos < len(r.ends) }

// release gives the memory back.
func (r *resultSet) release() {
	if n := len(r.ends); n > 0 {
		r.quota.used.Add(-r.ends[n-1])
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
