package hashchain

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// forgery is the golden journal as text, one block each, to be changed so that
// the digest still holds.
type forgery struct {
	t      *testing.T
	blocks []string
	digest *Digest
}

func newForgery(t *testing.T) *forgery {
	golden := makeGolden(t)
	digest := golden.digest()
	f := &forgery{t: t, digest: &digest}
	for _, b := range golden.blocks {
		f.blocks = append(f.blocks, b.String())
	}
	return f
}

// sub replaces text that must be there.
func (f *forgery) sub(block int, old, new string) {
	f.t.Helper()
	if !strings.Contains(f.blocks[block], old) {
		f.t.Fatalf("block %d has no %s", block, old)
	}
	f.blocks[block] = strings.Replace(f.blocks[block], old, new, 1)
}

var (
	listPattern      = regexp.MustCompile(`entriesHashList:\[(.*?)\]`)
	revisionsPattern = regexp.MustCompile(`,revisions:\[.*\]`)
	infoPattern      = regexp.MustCompile(`,transactionInfo:(\{.*?\})(,revisions|,redactionInfo|\}$)`)
	dataPattern      = regexp.MustCompile(`data:(\{order.*?\}),metadata:(\{.*?\})\}`)
)

func (f *forgery) match(block int, p *regexp.Regexp) []string {
	f.t.Helper()
	m := p.FindStringSubmatch(f.blocks[block])
	if m == nil {
		f.t.Fatalf("block %d has no %s", block, p)
	}
	return m
}

func (f *forgery) value(text string) ion.Value {
	f.t.Helper()
	v, err := ion.ParseText(text)
	if err != nil {
		f.t.Fatal(err)
	}
	return v
}

func (f *forgery) hash(text string) Hash { return mustHash(f.t, f.value(text)) }

// parts are the data and metadata of the only revision of block 3.
func (f *forgery) parts() (data, metadata string) {
	m := f.match(3, dataPattern)
	return m[1], m[2]
}

func (f *forgery) info(block int) string { return f.match(block, infoPattern)[1] }

func (f *forgery) entries(block int) []Hash {
	b, err := BlockOf(f.value(f.blocks[block]))
	if err != nil {
		f.t.Fatal(err)
	}
	return slices.Clone(b.EntriesHashList)
}

func blobText(h Hash) string { return "{{" + h.Base64() + "}}" }

func (f *forgery) setEntries(block int, list ...Hash) {
	var text []string
	for _, h := range list {
		text = append(text, blobText(h))
	}
	f.sub(block, f.match(block, listPattern)[0], "entriesHashList:["+strings.Join(text, ",")+"]")
}

func (f *forgery) setRevisions(block int, list string) {
	f.sub(block, f.match(block, revisionsPattern)[0], ",revisions:["+list+"]")
}

func (f *forgery) drop(block int, p *regexp.Regexp) { f.sub(block, f.match(block, p)[0], "") }

func (f *forgery) dropInfo(block int) {
	f.sub(block, ",transactionInfo:"+f.info(block), "")
}

