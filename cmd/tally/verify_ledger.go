package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/backend/emulator/store"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// boltMagic is what bbolt puts behind the header of its first page.
const boltMagic = 0xed0cdaed

// ledgerHead is how many bytes tell a ledger file.
const ledgerHead = 20

// isLedgerHead reports whether a file that begins with head is a ledger file.
func isLedgerHead(head []byte) bool {
	return len(head) >= ledgerHead && binary.NativeEndian.Uint32(head[ledgerHead-4:]) == boltMagic
}

// ledgerFileResult checks a ledger file, which is opened for reading only.
func ledgerFileResult(ctx context.Context, name string, trusted *hashchain.Digest, keep int) *result {
	res := &result{Files: []string{name}, What: "ledger file"}
	l, err := emulator.Open(name, emulator.WithReadOnly())
	switch {
	case errors.Is(err, ledger.ErrDamaged):
		res.failWith("ledgerFile", plainError(err))
		return res
	case errors.Is(err, store.ErrInUse):
		return malformed(name, errors.New("the ledger file is in use; stop who has it open, or verify a copy or an export"))
	case err != nil:
		return malformed(name, err)
	}
	defer l.Close()
	checkLedger(ctx, l, res, keep)
	if ctx.Err() != nil {
		res.undecide(undecidedInterrupted)
		return res
	}
	d, err := l.Digest(ctx)
	if err != nil {
		res.failWith("ledgerFile", err.Error())
		return res
	}
	res.Strand = d.Tip.StrandID
	res.Digest, res.DigestTip = d.Hash.Base64(), &d.Tip.SequenceNo
	compareDigest(ctx, l, res, d, trusted)
	return res
}

// failWith adds one failure with nothing to compare.
func (r *result) failWith(rule, detail string) {
	r.Failures = append(r.Failures, failure{Rule: rule, Detail: detail})
	r.Failed++
}

func checkLedger(ctx context.Context, l *emulator.Ledger, res *result, keep int) {
	for problem, err := range l.Check(ctx) {
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			problem = err.Error()
		}
		if res.Failed++; len(res.Failures) < keep {
			res.Failures = append(res.Failures, failure{Rule: "ledgerFile", Detail: problem})
		}
	}
	st := l.Stats()
	last := uint64(st.Blocks - 1)
	res.FirstBlock, res.LastBlock = new(uint64), &last
	if res.Failed > 0 {
		return
	}
	res.check("%s: hashes, links and the block tree", count(st.Blocks, "block"))
	res.check("documents, history and indexes: they are what the journal says")
}

// compareDigest holds the ledger against a digest that was kept.
func compareDigest(ctx context.Context, l *emulator.Ledger, res *result, d ledger.Digest, trusted *hashchain.Digest) {
	switch {
	case trusted == nil:
		res.notProven("that this is the ledger's own journal: compare its digest %s, tip %d, with one that you kept, or give that with --digest", d.Hash.Base64(), d.Tip.SequenceNo)
		return
	case trusted.Tip.StrandID != d.Tip.StrandID:
		res.undecide("the trusted digest is of another strand, %s", trusted.Tip.StrandID)
		return
	}
	if trusted.Tip.SequenceNo > d.Tip.SequenceNo {
		res.failWith("digest", fmt.Sprintf("the tip of the trusted digest is block %d, and the last block of the ledger is %d: blocks are missing", trusted.Tip.SequenceNo, d.Tip.SequenceNo))
		return
	}
	b, err := l.Block(ctx, trusted.Tip, &trusted.Tip)
	if err == nil {
		err = b.Verify(*trusted)
	}
	var failure *hashchain.Failure
	switch {
	case errors.As(err, &failure) && failure.Rule == hashchain.RuleProof:
		failure.Rule, failure.Address, failure.HasAddress = hashchain.RuleDigest, trusted.Tip, true
		failure.Detail = "the root of the block hashes is not the trusted digest of this tip: at least one block was changed"
		res.fail([]*hashchain.Failure{failure}, 1)
	case err != nil:
		res.failWith("digest", "the trusted digest could not be compared: "+plainError(err))
	case res.Failed == 0:
		res.check("the digest: the root of all block hashes is the trusted digest, tip %d", trusted.Tip.SequenceNo)
		if n := d.Tip.SequenceNo - trusted.Tip.SequenceNo; n > 0 {
			res.notProven("that %s the ledger's", plural(int64(n), "block after the tip of the trusted digest is", "blocks after the tip of the trusted digest are"))
		}
	}
}
