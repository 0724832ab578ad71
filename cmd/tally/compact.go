package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/tallyledger/tally/backend/emulator/store"
)

const compactLong = `Compact writes what a ledger file holds into a new file, densely, and puts it in
the place of the old one. What was redacted is then gone from the disk's file:
neither the values nor the names of fields that only the redacted data had are in
it. The few pages that the new file has free never held anything but a part of
its own content. The text of statements stays, since the hash chain covers it.

The new file is written beside the old one, synced, read back and compared
before it takes its name, and it keeps mode and owner. On any error the old file
stays as it was. Nobody else can have a file open while it is replaced; with
--output it can be read meanwhile. What a killed compaction left beside the file,
named like it with .compact- and a number, is removed.`

func newCompactCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "compact FILE",
		Short:   "Rewrite a ledger file densely and without bytes of redacted data",
		Long:    compactLong,
		Example: "  tally compact orders.tally",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("compact needs one ledger file")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCompact(cmd, args[0], output)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "write the new file here and leave the old one; it must not exist yet, or be FILE, which is then replaced")
	return cmd
}

func runCompact(cmd *cobra.Command, file, output string) error {
	before, err := os.Stat(file)
	if err != nil {
		return err
	}
	dst := output
	if dst == "" {
		dst = file
	}
	if err := store.CompactBolt(file, dst); err != nil {
		if errors.Is(err, store.ErrInUse) {
			return fmt.Errorf("%s is in use; stop who has it open: %w", file, err)
		}
		return err
	}
	after, err := os.Stat(dst)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d bytes, was %d\n", dst, after.Size(), before.Size())
	return nil
}
