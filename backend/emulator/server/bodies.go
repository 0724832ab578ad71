package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// drainBytes and drainTime are how much of a body that is too large is taken
	// and thrown away after its answer: a client that sends without reading would
	// else get a reset in place of the answer.
	drainBytes = 128 << 20
	drainTime  = 5 * time.Second

	// lastTime is how long the one body beyond the limit may take to arrive: one
	// that falls silent must not keep the others out.
	lastTime = 5 * time.Second
)

// bodyRoom is what all large bodies share.
type bodyRoom struct {
	all *semaphore.Weighted
	// last is for one body that finds no more room: it is read to its end beyond
	// the limit, within lastTime, so that bodies never wait for each other.
	last *semaphore.Weighted
	most int64
}

func newBodyRoom(most int64) bodyRoom {
	return bodyRoom{all: semaphore.NewWeighted(most), last: semaphore.NewWeighted(1), most: most}
}

// bodyShare is the room that one body has. It grows with what has arrived, not
// with what was announced.
type bodyShare struct {
	of       *bodyRoom
	deadline func(time.Time) error // of reading the body
	weight   int64
	whole    bool
}

// reach waits for room for size bytes.
func (h *bodyShare) reach(ctx context.Context, size int64) error {
	more := min(size, h.of.most) - h.weight
	if size <= largeBody || h.whole || more <= 0 {
		return nil
	}
	if h.of.all.TryAcquire(more) {
		h.weight += more
		return nil
	}
	if err := h.of.last.Acquire(ctx, 1); err != nil {
		return err
	}
	h.whole = true
	return h.deadline(time.Now().Add(lastTime))
}

func (h *bodyShare) release() {
	h.of.all.Release(h.weight)
	if h.whole {
		h.of.last.Release(1)
	}
}

// fill reads a body, of length bytes or of an unknown length below 0, into buf.
func (h *bodyShare) fill(ctx context.Context, buf *bytes.Buffer, body io.Reader, length int64) error {
	for room := int64(largeBody); ; room *= 2 {
		if _, err := buf.ReadFrom(io.LimitReader(body, room-int64(buf.Len()))); err != nil {
			return err
		}
		if int64(buf.Len()) < room {
			if h.whole {
				return h.deadline(time.Time{}) // it was for the body alone
			}
			return nil
		}
		want := 2 * room
		if length >= 0 {
			want = min(want, length)
		}
		if err := h.reach(ctx, want); err != nil {
			return err
		}
	}
}

// drain throws away what is left of a body that was answered already.
func drain(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	if r.Header.Get("Expect") != "" || rc.Flush() != nil || rc.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, drainBytes)
}
