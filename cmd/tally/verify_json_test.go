package main

import (
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// replaced replaces text that must be there.
func replaced(t *testing.T, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("there is no %s in %.300s", old, s)
	}
	return strings.Replace(s, old, new, 1)
}

// TestVerifyForgedJSON puts into a JSON export what JSON does not have or what
// reads as a timestamp and says more: no hash covers it.
func TestVerifyForgedJSON(t *testing.T) {
	journal := string(golden(t, "journal-v1.json"))
	digest := goldenDir + "digest-v1.json"
	verifyWant(t, exitOK, []string{"--digest", digest, writeFile(t, "good.json", []byte(journal))},
		`: VERIFIED$`, `NOT proven  the types of values in 2 revisions: strings that read as timestamps were taken for timestamps`)
	for _, c := range []struct{ what, old, new string }{
		{"comment", `"placed":"2024-03-01"`, `"placed":"2024-03-01 // paid in full"`},
		{"comment within", `"placed":"2024-03-01"`, `"placed":"2024-03-01/*or 2023-01-01*/"`},
		{"white space", `"placed":"2024-03-01"`, `"placed":"2024-03-01\n"`},
		{"another spelling", `"placed":"2024-03-01"`, `"placed":"2024-03-01T"`},
		{"number", `"quantity":2`, `"quantity":"0x0002"`},
		{"txTime", `"txTime":"2024-03-01T09:06:00.000Z"`, `"txTime":"2024-03-01T09:06:00.000Z//2023"`},
		{"startTime", `"startTime":"2024-03-01T09:05:59.960Z"`, `"startTime":"2024-03-01T09:05:59.960Z /*or 2023*/"`},
		{"annotation on data", `"data":`, `"data":REFUNDED::`},
		{"annotation within", `"placed":`, `"placed":void::`},
		{"symbol", `"status":"paid"`, `"status":paid`},
		{"S-expression", `"statements":[0]`, `"statements":(0)`},
		{"typed null", `"entriesHashList"`, `"redactionInfo":null.struct,"entriesHashList"`},
		{"bare name", `"placed":`, `placed:`},
		{"comment outside", `"placed":`, `/* REFUNDED */"placed":`},
		{"infinity", `"quantity":2`, `"quantity":+inf`},
		{"infinity below zero", `"quantity":2`, `"quantity":-inf`},
		{"line end in a hash", `"blockHash":"byq1`, `"blockHash":"byq1\n`},
	} {
		t.Run(c.what, func(t *testing.T) {
			forged := replaced(t, journal, c.old, c.new)
			out, status := tally(t, "verify", "--digest", digest, writeFile(t, "forged.json", []byte(forged)))
			if status == exitOK || strings.Contains(out, ": VERIFIED") {
				t.Errorf("exit status %d: %.1000s", status, out)
			}
		})
	}
	// No hash of QLDB's covers the time of a block: that is said.
	forged := replaced(t, journal, `"blockTimestamp":"2024-03-01T09:06:00.000Z"`, `"blockTimestamp":"2024-03-01T09:06:00.000Z // or later"`)
	verifyWant(t, exitOK, []string{"--digest", digest, writeFile(t, "forged.json", []byte(forged))}, `NOT proven  address, transaction id and time of 1 block`)
}

// TestVerifyIonWithStringHashes gives Ion whose hashes are strings, so that it
// would be taken for JSON and its strings for timestamps.
func TestVerifyIonWithStringHashes(t *testing.T) {
	const blob, text = `hash:{{npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg=}}`, `hash:"npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg="`
	forge := func(s, placed string) string {
		return replaced(t, replaced(t, s, `placed:2024-03-01`, `placed:`+placed), blob, text)
	}
	good, _ := goodRevision(t)
	var spaceless = strings.NewReplacer("hash: {{", "hash:{{", "placed: ", "placed:")
	for _, placed := range []string{`"2024-03-01 // REFUNDED"`, `"2024-03-01"`, `2024-03-01`, `REFUNDED::"2024-03-01"`} {
		revision := forge(good, placed)
		value, err := ion.ParseText(revision)
		if err != nil {
			t.Fatal(err)
		}
		var answer = replaced(t, string(golden(t, "get-revision.json")), quoted(good), quoted(revision))
		for name, data := range map[string][]byte{
			"receipt.ion":    []byte(forge(spaceless.Replace(string(golden(t, "receipt.ion"))), placed)),
			"answer.json":    []byte(answer),
			"unwrapped.json": []byte(`{"Revision":` + revision + `}`),
			"revision.ion":   []byte(revision),
			"revision.10n":   value.Encode(),
		} {
			t.Run(name+" "+placed, func(t *testing.T) {
				out, status := tally(t, "verify", "--digest", goldenDir+"digest-v1.json", writeFile(t, name, data))
				if status != exitMalformed || !strings.Contains(out, "only in JSON") && !strings.Contains(out, "in Ion they are blobs") {
					t.Errorf("exit status %d: %.1000s", status, out)
				}
			})
		}
	}
}

// TestVerifySpellsWhatIsEmpty gives a block without text for its transaction id,
// and one without the hash of the block before.
func TestVerifySpellsWhatIsEmpty(t *testing.T) {
	journal := string(golden(t, "journal-v1.ion"))
	forged := replaced(t, journal, `transactionId:"3Ax2G3FmR6G0001Cu9EPtB"`, `transactionId:5`)
	verifyWant(t, exitRefused, []string{writeFile(t, "id.ion", []byte(forged))}, `transactionId: expected nothing$`, "!the empty hash")
	forged = replaced(t, journal, `entriesHashList:[{{+u7w+vtVDMb+27PZPrBxOgHNhA6ivfweUFm9XMoU6Ts=}},{{JdoH47WmDFPPWuR7o0naeNpqojaSjU4P9uulNhsz0j8=}}`, `entriesHashList:[{{+u7w+vtVDMb+27PZPrBxOgHNhA6ivfweUFm9XMoU6Ts=}},{{}}`)
	verifyWant(t, exitRefused, []string{writeFile(t, "hash.ion", []byte(forged))}, `found    the empty hash$`)
}
