//lint:file-ignore SA1019 the SDK of a service that ended is what its remaining programs use.

package ledgerstack_test

import (
	"errors"
	"slices"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/qldb"
	"github.com/aws/aws-sdk-go-v2/service/qldb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tallyledger/tally/backend/emulator/server/servertest"
	_ "github.com/tallyledger/tally/backend/qldb"
	"github.com/tallyledger/tally/infra/ledgerstack"
	"github.com/tallyledger/tally/ledger"
)

// The tests here take the properties that the program hands to the AWS provider
// and let sdkProvider (provider_test.go) send what that provider sends, to a
// real server. What the server answers is compared with the properties again:
// any difference would be a change in the next plan.

// inputs gives the properties of the stack's ledger and, if it has one, stream.
func inputs(t *testing.T, cfg ledgerstack.Config) (ledger, stream map[string]any) {
	t.Helper()
	r := mustDeploy(t, cfg)
	ledger = r.find(t, "aws:qldb/ledger:Ledger", "ledger").inputs
	if cfg.Stream != nil {
		stream = r.find(t, "aws:qldb/stream:Stream", "ledger-stream").inputs
	}
	return ledger, stream
}

func wantNoDrift(t *testing.T, want, got map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("drift (-program +server):\n%s", diff)
	}
}

