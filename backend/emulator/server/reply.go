package server

import (
	"encoding/base64"
	"strconv"
	"sync"
	"time"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/ledger"
)

// reply is the body of a successful answer of the session API. It is written
// by hand: tokens and ids need no escape, and rows go to base64 in one pass.
// Every answer has its command's member, even an empty one, and every page
// its Values: drivers rely on both.
type reply struct{ b []byte }

var replies = sync.Pool{New: func() any { return new(reply) }}

func (r *reply) release() {
	if cap(r.b) <= keptBuffer {
		r.b = r.b[:0]
		replies.Put(r)
	}
}

func (r *reply) str(s string) { r.b = append(r.b, s...) }

func (r *reply) startSession(token string, c *call) {
	r.str(`{"StartSession":{"SessionToken":"`)
	r.str(token)
	r.str(`",`)
	r.timing(time.Since(c.start))
	r.str("}}")
}

func (r *reply) startTransaction(id string, c *call) {
	r.str(`{"StartTransaction":{"TransactionId":"`)
	r.str(id)
	r.str(`",`)
	r.timing(time.Since(c.start))
	r.str("}}")
}

func (r *reply) plain(command string, c *call) {
	r.str(`{"`)
	r.str(command)
	r.str(`":{`)
	r.timing(time.Since(c.start))
	r.str("}}")
}

func (r *reply) executeStatement(p *emulator.RawPage) {
	r.str(`{"ExecuteStatement":{"FirstPage":`)
	r.page(p)
	r.str("}}")
}

func (r *reply) fetchPage(p *emulator.RawPage) {
	r.str(`{"FetchPage":{"Page":`)
	r.page(p)
	r.str("}}")
}

func (r *reply) commitTransaction(id string, res *emulator.CommitResult) {
	r.str(`{"CommitTransaction":{"TransactionId":"`)
	r.str(id)
	r.str(`","CommitDigest":"`)
	r.b = base64.StdEncoding.AppendEncode(r.b, res.Digest)
	r.str(`",`)
	r.timing(res.Timing.Processing)
	r.io(res.IO)
	r.str("}}")
}

// page writes the page and what it cost, up to the end of the command's member.
func (r *reply) page(p *emulator.RawPage) {
	r.str(`{"Values":[`)
	for i, v := range p.Values {
		if i > 0 {
			r.str(",")
		}
		r.str(`{"IonBinary":"`)
		r.b = base64.StdEncoding.AppendEncode(r.b, v)
		r.str(`"}`)
	}
	r.str("]")
	if p.Token != "" {
		r.str(`,"NextPageToken":"`)
		r.str(p.Token)
		r.str(`"`)
	}
	r.str("},")
	r.timing(p.Timing.Processing)
	r.io(p.IO)
}

// timing writes whole milliseconds, at least 1: drivers take 0 for absent.
func (r *reply) timing(d time.Duration) {
	r.str(`"TimingInformation":{"ProcessingTimeMilliseconds":`)
	r.b = strconv.AppendInt(r.b, max(1, d.Milliseconds()), 10)
	r.str("}")
}

func (r *reply) io(u ledger.IOUsage) {
	r.str(`,"ConsumedIOs":{"ReadIOs":`)
	r.b = strconv.AppendInt(r.b, u.ReadIOs, 10)
	r.str(`,"WriteIOs":`)
	r.b = strconv.AppendInt(r.b, u.WriteIOs, 10)
	r.str("}")
}
