package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/tallyledger/tally/hashchain/ion"
	"github.com/tallyledger/tally/ledger"
)

const targetSendCommand = "QLDBSession.SendCommand"

// sendCommand is the body of a request: exactly one command.
type sendCommand struct {
	SessionToken *string

	StartSession      *startSession
	StartTransaction  *struct{}
	ExecuteStatement  *executeStatement
	FetchPage         *fetchPage
	CommitTransaction *commitTransaction
	AbortTransaction  *struct{}
	EndSession        *struct{}
}

type startSession struct{ LedgerName *string }

type executeStatement struct {
	TransactionId, Statement *string
	Parameters               []valueHolder
}

type fetchPage struct{ TransactionId, NextPageToken *string }

type commitTransaction struct {
	TransactionId *string
	CommitDigest  []byte
}

// valueHolder holds one value in either form of Ion.
type valueHolder struct {
	IonBinary []byte
	IonText   *string
}

// maxIonText is the longest IonText, in characters.
const maxIonText = 1 << 20

func (s *Server) serveSession(w http.ResponseWriter, r *http.Request, c *call) {
	target := r.Header.Get("X-Amz-Target")
	switch {
	case target == targetSendCommand:
	case c.identity:
		s.serveIdentity(w, c)
		return
	default:
		s.writeError(w, c, errUnknownOperation("The operation %s is not one of this service, whose X-Amz-Target is %s", quote(target), targetSendCommand))
		return
	}
	in, err := decodeCommand(c.body)
	if err != nil {
		s.writeError(w, c, err)
		return
	}
	buf := replies.Get().(*reply)
	defer buf.release()
	if err := s.run(r.Context(), c, in, buf); err != nil {
		s.writeError(w, c, err)
		return
	}
	c.write(w, http.StatusOK, buf.b)
}

// decodeCommand reads the body of a request of the session API.
func decodeCommand(body []byte) (*sendCommand, error) {
	in := &sendCommand{}
	if decodeFast(body, in) {
		return in, nil
	}
	in = &sendCommand{}
	return in, decodeBody(body, in)
}

// decodeBody reads a JSON object into v.
func decodeBody(body []byte, v any) error {
	if !utf8.Valid(body) {
		return ledger.NewError(serialization, "", "The request's body is not UTF-8")
	}
	if err := decodeMembers(body, v); err != nil {
		return ledger.NewError(serialization, "", "The request's body is not the JSON that this operation takes: "+jsonProblem(err))
	}
	return nil
}

// jsonProblem says what is wrong in the words of JSON, not of Go.
func jsonProblem(err error) string {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	want := "an object"
	switch t := wrong.Type; {
	case t.Kind() == reflect.String:
		want = "a string"
	case t.Kind() == reflect.Bool:
		want = "true or false"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		want = "a string of base64"
	case t.Kind() == reflect.Slice:
		want = "an array"
	}
	where := "the body"
	if wrong.Field != "" {
		where = "the member " + wrong.Field
	}
	return fmt.Sprintf("%s is of type %s, it has to be %s", where, wrong.Value, want)
}

// command names the one command of the request.
func (in *sendCommand) command() (string, error) {
	var name string
	n := 0
	for _, m := range [...]struct {
		name string
		set  bool
	}{
		{"StartSession", in.StartSession != nil},
		{"StartTransaction", in.StartTransaction != nil},
		{"ExecuteStatement", in.ExecuteStatement != nil},
		{"FetchPage", in.FetchPage != nil},
		{"CommitTransaction", in.CommitTransaction != nil},
		{"AbortTransaction", in.AbortTransaction != nil},
		{"EndSession", in.EndSession != nil},
	} {
		if m.set {
			name, n = m.name, n+1
		}
	}
	if n != 1 {
		return "", errBad("A request has exactly one command, this one has %d", n)
	}
	return name, nil
}

// run carries the command out and writes its answer to out.
func (s *Server) run(ctx context.Context, c *call, in *sendCommand, out *reply) error {
	name, err := in.command()
	if err != nil {
		return err
	}
	c.operation = name
	if in.StartSession != nil {
		token, err := s.startSession(ctx, in.StartSession.LedgerName)
		if err != nil {
			return err
		}
		out.startSession(token, c)
		return nil
	}
	l, err := s.sessionOf(in.SessionToken)
	if err != nil {
		return err
	}
	switch {
	case in.StartTransaction != nil:
		return s.startTransaction(ctx, c, l, out)
	case in.ExecuteStatement != nil:
		return s.execute(ctx, c, l, in.ExecuteStatement, out)
	case in.FetchPage != nil:
		return s.fetch(ctx, c, l, in.FetchPage.TransactionId, in.FetchPage.NextPageToken, out)
	case in.CommitTransaction != nil:
		return s.commit(ctx, c, l, in.CommitTransaction.TransactionId, in.CommitTransaction.CommitDigest, out)
	case in.AbortTransaction != nil:
		if err := l.AbortTransaction(ctx); err != nil {
			return err
		}
		out.plain("AbortTransaction", c)
		return nil
	}
	err = l.EndSession(ctx)
	var e *ledger.Error
	if !errors.As(err, &e) || e.Exception != capacityExceeded { // else the session lives on
		s.sessions.remove(*in.SessionToken)
	}
	if err != nil {
		return err
	}
	out.plain("EndSession", c)
	return nil
}

