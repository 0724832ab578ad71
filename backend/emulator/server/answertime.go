package server

import (
	"net/http"
	"runtime"
	"strings"
	"time"
)

const (
	// earlyAnswer is the longest body of an answer that goes out at once to every
	// client: with its head it is one write, and one read of Go's net/http, which
	// reads 4096 bytes at a time.
	earlyAnswer = 3 << 10
	// answerAfter is the time from the end of a request's body to the first byte of
	// a longer answer, on a machine with a processor to spare.
	answerAfter = 2 * time.Millisecond
	// answerPerKiB is added for each KiB of the answer: one that takes the client
	// long to read can be lost for long.
	answerPerKiB = 30 * time.Microsecond
	// answerSlice is added for each program that waits for a processor, divided by
	// their number: about the time that the system gives each of them.
	answerSlice = 4 * time.Millisecond
	// answerLatest is the longest time that an answer is held back.
	answerLatest = 50 * time.Millisecond

	// wholeBodyHeader is set by clients whose body net/http sends in one piece.
	wholeBodyHeader = "X-Tally-Whole-Body"
)

// await holds a long answer back until a client of aws-sdk-go-v2 has most
// probably looked for more of its body.
//
// The body type of that SDK makes net/http send the request's head, then the
// body, and then look whether the body goes on. When the head of an answer comes
// the SDK closes the body, and a look after that fails with io.EOF: net/http
// closes the connection, and what is not read yet of the answer is lost ("use of
// closed network connection"). The look comes microseconds after the body, which
// no service in a region of AWS could forestall; a server on the same machine can.
// Nothing on the wire tells when the client has looked. An answer that is read
// whole with its head cannot be lost.
func (c *call) await(size int) {
	if size <= earlyAnswer || c.received.IsZero() || !looksAgain(c.header) {
		return
	}
	after := answerAfter + min(time.Duration(size>>10)*answerPerKiB, answerLatest/4)
	if waiting := runnable() - runtime.NumCPU(); waiting > 0 {
		after += answerSlice * time.Duration(waiting) / time.Duration(runtime.NumCPU())
	}
	if d := min(after, answerLatest) - time.Since(c.received); d > 0 {
		time.Sleep(d)
	}
}

// looksAgain reports whether a request is of a client that looks for more of its
// body after it has sent it.
func looksAgain(h http.Header) bool {
	return h.Get(wholeBodyHeader) == "" && strings.Contains(h.Get("User-Agent"), "aws-sdk-go-v2")
}
