// Command infra is the Pulumi program that provisions a ledger, on an emulator
// or in an AWS account. The stack's configuration says which and what; the
// component in ledgerstack does it. docs/infra.md leads through both.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tallyledger/tally/infra/ledgerstack"
)

func main() {
	pulumi.Run(program)
}

// program reads the stack's configuration, makes the ledger stack and exports
// its outputs.
func program(ctx *pulumi.Context) error {
	cfg, err := ledgerstack.Load(ctx)
	if err != nil {
		return err
	}
	stack, err := ledgerstack.New(ctx, "ledger", cfg)
	if err != nil {
		return err
	}
	for name, value := range stack.Outputs() {
		ctx.Export(name, value)
	}
	return nil
}
