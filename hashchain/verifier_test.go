package hashchain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain/ion"
	"pgregory.net/rapid"
)

// testJournal is a journal of n blocks with every kind of section.
func testJournal(t testing.TB, n int) (blocks []ion.Value, digest Hash) {
	t.Helper()
	var edge RightEdge
	var previous Hash
	for seq := range uint64(n) {
		in := testParts(t, seq, previous)
		switch {
		case seq == 0:
			in = &BlockParts{Address: BlockAddress{testStrand, 0}, TransactionID: "tx", Timestamp: testTime}
		case seq%4 == 2:
			in.Revisions, in.Documents = nil, nil
		case seq%4 == 3:
			in.Redactions = []Redaction{{BlockAddress{testStrand, 1}, "tableIdOf22characters0", in.Revisions[1].DocumentID, 0}}
		}
		out, v := build(t, in)
		edge.Append(out.Hash)
		blocks = append(blocks, v)
		previous = out.Hash
	}
	return blocks, edge.Root()
}

func verify(blocks []ion.Value, opt VerifyOptions) *Report {
	v := NewVerifier(opt)
	for _, b := range blocks {
		v.Add(b)
	}
	return v.Finish()
}

func rules(fs []*Failure) (list []Rule) {
	for _, f := range fs {
		list = append(list, f.Rule)
	}
	return list
}

func TestVerifierAcceptsAJournal(t *testing.T) {
	for _, n := range []int{1, 2, 63, 64, 65, 300} {
		for _, workers := range []int{1, 4} {
			blocks, digest := testJournal(t, n)
			r := verify(blocks, VerifyOptions{Workers: workers, Digest: &Digest{digest, BlockAddress{testStrand, uint64(n - 1)}}})
			if !r.OK() || r.Blocks != int64(n) || r.Links != int64(n-1) || r.Digest.Hash != digest || !r.DigestChecked {
				t.Fatalf("%d blocks: %+v", n, r)
			}
			if r.AddressBound != int64(n) || r.HiddenRevisions+r.HiddenTransactionInfo+r.ExtraFields+r.UnusualPositions != 0 {
				t.Errorf("%d blocks: %+v", n, r.Counts)
			}
			if r.Revisions != r.WithData+r.Deleted+r.HashOnly+r.Redacted {
				t.Errorf("revisions do not add up: %+v", r.Counts)
			}
		}
	}
}

func TestVerifierAcceptsRedactedBlocks(t *testing.T) {
	blocks, digest := testJournal(t, 6)
	in := testParts(t, 1, Hash{})
	redacted, err := RedactRevision(blocks[1], in.Revisions[1].DocumentID, 0)
	if err != nil {
		t.Fatal(err)
	}
	blocks[1], _ = ion.Parse(redacted)
	r := verify(blocks, VerifyOptions{Digest: &Digest{digest, BlockAddress{testStrand, 5}}})
	if !r.OK() || r.Redacted != 1 || !r.DigestChecked {
		t.Errorf("%+v", r)
	}
}

