package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// TestVerifyDigestInputs gives the trusted digest compressed, and on standard input.
func TestVerifyDigestInputs(t *testing.T) {
	const trusted = "to the trusted digest, tip 6"
	digest := golden(t, "digest-v1.json")
	verifyWant(t, exitOK, []string{"--digest", writeFile(t, "digest.json.gz", gzipped(t, digest)), goldenDir + "get-revision.json"}, trusted)
	var out bytes.Buffer
	args := []string{"verify", "--digest", "-", goldenDir + "get-revision.json"}
	if status := run(t.Context(), args, bytes.NewReader(digest), &out, &out); status != exitOK || !strings.Contains(out.String(), trusted) {
		t.Errorf("exit status %d: %s", status, out.String())
	}
	verifyWant(t, exitMalformed, []string{"--digest", "-", "-"}, "- stands for standard input and can be given once only")
}

// TestVerifyRevisionHash gives a revision's hash with its proof, as Java's beans spell
// it; another value with a member of that name is none.
func TestVerifyRevisionHash(t *testing.T) {
	_, proof, _ := strings.Cut(string(golden(t, "get-revision.json")), `"Proof":`)
	proof, _, _ = strings.Cut(proof, `"Revision":`)
	text := `{"revisionHash":"npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg=","proof":` + strings.TrimRight(proof, ", \n") + `}`
	verifyWant(t, exitOK, []string{"--digest", goldenDir + "digest-v1.json", writeFile(t, "hash.json", []byte(text))}, "revision hash with its proof", "only its hash is here")
	verifyWant(t, exitUndecided, []string{writeFile(t, "other.json", []byte(`{"revisionHash":"x"}`))}, "1 value is not recognised")
}

// TestVerifyClipsIDs gives a receipt of a document with an id of 1 MB.
func TestVerifyClipsIDs(t *testing.T) {
	receipt := strings.Replace(string(golden(t, "receipt.ion")), `id: "`, `id: "`+strings.Repeat("x", 1<<20), 1)
	if out := verifyWant(t, exitRefused, []string{writeFile(t, "receipt.ion", []byte(receipt))}); len(out) > 4000 {
		t.Errorf("the answer has %d bytes", len(out))
	}
}

// TestVerifyManyMembers gives an answer with more members than can be told apart.
func TestVerifyManyMembers(t *testing.T) {
	text := []byte(`{"Revision":{"IonText":"{}"}`)
	for i := range 2000 {
		text = append(text, `,"m`+strings.Repeat("x", i)+`":1`...)
	}
	verifyWant(t, exitMalformed, []string{writeFile(t, "answer.json", append(text, '}'))}, "the answer has more than 1000 members")
}

// TestManifestsKeepStrandsOnly adds manifests whose keys have a prefix of 1 MB each.
func TestManifestsKeepStrandsOnly(t *testing.T) {
	const keys = 64
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var m manifests
	for i := range keys {
		key := strings.Repeat("p", 1<<20) + "/" + fmt.Sprint("s", i) + ".0-1.ion"
		v, err := ion.ParseText(`{keys:["` + key + `"]}`)
		if err != nil {
			t.Fatal(err)
		}
		m.add("m", v)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); len(m.list) != keys || kept > keys<<20/4 {
		t.Errorf("%d manifests keep %d bytes", len(m.list), kept)
	}
	runtime.KeepAlive(&m)
}
