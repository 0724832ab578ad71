package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// madeUp is a block that verifies by itself and is no block of the golden
// journal.
func madeUp(strand string, seq int) string {
	entries := hashchain.NewHash([32]byte{0: byte(seq), 1: 7})
	previous := hashchain.NewHash([32]byte{0: byte(seq), 1: 8})
	return fmt.Sprintf(`{blockAddress:{strandId:%q,sequenceNo:%d},transactionId:"x",blockTimestamp:2024-03-01T09:06:00.000Z,blockHash:{{%s}},entriesHash:{{%s}},previousBlockHash:{{%s}},entriesHashList:[{{%s}}]}`,
		strand, seq, hashchain.Dot(entries, previous).Base64(), entries.Base64(), previous.Base64(), entries.Base64())
}

// TestVerifyForks gives two blocks of one number, far from each other and in
// inputs of different kinds.
func TestVerifyForks(t *testing.T) {
	const strand = "2uyxgzqMbAG000F1Yh0HCS"
	blocks := strings.Split(strings.TrimSpace(string(golden(t, "journal-v1.ion"))), "\n")
	summary := func(block string) string { return `{recordType:"BLOCK_SUMMARY",payload:` + block + "}\n" }
	stream := func(list ...string) string {
		var b strings.Builder
		for _, block := range list {
			b.WriteString(summary(block))
		}
		return writeFile(t, "stream.ion", []byte(b.String()))
	}
	answer := func(block string) string {
		b, _ := json.Marshal(map[string]any{"Block": map[string]string{"IonText": block}})
		return writeFile(t, "answer.json", b)
	}
	whole := goldenDir + "journal-v1.ion"
	forged := madeUp(strand, 3)
	const fork = `FAILED  .*block 3: the journal forks: another block of this number`
	for what, args := range map[string][]string{
		"next":            {stream(blocks[2], blocks[3], forged)},
		"after a gap":     {stream(blocks[3], blocks[6], forged)},
		"after many gaps": {stream(forged, madeUp(strand, 100), madeUp(strand, 5000), blocks[3])},
		"a step back":     {stream(blocks[3], blocks[5], blocks[4], forged)},
		"two shards":      {stream(blocks[2], blocks[3], blocks[5]), stream(blocks[4], forged, blocks[6])},
		"an export":       {whole, stream(blocks[2], forged)},
		"a stream first":  {stream(forged), whole},
		"an answer":       {whole, answer(forged)},
		"answers":         {answer(blocks[3]), answer(forged)},
		"out of JSON":     {stream(blocks[3]), answer(forged)},
	} {
		t.Run(what, func(t *testing.T) {
			verifyWant(t, exitRefused, args, fork)
		})
	}
	for what, args := range map[string][]string{
		"an export":      {whole, stream(blocks[2:]...)},
		"disorder":       {stream(blocks[5], blocks[2], blocks[3], blocks[6], blocks[4])},
		"another strand": {stream(blocks[3], madeUp("other", 3))},
	} {
		t.Run("none: "+what, func(t *testing.T) {
			verifyWant(t, exitOK, args, "!FAILED", "!UNDECIDED")
		})
	}
	verifyWant(t, exitOK, []string{stream(blocks[5], blocks[2], blocks[5])}, `3 blocks: .* \(1 of them came again, with the same hash\)`)
}

// TestVerifyLinksByStrand gives a revision whose own block is refused, and a
// block of another strand that has its hash too.
func TestVerifyLinksByStrand(t *testing.T) {
	good, _ := goodRevision(t)
	blocks := strings.Split(string(golden(t, "journal-v1.ion")), "\n")
	values, err := ion.ParseTextAll([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	hash, _ := values[0].Field("hash")
	bytes, _ := hash.Bytes()
	h, _ := hashchain.HashOf(bytes)
	previous := hashchain.NewHash([32]byte{1})
	// The summary of a block with this revision alone.
	summary := func(strand string) string {
		return fmt.Sprintf(`{recordType:"BLOCK_SUMMARY",payload:{blockAddress:{strandId:%q,sequenceNo:3},transactionId:"x",blockTimestamp:2024-03-01T09:06:00.000Z,blockHash:{{%[3]s}},entriesHash:{{%[2]s}},previousBlockHash:{{%[4]s}},entriesHashList:[{{}},{{%[2]s}},{{}},{{}}],revisionSummaries:[{hash:{{%[2]s}},documentId:"x"}]}}`+"\n", strand, h.Base64(), hashchain.Dot(h, previous).Base64(), previous.Base64())
	}
	details := `{recordType:"REVISION_DETAILS",payload:{tableInfo:{},revision:` + good + "}}\n"
	const stands, missing = "ok          1 revision record stands in these blocks", "NOT proven  that 1 revision record stands in the journal: no block summary here has that hash"
	own := "2uyxgzqMbAG000F1Yh0HCS"
	verifyWant(t, exitOK, []string{writeFile(t, "s.ion", []byte(summary(own)+details))}, stands, "!"+missing)
	verifyWant(t, exitOK, []string{writeFile(t, "s.ion", []byte(summary("0AAAAAAAAAAAAAAAAAAAAA")+details))}, "!stands in these blocks")
	verifyWant(t, exitOK, []string{writeFile(t, "s.ion", []byte(summary("0AAAAAAAAAAAAAAAAAAAAA")+details+`{recordType:"BLOCK_SUMMARY",payload:`+blocks[5]+"}"))}, missing, "!stands in these blocks")
	broken := strings.Replace(summary(own), "previousBlockHash:{{"+previous.Base64(), "previousBlockHash:{{"+h.Base64(), 1)
	verifyWant(t, exitRefused, []string{writeFile(t, "s.ion", []byte(summary("zAAAAAAAAAAAAAAAAAAAAA")+details+broken))}, "!stands in these blocks")
}

// TestVerifyManyStrandsShareWorkers counts goroutines: their number must not be
// that of strands times that of cores.
func TestVerifyManyStrandsShareWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	r := &verifyRun{ctx: t.Context(), out: &countGoroutines{}, journals: map[journalKey]*journal{}, counts: map[verdict]int{}, keep: 1}
	path := manyBlocks(t, 500, func(i int, block string) string {
		return strings.Replace(block, `strandId:"`, fmt.Sprintf(`strandId:"%d`, i), 1)
	})
	if err := r.verify([]string{path}); err != nil {
		t.Fatal(err)
	}
	if n := r.out.(*countGoroutines).most; n > 1000 || r.counts[verified] != 500 {
		t.Errorf("%d goroutines for 500 strands, %d verified", n, r.counts[verified])
	}
}

// countGoroutines is a printer that counts goroutines when it is called.
type countGoroutines struct{ most int }

func (c *countGoroutines) result(*result)    { c.most = max(c.most, runtime.NumGoroutine()) }
func (c *countGoroutines) end(summary) error { return nil }

// TestVerifyForgottenIsUndecided looks at a journal of which more was given than
// is remembered.
func TestVerifyForgottenIsUndecided(t *testing.T) {
	for _, stream := range []bool{false, true} {
		j := &journal{key: journalKey{"x", stream}, files: []string{"a"}, blocks: 1}
		res := journalResult(j, &hashchain.Report{Counts: hashchain.Counts{Blocks: 1}, Forgotten: 1}, nil)
		res.settle()
		if res.Verdict != undecided || !strings.Contains(fmt.Sprint(res.Undecided), "whether another block of the same number came before 1 block") {
			t.Errorf("%s: %v", res.Verdict, res.Undecided)
		}
	}
}
