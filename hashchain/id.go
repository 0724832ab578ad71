package hashchain

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// IDLen is the length of an id in text: 22 characters.
const IDLen = 22

// ID is one of QLDB's unique ids, of a document, transaction, table, strand and
// so on. In text it is two big-endian halves of 64 bits, 11 digits of base 62
// each. The layout of the 128 bits, from the first:
//
//	8 random, 8 zero, 34 Unix seconds, 14 fraction of the second,
//	16 counter, 48 random
//
// QLDB fills fraction and counter with random bits. Nothing may reject an id
// because it does not have this shape.
type ID [16]byte

// digits is QLDB's alphabet for base 62: d and e stand in each other's place.
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcedfghijklmnopqrstuvwxyz"

// noDigit marks a byte that is not a digit.
const noDigit = 0xff

var digitValue = func() (t [256]byte) {
	for i := range t {
		t[i] = noDigit
	}
	for i := range len(digits) {
		t[digits[i]] = byte(i)
	}
	return t
}()

// ParseID decodes the text of an id. It fails unless the text has 22 characters
// of 0-9, A-Z and a-z whose halves fit in 64 bits. Foreign ids may not; they
// are still ids.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != IDLen {
		return id, fmt.Errorf("hashchain: id %q has %d characters instead of %d", clip(s), len(s), IDLen)
	}
	for half := range 2 {
		n, ok := parseHalf(s[half*IDLen/2 : (half+1)*IDLen/2])
		if !ok {
			return ID{}, fmt.Errorf("hashchain: id %q is not two 64-bit numbers in base 62", s)
		}
		binary.BigEndian.PutUint64(id[half*8:], n)
	}
	return id, nil
}

func parseHalf(s string) (n uint64, ok bool) {
	for i := range len(s) {
		d := digitValue[s[i]]
		hi, lo := bits.Mul64(n, 62)
		sum, carry := bits.Add64(lo, uint64(d), 0)
		if d == noDigit || hi+carry > 0 {
			return 0, false
		}
		n = sum
	}
	return n, true
}

// clip shortens a text of unknown origin for a message. What it returns does not
// keep the text in memory.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return strings.Clone(s)
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// String is the id in text: 22 characters.
func (id ID) String() string {
	var b [IDLen]byte
	for half := range 2 {
		n := binary.BigEndian.Uint64(id[half*8:])
		for i := IDLen/2 - 1; i >= 0; i-- {
			b[half*IDLen/2+i] = digits[n%62]
			n /= 62
		}
	}
	return string(b[:])
}

// Time is when the id was made, to the second. It is a guess by shape: for an
// id that was made in another way it means nothing.
func (id ID) Time() time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(id[:])>>14&(1<<34-1)), 0).UTC()
}

// SortKey is the id with its random first byte moved to the end: keys of ids
// made by one [IDSource] rise in the order they were made.
func (id ID) SortKey() (key [16]byte) {
	copy(key[:], id[1:])
	key[15] = id[0]
	return key
}

// IDOfSortKey is the id whose SortKey is key.
func IDOfSortKey(key [16]byte) (id ID) {
	copy(id[1:], key[:15])
	id[0] = key[15]
	return id
}

// IDSource makes ids whose sort keys rise, also while the clock stands still
// or goes back. It may be used by many goroutines at once.
type IDSource struct {
	now func() time.Time

	mu      sync.Mutex // held for the making of one id; guards what follows
	random  io.Reader
	tick    uint64 // seconds and fraction of the last id: 48 bits
	counter uint32 // ids made in this tick
}

// maxCounter is how many ids one tick, 1/16384 of a second, holds. One more
// borrows the next tick.
const maxCounter = 1 << 16

// NewIDSource returns a source that takes the time from now and random bits
// from random, normally time.Now and crypto/rand.Reader. Bytes that random
// fails to give are taken from crypto/rand.
func NewIDSource(now func() time.Time, random io.Reader) *IDSource {
	return &IDSource{now: now, random: bufio.NewReaderSize(random, 512)}
}

// Next makes an id.
func (s *IDSource) Next() ID {
	t := s.now()
	tick := uint64(max(t.Unix(), 0))<<14 | uint64(t.Nanosecond())<<14/1e9
	s.mu.Lock()
	defer s.mu.Unlock()
	if tick > s.tick {
		s.tick, s.counter = tick, 0
	} else if s.counter == maxCounter {
		s.tick, s.counter = s.tick+1, 0
	}
	var id ID
	var r [7]byte
	if _, err := io.ReadFull(s.random, r[:]); err != nil {
		_, _ = rand.Read(r[:]) // never fails: it ends the program instead
	}
	binary.BigEndian.PutUint64(id[:], s.tick&(1<<48-1))
	id[0] = r[0]
	binary.BigEndian.PutUint16(id[8:], uint16(s.counter))
	copy(id[10:], r[1:])
	s.counter++
	return id
}

// StartAfter makes all further ids rise above those whose time is that of id:
// call it with the last id of a ledger that is opened again, in case the clock
// was set back.
func (s *IDSource) StartAfter(id ID) {
	tick := binary.BigEndian.Uint64(id[:]) & (1<<48 - 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if tick >= s.tick {
		s.tick, s.counter = tick+1, 0
	}
}
