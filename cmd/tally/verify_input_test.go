package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

const goldenDir = "../../testdata/"

func golden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(goldenDir + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// verifyWant runs verify and compares its exit status and patterns that its
// answer must match, or, with a leading !, must not.
func verifyWant(t *testing.T, status int, args []string, patterns ...string) string {
	t.Helper()
	out, got := tally(t, append([]string{"verify"}, args...)...)
	if got != status {
		t.Errorf("exit status %d, want %d", got, status)
	}
	for _, p := range patterns {
		not := strings.HasPrefix(p, "!")
		if regexp.MustCompile("(?m)"+strings.TrimPrefix(p, "!")).MatchString(out) == not {
			t.Errorf("pattern %q", p)
		}
	}
	if t.Failed() {
		t.Logf("%.3000s", out)
	}
	return out
}

// answer is what --output json prints.
type answer struct {
	Results []result
	Summary summary
}

func decodeAnswer(t *testing.T, out string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("not JSON: %v\n%.1000s", err, out)
	}
	return a
}

// TestVerifyPipes gives inputs that can be read only once by their names.
func TestVerifyPipes(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("this system has no /dev/fd to name a pipe")
	}
	pipe := func(data []byte) string {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		go func() {
			defer w.Close()
			_, _ = w.Write(data)
		}()
		return fmt.Sprintf("/dev/fd/%d", r.Fd())
	}
	lines := bytes.SplitAfter(golden(t, "journal-v1.ion"), []byte("\n"))
	head, tail := bytes.Join(lines[:4], nil), bytes.Join(lines[4:], nil)
	verifyWant(t, exitOK, []string{pipe(golden(t, "receipt.ion"))}, `^/dev/fd/\d+: VERIFIED$`)
	verifyWant(t, exitOK, []string{pipe(tail), pipe(head)}, "blocks 0 to 6", "6 links")
	verifyWant(t, exitOK, []string{pipe(gzipped(t, golden(t, "journal-v1.10n")))}, "blocks 0 to 6")
	verifyWant(t, exitUndecided, []string{pipe(nil)}, "the file is empty")
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestVerifyCutShort gives files that do not come to their end: what was read
// of them must not be called verified.
func TestVerifyCutShort(t *testing.T) {
	text, binary := golden(t, "journal-v1.ion"), golden(t, "journal-v1.10n")
	z := gzipped(t, text)
	for name, c := range map[string]struct {
		data    []byte
		message string
	}{
		"cut.ion":      {text[:len(text)-20], `^  cannot be read as Ion or JSON at offset \d+: `},
		"cut.10n":      {binary[:len(binary)-20], `^  cannot be read as Ion or JSON at offset \d+: value of \d+ bytes is cut short after \d+$`},
		"cut.ion.gz":   {z[:len(z)*3/4], fmt.Sprintf(`^  the compressed data ends in the middle, after %d bytes: the file was cut short\. It gave \d+ bytes uncompressed$`, len(z)*3/4)},
		"wrong.ion.gz": {append(bytes.Clone(z[:len(z)-8]), make([]byte, 8)...), fmt.Sprintf(`^  the compressed data cannot be read at offset %d: gzip: invalid checksum`, len(z))},
	} {
		path := writeFile(t, name, c.data)
		verifyWant(t, exitMalformed, []string{path}, c.message, name+": MALFORMED$", name+": UNDECIDED$", "undecided   .*"+name+" could not be read to its end", "!VERIFIED", "^1 malformed, 1 undecided$")
	}
	revision := []byte(`{hash:{{npBdEuBFl+GhVOpoa+4DdNmhhpiGfkZN0OE42MA/zrg=}},metadata:{id:"x"}} {hash:`)
	verifyWant(t, exitRefused, []string{writeFile(t, "revision.ion", revision)}, "REFUSED", "MALFORMED", "undecided   .*could not be read to its end", "!empty")
	receipt := append(golden(t, "receipt.ion"), `tally_receipt::{version:2,revision:{},proof:[]} {`...)
	verifyWant(t, exitMalformed, []string{writeFile(t, "receipts.ion", receipt)}, `^  Tally receipt at offset \d+: a receipt has version 2, and only version 1 is known$`, `^  cannot be read as Ion or JSON at offset \d+: `, "^1 verified, 1 malformed$")
}

// manyBlocks writes n blocks with distinct strands if strands is set, all alike
// otherwise.
func manyBlocks(t *testing.T, n int, change func(i int, block string) string) string {
	t.Helper()
	block, _, _ := strings.Cut(string(golden(t, "journal-v1.ion")), "\n")
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, change(i, block))
	}
	return writeFile(t, "many.ion", []byte(b.String()))
}

func TestVerifyTooManyStrands(t *testing.T) {
	path := manyBlocks(t, maxJournals+5, func(i int, block string) string {
		return strings.Replace(block, `strandId:"`, fmt.Sprintf(`strandId:"%d`, i), 1)
	})
	verifyWant(t, exitUndecided, []string{path, goldenDir + "receipt.ion"}, "undecided   5 blocks were not checked: they are of further strands", "receipt.ion: VERIFIED", fmt.Sprintf("^%d verified, 1 undecided$", maxJournals+1))
	a := decodeAnswer(t, verifyWant(t, exitUndecided, []string{"--output", "json", path}))
	if a.Summary.Verified != maxJournals || a.Summary.Undecided != 1 || a.Summary.Status != exitUndecided || len(a.Results) != maxJournals+1 {
		t.Errorf("%+v, %d results", a.Summary, len(a.Results))
	}
}

