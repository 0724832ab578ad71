package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// vectorDir holds data that the real service made; it is not part of this
// repository.
const vectorDir = "../../../shared/vectors"

// TestVerifyRealData writes what the real service made into the files that
// people have of it, and runs the command on them.
func TestVerifyRealData(t *testing.T) {
	files, _ := filepath.Glob(vectorDir + "/*.ion")
	if len(files) == 0 {
		t.Skip("there is no data of the real service beside this repository (" + vectorDir + ")")
	}
	n := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		values, err := ion.ParseTextAll(data)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			name := fmt.Sprintf("%s item %d", filepath.Base(file), i)
			if verifyVector(t, name, reasonOf[filepath.Base(file)+"/"+v.Annotations()[0]], v, values) {
				n++
			}
		}
	}
	if n < 25 {
		t.Errorf("only %d items were tried", n)
	}
}

// reasonOf names the rule that an altered item breaks, by file and kind.
var reasonOf = map[string]hashchain.Rule{
	"02-dmv-streams-person-3.ion/revision":  hashchain.RuleRevisionHash,
	"05-docs-journal-contents-25.ion/block": hashchain.RuleEntriesHash,
	"09-qldb-wallet.ion/revision":           hashchain.RuleRevisionHash,
	"11-known-bad.ion/proof":                hashchain.RuleProof,
}

// verifyVector reports whether the item is one for this command. reason is the
// rule that it must be refused for, if it is an altered one.
func verifyVector(t *testing.T, name string, reason hashchain.Rule, v ion.Value, all []ion.Value) bool {
	t.Helper()
	want := exitOK
	if v.HasAnnotation("expect_fail") {
		want = exitRefused
	}
	dir := t.TempDir()
	path := func(name string, content any) string {
		p := filepath.Join(dir, name)
		b, ok := content.([]byte)
		if !ok {
			b, _ = json.MarshalIndent(content, "", "    ")
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	plain := v.WithoutAnnotations()
	var args []string
	switch kind := v.Annotations()[0]; kind {
	case "block":
		args = []string{path("block.ion", []byte(plain.String())), path("block.10n", plain.Encode())}
	case "block_summary":
		args = []string{path("summary.10n", record(t, "BLOCK_SUMMARY", plain))}
	case "revision":
		w := ion.NewWriter()
		w.BeginStruct()
		w.Field("revision").Value(plain)
		w.End()
		details, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		args = []string{path("revision.ion", []byte(plain.String())), path("details.10n", record(t, "REVISION_DETAILS", details))}
	case "proof":
		args = answerFiles(plain, all, path)
	default:
		return false
	}
	out, status := tally(t, append([]string{"verify"}, args...)...)
	if status != want {
		t.Errorf("%s: exit status %d, want %d\n%s", name, status, want, out)
	}
	if want == exitOK && !strings.Contains(out, "NOT proven  ") {
		t.Errorf("%s: nothing is said about what is not proven\n%s", name, out)
	}
	if want == exitRefused && (reason == "" || !strings.Contains(out, "FAILED  ") || !regexp.MustCompile(`(?m)^ +`+string(reason)+`: expected `).MatchString(out)) {
		t.Errorf("%s: the reason given is not %q\n%s", name, reason, out)
	}
	return true
}

func record(t *testing.T, kind string, payload ion.Value) []byte {
	w := ion.NewWriter()
	w.BeginStruct()
	w.Field("qldbStreamArn").String("arn:aws:qldb:us-east-1:000000000000:stream/x/y")
	w.Field("recordType").String(kind)
	w.Field("payload").Value(payload)
	w.End()
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answerFiles writes the answers that a proof came in: GetBlock's or
// GetRevision's where the block or revision is there, its hash alone otherwise,
// and GetDigest's.
func answerFiles(proof ion.Value, all []ion.Value, path func(string, any) string) []string {
	get := func(name string) ion.Value { f, _ := proof.Field(name); return f }
	hash := func(name string) hashchain.Hash {
		b, _ := get(name).Bytes()
		h, _ := hashchain.HashOf(b)
		return h
	}
	text := func(s string) map[string]string { return map[string]string{"IonText": s} }
	strand, _ := get("strandId").Text()
	address := func(name string) map[string]string {
		return text(fmt.Sprintf("{strandId: %q, sequenceNo: %s}", strand, get(name)))
	}
	answer := map[string]any{"Proof": text(get("nodes").String()), "RevisionHash": hash("leaf").Base64(), "BlockAddress": address("sequenceNo")}
	member, field := "Revision", "hash"
	if get("kind").TextIs("block") {
		member, field = "Block", "blockHash"
	}
	for _, v := range all {
		if h, _ := v.Field(field); !v.HasAnnotation("expect_fail") && ion.Equal(h, get("leaf")) {
			answer = map[string]any{"Proof": answer["Proof"], member: text(v.WithoutAnnotations().String())}
		}
	}
	digest := map[string]any{"Digest": hash("digest").Base64(), "DigestTipAddress": address("tip")}
	return []string{"--digest", path("digest.json", digest), path("answer.json", answer)}
}

// tally runs one command line in this process.
func tally(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	var buf bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &buf, &buf)
	return buf.String(), status
}
