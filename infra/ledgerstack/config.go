package ledgerstack

import "strings"

// Target says what a stack's calls go to.
type Target string

const (
	// TargetEmulator is a server that speaks QLDB's API at Config.Endpoints.QLDB.
	TargetEmulator Target = "emulator"
	// TargetAWS is the account of the program's own AWS provider.
	TargetAWS Target = "aws"
)

// PermissionsMode is a ledger's permissions mode.
type PermissionsMode string

const (
	// Standard denies every PartiQL statement that IAM does not allow on the
	// table. It is the default.
	Standard PermissionsMode = "STANDARD"
	// AllowAll lets everybody who may send commands run every statement.
	// Policies by table have no effect in it.
	AllowAll PermissionsMode = "ALLOW_ALL"
)

// AWSOwnedKey is the value of Config.KmsKey for the key that the service owns.
const AWSOwnedKey = "AWS_OWNED_KMS_KEY"

// DefaultEndpoint is the address that `tally serve` listens on unless told
// otherwise.
const DefaultEndpoint = "http://127.0.0.1:7532"

// DefaultStreamStart is the start time of a journal stream that names none. It
// lies before the first ledger that the service ever held, so such a stream
// carries the whole journal, and it never changes, so it forces no replacement.
const DefaultStreamStart = "2019-01-01T00:00:00Z"

// DefaultNoncurrentDays is how long an overwritten version of an exported
// object is kept unless Export.NoncurrentDays says otherwise.
const DefaultNoncurrentDays = 90

// Config describes one stack. The JSON names are those of the stack files.
type Config struct {
	// Target is required: nothing is guessed about where calls go.
	Target Target
	// Region is required, for example "us-east-1".
	Region string
	// Name is the ledger's name, 1 to 32 characters of A-Z, a-z, 0-9 and "-".
	Name string
	// PermissionsMode is Standard when empty.
	PermissionsMode PermissionsMode
	// DeletionProtection is on when nil. A protected ledger cannot be deleted.
	DeletionProtection *bool
	// KmsKey is AWSOwnedKey, the ARN of a key, or empty to leave the choice to
	// the service. Aliases and key ids are refused: the service answers with
	// the ARN, which would be a difference on every refresh.
	KmsKey string
	// Tags go on every resource that takes tags, 50 at the most.
	Tags map[string]string
	// Endpoints replace AWS's own addresses. As soon as one is set, every
	// service the stack uses needs one.
	Endpoints Endpoints
	// AccessKey and SecretKey sign the calls to an emulator; both default to
	// "test". With TargetAWS the provider's own credentials are used and these
	// are ignored.
	AccessKey, SecretKey string
	// Export, Stream and Access are made only where they are not nil.
	Export *Export
	Stream *Stream
	Access *Access
}

// Endpoints holds base URLs (scheme, host and port) by service.
type Endpoints struct {
	QLDB    string `json:"qldb"`
	S3      string `json:"s3"`
	IAM     string `json:"iam"`
	Kinesis string `json:"kinesis"`
}

// Export asks for a bucket for journal exports and the role that QLDB takes on
// to write into it. The bucket is encrypted, versioned, closed to the public,
// and refuses unencrypted connections.
type Export struct {
	// Bucket is the bucket's name, 3 to 63 characters.
	Bucket string `json:"bucket"`
	// Prefix limits the role to keys that begin with it. A "/" is appended
	// where it lacks one; at most 128 characters with it.
	Prefix string `json:"prefix"`
	// KmsKey is the ARN of the key that encrypts the objects; empty is SSE-S3.
	KmsKey string `json:"kmsKey"`
	// NoncurrentDays is how many days overwritten versions are kept; 0 is
	// DefaultNoncurrentDays. Current objects never expire.
	NoncurrentDays int `json:"noncurrentDays"`
	// ArchiveAfterDays moves objects to the storage class GLACIER_IR after so
	// many days; 0 is never.
	ArchiveAfterDays int `json:"archiveAfterDays"`
}

