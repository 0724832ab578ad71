//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession/types"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// sdkSession drives a session through the SDK, one command at a time.
type sdkSession struct {
	t       testing.TB
	client  *qldbsession.Client
	token   string
	digests map[string]*hashchain.CommitDigest
}

func rawSession(t testing.TB, s *servertest.Server, ledger string) *sdkSession {
	t.Helper()
	c := &sdkSession{t: t, client: s.Session, digests: map[string]*hashchain.CommitDigest{}}
	out, err := s.Session.SendCommand(t.Context(), &qldbsession.SendCommandInput{StartSession: &types.StartSessionRequest{LedgerName: &ledger}})
	if err != nil {
		t.Fatal(err)
	}
	c.token = *out.StartSession.SessionToken
	return c
}

func (c *sdkSession) try(in *qldbsession.SendCommandInput) (*qldbsession.SendCommandOutput, error) {
	in.SessionToken = &c.token
	return c.client.SendCommand(c.t.Context(), in)
}

func (c *sdkSession) send(in *qldbsession.SendCommandInput) *qldbsession.SendCommandOutput {
	c.t.Helper()
	out, err := c.try(in)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func (c *sdkSession) begin() (tx string) {
	c.t.Helper()
	tx = *c.send(&qldbsession.SendCommandInput{StartTransaction: &types.StartTransactionRequest{}}).StartTransaction.TransactionId
	d := hashchain.NewCommitDigest(tx)
	c.digests[tx] = &d
	return tx
}

func (c *sdkSession) execute(tx, statement string, params ...ion.Value) *types.ExecuteStatementResult {
	c.t.Helper()
	h, err := hashchain.StatementDigest(statement, params...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.digests[tx].Extend(h)
	in := &types.ExecuteStatementRequest{TransactionId: &tx, Statement: &statement}
	for _, p := range params {
		in.Parameters = append(in.Parameters, types.ValueHolder{IonBinary: p.Encode()})
	}
	return c.send(&qldbsession.SendCommandInput{ExecuteStatement: in}).ExecuteStatement
}

func (c *sdkSession) fetch(tx, token string) *types.Page {
	c.t.Helper()
	return c.send(&qldbsession.SendCommandInput{FetchPage: &types.FetchPageRequest{TransactionId: &tx, NextPageToken: &token}}).FetchPage.Page
}

func (c *sdkSession) commit(tx string) error {
	_, err := c.try(&qldbsession.SendCommandInput{CommitTransaction: &types.CommitTransactionRequest{
		TransactionId: &tx, CommitDigest: c.digests[tx].Hash().Bytes(),
	}})
	return err
}

// commitNothing commits a transaction that there is not.
func (c *sdkSession) commitNothing() error {
	d := hashchain.NewCommitDigest("0123456789012345678901")
	c.digests["0123456789012345678901"] = &d
	return c.commit("0123456789012345678901")
}
