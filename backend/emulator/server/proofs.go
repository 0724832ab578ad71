package server

import (
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// Texts about addresses that are found wrong before the journal is asked.
const (
	textNotIon     = "The provided Ion value is not valid and cannot be parsed."
	textNotAddress = "The provided block address is not valid."
)

// ionText is a value in an answer of the control plane.
type ionText struct{ IonText string }

func textOf(v ion.Value) *ionText { return &ionText{v.String()} }

// addressIn is an address in a request.
type addressIn struct{ IonText *string }

// parse reads an address in any spelling of Ion text. A nil one was not given.
func (a *addressIn) parse(parameter string) (*hashchain.BlockAddress, error) {
	if a == nil {
		return nil, nil
	}
	if n := len(*a.IonText); n == 0 || n > maxIonText {
		return nil, errInvalid(parameter, "%s", textNotIon)
	}
	v, err := ion.ParseText(*a.IonText)
	if err != nil {
		return nil, errInvalid(parameter, "%s", textNotIon)
	}
	at, err := hashchain.BlockAddressOf(v.WithoutAnnotations())
	if err != nil {
		return nil, errInvalid(parameter, "%s", textNotAddress)
	}
	return &at, nil
}

func (s *Server) getDigest(req *controlRequest) (any, error) {
	e, _, err := s.active(req.name)
	if err != nil {
		return nil, err
	}
	d, err := e.engine.Digest(req.ctx)
	if err != nil {
		return nil, err
	}
	return struct {
		Digest           []byte
		DigestTipAddress *ionText
	}{d.Hash.Bytes(), &ionText{d.Tip.String()}}, nil
}

// journalRead is the body of GetBlock and GetRevision.
type journalRead struct {
	BlockAddress, DigestTipAddress *addressIn
	DocumentId                     *string
}

// journalRead reads the body and checks it by itself.
func (req *controlRequest) journalRead(ofRevision bool) (in journalRead, err error) {
	if err = req.decode(&in); err != nil {
		return in, err
	}
	switch tip := in.DigestTipAddress; {
	case in.BlockAddress == nil || in.BlockAddress.IonText == nil:
		return in, errInvalid("BlockAddress", "BlockAddress is missing")
	case ofRevision && in.DocumentId == nil:
		return in, errInvalid("DocumentId", "DocumentId is missing")
	case tip != nil && tip.IonText == nil:
		return in, errInvalid("DigestTipAddress", "DigestTipAddress has no IonText")
	}
	if ofRevision {
		if why := idProblem(*in.DocumentId); why != "" {
			return in, errShape("DocumentId", why)
		}
	}
	return in, nil
}

// addresses are those of the block and of the tip, nil for none.
func (in *journalRead) addresses() (at, tip *hashchain.BlockAddress, err error) {
	if at, err = in.BlockAddress.parse("BlockAddress"); err == nil {
		tip, err = in.DigestTipAddress.parse("DigestTipAddress")
	}
	return at, tip, err
}

func (s *Server) getBlock(req *controlRequest) (any, error) {
	in, err := req.journalRead(false)
	if err != nil {
		return nil, err
	}
	at, tip, err := in.addresses()
	if err != nil {
		return nil, err
	}
	e, _, err := s.active(req.name)
	if err != nil {
		return nil, err
	}
	b, err := e.engine.Block(req.ctx, *at, tip)
	if err != nil {
		return nil, err
	}
	return struct {
		Block *ionText
		Proof *ionText `json:",omitempty"`
	}{textOf(b.Value), proofText(b.Proof, tip)}, nil
}

func (s *Server) getRevision(req *controlRequest) (any, error) {
	in, err := req.journalRead(true)
	if err != nil {
		return nil, err
	}
	at, tip, err := in.addresses()
	if err != nil {
		return nil, err
	}
	e, _, err := s.active(req.name)
	if err != nil {
		return nil, err
	}
	rev, err := e.engine.Revision(req.ctx, *at, *in.DocumentId, tip)
	if err != nil {
		return nil, err
	}
	return struct {
		Proof    *ionText `json:",omitempty"`
		Revision *ionText
	}{proofText(rev.Proof, tip), textOf(rev.Value)}, nil
}

// proofText is present exactly where a tip was given: the proof of a journal
// of one block is [].
func proofText(p hashchain.Proof, tip *hashchain.BlockAddress) *ionText {
	if tip == nil {
		return nil
	}
	return &ionText{p.String()}
}
