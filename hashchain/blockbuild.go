package hashchain

import (
	"fmt"
	"sync"
	"time"

	"github.com/tallyledger/tally/hashchain/ion"
)

// BlockParts is what a block is built from.
type BlockParts struct {
	Address       BlockAddress
	TransactionID string
	Timestamp     time.Time // blockTimestamp; milliseconds count, the rest is cut off
	TxTime        time.Time // metadata.txTime of all revisions; Timestamp if zero

	PreviousBlockHash Hash // empty only for the first block of a strand

	// Statements of the transaction in order, reading ones too. Without any the
	// block is one of the ledger's own: it has no transactionInfo.
	Statements []Statement
	Documents  []DocumentChange // in the order to be written; none leaves the section out
	Redactions []Redaction      // none leaves redactionInfo out
	Revisions  []RevisionParts  // in the order to be written; none leaves the section out

	// Internal goes to entriesHashList[2], which stands for whatever the ledger
	// wants to bind and does not show: FormatHash, or a hash that includes it.
	// Empty leaves the position empty, as in the first block.
	Internal Hash
}

// FormatHash is the hash of {format:1}, the version of the rules by which this
// package builds blocks.
var FormatHash = sync.OnceValue(func() Hash {
	var w ion.Writer
	w.BeginStruct()
	w.Field("format").Int(1)
	w.End()
	v, _ := w.Build()
	h, _ := IonHash(v)
	return h
})

// Statement is one statement of transactionInfo.
type Statement struct {
	Text      string
	StartTime time.Time
	Digest    Hash // see StatementDigest
}

// DocumentChange says which statements changed a document: their indexes in
// Statements, once a change, in order, not deduplicated.
type DocumentChange struct {
	DocumentID string
	TableName  string
	TableID    string
	Statements []int
}

// Redaction names one revision whose data a transaction orders to be removed.
type Redaction struct {
	Address    BlockAddress
	TableID    string
	DocumentID string
	Version    int64
}

// RevisionParts is one revision of a block to be built. Its metadata is made from
// the id and version here, and from the time and id of the transaction.
type RevisionParts struct {
	DocumentID string
	Version    int64
	Data       ion.Value // zero for a deletion
	DataHash   Hash      // Ion Hash of Data; empty for a deletion

	// HashOnly makes a revision of the ledger's own, of which the block shows
	// this hash and nothing else.
	HashOnly Hash
}

// BuiltBlock is a block as it is to be stored, with the hashes in it.
type BuiltBlock struct {
	Address           BlockAddress
	Bytes             []byte // Ion binary: version marker, symbol table, the struct
	Hash              Hash
	EntriesHash       Hash
	PreviousBlockHash Hash
	EntriesHashList   []Hash
	RevisionHashes    []Hash
}

// BlockBuilder builds blocks and keeps the memory that it works in. The zero
// BlockBuilder is ready. It must not be used by two goroutines at once.
type BlockBuilder struct {
	out      ion.Writer
	part     ion.Writer // redactionInfo, which is hashed before it is written
	address  addressHasher
	info     infoHasher
	metadata metadataHasher
}

