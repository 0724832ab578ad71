package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tallyledger/tally/backend/emulator"
	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/ledger"
)

// TestVerifyLedgerFile compares a ledger file with digests that were kept, and
// looks at what stands beside it in a server's directory.
func TestVerifyLedgerFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "orders.tally")
	l, err := emulator.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	digest := func() ledger.Digest {
		d, err := l.Digest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	early := digest()
	for _, statement := range []string{"CREATE TABLE Orders", "INSERT INTO Orders {'id': 1}"} {
		err := l.Execute(t.Context(), func(tx ledger.Transaction) error {
			_, err := tx.Execute(statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	last := digest()
	verifyWant(t, exitMalformed, []string{file}, "the ledger file is in use; stop who has it open, or verify a copy or an export")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	kept := func(d ledger.Digest) string {
		return "--digest=" + writeFile(t, "digest.json", fmt.Appendf(nil, `{"Digest":%q,"DigestTipAddress":{"IonText":%q}}`, d.Hash.Base64(), d.Tip))
	}
	for _, name := range []string{"server.json", "server.lock"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verifyWant(t, exitOK, []string{dir}, "^  ledger file$", "NOT proven  that this is the ledger's own journal", "server.lock: skipped: tally serve's own")
	verifyWant(t, exitOK, []string{kept(last), file}, "ok          the digest: the root of all block hashes is the trusted digest, tip 2", "!NOT proven")
	verifyWant(t, exitOK, []string{kept(early), file}, "trusted digest, tip 0", "NOT proven  that 2 blocks after the tip of the trusted digest are the ledger's")
	wrong := last
	wrong.Hash = early.Hash
	verifyWant(t, exitRefused, []string{kept(wrong), file}, "FAILED      block 2: the root of the block hashes is not the trusted digest of this tip", "digest: expected")
	wrong.Tip.SequenceNo = 7
	verifyWant(t, exitRefused, []string{kept(wrong), file}, "FAILED      the tip of the trusted digest is block 7, and the last block of the ledger is 2: blocks are missing")
	wrong.Tip = hashchain.BlockAddress{StrandID: "another", SequenceNo: 1}
	verifyWant(t, exitUndecided, []string{kept(wrong), file}, "undecided   the trusted digest is of another strand, another")

	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := writeFile(t, "cut.tally", data[:100])
	out := verifyWant(t, exitRefused, []string{cut}, "FAILED      opening .*cut.tally: ")
	if strings.Contains(out, ledger.ErrDamaged.Error()) {
		t.Errorf("damage is said twice: %s", out)
	}
	verifyWant(t, exitMalformed, []string{"--digest", file, cut}, "^tally: --digest .*orders.tally: this is a ledger file: give the answer of GetDigest")
}
