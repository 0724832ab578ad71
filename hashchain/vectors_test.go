package hashchain

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

// vectorDir holds data that the real service made. It is not part of this
// repository; its annotations say what each item is.
const vectorDir = "../../shared/vectors"

type vector struct {
	file string
	v    ion.Value
}

func loadVectors(t *testing.T) []vector {
	t.Helper()
	files, _ := filepath.Glob(vectorDir + "/*.ion")
	if len(files) == 0 {
		t.Skip("there is no data of the real service beside this repository (" + vectorDir + ")")
	}
	var out []vector
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		values, err := ion.ParseTextAll(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, v := range values {
			out = append(out, vector{filepath.Base(name), v})
		}
	}
	return out
}

func field(v ion.Value, name string) ion.Value {
	f, _ := v.Field(name)
	return f
}

func hashIn(t *testing.T, v ion.Value, name string) Hash {
	t.Helper()
	h, err := hashField(name, field(v, name))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// check is one check of a vector: the rule it is about and what came of it.
type check struct {
	rule Rule
	err  error
}

const (
	ruleStatement Rule = "statementDigest"
	ruleID        Rule = "id"
)

// checksOf makes every check that an item allows.
func checksOf(t *testing.T, x vector) []check {
	t.Helper()
	kind := x.v.Annotations()[0]
	switch kind {
	case "block", "block_summary":
		return blockChecks(x.v)
	case "chain":
		want := hashIn(t, x.v, "blockHash")
		got := Dot(hashIn(t, x.v, "entriesHash"), hashIn(t, x.v, "previousBlockHash"))
		return []check{{RuleBlockHash, differ(RuleBlockHash, want, got)}}
	case "statement":
		text, _ := field(x.v, "text").Text()
		var params []ion.Value
		for p := range field(x.v, "params").Elements() {
			params = append(params, p)
		}
		got, err := StatementDigest(text, params...)
		if err != nil {
			t.Fatal(err)
		}
		return []check{{ruleStatement, differ(ruleStatement, hashIn(t, x.v, "digest"), got)}}
	case "revision":
		r, err := RevisionOf(x.v)
		if err != nil {
			t.Fatal(err)
		}
		return []check{{RuleRevisionHash, r.Check()}}
	case "proof":
		return proofChecks(t, x.v)
	case "id":
		return idChecks(x.v)
	}
	t.Fatalf("%s: unknown kind of item %q", x.file, kind)
	return nil
}

func differ(rule Rule, want, got Hash) error {
	if want == got {
		return nil
	}
	return mismatch(rule, want, got, "differs")
}

func blockChecks(v ion.Value) []check {
	_, failures := CheckBlock(v)
	rules := []Rule{RuleShape, RuleRevisionHash, RuleRevisionAddress, RuleTransactionID, RuleRevisionsRoot, RuleTransactionInfo, RuleEntriesHash, RuleBlockHash}
	var out []check
	for _, rule := range rules {
		c := check{rule: rule}
		for _, f := range failures {
			if f.Rule == rule {
				c.err = f
			}
		}
		out = append(out, c)
	}
	return out
}

func proofChecks(t *testing.T, v ion.Value) []check {
	p, err := DecodeProof(field(v, "nodes"))
	if err != nil {
		t.Fatal(err)
	}
	seq, _ := field(v, "sequenceNo").Int64()
	tip, _ := field(v, "tip").Int64()
	return []check{
		{RuleProof, p.Check(hashIn(t, v, "leaf"), hashIn(t, v, "digest"))},
		{RuleProofShape, p.checkShape(uint64(seq), uint64(tip), field(v, "kind").TextIs("block"))},
	}
}

// idChecks tells real ids from invented ones, as nothing else may do.
func idChecks(v ion.Value) []check {
	text, _ := field(v, "id").Text()
	id, err := ParseID(text)
	out := []check{{ruleID, err}}
	made := id.Time()
	began, ended := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 8, 1, 0, 0, 0, 0, time.UTC)
	if err == nil && (id[1] != 0 || made.Before(began) || made.After(ended)) {
		out = append(out, check{ruleID, errors.New("the id was not made by the service")})
	}
	if at, ok := field(v, "at").Timestamp(); ok {
		// A transaction may have begun up to its limit of 30 s before.
		if d := at.Time().Sub(made); d < -1500*time.Millisecond || d > 32*time.Second {
			out = append(out, check{ruleID, errors.New("made at " + made.String())})
		}
	}
	return out
}

// reasonOf names the rule that an altered item must break, by file and kind.
var reasonOf = map[string]Rule{
	"02-dmv-streams-person-3.ion/revision":  RuleRevisionHash,
	"05-docs-journal-contents-25.ion/block": RuleEntriesHash,
	"09-qldb-wallet.ion/revision":           RuleRevisionHash,
	"11-known-bad.ion/proof":                RuleProof,
	"11-known-bad.ion/statement":            ruleStatement,
	"12-ids.ion/id":                         ruleID,
}

func TestVectors(t *testing.T) {
	passed, altered := 0, 0
	for _, x := range loadVectors(t) {
		broken := map[Rule]error{}
		for _, c := range checksOf(t, x) {
			if c.err != nil {
				broken[c.rule] = c.err
			} else {
				passed++
			}
		}
		if !x.v.HasAnnotation("expect_fail") {
			for rule, err := range broken {
				t.Errorf("%s: %s: %v\n%.300s", x.file, rule, err, x.v)
			}
			continue
		}
		altered++
		want, ok := reasonOf[x.file+"/"+x.v.Annotations()[0]]
		if !ok || broken[want] == nil {
			t.Errorf("%s: an altered item breaks %v, want %s", x.file, broken, want)
		}
	}
	t.Logf("%d checks passed, %d altered items failed", passed, altered)
}

// TestVectorsTellOrdersApart shows that the vectors would notice a Dot that
// compares in another way.
func TestVectorsTellOrdersApart(t *testing.T) {
	vectors := loadVectors(t)
	defer func() { order = orderQLDB }()
	count := func() map[Rule]int {
		failed := map[Rule]int{}
		for _, x := range vectors {
			if x.v.HasAnnotation("expect_fail") {
				continue
			}
			for _, c := range checksOf(t, x) {
				if c.err != nil {
					failed[c.rule]++
				}
			}
		}
		return failed
	}
	for name, wrong := range map[string]int{"unsigned": orderUnsigned, "big-endian": orderBigEndian} {
		order = wrong
		failed := count()
		t.Logf("%s: %v", name, failed)
		for _, rule := range []Rule{RuleRevisionHash, RuleEntriesHash, RuleProof} {
			if failed[rule] == 0 {
				t.Errorf("with %s bytes no check of %s fails", name, rule)
			}
		}
	}
	order = orderQLDB
	if failed := count(); len(failed) > 0 {
		t.Errorf("with the right order %v fail", failed)
	}
}