// forgeries are changes that no hash notices. Each must be refused, where want
// is "", or counted under the name want.
var forgeries = []struct {
	name  string
	want  string
	forge func(f *forgery)
}{
	{"an empty list of revisions", "hiddenRevisions", func(f *forgery) { f.setRevisions(3, "") }},
	{"no list of revisions", "hiddenRevisions", func(f *forgery) { f.drop(3, revisionsPattern) }},
	{"an entry folded over the revisions", "hiddenRevisions", func(f *forgery) {
		e := f.entries(3)
		f.drop(3, revisionsPattern)
		f.setEntries(3, Dot(e[0], e[1]), Hash{}, e[2], e[3])
	}},
	{"an entry folded over the statements", "hiddenTransactionInfo", func(f *forgery) {
		e := f.entries(3)
		f.dropInfo(3)
		f.setEntries(3, e[0], e[1], Dot(e[2], e[3]), Hash{})
	}},
	{"a list of three", "unusualLists", func(f *forgery) {
		e := f.entries(3)
		f.dropInfo(3)
		f.setEntries(3, e[0], e[1], Dot(e[2], e[3]))
	}},
	{"a list of one", "unusualLists", func(f *forgery) {
		e := f.entries(3)
		f.dropInfo(3)
		f.drop(3, revisionsPattern)
		f.setEntries(3, Root(e))
	}},
	{"a list of five whose last is not of a redaction", "unusualLists", func(f *forgery) {
		f.setEntries(3, append(f.entries(3), Hash{})...)
	}},
	{"exchanged entries", "unusualPositions", func(f *forgery) {
		e := f.entries(3)
		f.setEntries(3, e[1], e[0], e[2], e[3])
	}},
	{"an unfolded list with the data as transactionInfo", "", func(f *forgery) {
		e := f.entries(3)
		data, meta := f.parts()
		f.drop(3, revisionsPattern)
		f.sub(3, "transactionInfo:"+f.info(3), "transactionInfo:"+data)
		f.setEntries(3, e[0], Hash{}, f.hash(meta), f.hash(data), Hash{}, e[2], Hash{}, e[3])
	}},
	{"the unfolded list of five with the data as transactionInfo", "", func(f *forgery) {
		e := f.entries(3)
		data, meta := f.parts()
		f.drop(3, revisionsPattern)
		f.sub(3, "transactionInfo:"+f.info(3), "transactionInfo:"+data)
		f.setEntries(3, e[0], Hash{}, f.hash(meta), f.hash(data), Dot(e[2], e[3]))
	}},
	{"a copy of transactionInfo as redactionInfo", "", func(f *forgery) {
		info := f.info(3)
		f.sub(3, ",revisions:", ",redactionInfo:"+info+",revisions:")
	}},
	{"the format as transactionInfo", "", func(f *forgery) { f.sub(3, f.info(3), "{format:1}") }},
	{"the format as redactionInfo", "", func(f *forgery) { f.sub(3, ",revisions:", ",redactionInfo:{format:1},revisions:") }},
	{"the format as a deletion", "", func(f *forgery) {
		f.setRevisions(3, "{hash:"+blobText(FormatHash())+",metadata:{format:1}}")
	}},
	{"transactionInfo as a deletion", "", func(f *forgery) {
		info := f.info(3)
		f.setRevisions(3, "{hash:"+blobText(f.hash(info))+",metadata:"+info+"}")
		f.dropInfo(3)
	}},
	{"a block without entries", "", func(f *forgery) {
		hash := f.match(6, regexp.MustCompile(`blockHash:(\{\{.*?\}\})`))[1]
		f.blocks = append(f.blocks, fmt.Sprintf(`{blockAddress:{strandId:%q,sequenceNo:7},transactionId:"x",blockTimestamp:2024-03-02T00:00:00.000Z,blockHash:%[2]s,entriesHash:{{}},previousBlockHash:%[2]s,entriesHashList:[{{}},{{}},{{}},{{}}]}`, newGoldenLedger(f.t).strand, hash))
	}},
	{"a second copy with exchanged hashes", "", func(f *forgery) {
		b, _ := BlockOf(f.value(f.blocks[3]))
		again := forgery{t: f.t, blocks: []string{f.blocks[3]}}
		again.sub(0, "entriesHash:"+blobText(b.EntriesHash), "entriesHash:"+blobText(b.PreviousBlockHash))
		again.sub(0, "previousBlockHash:"+blobText(b.PreviousBlockHash), "previousBlockHash:"+blobText(b.EntriesHash))
		again.setEntries(0, b.PreviousBlockHash, Hash{}, Hash{}, Hash{})
		again.dropInfo(0)
		again.drop(0, revisionsPattern)
		f.blocks = append(f.blocks, again.blocks[0])
	}},
	{"a block before the first", "", func(f *forgery) {
		e := f.entries(0)
		f.sub(0, "entriesHashList", "comment")
		f.sub(0, "previousBlockHash:{{}}", "entriesHashList:["+blobText(e[0])+"],previousBlockHash:{{AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}}")
	}},
	{"data and metadata exchanged", "", func(f *forgery) {
		data, meta := f.parts()
		f.sub(3, "data:"+data+",metadata:"+meta, "data:"+meta+",metadata:"+data)
	}},
	{"an annotated section that is null", "annotations", func(f *forgery) { f.sub(3, "transactionInfo:", "redactionInfo:approved::null,transactionInfo:") }},
	{"an annotated block", "annotations", func(f *forgery) { f.blocks[3] = "approved::" + f.blocks[3] }},
	{"an annotated address", "annotations", func(f *forgery) { f.sub(3, "blockAddress:", "blockAddress:approved::") }},
	{"an annotated number", "annotations", func(f *forgery) { f.sub(3, "sequenceNo:3", "sequenceNo:approved::3") }},
	{"an annotated list of revisions", "annotations", func(f *forgery) { f.sub(3, "revisions:", "revisions:approved::") }},
	{"an annotated revision", "annotations", func(f *forgery) { f.sub(3, "revisions:[", "revisions:[approved::") }},
	{"an annotated blockHash", "", func(f *forgery) { f.sub(3, "blockHash:", "blockHash:approved::") }},
	{"an annotated entry", "", func(f *forgery) { f.sub(3, "entriesHashList:[", "entriesHashList:[approved::") }},
	{"a strand as a symbol", "", func(f *forgery) {
		strand := newGoldenLedger(f.t).strand
		f.sub(3, `strandId:"`+strand+`"`, "strandId:'"+strand+"'")
	}},
	{"a revision without its data, which is the next revision", "deletionsUntold", func(f *forgery) {
		data, meta := f.parts()
		f.setRevisions(3, fmt.Sprintf("{hash:%s,metadata:%s},{hash:%s}", blobText(f.hash(meta)), meta, blobText(f.hash(data))))
	}},
	{"a deletion without the statements", "deletionsUntold", func(f *forgery) { f.dropInfo(5) }},
	{"a redaction without the statements", "metadataUntold", func(f *forgery) { f.dropInfo(2) }},
	{"a deletion shown as live, with entry 0 for data", "metadataUntold", entryAsData},
	{"and the list that it takes", "unusualLists", entryAsData},
	{"and with the halves of the list exchanged", "metadataUntold", func(f *forgery) {
		entryAsData(f)
		e := f.entries(5)
		f.setEntries(5, e[2], e[3], Hash{}, e[1])
	}},
	{"metadata exchanged for data of its form with its ids, shown as redacted", "metadataUntold", func(f *forgery) {
		_, meta := f.parts()
		stored := strings.Replace(meta, "version:1", "version:99", 1)
		f.store(3, stored)
		hash := Dot(f.hash(meta), f.hash(stored))
		f.setRevisions(3, "{hash:"+blobText(hash)+",dataHash:"+blobText(f.hash(meta))+",metadata:"+stored+"}")
	}},
	{"a deletion whose documents are others", "deletionsUntold", func(f *forgery) {
		e := f.entries(5)
		f.sub(5, f.info(5), f.info(3))
		e[3] = f.hash(f.info(3))
		f.setEntries(5, e...)
		f.rehash(5)
	}},
	{"two deletions shown as one revision", "metadataUntold", func(f *forgery) {
		e := f.entries(5)
		old := dataless.FindStringSubmatch(f.blocks[5])[1]
		other := strings.Replace(old, "version:1", "version:2", 1)
		hash := Dot(f.hash(old), f.hash(other))
		f.setRevisions(5, fmt.Sprintf("{hash:%s,data:%s,metadata:%s}", blobText(hash), old, other))
		e[1] = hash
		f.setEntries(5, e...)
		f.rehash(5)
	}},
	{"revisions shown as one hash", "hashOnly", func(f *forgery) {
		e := f.entries(2)
		f.setRevisions(2, "{hash:"+blobText(e[1])+"}")
	}},
	{"exchanged revisions", "orderUntold", func(f *forgery) {
		b, _ := BlockOf(f.value(f.blocks[2]))
		one, _ := b.Revisions.Index(0)
		two, _ := b.Revisions.Index(1)
		f.setRevisions(2, two.String()+","+one.String())
	}},
	{"annotated metadata beside a hash as a string", "", func(f *forgery) {
		h := f.match(3, regexp.MustCompile(`blockHash:\{\{(.*?)\}\}`))
		f.sub(3, h[0], `blockHash:"`+h[1]+`"`)
		f.sub(3, "metadata:{", "metadata:approved::{")
	}},
}

