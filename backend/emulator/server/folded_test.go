//lint:file-ignore SA1019 the service has ended; these clients are for servers that speak its protocol

package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/qldbsession"
	"github.com/aws/aws-sdk-go-v2/service/qldbsession/types"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// TestRefusedStatementsAreFolded sends statements that are refused. A client has
// hashed each before it sent it, and commits with that digest.
func TestRefusedStatementsAreFolded(t *testing.T) {
	s := servertest.New(t)
	exec(t, s.Driver("L"), "CREATE TABLE T")
	text := func(v string) types.ValueHolder { return types.ValueHolder{IonText: &v} }
	const insert = "INSERT INTO T ?"
	for _, c := range []struct {
		what, statement, message string
		params                   []types.ValueHolder
	}{
		{"no characters", "", "Statement is empty", nil},
		{"no characters, with a parameter", "", "Statement is empty", []types.ValueHolder{text("5")}},
		{"too many characters", strings.Repeat(" ", 100_001), "Exceeded statement limit", nil},
		{"IonText of too many characters", insert, "Parameter 2: IonText has 1048577 characters, the limit is 1048576", []types.ValueHolder{text("1"), text("1" + strings.Repeat(" ", 1<<20))}},
		{"too many bytes", insert, "Exceeded parameter limit", []types.ValueHolder{text(`"` + strings.Repeat("x", 200_000) + `"`)}},
		{"too many parameters", insert, "Query expects 1 parameters, but statement has 2", []types.ValueHolder{text("{}"), text("2")}},
		{"no PartiQL", "SELEKT", "Unsupported PartiQL Statement", nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			session := rawSession(t, s, "L")
			tx := session.begin()
			var params []ion.Value
			for _, p := range c.params {
				v, err := ion.ParseText(*p.IonText)
				if err != nil {
					t.Fatal(err)
				}
				params = append(params, v)
			}
			h, err := hashchain.StatementDigest(c.statement, params...)
			if err != nil {
				t.Fatal(err)
			}
			session.digests[tx].Extend(h)
			_, err = session.try(&qldbsession.SendCommandInput{ExecuteStatement: &types.ExecuteStatementRequest{TransactionId: &tx, Statement: &c.statement, Parameters: c.params}})
			if code(err) != "BadRequestException" || !strings.Contains(fmt.Sprint(err), c.message) {
				t.Errorf("error %v, want %s", err, c.message)
			}
			session.execute(tx, "SELECT * FROM T")
			if err := session.commit(tx); err != nil {
				t.Errorf("commit: %v", err)
			}
		})
	}
}

// TestUnreadableStatementsAreNotFolded sends what nobody can hash. The
// transaction goes on as if it had not come.
func TestUnreadableStatementsAreNotFolded(t *testing.T) {
	s := servertest.New(t)
	exec(t, s.Driver("L"), "CREATE TABLE T")
	session := rawSession(t, s, "L")
	tx := session.begin()
	for _, members := range []string{
		``, `,"Statement":null`, `,"Statement":5`, `,"Statement":"SELECT ?","Parameters":[{"IonText":"{"}]`, `,"Statement":"SELECT ?","Parameters":[{"IonBinary":"AAAA"}]`,
		`,"Statement":"SELECT ?","Parameters":[{"IonText":"1","IonBinary":"4AEA6iEB"}]`, `,"Statement":"SELECT ?","Parameters":[{}]`,
	} {
		body := fmt.Sprintf(`{"SessionToken":%q,"ExecuteStatement":{"TransactionId":%q%s}}`, session.token, tx, members)
		if got := send(t, "POST", s.URL+"/", body); !strings.HasPrefix(got, "400 ") {
			t.Errorf("%s: %s", members, got)
		}
	}
	session.execute(tx, "SELECT * FROM T")
	if err := session.commit(tx); err != nil {
		t.Errorf("commit: %v", err)
	}
}
