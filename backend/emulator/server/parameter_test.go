//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession/types"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// TestParameterSizeOnTheWire: the bytes that were sent count for the limit of a
// parameter, whatever is left of them without pads and unused symbols. The
// statement counts for the commit digest all the same.
func TestParameterSizeOnTheWire(t *testing.T) {
	s := servertest.New(t)
	s.CreateLedger("sizes")
	c := rawSession(t, s, "sizes")
	tx := c.begin()
	statement := "SELECT VALUE 1 FROM << ? >> AS x"
	for _, n := range []int{131_072, 131_073} {
		stream := ion.NewInt(7).Encode()
		stream = append(stream, bytes.Repeat([]byte{0}, n-len(stream))...) // pads of one byte
		v, err := ion.Parse(stream)
		if err != nil {
			t.Fatal(err)
		}
		d, err := hashchain.StatementDigest(statement, v)
		if err != nil {
			t.Fatal(err)
		}
		c.digests[tx].Extend(d)
		_, err = c.try(&qldbsession.SendCommandInput{ExecuteStatement: &types.ExecuteStatementRequest{
			TransactionId: &tx, Statement: &statement, Parameters: []types.ValueHolder{{IonBinary: stream}},
		}})
		if n == 131_072 {
			if err != nil {
				t.Errorf("%d bytes: %v", n, err)
			}
			continue
		}
		want := fmt.Sprintf("Exceeded parameter limit: Parameter 1 has %d bytes of Ion binary, the limit is 131072", n)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v, want %s", n, err, want)
		}
	}
	if err := c.commit(tx); err != nil {
		t.Error(err)
	}
}
