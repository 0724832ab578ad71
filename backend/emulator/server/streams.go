package server

import (
	"slices"
	"strings"
	"time"
)

// States of a stream. IMPAIRED and FAILED say that Kinesis failed; nothing is
// delivered here, so nothing says them.
const (
	streamActive    = "ACTIVE"
	streamCompleted = "COMPLETED"
	streamCanceled  = "CANCELED"
)

const (
	maxStreams = 5
	// completeAfter keeps a stream whose end is already past ACTIVE for so long:
	// infrastructure tools wait for ACTIVE after they made it.
	completeAfter = 10 * time.Second
)

// streamState is a stream as the control plane keeps it. Times stay as they
// were sent: tools compare them with what they asked for.
type streamState struct {
	ID, Name   string
	Created    time.Time
	Start      time.Time
	End        *time.Time `json:",omitempty"`
	Role       string
	StreamArn  string
	Aggregated bool
	CanceledAt *time.Time `json:",omitempty"`
}

// completedAt is when the stream ends by itself; nil for never.
func (x *streamState) completedAt() *time.Time {
	if x.End == nil {
		return nil
	}
	at := *x.End
	if least := x.Created.Add(completeAfter); at.Before(least) {
		at = least
	}
	return &at
}

func (x *streamState) status(now time.Time) string {
	switch done := x.completedAt(); {
	case x.CanceledAt != nil:
		return streamCanceled
	case done != nil && !now.Before(*done):
		return streamCompleted
	}
	return streamActive
}

// expired reports whether an ended stream is no longer listed.
func (x *streamState) expired(now time.Time) bool {
	ended := x.CanceledAt
	if ended == nil {
		ended = x.completedAt()
	}
	return ended != nil && now.Sub(*ended) > jobKept
}

type kinesisConfiguration struct {
	StreamArn          *string
	AggregationEnabled *bool
}

type streamRequest struct {
	RoleArn, StreamName                  *string
	Tags                                 map[string]*string
	InclusiveStartTime, ExclusiveEndTime *epoch
	KinesisConfiguration                 *kinesisConfiguration
}