// Stream asks for a journal stream. The Kinesis stream and the role are made
// unless their ARNs are given.
type Stream struct {
	// Name follows the rules of a ledger's name.
	Name string `json:"name"`
	// StartTime and EndTime are RFC 3339, UTC, in whole seconds. StartTime is
	// DefaultStreamStart when empty; without EndTime the stream has no end.
	StartTime string `json:"startTime"`
	EndTime   string `json:"endTime"`
	// Aggregation puts several data records into one Kinesis record; on when nil.
	Aggregation *bool `json:"aggregation"`
	// KinesisArn names an existing Kinesis stream; empty makes one.
	KinesisArn string `json:"kinesisArn"`
	// RoleArn names an existing role that QLDB takes on; empty makes one.
	RoleArn string `json:"roleArn"`
	// Kinesis shapes the Kinesis stream that is made when KinesisArn is empty.
	Kinesis *Kinesis `json:"kinesis"`
	// KinesisKmsKey is the ARN of the customer key of the Kinesis stream, made
	// or given. Empty is Kinesis's own key, which needs no permission.
	KinesisKmsKey string `json:"kinesisKmsKey"`
}

// Kinesis shapes a Kinesis stream.
type Kinesis struct {
	// Shards is the number of shards; 0 is on-demand capacity.
	Shards int `json:"shards"`
	// RetentionHours is 24 to 8760; 0 is 24.
	RetentionHours int `json:"retentionHours"`
}

// Access asks for IAM policies, one for each grant that is not nil.
type Access struct {
	// Writer may select, insert, update and delete current documents.
	Writer *WriterGrant `json:"writer"`
	// Reader may select current documents.
	Reader *Grant `json:"reader"`
	// Auditor may select documents and their history, and get digests, blocks
	// and revisions with their proofs. With Config.Export it may also read the
	// exported objects.
	Auditor *Grant `json:"auditor"`
}

// Grant says who gets a policy, and for which tables.
type Grant struct {
	// Tables are table ids, 22 characters each, 40 at the most. Empty is every
	// table of the ledger, those of the future included.
	Tables []string `json:"tables"`
	// Principals are the ARNs of accounts' roots, users or roles that may take
	// on a role with this policy. Without any, only the policy is made.
	Principals []string `json:"principals"`
}

// WriterGrant is a Grant that can also cover the schema.
type WriterGrant struct {
	Grant
	// Schema adds CREATE TABLE and CREATE INDEX. Dropping is never granted.
	Schema bool `json:"schema"`
}

// protected reports whether the ledger is protected from deletion.
func (c Config) protected() bool {
	return c.DeletionProtection == nil || *c.DeletionProtection
}

// mode is the permissions mode with its default.
func (c Config) mode() PermissionsMode {
	if c.PermissionsMode == "" {
		return Standard
	}
	return c.PermissionsMode
}

// needs lists what each service is needed for, in the words of the
// configuration. A service that the stack does not use is not in it.
func (c Config) needs() map[string]string {
	needs := map[string]string{"qldb": "the ledger"}
	if c.Export != nil {
		needs["s3"] = "the bucket of ledger:export"
		needs["iam"] = "the role of ledger:export"
	}
	if c.Stream != nil && c.Stream.KinesisArn == "" {
		needs["kinesis"] = "the Kinesis stream of ledger:stream (give kinesisArn to use an existing one)"
	}
	if c.Stream != nil && c.Stream.RoleArn == "" {
		needs["iam"] = "the role of ledger:stream (give roleArn to use an existing one)"
	}
	if c.Access != nil {
		needs["iam"] = "the policies of ledger:access"
	}
	return needs
}

// byService gives the endpoints under the names the AWS provider knows.
func (e Endpoints) byService() map[string]string {
	return map[string]string{"qldb": e.QLDB, "s3": e.S3, "iam": e.IAM, "kinesis": e.Kinesis}
}

func (e Endpoints) any() bool {
	return e != Endpoints{}
}

// prefix is the export prefix as it stands in keys: empty, or ending in "/".
func (e Export) prefix() string {
	if e.Prefix == "" || strings.HasSuffix(e.Prefix, "/") {
		return e.Prefix
	}
	return e.Prefix + "/"
}

func (e Export) noncurrentDays() int {
	if e.NoncurrentDays == 0 {
		return DefaultNoncurrentDays
	}
	return e.NoncurrentDays
}

func (s Stream) startTime() string {
	if s.StartTime == "" {
		return DefaultStreamStart
	}
	return s.StartTime
}

func (s Stream) aggregation() bool {
	return s.Aggregation == nil || *s.Aggregation
}