// wantCalls compares the requests since the last look with those expected.
func wantCalls(t *testing.T, p *sdkProvider, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, p.takeCalls()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

const tagPath = "/tags/arn%3Aaws%3Aqldb%3Aus-east-1%3A000000000000%3Aledger%2Fvehicles"

func onServer(s *servertest.Server) ledgerstack.Config {
	c := onEmulator()
	c.Endpoints.QLDB = s.URL
	return c
}

func TestServerLedgerLife(t *testing.T) {
	s := servertest.New(t)
	p := newSDKProvider(t, s.URL)
	c := onServer(s)
	c.PermissionsMode, c.DeletionProtection = ledgerstack.AllowAll, off()
	c.Tags = map[string]string{"env": "dev", "old": "1"}

	first, _ := inputs(t, c)
	p.createLedger(first)
	wantNoDrift(t, first, p.readLedger("vehicles"))
	wantCalls(t, p,
		`POST /ledgers {"DeletionProtection":false,"Name":"vehicles","PermissionsMode":"ALLOW_ALL","Tags":{"env":"dev","old":"1"}}`,
		"GET /ledgers/vehicles", "GET /ledgers/vehicles", "GET "+tagPath)

	c.PermissionsMode, c.DeletionProtection = "", nil
	c.Tags = map[string]string{"env": "prod", "new": ""}
	second, _ := inputs(t, c)
	p.updateLedger(first, second)
	wantNoDrift(t, second, p.readLedger("vehicles"))
	wantCalls(t, p,
		`PATCH /ledgers/vehicles/permissions-mode {"PermissionsMode":"STANDARD"}`,
		`PATCH /ledgers/vehicles {"DeletionProtection":true}`,
		"GET /ledgers/vehicles", // for the ARN
		"DELETE "+tagPath+"?tagKeys=old",
		"POST "+tagPath+` {"Tags":{"env":"prod","new":""}}`,
		"GET /ledgers/vehicles", "GET "+tagPath)

	var protected *types.ResourcePreconditionNotMetException
	if err := p.deleteLedger("vehicles"); !errors.As(err, &protected) {
		t.Fatalf("deleting a protected ledger: error %v, want ResourcePreconditionNotMetException", err)
	}
	wantNoDrift(t, second, p.readLedger("vehicles"))
	wantCalls(t, p, "DELETE /ledgers/vehicles", "GET /ledgers/vehicles", "GET "+tagPath)

	c.DeletionProtection = off()
	third, _ := inputs(t, c)
	p.updateLedger(second, third)
	wantNoDrift(t, third, p.readLedger("vehicles"))
	if err := p.deleteLedger("vehicles"); err != nil {
		t.Fatal(err)
	}
	calls := p.takeCalls()
	if !slices.Contains(calls, "DELETE /ledgers/vehicles") || calls[len(calls)-1] != "GET /ledgers/vehicles" {
		t.Errorf("requests %v, want a DELETE and then GETs until the ledger is gone", calls)
	}
	if p.readLedger("vehicles") != nil {
		t.Error("the deleted ledger still answers")
	}
}

// Every shape of a ledger that a Config can ask for is created as asked.
func TestServerLedgerVariants(t *testing.T) {
	s := servertest.New(t)
	p := newSDKProvider(t, s.URL)
	for name, change := range map[string]func(*ledgerstack.Config){
		"safe-defaults":                    func(*ledgerstack.Config) {},
		"open":                             func(c *ledgerstack.Config) { c.PermissionsMode, c.DeletionProtection = ledgerstack.AllowAll, off() },
		"with-key":                         func(c *ledgerstack.Config) { c.KmsKey = keyARN },
		"with-tags":                        func(c *ledgerstack.Config) { c.Tags = map[string]string{"a key": "é", "empty": ""} },
		"a":                                func(*ledgerstack.Config) {},
		"12345678901234567890123456789-Ab": func(*ledgerstack.Config) {},
	} {
		c := onServer(s)
		c.Name = name
		change(&c)
		want, _ := inputs(t, c)
		p.createLedger(want)
		wantNoDrift(t, want, p.readLedger(name))
	}
}

// A name that the program refuses is refused by the server too, so that other
// clients of the API get the same answer.
func TestServerRefusesTheSameNames(t *testing.T) {
	s := servertest.New(t)
	p := newSDKProvider(t, s.URL)
	for _, tc := range refusals() {
		if tc.key != "ledger:name" || tc.value == "" {
			continue // the SDK itself requires a name
		}
		_, err := p.client.CreateLedger(t.Context(), &qldb.CreateLedgerInput{
			Name: awssdk.String(tc.value), PermissionsMode: types.PermissionsModeStandard,
		})
		var invalid *types.InvalidParameterException
		if !errors.As(err, &invalid) {
			t.Errorf("%q: the server answers %v, want InvalidParameterException", tc.value, err)
		}
	}
}

func TestServerStreamLife(t *testing.T) {
	s := servertest.New(t)
	p := newSDKProvider(t, s.URL)
	c := onServer(s)
	c.Tags = map[string]string{"env": "dev"}
	for name, stream := range map[string]ledgerstack.Stream{
		"defaults": {},
		"all-set":  {Aggregation: off(), StartTime: "2021-01-01T00:00:00Z", EndTime: "2200-01-01T00:00:00Z"},
		// The end has passed: the stream is ACTIVE all the same until it is seen.
		"ended": {StartTime: "2020-01-01T00:00:00Z", EndTime: "2020-02-01T00:00:00Z"},
	} {
		c.Name, c.Tags = "ledger-"+name, map[string]string{"env": "dev"}
		stream.Name, stream.KinesisArn, stream.RoleArn = "journal", kinesisARN, roleARN
		c.Stream = &stream
		ledger, first := inputs(t, c)
		p.createLedger(ledger)
		id := p.createStream(first)
		wantNoDrift(t, first, p.readStream(c.Name, id))

		c.Tags = map[string]string{"env": "prod"}
		_, second := inputs(t, c)
		p.updateStreamTags(id, first, second)
		wantNoDrift(t, second, p.readStream(c.Name, id))

		p.deleteStream(c.Name, id)
		if got := p.readStream(c.Name, id); got != nil {
			t.Errorf("%s: the cancelled stream is still there: %v", name, got)
		}
	}
}

// The output ledger_url opens the ledger that was made, with no other setting
// than credentials.
func TestServerLedgerURLOpens(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	s := servertest.New(t)
	r := mustDeploy(t, onServer(s))
	newSDKProvider(t, s.URL).createLedger(r.find(t, "aws:qldb/ledger:Ledger", "ledger").inputs)
	l, err := ledger.Open(t.Context(), r.outputs["ledger_url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = l.Execute(t.Context(), func(tx ledger.Transaction) error {
		_, err := tx.Execute("CREATE TABLE Vehicle")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if names, err := l.TableNames(t.Context()); err != nil || !slices.Equal(names, []string{"Vehicle"}) {
		t.Errorf("tables %v, error %v, want the table that was made", names, err)
	}
}