// TestVerifyListsFailures counts what is not listed and says how to list it.
func TestVerifyListsFailures(t *testing.T) {
	path := manyBlocks(t, 150, func(i int, block string) string {
		return strings.Replace(block, "entriesHash:{{", "entriesHash:{{AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}},comment:{{", 1)
	})
	out := verifyWant(t, exitRefused, []string{path}, "^  FAILED      … and 200 more: --failures 300 lists all$", "NOT proven  150 fields that QLDB does not write")
	if n := strings.Count(out, "FAILED"); n != keepFailures+1 {
		t.Errorf("%d lines of failures", n)
	}
	out = verifyWant(t, exitRefused, []string{"--failures", "300", path}, "!more")
	if n := strings.Count(out, "FAILED"); n != 300 {
		t.Errorf("%d lines of failures, want all 300", n)
	}
	bad := manyBlocks(t, 150, func(int, string) string { return "tally_receipt::{}" })
	verifyWant(t, exitMalformed, []string{"--failures", "2", bad}, "^  … and 148 more: --failures 150 lists all$", "!empty")
	verifyWant(t, exitUsage, []string{"--failures", "0", path}, "--failures must be at least 1, not 0")
}

// TestVerifyInterrupted interrupts a run that waits for the rest of its input.
func TestVerifyInterrupted(t *testing.T) {
	for _, before := range []string{"", "journal-v1.ion"} {
		for _, format := range []string{"text", "json"} {
			ctx, cancel := context.WithCancel(t.Context())
			r, w := io.Pipe()
			go func() {
				if before != "" {
					_, _ = w.Write(golden(t, before))
					_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20)) // more than anybody keeps: then all before it was read
				}
				cancel()
			}()
			var out bytes.Buffer
			status := run(ctx, []string{"verify", "--output", format, "-", goldenDir + "receipt.ion"}, r, &out, &out)
			w.Close()
			if status != exitUndecided {
				t.Errorf("after %q: exit status %d\n%s", before, status, &out)
			}
			if format == "text" {
				if !regexp.MustCompile(`(?m)^interrupted`).MatchString(out.String()) {
					t.Errorf("after %q: %s", before, &out)
				}
			} else if a := decodeAnswer(t, out.String()); !a.Summary.Interrupted || a.Summary.Status != exitUndecided {
				t.Errorf("after %q: %+v", before, a.Summary)
			}
			if before != "" && strings.Contains(strings.ToLower(out.String()), "journal-v1: verified") {
				t.Errorf("what was not read to its end is verified: %s", &out)
			}
		}
	}
}

// TestVerifyLinks looks at what a directory holds beside files.
func TestVerifyLinks(t *testing.T) {
	dir := t.TempDir()
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	real := filepath.Join(dir, "real")
	for _, d := range []string{real, filepath.Join(real, "sub"), filepath.Join(real, ".git"), filepath.Join(dir, "empty")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"real/sub/receipt.ion", "real/.hidden.ion", "real/.git/receipt.ion"} {
		if err := os.WriteFile(filepath.Join(dir, name), golden(t, "receipt.ion"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link("sub/receipt.ion", "real/link.ion")
	link("..", "real/circle")
	link("real", "alias")
	link("real/sub/receipt.ion", "file.ion")
	link("nowhere", "dangling.ion")
	verifyWant(t, exitOK, []string{real}, "sub/receipt.ion: VERIFIED", "real/.hidden.ion: skipped: hidden$", "real/.git: skipped: hidden$",
		"real/link.ion: skipped: a symbolic link, which is followed only where it is given by name$", "real/circle: skipped: a symbolic link")
	verifyWant(t, exitOK, []string{filepath.Join(dir, "alias")}, "alias/sub/receipt.ion: VERIFIED", "alias/link.ion: skipped")
	verifyWant(t, exitOK, []string{filepath.Join(dir, "file.ion")}, "file.ion: VERIFIED")
	verifyWant(t, exitMalformed, []string{filepath.Join(dir, "dangling.ion")}, "no such file or directory")
	verifyWant(t, exitUndecided, []string{filepath.Join(dir, "empty")}, "undecided   there is no file in this directory")
	a := decodeAnswer(t, verifyWant(t, exitOK, []string{"--output", "json", real}))
	if a.Summary.SkippedTotal != 4 || len(a.Summary.Skipped) != 4 {
		t.Errorf("%+v", a.Summary)
	}
}

// TestVerifyHugeNumbers gives numbers that take longer to spell than to read.
func TestVerifyHugeNumbers(t *testing.T) {
	values, err := ion.ParseTextAll(golden(t, "journal-v1.ion"))
	if err != nil {
		t.Fatal(err)
	}
	w := ion.NewWriter()
	w.BeginStruct()
	for name, f := range values[3].Fields() {
		w.Field(name)
		if name != "revisions" {
			w.Value(f)
			continue
		}
		w.BeginList()
		w.BeginStruct()
		w.Field("blockAddress").BeginStruct()
		w.Field("strandId").String("x")
		w.Field("sequenceNo").BigInt(hugeInt())
		w.End()
		w.Field("hash").Blob(make([]byte, hashchain.HashSize))
		w.Field("metadata").BeginStruct()
		w.Field("version").BigInt(hugeInt())
		w.End()
		w.End()
		w.End()
	}
	w.End()
	data, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	out := verifyWant(t, exitRefused, []string{writeFile(t, "huge.10n", data)}, "found    a struct that is no block address")
	if len(out) > 4000 {
		t.Errorf("%d bytes are said about it", len(out))
	}
}

// hugeInt is as large as an int can be.
func hugeInt() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 8*(ion.MaxNumberSize-1)) }