// entryAsData shows the deletion in block 5 as a live revision: entry 0, which
// everybody can write down, is put in the place of data.
func entryAsData(f *forgery) {
	e := f.entries(5)
	b, _ := BlockOf(f.value(f.blocks[5]))
	entry := entryText(b)
	if f.hash(entry) != e[0] {
		f.t.Fatal("entry 0 is not as expected")
	}
	meta := dataless.FindStringSubmatch(f.blocks[5])[1]
	hash := Dot(f.hash(meta), e[0])
	f.setEntries(5, Hash{}, hash, e[2], e[3])
	f.setRevisions(5, "{hash:"+blobText(hash)+",data:"+entry+",metadata:"+meta+"}")
}

// entryText is what entry 0 of a block is the hash of.
func entryText(b *Block) string {
	previous := "null"
	if b.Address.SequenceNo > 0 {
		previous = BlockAddress{b.Address.StrandID, b.Address.SequenceNo - 1}.String()
	}
	return fmt.Sprintf("{blockAddress:%s,transactionId:%q,blockTimestamp:%s,previousBlockAddress:%s}", b.Address, b.TransactionID, b.Timestamp, previous)
}

// store makes a revision with other data, honestly, of the only one of block 3.
func (f *forgery) store(block int, data string) {
	_, meta := f.parts()
	hash := Dot(f.hash(meta), f.hash(data))
	f.setRevisions(block, "{hash:"+blobText(hash)+",data:"+data+",metadata:"+meta+"}")
	e := f.entries(block)
	e[1] = hash
	f.setEntries(block, e...)
	f.rehash(block)
}

