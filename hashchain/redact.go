package hashchain

import (
	"fmt"

	"github.com/tallyledger/tally/hashchain/ion"
)

// RedactRevision rewrites a block without the data of one revision: its field
// data is replaced by dataHash, the Ion Hash of the data, and everything else
// stays, so all hashes in the block and all proofs still hold. The symbol table
// is made anew: names of fields that only the data used are gone too. The text
// of statements is not touched.
//
// It fails, and nothing is lost, if the revision is not there, has no data, or
// does not have the hash that it states.
func RedactRevision(block ion.Value, documentID string, version int64) ([]byte, error) {
	b, err := BlockOf(block)
	if err != nil {
		return nil, err
	}
	r, at, ok := b.FindRevision(documentID)
	if !ok || r.Version() != version {
		return nil, fmt.Errorf("hashchain: block %d has no revision of document %s with version %d", b.Address.SequenceNo, documentID, version)
	}
	if r.Kind() != WithData {
		return nil, fmt.Errorf("hashchain: version %d of document %s has no data to redact: it is %s", version, documentID, r.Kind())
	}
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("hashchain: refused to redact: %w", err)
	}
	dataHash, err := IonHash(r.Data)
	if err != nil {
		return nil, err
	}
	w := ion.NewWriter()
	w.BeginStruct()
	for name, v := range block.Fields() {
		w.Field(name)
		if name == "revisions" {
			writeRedacted(w, v, at, dataHash)
		} else {
			w.Value(v)
		}
	}
	w.End()
	return w.Bytes()
}

func writeRedacted(w *ion.Writer, revisions ion.Value, at int, dataHash Hash) {
	w.BeginList()
	i := 0
	for v := range revisions.Elements() {
		if i == at {
			redactOne(w, v, dataHash)
		} else {
			w.Value(v)
		}
		i++
	}
	w.End()
}

// RedactedRevision rewrites a single revision in the way of [RedactRevision].
func RedactedRevision(revision ion.Value) (ion.Value, error) {
	r, err := RevisionOf(revision)
	if err != nil {
		return ion.Value{}, err
	}
	if r.Kind() != WithData {
		return revision, nil
	}
	dataHash, err := IonHash(r.Data)
	if err != nil {
		return ion.Value{}, err
	}
	w := ion.NewWriter()
	redactOne(w, revision, dataHash)
	return w.Build()
}

func redactOne(w *ion.Writer, revision ion.Value, dataHash Hash) {
	w.BeginStruct()
	for name, v := range revision.Fields() {
		if name == "data" {
			w.Field("dataHash").Blob(dataHash.view())
		} else {
			w.Field(name).Value(v)
		}
	}
	w.End()
}