func (s *Server) createStream(req *controlRequest) (any, error) {
	var in streamRequest
	if err := req.decode(&in); err != nil {
		return nil, err
	}
	x, err := in.state(s.cfg.Clock())
	if err != nil {
		return nil, err
	}
	if _, _, err := s.active(req.name); err != nil {
		return nil, err
	}
	if err := x.checkTimes(); err != nil {
		return nil, err
	}
	x.ID = s.ids.Next().String()
	err = s.registry.update(req.name, func(st *ledgerState) error {
		st.Streams = slices.DeleteFunc(st.Streams, func(o *streamState) bool { return o.expired(x.Created) })
		if err := mayStream(st, x); err != nil {
			return err
		}
		st.Streams = append(st.Streams, x)
		st.setTags(streamResource(req.name, x.ID), nil, in.Tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return struct{ StreamId string }{x.ID}, nil
}

func mayStream(st *ledgerState, x *streamState) error {
	active := 0
	for _, o := range st.Streams {
		if o.status(x.Created) != streamActive {
			continue
		}
		active++
		if o.Name == x.Name {
			return errInvalid("StreamName", "StreamName %s is the name of an active stream of this ledger, %s", x.Name, o.ID)
		}
	}
	if active >= maxStreams {
		return errResource(limitExceeded, kindStream, "", "Exceeded the limit of %d active streams of a ledger", maxStreams)
	}
	return nil
}

func streamResource(ledger, id string) string { return "stream/" + ledger + "/" + id }

// state checks the request by itself and makes a stream of it.
func (in *streamRequest) state(now time.Time) (*streamState, error) {
	k := in.KinesisConfiguration
	for _, m := range []struct {
		name    string
		missing bool
	}{
		{"StreamName", in.StreamName == nil},
		{"RoleArn", in.RoleArn == nil},
		{"InclusiveStartTime", in.InclusiveStartTime == nil},
		{"KinesisConfiguration", k == nil || k.StreamArn == nil},
	} {
		if m.missing {
			return nil, errInvalid(m.name, "%s is missing or has a required member that is", m.name)
		}
	}
	if why := nameProblem(*in.StreamName); why != "" {
		return nil, errShape("StreamName", why)
	}
	if why := arnProblem(*in.RoleArn); why != "" {
		return nil, errShape("RoleArn", why)
	}
	if why := arnProblem(*k.StreamArn); why != "" {
		return nil, errShape("KinesisConfiguration", why)
	}
	if why := tagsProblem(in.Tags); why != "" {
		return nil, errShape("Tags", why)
	}
	x := &streamState{
		Name: *in.StreamName, Created: now, Start: in.InclusiveStartTime.Time, Role: *in.RoleArn,
		StreamArn: *k.StreamArn, Aggregated: k.AggregationEnabled == nil || *k.AggregationEnabled,
	}
	if in.ExclusiveEndTime != nil {
		x.End = &in.ExclusiveEndTime.Time
	}
	return x, nil
}

func (x *streamState) checkTimes() error {
	switch {
	case x.Start.After(x.Created):
		return errInvalid("InclusiveStartTime", "The start date cannot be in the future.")
	case x.End != nil && !x.Start.Before(*x.End):
		return errInvalid("ExclusiveEndTime", "The start date must not be greater than the end date.")
	}
	return nil
}

// liveStream is the stream of an id that is listed, ended or not.
func (s *Server) liveStream(st *ledgerState, id string) *streamState {
	for _, x := range st.Streams {
		if x.ID == id && !x.expired(s.cfg.Clock()) {
			return x
		}
	}
	return nil
}

func (s *Server) streamOf(req *controlRequest) (*streamState, error) {
	if why := idProblem(req.id); why != "" {
		return nil, errShape("StreamId", why)
	}
	_, st, err := s.active(req.name)
	if err != nil {
		return nil, err
	}
	if x := s.liveStream(st.ledgerState, req.id); x != nil {
		return x, nil
	}
	return nil, errResource(resourceNotFound, kindStream, req.id, "The Journal stream with id %s is not found for the Ledger with name %s", req.id, req.name)
}

type streamAnswer struct {
	LedgerName           string
	CreationTime         epoch
	InclusiveStartTime   epoch
	ExclusiveEndTime     *epoch `json:",omitempty"`
	RoleArn              string
	StreamId             string
	Arn                  string
	Status               string
	KinesisConfiguration kinesisConfiguration
	StreamName           string
}

func (s *Server) streamAnswer(ledger string, x *streamState) streamAnswer {
	a := streamAnswer{
		LedgerName: ledger, CreationTime: epoch{x.Created}, InclusiveStartTime: epoch{x.Start}, RoleArn: x.Role, StreamId: x.ID,
		Arn: s.arn(streamResource(ledger, x.ID)), Status: x.status(s.cfg.Clock()), StreamName: x.Name,
		KinesisConfiguration: kinesisConfiguration{StreamArn: &x.StreamArn, AggregationEnabled: &x.Aggregated},
	}
	if x.End != nil {
		a.ExclusiveEndTime = &epoch{*x.End}
	}
	return a
}

func (s *Server) describeStream(req *controlRequest) (any, error) {
	x, err := s.streamOf(req)
	if err != nil {
		return nil, err
	}
	return struct{ Stream streamAnswer }{s.streamAnswer(req.name, x)}, nil
}

func (s *Server) listStreams(req *controlRequest) (any, error) {
	_, st, err := s.active(req.name)
	if err != nil {
		return nil, err
	}
	key := func(x *streamState) string { return rising(x.ID) }
	var listed []*streamState
	for _, x := range st.Streams {
		if !x.expired(s.cfg.Clock()) {
			listed = append(listed, x)
		}
	}
	slices.SortFunc(listed, func(a, b *streamState) int { return strings.Compare(key(a), key(b)) })
	page, next, err := listing(req, listed, key)
	if err != nil {
		return nil, err
	}
	out := struct {
		Streams   []streamAnswer
		NextToken string `json:",omitempty"`
	}{Streams: make([]streamAnswer, 0, len(page)), NextToken: next}
	for _, x := range page {
		out.Streams = append(out.Streams, s.streamAnswer(req.name, x))
	}
	return out, nil
}

func (s *Server) cancelStream(req *controlRequest) (any, error) {
	if _, err := s.streamOf(req); err != nil {
		return nil, err
	}
	now := s.cfg.Clock()
	err := s.registry.update(req.name, func(st *ledgerState) error {
		x := s.liveStream(st, req.id)
		if x == nil || x.status(now) != streamActive {
			return errResource(preconditionUnmet, kindStream, req.id, "The Journal stream with id %s is not ACTIVE", req.id)
		}
		x.CanceledAt = &now
		return nil
	})
	if err != nil {
		return nil, err
	}
	return struct{ StreamId string }{req.id}, nil
}
