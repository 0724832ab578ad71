package hashchain

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tallyledger/tally/hashchain/ion"
)

// partLedger is a small journal in which a user stored documents in the form of
// everything that is hashed, and all that is known of its hashes.
type partLedger struct {
	t      *testing.T
	r      *rand.Rand
	strand string
	target int  // the block that parts are to be shown as
	own    bool // it has this project's entry 0
	blocks []*partBlock
	pairs  map[Hash][2]Hash     // what Dot made of two hashes that are there
	known  map[Hash]ion.Value   // what Ion Hash made of a value
	texts  map[string]ion.Value // that were parsed
}

// partBlock is the truth about one block.
type partBlock struct {
	hash, entries   Hash
	list            []Hash
	id, time        string
	info, redaction string          // "" if absent
	revisions       map[string]bool // metadata and data of each
	hidden          int             // hash-only revisions
}

func (l *partLedger) value(text string) ion.Value {
	v, ok := l.texts[text]
	if !ok {
		var err error
		if v, err = ion.ParseText(text); err != nil {
			l.t.Fatal(err)
		}
		l.texts[text] = v
	}
	return v
}

func (l *partLedger) hash(text string) Hash {
	v := l.value(text)
	h := mustHash(l.t, v)
	l.known[h] = v
	return h
}

func (l *partLedger) dot(a, b Hash) Hash {
	h := Dot(a, b)
	if !a.IsEmpty() && !b.IsEmpty() {
		l.pairs[h] = [2]Hash{a, b}
	}
	return h
}

func (l *partLedger) root(list []Hash) Hash {
	if len(list) == 0 {
		return Hash{}
	}
	if len(list) == 1 {
		return list[0]
	}
	k := leftSize(len(list))
	return l.dot(l.root(list[:k]), l.root(list[k:]))
}

func (l *partLedger) random() Hash {
	var b [HashSize]byte
	for i := range b {
		b[i] = byte(l.r.Uint32())
	}
	return NewHash(b)
}

const (
	partInfo      = `{statements:[{statement:%q,startTime:2024-03-01T09:00:00.000Z,statementDigest:{{AAAA}}}]%s}`
	partRedaction = `{revisions:[{blockAddress:{strandId:"s",sequenceNo:0},tableId:"t",documentId:%q,version:0}]}`
	partMetadata  = `{id:%q,version:%d,txTime:2024-03-01T09:00:00.000Z,txId:%q}`
)

func (l *partLedger) entry(seq int, id, time string) string {
	return entryText(&Block{Address: BlockAddress{l.strand, uint64(seq)}, TransactionID: id, Timestamp: l.value(time)})
}

func documentsText(ids []string) string {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf("%s:{tableName:\"T\",tableId:\"t\",statements:[0]}", id))
	}
	if list == nil {
		return ""
	}
	return ",documents:{" + strings.Join(list, ",") + "}"
}

// commit makes a block of a random kind.
func (l *partLedger) commit() {
	seq := len(l.blocks)
	b := &partBlock{id: fmt.Sprintf("tx%d", seq), time: "2024-03-01T09:00:00.000Z", revisions: map[string]bool{}}
	var hashes []Hash
	var ids []string
	kind := l.r.IntN(8)
	if seq == 0 {
		kind = -1
	}
	if kind == 0 { // of the ledger's own
		hashes, b.hidden = append(hashes, l.random()), 1
	}
	if kind > 1 {
		for i := range 1 + l.r.IntN(5) {
			id := fmt.Sprintf("d%d", i)
			ids = append(ids, id)
			meta := fmt.Sprintf(partMetadata, id, seq, b.id)
			data := ""
			switch l.r.IntN(10) {
			case 0, 1, 2:
				data = l.entry(l.target, b.id, "1999-01-01T00:00:00.000Z")
			case 3, 4, 5:
				data = fmt.Sprintf(partInfo, "forged", documentsText([]string{"d0", "d1"}[:l.r.IntN(3)]))
			case 6:
				data = fmt.Sprintf(partRedaction, "forged")
			case 7:
				data = fmt.Sprintf("{a:%d}", i)
			}
			h := l.hash(meta)
			if data != "" {
				h = l.dot(h, l.hash(data))
			}
			hashes = append(hashes, h)
			b.revisions[revisionKey(l.value(meta), data != "", l.optional(data))] = true
		}
	}
	e0, e2 := l.random(), Hash{}
	if l.own {
		e0 = l.hash(l.entry(seq, b.id, b.time))
	}
	b.list = []Hash{e0, l.root(hashes), e2, {}}
	if kind >= 0 {
		b.list[2] = FormatHash()
		l.hash("{format:1}")
		b.info = fmt.Sprintf(partInfo, fmt.Sprint("of ", seq), documentsText(ids))
		b.list[3] = l.hash(b.info)
	}
	if kind == 1 || kind == 7 {
		b.redaction = fmt.Sprintf(partRedaction, fmt.Sprint("of ", seq))
		b.list = append(b.list, l.hash(b.redaction))
	}
	b.entries = l.root(b.list)
	b.hash = b.entries
	if seq > 0 {
		b.hash = l.dot(b.entries, l.blocks[seq-1].hash)
	}
	l.blocks = append(l.blocks, b)
}