// Build makes the block: it hashes the metadata of the revisions,
// transactionInfo and redactionInfo, combines the hashes and writes everything
// once. Hashes of data and digests of statements are taken as given. The
// result shares no memory with the builder.
func (bb *BlockBuilder) Build(in *BlockParts) (*BuiltBlock, error) {
	if in.TransactionID == "" || in.Address.StrandID == "" {
		return nil, fmt.Errorf("hashchain: block %d needs a strand id and a transaction id", in.Address.SequenceNo)
	}
	if n := len(in.Address.StrandID); n > MaxStrandID {
		return nil, fmt.Errorf("hashchain: a strand id of %d bytes is too long: at most %d are read back", n, MaxStrandID)
	}
	hashes := make([]Hash, 0, entryRedactionInfo+1+len(in.Revisions))
	list := hashes[: entryTransactionInfo+1 : entryRedactionInfo+1]
	out := &BuiltBlock{Address: in.Address, PreviousBlockHash: in.PreviousBlockHash}
	out.RevisionHashes = hashes[entryRedactionInfo+1 : entryRedactionInfo+1]
	times := times{block: ion.NewTimestamp(in.Timestamp), tx: ion.NewTimestamp(in.Timestamp)}
	if !in.TxTime.IsZero() {
		times.tx = ion.NewTimestamp(in.TxTime)
	}
	if err := bb.hashRevisions(in, out, times); err != nil {
		return nil, err
	}
	list[entryAddress] = bb.address.hash(in.Address, in.TransactionID, ion.FromTimestamp(times.block))
	list[entryRevisions] = Root(out.RevisionHashes)
	list[entryInternal] = in.Internal
	if len(in.Statements) > 0 {
		list[entryTransactionInfo] = bb.info.hash(in)
	}
	var redaction ion.Value
	var err error
	if len(in.Redactions) > 0 {
		var h Hash
		if redaction, h, err = bb.section(func(w *ion.Writer) { writeRedactionInfo(w, in.Redactions) }); err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	out.EntriesHashList = list
	out.EntriesHash = Root(list)
	out.Hash = Dot(out.EntriesHash, in.PreviousBlockHash)
	out.Bytes, err = bb.write(in, out, times, redaction)
	return out, err
}

type times struct{ block, tx ion.Timestamp }

func (bb *BlockBuilder) hashRevisions(in *BlockParts, out *BuiltBlock, t times) error {
	bb.metadata.block(t.tx, in.TransactionID)
	for i := range in.Revisions {
		r := &in.Revisions[i]
		if !r.HashOnly.IsEmpty() {
			out.RevisionHashes = append(out.RevisionHashes, r.HashOnly)
			continue
		}
		if r.Data.IsZero() != r.DataHash.IsEmpty() {
			return fmt.Errorf("hashchain: revision of document %s: data and its hash must both be given, or neither for a deletion", r.DocumentID)
		}
		out.RevisionHashes = append(out.RevisionHashes, Dot(bb.metadata.hash(r.DocumentID, r.Version), r.DataHash))
	}
	return nil
}

// section writes one section aside and returns it with its hash.
func (bb *BlockBuilder) section(write func(*ion.Writer)) (ion.Value, Hash, error) {
	bb.part.Reset()
	write(&bb.part)
	v, err := bb.part.Build()
	if err != nil {
		return v, Hash{}, err
	}
	h, err := IonHash(v)
	return v, h, err
}

// write writes the whole block in QLDB's order of fields.
func (bb *BlockBuilder) write(in *BlockParts, out *BuiltBlock, t times, redaction ion.Value) ([]byte, error) {
	w := &bb.out
	w.Reset()
	w.BeginStruct()
	w.Field("blockAddress")
	in.Address.WriteIon(w)
	w.Field("transactionId").String(in.TransactionID)
	w.Field("blockTimestamp").Timestamp(t.block)
	w.Field("blockHash").Blob(out.Hash.view())
	w.Field("entriesHash").Blob(out.EntriesHash.view())
	w.Field("previousBlockHash").Blob(out.PreviousBlockHash.view())
	w.Field("entriesHashList")
	writeHashes(w, out.EntriesHashList)
	if len(in.Statements) > 0 {
		w.Field("transactionInfo")
		writeTransactionInfo(w, in)
	}
	if !redaction.IsZero() {
		w.Field("redactionInfo").Value(redaction)
	}
	if len(in.Revisions) > 0 {
		w.Field("revisions")
		w.BeginList()
		for i := range in.Revisions {
			writeRevision(w, in, &in.Revisions[i], out.RevisionHashes[i], t)
		}
		w.End()
	}
	w.End()
	return w.Bytes()
}

func writeRevision(w *ion.Writer, in *BlockParts, r *RevisionParts, h Hash, t times) {
	w.BeginStruct()
	if !r.HashOnly.IsEmpty() {
		w.Field("hash").Blob(h.view())
		w.End()
		return
	}
	w.Field("blockAddress")
	in.Address.WriteIon(w)
	w.Field("hash").Blob(h.view())
	if !r.Data.IsZero() {
		w.Field("data").Value(r.Data)
	}
	w.Field("metadata")
	writeMetadata(w, in, r, t)
	w.End()
}

func writeMetadata(w *ion.Writer, in *BlockParts, r *RevisionParts, t times) {
	w.BeginStruct()
	w.Field("id").String(r.DocumentID)
	w.Field("version").Int(r.Version)
	w.Field("txTime").Timestamp(t.tx)
	w.Field("txId").String(in.TransactionID)
	w.End()
}

func writeTransactionInfo(w *ion.Writer, in *BlockParts) {
	w.BeginStruct()
	w.Field("statements")
	w.BeginList()
	var start ion.Timestamp
	var ms int64
	for i := range in.Statements {
		s := &in.Statements[i]
		if now := s.StartTime.UnixMilli(); i == 0 || now != ms {
			ms, start = now, ion.NewTimestamp(s.StartTime)
		}
		w.BeginStruct()
		w.Field("statement").String(s.Text)
		w.Field("startTime").Timestamp(start)
		w.Field("statementDigest").Blob(s.Digest.view())
		w.End()
	}
	w.End()
	if len(in.Documents) > 0 {
		w.Field("documents")
		writeDocuments(w, in.Documents)
	}
	w.End()
}

func writeDocuments(w *ion.Writer, docs []DocumentChange) {
	w.BeginStruct()
	for i := range docs {
		d := &docs[i]
		w.Field(d.DocumentID)
		w.BeginStruct()
		w.Field("tableName").String(d.TableName)
		w.Field("tableId").String(d.TableID)
		w.Field("statements")
		w.BeginList()
		for _, n := range d.Statements {
			w.Int(int64(n))
		}
		w.End()
		w.End()
	}
	w.End()
}

func writeRedactionInfo(w *ion.Writer, list []Redaction) {
	w.BeginStruct()
	w.Field("revisions")
	w.BeginList()
	for i := range list {
		list[i].WriteIon(w)
	}
	w.End()
	w.End()
}

// WriteIon writes the struct {blockAddress, tableId, documentId, version}, as
// redactionInfo and the answer of REDACT_REVISION have it.
func (r *Redaction) WriteIon(w *ion.Writer) {
	w.BeginStruct()
	w.Field("blockAddress")
	r.Address.WriteIon(w)
	w.Field("tableId").String(r.TableID)
	w.Field("documentId").String(r.DocumentID)
	w.Field("version").Int(r.Version)
	w.End()
}