var txIDPattern = regexp.MustCompile(`txId:"(.*?)"\}`)

var dataless = regexp.MustCompile(`metadata:(\{.*?\})\}`)

// rehash makes the hashes of a block and of all after it anew: the ledger's own
// forgery, or another journal.
func (f *forgery) rehash(block int) {
	var previous Hash
	f.digest = &Digest{Tip: f.digest.Tip}
	var edge RightEdge
	for i, text := range f.blocks {
		b, _ := BlockOf(f.value(text))
		if i >= block {
			eh := Root(b.EntriesHashList)
			f.sub(i, "entriesHash:"+blobText(b.EntriesHash), "entriesHash:"+blobText(eh))
			f.sub(i, "previousBlockHash:"+blobText(b.PreviousBlockHash), "previousBlockHash:"+blobText(previous))
			f.sub(i, "blockHash:"+blobText(b.Hash), "blockHash:"+blobText(Dot(eh, previous)))
			b.Hash = Dot(eh, previous)
		}
		previous = b.Hash
		edge.Append(b.Hash)
	}
	f.digest.Hash = edge.Root()
}

// notInGolden are the counts that the golden journal has none of.
var notInGolden = []string{
	"hiddenTransactionInfo", "hiddenRedactionInfo", "hiddenRevisions", "unusualPositions", "unusualLists", "deletionsUntold", "blocksUntold", "extraFields", "annotations",
}

// alreadySaid are the forgeries of something that the golden journal has too, and
// of which the line is there anyway.
var alreadySaid = []string{"exchanged revisions", "revisions shown as one hash", "a redaction without the statements"}

