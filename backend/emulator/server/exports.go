package server

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain/ion"
)

// States of an export.
const (
	exportRunning   = "IN_PROGRESS"
	exportCompleted = "COMPLETED"
	exportCancelled = "CANCELLED"
)

const (
	// maxExports is how many exports of one ledger run at once.
	maxExports = 2
	// jobKept is how long ended exports and streams are listed.
	jobKept = 7 * 24 * time.Hour
)

// exportState is an export as the control plane keeps it: over restarts, so
// that one that was running then runs again.
type exportState struct {
	ID         string
	Created    time.Time
	Start, End time.Time // start inclusive, end exclusive
	Bucket     string
	Prefix     string // "" or with a slash at its end
	Encryption string
	KmsKey     string `json:",omitempty"`
	Role       string
	Format     string `json:",omitempty"` // "" where the request named none
	Status     string
	Reason     string `json:",omitempty"` // why it was cancelled
}

type s3Configuration struct {
	Bucket, Prefix          *string
	EncryptionConfiguration *struct {
		ObjectEncryptionType *string
		KmsKeyArn            *string `json:",omitempty"`
	}
}

type exportRequest struct {
	InclusiveStartTime, ExclusiveEndTime *epoch
	S3ExportConfiguration                *s3Configuration
	RoleArn, OutputFormat                *string
}

func (s *Server) exportJournal(req *controlRequest) (any, error) {
	var in exportRequest
	if err := req.decode(&in); err != nil {
		return nil, err
	}
	x, err := in.state(s.cfg.Clock())
	if err != nil {
		return nil, err
	}
	e, st, err := s.active(req.name)
	if err != nil {
		return nil, err
	}
	if err := x.limitTo(st.Created); err != nil {
		return nil, err
	}
	if s.target == nil {
		return nil, errS3("NoSuchBucket this server has nothing that stands for S3; start it with --export-dir or --export-s3-endpoint")
	}
	if err := s.target.check(x.Bucket, x.Prefix); err != nil {
		return nil, errS3("InvalidArgument " + err.Error())
	}
	x.ID = s.ids.Next().String()
	if err := st.clone().addExport(x); err != nil {
		return nil, err
	}
	// What is not written yet cannot be announced: the manifest goes first.
	job := s.newExportJob(x, e)
	if err := job.start(req.ctx); err != nil {
		return nil, errS3(err.Error())
	}
	if err := s.registry.update(req.name, func(st *ledgerState) error { return st.addExport(x) }); err != nil {
		return nil, err
	}
	s.startExport(job)
	return struct{ ExportId string }{x.ID}, nil
}

// errS3 is the error for a bucket that cannot be used; text begins with S3's
// code where it has one.
func errS3(text string) error {
	return errInvalid("S3ExportConfiguration", "QLDB encountered an error validating S3 configuration: %s", text)
}

func (st *ledgerState) addExport(x *exportState) error {
	running := 0
	st.Exports = slices.DeleteFunc(st.Exports, func(o *exportState) bool { return o.expired(x.Created) })
	for _, o := range st.Exports {
		if o.Status == exportRunning {
			running++
		}
	}
	if running >= maxExports {
		return errResource(limitExceeded, kindExport, "", "Exceeded the limit of %d concurrently running Journal export jobs", maxExports)
	}
	st.Exports = append(st.Exports, x)
	return nil
}

// state checks the request by itself and makes an export of it.
func (in *exportRequest) state(now time.Time) (*exportState, error) {
	x := &exportState{Created: now, Status: exportRunning}
	if in.InclusiveStartTime == nil {
		return nil, errInvalid("InclusiveStartTime", "InclusiveStartTime is missing")
	}
	if in.ExclusiveEndTime == nil {
		return nil, errInvalid("ExclusiveEndTime", "ExclusiveEndTime is missing")
	}
	x.Start, x.End = in.InclusiveStartTime.Time, in.ExclusiveEndTime.Time
	if in.RoleArn == nil {
		return nil, errInvalid("RoleArn", "RoleArn is missing")
	}
	if why := arnProblem(*in.RoleArn); why != "" {
		return nil, errShape("RoleArn", why)
	}
	x.Role = *in.RoleArn
	if in.OutputFormat != nil {
		x.Format = *in.OutputFormat
		if _, ok := exportFormats[x.Format]; !ok {
			return nil, errInvalid("OutputFormat", "OutputFormat is ION_TEXT, ION_BINARY or JSON, not %s", quote(x.Format))
		}
	}
	if err := in.S3ExportConfiguration.into(x); err != nil {
		return nil, err
	}
	return x, x.checkTimes()
}