func (l *partLedger) optional(text string) ion.Value {
	if text == "" {
		return ion.Value{}
	}
	return l.value(text)
}

func revisionKey(meta ion.Value, hasData bool, data ion.Value) string {
	if !hasData {
		return meta.String()
	}
	return meta.String() + " " + data.String()
}

// nodesAt calls with each node that stands that deep below root, and its proof.
func (l *partLedger) nodesAt(root Hash, depth int, proof Proof, with func(Hash, Proof)) {
	if depth == 0 {
		with(root, proof)
		return
	}
	if p, ok := l.pairs[root]; ok {
		l.nodesAt(p[0], depth-1, append(Proof{p[1]}, proof...), with)
		l.nodesAt(p[1], depth-1, append(Proof{p[0]}, proof...), with)
	}
}

// splits are the pairs of which Dot makes h, empty ones too.
func (l *partLedger) splits(h Hash) [][2]Hash {
	if h.IsEmpty() {
		return [][2]Hash{{}}
	}
	list := [][2]Hash{{h, {}}, {{}, h}}
	if p, ok := l.pairs[h]; ok {
		list = append(list, p, [2]Hash{p[1], p[0]})
	}
	return list
}

// lists are the entriesHashLists with that root.
func (l *partLedger) lists(root Hash) (lists [][]Hash) {
	four := func(h Hash, last ...Hash) {
		for _, s := range l.splits(h) {
			for _, a := range l.splits(s[0]) {
				for _, b := range l.splits(s[1]) {
					lists = append(lists, append([]Hash{a[0], a[1], b[0], b[1]}, last...))
				}
			}
		}
	}
	four(root)
	for _, s := range l.splits(root) {
		if v := l.known[s[1]]; !s[1].IsEmpty() && looksLikeRedactionInfo(v) {
			four(s[0], s[1])
		}
	}
	return lists
}

// revisions are the lists of revisions, as text, with that root.
func (l *partLedger) revisions(root Hash, deep bool) (list []string) {
	if root.IsEmpty() {
		return nil
	}
	isMeta := func(h Hash) bool { v, ok := l.known[h]; return ok && metadataOf(v, false).formed }
	one := "{hash:" + blobText(root)
	list = append(list, one+"}")
	if isMeta(root) {
		list = append(list, one+",metadata:"+l.known[root].String()+"}")
	}
	for _, p := range l.splits(root)[2:] {
		if isMeta(p[0]) {
			list = append(list, one+",dataHash:"+blobText(p[1])+",metadata:"+l.known[p[0]].String()+"}")
			if data, ok := l.known[p[1]]; ok {
				list = append(list, one+",data:"+data.String()+",metadata:"+l.known[p[0]].String()+"}")
			}
		}
		if deep {
			for _, a := range l.revisions(p[0], false) {
				for _, b := range l.revisions(p[1], false) {
					list = append(list, a+","+b)
				}
			}
			break
		}
	}
	return list
}