// edit rewrites a struct: change returns the value of a field, or false to
// leave it out.
func edit(t testing.TB, v ion.Value, change func(name string, f ion.Value) (ion.Value, bool)) ion.Value {
	t.Helper()
	w := ion.NewWriter()
	w.BeginStruct()
	for name, f := range v.Fields() {
		if f, ok := change(name, f); ok {
			w.Field(name).Value(f)
		}
	}
	w.End()
	out, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func set(t testing.TB, v ion.Value, path string, to ion.Value) ion.Value {
	t.Helper()
	head, rest, more := strings.Cut(path, ".")
	if v.Type() == ion.ListType {
		w := ion.NewWriter()
		w.BeginList()
		i := 0
		for e := range v.Elements() {
			if fmt.Sprint(i) == head {
				e = to
				if more {
					el, _ := v.Index(i)
					e = set(t, el, rest, to)
				}
			}
			w.Value(e)
			i++
		}
		w.End()
		out, err := w.Build()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	return edit(t, v, func(name string, f ion.Value) (ion.Value, bool) {
		if name != head {
			return f, true
		}
		if more {
			return set(t, f, rest, to), true
		}
		return to, true
	})
}

func TestVerifierFindsEachChange(t *testing.T) {
	blocks, digest := testJournal(t, 8)
	blob := ion.NewBlob(leaf(1000).Bytes())
	for _, c := range []struct {
		path  string
		to    ion.Value
		rules []Rule
	}{
		{"revisions.1.data.name", ion.NewString("forged"), []Rule{RuleRevisionHash}},
		{"revisions.1.metadata.version", ion.NewInt(7), []Rule{RuleRevisionHash}},
		{"revisions.1.hash", blob, []Rule{RuleRevisionHash, RuleRevisionsRoot}},
		{"revisions.0.hash", blob, []Rule{RuleRevisionsRoot}},
		{"revisions.4.metadata.id", ion.NewString("x"), []Rule{RuleRevisionHash}},
		{"revisions.1.blockAddress.sequenceNo", ion.NewInt(4), []Rule{RuleRevisionAddress}},
		{"transactionId", ion.NewString("other"), []Rule{RuleTransactionID, RuleTransactionID, RuleTransactionID, RuleTransactionID}},
		{"transactionInfo.statements.0.statement", ion.NewString("forged"), []Rule{RuleTransactionInfo}},
		{"redactionInfo.revisions.0.version", ion.NewInt(9), []Rule{RuleRedactionInfo}},
		{"entriesHashList.2", blob, []Rule{RuleEntriesHash}},
		{"entriesHash", blob, []Rule{RuleEntriesHash, RuleBlockHash}},
		{"previousBlockHash", blob, []Rule{RuleBlockHash, RulePreviousBlockHash}},
		{"blockHash", blob, []Rule{RuleBlockHash, RulePreviousBlockHash, RuleDigest}},
		{"blockHash", ion.NewBlob([]byte{1}), []Rule{RuleShape}},
		{"blockHash", ion.NewInt(1), []Rule{RuleShape}},
		{"entriesHashList", ion.NewInt(1), []Rule{RuleShape}},
		{"revisions.1.hash", ion.NewBlob(nil), []Rule{RuleShape, RuleRevisionsRoot}},
	} {
		changed := slices.Clone(blocks)
		changed[3] = set(t, blocks[3], c.path, c.to)
		r := verify(changed, VerifyOptions{Digest: &Digest{digest, BlockAddress{testStrand, 7}}})
		if !slices.Equal(rules(r.Failures), c.rules) {
			t.Errorf("%s = %s: %v, want %v", c.path, c.to, rules(r.Failures), c.rules)
		}
		for _, f := range r.Failures {
			if f.Rule != RulePreviousBlockHash && f.Rule != RuleDigest && f.Rule != RuleShape && f.Address.SequenceNo != 3 {
				t.Errorf("%s: failure names block %d", c.path, f.Address.SequenceNo)
			}
			if !strings.Contains(f.Error(), string(f.Rule)) {
				t.Errorf("message %q does not name the rule", f)
			}
		}
	}
}

func TestVerifierSeesWhatNoHashCovers(t *testing.T) {
	blocks, _ := testJournal(t, 6)
	later := ion.FromTimestamp(ion.NewTimestamp(testTime.Add(time.Hour)))
	changed := slices.Clone(blocks)
	changed[3] = set(t, blocks[3], "blockTimestamp", later)
	r := verify(changed, VerifyOptions{})
	if r.Failed != 0 || r.AddressBound != 5 {
		t.Errorf("a changed time: %d failures, %d addresses bound", r.Failed, r.AddressBound)
	}
	drop := func(names ...string) *Report {
		changed[3] = edit(t, blocks[3], func(name string, f ion.Value) (ion.Value, bool) { return f, !slices.Contains(names, name) })
		return verify(changed, VerifyOptions{})
	}
	if r := drop("revisions"); r.Failed != 0 || r.HiddenRevisions != 1 {
		t.Errorf("without revisions: %v, %d hidden", r.Failures, r.HiddenRevisions)
	}
	if r := drop("transactionInfo"); r.Failed != 0 || r.HiddenTransactionInfo != 1 {
		t.Errorf("without transactionInfo: %v, %d hidden", r.Failures, r.HiddenTransactionInfo)
	}
	if r := drop("redactionInfo"); r.Failed != 0 || r.HiddenRedactionInfo != 1 {
		t.Errorf("without redactionInfo: %v, %d hidden", r.Failures, r.HiddenRedactionInfo)
	}
	if r := drop("revisions", "transactionInfo", "redactionInfo"); r.Failed != 0 || r.HiddenRevisions+r.HiddenTransactionInfo+r.HiddenRedactionInfo != 3 {
		t.Errorf("without a section: %v, %+v", r.Failures, r.Counts)
	}
}

// TestVerifierCountsFieldsOfItsOwn adds fields that no hash covers.
func TestVerifierCountsFieldsOfItsOwn(t *testing.T) {
	blocks, _ := testJournal(t, 4)
	block := blocks[3].String()
	b, _ := BlockOf(blocks[3])
	hashes, _ := b.RevisionHashes()
	second := hashes[1].Base64()
	for _, c := range []struct {
		old, new        string
		block, revision int64 // how many fields are counted of the block, and of its revision alone
	}{
		{`{`, `{`, 0, 0},
		{`{`, `{comment:"x",`, 1, 0},
		{`{`, `{'':"x",`, 1, 0},
		{`{`, `{$0:"x",comment:1,`, 2, 0},
		{`sequenceNo:3}`, `sequenceNo:3,sequenceNo:4}`, 1, 0},
		{`data:{`, `'':"x",data:{`, 1, 1},
		{`data:{`, `documentId:"x",data:{`, 1, 1},
		{`sequenceNo:3},hash:{{` + second + `}}`, `sequenceNo:3,$0:1,strandId:2},hash:{{` + second + `}}`, 2, 2},
	} {
		text := strings.Replace(block, c.old, c.new, 1)
		v, err := ion.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, failures := CheckBlock(v); len(failures) > 0 || got.ExtraFields != c.block {
			t.Errorf("%s: %d fields of the block, want %d, %v", c.new, got.ExtraFields, c.block, failures)
		}
		one, _ := field(v, "revisions").Index(1)
		if got, failures := CheckRevision(one); len(failures) > 0 || got.ExtraFields != c.revision {
			t.Errorf("%s: %d fields of the revision, want %d, %v", c.new, got.ExtraFields, c.revision, failures)
		}
		if r := (&Receipt{Revision: one}).Check(nil); r.Counts.ExtraFields != c.revision {
			t.Errorf("%s: %d fields of a receipt's revision, want %d", c.new, r.Counts.ExtraFields, c.revision)
		}
	}
}

// TestVerifierBoundsWhatItNames gives values far longer than anybody reads: what
// is said about them must not grow with them.
func TestVerifierBoundsWhatItNames(t *testing.T) {
	blocks, _ := testJournal(t, 4)
	huge := ion.NewBigInt(new(big.Int).Lsh(big.NewInt(1), 8<<20))
	long := ion.NewString(strings.Repeat("é", 2<<20))
	for _, path := range []string{
		"blockAddress.sequenceNo", "blockAddress.strandId", "transactionId", "revisions.1.blockAddress.sequenceNo", "revisions.1.blockAddress.strandId",
		"revisions.1.metadata.txId", "revisions.1.metadata.id", "revisions.1.metadata.version", "revisions.1.blockAddress",
	} {
		for _, to := range []ion.Value{huge, long} {
			r := verify([]ion.Value{blocks[2], set(t, blocks[3], path, to), blocks[3]}, VerifyOptions{})
			if r.Failed == 0 {
				t.Errorf("%s: no failure", path)
			}
			// A number of that size must not be spelt out at all: it takes far longer than hashing it.
			if path == "revisions.1.blockAddress.sequenceNo" && r.Failures[0].Found != "a struct that is no block address" {
				t.Errorf("%s: found %.100s", path, r.Failures[0].Found)
			}
			for _, f := range r.Failures {
				if msg := f.Error(); len(msg) > 1000 || !utf8.ValidString(msg) {
					t.Errorf("%s: a message of %d bytes: %.300q", path, len(msg), msg)
				}
			}
		}
	}
}

func TestVerifierFollowsTheChain(t *testing.T) {
	blocks, _ := testJournal(t, 8)
	pick := func(list ...int) (out []ion.Value) {
		for _, i := range list {
			out = append(out, blocks[i])
		}
		return out
	}
	for _, c := range []struct {
		order []int
		rules []Rule
		noDig string
	}{
		{[]int{0, 1, 2}, nil, ""},
		{[]int{3, 4, 5}, nil, "the first block is 3: the digest covers all blocks from 0"},
		{[]int{0, 1, 3}, []Rule{RuleSequence}, "blocks are missing or in the wrong order"},
		{[]int{0, 1, 5, 6}, []Rule{RuleSequence}, "blocks are missing or in the wrong order"},
		{[]int{0, 2, 1}, []Rule{RuleSequence, RuleSequence}, "blocks are missing or in the wrong order"},
		{[]int{0, 1, 1, 2}, nil, ""},
		{[]int{0, 1, 2, 0, 1, 2, 3}, nil, ""},
		{[]int{2, 3, 4, 3, 4, 5}, nil, "the first block is 2: the digest covers all blocks from 0"},
		{nil, nil, "there is no block that can be read"},
	} {
		r := verify(pick(c.order...), VerifyOptions{})
		if !slices.Equal(rules(r.Failures), c.rules) || r.NoDigest != c.noDig || (r.NoDigest == "") == r.Digest.Hash.IsEmpty() {
			t.Errorf("%v: %v, %q", c.order, r.Failures, r.NoDigest)
		}
		if r := verify(pick(c.order...), VerifyOptions{Stream: true}); r.Failed != 0 {
			t.Errorf("%v as a stream: %v", c.order, r.Failures)
		}
	}
	other := set(t, blocks[2], "blockAddress.strandId", ion.NewString("another"))
	if r := verify([]ion.Value{blocks[0], blocks[1], other}, VerifyOptions{}); !slices.Contains(rules(r.Failures), RuleStrand) {
		t.Errorf("another strand: %v", r.Failures)
	}
	forked := set(t, blocks[2], "blockHash", ion.NewBlob(leaf(5).Bytes()))
	for _, stream := range []bool{false, true} {
		if r := verify([]ion.Value{blocks[1], blocks[2], forked}, VerifyOptions{Stream: stream}); !slices.Contains(rules(r.Failures), RuleFork) {
			t.Errorf("two blocks of one number: %v", r.Failures)
		}
	}
}

func TestVerifierComparesTheDigest(t *testing.T) {
	blocks, _ := testJournal(t, 8)
	var edge RightEdge
	for _, b := range blocks[:5] {
		v, _ := BlockOf(b)
		edge.Append(v.Hash)
	}
	tip := BlockAddress{testStrand, 4}
	if r := verify(blocks, VerifyOptions{Digest: &Digest{edge.Root(), tip}}); !r.OK() || !r.DigestChecked {
		t.Errorf("the digest of an earlier tip: %v", r.Failures)
	}
	if r := verify(blocks, VerifyOptions{Digest: &Digest{leaf(1), tip}}); !slices.Equal(rules(r.Failures), []Rule{RuleDigest}) {
		t.Errorf("a wrong digest: %v", r.Failures)
	}
	for _, c := range []struct {
		blocks []ion.Value
		tip    BlockAddress
	}{{blocks[1:], tip}, {blocks, BlockAddress{testStrand, 40}}, {blocks, BlockAddress{"other", 4}}} {
		r := verify(c.blocks, VerifyOptions{Digest: &Digest{edge.Root(), c.tip}})
		if r.DigestChecked || r.NotChecked == "" {
			t.Errorf("a digest that could not be compared: %+v", r)
		}
	}
}

func TestVerifierGoesOnAndBoundsWhatItKeeps(t *testing.T) {
	blocks, _ := testJournal(t, 4)
	bad := set(t, blocks[3], "revisions.1.data.name", ion.NewString("forged"))
	told := 0
	v := NewVerifier(VerifyOptions{KeepFailures: 3, OnFailure: func(*Failure) { told++ }})
	for range 200 {
		v.Add(bad)
		v.Add(ion.NewInt(3))
	}
	r := v.Finish()
	for i, f := range r.Failures {
		if f.Index != int64(i) {
			t.Errorf("failure %d is of block %d: %s", i, f.Index, f)
		}
	}
	if r.Failed != 400 || told != 400 || len(r.Failures) != 3 {
		t.Errorf("%d failures, %d told, %d kept", r.Failed, told, len(r.Failures))
	}
}

func TestVerifyJournalReadsEachFormat(t *testing.T) {
	blocks, digest := testJournal(t, 9)
	var binary, text, pretty, js []byte
	for _, b := range blocks {
		binary = append(binary, b.Encode()...)
		text = append(ion.AppendCompact(text, b), '\n')
		pretty = append(ion.AppendPretty(pretty, b), '\n')
		js = append(appendJSON(js, b), '\n')
	}
	for name, data := range map[string][]byte{"binary": binary, "text": text, "pretty": pretty, "JSON": js} {
		r, err := VerifyJournal(bytes.NewReader(data), VerifyOptions{})
		if err != nil || !r.OK() || r.Digest.Hash != digest {
			t.Errorf("%s: %v, %v", name, err, r.Failures)
		}
		undecided := int64(0)
		if name == "JSON" {
			undecided = r.WithData // a symbol in each document has become a string
		}
		if r.DataUndecided != undecided {
			t.Errorf("%s: data of %d revisions is undecided", name, r.DataUndecided)
		}
		if r, err := VerifyJournal(bytes.NewReader(data[:len(data)-20]), VerifyOptions{}); err == nil || r.Blocks != 8 {
			t.Errorf("%s, cut short: %v, %d blocks", name, err, r.Blocks)
		}
	}
	if _, err := VerifyJournal(iotestErr{}, VerifyOptions{}); err == nil {
		t.Error("an error of the reader is lost")
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// appendJSON is the down-conversion of Ion to JSON that exports use.
func appendJSON(dst []byte, v ion.Value) []byte {
	switch {
	case v.IsNull():
		return append(dst, "null"...)
	case v.Type() == ion.StructType:
		dst = append(dst, '{')
		for name, f := range v.Fields() {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = appendJSON(append(appendQuoted(dst, name), ':'), f)
		}
		return append(dst, '}')
	case v.Type().IsContainer():
		dst = append(dst, '[')
		for e := range v.Elements() {
			if dst[len(dst)-1] != '[' {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case v.Type() == ion.BlobType:
		b, _ := v.Bytes()
		h, _ := HashOf(b)
		return appendQuoted(dst, h.Base64())
	case v.Type().IsText():
		s, _ := v.Text()
		return appendQuoted(dst, s)
	case v.Type() == ion.TimestampType:
		return appendQuoted(dst, v.String())
	}
	return append(dst, v.String()...)
}

func appendQuoted(dst []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return append(dst, b...)
}

func TestJSONDataIsProvenWhereAReadingFits(t *testing.T) {
	for text, want := range map[string]bool{
		`{a:"text",n:12,price:90.25,list:[1,null,true]}`:   true,
		`{from:2017-08-21,until:2020-05-11T10:00:00.000Z}`: true,
		`{s:symbol}`:                           false,
		`{mixed:2017-08-21,text:"2017-08-21"}`: false,
	} {
		data, err := ion.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		in := testParts(t, 1, leaf(9))
		in.Revisions = in.Revisions[1:2]
		in.Revisions[0].Data, in.Revisions[0].DataHash = data, mustHash(t, data)
		_, v := build(t, in)
		js, err := ion.ParseText(string(appendJSON(nil, v)))
		if err != nil {
			t.Fatal(err)
		}
		c, failures := CheckBlock(js)
		if len(failures) > 0 || (c.DataUndecided == 0) != want || c.AddressBound != 1 {
			t.Errorf("%s: %v, undecided %d, bound %d", text, failures, c.DataUndecided, c.AddressBound)
		}
		rev, _ := js.Field("revisions")
		one, _ := rev.Index(0)
		if c, failures := CheckRevision(one); len(failures) > 0 || (c.DataUndecided == 0) != want {
			t.Errorf("%s alone: %v, undecided %d", text, failures, c.DataUndecided)
		}
	}
}

// TestAnyChangedByteIsNoticed changes one byte of the encoding of a block whose
// every field is covered.
func TestAnyChangedByteIsNoticed(t *testing.T) {
	blocks, _ := testJournal(t, 4)
	good := blocks[3].Encode()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(4, len(good)-1).Draw(t, "at")
		bad := bytes.Clone(good)
		bad[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "xor"))
		values, err := ion.ParseAll(bad)
		if err != nil {
			return
		}
		for _, v := range values {
			c, failures := CheckBlock(v)
			if len(values) == 1 && len(failures) == 0 && c.AddressBound == 1 && c.HiddenRevisions+c.HiddenTransactionInfo+c.HiddenRedactionInfo+c.ExtraFields == 0 &&
				!ion.Equal(v, blocks[3]) {
				t.Fatalf("byte %d changed from %x to %x and nothing is noticed:\n%s", i, good[i], bad[i], v)
			}
		}
	})
}

// TestVerifierRemembersBlocksWithinBounds follows a chain of made-up blocks that
// is longer than what is remembered of it.
func TestVerifierRemembersBlocksWithinBounds(t *testing.T) {
	const pages = 64
	memory := newBlockMemory(pages)
	journal, stream := Report{}, Report{}
	var c, other chain
	c.init(&VerifyOptions{KeepFailures: 10}, &journal)
	other.init(&VerifyOptions{KeepFailures: 10, Stream: true}, &stream)
	block := func(n uint64) checked {
		hash := func(n uint64) Hash { return NewHash([32]byte{0: byte(n), 1: byte(n >> 8), 2: byte(n >> 16), 3: 1}) }
		c := checked{address: BlockAddress{testStrand, n}, hasAddress: true, decoded: true, hash: hash(n)}
		if n > 0 {
			c.previous = hash(n - 1)
		}
		return c
	}
	next := func(c *chain, who teller, b checked) {
		before := memory.recall(b.address, b.hash, who)
		b.before = &before
		c.next(&b)
	}
	const n = 3*pages*pageBlocks + 5
	for i := range uint64(n) {
		next(&c, byJournal, block(i))
	}
	if len(memory.order) != pages || len(memory.pages) != pages || journal.Failed > 0 || journal.Forgotten > 0 {
		t.Fatalf("%d and %d pages are remembered, %d failures, %d forgotten", len(memory.order), len(memory.pages), journal.Failed, journal.Forgotten)
	}
	next(&c, byJournal, block(n-(pages-1)*pageBlocks))
	next(&c, byJournal, block(n-1))
	if journal.Repeated != 2 || journal.Failed > 0 {
		t.Errorf("%d blocks came again, %v", journal.Repeated, journal.Failures)
	}
	exchanged := block(n - 4)
	exchanged.previous = leaf(2)
	next(&c, byJournal, exchanged)
	if !slices.Equal(rules(journal.Failures), []Rule{RulePreviousBlockHash}) || journal.Repeated != 2 {
		t.Errorf("a block that came again with another previousBlockHash: %v", journal.Failures)
	}
	journal.Failures, journal.Failed = nil, 0
	forged := block(n - 2)
	forged.hash = leaf(1)
	next(&c, byJournal, forged)
	if !slices.Equal(rules(journal.Failures), []Rule{RuleFork}) || journal.Repeated != 2 {
		t.Errorf("a second block of one number: %v", journal.Failures)
	}
	next(&c, byJournal, block(1))
	next(&c, byJournal, block(n))
	if journal.Forgotten != 1 || journal.Failed != 1 || journal.Repeated != 2 || journal.Links != n || !c.whole {
		t.Errorf("a block from long ago, and then the next one: %d forgotten, %v, %d links", journal.Forgotten, journal.Failures, journal.Links)
	}

	// A stream of the same strand.
	next(&other, byStream, forged)
	next(&other, byStream, block(n-3))
	next(&other, byStream, exchanged)
	next(&other, byStream, block(40))
	next(&other, byStream, block(n+7))
	if !slices.Equal(rules(stream.Failures), []Rule{RuleFork, RulePreviousBlockHash}) || stream.Forgotten != 1 || stream.Repeated != 0 {
		t.Errorf("a stream beside the journal: %v, %d forgotten, %d came again", stream.Failures, stream.Forgotten, stream.Repeated)
	}
	far := block(n + 7)
	far.hash = leaf(2)
	if fork, forgotten := memory.CompareReceipt(far.address, far.hash); fork == nil || fork.Rule != RuleFork || forgotten {
		t.Errorf("a receipt beside the stream: %v %v", fork, forgotten)
	}

	// Strands without end are bounded too.
	for i := range maxLostStrands + 3*pages {
		memory.recall(BlockAddress{fmt.Sprint(i), 1}, leaf(1), byStream)
	}
	if len(memory.lost) > maxLostStrands || len(memory.pages) != pages {
		t.Errorf("%d strands, %d pages", len(memory.lost), len(memory.pages))
	}
	if !memory.recall(BlockAddress{"new", 1}, leaf(1), byStream).forgotten {
		t.Error("what was forgotten of so many strands is not said to be")
	}
}

// TestPoolServesManyVerifiers checks journals side by side.
func TestPoolServesManyVerifiers(t *testing.T) {
	blocks, _ := testJournal(t, 200)
	pool := NewPool(2)
	before := runtime.NumGoroutine()
	var list []*Verifier
	for range 10 {
		list = append(list, NewVerifier(VerifyOptions{Pool: pool}))
	}
	if n := runtime.NumGoroutine() - before; n > len(list) {
		t.Errorf("%d goroutines for %d verifiers", n, len(list))
	}
	for _, b := range blocks {
		for _, v := range list {
			v.Add(b)
		}
	}
	for _, v := range list {
		if r := v.Finish(); !r.OK() || r.Blocks != 200 || r.Links != 199 {
			t.Errorf("%+v", r)
		}
	}
	pool.Close()
}

func TestVerifierBoundsTheFailuresOfOneBlock(t *testing.T) {
	blocks, _ := testJournal(t, 4)
	w := ion.NewWriter()
	w.BeginList()
	const n = maxBlockFailures + 500
	for range n {
		w.Int(1)
	}
	w.End()
	list, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	r := verify([]ion.Value{set(t, blocks[3], "revisions", list)}, VerifyOptions{KeepFailures: 7})
	if r.Failed != n || len(r.Failures) != 7 {
		t.Errorf("%d failures, %d kept", r.Failed, len(r.Failures))
	}
}

// TestReportsDoNotDependOnWorkers damages addresses, which are what a worker
// might keep of the block that it checked before.
func TestReportsDoNotDependOnWorkers(t *testing.T) {
	blocks, _ := testJournal(t, 300)
	damage := []func(ion.Value) ion.Value{
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress.strandId", ion.NewSymbol("another")) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress.strandId", ion.NewSymbol(testStrand)) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress.strandId", ion.NewString("another")) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress.strandId", ion.NewInt(1)) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress.sequenceNo", ion.NewString("1")) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress.sequenceNo", ion.NewInt(-1)) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress", ion.NewNull(ion.StructType)) },
		func(b ion.Value) ion.Value { return set(t, b, "blockAddress", ion.Value{}) },
		func(b ion.Value) ion.Value { return set(t, b, "entriesHash", ion.NewInt(1)) },
		func(ion.Value) ion.Value { return ion.NewInt(3) },
	}
	seed := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		list := slices.Clone(blocks)
		for i, b := range list {
			if d := seed.IntN(3 * len(damage)); d < len(damage) {
				list[i] = damage[d](b)
			}
		}
		one := verify(list, VerifyOptions{Workers: 1, KeepFailures: 1000})
		three := verify(list, VerifyOptions{Workers: 3, KeepFailures: 1000})
		if !reflect.DeepEqual(one, three) {
			for i, f := range one.Failures {
				if i < len(three.Failures) && *f != *three.Failures[i] {
					t.Errorf("%+v, and with three workers %+v", *f, *three.Failures[i])
					break
				}
			}
			t.Fatal("the reports differ")
		}
	}
}

func TestFailuresNameTheBlockAsFarAsItIsKnown(t *testing.T) {
	blocks, _ := testJournal(t, 3)
	for _, c := range []struct {
		path  string
		to    ion.Value
		want  BlockAddress
		known bool
	}{
		{"blockAddress.strandId", ion.NewSymbol("another"), BlockAddress{"", 2}, true},
		{"blockAddress.strandId", ion.NewInt(1), BlockAddress{"", 2}, true},
		{"blockAddress.sequenceNo", ion.NewInt(-1), BlockAddress{}, false},
		{"blockAddress", ion.NewInt(1), BlockAddress{}, false},
	} {
		r := verify([]ion.Value{blocks[0], blocks[1], set(t, blocks[2], c.path, c.to)}, VerifyOptions{Workers: 1})
		if len(r.Failures) != 1 || r.Failures[0].Address != c.want || r.Failures[0].HasAddress != c.known {
			t.Errorf("%s %s: %+v", c.path, c.to, *r.Failures[0])
		}
	}
}
