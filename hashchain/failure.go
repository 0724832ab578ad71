package hashchain

import (
	"fmt"
	"strings"

	"github.com/tallyledger/tally/hashchain/ion"
)

// Rule names the rule that a [Failure] is about.
type Rule string

// The rules that are checked. The package comment explains them.
const (
	RuleShape             Rule = "shape"             // a field is missing, twice there or of the wrong type
	RuleForm              Rule = "form"              // a section or metadata has another form than its own
	RuleRevisionHash      Rule = "revisionHash"      // hash = Dot(metadata, data)
	RuleRevisionAddress   Rule = "revisionAddress"   // a revision names the block it stands in
	RuleTransactionID     Rule = "transactionId"     // a revision names the block's transaction
	RuleRevisionsRoot     Rule = "revisionsRoot"     // root of the revisions in entriesHashList
	RuleTransactionInfo   Rule = "transactionInfo"   // its hash in entriesHashList
	RuleRedactionInfo     Rule = "redactionInfo"     // its hash in entriesHashList
	RuleEntriesHash       Rule = "entriesHash"       // root of entriesHashList
	RuleBlockHash         Rule = "blockHash"         // Dot(entriesHash, previousBlockHash)
	RulePreviousBlockHash Rule = "previousBlockHash" // blockHash of the block before
	RuleSequence          Rule = "sequenceNo"        // one more than the block before
	RuleFork              Rule = "fork"              // one block of each sequence number
	RuleStrand            Rule = "strandId"          // the strand of the block before
	RuleDigest            Rule = "digest"            // root of all block hashes
	RuleProof             Rule = "proof"             // leads from the leaf to the digest
	RuleProofShape        Rule = "proofShape"        // length of the proof for that sequence number and tip
)

// Failure is one rule that one block, revision or proof breaks. It is an error.
type Failure struct {
	Address    BlockAddress // the block, as far as it is known; StrandID may be empty
	HasAddress bool         // the sequence number is known
	Index      int64        // which of the blocks that a Verifier was given, from 0
	DocumentID string       // the revision, where the rule is about one
	Rule       Rule
	Expected   string // hashes in base64; what the rule asks for
	Found      string // what is there
	Detail     string // in words
}

// Error is the failure in one line.
func (f *Failure) Error() string {
	var b strings.Builder
	if f.HasAddress {
		fmt.Fprintf(&b, "block %d: ", f.Address.SequenceNo)
	}
	if f.DocumentID != "" {
		fmt.Fprintf(&b, "document %s: ", f.DocumentID)
	}
	b.WriteString(f.Detail)
	if f.Expected != "" || f.Found != "" {
		fmt.Fprintf(&b, " (%s: expected %s, found %s)", f.Rule, f.Rule.Spell(f.Expected), f.Rule.Spell(f.Found))
	} else {
		fmt.Fprintf(&b, " (%s)", f.Rule)
	}
	return b.String()
}

// Spell is what a [Failure] of the rule expected or found, for people: what is
// empty is the empty hash where the rule is about hashes, and nothing elsewhere.
func (r Rule) Spell(s string) string {
	if s != "" {
		return s
	}
	switch r {
	case RuleRevisionHash, RuleRevisionsRoot, RuleTransactionInfo, RuleRedactionInfo, RuleEntriesHash,
		RuleBlockHash, RulePreviousBlockHash, RuleFork, RuleDigest, RuleProof:
		return "the empty hash"
	}
	return "nothing"
}

// mismatch is a Failure about two hashes that should be equal.
func mismatch(rule Rule, expected, found Hash, detail string) *Failure {
	return &Failure{Rule: rule, Expected: expected.Base64(), Found: found.Base64(), Detail: detail}
}

// wrongForm is a Failure about a part that is hashed and is not what it is
// shown as.
func wrongForm(found ion.Value, what, expected string) *Failure {
	text := found.Type().String()
	if found.Type() == ion.StructType {
		text = "a struct with other fields, or fields of other types"
	}
	return &Failure{Rule: RuleForm, Expected: expected, Found: text, Detail: what + " has a form that no block has it in"}
}

func shape(format string, args ...any) *Failure {
	return &Failure{Rule: RuleShape, Detail: fmt.Sprintf(format, args...)}
}
