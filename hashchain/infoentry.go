package hashchain

import (
	"crypto/sha256"

	"github.com/tallyledger/tally/hashchain/ion"
)

// infoHasher computes the Ion Hash of transactionInfo as [BlockBuilder] writes
// it. Statements of one transaction often share their text and their
// millisecond, so the hashes of the last of both are kept.
type infoHasher struct {
	fieldHasher
	list      []byte // the serialised statements
	documents [][32]byte
}

// Serialised field names.
const (
	symStatements = "\x0b\x70statements\x0e"
	symDocuments  = "\x0b\x70documents\x0e"
	symStatement  = "\x0b\x70statement\x0e"
	symStartTime  = "\x0b\x70startTime\x0e"
	symDigest     = "\x0b\x70statementDigest\x0e"
	symTableName  = "\x0b\x70tableName\x0e"
	symTableID    = "\x0b\x70tableId\x0e"
)

func (h *infoHasher) hash(in *BlockParts) Hash {
	statements := h.statements(in.Statements)
	if len(in.Documents) == 0 {
		return NewHash(h.structField("", statements))
	}
	return NewHash(h.structField("", statements, h.changes(in.Documents)))
}

// statements is the hash of the field statements.
func (h *infoHasher) statements(list []Statement) [32]byte {
	out := append(h.list[:0], symStatements...)
	out = append(out, 0x0b, codeList)
	var text, start [32]byte
	var ms int64
	for i := range list {
		s := &list[i]
		if i == 0 || s.Text != list[i-1].Text {
			text = h.field(symStatement, codeString, s.Text)
		}
		if at := s.StartTime.UnixMilli(); i == 0 || at != ms {
			v := ion.FromTimestamp(ion.NewTimestamp(s.StartTime))
			ms, start = at, h.field(symStartTime, codeTimestamp, string(body(v.Raw())))
		}
		fields := [3][32]byte{text, start, h.field(symDigest, codeBlob, string(s.Digest.view()))}
		out = ion.AppendHashStruct(out, fields[:])
	}
	h.list = append(out, 0x0e)
	return sha256.Sum256(h.list)
}

// changes is the hash of the field documents.
func (h *infoHasher) changes(docs []DocumentChange) [32]byte {
	h.documents = h.documents[:0]
	for i := range docs {
		d := &docs[i]
		fields := [3][32]byte{
			h.field(symTableName, codeString, d.TableName),
			h.field(symTableID, codeString, d.TableID),
			h.indexes(d.Statements),
		}
		h.buf = ion.AppendHashScalar(h.buf[:0], codeSymbol, d.DocumentID)
		h.buf = ion.AppendHashStruct(h.buf, fields[:])
		h.documents = append(h.documents, sha256.Sum256(h.buf))
	}
	return h.structField(symDocuments, h.documents...)
}

// indexes is the hash of a document's field statements.
func (h *infoHasher) indexes(list []int) [32]byte {
	h.buf = append(append(h.buf[:0], symStatements...), 0x0b, codeList)
	for _, n := range list {
		h.buf = appendInt(h.buf, int64(n))
	}
	h.buf = append(h.buf, 0x0e)
	return sha256.Sum256(h.buf)
}