func TestForgeries(t *testing.T) {
	golden := makeGolden(t)
	digest := golden.digest()
	r := verify(golden.blocks, VerifyOptions{Digest: &digest})
	for _, name := range notInGolden {
		if countNamed(t, &r.Counts, name) != 0 {
			t.Errorf("the golden journal has %s", name)
		}
	}
	if !r.OK() || !r.DigestChecked {
		t.Fatalf("the golden journal: %v", r.Failures)
	}
	for _, c := range forgeries {
		t.Run(c.name, func(t *testing.T) {
			f := newForgery(t)
			c.forge(f)
			blocks := make([]ion.Value, len(f.blocks))
			for i, b := range f.blocks {
				blocks[i] = f.value(b)
			}
			got := verify(blocks, VerifyOptions{Digest: f.digest})
			if c.want == "" {
				if got.Failed == 0 {
					t.Errorf("it is not refused: %+v", got.Counts)
				}
				return
			}
			if got.Failed > 0 || !got.DigestChecked {
				t.Errorf("it is refused, and was not before: %v", got.Failures)
			}
			// What the golden journal has some of is said of it already.
			if n := countNamed(t, &got.Counts, c.want); n == 0 || n <= countNamed(t, &r.Counts, c.want) && !slices.Contains(alreadySaid, c.name) {
				t.Errorf("%d %s", n, c.want)
			}
		})
	}
}

// TestForgedReceipts changes a receipt so that its proof still holds.
func TestForgedReceipts(t *testing.T) {
	golden := makeGolden(t)
	digest := golden.digest()
	f := newForgery(t)
	data, meta := f.parts()
	info := f.info(3)
	e := f.entries(3)
	address := BlockAddress{golden.strand, 3}.String()
	honest := golden.receipt(3, 0)
	revision := func(hash Hash, rest string) string {
		return fmt.Sprintf("{blockAddress:%s,hash:%s,%s}", address, blobText(hash), rest)
	}
	block5, _ := BlockOf(f.value(f.blocks[5]))
	deleted := func(block int, data string) string {
		meta := dataless.FindStringSubmatch(f.blocks[block])[1]
		return fmt.Sprintf("{blockAddress:%s,hash:%s,data:%s,metadata:%s}", block5.Address, blobText(Dot(f.hash(meta), f.hash(data))), data, meta)
	}
	longest := make(Proof, 20)
	for i := range longest {
		longest[i] = leaf(i)
	}
	for _, c := range []struct {
		name, revision string
		proof          Proof
		want           string
	}{
		{"data and metadata exchanged", revision(Dot(f.hash(data), f.hash(meta)), "data:"+meta+",metadata:"+data), honest.Proof, ""},
		{"data as a deletion", revision(f.hash(data), "metadata:"+data), append(Proof{f.hash(meta)}, honest.Proof...), ""},
		{"transactionInfo as a deletion", revision(f.hash(info), "metadata:"+info), append(Proof{e[2], Dot(e[0], e[1])}, honest.Proof[2:]...), ""},
		{"shown as deleted", revision(f.hash(meta), "metadata:"+meta), append(Proof{f.hash(data)}, honest.Proof...), "deletionsUntold"},
		{"a deletion as live, with entry 0 for data", deleted(5, entryText(block5)), golden.receipt(5, 0).Proof[1:], "metadataUntold"},
		{"shown as redacted", revision(Dot(f.hash(data), f.hash(meta)), "dataHash:"+blobText(f.hash(data))+",metadata:"+meta), honest.Proof, "metadataUntold"},
		{"the digest as a revision", "{hash:" + blobText(digest.Hash) + "}", Proof{}, "proofShape"},
		{"a proof without the block before", honest.Revision.String(), append(slices.Clone(honest.Proof[:3]), honest.Proof[4:]...), "proofShape"},
		{"a proof too long", honest.Revision.String(), append(longest, honest.Proof...), "proofShape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			seq := uint64(3)
			if strings.Contains(c.revision, block5.Address.String()) {
				seq = 5
			}
			r := (&Receipt{Revision: f.value(c.revision), Proof: c.proof, HasProof: true, Address: BlockAddress{golden.strand, seq}, HasAddress: !strings.HasPrefix(c.revision, "{hash:")}).Check(&digest)
			switch {
			case c.want == "" || c.want == string(RuleProofShape):
				if got := rules(r.Failures); r.Verdict != Refused || c.want != "" && !slices.Contains(got, RuleProofShape) {
					t.Errorf("it is %s, %v: %+v", r.Verdict, got, r.Counts)
				}
			case r.Verdict != Verified || countNamed(t, &r.Counts, c.want) != 1:
				t.Errorf("it is %s, %v: %+v", r.Verdict, r.Failures, r.Counts)
			}
		})
	}
	if r := honest.Check(&digest); r.Verdict != Verified || r.Counts.MetadataUntold+r.Counts.DeletionsUntold > 0 {
		t.Errorf("the honest receipt is %s, %v: %+v", r.Verdict, r.Failures, r.Counts)
	}
}