// limitTo makes a start before a ledger's creation its creation; an end before it
// leaves nothing between the two.
func (x *exportState) limitTo(created time.Time) error {
	if x.Start.Before(created) {
		x.Start = created.UTC().Truncate(time.Millisecond)
	}
	return x.checkTimes()
}

func (x *exportState) checkTimes() error {
	switch {
	case !x.Start.Before(x.End):
		return errInvalid("ExclusiveEndTime", "The start date must not be greater than the end date")
	case x.End.After(x.Created):
		return errInvalid("ExclusiveEndTime", "The end date cannot be in the future")
	}
	return nil
}

func (c *s3Configuration) into(x *exportState) error {
	const name = "S3ExportConfiguration"
	if c == nil || c.Bucket == nil || c.Prefix == nil || c.EncryptionConfiguration == nil || c.EncryptionConfiguration.ObjectEncryptionType == nil {
		return errInvalid(name, "S3ExportConfiguration needs Bucket, Prefix, which may be empty, and EncryptionConfiguration with its ObjectEncryptionType")
	}
	if why := bucketProblem(*c.Bucket); why != "" {
		return errShape(name, why)
	}
	if utf8.RuneCountInString(*c.Prefix) > 128 {
		return errInvalid(name, "The Amazon S3 bucket prefix must not exceed 128 characters")
	}
	x.Bucket, x.Prefix = *c.Bucket, *c.Prefix
	if x.Prefix != "" && !strings.HasSuffix(x.Prefix, "/") {
		x.Prefix += "/"
	}
	x.Encryption = *c.EncryptionConfiguration.ObjectEncryptionType
	key := c.EncryptionConfiguration.KmsKeyArn
	switch x.Encryption {
	case "SSE_KMS":
		if key == nil {
			return errInvalid(name, "ObjectEncryptionType SSE_KMS needs KmsKeyArn, the ARN of a key")
		}
		if why := keyARNProblem(*key); why != "" {
			return errInvalid(name, "KmsKeyArn is not valid: %s", why)
		}
		x.KmsKey = *key
	case "SSE_S3", "NO_ENCRYPTION":
		if key != nil {
			return errInvalid(name, "KmsKeyArn goes with ObjectEncryptionType SSE_KMS, not with %s", x.Encryption)
		}
	default:
		return errInvalid(name, "ObjectEncryptionType is SSE_KMS, SSE_S3 or NO_ENCRYPTION, not %s", quote(x.Encryption))
	}
	return nil
}

func (x *exportState) expired(now time.Time) bool {
	return x.Status != exportRunning && now.Sub(x.Created) > jobKept
}

// startedManifest is the content of the first file of an export.
func (x *exportState) startedManifest(ledgerName string) ion.Value {
	var w ion.Writer
	w.BeginStruct()
	w.Field("ledgerName").String(ledgerName)
	w.Field("exportId").String(x.ID)
	w.Field("inclusiveStartTime").Timestamp(ion.NewTimestamp(x.Start))
	w.Field("exclusiveEndTime").Timestamp(ion.NewTimestamp(x.End))
	w.Field("bucket").String(x.Bucket)
	w.Field("prefix").String(x.Prefix)
	w.Field("objectEncryptionType").String(x.Encryption)
	if x.Format != "" {
		w.Field("outputFormat").String(x.Format)
	}
	w.End()
	v, _ := w.Build()
	return v
}