func (s *Server) startTransaction(ctx context.Context, c *call, l *liveSession, out *reply) error {
	id, err := l.StartTransaction(ctx)
	if err != nil {
		return err
	}
	out.startTransaction(id, c)
	return nil
}

// transactionID checks the id's shape only; whether it is the open
// transaction's is the session's to say.
func transactionID(id *string) (string, error) {
	if id == nil {
		return "", errParameter("TransactionId", "it is missing")
	}
	if why := idProblem(*id); why != "" {
		return "", errParameter("TransactionId", why)
	}
	return *id, nil
}

func (s *Server) execute(ctx context.Context, c *call, l *liveSession, in *executeStatement, out *reply) error {
	id, err := transactionID(in.TransactionId)
	if err != nil {
		return err
	}
	if in.Statement == nil {
		return errParameter("Statement", "it is missing")
	}
	params, sizes, err := parameters(in.Parameters)
	if err != nil {
		return err
	}
	if err := textProblem(in.Parameters); err != nil {
		return l.RefuseStatement(id, *in.Statement, params, err)
	}
	page, err := l.ExecuteReceived(ctx, id, *in.Statement, params, sizes)
	if err != nil {
		return err
	}
	out.executeStatement(&page)
	return nil
}

// parameters opens values and tells how many bytes of Ion binary each came in. Too
// many are the session's to refuse: the statement counts for the commit digest.
func parameters(in []valueHolder) (out []ion.Value, sizes []int, err error) {
	if len(in) == 0 {
		return nil, nil, nil
	}
	out, sizes = make([]ion.Value, len(in)), make([]int, len(in))
	for i := range in {
		if out[i], err = in[i].value(); err != nil {
			return nil, nil, errBad("Parameter %d: %s", i+1, err)
		}
		sizes[i] = len(in[i].IonBinary)
	}
	return out, sizes, nil
}

// textProblem is about IonText that can be read but is too long. Its statement
// counts for the commit digest.
func textProblem(in []valueHolder) error {
	for i := range in {
		text := in[i].IonText
		if text == nil || len(*text) <= maxIonText {
			continue
		}
		if n := utf8.RuneCountInString(*text); n > maxIonText {
			return errBad("Parameter %d: IonText has %d characters, the limit is %d", i+1, n, maxIonText)
		}
	}
	return nil
}

func (h *valueHolder) value() (ion.Value, error) {
	switch {
	case h.IonText != nil && h.IonBinary != nil:
		return ion.Value{}, errors.New("a value has either IonBinary or IonText, not both")
	case h.IonBinary != nil:
		v, err := ion.Parse(h.IonBinary)
		if err != nil {
			return v, fmt.Errorf("IonBinary is not one value of Ion binary: %w", err)
		}
		return v, nil
	case h.IonText != nil:
		v, err := ion.ParseText(*h.IonText)
		if err != nil {
			return v, fmt.Errorf("IonText is not one value of Ion text: %w", err)
		}
		return v, nil
	}
	return ion.Value{}, errors.New("a value has either IonBinary or IonText, this one has none")
}

func (s *Server) fetch(ctx context.Context, c *call, l *liveSession, txID, token *string, out *reply) error {
	id, err := transactionID(txID)
	if err != nil {
		return err
	}
	if token == nil || !validToken(*token) {
		return errParameter("NextPageToken", "")
	}
	page, err := l.FetchPage(ctx, id, *token)
	if err != nil {
		return err
	}
	out.fetchPage(&page)
	return nil
}

// commit is not given up where the client goes away: it is on its way.
func (s *Server) commit(ctx context.Context, c *call, l *liveSession, txID *string, digest []byte, out *reply) error {
	id, err := transactionID(txID)
	if err != nil {
		return err
	}
	if len(digest) == 0 {
		return errParameter("CommitDigest", "it is missing or empty")
	}
	res, err := l.commit(context.WithoutCancel(ctx), id, digest)
	s.metrics.commit(c, err)
	if err != nil {
		return err
	}
	out.commitTransaction(id, &res)
	return nil
}