// TestSummariesInReceipts: the answer of GetBlock never has summaries, of which no
// hash covers the document's id.
func TestSummariesInReceipts(t *testing.T) {
	golden := makeGolden(t)
	digest := golden.digest()
	f := newForgery(t)
	hash := regexp.MustCompile(`,hash:(\{\{.*?\}\}),data`).FindStringSubmatch(f.blocks[3])[1]
	f.setRevisions(3, "")
	f.sub(3, "revisions:[]", "revisionSummaries:[{hash:"+hash+`,documentId:"FORGED"}]`)
	receipt := golden.blockReceipt(3)
	if r := receipt.Check(&digest); r.Verdict != Verified {
		t.Fatalf("the honest block: %s, %v", r.Verdict, r.Failures)
	}
	receipt.Block = f.value(f.blocks[3])
	if r := receipt.Check(&digest); r.Verdict != Refused || !slices.Equal(rules(r.Failures), []Rule{RuleShape}) {
		t.Errorf("%s, %v, want that it is refused for its shape alone", r.Verdict, r.Failures)
	}
}

// TestMetadataAsDataInJSON gives a revision of a JSON export whose data is what
// JSON makes of metadata.
func TestMetadataAsDataInJSON(t *testing.T) {
	const part = `{id:%q,version:0,txTime:%s,txId:"t"}`
	f := &forgery{t: t}
	timed := func(id string) string { return fmt.Sprintf(part, id, "2024-03-01T09:06:00.000Z") }
	hash := Dot(f.hash(timed("a")), f.hash(timed("b")))
	text := fmt.Sprintf(`{hash:%q,data:`+part+`,metadata:`+part+`}`, hash.Base64(), "a", `"2024-03-01T09:06:00.000Z"`, "b", `"2024-03-01T09:06:00.000Z"`)
	c, failures := CheckRevision(f.value(text))
	if len(failures) > 0 || c.DataUndecided != 0 || c.MetadataUntold != 1 {
		t.Errorf("%v, %+v", failures, c)
	}
}

// TestDataThatIsNoStruct: what Dot hashes can be what the Ion Hash of a blob hashes,
// so that a neighbour in the tree can be shown as data.
func TestDataThatIsNoStruct(t *testing.T) {
	const meta = `{id:"a",version:0,txTime:2024-03-01T09:06:00.000Z,txId:"t"}`
	f := &forgery{t: t}
	for data, want := range map[string]int64{"{{AAAA}}": 1, "7": 1, "[1]": 1, "{a:7}": 0, "{id:\"a\"}": 0} {
		hash := Dot(f.hash(meta), f.hash(data))
		c, failures := CheckRevision(f.value("{hash:" + blobText(hash) + ",data:" + data + ",metadata:" + meta + "}"))
		if len(failures) > 0 || c.MetadataUntold != want {
			t.Errorf("%s: %v, %+v", data, failures, c)
		}
	}
}

// countNamed is a count by its name in JSON.
func countNamed(t *testing.T, c *Counts, name string) int64 {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]int64
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	n, ok := m[name]
	if !ok {
		t.Fatalf("there is no count %s", name)
	}
	return n
}
