package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tallyledger/tally/hashchain"
)

// Kinds of resources in errors.
const (
	kindLedger = "Ledger"
	kindExport = "JournalS3Export"
	kindStream = "JournalKinesisStream"
)

// controlRequest is a request of the control plane after routing.
type controlRequest struct {
	ctx   context.Context
	named bool   // the path has a ledger
	name  string // that ledger
	id    string // the export or stream of the path
	arn   string // the resource of the path
	query url.Values
	body  []byte
}

// operation answers a request with what is to be sent as JSON; nil sends an
// empty body.
type operation struct {
	name string
	do   func(*Server, *controlRequest) (any, error)
}

// ledgerMember is what the operation's model calls the ledger of the path.
func (o operation) ledgerMember() string {
	if strings.Contains(o.name, "JournalKinesisStream") || strings.Contains(o.name, "JournalToKinesis") {
		return "LedgerName"
	}
	return "Name"
}

// ledgerOperations are by method and what follows /ledgers/{name}, with * for
// an id.
var ledgerOperations = map[string]operation{
	"GET ":                             {"DescribeLedger", (*Server).describeLedger},
	"PATCH ":                           {"UpdateLedger", (*Server).updateLedger},
	"DELETE ":                          {"DeleteLedger", (*Server).deleteLedger},
	"PATCH permissions-mode":           {"UpdateLedgerPermissionsMode", (*Server).updatePermissionsMode},
	"POST digest":                      {"GetDigest", (*Server).getDigest},
	"POST block":                       {"GetBlock", (*Server).getBlock},
	"POST revision":                    {"GetRevision", (*Server).getRevision},
	"POST journal-s3-exports":          {"ExportJournalToS3", (*Server).exportJournal},
	"GET journal-s3-exports":           {"ListJournalS3ExportsForLedger", (*Server).listLedgerExports},
	"GET journal-s3-exports/*":         {"DescribeJournalS3Export", (*Server).describeExport},
	"POST journal-kinesis-streams":     {"StreamJournalToKinesis", (*Server).createStream},
	"GET journal-kinesis-streams":      {"ListJournalKinesisStreamsForLedger", (*Server).listStreams},
	"GET journal-kinesis-streams/*":    {"DescribeJournalKinesisStream", (*Server).describeStream},
	"DELETE journal-kinesis-streams/*": {"CancelJournalKinesisStream", (*Server).cancelStream},
}

var topOperations = map[string]operation{
	"POST /ledgers":           {"CreateLedger", (*Server).createLedger},
	"GET /ledgers":            {"ListLedgers", (*Server).listLedgers},
	"GET /journal-s3-exports": {"ListJournalS3Exports", (*Server).listExports},
}

var tagOperations = map[string]operation{
	"POST":   {"TagResource", (*Server).tagResource},
	"DELETE": {"UntagResource", (*Server).untagResource},
	"GET":    {"ListTagsForResource", (*Server).listTags},
}

// route finds the operation by the path as it was sent: a label holds its
// slashes in escaped form, and nothing is cleaned.
func route(method, path string) (operation, *controlRequest, error) {
	none := errUnknownOperation("There is no operation %s %s", method, quote(path))
	if op, ok := topOperations[method+" "+path]; ok {
		return op, &controlRequest{}, nil
	}
	if rest, ok := strings.CutPrefix(path, "/tags/"); ok {
		arn, err := url.PathUnescape(rest)
		if op, ok := tagOperations[method]; ok && err == nil {
			return op, &controlRequest{arn: arn}, nil
		}
		return operation{}, nil, none
	}
	rest, ok := strings.CutPrefix(path, "/ledgers/")
	if !ok {
		return operation{}, nil, none
	}
	parts := strings.SplitN(rest, "/", 4)
	for i, p := range parts {
		var err error
		if parts[i], err = url.PathUnescape(p); err != nil {
			return operation{}, nil, none
		}
	}
	req := &controlRequest{named: true, name: parts[0]}
	key := method + " "
	if len(parts) > 1 {
		key += parts[1]
	}
	if len(parts) > 2 {
		key += "/*"
		req.id = parts[2]
	}
	op, ok := ledgerOperations[key]
	if !ok || len(parts) > 3 || len(parts) == 2 && parts[1] == "" {
		return operation{}, nil, none
	}
	return op, req, nil
}