// isTrue reports whether a block is what a receipt says, as far as the counts do
// not leave it open. chained is set where the chain tells which block it is.
func (l *partLedger) isTrue(seq int, chained bool, b *Block, c *Counts) bool {
	for i, y := range l.blocks {
		if chained && i != seq || c.AddressBound > 0 && (i != seq || y.id != b.TransactionID || y.time != b.Timestamp.String()) {
			continue
		}
		text := func(v ion.Value) string {
			if v.IsZero() {
				return ""
			}
			return v.String()
		}
		same := func(shown ion.Value, is string, open int64) bool {
			return text(shown) == text(l.optional(is)) || shown.IsZero() && open > 0
		}
		ok := c.UnusualPositions > 0 || same(b.TransactionInfo, y.info, c.HiddenTransactionInfo) && same(b.RedactionInfo, y.redaction, c.HiddenRedactionInfo)
		// The ledger's own say nothing, and may be left out of a block of QLDB's.
		ok = ok && (b.Revisions.Len() > 0 || c.HiddenRevisions > 0 || len(y.revisions) == 0)
		for v := range b.Revisions.Elements() {
			r, _ := RevisionOf(v)
			switch r.Kind() {
			case WithData:
				ok = ok && (c.MetadataUntold > 0 || y.revisions[revisionKey(r.Metadata, true, r.Data)])
			case Deleted:
				ok = ok && (c.DeletionsUntold > 0 || y.revisions[revisionKey(r.Metadata, false, r.Metadata)])
			}
		}
		if ok {
			return true
		}
	}
	return false
}

// TestPartsShownAsBlocks tries all readings of what stands as deep in the tree
// as the proof of a block leads: none may pass that is not true, without being
// counted. The same holds for each block in a whole journal.
func TestPartsShownAsBlocks(t *testing.T) {
	passed, counted, tried := 0, 0, 0
	for seed := range uint64(120) {
		if testing.Short() && seed == 40 {
			break
		}
		l := &partLedger{t: t, r: rand.New(rand.NewPCG(seed, 1)), strand: newGoldenLedger(t).strand, own: seed%3 != 0,
			pairs: map[Hash][2]Hash{}, known: map[Hash]ion.Value{}, texts: map[string]ion.Value{}}
		size := 3 + int(seed%7)
		l.target = l.r.IntN(size)
		for range size {
			l.commit()
		}
		var leaves []Hash
		for _, b := range l.blocks {
			leaves = append(leaves, b.hash)
		}
		digest := &Digest{Hash: l.root(leaves), Tip: BlockAddress{l.strand, uint64(size - 1)}}
		for seq, b := range l.blocks {
			s := [2]Hash{b.entries}
			if seq > 0 {
				s[1] = l.blocks[seq-1].hash
			}
			for _, list := range l.lists(b.entries) {
				l.shown(seq, b.hash, s, list, func(text string) {
					c, failures := CheckBlock(l.value(text))
					if b, _ := BlockOf(l.value(text)); len(failures) == 0 && !l.isTrue(seq, true, b, &c) {
						t.Fatalf("seed %d: block %d in a journal: %s\n%+v", seed, seq, text, c)
					}
				})
			}
		}
		for _, seq := range []int{l.target} {
			l.nodesAt(digest.Hash, PathLen(uint64(seq), uint64(size)), nil, func(h Hash, proof Proof) {
				l.readings(seq, h, func(text string) {
					v := l.value(text)
					tried++
					r := (&Receipt{Block: v, Address: BlockAddress{l.strand, uint64(seq)}, HasAddress: true, Proof: proof, HasProof: true}).Check(digest)
					if r.Verdict != Verified {
						return
					}
					passed++
					b, err := BlockOf(v)
					if err != nil {
						t.Fatal(err)
					}
					switch {
					case r.Counts.BlocksUntold > 0 && (r.Counts.AddressBound == 0 || l.blocks[seq].time == b.Timestamp.String()):
						counted++
					case !l.isTrue(seq, false, b, &r.Counts):
						t.Fatalf("seed %d, %d blocks: block %d is not what a receipt says: %s\n%+v", seed, size, seq, text, r.Counts)
					}
				})
			})
		}
	}
	t.Logf("%d readings, of which %d passed and %d of them were counted", tried, passed, counted)
	if counted == 0 || passed == counted {
		t.Error("there is nothing to tell apart")
	}
}

