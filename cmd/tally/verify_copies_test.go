package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestVerifyCopies gives blocks more than once, as overlapping exports and
// second copies have them.
func TestVerifyCopies(t *testing.T) {
	text := golden(t, "journal-v1.ion")
	lines := bytes.SplitAfter(text, []byte("\n"))
	head, tail := bytes.Join(lines[:5], nil), bytes.Join(lines[2:], nil)
	digest := "--digest=" + goldenDir + "digest-v1.json"
	whole := []string{"blocks 0 to 6", "6 links", "the root of all block hashes is the trusted digest, tip 6", "!FAILED"}
	verifyWant(t, exitOK, []string{digest, goldenDir + "journal-v1.ion", goldenDir + "journal-v1.10n"}, append(whole, `14 blocks: .* \(7 of them came again, with the same hash\)`)...)
	verifyWant(t, exitOK, []string{digest, writeFile(t, "b.ion", tail), writeFile(t, "a.ion", head)}, append(whole, `\(3 of them came again`)...)
	verifyWant(t, exitOK, []string{digest, writeFile(t, "both.ion", append(bytes.Clone(text), text...))}, append(whole, `\(7 of them came again`)...)

	// Another block of a number that was there is a fork, whichever comes first.
	forked := strings.Replace(string(tail), "blockHash:{{", "blockHash:{{AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}},x:{{", 1)
	for _, args := range [][]string{
		{goldenDir + "journal-v1.ion", writeFile(t, "forked.ion", []byte(forked))},
		{writeFile(t, "forked.ion", []byte(forked)), goldenDir + "journal-v1.ion"},
	} {
		verifyWant(t, exitRefused, args, args[0]+"|"+args[1]+": block 2: the journal forks: another block of this number, with another blockHash, was there before", "^              fork: expected [^ ]*=$", "^                    found    [^ ]*=$")
	}

	// A copy with the same hashes and other data is not excused by the first.
	changed := strings.Replace(string(text), `"paid"`, `"open"`, 1)
	verifyWant(t, exitRefused, []string{goldenDir + "journal-v1.ion", writeFile(t, "changed.ion", []byte(changed))}, "FAILED      .*/changed.ion: block 3: document .*data or metadata was changed")
}

// TestVerifySaysWhatIsNotProven changes what no hash covers: it may pass, but
// not in silence.
func TestVerifySaysWhatIsNotProven(t *testing.T) {
	text := string(golden(t, "journal-v1.ion"))
	cut := func(section string) string { // without the last one of that name
		before, rest, _ := strings.Cut(text, ","+section+":{")
		depth := 1
		for i, c := range rest {
			switch c {
			case '{':
				depth++
			case '}':
				depth--
			}
			if depth == 0 {
				return before + rest[i+1:]
			}
		}
		t.Fatalf("no %s", section)
		return ""
	}
	for what, c := range map[string]struct{ text, pattern string }{
		"redactionInfo":   {cut("redactionInfo"), "NOT proven  the redactions of 1 block: redactionInfo is not there, and entriesHashList does not rule it out"},
		"transactionInfo": {cut("transactionInfo"), "NOT proven  the statements of 1 block: transactionInfo is not there"},
		"empty name":      {strings.Replace(text, "{", "{'':{total:1},", 1), "NOT proven  1 field that QLDB does not write: no hash covers it"},
		"unknown name":    {strings.Replace(text, "data:{", "$0:2,data:{", 1), "NOT proven  1 field that QLDB does not write: no hash covers it"},
		"two":             {strings.Replace(text, "data:{", "'':2,'':3,data:{", 1), "NOT proven  2 fields that QLDB does not write: no hash covers them"},
		"a time":          {strings.Replace(text, "blockTimestamp:2024", "blockTimestamp:2023", 1), "NOT proven  address, transaction id and time of 1 block: no hash covers them"},
	} {
		t.Run(what, func(t *testing.T) {
			verifyWant(t, exitOK, []string{writeFile(t, "journal.ion", []byte(c.text))}, c.pattern)
		})
	}
	revision := `{blockAddress:{strandId:"x",sequenceNo:3},hash:{{npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg=}},'':1,data:{order:"A-1001",placed:2024-03-01,item:"desk lamp",quantity:2,total:249.90,currency:"EUR",status:"paid"},metadata:{id:"11sQDGDldS0001L4uIDeUZ",version:1,txTime:2024-03-01T09:06:00.000Z,txId:"3Ax2G3FmR6G0001Cu9EPtB"}}`
	verifyWant(t, exitOK, []string{writeFile(t, "revision.ion", []byte(revision))}, "NOT proven  1 field that QLDB does not write: no hash covers it")
	verifyWant(t, exitUndecided, []string{writeFile(t, "hash.ion", []byte(`{recordType:"REVISION_DETAILS",payload:{revision:{hash:{{npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg=}}}}}`))}, "UNDECIDED", "undecided   1 revision: only the hash is here, and it proves nothing by itself")
}

// TestVerifyMalformedBlock gives values that are blocks by their fields and
// have no address.
func TestVerifyMalformedBlock(t *testing.T) {
	block, _, _ := strings.Cut(string(golden(t, "journal-v1.ion")), "\n")
	for _, address := range []string{`{sequenceNo:1}`, `3`, `{strandId:"x",sequenceNo:-1}`, `{strandId:"` + strings.Repeat("x", 1000) + `",sequenceNo:0}`} {
		text := strings.Replace(block, "blockAddress:{", "blockAddress:"+address+",x:{", 1)
		out := verifyWant(t, exitMalformed, []string{writeFile(t, "block.ion", []byte("  "+text))}, "^  block at offset 2: (a block address must be|strandId \"xxx)", "!empty", "!shape")
		if len(out) > 1000 {
			t.Errorf("%d bytes are said about it", len(out))
		}
	}
	verifyWant(t, exitRefused, []string{writeFile(t, "block.ion", []byte(strings.Replace(block, "blockHash:{{", "blockHash:1,x:{{", 1)))}, "journal: no readable block of strand 2uyxgzqMbAG000F1Yh0HCS", "FAILED      block 0: blockHash must be a blob, not int")
}
