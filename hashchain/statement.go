package hashchain

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// StatementDigest is the digest of a statement: the Ion Hash of its text as an
// Ion string, byte for byte as it was sent, combined by [Dot] with the Ion Hash
// of each parameter in order. It fails for a parameter that holds a symbol of
// unknown text.
func StatementDigest(text string, params ...ion.Value) (Hash, error) {
	var s StatementHasher
	return s.Digest(text, params...)
}

// StatementHasher computes digests like [StatementDigest], and remembers the hash
// of the last text: transactions repeat statements. The zero StatementHasher is
// ready. It must not be used by two goroutines at once.
type StatementHasher struct {
	text string
	hash Hash // of text; empty before the first one
}

// Digest is the digest of a statement, with the errors of [StatementDigest].
func (s *StatementHasher) Digest(text string, params ...ion.Value) (Hash, error) {
	if s.text != text || s.hash.IsEmpty() {
		s.text, s.hash = text, NewHash(ion.HashText(text))
	}
	h := s.hash
	for i, p := range params {
		ph, err := IonHash(p)
		if err != nil {
			return Hash{}, fmt.Errorf("hashchain: parameter %d: %w", i+1, err)
		}
		h = Dot(h, ph)
	}
	return h, nil
}

// CommitDigest is what the driver and the ledger both compute over a
// transaction, and compare when it commits: it starts from the transaction id
// and takes in every statement sent, failed ones too. Make one with
// [NewCommitDigest].
type CommitDigest struct{ h Hash }

// NewCommitDigest begins the commit digest of a transaction: the Ion Hash of
// its id as an Ion string.
func NewCommitDigest(transactionID string) CommitDigest {
	return CommitDigest{NewHash(ion.HashText(transactionID))}
}

// Extend takes in the digest of the next statement.
func (d *CommitDigest) Extend(statementDigest Hash) { d.h = Dot(d.h, statementDigest) }

// Hash is the commit digest over the statements so far.
func (d CommitDigest) Hash() Hash { return d.h }