// readings are the blocks that a hash can be shown as.
func (l *partLedger) readings(seq int, h Hash, with func(text string)) {
	splits := [][2]Hash{{h, {}}}
	if seq > 0 {
		splits = l.splits(h)[2:]
	}
	for _, s := range slices.Compact(splits) {
		for _, list := range l.lists(s[0]) {
			l.shown(seq, h, s, list, with)
		}
	}
}

func (l *partLedger) shown(seq int, h Hash, s [2]Hash, list []Hash, with func(text string)) {
	var entries []string
	for _, e := range list {
		entries = append(entries, blobText(e))
	}
	id, time := "unbound", "1999-01-01T00:00:00.000Z"
	if e, ok := l.known[list[entryAddress]]; ok && looksLikeEntry(e) {
		tx, _ := e.Field("transactionId")
		at, _ := e.Field("blockTimestamp")
		id, _ = tx.Text()
		time = at.String()
	}
	head := fmt.Sprintf("{blockAddress:%s,transactionId:%q,blockTimestamp:%s,blockHash:%s,entriesHash:%s,previousBlockHash:%s,entriesHashList:[%s]",
		BlockAddress{l.strand, uint64(seq)}, id, time, blobText(h), blobText(s[0]), blobText(s[1]), strings.Join(entries, ","))
	infos, redactions := []string{""}, ""
	if v, ok := l.known[list[entryTransactionInfo]]; ok && looksLikeTransactionInfo(v) {
		infos = append(infos, ",transactionInfo:"+v.String())
	}
	if len(list) == maxEntries {
		redactions = ",redactionInfo:" + l.known[list[entryRedactionInfo]].String()
	}
	for _, info := range infos {
		for _, revisions := range append(l.revisions(list[entryRevisions], true), "") {
			// Metadata with another transaction id than the block's is refused.
			head := head
			if id == "unbound" {
				if m := txIDPattern.FindStringSubmatch(revisions); m != nil {
					head = strings.Replace(head, `"unbound"`, `"`+m[1]+`"`, 1)
				}
			}
			if revisions != "" {
				revisions = ",revisions:[" + revisions + "]"
			}
			with(head + info + redactions + revisions + "}")
		}
	}
}

// TestHonestBlocksUntold counts of the golden journal's blocks, with proofs for
// every tip, those that have another reading: the first, which has no statements, and
// those with a single hash or deletion, where the path is long enough.
func TestHonestBlocksUntold(t *testing.T) {
	golden := makeGolden(t)
	var edge RightEdge
	for tip, v := range golden.blocks {
		b, err := BlockOf(v)
		if err != nil {
			t.Fatal(err)
		}
		edge.Append(b.Hash)
		digest := &Digest{Hash: edge.Root(), Tip: b.Address}
		for seq := range tip + 1 {
			proof, err := ProveBlock(golden.nodes, uint64(seq), uint64(tip))
			if err != nil {
				t.Fatal(err)
			}
			r := (&Receipt{Block: golden.blocks[seq], Address: BlockAddress{golden.strand, uint64(seq)}, HasAddress: true, Proof: proof, HasProof: true}).Check(digest)
			below := len(proof) - PathLen(uint64(tip), uint64(tip+1))
			want := seq == 0 && below > 0 || (seq == 1 || seq == 5) && below > 1 || seq == 3 && tip == 4 && below == 2
			if r.Verdict != Verified || r.Counts.BlocksUntold > 0 != want || (r.Counts.AddressBound == 0) != (want && seq != 3) {
				t.Errorf("block %d, tip %d: %s, %+v", seq, tip, r.Verdict, r.Counts)
			}
			r = (&Receipt{Block: golden.blocks[seq], Address: BlockAddress{golden.strand, uint64(seq)}, HasAddress: true}).Check(digest)
			if r.Verdict != Undecided || r.Counts.BlocksUntold > 0 || r.Counts.AddressBound == 0 {
				t.Errorf("block %d, tip %d, without a proof: %s, %+v", seq, tip, r.Verdict, r.Counts)
			}
		}
	}
}
