package ledgerstack

// serviceName is the principal that QLDB acts as.
const serviceName = "qldb.amazonaws.com"

// send lets a principal open sessions. In the permissions mode STANDARD it
// allows no statement yet.
func send(a ledgerARN) statement {
	return statement{Sid: "Session", Effect: "Allow", Action: []string{"qldb:SendCommand"}, Resource: []string{a.ledger()}}
}

func readCatalog(a ledgerARN) statement {
	return statement{Sid: "Catalog", Effect: "Allow", Action: []string{"qldb:PartiQLSelect"}, Resource: []string{a.catalog()}}
}

func onTables(a ledgerARN, ids []string, actions ...string) statement {
	return statement{Sid: "Tables", Effect: "Allow", Action: actions, Resource: a.tables(ids)}
}

// readerPolicy allows SELECT on the current documents of the tables.
func readerPolicy(a ledgerARN, g Grant) document {
	return newDocument(send(a), readCatalog(a), onTables(a, g.Tables, "qldb:PartiQLSelect"))
}

// writerPolicy allows reading and changing the current documents of the tables.
// History, redaction and dropping are not in it: a writer that is broken into
// cannot remove what it wrote.
func writerPolicy(a ledgerARN, g WriterGrant) document {
	actions := []string{"qldb:PartiQLSelect", "qldb:PartiQLInsert", "qldb:PartiQLUpdate", "qldb:PartiQLDelete"}
	if !g.Schema {
		return newDocument(send(a), readCatalog(a), onTables(a, g.Tables, actions...))
	}
	// A table has no id before it exists, so its creation is allowed on all.
	create := statement{
		Sid: "CreateTables", Effect: "Allow",
		Action: []string{"qldb:PartiQLCreateTable"}, Resource: []string{a.table("*")},
	}
	return newDocument(send(a), readCatalog(a), onTables(a, g.Tables, append(actions, "qldb:PartiQLCreateIndex")...), create)
}

// auditorPolicy allows reading documents with their history and everything that
// proves them. With an export it also allows finding and reading the objects.
func auditorPolicy(a ledgerARN, g Grant, e *Export, bucketARN string) document {
	d := newDocument(
		send(a), readCatalog(a),
		onTables(a, g.Tables, "qldb:PartiQLSelect", "qldb:PartiQLHistoryFunction"),
		statement{
			Sid: "Proofs", Effect: "Allow",
			Action:   []string{"qldb:DescribeLedger", "qldb:GetDigest", "qldb:GetBlock", "qldb:GetRevision"},
			Resource: []string{a.ledger()},
		},
	)
	if e != nil {
		d.Statement = append(d.Statement, readExports(a, *e, bucketARN)...)
	}
	return d
}

func readExports(a ledgerARN, e Export, bucketARN string) []statement {
	list := statement{Sid: "ListExportedObjects", Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{bucketARN}}
	if e.prefix() != "" {
		list.Condition = map[string]condition{"StringLike": {"s3:prefix": {e.prefix() + "*"}}}
	}
	statements := []statement{
		{
			Sid: "Exports", Effect: "Allow",
			Action:   []string{"qldb:DescribeJournalS3Export", "qldb:ListJournalS3ExportsForLedger"},
			Resource: []string{a.ledger()},
		},
		list,
		{Sid: "ReadExportedObjects", Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{bucketARN + "/" + e.prefix() + "*"}},
	}
	if e.KmsKey != "" {
		statements = append(statements, statement{Sid: "DecryptExportedObjects", Effect: "Allow", Action: []string{"kms:Decrypt"}, Resource: []string{e.KmsKey}})
	}
	return statements
}

// serviceTrust lets QLDB take on a role, for one account and the given sources
// only: without the condition, another account's ledger could write through it.
func serviceTrust(a ledgerARN, source string) document {
	return newDocument(statement{
		Sid: "QLDB", Effect: "Allow",
		Principal: map[string][]string{"Service": {serviceName}},
		Action:    []string{"sts:AssumeRole"},
		Condition: map[string]condition{
			"StringEquals": {"aws:SourceAccount": {a.account}},
			"ArnLike":      {"aws:SourceArn": {source}},
		},
	})
}

// principalTrust lets the given principals take on a role.
func principalTrust(principals []string) document {
	return newDocument(statement{
		Sid: "Principals", Effect: "Allow",
		Principal: map[string][]string{"AWS": principals},
		Action:    []string{"sts:AssumeRole"},
	})
}

// exportPolicy is what an export job does in the bucket, below the prefix.
func exportPolicy(e Export, bucketARN string) document {
	d := newDocument(statement{
		Sid: "WriteExports", Effect: "Allow",
		Action:   []string{"s3:PutObject", "s3:PutObjectAcl"},
		Resource: []string{bucketARN + "/" + e.prefix() + "*"},
	})
	return d.withDataKey(e.KmsKey)
}

// streamPolicy is what a journal stream does with its Kinesis stream.
func streamPolicy(kinesisARN, kmsKey string) document {
	d := newDocument(statement{
		Sid: "WriteStream", Effect: "Allow",
		Action:   []string{"kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStream", "kinesis:ListShards"},
		Resource: []string{kinesisARN},
	})
	return d.withDataKey(kmsKey)
}

// withDataKey adds the use of a customer key to encrypt; an empty key is none.
func (d document) withDataKey(kmsKey string) document {
	if kmsKey != "" {
		d.Statement = append(d.Statement, statement{Sid: "Encrypt", Effect: "Allow", Action: []string{"kms:GenerateDataKey"}, Resource: []string{kmsKey}})
	}
	return d
}

// bucketPolicy refuses every request to the bucket that is not encrypted on its
// way.
func bucketPolicy(bucketARN string) document {
	return newDocument(statement{
		Sid: "RefuseUnencrypted", Effect: "Deny",
		Principal: map[string][]string{"AWS": {"*"}},
		Action:    []string{"s3:*"},
		Resource:  []string{bucketARN, bucketARN + "/*"},
		Condition: map[string]condition{"Bool": {"aws:SecureTransport": {"false"}}},
	})
}
