package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/tallyledger/tally/hashchain"
)

const verifyLong = `Verify checks what people keep of a ledger, of Amazon QLDB's as of Tally's, with
nothing but the files: no ledger is asked. What a file holds is told by its
content:

  - receipts of Tally
  - answers of GetRevision and GetBlock as the AWS CLI and the SDKs print them
    (give GetDigest's answer, or the digest that QLDB's console saved, with
    --digest)
  - journal blocks: the objects of an export, as Ion text, Ion binary or JSON
    lines, also compressed with gzip; several files of one journal are put in
    the order of their sequence numbers and checked as one chain
  - records of a journal stream: BLOCK_SUMMARY and REVISION_DETAILS
  - single revisions
  - ledger files of Tally: journal, block tree, documents, history and indexes

A directory stands for the files in it and below it, but for hidden files and
symbolic links, which are named as skipped; - stands for standard input. The
manifest of an export tells whether all of its blocks are here. Two blocks of one
number are a fork, wherever they stand among the files. The answer also says what
is NOT proven.

Exit status: 0 all verified; 1 something does not verify; 2 an input cannot be
read, a value does not have the form of what it is, or the command line is wrong; 3 nothing failed, but there was nothing to
verify, something that is needed was missing, such as a digest or a part of an
export, or the run was interrupted.`

// Exit statuses of verify. Where several apply, the first one here counts.
const (
	exitRefused   = 1
	exitMalformed = 2
	exitUndecided = 3
)

// keepFailures is how many failures of one journal or file are listed.
const keepFailures = 100

type verifyOptions struct {
	digestFile string
	output     string
	failures   int
}

func newVerifyCommand() *cobra.Command {
	var opt verifyOptions
	cmd := &cobra.Command{
		Use:     "verify FILE...",
		Short:   "Check receipts, journal exports, API answers and stream records",
		Long:    verifyLong,
		Example: "  tally verify receipt.ion\n  tally verify --digest digest.json get-revision.json\n  tally verify export/2024/03/01/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("verify needs at least one file; give - for standard input")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerify(cmd, opt, args)
		},
	}
	cmd.Flags().StringVar(&opt.digestFile, "digest", "", "a trusted digest: an answer of GetDigest, what QLDB's console saved, or a receipt of Tally; - for standard input")
	cmd.Flags().IntVar(&opt.failures, "failures", keepFailures, "how many failures of one journal or file are listed, at least 1; all are counted")
	cmd.Flags().StringVar(&opt.output, "output", "text", "text for people, json for programs")
	return cmd
}

func runVerify(cmd *cobra.Command, opt verifyOptions, args []string) error {
	var out printer
	switch opt.output {
	case "text":
		out = &textPrinter{w: cmd.OutOrStdout()}
	case "json":
		out = &jsonPrinter{w: cmd.OutOrStdout()}
	default:
		return usageError{fmt.Errorf("--output must be text or json, not %q", opt.output)}
	}
	if opt.failures < 1 {
		return usageError{fmt.Errorf("--failures must be at least 1, not %d", opt.failures)}
	}
	if i := slices.Index(args, "-"); i >= 0 && (opt.digestFile == "-" || slices.Contains(args[i+1:], "-")) {
		return usageError{errors.New("- stands for standard input and can be given once only")}
	}
	run := &verifyRun{ctx: cmd.Context(), out: out, stdin: cmd.InOrStdin(), keep: opt.failures, journals: map[journalKey]*journal{}, counts: map[verdict]int{}}
	if opt.digestFile != "" {
		d, err := readDigest(opt.digestFile, cmd.InOrStdin())
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "tally: --digest %s: %s\n", opt.digestFile, plainError(err))
			if opt.output == "json" { // whose reader takes the reason from there
				run.report(malformed(opt.digestFile, fmt.Errorf("--digest: %s", plainError(err))))
				_ = out.end(run.summary())
			}
			return exitStatus(exitMalformed)
		}
		run.trusted = d
	}
	if err := run.verify(args); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "tally: the results could not be written: %v\n", err)
		if run.status() == exitRefused {
			return exitStatus(exitRefused)
		}
		return exitStatus(exitMalformed)
	}
	if status := run.status(); status != exitOK {
		return exitStatus(status)
	}
	return nil
}

// readDigest reads the trusted digest as inputs are read: - is standard input, and it
// may be compressed.
func readDigest(name string, stdin io.Reader) (*hashchain.Digest, error) {
	s := &source{name: name}
	defer s.close()
	if err := s.open(stdin); err != nil {
		return nil, err
	}
	if s.isLedger {
		return nil, errors.New("this is a ledger file: give the answer of GetDigest, which does not change with the file")
	}
	r := s.values
	if !r.Next() {
		if r.Err() != nil {
			return nil, r.Err()
		}
		return nil, errors.New("the file is empty")
	}
	v := r.Value()
	if r.Next() {
		return nil, errors.New("the file must hold exactly one digest")
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	d, err := hashchain.DecodeDigest(v)
	if errors.Is(err, hashchain.ErrNoReceipt) {
		return nil, errors.New("this is not a digest: give the answer of GetDigest with Digest and DigestTipAddress, the file that QLDB's console saved, or a receipt of Tally")
	}
	return d, err
}

// pathless takes the operation and path off an error, where the caller names
// the file.
func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
