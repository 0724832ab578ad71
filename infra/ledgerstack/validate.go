package ledgerstack

import (
	"errors"
	"fmt"
	"time"
)

// Validate checks the whole Config and makes no call. Its error joins a
// *ConfigError for each value that is refused.
func (c Config) Validate() error {
	return c.validateAt(time.Now())
}

// validateAt is Validate at a given time, which bounds the start of a stream.
func (c Config) validateAt(now time.Time) error {
	var r refusals
	c.checkTarget(&r)
	c.checkLedger(&r)
	c.checkTags(&r)
	c.checkEndpoints(&r)
	if c.Export != nil {
		c.Export.check(&r)
	}
	if c.Stream != nil {
		c.Stream.check(&r, now)
	}
	if c.Access != nil {
		c.checkAccess(&r)
	}
	return errors.Join(r...)
}

func (c Config) checkTarget(r *refusals) {
	if c.Target != TargetEmulator && c.Target != TargetAWS {
		r.add("ledger:target", string(c.Target), "a target is emulator or aws",
			"run `pulumi config set ledger:target emulator` for a local server, or aws for an account")
	}
	if !regionShape.MatchString(c.Region) {
		r.add("aws:region", c.Region, "a region is spelt like us-east-1",
			"run `pulumi config set aws:region us-east-1`, with your region")
	}
}

func (c Config) checkLedger(r *refusals) {
	r.when(nameRule(c.Name), "ledger:name", c.Name, "choose a name such as vehicle-registration")
	if m := c.mode(); m != Standard && m != AllowAll {
		r.add("ledger:permissionsMode", string(m), "a permissions mode is STANDARD or ALLOW_ALL",
			"leave it out for STANDARD")
	}
	if c.KmsKey != "" && c.KmsKey != AWSOwnedKey {
		r.when(arnRule(c.KmsKey, kmsShape, "a KMS key"), "ledger:kmsKey", c.KmsKey,
			"give the key's full ARN (an alias or id would differ on every refresh), or "+AWSOwnedKey)
	}
}

func (c Config) checkTags(r *refusals) {
	if n := len(c.Tags); n > maxTags {
		r.add("ledger:tags", fmt.Sprintf("%d tags", n), "a resource has at most 50 tags", "remove some")
	}
	for _, key := range sortedKeys(c.Tags) {
		value := c.Tags[key]
		r.when(tagKeyRule(key), "ledger:tags", key, "rename or shorten the key")
		r.when(tagValueRule(value), "ledger:tags["+key+"]", value, "shorten the value")
	}
}

// checkEndpoints keeps a stack on one side: with an endpoint for one service and
// none for another, half of it would be made in an AWS account.
func (c Config) checkEndpoints(r *refusals) {
	needs := c.needs()
	endpoints := c.Endpoints.byService()
	for _, service := range sortedKeys(endpoints) {
		key, endpoint := "aws:endpoints."+service, endpoints[service]
		switch {
		case endpoint != "":
			r.when(endpointRule(endpoint), key, endpoint, "write it like "+DefaultEndpoint)
			if c.Target == TargetEmulator && isAWS(endpoint) {
				r.add(key, endpoint, "an emulator's endpoint is not one of AWS's", "set ledger:target to aws, or name your server")
			}
		case needs[service] != "" && (c.Target == TargetEmulator || c.Endpoints.any()):
			r.add(key, "", "without an endpoint the call would go to AWS, and the stack needs "+service+" for "+needs[service],
				remedyForEndpoint(service))
		}
	}
}

func remedyForEndpoint(service string) string {
	if service == "qldb" {
		return "run `pulumi config set --path 'aws:endpoints[0].qldb' " + DefaultEndpoint + "`"
	}
	return "set aws:endpoints[0]." + service + " to a server that speaks its API, or leave that part out of this stack"
}

func (e Export) check(r *refusals) {
	if !bucketShape.MatchString(e.Bucket) {
		r.add("ledger:export.bucket", e.Bucket,
			"a bucket name has 3 to 63 lower-case letters, digits and inner hyphens (no dots: TLS certificates do not cover them)",
			"choose a name such as acme-ledger-exports")
	}
	r.when(prefixRule(e), "ledger:export.prefix", e.Prefix, "choose a prefix such as journal/")
	if e.KmsKey != "" {
		r.when(arnRule(e.KmsKey, kmsShape, "a KMS key"), "ledger:export.kmsKey", e.KmsKey,
			"give the full ARN of a symmetric key, or leave it out for SSE-S3")
	}
	checkRange(r, "ledger:export.noncurrentDays", e.NoncurrentDays, 1, 36500)
	checkRange(r, "ledger:export.archiveAfterDays", e.ArchiveAfterDays, 1, 36500)
}