func (s *Server) serveControl(w http.ResponseWriter, r *http.Request, c *call, path string) {
	op, req, err := route(r.Method, path)
	if err != nil {
		s.writeError(w, c, err)
		return
	}
	c.operation = op.name
	req.ctx, req.body = r.Context(), c.body
	if req.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		s.writeError(w, c, errInvalid("", "The query %s cannot be read", quote(r.URL.RawQuery)))
		return
	}
	out, err := s.control(op, req)
	if err != nil {
		s.writeError(w, c, err)
		return
	}
	c.write(w, http.StatusOK, out)
}

func (s *Server) control(op operation, req *controlRequest) ([]byte, error) {
	if req.named {
		if why := nameProblem(req.name); why != "" {
			return nil, errShape(op.ledgerMember(), why)
		}
	}
	out, err := op.do(s, req)
	if err != nil || out == nil {
		return nil, err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("server: answer of %s: %w", op.name, err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// decode reads the body; none is the same as {}.
func (req *controlRequest) decode(v any) error {
	if len(bytes.TrimSpace(req.body)) == 0 {
		return nil
	}
	return decodeBody(req.body, v)
}

// active is the ledger of the path for operations on its journal.
func (s *Server) active(name string) (*entry, ledgerView, error) {
	e, st := s.registry.get(name)
	switch {
	case e == nil || st.status == stateDeleting:
		return nil, st, errNoLedger(name)
	case st.status == stateCreating:
		return nil, st, errResource(preconditionUnmet, kindLedger, name, "The Ledger with name %s is being created; wait until it is ACTIVE", name)
	case e.failure != nil:
		return nil, st, e.failure
	}
	return e, st, nil
}

// epoch is a time as JSON has it here: seconds since 1970 as a number, with
// milliseconds where there are some.
type epoch struct{ time.Time }

func (e epoch) MarshalJSON() ([]byte, error) {
	ms := e.UnixMilli()
	b := strconv.AppendInt(nil, ms/1000, 10)
	if ms%1000 != 0 {
		b = append(b, fmt.Sprintf(".%03d", ms%1000)...)
	}
	return b, nil
}

// lastSecond is the end of the year 9999, the last that Ion can write.
const lastSecond = 253402300799

func (e *epoch) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > lastSecond {
		return fmt.Errorf("a time is a number of seconds since 1970-01-01T00:00Z, at most %d, not %s", int64(lastSecond), quote(string(b)))
	}
	e.Time = time.UnixMilli(int64(math.Round(f * 1000))).UTC()
	return nil
}

// listing reads max_results and next_token and cuts the page out of n items
// in order. A token holds the key of the last item that was given, so that
// items that come or go in between shift nothing.
func listing[T any](req *controlRequest, items []T, key func(T) string) (page []T, next string, err error) {
	most := 100
	if v := req.query.Get("max_results"); v != "" {
		if most, err = strconv.Atoi(v); err != nil || most < 1 || most > 100 {
			return nil, "", errInvalid("MaxResults", "MaxResults is a number from 1 to 100, not %s", quote(v))
		}
	}
	if req.query.Has("next_token") {
		last, ok := decodePageToken(req.query.Get("next_token"))
		if !ok {
			return nil, "", errInvalid("NextToken", "NextToken %s was not made by this operation", quote(req.query.Get("next_token")))
		}
		i := 0
		for i < len(items) && key(items[i]) <= last {
			i++
		}
		items = items[i:]
	}
	if len(items) <= most {
		return items, "", nil
	}
	return items[:most], encodePageToken(key(items[most-1])), nil
}

// rising is a key by which ids of this server stand in the order of their
// making.
func rising(id string) string {
	parsed, err := hashchain.ParseID(id)
	if err != nil {
		return id
	}
	key := parsed.SortKey()
	return hex.EncodeToString(key[:])
}
