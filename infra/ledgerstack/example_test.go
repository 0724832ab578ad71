package ledgerstack_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

// A program of your own makes a ledger next to its other resources. Here the
// engine is replaced by a recorder; a real program calls pulumi.Run.
func ExampleNew() {
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		stack, err := ledgerstack.New(ctx, "registry", ledgerstack.Config{
			Target:    ledgerstack.TargetEmulator,
			Region:    "us-east-1",
			Name:      "vehicle-registration",
			Endpoints: ledgerstack.Endpoints{QLDB: ledgerstack.DefaultEndpoint},
		})
		if err != nil {
			return err
		}
		stack.LedgerURL.ApplyT(func(u string) string { fmt.Println(u); return u })
		return nil
	}, pulumi.WithMocks("registry", "local", &recorder{}))
	if err != nil {
		fmt.Println(err)
	}
	// Output: qldb://vehicle-registration?region=us-east-1&endpoint=http%3A%2F%2F127.0.0.1%3A7532
}

// A refused value is named with its rule and a remedy, before any call.
func ExampleConfig_Validate() {
	c := ledgerstack.Config{Target: ledgerstack.TargetAWS, Region: "us-east-1", Name: "vehicle--registration"}
	fmt.Println(c.Validate())
	// Output: ledger:name = "vehicle--registration": a name has no two hyphens in a row; choose a name such as vehicle-registration
}