// exportAnswer describes an export.
type exportAnswer struct {
	LedgerName, ExportId                 string
	ExportCreationTime                   epoch
	Status                               string
	InclusiveStartTime, ExclusiveEndTime epoch
	S3ExportConfiguration                s3Configuration
	RoleArn                              string
	OutputFormat                         string `json:",omitempty"`
}

func (x *exportState) answer(ledgerName string) exportAnswer {
	a := exportAnswer{
		LedgerName: ledgerName, ExportId: x.ID, ExportCreationTime: epoch{x.Created}, Status: x.Status,
		InclusiveStartTime: epoch{x.Start}, ExclusiveEndTime: epoch{x.End}, RoleArn: x.Role, OutputFormat: x.Format,
	}
	a.S3ExportConfiguration = s3Configuration{Bucket: &x.Bucket, Prefix: &x.Prefix}
	a.S3ExportConfiguration.EncryptionConfiguration = &struct {
		ObjectEncryptionType *string
		KmsKeyArn            *string `json:",omitempty"`
	}{ObjectEncryptionType: &x.Encryption}
	if x.KmsKey != "" {
		a.S3ExportConfiguration.EncryptionConfiguration.KmsKeyArn = &x.KmsKey
	}
	return a
}

func (s *Server) describeExport(req *controlRequest) (any, error) {
	if why := idProblem(req.id); why != "" {
		return nil, errShape("ExportId", why)
	}
	if e, st := s.registry.get(req.name); e != nil && st.status != stateDeleting {
		for _, x := range st.Exports {
			if x.ID == req.id && !x.expired(s.cfg.Clock()) {
				return struct{ ExportDescription exportAnswer }{x.answer(req.name)}, nil
			}
		}
	} else {
		return nil, errNoLedger(req.name)
	}
	return nil, errResource(resourceNotFound, kindExport, req.id, "The Journal export job with id %s is not found for the Ledger with name %s", req.id, req.name)
}

func (s *Server) listLedgerExports(req *controlRequest) (any, error) {
	e, st := s.registry.get(req.name)
	if e == nil || st.status == stateDeleting {
		return nil, errNoLedger(req.name)
	}
	return s.exportPage(req, []ledgerView{st})
}

func (s *Server) listExports(req *controlRequest) (any, error) {
	return s.exportPage(req, s.registry.all())
}

func (s *Server) exportPage(req *controlRequest, ledgers []ledgerView) (any, error) {
	var all []exportAnswer
	for _, st := range ledgers {
		for _, x := range st.Exports {
			if !x.expired(s.cfg.Clock()) {
				all = append(all, x.answer(st.Name))
			}
		}
	}
	key := func(a exportAnswer) string {
		return a.LedgerName + "/" + rising(a.ExportId)
	}
	slices.SortFunc(all, func(a, b exportAnswer) int { return strings.Compare(key(a), key(b)) })
	page, next, err := listing(req, all, key)
	if err != nil {
		return nil, err
	}
	if page == nil {
		page = []exportAnswer{}
	}
	return struct {
		JournalS3Exports []exportAnswer
		NextToken        string `json:",omitempty"`
	}{page, next}, nil
}

// endExport records how an export ended. One whose ledger is gone ends with it.
func (s *Server) endExport(job *exportJob, failure error) {
	status, reason := exportCompleted, ""
	if failure != nil {
		status, reason = exportCancelled, failure.Error()
		s.log.Error("export cancelled", "ledger", job.entry.name, "export", job.export.ID, "error", failure)
	}
	err := s.registry.update(job.entry.name, func(st *ledgerState) error {
		for _, x := range st.Exports {
			if x.ID == job.export.ID {
				x.Status, x.Reason = status, reason
			}
		}
		return nil
	})
	if err != nil && wireName(err) != resourceNotFound {
		s.log.Error("the end of an export is not recorded", "export", job.export.ID, "error", err)
	}
}

func wireName(err error) string {
	e, _ := wireError(err)
	if e == nil {
		return ""
	}
	return e.Exception
}