// checkRange lets 0 pass: it stands for the default.
func checkRange(r *refusals, key string, value, low, high int) {
	if value != 0 && (value < low || value > high) {
		r.add(key, fmt.Sprint(value), fmt.Sprintf("the value lies between %d and %d", low, high), "leave it out for the default")
	}
}

func (s Stream) check(r *refusals, now time.Time) {
	r.when(nameRule(s.Name), "ledger:stream.name", s.Name, "choose a name such as journal")
	s.checkTimes(r, now)
	if s.RoleArn != "" {
		r.when(arnRule(s.RoleArn, roleShape, "an IAM role"), "ledger:stream.roleArn", s.RoleArn,
			"write it like arn:aws:iam::123456789012:role/ledger-stream")
	}
	if s.KinesisArn != "" {
		r.when(arnRule(s.KinesisArn, kinesisShape, "a Kinesis stream"), "ledger:stream.kinesisArn", s.KinesisArn,
			"write it like arn:aws:kinesis:us-east-1:123456789012:stream/ledger")
		if s.Kinesis != nil {
			r.add("ledger:stream.kinesis", s.KinesisArn, "kinesis shapes a stream that is made here, kinesisArn names one that exists",
				"keep one of the two")
		}
	}
	if s.KinesisKmsKey != "" {
		r.when(arnRule(s.KinesisKmsKey, kmsShape, "a KMS key"), "ledger:stream.kinesisKmsKey", s.KinesisKmsKey,
			"give the full ARN of a symmetric key, or leave it out for Kinesis's own key")
	}
	if s.Kinesis != nil {
		checkRange(r, "ledger:stream.kinesis.shards", s.Kinesis.Shards, 1, 10000)
		checkRange(r, "ledger:stream.kinesis.retentionHours", s.Kinesis.RetentionHours, 24, 8760)
	}
}

func (s Stream) checkTimes(r *refusals, now time.Time) {
	const remedy = "write it like " + DefaultStreamStart
	if rule := timeRule(s.startTime()); rule != "" {
		r.add("ledger:stream.startTime", s.StartTime, rule, remedy)
		return
	}
	start, _ := time.Parse(time.RFC3339, s.startTime())
	if start.After(now) {
		r.add("ledger:stream.startTime", s.StartTime, "a stream cannot start in the future", "give a time that has passed, or leave it out")
	}
	if s.EndTime == "" {
		return
	}
	if rule := timeRule(s.EndTime); rule != "" {
		r.add("ledger:stream.endTime", s.EndTime, rule, remedy)
		return
	}
	if end, _ := time.Parse(time.RFC3339, s.EndTime); !end.After(start) {
		r.add("ledger:stream.endTime", s.EndTime, "a stream ends after it starts, at "+s.startTime(), "give a later time, or leave it out")
	}
}

func (c Config) checkAccess(r *refusals) {
	if c.mode() == AllowAll {
		r.add("ledger:access", string(AllowAll), "policies by table have no effect in the permissions mode ALLOW_ALL",
			"leave out ledger:permissionsMode for STANDARD, or leave out ledger:access")
	}
	a := c.Access
	if a.Writer == nil && a.Reader == nil && a.Auditor == nil {
		r.add("ledger:access", "", "access names at least one of writer, reader and auditor", "add one, or leave out ledger:access")
	}
	if a.Writer != nil {
		a.Writer.check(r, "ledger:access.writer")
	}
	if a.Reader != nil {
		a.Reader.check(r, "ledger:access.reader")
	}
	if a.Auditor != nil {
		a.Auditor.check(r, "ledger:access.auditor")
	}
}

func (g Grant) check(r *refusals, key string) {
	if n := len(g.Tables); n > maxTables {
		r.add(key+".tables", fmt.Sprintf("%d tables", n), "a ledger has at most 40 tables", "leave tables out for every table")
	}
	for _, id := range g.Tables {
		r.when(tableIDRule(id), key+".tables", id,
			"take it from SELECT tableId FROM information_schema.user_tables WHERE name = '…', or leave tables out for every table")
	}
	for _, arn := range g.Principals {
		r.when(arnRule(arn, principalShape, "an account's root, a user or a role"), key+".principals", arn,
			"write it like arn:aws:iam::123456789012:role/app; everybody (*) is never allowed")
	}
}
