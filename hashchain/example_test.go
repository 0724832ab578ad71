package hashchain_test

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/tallyledger/tally/hashchain"
	"github.com/tallyledger/tally/hashchain/ion"
)

// A journal is verified as it is read, in memory that does not depend on its
// length.
func ExampleVerifyJournal() {
	f, err := os.Open("../testdata/journal-v1.ion")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	report, err := hashchain.VerifyJournal(f, hashchain.VerifyOptions{
		OnFailure: func(f *hashchain.Failure) { fmt.Println(f) },
	})
	if err != nil {
		log.Fatal(err) // the file could not be read to its end
	}
	fmt.Println(report.OK(), report.Blocks, "blocks, digest", report.Digest.Hash.Base64())
	// Output: true 7 blocks, digest rski+QQmj2hWIQ1J/xsjA1qHRCqX8ThiZknl7TgpUNk=
}

// A receipt says by itself whether it is consistent; whether its digest is the
// ledger's is decided by comparing it with one that was kept elsewhere.
func ExampleReceipt_Check() {
	for _, name := range []string{"receipt.ion", "receipt-forged.ion"} {
		data, err := os.ReadFile("../testdata/" + name)
		if err != nil {
			log.Fatal(err)
		}
		v, err := ion.ParseText(string(data))
		if err != nil {
			log.Fatal(err)
		}
		receipt, err := hashchain.DecodeReceipt(v)
		if err != nil {
			log.Fatal(err)
		}
		result := receipt.Check(nil)
		fmt.Println(name, result.Verdict)
		for _, f := range result.Failures {
			fmt.Println(" ", f.Rule)
		}
	}
	// Output:
	// receipt.ion verified
	// receipt-forged.ion refused
	//   revisionHash
}

// A block is built from what a transaction did. Its bytes are what is stored and
// what an export holds.
func ExampleBlockBuilder() {
	document, err := ion.ParseText(`{order:"A-1001",total:249.90}`)
	if err != nil {
		log.Fatal(err)
	}
	dataHash, err := hashchain.IonHash(document)
	if err != nil {
		log.Fatal(err)
	}
	const text = "INSERT INTO Orders ?"
	digest, err := hashchain.StatementDigest(text, document)
	if err != nil {
		log.Fatal(err)
	}
	at := time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)
	var builder hashchain.BlockBuilder
	block, err := builder.Build(&hashchain.BlockParts{
		Address:       hashchain.BlockAddress{StrandID: "2uyxgzqMbAG000F1Yh0HCS", SequenceNo: 0},
		TransactionID: "3Ax2G3FmR6G0001Cu9EPtB",
		Timestamp:     at,
		Statements:    []hashchain.Statement{{Text: text, StartTime: at, Digest: digest}},
		Documents:     []hashchain.DocumentChange{{DocumentID: "11sQDGDldS0001L4uIDeUZ", TableName: "Orders", TableID: "2ioM4dBWN8U000Bqh8Wr7e", Statements: []int{0}}},
		Revisions:     []hashchain.RevisionParts{{DocumentID: "11sQDGDldS0001L4uIDeUZ", Data: document, DataHash: dataHash}},
		Internal:      hashchain.FormatHash(),
	})
	if err != nil {
		log.Fatal(err)
	}
	report, err := hashchain.VerifyJournal(bytes.NewReader(block.Bytes), hashchain.VerifyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK(), report.Digest.Hash == block.Hash)
	// Output: true true
}

// The right edge is all that has to be kept of a tree to go on with it.
func ExampleRightEdge() {
	var edge hashchain.RightEdge
	var stored hashchain.NodeList
	var leaves []hashchain.Hash
	for i := range 5 {
		leaf := hashchain.NewHash(ion.HashText(fmt.Sprint("block ", i)))
		leaves = append(leaves, leaf)
		for _, node := range edge.AppendNodes(nil, leaf) {
			stored = stored.Append(node)
		}
	}
	proof, err := hashchain.ProveBlock(stored, 2, 4)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(proof), proof.Check(leaves[2], edge.Root()))
	// Output: 3 <nil>
}

// The time in an id is when it was made, if the service or this package made it.
func ExampleParseID() {
	id, err := hashchain.ParseID("FnQeJBAicTX0Ah32ZnVtSX")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(id, id.Time().Format(time.RFC3339))
	// Output: FnQeJBAicTX0Ah32ZnVtSX 2019-09-16T19:37:05Z
}

func ExampleStatementDigest() {
	digest, err := hashchain.StatementDigest("SELECT * FROM Orders WHERE id = ?", ion.NewString("A-1001"))
	if err != nil {
		log.Fatal(err)
	}
	commit := hashchain.NewCommitDigest("3Ax2G3FmR6G0001Cu9EPtB")
	commit.Extend(digest)
	fmt.Println(len(commit.Hash().Bytes()))
	// Output: 32
}
